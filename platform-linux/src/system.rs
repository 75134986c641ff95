//! What Linux does in its own way.

use crate::sys;
use drystone_platform_posix::{System, retry};
use portable_atomic::AtomicU32;
use rustix::fs::{FallocateFlags, Timespec};
use rustix::io::Errno;
use rustix::rand::GetRandomFlags;
use rustix::thread::futex;
use std::ops::Range;
use std::os::fd::BorrowedFd;

/// Linux, with nothing to choose.
#[derive(Debug, Default)]
pub struct Linux;

impl System for Linux {
    fn flush(&self, fd: BorrowedFd<'_>) -> Result<(), Errno> {
        retry(|| rustix::fs::fdatasync(fd))
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
