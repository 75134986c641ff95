//! Chinook: the whole script loads unchanged, and twelve queries give the rows SQLite gave.
//!
//! The data is not part of the repository. It is looked for in `DRYSTONE_DATA`, by default in
//! `../shared/data` beside the workspace. Where the default is missing the test says so and does
//! nothing; where `DRYSTONE_DATA` is set and of no use, it fails. A release build must load it
//! within 5 s and answer each query within 0.2 s.

use drystone::types::Value;
use drystone::{Connection, Script};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The folder with the data, or none where it may be missing.
fn data() -> Option<PathBuf> {
    if let Some(set) = std::env::var_os("DRYSTONE_DATA") {
        let path = PathBuf::from(set);
        assert!(path.join("chinook.sql").is_file(), "DRYSTONE_DATA has no chinook.sql: {}", path.display());
        return Some(path);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if path.join("chinook.sql").is_file() {
        return Some(path);
    }
    println!("skipped: no ../shared/data/chinook.sql; DRYSTONE_DATA can name another folder");
    None
}

/// Fields of CSV text, quoted ones unquoted.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![];
    let (mut row, mut field, mut quoted) = (vec![], String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

/// The value as the expected field says it: numbers by value.
fn same(value: &Value, expected: &str) -> bool {
    let text = value.to_string();
    text == expected || matches!((text.parse::<f64>(), expected.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

fn load(connection: &Connection, script: &str) {
    let mut statements = 0;
    for piece in Script::new(script) {
        if let Err(error) = connection.execute_batch(piece.sql) {
            panic!("statement in line {}: {}", piece.start.line, error.render(piece.sql));
        }
        statements += 1;
    }
    println!("{statements} statements");
}

/// Says how long it took; too long fails where the code is optimized.
fn in_time(what: &str, begun: Instant, limit: Duration) {
    let took = begun.elapsed();
    println!("{what}: {took:?}");
    assert!(cfg!(debug_assertions) || took < limit, "{what} took {took:?}, at most {limit:?}");
}

#[test]
fn chinook_loads_and_answers() {
    let Some(data) = data() else { return };
    let script = std::fs::read_to_string(data.join("chinook.sql")).expect("chinook.sql");
    let folder = std::env::temp_dir().join(format!("drystone-chinook-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let connection = Connection::open(folder.join("chinook.db")).expect("open");
    let begun = Instant::now();
    load(&connection, &script);
    in_time("the load", begun, Duration::from_secs(5));
    connection.close().expect("close");
    let connection = Connection::open(folder.join("chinook.db")).expect("open again");
    let mut names: Vec<PathBuf> = std::fs::read_dir(data.join("chinook_queries"))
        .expect("chinook_queries")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 12);
    for path in names {
        let sql = std::fs::read_to_string(&path).expect("query");
        let expected = csv(&std::fs::read_to_string(path.with_extension("csv")).expect("rows"));
        let begun = Instant::now();
        let mut statement = connection.prepare(&sql).unwrap_or_else(|e| panic!("{}", e.render(&sql)));
        assert_eq!(statement.column_names(), expected[0], "{}", path.display());
        let rows: Vec<Vec<Value>> = statement
            .query_map((), |row| Ok(row.values().to_vec()))
            .and_then(Iterator::collect)
            .unwrap_or_else(|e| panic!("{}", e.render(&sql)));
        in_time(&path.display().to_string(), begun, Duration::from_millis(200));
        assert_eq!(rows.len(), expected.len() - 1, "{}", path.display());
        for (row, expected) in rows.iter().zip(&expected[1..]) {
            let equal = row.len() == expected.len() && row.iter().zip(expected).all(|(v, e)| same(v, e));
            assert!(equal, "{}: {row:?} instead of {expected:?}", path.display());
        }
    }
    assert!(connection.check().expect("check").ok);
    drop(connection);
    std::fs::remove_dir_all(&folder).expect("remove");
}
