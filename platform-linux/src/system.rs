//! What Linux does in its own way.

use crate::sys;
use drystone_platform_posix::{System, retry};
use portable_atomic::AtomicU32;
use rustix::fs::{FallocateFlags, Mode, OFlags, Timespec};
use rustix::io::Errno;
use rustix::rand::GetRandomFlags;
use rustix::thread::futex;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// File systems whose synchronous writes end in the function behind `fdatasync`: ext2 to ext4, XFS,
/// Btrfs, F2FS, tmpfs. From the kernel's `magic.h`.
const SYNCING: [u64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994];

/// Linux, with nothing to choose.
#[derive(Debug, Default)]
pub struct Linux;

impl System for Linux {
    fn flush(&self, fd: BorrowedFd<'_>) -> Result<(), Errno> {
        retry(|| rustix::fs::fdatasync(fd))
    }

    fn open_durable(&self, fd: BorrowedFd<'_>) -> Option<OwnedFd> {
        let kind = rustix::fs::fstatfs(fd).ok()?.f_type;
        if !SYNCING.contains(&(kind as u64)) {
            return None;
        }
        // By this name it is the same file, whatever was renamed meanwhile.
        let name = format!("/proc/self/fd/{}", fd.as_raw_fd());
        // What rustix calls `DSYNC` is `O_SYNC`, which writes the file's times, too.
        let flags =
            OFlags::WRONLY | OFlags::from_bits_retain(libc::O_DSYNC.cast_unsigned()) | OFlags::CLOEXEC;
        rustix::fs::open(name, flags, Mode::empty()).ok()
    }

    fn now_us(&self) -> u64 {
        sys::coarse_us()
    }

    fn preallocate(&self, fd: BorrowedFd<'_>, from: u64, to: u64) -> Result<bool, Errno> {
        match retry(|| rustix::fs::fallocate(fd, FallocateFlags::empty(), from, to - from)) {
            Err(Errno::OPNOTSUPP) => Ok(false),
            result => result.map(|()| true),
        }
    }

    fn start_writeback(&self, fd: BorrowedFd<'_>, range: Range<u64>) {
        let len = range.end.saturating_sub(range.start);
        if let (Ok(start), Ok(len @ 1..)) = (i64::try_from(range.start), i64::try_from(len)) {
            sys::sync_file_range(fd, start, len);
        }
    }

    fn program_name(&self, pid: u32) -> Option<String> {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        Some(name.trim_end().to_owned())
    }

    fn entropy(&self) -> Result<u64, Errno> {
        let mut bytes = [0; 8];
        // Eight bytes come whole or not at all; before the pool is ready the call waits.
        match retry(|| rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty()))? {
            8 => Ok(u64::from_ne_bytes(bytes)),
            _ => Err(Errno::IO),
        }
    }

    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>) {
        let timeout = timeout_us.map(|us| Timespec {
            tv_sec: i64::try_from(us / 1_000_000).unwrap_or(i64::MAX),
            tv_nsec: (us % 1_000_000) as i64 * 1_000,
        });
        // Woken, changed, interrupted or timed out: the caller looks at the word again.
        let _ = futex::wait(sys::futex_word(word), futex::Flags::PRIVATE, seen, timeout.as_ref());
    }

    fn wake(&self, word: &AtomicU32) {
        let _ = futex::wake(sys::futex_word(word), futex::Flags::PRIVATE, i32::MAX as u32);
    }
}
