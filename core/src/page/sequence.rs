//! Runs of cells to be laid out in fresh nodes: one node with a cell put in or replaced, or two
//! neighbours joined. Splits, merges and compaction are all "write this range there".
//!
//! The sources must not be the destination: callers copy a page to the scratch buffer first.

use super::edit;
use super::format::HEADER;
use super::node::{HEAD, Node, Payload, SLOT};
use crate::bytes::common_prefix;
use core::ops::Range;

/// A key in two parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a>(pub &'a [u8], pub &'a [u8]);

impl<'a> Parts<'a> {
    pub const fn len(self) -> usize {
        self.0.len() + self.1.len()
    }

    /// What remains after `skip` bytes.
    pub fn after(self, skip: usize) -> [&'a [u8]; 2] {
        if skip <= self.0.len() {
            [self.0.get(skip..).unwrap_or(&[]), self.1]
        } else {
            [&[], self.1.get(skip - self.0.len()..).unwrap_or(&[])]
        }
    }

    /// The first `len` bytes.
    pub fn first(self, len: usize) -> Self {
        let left = len.min(self.0.len());
        let right = (len - left).min(self.1.len());
        Parts(self.0.get(..left).unwrap_or(&[]), self.1.get(..right).unwrap_or(&[]))
    }

    /// Length of the common beginning with another key.
    pub fn common(self, other: Self) -> usize {
        if self.0.len() == other.0.len() && self.0 == other.0 {
            return self.0.len() + common_prefix(self.1, other.1);
        }
        let left = self.0.iter().chain(self.1);
        let right = other.0.iter().chain(other.1);
        left.zip(right).take_while(|(a, b)| a == b).count()
    }
}

/// A change to one cell while a node is laid out anew.
#[derive(Clone, Copy)]
pub(crate) struct Change<'a> {
    pub index: usize,
    pub replace: bool,
    pub key: Parts<'a>,
    pub payload: Payload<'a>,
}

/// A run of cells.
#[derive(Clone, Copy)]
pub(crate) enum Sequence<'a> {
    /// One node, perhaps with one cell changed.
    One { node: Node<'a>, change: Option<Change<'a>> },
    /// Two neighbours; the first cell of the right one gets the parent's key where they are inner.
    Two { left: Node<'a>, right: Node<'a>, junction: Parts<'a> },
}

impl<'a> Sequence<'a> {
    pub fn len(&self) -> usize {
        match self {
            Self::One { node, change } => {
                node.count() + usize::from(change.is_some_and(|change| !change.replace))
            }
            Self::Two { left, right, .. } => left.count() + right.count(),
        }
    }

