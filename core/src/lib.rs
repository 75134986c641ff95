//! The storage core of Drystone: pager, log ring and copy-on-write B+tree over a [`BlockDevice`].
//!
//! The crate never allocates: all memory is typed and lent at open. It is `no_std`, has no
//! `unsafe`, and knows no operating system; a [`Platform`] brings devices, locks, a clock and
//! entropy.
#![no_std]
#![forbid(unsafe_code)]

pub mod limits;
pub mod error;
mod bytes;
pub mod checksum;
pub mod device;
pub mod platform;
mod page;
pub mod memory;
mod pager;
mod space;
mod btree;
mod log;
mod meta;

pub use device::{BlockDevice, Geometry, MemoryDevice, MemoryError, Partition};
pub use error::{Damage, DeviceName, Error, Operation};
pub use memory::{Memory, StaticMemory};
pub use platform::Platform;
