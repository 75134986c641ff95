//! What the tests of the SQL layer share: running a script and comparing what it prints.
#![allow(dead_code)]

pub mod script;

use drystone::types::Value;
use drystone::{Connection, Error};

/// A database in memory with a script run.
pub fn database(script: &str) -> Connection {
    let connection = Connection::open_in_memory().expect("open");
    run(&connection, script);
    connection
}

/// Runs a script that must succeed.
pub fn run(connection: &Connection, script: &str) {
    if let Err(error) = connection.execute_batch(script) {
        panic!("{}", error.render(script));
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        other => other.to_string(),
    }
}

/// The rows of a statement, columns joined by `|`.
pub fn attempt(connection: &Connection, sql: &str) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare(sql)?;
    statement.query_map((), |row| Ok(row.values().iter().map(text).collect::<Vec<_>>().join("|")))?.collect()
}

/// The rows of a query, columns joined by `|`.
pub fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap_or_else(|e| panic!("{}", e.render(sql)));
    let rows = statement.query_map((), |row| Ok(row.values().iter().map(text).collect::<Vec<_>>().join("|")));
    rows.and_then(Iterator::collect).unwrap_or_else(|e: Error| panic!("{}", e.render(sql)))
}

/// Checks the rows of a query.
#[track_caller]
pub fn check(connection: &Connection, sql: &str, expected: &[&str]) {
    assert_eq!(rows(connection, sql), expected, "{sql}");
}

/// The error of a statement.
#[track_caller]
pub fn error(connection: &Connection, sql: &str) -> Error {
    let run = || {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query(())?;
        while rows.next()?.is_some() {}
        Ok(())
    };
    match run() {
        Ok(()) => panic!("{sql}: no error"),
        Err(error) => error,
    }
}

/// Checks the SQLSTATE of a statement's error.
#[track_caller]
pub fn fails(connection: &Connection, sql: &str, code: &str) {
    let error = error(connection, sql);
    assert_eq!(error.code(), code, "{sql}: {error}");
}
