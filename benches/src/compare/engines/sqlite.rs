//! SQLite, with a write-ahead log that is flushed at each commit, and with both ways to lock.

use crate::compare::engine::{Answer, Engine, Open, Param, Prepared, Result, Setup, Sql, WithPrepared};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql, params_from_iter};
use std::path::{Path, PathBuf};
use std::time::Duration;

const NORMAL_LOCKING: &str = "NORMAL";
const EXCLUSIVE_LOCKING: &str = "EXCLUSIVE";
/// How long one connection waits for another.
const BUSY: Duration = Duration::from_secs(5);

/// With locks taken for each transaction, as SQLite is by default.
pub const NORMAL: Engine = Engine {
    name: "sqlite",
    version,
    settings: |setup| settings(NORMAL_LOCKING, setup),
    open: Open::Sql(|folder, setup| Ok(Box::new(Sqlite::open(NORMAL_LOCKING, folder, setup)?))),
    is_analytic: false,
};

/// With the file locked once for all, as Drystone locks its own.
pub const EXCLUSIVE: Engine = Engine {
    name: "sqlite-exclusive",
    version,
    settings: |setup| settings(EXCLUSIVE_LOCKING, setup),
    open: Open::Sql(|folder, setup| Ok(Box::new(Sqlite::open(EXCLUSIVE_LOCKING, folder, setup)?))),
    is_analytic: false,
};

fn version() -> String {
    rusqlite::version().to_owned()
}

fn settings(locking: &str, setup: &Setup) -> String {
    format!(
        "journal_mode WAL, synchronous FULL, locking_mode {locking}, cache {} MiB, other defaults",
        setup.cache_bytes >> 20
    )
}

struct Sqlite {
    connection: Connection,
    locking: &'static str,
    folder: PathBuf,
    setup: Setup,
}

impl Sqlite {
    fn open(locking: &'static str, folder: &Path, setup: &Setup) -> Result<Sqlite> {
        let connection = Connection::open(folder.join("sqlite.db"))?;
        connection.busy_timeout(BUSY)?;
        // Exclusive locking before the log is first used: then its index is in private memory.
        connection.pragma_update(None, "locking_mode", locking)?;
        connection.pragma_update(None, "cache_size", -i64::try_from(setup.cache_bytes >> 10)?)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            return Err(format!("SQLite's journal_mode is {mode}, not wal").into());
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Sqlite { connection, locking, folder: folder.to_owned(), setup: *setup })
    }
}

impl Sql for Sqlite {
    fn script(&mut self, sql: &str) -> Result<()> {
        Ok(self.connection.execute_batch(sql)?)
    }

    fn prepared(&mut self, sql: &str, body: WithPrepared<'_>) -> Result<()> {
        body(&mut SqlitePrepared { connection: &self.connection, statement: self.connection.prepare(sql)? })
    }

    fn another(&self) -> Option<Result<Box<dyn Sql + Send>>> {
        let open = || Ok(Box::new(Sqlite::open(NORMAL_LOCKING, &self.folder, &self.setup)?) as Box<_>);
        (self.locking == NORMAL_LOCKING).then(open)
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

struct SqlitePrepared<'c> {
    connection: &'c Connection,
    statement: Statement<'c>,
}

impl Prepared for SqlitePrepared<'_> {
    fn execute(&mut self, params: &[Param<'_>]) -> Result<u64> {
        Ok(self.statement.execute(params_from_iter(params))? as u64)
    }

    fn query(&mut self, params: &[Param<'_>], answer: &mut Answer) -> Result<()> {
        let columns = self.statement.column_count();
        let mut rows = self.statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Null => answer.null(),
                    ValueRef::Integer(number) => answer.integer(number),
                    ValueRef::Real(number) => answer.real(number),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => answer.bytes(bytes),
                }
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
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Param::Integer(number) => ValueRef::Integer(*number),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}
