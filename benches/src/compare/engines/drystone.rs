//! Drystone through SQL, as a program uses it.

use crate::compare::engine::{Answer, Engine, Open, Param, Prepared, Result, Setup, Sql, WithPrepared};
use drystone::types::Value;
use drystone::{Connection, OpenOptions, Statement, ToSql};
use std::path::Path;

/// The engine.
pub const ENGINE: Engine = Engine {
    name: "drystone",
    version: || env!("CARGO_PKG_VERSION").to_owned(),
    settings: |setup| format!("SQL; cache {} MiB, defaults: every commit flushed", setup.cache_bytes >> 20),
    open: Open::Sql(|folder, setup| Ok(Box::new(Drystone(open(folder, setup)?)))),
    is_analytic: false,
};

fn open(folder: &Path, setup: &Setup) -> Result<Connection> {
    let options = OpenOptions {
        cache_bytes: setup.cache_bytes,
        memory_limit: setup.memory_limit,
        ..OpenOptions::default()
    };
    Ok(Connection::open_with(folder.join("drystone.db"), options)?)
}

struct Drystone(Connection);

impl Sql for Drystone {
    fn script(&mut self, sql: &str) -> Result<()> {
        Ok(self.0.execute_batch(sql)?)
    }

    fn prepared(&mut self, sql: &str, body: WithPrepared<'_>) -> Result<()> {
        body(&mut DrystonePrepared { connection: &self.0, statement: self.0.prepare(sql)? })
    }

    fn another(&self) -> Option<Result<Box<dyn Sql + Send>>> {
        Some(Ok(Box::new(Drystone(self.0.database().connect()))))
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.0.close().map_err(|(_, error)| error.into())
    }
}

struct DrystonePrepared<'c> {
    connection: &'c Connection,
    statement: Statement<'c>,
}

impl Prepared for DrystonePrepared<'_> {
    fn execute(&mut self, params: &[Param<'_>]) -> Result<u64> {
        let statement = &mut self.statement;
        let changed = match params {
            [] => statement.execute(())?,
            [a] => statement.execute([a])?,
            [a, b] => statement.execute([a, b])?,
            [a, b, c] => statement.execute([a, b, c])?,
            [a, b, c, d] => statement.execute([a, b, c, d])?,
            [a, b, c, d, e] => statement.execute([a, b, c, d, e])?,
            _ => return Err("too many parameters".into()),
        };
        Ok(changed as u64)
    }

    fn query(&mut self, params: &[Param<'_>], answer: &mut Answer) -> Result<()> {
        let statement = &mut self.statement;
        let mut rows = match params {
            [] => statement.query(())?,
            [a] => statement.query([a])?,
            [a, b] => statement.query([a, b])?,
            _ => return Err("too many parameters".into()),
        };
        while let Some(row) = rows.next()? {
            for value in row.values() {
                take(value, answer);
            }
            answer.end_row();
        }
        Ok(())
    }

    fn control(&mut self, sql: &str) -> Result<()> {
        Ok(self.connection.execute_batch(sql)?)
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> Value {
        match self {
            Param::Integer(number) => Value::Integer(*number),
            Param::Text(text) => Value::Text((*text).to_owned()),
        }
    }

    fn write_sql(&self, out: &mut Value) {
        match self {
            Param::Integer(number) => number.write_sql(out),
            Param::Text(text) => text.write_sql(out),
        }
    }
}

fn take(value: &Value, answer: &mut Answer) {
    match value {
        Value::Null => answer.null(),
        Value::Integer(number) => answer.integer(*number),
        Value::Text(text) => answer.bytes(text.as_bytes()),
        Value::Blob(bytes) => answer.bytes(bytes),
        Value::Boolean(truth) => answer.integer(i64::from(*truth)),
        Value::Double(number) => answer.real(*number),
        Value::Decimal(decimal) => {
            answer.real(decimal.unscaled as f64 / 10f64.powi(i32::from(decimal.scale)));
        }
        other => answer.bytes(other.to_string().as_bytes()),
    }
}