    pub fn key(&self, index: usize) -> Parts<'a> {
        match self {
            Self::One { node, change: Some(change) } if index == change.index => {
                let _ = node;
                change.key
            }
            Self::One { node, change } => {
                let index = old_index(index, change.as_ref());
                Parts(node.prefix(), node.suffix(index))
            }
            Self::Two { left, right, junction } => {
                let count = left.count();
                if index < count {
                    Parts(left.prefix(), left.suffix(index))
                } else if index == count && !right.is_leaf() {
                    *junction
                } else {
                    Parts(right.prefix(), right.suffix(index - count))
                }
            }
        }
    }

    pub fn payload(&self, index: usize) -> Payload<'a> {
        match self {
            Self::One { change: Some(change), .. } if index == change.index => change.payload,
            Self::One { node, change } => node.payload(old_index(index, change.as_ref())),
            Self::Two { left, right, .. } => {
                let count = left.count();
                if index < count { left.payload(index) } else { right.payload(index - count) }
            }
        }
    }

    /// Whether a cell's key says nothing and is left out: that of an inner node's first one.
    fn is_bare(&self, index: usize) -> bool {
        let (Self::One { node, .. } | Self::Two { left: node, .. }) = self;
        index == 0 && !node.is_leaf()
    }

    /// How much of the beginning that all keys of a range share is to be the page's prefix. What fits a
    /// slot is left to the suffix: that saves nothing, and the next keys of a dense run fit the prefix.
    /// Never less than where the keys come from, so that laying them out anew does not take more.
    pub fn shared(&self, range: &Range<usize>) -> usize {
        if range.len() < 2 {
            return 0;
        }
        let first = range.start + usize::from(self.is_bare(range.start));
        let last = self.key(range.end - 1);
        let (Self::One { node, .. } | Self::Two { left: node, .. }) = self;
        let most = last.len().saturating_sub(HEAD).max(node.prefix().len());
        self.key(first).common(last).min(most)
    }

    /// What a cell keeps of its key beside a prefix of `prefix` bytes.
    fn suffix(&self, index: usize, prefix: usize) -> [&'a [u8]; 2] {
        if self.is_bare(index) { [&[], &[]] } else { self.key(index).after(prefix) }
    }

    /// The usual length of a suffix beside a prefix of `prefix` bytes: keys stay as long as they were in
    /// the source, so laying cells out anew does not make them longer.
    fn usual(&self, prefix: usize) -> usize {
        let (Self::One { node, .. } | Self::Two { left: node, .. }) = self;
        if node.is_leaf() { (node.prefix().len() + node.usual()).saturating_sub(prefix) } else { 0 }
    }

    /// Bytes a cell takes with its slot beside a prefix of `prefix` bytes.
    pub fn cell_len(&self, index: usize, prefix: usize) -> usize {
        let [left, right] = self.suffix(index, prefix);
        SLOT + self.payload(index).cell_len(left.len() + right.len(), self.usual(prefix))
    }

    /// Bytes a node with this range takes.
    pub fn used(&self, range: &Range<usize>) -> usize {
        let prefix = self.shared(range);
        let cells: usize = range.clone().map(|index| self.cell_len(index, prefix)).sum();
        HEADER + prefix + cells
    }

    /// Bytes a node with all cells takes.
    pub fn used_by_all(&self) -> usize {
        let all = 0..self.len();
        if let Self::One { node, change: Some(change) } = self
            && node.is_leaf()
            && !change.replace
            && self.shared(&all) == node.prefix().len()
        {
            return node.used() + self.cell_len(change.index, node.prefix().len());
        }
        self.used(&all)
    }

    /// Writes the last cell alone into `view`, whose header stands (empty node). Keys like those before
    /// it are to follow, so the page's prefix is what all of them share. `false`: it does not fit.
    pub fn write_last(&self, view: &mut [u8]) -> bool {
        let Some(last) = self.len().checked_sub(1) else { return true };
        let (key, prefix) = (self.key(last), self.shared(&(0..last + 1)));
        let usual = if self.is_bare(0) { 0 } else { key.len() - prefix };
        edit::begin(view, key.first(prefix), usual)
            && edit::insert(view, 0, key.after(prefix), self.payload(last))
    }

    /// Writes the range into `view`, whose header stands (empty node). `false`: it does not fit,
    /// and the view holds a part.
    pub fn write(&self, range: Range<usize>, view: &mut [u8]) -> bool {
        let prefix = self.shared(&range);
        if range.is_empty() {
            return true;
        }
        edit::begin(view, self.key(range.end - 1).first(prefix), self.usual(prefix))
            && range
                .clone()
                .enumerate()
                .all(|(at, index)| edit::insert(view, at, self.suffix(index, prefix), self.payload(index)))
    }

    /// Where to divide a node with its change so that both sides fit a view of `capacity` bytes, as
    /// equal as cells allow. `None`: no division fits.
    pub fn middle(&self, capacity: usize) -> Option<usize> {
        let len = self.len();
        let prefix = self.shared(&(0..len));
        let total: usize = (0..len).map(|index| self.cell_len(index, prefix)).sum();
        let mut left = 0;
        let mut best: Option<(usize, usize)> = None;
        for at in 1..len {
            left += self.cell_len(at - 1, prefix);
            let larger = left.max(total - left);
            if best.is_none_or(|(size, _)| larger < size) {
                best = Some((larger, at));
            }
        }
        let (_, best) = best?;
        let fits = |at: usize| self.used(&(0..at)) <= capacity && self.used(&(at..len)) <= capacity;
        // A side may be larger than that only if the new key has less in common with the others than
        // these have. Then it is the first or the last one, and the others fit a page without it and,
        // since a longer prefix saves nothing of suffixes that are in their slots, one more of them.
        let changed = match self {
            Self::One { change: Some(change), .. } => change.index,
            _ => return fits(best).then_some(best),
        };
        let beside = [best, changed, changed + 1, changed + 2, changed.wrapping_sub(1)];
        beside.into_iter().find(|at| (1..len).contains(at) && fits(*at))
    }
}

fn old_index(index: usize, change: Option<&Change<'_>>) -> usize {
    match change {
        Some(change) if !change.replace && index > change.index => index - 1,
        _ => index,
    }
}
