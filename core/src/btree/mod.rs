//! The copy-on-write B+tree.
//!
//! | file | does |
//! |---|---|
//! | `search` | reading: one key, and the checks every node passes on the way |
//! | `descend` | going down to change: each node on the way made changeable |
//! | `insert` | putting an entry; splits, up to a new root |
//! | `aside` | putting an entry into a leaf alone; the nodes above follow later |
//! | `delete` | taking an entry away; merges, down to no root |
//! | `overflow` | long values in chains of pages |
//! | `cursor` | walking in key order, both ways |
//! | `drop` | freeing a whole tree in bounded steps |
//! | `relocate` | moving pages away from the end of the file |
//!
//! A tree is a root pointer and a count ([`crate::memory::TreeRoot`]); a null root has no entries.
//! Changing walks down making every node on the way changeable, so that pointers are set on the
//! way and nothing has to be passed up but splits and merges. Levels count down to 0 at the leaves
//! by one, so a walk always ends. The shape follows from the operations alone.

mod aside;
pub(crate) mod cursor;
mod delete;
mod descend;
pub(crate) mod drop;
mod insert;
pub(crate) mod overflow;
pub(crate) mod relocate;
pub(crate) mod search;

use crate::limits::TREE_LEVELS_MAX;
use crate::page::Ptr;
use heapless::Vec;

/// A node passed on the way down: its pointer and the index of the cell taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub ptr: Ptr,
    pub index: usize,
}

/// The way from the root to a leaf's parent.
pub(crate) type Path = Vec<Step, TREE_LEVELS_MAX>;

/// Where ascending inserts go on without a walk: the last leaf of a tree, as the last insert left
/// it. Void after anything else happened to the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finger {
    pub tree: u32,
    pub leaf: Ptr,
    pub protected: u64,
}

impl Finger {
    pub const NONE: Self = Self { tree: 0, leaf: Ptr::NULL, protected: 0 };
}
