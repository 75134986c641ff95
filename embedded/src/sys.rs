//! Locks for one core and one thread, and the only `unsafe` of this program.
//!
//! Nobody else could release a taken lock while its second taker waits, so waiting is a bug and
//! stops the program. (The `spin` crate would serve, but its `lock_api` is older than the core's.)

use portable_atomic::{AtomicU32, Ordering};

const FREE: u32 = 0;
const EXCLUSIVE: u32 = u32::MAX;

/// A lock that is taken at once or never.
pub struct RawLock {
    /// `FREE`, the number of shared holders, or `EXCLUSIVE`.
    state: AtomicU32,
}

impl RawLock {
    const fn new() -> Self {
        Self { state: AtomicU32::new(FREE) }
    }

    fn take(&self, next: impl Fn(u32) -> Option<u32>) -> bool {
        self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, next).is_ok()
    }

    fn take_exclusive(&self) -> bool {
        self.take(|state| (state == FREE).then_some(EXCLUSIVE))
    }

    fn take_shared(&self) -> bool {
        self.take(|state| (state < EXCLUSIVE - 1).then_some(state + 1))
    }
}

// SAFETY: `take_exclusive` succeeds only where nobody holds the lock, by an atomic change of its
// one word, so two holders never exist; acquire and release order what they protect.
unsafe impl lock_api::RawMutex for RawLock {
    const INIT: Self = Self::new();
    type Guard = ();

    fn lock(&self) {
        assert!(self.take_exclusive(), "deadlock");
    }

    fn try_lock(&self) -> Option<()> {
        self.take_exclusive().then_some(())
    }

    unsafe fn unlock(&self, _guard: ()) {
        self.state.store(FREE, Ordering::Release);
    }

    fn is_locked(&self) -> bool {
        self.state.load(Ordering::Relaxed) != FREE
    }
}

// SAFETY: as above; shared holders are counted below `EXCLUSIVE`, which `take_exclusive` reaches
// only from `FREE`, so an exclusive holder is alone.
unsafe impl lock_api::RawRwLock for RawLock {
    const INIT: Self = Self::new();
    type SharedGuard = ();
    type ExclusiveGuard = ();

    fn lock_shared(&self) {
        assert!(self.take_shared(), "deadlock");
    }

    fn try_lock_shared(&self) -> Option<()> {
        self.take_shared().then_some(())
    }

    unsafe fn unlock_shared(&self, _guard: ()) {
        self.state.fetch_sub(1, Ordering::Release);
    }

    fn lock_exclusive(&self) {
        assert!(self.take_exclusive(), "deadlock");
    }

    fn try_lock_exclusive(&self) -> Option<()> {
        self.take_exclusive().then_some(())
    }

    unsafe fn unlock_exclusive(&self, _guard: ()) {
        self.state.store(FREE, Ordering::Release);
    }

    fn is_locked(&self) -> bool {
        self.state.load(Ordering::Relaxed) != FREE
    }

    fn is_locked_exclusive(&self) -> bool {
        self.state.load(Ordering::Relaxed) == EXCLUSIVE
    }
}
