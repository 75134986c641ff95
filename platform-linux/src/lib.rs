//! Drystone on Linux files.
//!
//! | contract of `core` | here |
//! |---|---|
//! | `flush` | `fdatasync` (it also writes a changed file length) |
//! | `reserve` on data | `fallocate`: the blocks are really there |
//! | `start_writeback` | `sync_file_range` |
//! | waiting | `futex` |
//!
//! The rest (creation, locking, reading and writing) is as in `drystone-platform-posix`.
//!
//! On other systems this crate is empty.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]
#![warn(clippy::indexing_slicing)]

#[allow(unsafe_code)]
mod sys;
mod system;

pub use drystone_platform_posix::{Error, Holder, OpenOptions, Operation};
pub use system::Linux;

/// A database in two files, locked. Dropping it unlocks.
pub type LinuxPlatform = drystone_platform_posix::PosixPlatform<Linux>;

/// One file as a device.
pub type FileDevice = drystone_platform_posix::FileDevice<Linux>;
