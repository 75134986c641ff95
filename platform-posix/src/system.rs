//! Where the systems differ: what a [`System`] provides, and how it reports errors.
//!
//! 1. Calls that a signal may interrupt are not repeated by the system but by its caller
//!    ([`retry`]).

use portable_atomic::AtomicU32;
use rustix::io::Errno;
use std::ops::Range;
use std::os::fd::{BorrowedFd, OwnedFd};

/// What each system does in its own way.
pub trait System: Default + Send + Sync + 'static {
    /// Makes everything written to the file durable, a changed length too.
    ///
    /// # Errors
    /// Whatever the system reports; then nothing is known about what was written.
    fn flush(&self, fd: BorrowedFd<'_>) -> Result<(), Errno>;

    /// The same file once more, so that each write returns when it is durable: one call less than a
    /// write and a flush. `None` where the file system is not known to keep that.
    fn open_durable(&self, fd: BorrowedFd<'_>) -> Option<OwnedFd> {
        let _ = fd;
        None
    }

    /// Microseconds of a clock that never goes back; a few milliseconds late at most.
    fn now_us(&self) -> u64;

    /// Lengthens the file to `to` from `from`, its present length, with blocks that are really
    /// there. False, and nothing done, where the file system cannot.
    ///
    /// # Errors
    /// Whatever the system reports, no space above all. The file may have become longer.
    fn preallocate(&self, fd: BorrowedFd<'_>, from: u64, to: u64) -> Result<bool, Errno>;

    /// Starts writing the range to the device without waiting for it. A hint: errors are left for
    /// the flush to report.
    fn start_writeback(&self, fd: BorrowedFd<'_>, range: Range<u64>) {
        let _ = (fd, range);
    }

    /// The name of a process's program, where the system tells.
    fn program_name(&self, pid: u32) -> Option<String>;

    /// Eight random bytes from the kernel.
    ///
    /// # Errors
    /// Whatever the system reports.
    fn entropy(&self) -> Result<u64, Errno>;

    /// As [`Platform::wait`](drystone_core::platform::Platform::wait).
    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>);

    /// As [`Platform::wake`](drystone_core::platform::Platform::wake).
    fn wake(&self, word: &AtomicU32);
}

/// Repeats a call that a signal interrupted.
///
/// # Errors
/// Those of the call, but never `INTR`.
pub fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// The outcome of a C call that has just returned `result`: -1 is an error, told by `errno`.
///
/// # Errors
/// The one in `errno`.
pub fn checked(result: libc::c_int) -> Result<(), Errno> {
    if result == -1 {
        return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO));
    }
    Ok(())
}
