//! Walking a tree in key order, both ways.
//!
//! A [`Walk`] keeps its path (pointer and index of each node) and no page: every step pins the leaf
//! anew, a visit pins each leaf once. A [`Cursor`] is a walk for users, tied to the view it was
//! placed on by a stamp: after the view changed it must be placed again.
//!
//! Invariant: a walk stands on an entry, or has ended.

use super::Path;
use super::search::{Reading, Source, Value, push_step};
use crate::bytes::{little, put};
use crate::error::{Damage, Error};
use crate::memory::{Memory, PinOf};
use crate::page::Ptr;
use crate::page::format;
use crate::page::node::Node;
use crate::pager::Hint;
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use core::cmp::Ordering;

/// A key as it stands in a page: the page's common beginning and the rest.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The beginning that the keys of its page share.
    pub prefix: &'a [u8],
    /// The rest.
    pub suffix: &'a [u8],
}

impl Key<'_> {
    /// Length in bytes.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.prefix.len() + self.suffix.len()
    }

    /// Whether the key has no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies as much of the key as fits; how many bytes that was.
    #[inline]
    pub fn copy_to(&self, buf: &mut [u8]) -> usize {
        if let Some(to) = buf.first_chunk_mut()
            && let Some(bytes) = self.number()
        {
            *to = bytes;
            return bytes.len();
        }
        if self.len() <= buf.len() {
            put(buf, 0, self.prefix);
            put(buf, self.prefix.len(), self.suffix);
            return self.len();
        }
        let bytes = self.prefix.iter().chain(self.suffix);
        buf.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count()
    }

    /// The key, if it has eight bytes, as numbers have. They are not put together in memory: who reads
    /// them at once would wait for that.
    #[inline]
    #[must_use]
    pub fn number(&self) -> Option<[u8; 8]> {
        let shift = u32::try_from(8 * self.prefix.len()).ok().filter(|_| self.len() == 8)?;
        let after = little(self.suffix).checked_shl(shift).unwrap_or(0);
        Some((little(self.prefix) | after).to_le_bytes())
    }

    /// Orders the key against another one.
    #[must_use]
    pub fn compare(&self, other: &[u8]) -> Ordering {
        let start = other.get(..self.prefix.len()).unwrap_or(other);
        self.prefix.cmp(start).then_with(|| self.suffix.cmp(other.get(self.prefix.len()..).unwrap_or(&[])))
    }
}

/// Which way a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Forward,
    Back,
}

/// A position in one tree.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    tree: u32,
    root: Ptr,
    path: Path,
    leaf: Ptr,
    index: usize,
    ended: bool,
    /// Leaves it went on to since it was placed.
    passed: usize,
}

/// From so many leaves on a walk is a scan, whose pages are not kept in the pool for it.
const SCAN_LEAVES: usize = 4;

impl Walk {
    pub const fn new(tree: u32, root: Ptr) -> Self {
        Self { tree, root, path: Path::new(), leaf: Ptr::NULL, index: 0, ended: true, passed: 0 }
    }

