//! Locks on one byte of a file, which rustix lacks, the latch as a raw lock, and the processor's
//! instruction for checksums: the only `unsafe` of this crate.

use crate::latch::Latch;
use crate::system::{checked, retry};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

// File offsets of 64 bits on every target: the byte locked lies at 2^62.
#[cfg(any(target_vendor = "apple", target_pointer_width = "64"))]
use libc::{F_GETLK, F_SETLK, flock as FileLock};
#[cfg(not(any(target_vendor = "apple", target_pointer_width = "64")))]
use libc::{F_GETLK64 as F_GETLK, F_SETLK64 as F_SETLK, flock64 as FileLock};

fn byte_lock(offset: i64, exclusive: bool) -> FileLock {
    // SAFETY: `flock` is a plain C structure of integers; all zero is a valid value of it.
    let mut lock: FileLock = unsafe { std::mem::zeroed() };
    let kind = if exclusive { libc::F_WRLCK } else { libc::F_RDLCK };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = offset;
    lock.l_len = 1;
    lock
}

fn lock_call(fd: BorrowedFd<'_>, command: libc::c_int, lock: &mut FileLock) -> Result<(), Errno> {
    // SAFETY: the descriptor is open as long as it is borrowed; all three commands used here take
    // a pointer to a `flock`, which is valid, exclusive and outlives the call.
    retry(|| checked(unsafe { libc::fcntl(fd.as_raw_fd(), command, std::ptr::from_mut(lock)) }))
}

/// Takes an open-file-description lock on one byte without waiting. `AGAIN` or `ACCESS`: taken.
pub(crate) fn lock_descriptor(fd: BorrowedFd<'_>, offset: i64, exclusive: bool) -> Result<(), Errno> {
    lock_call(fd, libc::F_OFD_SETLK, &mut byte_lock(offset, exclusive))
}

/// Takes a POSIX (process) lock on one byte without waiting.
pub(crate) fn lock_process(fd: BorrowedFd<'_>, offset: i64, exclusive: bool) -> Result<(), Errno> {
    lock_call(fd, F_SETLK, &mut byte_lock(offset, exclusive))
}

/// The process, other than this one, that holds a POSIX lock on the byte.
pub(crate) fn lock_owner(fd: BorrowedFd<'_>, offset: i64) -> Option<u32> {
    let mut lock = byte_lock(offset, true);
    lock_call(fd, F_GETLK, &mut lock).ok()?;
    if lock.l_type == libc::F_UNLCK as libc::c_short {
        return None;
    }
    u32::try_from(lock.l_pid).ok().filter(|pid| *pid != 0)
}

// SAFETY: `take` returns and `try_take` is true only for who changed the word from free to taken, in
// one atomic step that acquires what `free` released; so no two hold it at a time.
unsafe impl lock_api::RawMutex for Latch {
    #[allow(clippy::declare_interior_mutable_const)] // the trait asks for one
    const INIT: Self = Self::new();
    /// Whoever holds it may let it go on another thread: nothing of it belongs to a thread.
    type GuardMarker = lock_api::GuardSend;

    #[inline]
    fn lock(&self) {
        self.take();
    }

    #[inline]
    fn try_lock(&self) -> bool {
        self.try_take()
    }

    #[inline]
    // SAFETY: the caller holds it, by the trait's contract.
    unsafe fn unlock(&self) {
        self.free();
    }

    #[inline]
    fn is_locked(&self) -> bool {
        self.is_taken()
    }
}

/// CRC-32C of some bytes by the processor's instruction, 8 bytes at a time; `None` where it has none.
#[cfg(target_arch = "x86_64")]
pub(crate) fn crc32c_short(crc: u32, bytes: &[u8]) -> Option<u32> {
    if !is_x86_feature_detected!("sse4.2") {
        return None;
    }
    // SAFETY: the processor has the instructions, as was just asked.
    Some(unsafe { crc32c_by_words(crc, bytes) })
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn crc32c_short(_crc: u32, _bytes: &[u8]) -> Option<u32> {
    None
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn crc32c_by_words(crc: u32, bytes: &[u8]) -> u32 {
    use std::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u32, _mm_crc32_u64};
    let (words, rest) = bytes.as_chunks();
    let crc = words.iter().fold(u64::from(!crc), |crc, word| _mm_crc32_u64(crc, u64::from_le_bytes(*word)));
    let (words, rest) = rest.as_chunks();
    let crc = words.iter().fold(crc as u32, |crc, word| _mm_crc32_u32(crc, u32::from_le_bytes(*word)));
    !rest.iter().fold(crc, |crc, byte| _mm_crc32_u8(crc, *byte))
}
