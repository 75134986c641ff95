//! The heads of the volatile space lists: a few entries inline, the rest in a chain of pages.

use crate::page::Ptr;

/// A page that left the tree, or was born in the running transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entry {
    /// The page's number.
    pub(crate) page: u32,
    /// Epoch it was born in.
    pub(crate) birth: u64,
    /// Epoch it was freed in; 0 where it was not.
    pub(crate) freed: u64,
    /// The map says that the page is held. Until a checkpoint or a chain page needs that, it goes
    /// on saying that it is used, since most pages are used again soon.
    pub(crate) settled: bool,
}

impl Entry {
    /// No page.
    pub const NONE: Self = Self { page: 0, birth: 0, freed: 0, settled: false };
}

/// What a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// None: it is empty, or its place in the table says what it is for.
    Unused,
    /// Freed pages that the protector with this epoch may still need.
    Dead(u64),
}

/// A stack of entries: the newest inline, older ones in pages.
pub struct List<I> {
    pub(crate) purpose: Purpose,
    pub(crate) inline: I,
    pub(crate) inline_len: usize,
    /// Newest page of the chain.
    pub(crate) head: Ptr,
    /// Entries in pages.
    pub(crate) paged: u64,
}

impl<I> List<I> {
    /// An empty list over lent room for inline entries.
    pub const fn new(inline: I) -> Self {
        Self { purpose: Purpose::Unused, inline, inline_len: 0, head: Ptr::NULL, paged: 0 }
    }

    pub(crate) fn reset(&mut self) {
        self.purpose = Purpose::Unused;
        self.inline_len = 0;
        self.head = Ptr::NULL;
        self.paged = 0;
    }

    pub(crate) const fn len(&self) -> u64 {
        self.paged + self.inline_len as u64
    }
}
