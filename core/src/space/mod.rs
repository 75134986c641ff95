//! Space: which pages are free, which are in use, and which somebody may still read.
//!
//! | file | owns |
//! |---|---|
//! | `format` | places and bytes of map, held and list pages |
//! | `map` | changing and searching the two bitmaps |
//! | `allocate` | handing out, growing, freeing, copying on write |
//! | `lists` | stacks of pages: born, freed, dead |
//! | `protect` | the one rule, and the sweep that applies it |
//!
//! The one rule: *a page born at b and freed at f is reusable if no protector p has b <= p < f.*
//! A protector is the highest birth in a state that somebody may still read or fall back to.
//!
//! A page is in one of three conditions: free (neither bit), used (reachable from the newest
//! state), held (waiting on a list, or a list's page). Reserved places are always used.
//!
//! All of it but the map is volatile: a crash voids the lists, and the map of the last checkpoint
//! says exactly what that checkpoint reaches.

pub(crate) mod allocate;
pub(crate) mod format;
pub(crate) mod lists;
pub(crate) mod map;
pub(crate) mod protect;

use crate::memory::{List, Memory};
use crate::page::Ptr;
use crate::pager::Pager;
use crate::platform::Platform;
use format::Shape;
use heapless::Vec;

/// Pages ready to be handed out again without a search; with whether the map says that they are held
/// (else it says that they are used).
const RECYCLED_MAX: usize = 16;

/// A cut of fewer free pages than this is not worth it.
pub(crate) const TAIL_MIN: u32 = 16;

/// What the writer knows about space; lives as long as the database is open.
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
    /// Pages the last transaction freed: the next one sweeps in proportion.
    pub last_freed: u64,
}

impl Space {
    /// Whether more than a third of the file is free, and enough to be worth making it shorter.
    pub fn is_sparse(&self, shape: Shape) -> bool {
        // A file is cut within the range of its last map leaf only.
        let leaf = shape.leaf_of(self.page_count.saturating_sub(1));
        if self.page_count <= shape.data_start(leaf) + 2 * TAIL_MIN {
            return false;
        }
        let taken = self.page_count - self.free_count;
        self.free_count > taken / 2 + 2 * TAIL_MIN
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
pub(crate) const fn mix64(value: u64) -> u64 {
    let mut x = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Everything an operation of the writer works with, borrowed for its duration.
pub(crate) struct Workspace<'a, P: Platform, M: Memory<P>> {
    pub pager: Pager<'a, P, M>,
    pub space: &'a mut Space,
    pub lists: &'a mut [List<M::Inline>],
    /// One page's view.
    pub scratch: &'a mut [u8],
    /// Birth of pages made now.
    pub epoch: u64,
    /// Pages born up to here are not changed and not reused: a savepoint, or the state the
    /// transaction began on, may reach them.
    pub protected: u64,
    /// Pages that are not handed out.
    pub reserve: u32,
}
