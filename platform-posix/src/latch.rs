//! The lock for short critical sections. It is let go by a plain store, where a lock that keeps a
//! queue of waiters needs a second atomic exchange: a commit takes a dozen of them, nearly always
//! uncontended. The price is paid by who has to wait: nobody wakes it, so it looks again, first at
//! once, then after sleeping longer and longer, up to a millisecond.
//!
//! `docs/decisions/0013-a-latch-and-synchronous-writes.md` has the numbers.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Looks before the first yield, and before the first sleep.
const SPINS: u32 = 100;
const YIELDS: u32 = SPINS + 10;
/// The first sleep and the longest, microseconds.
const SLEEP_MIN: u64 = 20;
const SLEEP_MAX: u64 = 1_000;

/// The raw lock. Taken and let go by `lock_api` guards only.
pub struct Latch(AtomicBool);

impl Latch {
    pub(crate) const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    #[inline]
    pub(crate) fn take(&self) {
        if !self.try_take() {
            self.wait();
        }
    }

    #[inline]
    pub(crate) fn try_take(&self) -> bool {
        self.0.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline]
    pub(crate) fn free(&self) {
        self.0.store(false, Ordering::Release);
    }

    #[inline]
    pub(crate) fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    #[cold]
    fn wait(&self) {
        let (mut looks, mut sleep) = (0, SLEEP_MIN);
        loop {
            if !self.is_taken() && self.try_take() {
                return;
            }
            looks += 1;
            if looks < SPINS {
                spin_loop();
            } else if looks < YIELDS {
                thread::yield_now();
            } else {
                thread::sleep(Duration::from_micros(sleep));
                sleep = (sleep * 2).min(SLEEP_MAX);
            }
        }
    }
}
