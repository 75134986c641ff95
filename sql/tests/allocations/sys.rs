//! The system's allocator with a count of each thread's allocations.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

pub struct Counting;

// SAFETY: every call goes unchanged to the system's allocator, which keeps the contract. The trait's
// own `realloc` and `alloc_zeroed` call `alloc`, so that they are counted too.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: the caller keeps the trait's contract.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's layout, unchanged.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: the caller keeps the trait's contract.
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the pointer is one of `alloc` above, so of the system's allocator.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Allocations of this thread so far.
pub fn allocations() -> u64 {
    COUNT.with(Cell::get)
}
