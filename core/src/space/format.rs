//! Where the space map lies and what its pages hold.
//!
//! Two radix trees over page numbers have one bit a page: **map** (*used*: reachable) is part of a
//! checkpoint, **held** (on a list, or a list's page) is volatile. A leaf holds one bit for each of
//! `bits` pages, its *range*; an inner page holds `fanout` pointers of 8 bytes.
//!
//! Places are fixed, so changing the map never allocates. Every node (level, index) has four page
//! numbers side by side: three for the map, which it goes round (one durable, one of a checkpoint
//! in progress, one being changed), and one for held. They lie at the start of a leaf's range:
//!
//! ```text
//! range of leaf 0: 4 meta pages | leaf 0 x 4 | data ...
//! range of leaf k: leaf k x 4 | inner nodes that begin with leaf k x 4 each | data ...
//! ```
//! The first inner node of level `l` would begin in range 0 too, but lies in that of leaf
//! `fanout^(l-1)`, which exists when the level is first needed; so a small database stays small.
//! A map page moves to its next place at its first change after a checkpoint was fixed.
//!
//! A list page holds, after the header (count = entries), a pointer to the next page and entries of
//! 20 bytes: page number, birth epoch, epoch freed. List pages mean nothing after a crash.

use crate::page::format::{HEADER, POINTER};

/// Meta pages at the start of the data device.
pub(crate) const META_PAGES: u32 = 4;
/// Page numbers of one node: three of the map, one held.
pub(crate) const PLACES: u32 = 4;
/// Places of the map among them.
pub(crate) const MAP_PLACES: u32 = 3;
/// Bytes of a list entry.
pub(crate) const ENTRY: usize = 20;
/// Where list entries begin.
pub(crate) const ENTRIES: usize = HEADER + POINTER;

/// Sizes that follow from the page size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub bits: u32,
    pub fanout: u32,
}

impl Shape {
    pub const fn new(view_len: usize) -> Self {
        let words = (view_len - HEADER) / 8;
        Self { bits: words as u32 * 64, fanout: words as u32 }
    }

    /// Most pages the map can number: whole ranges, so that no number of a page behind overflows.
    pub const fn pages_max(self) -> u32 {
        u32::MAX / self.bits * self.bits
    }

    pub const fn leaf_of(self, page: u32) -> u32 {
        page / self.bits
    }

    /// Leaves below one node of `level`; saturates.
    pub const fn span(self, level: u8) -> u32 {
        self.fanout.saturating_pow(level as u32)
    }

    /// First page of the places of a node.
    pub const fn places(self, level: u8, index: u32) -> u32 {
        let leaf = match (level, index) {
            (0, _) => index,
            (_, 0) => self.span(level - 1),
            _ => index * self.span(level),
        };
        self.start(leaf) + PLACES * level as u32
    }

    const fn start(self, leaf: u32) -> u32 {
        leaf * self.bits + if leaf == 0 { META_PAGES } else { 0 }
    }

    /// Whether a page is a meta page or a place of the map.
    pub fn is_place(self, page: u32) -> bool {
        page % self.bits < PLACES_MAX && page < self.data_start(self.leaf_of(page))
    }

    /// First page of a leaf's range that holds data: what lies before never is on a list.
    pub fn data_start(self, leaf: u32) -> u32 {
        let mut nodes = 1;
        for level in 1..=MAP_LEVELS_MAX {
            let begins = leaf > 0 && leaf.is_multiple_of(self.span(level));
            if begins || leaf == self.span(level - 1) {
                nodes += 1;
            }
        }
        self.start(leaf) + PLACES * nodes
    }
}

/// No leaf's range begins with more pages that hold no data.
const PLACES_MAX: u32 = META_PAGES + PLACES * (2 + MAP_LEVELS_MAX as u32);

/// Most inner levels of the map: enough for 2^32 pages of the smallest size.
pub(crate) const MAP_LEVELS_MAX: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_never_overlap() {
        for view_len in [508, 4092] {
            let shape = Shape::new(view_len);
            for leaf in [0, 1, 2, shape.fanout - 1, shape.fanout, shape.fanout + 1, 2 * shape.fanout] {
                let mut places = [0u32; 8];
                let mut count = 0;
                let mut add = |first: u32| {
                    places[count] = first;
                    count += 1;
                };
                add(shape.places(0, leaf));
                for level in 1..=2 {
                    let span = shape.span(level);
                    if leaf > 0 && leaf.is_multiple_of(span) {
                        add(shape.places(level, leaf / span));
                    }
                    if leaf == shape.span(level - 1) {
                        add(shape.places(level, 0));
                    }
                }
                for (i, a) in places[..count].iter().enumerate() {
                    assert_eq!(shape.leaf_of(*a), leaf);
                    assert!(a + PLACES <= shape.data_start(leaf));
                    for b in &places[..i] {
                        assert!(a.abs_diff(*b) >= PLACES, "leaf {leaf}: {a} {b}");
                    }
                }
            }
        }
    }
}
