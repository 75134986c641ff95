//! The short table of trees inside a state.

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

/// A fixed table of [`TreeRoot`]s that is copied with its state.
pub trait Roots: AsRef<[TreeRoot]> + AsMut<[TreeRoot]> + Copy + Send + Sync + 'static {
    /// A table without trees.
    const EMPTY: Self;
}

impl<const N: usize> Roots for [TreeRoot; N] {
    const EMPTY: Self = [TreeRoot::EMPTY; N];
}
