//! What a database is on the files of any POSIX system: the file `my.db` and, beside it, its log
//! `my.db-log`.
//!
//! | contract of `core` | here |
//! |---|---|
//! | `read`, `write` | `pread`, `pwritev`, continued after `EINTR` and short counts |
//! | `reserve` on the log | zeros written, so that a later overwrite changes no metadata |
//! | `flush`, `reserve` on data, `start_writeback`, waiting | as the [`System`] does it |
//!
//! `drystone-platform-linux` and `drystone-platform-macos` are a [`System`] each.
//!
//! **Creation.** The data file is created at open, the log file at its first `reserve`; each
//! creation flushes the directory, and so does an opening for writing that finds one of them empty: whoever
//! created it may have been killed before. Until then a missing log is a device of length 0: whether that
//! is an empty log or a lost one is for the engine to decide. Symbolic links are resolved first,
//! so that two names of one database share one log.
//!
//! **Locking.** The data file carries an open-file-description lock on one byte far beyond any
//! data (2^62): exclusive for writing, shared for reading only. It goes with the file descriptor,
//! also when the process dies. The kernel does not tell who holds such a lock, so the holder also
//! puts a classic POSIX lock, for which it does tell, on the byte after it; that one is a name
//! plate and guards nothing. Nothing is stored, so nothing can be stale, and no bytes of the
//! database are touched. A process loses the name plate when it closes another descriptor of the
//! same file (POSIX says so); then the error says "another process". A second opening in the same
//! process is refused by a table of its own before it touches the file.
//!
//! On systems without open-file-description locks this crate is empty.
#![cfg(any(target_os = "linux", target_vendor = "apple"))]
#![deny(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]
#![warn(clippy::indexing_slicing)]

mod device;
mod error;
mod latch;
mod lock;
mod platform;
#[allow(unsafe_code)]
mod sys;
mod system;

pub use device::FileDevice;
pub use error::{Error, Holder, Operation};
pub use latch::Latch;
pub use platform::{OpenOptions, PosixPlatform};
pub use system::{System, checked, retry};
