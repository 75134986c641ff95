//! The system's allocator with a count, and the only `unsafe` of this package.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// The system's allocator; counts what the whole process allocates.
pub struct CountingAllocator;

// SAFETY: every call goes unchanged to the system's allocator, which keeps the contract. The
// trait's own `realloc` calls `alloc`, so that it is counted too.
unsafe impl GlobalAlloc for CountingAllocator {
    // SAFETY: the caller keeps the trait's contract.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's layout, unchanged.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: the caller keeps the trait's contract.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's layout, unchanged.
        unsafe { System.alloc_zeroed(layout) }
    }

    // SAFETY: the caller keeps the trait's contract.
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller got the pointer from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(ptr, layout) }
    }
}

/// Allocations of the process so far; 0 for ever where [`CountingAllocator`] is not the global
/// allocator.
#[must_use]
pub fn allocations() -> u64 {
    COUNT.load(Ordering::Relaxed)
}
