//! The system calls rustix lacks or makes in another way, and the only `unsafe` of this crate.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::AtomicU32;

/// Starts writing the range to the device without waiting for it. A hint: errors are left for the
/// flush to report.
pub(crate) fn sync_file_range(fd: BorrowedFd<'_>, offset: i64, len: i64) {
    // SAFETY: the descriptor is open as long as it is borrowed; the call touches no memory.
    unsafe {
        libc::sync_file_range(fd.as_raw_fd(), offset, len, libc::SYNC_FILE_RANGE_WRITE);
    }
}

/// Microseconds since some moment, a few milliseconds late at most: the clock that costs no more than
/// reading memory. Through `libc`, since rustix's way to it cannot run under valgrind.
pub(crate) fn coarse_us() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`, which is lent to it. It cannot fail with this clock.
    unsafe {
        libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now);
    }
    now.tv_sec.unsigned_abs() * 1_000_000 + now.tv_nsec.unsigned_abs() / 1_000
}

/// The standard library's view of `core`'s atomic, as `futex` wants it.
pub(crate) fn futex_word(word: &portable_atomic::AtomicU32) -> &AtomicU32 {
    // SAFETY: the pointer comes from a live atomic, is valid for the borrow's life and aligned for
    // a u32; on every Linux target portable-atomic's AtomicU32 uses the same native instructions,
    // so accesses through either view are atomic with respect to each other.
    unsafe { AtomicU32::from_ptr(word.as_ptr()) }
}
