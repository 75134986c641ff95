//! Drystone on macOS files.
//!
//! | contract of `core` | here |
//! |---|---|
//! | `flush` | `F_FULLFSYNC`: plain `fsync` leaves the bytes in the drive's cache |
//! | `reserve` on data | `F_PREALLOCATE` and `ftruncate`: the blocks are really there |
//! | waiting | one condition variable |
//!
//! The rest (creation, locking, reading and writing) is as in `drystone-platform-posix`.
//!
//! **Flush.** [`Flush::Full`] (the default) waits for the drive. [`Flush::Barrier`] uses
//! `F_BARRIERFSYNC`, which only keeps the order of writes: much faster, a crash of the program or
//! of the system loses nothing, but a power cut may take the last commits (never a part of one).
//! Where the file system knows neither (some network ones), `fsync` is used.
//!
//! On other systems this crate is empty. It is type-checked in CI; no Mac has run it yet.
#![cfg(target_vendor = "apple")]
#![deny(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]
#![warn(clippy::indexing_slicing)]

#[allow(unsafe_code)]
mod sys;
mod system;

pub use drystone_platform_posix::{Error, Holder, OpenOptions, Operation};
pub use system::{Flush, Mac};

/// A database in two files, locked. Dropping it unlocks.
pub type MacPlatform = drystone_platform_posix::PosixPlatform<Mac>;

/// One file as a device.
pub type FileDevice = drystone_platform_posix::FileDevice<Mac>;
