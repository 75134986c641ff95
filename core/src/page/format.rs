//! The header of every page, and the pointer that binds a page's number to one writing of it.
//!
//! A page is `page_size` bytes. Bytes 0..4 are the CRC-32C of the rest (little-endian, like all
//! numbers here); the rest is the *view*, `page_size - 4` bytes. Offsets below and all offsets
//! inside a page are relative to the view, so that they fit 16 bits at every page size.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | tag: identity of this writing of the page |
//! | 4 | 4 | own page number |
//! | 8 | 8 | birth epoch |
//! | 16 | 4 | tree id (0 where the page belongs to no tree) |
//! | 20 | 1 | kind |
//! | 21 | 1 | level: 0 for leaves |
//! | 22 | 2 | cell count (bytes used, in an overflow page) |
//! | 24 | 2 | prefix length |
//! | 26 | 2 | heap start: lowest offset used by a cell |
//! | 28 | 2 | heap dead: bytes of removed cells |
//! | 30 | 2 | usual length of a leaf's suffixes |
//! | 32 | | kind's own content |
//!
//! A pointer is 8 bytes: page number, tag. Page 0 is a meta page, so it serves as "none".
//! A page read from a device is believed only if its CRC, its own number and its tag (against the
//! pointer) are right.

use crate::bytes::{put_u16, put_u32, put_u64, u16_at, u32_at, u64_at};
use core::ops::Range;

/// Bytes of the CRC before the view.
pub(crate) const CRC_LEN: usize = 4;
const TAG: Range<usize> = 0..4;
const PAGE: Range<usize> = 4..8;
const BIRTH: Range<usize> = 8..16;
const TREE: Range<usize> = 16..20;
const KIND: Range<usize> = 20..21;
const LEVEL: Range<usize> = 21..22;
const COUNT: Range<usize> = 22..24;
const PREFIX: Range<usize> = 24..26;
const HEAP: Range<usize> = 26..28;
const DEAD: Range<usize> = 28..30;
const USUAL: Range<usize> = 30..32;
/// Bytes of the header; the kind's own content begins here.
pub(crate) const HEADER: usize = 32;
/// Bytes of a pointer.
pub(crate) const POINTER: usize = 8;

const _: () = assert!(
    TAG.end == PAGE.start
        && PAGE.end == BIRTH.start
        && BIRTH.end == TREE.start
        && TREE.end == KIND.start
        && KIND.end == LEVEL.start
        && LEVEL.end == COUNT.start
        && COUNT.end == PREFIX.start
        && PREFIX.end == HEAP.start
        && HEAP.end == DEAD.start
        && DEAD.end == USUAL.start
        && USUAL.end == HEADER
);

/// A page number and the tag of the writing meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ptr {
    pub page: u32,
    pub tag: u32,
}

impl Ptr {
    pub const NULL: Self = Self { page: 0, tag: 0 };

    pub const fn is_null(self) -> bool {
        self.page == 0
    }

    /// The key of this pointer in the page table; never 0 for a real pointer.
    pub const fn key(self) -> u64 {
        (self.page as u64) << 32 | self.tag as u64
    }

    pub fn at(bytes: &[u8], at: usize) -> Self {
        Self { page: u32_at(bytes, at), tag: u32_at(bytes, at + 4) }
    }

    pub fn put(self, bytes: &mut [u8], at: usize) {
        put_u32(bytes, at, self.page);
        put_u32(bytes, at + 4, self.tag);
    }
}

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A node of a tree with values.
    Leaf = 1,
    /// A node of a tree with children.
    Inner = 2,
    /// A piece of a long value.
    Overflow = 3,
    /// Bits of the space map: pages in use.
    MapLeaf = 4,
    /// Pointers to map pages.
    MapInner = 5,
    /// Bits of pages that are on a list; volatile.
    HeldLeaf = 6,
    /// Pointers to held pages; volatile.
    HeldInner = 7,
    /// Entries of a space list; volatile.
    List = 8,
}

