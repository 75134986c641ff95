//! The system's allocator with a count, LMDB's opening, and the only `unsafe` of this package.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Of each thread, because a count that all share costs more than the allocation.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    COUNT.with(|count| count.set(count.get() + 1));
}

/// The system's allocator; counts what each thread allocates.
pub struct CountingAllocator;

// SAFETY: every call goes unchanged to the system's allocator, which keeps the contract. The
// trait's own `realloc` calls `alloc`, so that it is counted too.
unsafe impl GlobalAlloc for CountingAllocator {
    // SAFETY: the caller keeps the trait's contract.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout, unchanged.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: the caller keeps the trait's contract.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout, unchanged.
        unsafe { System.alloc_zeroed(layout) }
    }

    // SAFETY: the caller keeps the trait's contract.
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller got the pointer from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(ptr, layout) }
    }
}

/// Allocations of this thread so far; 0 for ever where [`CountingAllocator`] is not the global
/// allocator.
#[must_use]
pub fn allocations() -> u64 {
    COUNT.with(Cell::get)
}

/// Opens or creates an LMDB database in a folder, with so many bytes of address space.
///
/// # Errors
/// LMDB's.
#[cfg(target_os = "linux")]
pub fn lmdb(folder: &std::path::Path, map_size: usize) -> heed::Result<heed::Env> {
    let mut options = heed::EnvOpenOptions::new();
    options.map_size(map_size);
    // SAFETY: the folder is this process's own, was made for this database, and nobody else changes
    // the file while it is mapped.
    unsafe { options.open(folder) }
}
