//! Trees of bytes under a transaction: the only room that knows the storage engine.
//!
//! ```text
//! Store -- read() --> Transaction (snapshot)      get, count, Cursor
//!       \- write() -> Transaction (writer)        + put, insert, delete, create_tree, savepoint, commit
//! ```
//!
//! | file     | what                                                                  |
//! |----------|-----------------------------------------------------------------------|
//! | `store`  | the interface above over `drystone_core`                              |
//! | `device` | the platform: two files, or memory                                    |
//! | `fault`  | the engine's errors as errors of the SQL layer                        |
//!
//! A `Transaction` is either kind; a change through a snapshot is an error. A `Cursor` is a
//! detached position: it borrows nothing and is told the transaction at each use. Whole values
//! and keys are handed out as slices that live only inside the closure.

mod device;
mod fault;
mod store;

pub use drystone_core::{Salvaged, TreeId};
pub use store::{Cursor, Savepoint, Store, Transaction};

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Create the file where there is none.
    pub create: bool,
    /// Write nothing.
    pub read_only: bool,
    /// Drop what the log holds from its first damage on.
    pub salvage: bool,
    /// Bytes of memory for pages.
    pub cache_bytes: usize,
    /// How long to wait for the writer's place.
    pub busy_timeout_us: u64,
}
