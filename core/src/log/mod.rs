//! The log: a ring of blocks that holds the operations of every transaction since the last
//! checkpoint.
//!
//! | file | owns |
//! |---|---|
//! | `format` | bytes of blocks, records, operations |
//! | `operations` | packing and unpacking what a transaction did |
//! | `ring` | appending records to blocks in a buffer; where a batch goes in the ring |
//! | `reader` | walking the chain of records at recovery, and the table that decides about its end |
//!
//! Invariants:
//! - L1 A block that was flushed is not written again before a durable checkpoint retired it (I5):
//!   a batch begins with a new block, and a block is closed when its flush starts.
//! - L2 A record is in the log buffer only together with its state as the newest committed one.
//! - L3 A failed write or flush is final (I9).
//!
//! At a crash the blocks of the last batch may be there, torn or missing; the reader drops a broken
//! tail that nobody was told about and refuses one that somebody was.

pub(crate) mod format;
pub(crate) mod operations;
pub(crate) mod reader;
pub(crate) mod ring;
