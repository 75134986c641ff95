//! Walking a tree in key order, both ways.
//!
//! A [`Walk`] keeps its path (pointer and index of each node) and no page: every step pins the leaf
//! anew, a visit pins each leaf once. A [`Cursor`] is a walk for users, tied to the view it was
//! placed on by a stamp: after the view changed it must be placed again.
//!
//! Invariant: a walk stands on an entry, or has ended.

use super::Path;
use super::search::{Reading, Source, Value, push_step};
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
    pub fn copy_to(&self, buf: &mut [u8]) -> usize {
        let bytes = self.prefix.iter().chain(self.suffix);
        buf.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count()
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
}

impl Walk {
    pub const fn new(tree: u32, root: Ptr) -> Self {
        Self { tree, root, path: Path::new(), leaf: Ptr::NULL, index: 0, ended: true }
    }

    fn reading<'a, P: Platform, M: Memory<P>>(&self, source: Source<'a, P, M>) -> Reading<'a, P, M> {
        Reading { source, tree: self.tree, root: self.root }
    }

    /// Places the walk on the first entry with at least this key; whether it has this key.
    pub fn seek<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        key: &[u8],
    ) -> Result<bool, Error<P::Error>> {
        let found = self.place(source, key)?;
        if found.is_none() {
            return Ok(false);
        }
        self.settle(source)?;
        Ok(found == Some(true))
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

    /// Goes down to the leaf and index where `key` is (`true`) or would be; `None` in an empty tree.
    fn place<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        key: &[u8],
    ) -> Result<Option<bool>, Error<P::Error>> {
        self.path.clear();
        self.ended = self.root.is_null();
        if self.ended {
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
                return Ok(Some(found.is_ok()));
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
        self.path.clear();
        self.ended = self.root.is_null();
        if self.ended {
            return Ok(());
        }
        self.descend(source, self.root, None, way)
    }

    /// Goes down from a node along its first or last children.
    fn descend<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        mut ptr: Ptr,
        mut level: Option<u8>,
        way: Way,
    ) -> Result<(), Error<P::Error>> {
        let reading = self.reading(source);
        loop {
            let pin = reading.node(ptr, level, Hint::Keep)?;
            let node = Node::new(pin.view());
            let index = match way {
                Way::Forward => 0,
                Way::Back => node.count().saturating_sub(1),
            };
            let found = format::level(pin.view());
            if found == 0 {
                self.leaf = ptr;
                self.index = index;
                if node.count() == 0 {
                    return Err(Error::Corrupt { page: ptr.page, damage: Damage::Structure });
                }
                return Ok(());
            }
            push_step(&mut self.path, ptr, index)?;
            ptr = reading.child(node, index);
            level = Some(found - 1);
        }
    }

    /// Moves on to the next leaf if the index stands behind the last entry of this one.
    fn settle<P: Platform, M: Memory<P>>(&mut self, source: Source<'_, P, M>) -> Result<(), Error<P::Error>> {
        let pin = self.reading(source).node(self.leaf, Some(0), Hint::Keep)?;
        let count = Node::new(pin.view()).count();
        drop(pin);
        if self.index >= count {
            return self.next_leaf(source, Way::Forward);
        }
        Ok(())
    }

    /// After an error on the way to a page: goes on behind that page, forwards. The path ends at the node
    /// above it, each time a step nearer to the end.
    pub fn skip<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
    ) -> Result<(), Error<P::Error>> {
        self.next_leaf(source, Way::Forward)
    }

    fn next_leaf<P: Platform, M: Memory<P>>(
        &mut self,
        source: Source<'_, P, M>,
        way: Way,
    ) -> Result<(), Error<P::Error>> {
        let reading = self.reading(source);
        while let Some(step) = self.path.pop() {
            let pin = reading.node(step.ptr, None, Hint::Keep)?;
            let node = Node::new(pin.view());
            let index = match way {
                Way::Forward => Some(step.index + 1).filter(|index| *index < node.count()),
                Way::Back => step.index.checked_sub(1),
            };
            if let Some(index) = index {
                let level = format::level(pin.view()).checked_sub(1);
                push_step(&mut self.path, step.ptr, index)?;
                let child = reading.child(node, index);
                drop(pin);
                let result = self.descend(source, child, level, way);
                if result.is_err() && is(Bug::ReadErrorIsEnd) {
                    self.ended = true;
                    return Ok(());
                }
                return result;
            }
        }
        self.ended = true;
        Ok(())
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
                None => self.next_leaf(source, Way::Back),
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
        let pin = self.reading(source).node(self.leaf, Some(0), Hint::Keep)?;
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
        let mut hint = Hint::Keep;
        while !self.ended {
            let pin: PinOf<'_, P, M> = self.reading(source).node(self.leaf, Some(0), hint)?;
            hint = Hint::Scan;
            let node = Node::new(pin.view());
            let count = node.count();
            let mut more = true;
            loop {
                if more && self.index < count {
                    more = show(node, self.index, &mut f);
                } else {
                    break;
                }
                match way {
                    Way::Forward => self.index += 1,
                    Way::Back => match self.index.checked_sub(1) {
                        Some(index) => self.index = index,
                        None => self.index = usize::MAX,
                    },
                }
            }
            drop(pin);
            if self.index >= count {
                self.next_leaf(source, way)?;
            }
            if !more {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn show<T>(node: Node<'_>, index: usize, f: impl FnOnce(Key<'_>, Value<'_>) -> T) -> T {
    let key = Key { prefix: node.prefix(), suffix: node.suffix(index) };
    f(key, Value::of(node.payload(index)))
}