    fn reading<'a, P: Platform, M: Memory<P>>(&self, source: Source<'a, P, M>) -> Reading<'a, P, M> {
        Reading { source, tree: self.tree, root: self.root }
    }

    fn hint(&self) -> Hint {
        if self.passed < SCAN_LEAVES { Hint::Keep } else { Hint::Scan }
    }

    /// Places the walk on the first entry with at least this key; whether it has this key.
    pub fn seek<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        key: &[u8],
    ) -> Result<bool, Error<P::Error>> {
        let Some((found, count)) = self.place(source, key)? else {
            return Ok(false);
        };
        if self.index >= count {
            self.next_leaf(source, Way::Forward)?;
        }
        Ok(found)
    }

    /// Places the walk on the last entry with a smaller key.
    pub fn seek_before<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        key: &[u8],
    ) -> Result<(), Error<P::Error>> {
        if self.place(source, key)?.is_some() {
            self.step(source, Way::Back)?;
        }
        Ok(())
    }

    /// Goes down to the leaf and index where `key` is (`true`) or would be, and counts the leaf's
    /// entries; `None` in an empty tree.
    fn place<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        key: &[u8],
    ) -> Result<Option<(bool, usize)>, Error<P::Error>> {
        if !self.begin() {
            return Ok(None);
        }
        let reading = self.reading(source);
        let mut ptr = self.root;
        let mut pin = reading.node(ptr, None, Hint::Keep)?;
        loop {
            let level = format::level(pin.view());
            let node = Node::new(pin.view());
            if level == 0 {
                let found = node.search(key);
                self.leaf = ptr;
                self.index = found.unwrap_or_else(|index| index);
                return Ok(Some((found.is_ok(), node.count())));
            }
            let index = node.search_child(key);
            push_step(&mut self.path, ptr, index)?;
            ptr = reading.child(node, index);
            pin = reading.node(ptr, Some(level - 1), Hint::Keep)?;
        }
    }

    /// Places the walk on the first or the last entry.
    pub fn seek_end<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        way: Way,
    ) -> Result<(), Error<P::Error>> {
        if !self.begin() {
            return Ok(());
        }
        let reading = self.reading(source);
        let pin = reading.node(self.root, None, Hint::Keep)?;
        let node = Node::new(pin.view());
        if node.is_leaf() {
            return self.enter(self.root, node, way);
        }
        let index = end(node, way);
        self.descend(reading, self.root, index, pin, way).map(drop)
    }

    /// Stands nowhere, to be placed. `false`: in an empty tree.
    fn begin(&mut self) -> bool {
        self.path.clear();
        self.passed = 0;
        self.ended = self.root.is_null();
        !self.ended
    }

    /// Stands on an entry of a leaf.
    fn enter<E>(&mut self, leaf: Ptr, node: Node<'_>, way: Way) -> Result<(), Error<E>> {
        (self.leaf, self.index) = (leaf, end(node, way));
        if node.count() == 0 {
            return Err(Error::Corrupt { page: leaf.page, damage: Damage::Structure });
        }
        Ok(())
    }

    /// Goes down from a cell of an inner node, further down along the first or last children.
    fn descend<'a, P: Platform, M: Memory<P>>(
        &mut self,
        reading: Reading<'a, P, M>,
        mut ptr: Ptr,
        mut index: usize,
        mut pin: PinOf<'a, P, M>,
        way: Way,
    ) -> Result<PinOf<'a, P, M>, Error<P::Error>> {
        loop {
            push_step(&mut self.path, ptr, index)?;
            let node = Node::new(pin.view());
            let child = reading.child(node, index);
            let level = format::level(pin.view()).checked_sub(1);
            if level == Some(0) {
                // As many more as were passed: who wants few reads few in vain.
                let next = (1..=self.passed).map_while(|distance| beside(node, index, distance, way));
                let next = next.map(|index| reading.child(node, index));
                let leaf = reading.leaf_ahead(child, self.hint(), next)?;
                self.enter(child, Node::new(leaf.view()), way)?;
                return Ok(leaf);
            }
            pin = reading.node(child, level, Hint::Keep)?;
            (ptr, index) = (child, end(Node::new(pin.view()), way));
        }
    }

    /// Moves on to the next leaf if the index stands behind the last entry of this one.
    fn settle<P: Platform, M: Memory<P>>(&mut self, source: Source<'_, P, M>) -> Result<(), Error<P::Error>> {
        let pin = self.reading(source).node(self.leaf, Some(0), self.hint())?;
        let count = Node::new(pin.view()).count();
        drop(pin);
        if self.index >= count {
            self.next_leaf(source, Way::Forward)?;
        }
        Ok(())
    }

    /// After an error on the way to a page: goes on behind that page, forwards. The path ends at the node
    /// above it, each time a step nearer to the end.
    pub fn skip<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
    ) -> Result<(), Error<P::Error>> {
        self.next_leaf(source, Way::Forward).map(drop)
    }

    /// Goes on to the first or last entry of the neighbouring leaf, which is returned; `None` at the end.
    fn next_leaf<'a, P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'a, P, M>,
        way: Way,
    ) -> Result<Option<PinOf<'a, P, M>>, Error<P::Error>> {
        let reading = self.reading(source);
        self.passed = self.passed.saturating_add(1);
        while let Some(step) = self.path.pop() {
            let pin = reading.node(step.ptr, None, Hint::Keep)?;
            if let Some(index) = beside(Node::new(pin.view()), step.index, 1, way) {
                let result = self.descend(reading, step.ptr, index, pin, way);
                if result.is_err() && is(Bug::ReadErrorIsEnd) {
                    break;
                }
                return result.map(Some);
            }
        }
        self.ended = true;
        Ok(None)
    }

    /// Moves to the neighbouring entry.
    pub fn step<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        way: Way,
    ) -> Result<(), Error<P::Error>> {
        if self.ended {
            return Ok(());
        }
        match way {
            Way::Forward => {
                self.index += 1;
                self.settle(source)
            }
            Way::Back => match self.index.checked_sub(1) {
                Some(index) => {
                    self.index = index;
                    Ok(())
                }
                None => self.next_leaf(source, Way::Back).map(drop),
            },
        }
    }

    /// The entry the walk stands on.
    pub fn entry<P: Platform, M: Memory<P>, T>(
        &self,
        source: Source<'_, P, M>,
        f: impl FnOnce(Key<'_>, Value<'_>) -> T,
    ) -> Result<Option<T>, Error<P::Error>> {
        if self.ended {
            return Ok(None);
        }
        let pin = self.reading(source).node(self.leaf, Some(0), self.hint())?;
        let node = Node::new(pin.view());
        Ok((self.index < node.count()).then(|| show(node, self.index, f)))
    }

    /// Calls `f` for one entry after the other until it returns `false`; then stands behind that
    /// one.
    pub fn visit<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        way: Way,
        mut f: impl FnMut(Key<'_>, Value<'_>) -> bool,
    ) -> Result<(), Error<P::Error>> {
        if self.ended {
            return Ok(());
        }
        let mut pin: PinOf<'_, P, M> = self.reading(source).node(self.leaf, Some(0), self.hint())?;
        loop {
            let node = Node::new(pin.view());
            let more = self.visit_leaf(node, way, &mut f);
            if self.index < node.count() {
                return Ok(());
            }
            drop(pin);
            match self.next_leaf(source, way)? {
                Some(next) if more => pin = next,
                _ => return Ok(()),
            }
        }
    }

    /// Calls `f` for the entries of a leaf from the current one on until it returns `false`; then stands
    /// behind that one. `true`: it never did.
    fn visit_leaf(
        &mut self,
        node: Node<'_>,
        way: Way,
        mut f: impl FnMut(Key<'_>, Value<'_>) -> bool,
    ) -> bool {
        let prefix = node.prefix();
        let mut shown = |slot| {
            let (suffix, payload) = node.entry(slot);
            f(Key { prefix, suffix }, Value::of(payload))
        };
        let slots = node.slots();
        let last = match way {
            Way::Forward => {
                let last = slots.get(self.index..).unwrap_or(&[]).iter().position(|slot| !shown(slot));
                self.index = last.map_or(slots.len(), |last| self.index + last + 1);
                last
            }
            Way::Back => {
                let last = slots.get(..=self.index).unwrap_or(&[]).iter().rposition(|slot| !shown(slot));
                self.index = last.unwrap_or(0).wrapping_sub(1);
                last
            }
        };
        last.is_none()
    }
}

/// The index of a node's first or last cell on a way.
fn end(node: Node<'_>, way: Way) -> usize {
    match way {
        Way::Forward => 0,
        Way::Back => node.count().saturating_sub(1),
    }
}

/// The index of a cell of a node some way from another one.
fn beside(node: Node<'_>, index: usize, distance: usize, way: Way) -> Option<usize> {
    match way {
        Way::Forward => index.checked_add(distance).filter(|index| *index < node.count()),
        Way::Back => index.checked_sub(distance),
    }
}

fn show<T>(node: Node<'_>, index: usize, f: impl FnOnce(Key<'_>, Value<'_>) -> T) -> T {
    let key = Key { prefix: node.prefix(), suffix: node.suffix(index) };
    f(key, Value::of(node.payload(index)))
}
