//! A mutex whose releases can be watched, so that a test can let another thread run there. The only
//! `unsafe` of these tests: the trait for raw locks demands it.

use drystone_core::Platform;
use drystone_platform_sim::SimPlatform;
use lock_api::RawMutex;
use std::cell::RefCell;

type Inner = <SimPlatform as Platform>::Mutex;

thread_local! {
    /// Called after each release of a watched mutex by this thread.
    static HOOK: RefCell<Option<Box<dyn FnMut()>>> = const { RefCell::new(None) };
}

/// Runs `task`; while it runs, `hook` is called after each release of a mutex by this thread.
pub fn watch<T>(hook: impl FnMut() + 'static, task: impl FnOnce() -> T) -> T {
    HOOK.set(Some(Box::new(hook)));
    let result = task();
    HOOK.set(None);
    result
}

/// A mutex that tells its thread's hook when it was released.
pub struct Watched(Inner);

// SAFETY: every call goes to a mutex that keeps the contract; the hook runs after the release.
unsafe impl RawMutex for Watched {
    const INIT: Self = Self(Inner::INIT);
    type GuardMarker = <Inner as RawMutex>::GuardMarker;

    fn lock(&self) {
        self.0.lock();
    }

    fn try_lock(&self) -> bool {
        self.0.try_lock()
    }

    // SAFETY: the caller holds the lock, as it must for the inner one.
    unsafe fn unlock(&self) {
        // SAFETY: the lock is held, as this function may take for granted.
        unsafe { self.0.unlock() };
        // Taken out meanwhile: the hook itself is not watched.
        if let Some(mut hook) = HOOK.take() {
            hook();
            HOOK.set(Some(hook));
        }
    }
}