impl Kind {
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Leaf,
            2 => Self::Inner,
            3 => Self::Overflow,
            4 => Self::MapLeaf,
            5 => Self::MapInner,
            6 => Self::HeldLeaf,
            7 => Self::HeldInner,
            8 => Self::List,
            _ => return None,
        })
    }

    /// Whether pages of this kind are reached from a checkpoint's catalog.
    pub const fn in_tree(self) -> bool {
        matches!(self, Self::Leaf | Self::Inner | Self::Overflow)
    }
}

pub(crate) fn tag(view: &[u8]) -> u32 {
    u32_at(view, TAG.start)
}

pub(crate) fn page_number(view: &[u8]) -> u32 {
    u32_at(view, PAGE.start)
}

pub(crate) fn ptr(view: &[u8]) -> Ptr {
    Ptr { page: page_number(view), tag: tag(view) }
}

pub(crate) fn birth(view: &[u8]) -> u64 {
    u64_at(view, BIRTH.start)
}

pub(crate) fn tree(view: &[u8]) -> u32 {
    u32_at(view, TREE.start)
}

pub(crate) fn kind(view: &[u8]) -> Option<Kind> {
    Kind::from_byte(view.get(KIND.start).copied().unwrap_or(0))
}

pub(crate) fn level(view: &[u8]) -> u8 {
    view.get(LEVEL.start).copied().unwrap_or(0)
}

#[inline]
pub(crate) fn count(view: &[u8]) -> usize {
    usize::from(u16_at(view, COUNT.start))
}

#[inline]
pub(crate) fn prefix_len(view: &[u8]) -> usize {
    usize::from(u16_at(view, PREFIX.start))
}

pub(crate) fn heap_start(view: &[u8]) -> usize {
    usize::from(u16_at(view, HEAP.start))
}

pub(crate) fn heap_dead(view: &[u8]) -> usize {
    usize::from(u16_at(view, DEAD.start))
}

#[inline]
pub(crate) fn usual_len(view: &[u8]) -> usize {
    usize::from(u16_at(view, USUAL.start))
}

pub(crate) fn set_usual_len(view: &mut [u8], len: usize) {
    put_u16(view, USUAL.start, len as u16);
}

pub(crate) fn set_tag(view: &mut [u8], tag: u32) {
    put_u32(view, TAG.start, tag);
}

pub(crate) fn set_count(view: &mut [u8], count: usize) {
    put_u16(view, COUNT.start, count as u16);
}

pub(crate) fn set_prefix_len(view: &mut [u8], len: usize) {
    put_u16(view, PREFIX.start, len as u16);
}

pub(crate) fn set_heap(view: &mut [u8], start: usize, dead: usize) {
    put_u16(view, HEAP.start, start as u16);
    put_u16(view, DEAD.start, dead as u16);
}

/// Who a page is: everything the header says besides its content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity {
    pub ptr: Ptr,
    pub birth: u64,
    pub tree: u32,
    pub kind: Kind,
    pub level: u8,
}

/// Begins an empty page: header as given, no cells, the heap at the end.
pub(crate) fn begin(view: &mut [u8], identity: Identity) {
    let len = view.len();
    if let Some(header) = view.get_mut(..HEADER) {
        header.fill(0);
    }
    set_identity(view, identity);
    set_heap(view, len, 0);
}

/// Gives the page another identity and leaves its content.
pub(crate) fn set_identity(view: &mut [u8], identity: Identity) {
    set_tag(view, identity.ptr.tag);
    put_u32(view, PAGE.start, identity.ptr.page);
    put_u64(view, BIRTH.start, identity.birth);
    put_u32(view, TREE.start, identity.tree);
    if let Some(byte) = view.get_mut(KIND.start) {
        *byte = identity.kind as u8;
    }
    if let Some(byte) = view.get_mut(LEVEL.start) {
        *byte = identity.level;
    }
}
