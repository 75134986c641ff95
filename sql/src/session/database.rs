//! A database, shared by its connections.

use super::connection::Connection;
use crate::catalog::{self, Catalog};
use crate::error::Result;
use crate::storage::{Store, StoreOptions, Transaction};
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How to open a database.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Create the file where there is none.
    pub create: bool,
    /// Write nothing; other readers may share the file.
    pub read_only: bool,
    /// Open a file whose log is damaged or missing, and drop the acknowledged transactions from the
    /// damage on; [`Connection::salvaged`] tells. A writing opening cuts the log for good; a read-only
    /// one changes nothing, and also takes a log that is foreign or newer and a file cut short.
    pub salvage: bool,
    /// Bytes of memory for pages.
    pub cache_bytes: usize,
    /// How long a write waits for another connection's transaction to end.
    pub busy_timeout: Duration,
    /// The most memory one statement may use for sorting, grouping and joining, in bytes.
    pub memory_limit: usize,
    /// How long one statement may take; none: as long as it likes.
    pub statement_timeout: Option<Duration>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions {
            create: true,
            read_only: false,
            salvage: false,
            cache_bytes: 64 << 20,
            busy_timeout: Duration::from_secs(5),
            memory_limit: 256 << 20,
            statement_timeout: None,
        }
    }
}

impl OpenOptions {
    fn storage(&self) -> StoreOptions {
        StoreOptions {
            create: self.create,
            read_only: self.read_only,
            salvage: self.salvage,
            cache_bytes: self.cache_bytes,
            busy_timeout_us: u64::try_from(self.busy_timeout.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// What [`Connection::check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Nothing is damaged.
    pub ok: bool,
    /// The findings, for a person to read.
    pub lines: Vec<String>,
}

/// An open database. Clones share it; it closes when the last clone and connection are gone.
#[derive(Clone)]
pub struct Database(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) options: OpenOptions,
    newest: Mutex<Option<Newest>>,
}

/// The newest committed schema that was loaded.
struct Newest {
    catalog: Arc<Catalog>,
    /// What `Transaction::schema` is where it holds.
    schema: Option<u64>,
}

impl Database {
    /// Opens or creates the database in a file.
    ///
    /// # Errors
    /// When the file cannot be opened, is in use by another process or by another `Database` of
    /// this one, is not a database, or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Database> {
        Database::open_with(path, OpenOptions::default())
    }

    /// Opens a file in a way of one's own.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Database> {
        let store = Store::open(path.as_ref(), &options.storage())?;
        Database::new(store, options)
    }

    /// A database in memory, gone when it is closed.
    ///
    /// # Errors
    /// When there is too little memory.
    pub fn open_in_memory() -> Result<Database> {
        let options = OpenOptions::default();
        let store = Store::memory(&options.storage())?;
        Database::new(store, options)
    }

    fn new(store: Store, options: OpenOptions) -> Result<Database> {
        if !options.read_only && store.read()?.tree(catalog::TREE)?.is_none() {
            let mut transaction = store.write()?;
            catalog::create_catalog(&mut transaction)?;
            transaction.commit()?;
        }
        Ok(Database(Arc::new(Shared { store, options, newest: Mutex::new(None) })))
    }

    /// A new connection.
    pub fn connect(&self) -> Connection {
        Connection::new(self.0.clone())
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl Shared {
    /// The schema a transaction sees that has not changed it.
    pub(super) fn catalog(&self, transaction: &Transaction) -> Result<Arc<Catalog>> {
        let schema = transaction.schema();
        if let Some(newest) = self.newest.lock().as_ref().filter(|newest| newest.schema == schema)
            && schema.is_some()
        {
            return Ok(newest.catalog.clone());
        }
        let version = catalog::version(transaction)?;
        if let Some(newest) = self.newest.lock().as_mut().filter(|newest| newest.catalog.version == version) {
            newest.schema = schema.or(newest.schema);
            return Ok(newest.catalog.clone());
        }
        let loaded = Arc::new(catalog::load(transaction)?);
        self.publish(&loaded);
        Ok(loaded)
    }

    /// Remembers a committed schema, if it is the newest.
    pub(super) fn publish(&self, catalog: &Arc<Catalog>) {
        let mut newest = self.newest.lock();
        if newest.as_ref().is_none_or(|known| known.catalog.version < catalog.version) {
            *newest = Some(Newest { catalog: catalog.clone(), schema: None });
        }
    }
}
