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

use crate::memory::{List, Memory, Space};
use crate::pager::Pager;
use crate::platform::Platform;
use format::Shape;

/// Most pages kept in reserve for replay, checkpoints and deletes.
pub(crate) const RESERVE_MAX: u32 = 32;
/// A cut of fewer free pages than this is not worth it.
pub(crate) const TAIL_MIN: u32 = 16;

/// Whether more than a third of the file is free, and enough to be worth making it shorter.
pub(crate) fn is_sparse(space: &Space, shape: Shape) -> bool {
    let taken = space.page_count.saturating_sub(space.free_count);
    if space.free_count <= taken / 2 + 2 * TAIL_MIN {
        return false;
    }
    // A file is cut within the range of its last map leaf only.
    let leaf = shape.leaf_of(space.page_count.saturating_sub(1));
    space.page_count > shape.data_start(leaf) + 2 * TAIL_MIN
}

/// Everything an operation of the writer works with, borrowed for its duration.
pub(crate) struct Workspace<'a, P: Platform, M: Memory<P>> {
    pub pager: Pager<'a, P, M>,
    pub space: &'a mut Space,
    pub lists: &'a mut [List<M::Inline>],
    /// One page's view.
    pub scratch: &'a mut [u8],
    /// What the running transaction did, packed for the log.
    pub operations: &'a mut [u8],
    /// Birth of pages made now.
    pub epoch: u64,
    /// Pages born up to here are not changed and not reused: a savepoint, or the state the
    /// transaction began on, may reach them.
    pub protected: u64,
    /// Pages that are not handed out.
    pub reserve: u32,
}

impl<P: Platform, M: Memory<P>> Workspace<'_, P, M> {
    /// The same for what frees pages: it may use half the reserve, so that a full database can be
    /// emptied. The other half is for the checkpoint that gives the freed pages back.
    pub fn freeing(&mut self) -> Workspace<'_, P, M> {
        Workspace {
            pager: self.pager,
            space: self.space,
            lists: self.lists,
            scratch: self.scratch,
            operations: self.operations,
            reserve: self.reserve / 2,
            ..*self
        }
    }
}
