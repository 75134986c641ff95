//! The storage core of Drystone: pager, log ring and copy-on-write B+tree over a [`BlockDevice`].
//!
//! The crate never allocates: all memory is typed and lent at open. It is `no_std`, has no
//! `unsafe`, and knows no operating system; a [`Platform`] brings devices, locks, a clock and
//! entropy.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]
#![warn(clippy::indexing_slicing)]

mod btree;
mod bytes;
mod checkpoint;
pub mod checksum;
mod cursor;
pub mod device;
mod engine;
pub mod error;
mod integrity;
pub mod limits;
mod log;
pub mod memory;
mod meta;
mod page;
mod pager;
pub mod platform;
mod recovery;
#[cfg(drystone_seeded_bugs)]
pub mod seeded;
#[cfg(not(drystone_seeded_bugs))]
mod seeded;
mod space;
mod transaction;

pub use btree::search::{Overflow, Value};
pub use cursor::{Cursor, Key};
pub use device::{BlockDevice, Geometry, MemoryDevice, MemoryError, Partition};
pub use engine::{Database, Options, Stats};
pub use error::{Damage, DeviceName, Error, Operation};
pub use integrity::CheckReport;
pub use log::reader::{Finding, RecoveryStats, Salvaged};
pub use memory::{Memory, StaticMemory};
pub use platform::Platform;
pub use transaction::{Savepoint, Snapshot, TreeId, View, ViewError, WriteTxn};
