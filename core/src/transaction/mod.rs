//! Transactions: what users hold.
//!
//! | file | owns |
//! |---|---|
//! | `view` | reading, the same for snapshots and write transactions |
//! | `snapshot` | one state, announced in a reader slot |
//! | `change` | the working state of the writer: trees, catalog, graveyard |
//! | `write` | write transactions, savepoints |
//! | `commit` | records, group flush, and the way around the log for large transactions |
//!
//! The catalog is a tree with three kinds of keys: `n` + name leads to a tree's id; `i` + id
//! (big-endian) to its root pointer and count; `g` + number to the id and root of a dropped tree
//! that still has pages (the graveyard).

pub(crate) mod change;
pub(crate) mod commit;
mod snapshot;
pub(crate) mod view;
mod write;

pub use snapshot::Snapshot;
pub use view::{TreeId, View, ViewError};
pub use write::{Savepoint, WriteTxn};
