//! The storage core of Drystone: pager, log ring and copy-on-write B+tree over a [`BlockDevice`].
//!
//! The crate never allocates: all memory is typed and lent at open. It is `no_std`, has no
//! `unsafe`, and knows no operating system; a [`Platform`] brings devices, locks, a clock and
//! entropy.
#![no_std]
#![forbid(unsafe_code)]

pub mod checksum;
pub mod device;
pub mod platform;

pub use device::{BlockDevice, Geometry};
pub use platform::Platform;
