//! What macOS does in its own way.

use crate::sys;
use drystone_platform_posix::{System, retry};
use parking_lot::{Condvar, Mutex};
use portable_atomic::{AtomicU32, Ordering};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// What a flush waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flush {
    /// For the drive to have everything on its medium: `F_FULLFSYNC`.
    #[default]
    Full,
    /// For the drive to have everything in order: `F_BARRIERFSYNC`.
    Barrier,
}

/// macOS, with the kind of flush chosen.
#[derive(Debug, Default)]
pub struct Mac {
    flush: Flush,
    /// All who wait do so on one condition variable: a public futex came with macOS 14.4 only.
    parking: Mutex<()>,
    parked: Condvar,
}

impl Mac {
    /// With flushes that wait for what `flush` says.
    #[must_use]
    pub fn new(flush: Flush) -> Self {
        Self { flush, ..Self::default() }
    }
}

impl System for Mac {
    fn flush(&self, fd: BorrowedFd<'_>) -> Result<(), Errno> {
        let result = match self.flush {
            Flush::Full => retry(|| rustix::fs::fcntl_fullfsync(fd)),
            Flush::Barrier => retry(|| sys::barrier(fd)),
        };
        match result {
            Err(Errno::NOTSUP | Errno::OPNOTSUPP | Errno::NOTTY | Errno::INVAL) => {
                retry(|| rustix::fs::fsync(fd))
            }
            result => result,
        }
    }

    fn now_us(&self) -> u64 {
        let now = clock_gettime(ClockId::Monotonic);
        let (seconds, nanoseconds) = (now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs());
        seconds * 1_000_000 + nanoseconds / 1_000
    }

    fn preallocate(&self, fd: BorrowedFd<'_>, from: u64, to: u64) -> Result<bool, Errno> {
        let len = i64::try_from(to - from).map_err(|_| Errno::FBIG)?;
        match retry(|| sys::preallocate(fd, len)) {
            Err(Errno::NOTSUP | Errno::OPNOTSUPP | Errno::NOTTY) => Ok(false),
            Err(errno) => Err(errno),
            Ok(()) => retry(|| rustix::fs::ftruncate(fd, to)).map(|()| true),
        }
    }

    fn program_name(&self, pid: u32) -> Option<String> {
        sys::program_name(pid)
    }

    fn entropy(&self) -> Result<u64, Errno> {
        sys::entropy()
    }

    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>) {
        let mut parking = self.parking.lock();
        if word.load(Ordering::Acquire) != seen {
            return;
        }
        match timeout_us {
            None => self.parked.wait(&mut parking),
            Some(us) => {
                let _ = self.parked.wait_for(&mut parking, Duration::from_micros(us));
            }
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        let _parking = self.parking.lock();
        self.parked.notify_all();
    }
}
