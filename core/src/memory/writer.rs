//! What only the holder of the writer's place uses, behind one lock: buffers, lists, and what it
//! knows about space.

use crate::page::Ptr;
use heapless::Vec;

/// Memory of the holder of the writer's place.
pub struct WriterMemory<B, O, L, S> {
    /// One page, for laying nodes out anew.
    pub(crate) scratch: B,
    /// What the running transaction did, packed for the log.
    pub(crate) operations: O,
    pub(crate) lists: L,
    pub(crate) savepoints: S,
    pub(crate) space: Space,
}

impl<B, O, L, S> WriterMemory<B, O, L, S> {
    /// Memory over one page, a buffer for operations, heads of space lists (at least six) and places
    /// for savepoints.
    pub const fn new(scratch: B, operations: O, lists: L, savepoints: S) -> Self {
        Self { scratch, operations, lists, savepoints, space: Space::EMPTY }
    }
}

/// Pages ready to be handed out again without a search; with whether the map says that they are held
/// (else it says that they are used).
const RECYCLED_MAX: usize = 16;

/// What the writer knows about space and epochs; lives as long as the database is open.
pub(crate) struct Space {
    /// Root of the map as being changed.
    pub map: Ptr,
    /// Root of the held bits.
    pub held: Ptr,
    /// Inner levels of both.
    pub levels: u8,
    /// Pages there are; the device is reserved up to here.
    pub page_count: u32,
    /// Pages neither used nor held.
    pub free_count: u32,
    /// Held pages (on lists, of lists, recycled).
    pub held_count: u32,
    /// No page below is free.
    pub hint: u32,
    /// Map pages born up to here belong to a checkpoint.
    pub fixed: u64,
    pub recycled: Vec<(u32, bool), RECYCLED_MAX>,
    pub tags: Tags,
    /// Lists from here on are unused.
    pub lists_end: usize,
    /// Pages freed since the last sweep: the next one is in proportion.
    pub last_freed: u64,
    /// The next transaction, savepoint or checkpoint gets this epoch.
    pub next_epoch: u64,
    /// A transaction found no space: the next one begins with a checkpoint.
    pub short: bool,
}

impl Space {
    /// Of no database.
    pub const EMPTY: Self = Self {
        map: Ptr::NULL,
        held: Ptr::NULL,
        levels: 0,
        page_count: 0,
        free_count: 0,
        held_count: 0,
        hint: 0,
        fixed: 0,
        recycled: Vec::new(),
        tags: Tags { counter: 0, seed: 0 },
        lists_end: 0,
        last_freed: 0,
        next_epoch: 0,
        short: false,
    };

    /// So many pages became free. The count began with what a meta says, which nobody has checked, so
    /// it may be wrong, but never traps.
    pub const fn add_free(&mut self, pages: u32) {
        self.free_count = self.free_count.saturating_add(pages);
    }

    /// So many free pages are free no more.
    pub const fn take_free(&mut self, pages: u32) {
        self.free_count = self.free_count.saturating_sub(pages);
    }

    /// Pages in use, by the counts.
    pub const fn used_count(&self) -> u32 {
        self.page_count.saturating_sub(self.free_count).saturating_sub(self.held_count)
    }

    /// An epoch never used before while the database is open.
    pub const fn draw_epoch(&mut self) -> u64 {
        self.next_epoch += 1;
        self.next_epoch - 1
    }
}

/// Source of tags: a permutation of a counter, seeded anew at each opening.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tags {
    counter: u32,
    seed: u32,
}

impl Tags {
    /// Tags of one opening; unlike those of other openings but for chance.
    pub const fn new(database: u64, incarnation: u64, salt: u64) -> Self {
        let a = mix64(database ^ mix64(incarnation ^ mix64(salt)));
        Self { counter: a as u32, seed: (a >> 32) as u32 }
    }

    /// A tag not given within the last 2^32.
    pub const fn draw(&mut self) -> u32 {
        self.counter = self.counter.wrapping_add(1);
        // Each step is a bijection of 32 bits.
        let mut x = self.counter ^ self.seed;
        x ^= x >> 16;
        x = x.wrapping_mul(0x7FEB_352D);
        x ^= x >> 15;
        x = x.wrapping_mul(0x846C_A68B);
        x ^ (x >> 16)
    }
}

/// The finalizer of SplitMix64.
const fn mix64(value: u64) -> u64 {
    let mut x = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
