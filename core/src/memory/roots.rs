//! The short tables inside a state: trees, and leaves that moved.

use crate::page::Ptr;

/// Where a tree begins and how many entries it has. Id 0 is an empty place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeRoot {
    pub(crate) tree: u32,
    pub(crate) root: Ptr,
    pub(crate) count: u64,
}

impl TreeRoot {
    /// An empty place in a table.
    pub const EMPTY: Self = Self { tree: 0, root: Ptr::NULL, count: 0 };

    /// A tree without entries.
    pub(crate) const fn new(tree: u32) -> Self {
        Self { tree, ..Self::EMPTY }
    }
}

/// A leaf that was copied while the nodes above it were not: wherever one of them points to `old`,
/// `new` is meant. So a commit of one row copies one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub(crate) old: Ptr,
    pub(crate) new: Ptr,
    pub(crate) tree: u32,
    /// Cell of the node above, where it still is: a hint.
    pub(crate) index: u16,
}

impl Moved {
    /// An empty place in a table.
    pub const NONE: Self = Self { old: Ptr::NULL, new: Ptr::NULL, tree: 0, index: 0 };

    /// Where a pointer leads. The notes stand at the start of their table.
    #[inline]
    pub(crate) fn follow(moved: &[Self], ptr: Ptr) -> Ptr {
        for note in moved {
            if note.old == ptr {
                return note.new;
            }
            if note.old.is_null() {
                break;
            }
        }
        ptr
    }

    /// Brings the notes to the start of their table.
    pub(crate) fn close_up(moved: &mut [Self]) {
        let mut used = 0;
        for index in 0..moved.len() {
            if moved.get(index).is_some_and(|note| *note != Self::NONE) {
                moved.swap(used, index);
                used += 1;
            }
        }
    }
}

/// The tables of fixed size that are copied with their state.
pub trait Roots: AsRef<[TreeRoot]> + AsMut<[TreeRoot]> + Copy + Send + Sync + 'static {
    /// Tables without trees.
    const EMPTY: Self;

    /// Leaves that the nodes above them do not point to yet.
    fn moved(&self) -> &[Moved];

    /// The same, for changing.
    fn moved_mut(&mut self) -> &mut [Moved];
}

/// Tables for this many trees and this many moved leaves.
#[derive(Debug, Clone, Copy)]
pub struct Tables<const TREES: usize, const MOVED: usize> {
    trees: [TreeRoot; TREES],
    moved: [Moved; MOVED],
}

impl<const TREES: usize, const MOVED: usize> AsRef<[TreeRoot]> for Tables<TREES, MOVED> {
    fn as_ref(&self) -> &[TreeRoot] {
        &self.trees
    }
}

impl<const TREES: usize, const MOVED: usize> AsMut<[TreeRoot]> for Tables<TREES, MOVED> {
    fn as_mut(&mut self) -> &mut [TreeRoot] {
        &mut self.trees
    }
}

impl<const TREES: usize, const MOVED: usize> Roots for Tables<TREES, MOVED> {
    const EMPTY: Self = Self { trees: [TreeRoot::EMPTY; TREES], moved: [Moved::NONE; MOVED] };

    fn moved(&self) -> &[Moved] {
        &self.moved
    }

    fn moved_mut(&mut self) -> &mut [Moved] {
        &mut self.moved
    }
}
