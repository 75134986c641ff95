//! Drystone on macOS: a database is the file `my.db` and, beside it, its log `my.db-log`.
//!
//! | contract of `core` | here |
//! |---|---|
//! | `read`, `write` | `pread`, `pwritev`, continued after `EINTR` and short counts |
//! | `flush` | `F_FULLFSYNC`: plain `fsync` leaves the bytes in the drive's cache |
//! | `reserve` on data | `F_PREALLOCATE` and `ftruncate`: the blocks are really there |
//! | `reserve` on the log | zeros written, so that a later overwrite changes no metadata |
//! | waiting | one condition variable |
//!
//! **Flush.** [`Flush::Full`] (the default) waits for the drive. [`Flush::Barrier`] uses
//! `F_BARRIERFSYNC`, which only keeps the order of writes: much faster, a crash of the program or
//! of the system loses nothing, but a power cut may take the last commits (never a part of one).
//! Where the file system knows neither (some network ones), `fsync` is used.
//!
//! **Creation and locking** are as in `drystone-platform-linux`: the log is created at its first
//! `reserve`, links are resolved first, an open-file-description lock on a byte at 2^62 guards the
//! data file, and a POSIX lock on the byte after it tells who holds it.
//!
//! On other systems this crate is empty. It is type-checked in CI; no Mac has run it yet.
#![cfg(target_vendor = "apple")]
#![deny(unsafe_code)]

mod device;
mod error;
mod lock;
mod platform;
#[allow(unsafe_code)]
mod sys;

pub use device::{FileDevice, Flush};
pub use error::{Error, Holder, Operation};
pub use platform::{MacPlatform, OpenOptions};
