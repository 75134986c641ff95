//! Reading: from a root down to one key.

use super::Path;
use crate::error::{Damage, Error};
use crate::limits::TREE_LEVELS_MAX;
use crate::memory::{Memory, Moved, PinOf};
use crate::page::Ptr;
use crate::page::format::{self, Kind};
use crate::page::node::{Node, Payload};
use crate::pager::{Hint, Pager, Role};
use crate::platform::Platform;

/// A value as it stands in a leaf.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// All its bytes.
    Inline(&'a [u8]),
    /// Where a long value begins; read it through the view it came from.
    Overflow(Overflow),
}

/// A long value: its length and its first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow {
    pub(crate) len: u32,
    pub(crate) first: Ptr,
}

impl Overflow {
    /// Length of the value, bytes.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len as u64
    }

    /// Never: an empty value is inline.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<'a> Value<'a> {
    pub(crate) fn of(payload: Payload<'a>) -> Self {
        match payload {
            Payload::Value(bytes) => Self::Inline(bytes),
            Payload::Long { len, first } => Self::Overflow(Overflow { len, first }),
            Payload::Child(_) => Self::Inline(&[]),
        }
    }

    /// Length of the value, bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Overflow(overflow) => overflow.len(),
        }
    }

    /// Whether the value has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Who reads a state, and how.
pub(crate) struct Source<'a, P: Platform, M: Memory<P>> {
    pub pager: Pager<'a, P, M>,
    pub role: Role,
    /// Leaves of the state that the nodes above them do not point to.
    pub moved: &'a [Moved],
}

impl<P: Platform, M: Memory<P>> Clone for Source<'_, P, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Platform, M: Memory<P>> Copy for Source<'_, P, M> {}

impl<'a, P: Platform, M: Memory<P>> Source<'a, P, M> {
    /// What the writer reads where no leaf is moved.
    pub const fn writer(pager: Pager<'a, P, M>) -> Self {
        Self { pager, role: Role::Writer, moved: &[] }
    }
}

/// Who reads which tree, and how.
pub(crate) struct Reading<'a, P: Platform, M: Memory<P>> {
    pub source: Source<'a, P, M>,
    pub tree: u32,
    pub root: Ptr,
}

impl<P: Platform, M: Memory<P>> Clone for Reading<'_, P, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Platform, M: Memory<P>> Copy for Reading<'_, P, M> {}

impl<'a, P: Platform, M: Memory<P>> Reading<'a, P, M> {
    /// A node, known to belong here: of this tree, and of this level if one is given.
    pub fn node(&self, ptr: Ptr, level: Option<u8>, hint: Hint) -> Result<PinOf<'a, P, M>, Error<P::Error>> {
        let pin = self.source.pager.pin(ptr, self.source.role, hint)?;
        check_place(pin.view(), ptr, self.tree, level)?;
        Ok(pin)
    }

    /// As [`Self::node`], for a leaf in a walk that goes on to the leaves `next`.
    pub fn leaf_ahead(
        &self,
        ptr: Ptr,
        hint: Hint,
        next: impl Iterator<Item = Ptr>,
    ) -> Result<PinOf<'a, P, M>, Error<P::Error>> {
        let pin = self.source.pager.pin_ahead(ptr, self.source.role, hint, next)?;
        check_place(pin.view(), ptr, self.tree, Some(0))?;
        Ok(pin)
    }

    /// Where the cell at `index` of an inner node leads.
    #[inline]
    pub fn child(&self, node: Node<'_>, index: usize) -> Ptr {
        Moved::follow(self.source.moved, node.child(index))
    }

    /// The leaf where `key` is or would be.
    pub fn leaf(&self, key: &[u8]) -> Result<Option<PinOf<'a, P, M>>, Error<P::Error>> {
        if self.root.is_null() {
            return Ok(None);
        }
        let mut pin = self.node(self.root, None, Hint::Keep)?;
        loop {
            let level = format::level(pin.view());
            if level == 0 {
                return Ok(Some(pin));
            }
            let node = Node::new(pin.view());
            let child = self.child(node, node.search_child(key));
            pin = self.node(child, Some(level - 1), Hint::Keep)?;
        }
    }

    /// The value of `key`, while its page is held.
    pub fn get<T>(&self, key: &[u8], f: impl FnOnce(Value<'_>) -> T) -> Result<Option<T>, Error<P::Error>> {
        let Some(pin) = self.leaf(key)? else {
            return Ok(None);
        };
        let node = Node::new(pin.view());
        Ok(node.search(key).ok().map(|index| f(Value::of(node.payload(index)))))
    }
}

/// Checks that a page is a node of this tree and level, with cells where it must have some.
pub(crate) fn check_place<E>(view: &[u8], ptr: Ptr, tree: u32, level: Option<u8>) -> Result<(), Error<E>> {
    let fail = |damage| Err(Error::Corrupt { page: ptr.page, damage });
    if !matches!(format::kind(view), Some(Kind::Leaf | Kind::Inner)) || format::tree(view) != tree {
        return fail(Damage::Kind);
    }
    let found = format::level(view);
    if level.is_some_and(|level| level != found) || usize::from(found) >= TREE_LEVELS_MAX {
        return fail(Damage::Kind);
    }
    if found > 0 && format::count(view) == 0 {
        return fail(Damage::Structure);
    }
    Ok(())
}

/// Notes a node on the way down.
pub(crate) fn push_step<E>(path: &mut Path, ptr: Ptr, index: usize) -> Result<(), Error<E>> {
    path.push(super::Step { ptr, index })
        .map_err(|_| Error::Corrupt { page: ptr.page, damage: Damage::Pointer })
}
