//! The engine's memory on the heap: a pool, two log buffers, reader slots, the writer's buffers.
//!
//! Allocated once, when a database is opened; nothing grows afterwards.

use bytes::BytesMut;
use drystone_core::Platform;
use drystone_core::memory::{Entry, Frame, List, Memory, SavepointSlot, Tables, WriterMemory, WriterMutex};
use lock_api::Mutex;
use portable_atomic::{AtomicU8, AtomicU64};

/// Frames of a set of the pool.
const WAYS: usize = 16;
/// Bytes of a line of the processor's cache.
const CACHE_LINE: usize = 64;
/// Inline entries of a space list.
const INLINE: usize = 16;
/// Space lists beyond one a reader, but at most this many in all.
const LISTS: usize = 64;
/// Trees a state keeps.
const ROOTS: usize = 8;
/// Leaves that a state keeps as moved.
const MOVED: usize = 8;
/// Savepoints that can be open.
const SAVEPOINTS: usize = 64;

/// How much memory a database uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryOptions {
    /// Bytes of a page; that of the database where there is one.
    pub page_size: u32,
    /// Bytes of the page pool; rounded up to whole sets of 16 pages.
    pub pool_bytes: usize,
    /// Bytes of each of the two log buffers, and of the longest logged transaction.
    pub log_bytes: usize,
    /// Snapshots that can be open at the same time.
    pub readers: usize,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self { page_size: 4096, pool_bytes: 64 << 20, log_bytes: 1 << 20, readers: 1024 }
    }
}

type Writer = WriterMemory<
    BytesMut,
    Box<[u8]>,
    Box<[List<[Entry; INLINE]>]>,
    Box<[SavepointSlot<Tables<ROOTS, MOVED>>]>,
>;

type HeapFrame<P> = Frame<<P as Platform>::RwLock, BytesMut>;

/// Memory of a size chosen at open, for any number of threads.
pub struct HeapMemory<P: Platform> {
    page_size: usize,
    frames: Box<[HeapFrame<P>]>,
    keys: Box<[AtomicU64]>,
    flags: Box<[AtomicU8]>,
    hands: Box<[Mutex<P::Mutex, u16>]>,
    logs: [Mutex<P::Mutex, Box<[u8]>>; 2],
    readers: Box<[AtomicU64]>,
    writer: Mutex<P::Mutex, Writer>,
}

fn zeros(len: usize) -> Box<[u8]> {
    vec![0; len].into_boxed_slice()
}

/// Pages in one allocation, which the system fills as they are used. Between them lies a line of the
/// processor's cache: places that are a multiple of 4 KiB apart get in each other's way there.
fn pages(count: usize, page_size: usize) -> impl Iterator<Item = BytesMut> {
    let mut slab = BytesMut::zeroed(count.saturating_mul(page_size.saturating_add(CACHE_LINE)));
    (0..count).map(move |_| {
        let page = slab.split_to(page_size);
        drop(slab.split_to(CACHE_LINE));
        page
    })
}

impl<P: Platform> HeapMemory<P> {
    /// Allocates the memory.
    #[must_use]
    pub fn new(options: MemoryOptions) -> Self {
        let page_size = options.page_size as usize;
        let sets = options.pool_bytes.div_ceil(page_size.max(1) * WAYS).max(1);
        let lists = || (0..LISTS).map(|_| List::new([Entry::NONE; INLINE]));
        Self {
            page_size,
            frames: pages(sets * WAYS, page_size).map(Frame::new).collect(),
            keys: (0..sets * WAYS).map(|_| AtomicU64::new(0)).collect(),
            flags: (0..sets * WAYS).map(|_| AtomicU8::new(0)).collect(),
            hands: (0..sets).map(|_| Mutex::new(0)).collect(),
            logs: [Mutex::new(zeros(options.log_bytes)), Mutex::new(zeros(options.log_bytes))],
            readers: (0..options.readers).map(|_| AtomicU64::new(0)).collect(),
            writer: Mutex::new(WriterMemory::new(
                BytesMut::zeroed(page_size),
                zeros(options.log_bytes),
                lists().collect(),
                vec![SavepointSlot::EMPTY; SAVEPOINTS].into_boxed_slice(),
            )),
        }
    }
}

impl<P: Platform> Memory<P> for HeapMemory<P> {
    type Page = BytesMut;
    type Log = Box<[u8]>;
    type Operations = Box<[u8]>;
    type Inline = [Entry; INLINE];
    type Lists = Box<[List<[Entry; INLINE]>]>;
    type Roots = Tables<ROOTS, MOVED>;
    type Savepoints = Box<[SavepointSlot<Tables<ROOTS, MOVED>>]>;

    fn page_size(&self) -> usize {
        self.page_size
    }
    fn frames(&self) -> &[HeapFrame<P>] {
        &self.frames
    }
    fn keys(&self) -> &[AtomicU64] {
        &self.keys
    }
    fn flags(&self) -> &[AtomicU8] {
        &self.flags
    }
    fn hands(&self) -> &[Mutex<P::Mutex, u16>] {
        &self.hands
    }
    fn logs(&self) -> &[Mutex<P::Mutex, Box<[u8]>>] {
        &self.logs
    }
    fn readers(&self) -> &[AtomicU64] {
        &self.readers
    }
    fn writer(&self) -> &WriterMutex<P, Self> {
        &self.writer
    }
}
