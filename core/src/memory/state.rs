//! A state: everything a reader or a writer needs to see the database at one moment.

use super::roots::{Roots, TreeRoot};

/// The catalog's tree id.
pub(crate) const CATALOG: u32 = 1;

/// The database at one moment. A snapshot is a copy of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State<R> {
    /// Highest birth of a page it reaches.
    pub epoch: u64,
    /// Epoch of the last log record in it.
    pub last_record: u64,
    /// Where that record ends in the log.
    pub lsn: u64,
    pub catalog: TreeRoot,
    /// Id of the next tree or grave.
    pub next_tree: u32,
    /// Dropped trees that still hold pages.
    pub graves: u32,
    /// Trees touched since the last checkpoint; they override the catalog.
    pub roots: R,
}

impl<R: Roots> State<R> {
    /// Nothing: all bytes zero, so that a `static` of it takes no flash.
    pub const ZERO: Self = Self {
        epoch: 0,
        last_record: 0,
        lsn: 0,
        catalog: TreeRoot::EMPTY,
        next_tree: 0,
        graves: 0,
        roots: R::EMPTY,
    };

    /// A database without trees.
    pub const EMPTY: Self = Self { catalog: TreeRoot::new(CATALOG), next_tree: CATALOG + 1, ..Self::ZERO };
}

/// What a savepoint goes back to.
#[derive(Debug, Clone, Copy)]
pub struct SavepointSlot<R> {
    /// Epoch of what follows it.
    pub(crate) id: u64,
    pub(crate) state: State<R>,
    /// Lengths of the born and the freed list.
    pub(crate) born: u64,
    pub(crate) freed: u64,
    /// Bytes of packed operations, `None` where they no longer fit.
    pub(crate) operations: Option<usize>,
    /// The transaction had changed something.
    pub(crate) changed: bool,
}

impl<R: Roots> SavepointSlot<R> {
    /// A place for a savepoint.
    pub const EMPTY: Self =
        Self { id: 0, state: State::ZERO, born: 0, freed: 0, operations: None, changed: false };
}
