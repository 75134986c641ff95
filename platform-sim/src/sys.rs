//! A mutex whose releases can be watched, so that the harness can let something else happen exactly there.
//! The only `unsafe` of this crate: the trait for raw locks demands it.

use lock_api::RawMutex;
use std::cell::{Cell, RefCell};

type Inner = parking_lot::RawMutex;

thread_local! {
    /// Whether there is a hook.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// Called after each release of a mutex by this thread.
    static HOOK: RefCell<Option<Box<dyn FnMut()>>> = const { RefCell::new(None) };
}

/// Runs `task`; while it runs, `hook` is called after each release of a [`SimMutex`] by this thread.
pub fn watch<T>(hook: impl FnMut() + 'static, task: impl FnOnce() -> T) -> T {
    HOOK.set(Some(Box::new(hook)));
    WATCHED.set(true);
    let result = task();
    WATCHED.set(false);
    HOOK.set(None);
    result
}

/// A mutex that tells its thread's hook when it was released.
pub struct SimMutex(Inner);

// SAFETY: every call goes to a mutex that keeps the contract; the hook runs after the release.
unsafe impl RawMutex for SimMutex {
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
        if WATCHED.get() {
            // Taken out meanwhile: the hook itself is not watched.
            WATCHED.set(false);
            if let Some(mut hook) = HOOK.take() {
                hook();
                HOOK.set(Some(hook));
            }
            WATCHED.set(true);
        }
    }
}
