//! A connection: the place where statements are run.

use super::control::Control;
use super::convert::{Bound, Params};
use super::database::{CheckReport, Database, OpenOptions, Shared};
use super::prepare::Prepared;
use super::rows::{Row, Rows, Source};
use super::run::Session;
use super::statement::Statement;
use crate::error::{Error, Result};
use crate::execute::{Spare, Stop};
use crate::parse::Script;
use crate::storage::Salvaged;
use crate::types::Value;
use std::cell::RefCell;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A connection to a database. It can be sent to another thread; several threads use several
/// connections of one [`Database`].
pub struct Connection {
    session: RefCell<Session>,
    shared: Arc<Shared>,
    stop: Arc<Stop>,
}

/// Stops what a connection does, from any thread.
#[derive(Clone, Debug)]
pub struct InterruptHandle(Arc<Stop>);

impl InterruptHandle {
    /// Makes the statements that the connection is running now fail with SQLSTATE 57014, as soon
    /// as they look up from their work; in a transaction such a statement is undone, and no other.
    /// Statements that begin later run as usual.
    pub fn interrupt(&self) {
        self.0.interrupt();
    }
}

impl Connection {
    /// Opens or creates the database in a file.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Connection> {
        Ok(Database::open(path)?.connect())
    }

    /// Opens a database in a way of one's own.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Connection> {
        Ok(Database::open_with(path, options)?.connect())
    }

    /// A database in memory, gone when it is closed.
    ///
    /// # Errors
    /// When there is too little memory.
    pub fn open_in_memory() -> Result<Connection> {
        Ok(Database::open_in_memory()?.connect())
    }

    pub(super) fn new(shared: Arc<Shared>) -> Connection {
        let session = Session::new(Control::new(shared.clone()));
        Connection { stop: session.circumstances.stop.clone(), session: RefCell::new(session), shared }
    }

    /// What another thread stops this connection's statements with.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        InterruptHandle(self.stop.clone())
    }

    /// How long a statement may take from now on; none: as long as it likes. It fails with
    /// SQLSTATE 57014 then. `SET statement_timeout` is the same in SQL.
    ///
    /// # Errors
    /// While a statement of this connection is at work.
    pub fn set_statement_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        self.with(|session| {
            session.circumstances.choices.statement_timeout = timeout;
            Ok(())
        })
    }

    /// The most memory a statement may use for sorting, grouping and joining from now on, in bytes.
    /// `SET memory_limit` is the same in SQL.
    ///
    /// # Errors
    /// While a statement of this connection is at work.
    pub fn set_memory_limit(&self, bytes: usize) -> Result<()> {
        self.with(|session| {
            session.circumstances.choices.memory_limit = bytes;
            Ok(())
        })
    }

    /// For tests: after so many looks at the clock statements count as interrupted, and after so
    /// many reservations of memory none is granted.
    #[doc(hidden)]
    pub fn fail_after(&self, looks: Option<u64>, reservations: Option<u64>) {
        self.stop.fail_after(looks, reservations);
    }

    /// For tests: whether statements may be run without operators.
    #[doc(hidden)]
    pub fn run_directly(&self, on: bool) {
        if let Ok(mut session) = self.session.try_borrow_mut() {
            session.directly = on;
        }
    }

    /// The database this is a connection to.
    pub fn database(&self) -> Database {
        Database(self.shared.clone())
    }

    fn with<T>(&self, f: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        let mut session = self.session.try_borrow_mut().map_err(|_| {
            Error::usage("a statement is run while another one of this connection is at work")
        })?;
        f(&mut session)
    }

    pub(super) fn run(
        &self,
        prepared: &Prepared,
        parameters: &mut Vec<Value>,
        spare: &mut Spare,
    ) -> Result<Source> {
        self.with(|session| session.run(prepared, parameters, spare))
    }

    pub(super) fn run_for_count(&self, prepared: &Prepared, parameters: &mut Vec<Value>) -> Result<usize> {
        self.with(|session| {
            let before = session.total_changes;
            session.run(prepared, parameters, &mut Spare::default())?;
            Ok(usize::try_from(session.total_changes - before).unwrap_or(usize::MAX))
        })
    }

    pub(super) fn run_many(
        &self,
        prepared: &Prepared,
        rows: &mut dyn Iterator<Item = Bound>,
    ) -> Result<usize> {
        self.with(|session| session.run_many(prepared, rows))
    }

    /// Prepares one statement.
    ///
    /// # Errors
    /// Errors in the statement, each with its place where it has one.
    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        let (prepared, columns) = self.with(|session| {
            let prepared = session.cache.get(sql)?;
            let columns = session.columns(&prepared)?;
            Ok((prepared, columns))
        })?;
        Ok(Statement::new(self, prepared, columns))
    }

    /// Runs one statement that gives no rows; gives the number of rows it changed.
    ///
    /// # Errors
    /// As [`Statement::execute`].
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare(sql)?.execute(params)
    }

    /// Runs one query and makes something of its first row.
    ///
    /// # Errors
    /// As [`Statement::query_row`].
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row) -> Result<T>,
    ) -> Result<T> {
        self.prepare(sql)?.query_row(params, map)
    }

    /// Runs all statements of a script; rows they give are dropped.
    ///
    /// # Errors
    /// The first error, with its place in the script. What ran before it stays done.
    pub fn execute_batch(&self, script: &str) -> Result<()> {
        for piece in Script::new(script) {
            let run = || {
                let prepared = self.with(|session| session.cache.get(piece.sql))?;
                let mut spare = Spare::default();
                let mut rows = Rows::new(self.run(&prepared, &mut vec![], &mut spare)?, &mut spare);
                while rows.next()?.is_some() {}
                Ok(())
            };
            run().map_err(|error: Error| error.map_position(|at| at.after(piece.start)))?;
        }
        Ok(())
    }

    /// Begins a transaction that is rolled back when it is dropped without commit.
    ///
    /// # Errors
    /// When one is open already.
    pub fn transaction(&mut self) -> Result<Transaction<'_>> {
        self.with(|session| session.control.begin(false))?;
        Ok(Transaction { connection: self, done: false })
    }

    /// Whether no transaction is open.
    pub fn is_autocommit(&self) -> bool {
        self.session.try_borrow().is_ok_and(|session| session.control.is_idle())
    }

    /// The key of the last row inserted into a table whose key is a number.
    pub fn last_insert_rowid(&self) -> i64 {
        self.session.try_borrow().map_or(0, |session| session.last_rowid)
    }

    /// How many rows the last INSERT, UPDATE or DELETE changed.
    pub fn changes(&self) -> u64 {
        self.session.try_borrow().map_or(0, |session| session.changes)
    }

    /// How many rows this connection has changed in all.
    pub fn total_changes(&self) -> u64 {
        self.session.try_borrow().map_or(0, |session| session.total_changes)
    }

    /// Writes everything committed to its place in the file; the log is empty then.
    ///
    /// # Errors
    /// When the device fails, or a transaction is open here.
    pub fn checkpoint(&self) -> Result<()> {
        self.with(|session| session.control.must_not_write())?;
        self.shared.store.checkpoint()
    }

    /// Reads the whole database and checks that every page is what it should be, and that every
    /// row has its entries in the indexes.
    ///
    /// # Errors
    /// When the device fails, or a transaction is open here; damage is no error but a finding.
    pub fn check(&self) -> Result<CheckReport> {
        let (ok, lines) = self.with(|session| session.check())?;
        Ok(CheckReport { ok, lines })
    }

    /// Counters of the storage engine since opening, by name.
    pub fn stats(&self) -> Vec<(&'static str, u64)> {
        self.shared.store.stats()
    }

    /// What [`OpenOptions::salvage`] dropped when the database was opened.
    pub fn salvaged(&self) -> Option<Salvaged> {
        self.shared.store.salvaged()
    }

    /// From now on queries of this database go on behind damaged pages, as far as they read tables
    /// whole: the rows on those are missing. Or no longer. How many pages and long values were passed
    /// over since the last call.
    ///
    /// This is to rescue what can be read; all other queries answer with an error, as they should.
    pub fn skip_damage(&self, on: bool) -> u64 {
        self.shared.store.skip_damage(on)
    }

    /// The names of the tables, in alphabetical order.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn tables(&self) -> Result<Vec<String>> {
        let catalog = self.with(|session| session.catalog())?;
        let mut names: Vec<String> = catalog.tables.iter().map(|table| table.name.clone()).collect();
        names.sort_unstable_by_key(|name| name.to_lowercase());
        Ok(names)
    }

    /// The names of the views, those of this connection included, in alphabetical order.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn views(&self) -> Result<Vec<String>> {
        let catalog = self.with(|session| session.catalog())?;
        let mut names: Vec<String> = catalog.views.iter().map(|view| view.name.clone()).collect();
        names.sort_unstable_by_key(|name| name.to_lowercase());
        Ok(names)
    }

    /// The statements that make a table and its indexes, or a view, or an index.
    ///
    /// # Errors
    /// When the schema cannot be read, or has nothing of this name.
    pub fn schema_sql(&self, name: &str) -> Result<Vec<String>> {
        let catalog = self.with(|session| session.catalog())?;
        if let Some((_, index)) = catalog.index(name).filter(|_| catalog.find(name).is_none()) {
            return Ok(index.sql.iter().cloned().collect());
        }
        if let Some(view) = catalog.view(name) {
            return Ok(vec![view.sql.clone()]);
        }
        let table = catalog.table(name)?;
        let indexes = table.indexes.iter().filter_map(|index| index.sql.clone());
        Ok(std::iter::once(table.sql.clone()).chain(indexes).collect())
    }

    /// Closes the connection, and the database when this was its last one. A transaction that is
    /// open is rolled back.
    ///
    /// # Errors
    /// When the device fails; nothing committed is lost by that. The connection is gone then, too.
    #[allow(clippy::result_large_err)] // The shape is rusqlite's.
    pub fn close(self) -> Result<(), (Option<Connection>, Error)> {
        let Connection { session, shared, stop: _ } = self;
        drop(session);
        match Arc::try_unwrap(shared) {
            Ok(shared) => shared.store.close().map_err(|error| (None, error)),
            Err(_) => Ok(()),
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("is_autocommit", &self.is_autocommit()).finish_non_exhaustive()
    }
}

/// A transaction: rolled back when dropped, unless it was committed.
#[derive(Debug)]
pub struct Transaction<'c> {
    connection: &'c Connection,
    done: bool,
}

impl Transaction<'_> {
    /// Makes the changes durable.
    ///
    /// # Errors
    /// When the device fails. SQLSTATE 40003 means that the outcome is not known before the
    /// database is opened again.
    pub fn commit(mut self) -> Result<()> {
        self.done = true;
        self.connection.with(|session| {
            session.control.commit().inspect_err(|_| {
                // A deferred foreign key leaves it open; nobody could end it any more.
                let _ = session.control.rollback();
            })
        })
    }

    /// Undoes everything.
    ///
    /// # Errors
    /// When the transaction was ended by a statement.
    pub fn rollback(mut self) -> Result<()> {
        self.done = true;
        self.connection.with(|session| session.control.rollback())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.done {
            // It may have been ended by a ROLLBACK or COMMIT statement already.
            let _ = self.connection.with(|session| session.control.rollback());
        }
    }
}
