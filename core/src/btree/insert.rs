//! Putting an entry into a tree.
//!
//! ```text
//! walk down, each node changeable
//!   leaf has room         -> cell goes in
//!   room after packing    -> the leaf is laid out anew (also: the common prefix gets shorter)
//!   no room               -> split, and the separator goes to the parent the same way
//! ```
//! A split at the right edge of the tree leaves the left page full, so ascending keys fill pages;
//! elsewhere the halves are as equal as cells allow.

use super::relocate::home_key;
use super::search::{check_place, push_step};
use super::{Finger, Path};
use crate::error::{Damage, Error};
use crate::limits::inline_value_max;
use crate::memory::{Memory, Moved, PinMut, PinMutOf, TreeRoot};
use crate::page::format::{self, Identity, Kind};
use crate::page::node::{Node, Payload};
use crate::page::sequence::{Change, Parts, Sequence};
use crate::page::{Ptr, edit};
use crate::pager::{Grip, Hint, Role};
use crate::platform::Platform;
use crate::space::Workspace;

/// A leaf on the way down for a change.
pub(super) struct Target<'a, P: Platform, M: Memory<P>> {
    /// The nodes above the leaf, all changeable.
    pub path: Path,
    pub leaf: Ptr,
    pub pin: PinMutOf<'a, P, M>,
    /// The walk kept to the right edge.
    pub edge: bool,
}

/// A leaf that may be changed without the nodes above it.
struct Aside<'a, P: Platform, M: Memory<P>> {
    /// How the node above points to it.
    old: Ptr,
    leaf: Ptr,
    grip: Grip<'a, P, M>,
}

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// Puts an entry. Whether one with this key was replaced.
    ///
    /// After an error the tree may be half changed: the transaction must be rolled back.
    pub(crate) fn put(
        &mut self,
        tree: &mut TreeRoot,
        finger: &mut Finger,
        key: &[u8],
        value: &[u8],
    ) -> Result<bool, Error<P::Error>> {
        let page_size = self.pager.page_size() as u32;
        let long = value.len() > inline_value_max(page_size, key.len());
        if !long && self.put_at_finger(tree, finger, key, value)? {
            tree.count = tree.count.saturating_add(1);
            return Ok(false);
        }
        *finger = Finger::NONE;
        let payload = if long {
            let overflow = self.write_value(tree.tree, key, value)?;
            Payload::Long { len: overflow.len, first: overflow.first }
        } else {
            Payload::Value(value)
        };
        if tree.root.is_null() {
            let (root, _) = self.create(tree.tree, Kind::Leaf, 0)?;
            tree.root = root;
        }
        let target = self.walk(tree, key)?;
        let found = Node::new(target.pin.view()).search(key);
        if let Ok(index) = found
            && let Payload::Long { len, first } = Node::new(target.pin.view()).payload(index)
        {
            self.free_value(&super::search::Overflow { len, first })?;
        }
        let replaced = found.is_ok();
        self.put_in_leaf(tree, finger, target, found, Parts(key, &[]), payload)?;
        if !replaced {
            tree.count = tree.count.saturating_add(1);
        }
        Ok(replaced)
    }

    /// Puts an entry into its leaf and leaves the nodes above as they are: a copied leaf is noted as
    /// moved. Whether an entry was replaced; `None`, and nothing put, where that is not possible: there
    /// is no node above, or it was copied already and can point to the leaf itself, or no place for a
    /// note, or the leaf is full.
    pub(crate) fn put_aside(
        &mut self,
        tree: &mut TreeRoot,
        moved: &mut [Moved],
        finger: &Finger,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<bool>, Error<P::Error>> {
        let long = value.len() > inline_value_max(self.pager.page_size() as u32, key.len());
        let ascending = finger.tree == tree.tree && finger.protected == self.protected;
        if long || ascending || moved.is_empty() || tree.root.is_null() {
            return Ok(None);
        }
        let Some(Aside { old, leaf, grip }) = self.leaf_aside(tree, moved, key)? else {
            return Ok(None);
        };
        let found = Node::new(grip.view()).search(key);
        if let Ok(index) = found
            && let Payload::Long { .. } = Node::new(grip.view()).payload(index)
        {
            return Ok(None);
        }
        // Its note, or an empty place for one.
        let place = moved.iter().position(|moved| moved.old == old);
        let Some(place) = place.or_else(|| moved.iter().position(|moved| *moved == Moved::NONE)) else {
            return Ok(None);
        };
        let (new, mut pin) = self.own(leaf, grip)?;
        if let Some(place) = moved.get_mut(place) {
            *place = Moved { old, new };
        }
        let payload = Payload::Value(value);
        let change = match found {
            Ok(index) if edit::replace_value(pin.view_mut(), index, value) => return Ok(Some(true)),
            Ok(index) => Change { index, replace: true, key: Parts(key, &[]), payload },
            Err(index) => Change { index, replace: false, key: Parts(key, &[]), payload },
        };
        if self.apply(&mut pin, change, false)?.is_some() {
            return Ok(None);
        }
        if found.is_err() {
            tree.count = tree.count.saturating_add(1);
        }
        Ok(Some(found.is_ok()))
    }

    /// The leaf where `key` belongs. `None` where there is no node above it, or that may be changed.
    fn leaf_aside(
        &self,
        tree: &TreeRoot,
        moved: &[Moved],
        key: &[u8],
    ) -> Result<Option<Aside<'a, P, M>>, Error<P::Error>> {
        let (mut old, mut ptr, mut level) = (Ptr::NULL, tree.root, None);
        loop {
            let grip = self.pager.pin_for_change(ptr, self.protected)?;
            check_place(grip.view(), ptr, tree.tree, level)?;
            let found = format::level(grip.view());
            if found == 0 {
                return Ok((!old.is_null()).then_some(Aside { old, leaf: ptr, grip }));
            }
            if matches!(grip, Grip::Own(_)) {
                return Ok(None);
            }
            let node = Node::new(grip.view());
            old = node.child(node.search_child(key));
            ptr = Moved::follow(moved, old);
            level = Some(found - 1);
        }
    }

    /// The tree that a leaf belongs to.
    pub(crate) fn tree_of(&self, leaf: Ptr) -> Result<u32, Error<P::Error>> {
        let pin = self.pager.pin(leaf, Role::Writer, Hint::Keep)?;
        Ok(format::tree(pin.view()))
    }

    /// Makes the node above a moved leaf point to it.
    pub(crate) fn point_to(&mut self, tree: &mut TreeRoot, moved: Moved) -> Result<(), Error<P::Error>> {
        let lost = || Error::Corrupt { page: moved.new.page, damage: Damage::Structure };
        let scratch = core::mem::take(&mut self.scratch);
        let len = {
            let pin = self.pager.pin(moved.new, Role::Writer, Hint::Keep)?;
            home_key(pin.view(), Kind::Leaf, scratch)
        };
        let key = scratch.get(..len).unwrap_or(&[]);
        let result = self.point_below(tree, moved, key, lost);
        self.scratch = scratch;
        result
    }

    fn point_below(
        &mut self,
        tree: &mut TreeRoot,
        moved: Moved,
        key: &[u8],
        lost: impl Fn() -> Error<P::Error>,
    ) -> Result<(), Error<P::Error>> {
        let (ptr, mut pin) = self.writable(tree.root)?;
        check_place(pin.view(), ptr, tree.tree, None)?;
        tree.root = ptr;
        loop {
            let level = format::level(pin.view()).checked_sub(1).ok_or_else(&lost)?;
            let node = Node::new(pin.view());
            let index = node.search_child(key);
            let child = node.child(index);
            if child == moved.old {
                edit::set_child(pin.view_mut(), index, moved.new);
                return Ok(());
            }
            if level == 0 {
                return Err(lost());
            }
            let (new, child_pin) = self.writable(child)?;
            check_place(child_pin.view(), child, tree.tree, Some(level))?;
            if new != child {
                edit::set_child(pin.view_mut(), index, new);
            }
            pin = child_pin;
        }
    }

    /// Adds an entry behind the last one of the tree, without a walk, if the finger stands there.
    fn put_at_finger(
        &mut self,
        tree: &TreeRoot,
        finger: &Finger,
        key: &[u8],
        value: &[u8],
    ) -> Result<bool, Error<P::Error>> {
        if finger.tree != tree.tree || finger.protected != self.protected {
            return Ok(false);
        }
        let Some(mut pin) = self.pager.find_dirty(finger.leaf) else {
            return Ok(false);
        };
        let node = Node::new(pin.view());
        let count = node.count();
        let prefix = node.prefix().len();
        if !key.starts_with(node.prefix()) || node.search(key) != Err(count) {
            return Ok(false);
        }
        let suffix = key.get(prefix..).unwrap_or(&[]);
        Ok(edit::insert(pin.view_mut(), count, [suffix, &[]], Payload::Value(value)))
    }

    /// Walks down to the leaf where `key` belongs, making every node on the way changeable.
    pub(super) fn walk(
        &mut self,
        tree: &mut TreeRoot,
        key: &[u8],
    ) -> Result<Target<'a, P, M>, Error<P::Error>> {
        let mut path = Path::new();
        let mut edge = true;
        let mut above: Option<(PinMutOf<'a, P, M>, usize)> = None;
        let mut old = tree.root;
        let mut expected = None;
        loop {
            let grip = self.pager.pin_for_change(old, self.protected)?;
            let view = grip.view();
            check_place(view, old, tree.tree, expected)?;
            let level = format::level(view);
            // Where to go on is looked up first, so that the child's bytes come while this node is copied.
            let step = if level == 0 {
                None
            } else {
                let node = Node::new(view);
                let index = node.search_child(key);
                edge &= index + 1 == node.count();
                let child = node.child(index);
                Some((index, child))
            };
            let (new, pin) = self.own(old, grip)?;
            match &mut above {
                None => tree.root = new,
                Some((above, index)) if new != old => edit::set_child(above.view_mut(), *index, new),
                Some(_) => {}
            }
            let Some((index, child)) = step else {
                return Ok(Target { path, leaf: new, pin, edge });
            };
            push_step(&mut path, new, index)?;
            above = Some((pin, index));
            old = child;
            expected = Some(level - 1);
        }
    }

    fn put_in_leaf(
        &mut self,
        tree: &mut TreeRoot,
        finger: &mut Finger,
        mut target: Target<'a, P, M>,
        found: Result<usize, usize>,
        key: Parts<'_>,
        payload: Payload<'_>,
    ) -> Result<(), Error<P::Error>> {
        let change = match found {
            Ok(index) => {
                if let Payload::Value(value) = payload
                    && edit::replace_value(target.pin.view_mut(), index, value)
                {
                    return Ok(());
                }
                Change { index, replace: true, key, payload }
            }
            Err(index) => Change { index, replace: false, key, payload },
        };
        let last = target.edge && found == Err(Node::new(target.pin.view()).count());
        let Some(at) = self.apply(&mut target.pin, change, last)? else {
            if last {
                *finger = Finger { tree: tree.tree, leaf: target.leaf, protected: self.protected };
            }
            return Ok(());
        };
        let right = self.split(target.pin, change, at)?;
        self.raise(tree, target.path, target.leaf, right, target.edge)
    }

    /// Makes a change to a node if it fits; else where to split it.
    fn apply(
        &mut self,
        pin: &mut PinMutOf<'a, P, M>,
        change: Change<'_>,
        last: bool,
    ) -> Result<Option<usize>, Error<P::Error>> {
        let node = Node::new(pin.view());
        let prefix = node.prefix();
        if !change.replace
            && change.key.len() >= prefix.len()
            && change.key.common(Parts(prefix, &[])) >= prefix.len()
        {
            let suffix = change.key.after(prefix.len());
            if edit::insert(pin.view_mut(), change.index, suffix, change.payload) {
                return Ok(None);
            }
        }
        self.scratch.copy_from_slice(pin.view());
        let sequence = Sequence::One { node: Node::new(self.scratch), change: Some(change) };
        let len = sequence.len();
        if sequence.used(&(0..len)) <= pin.view().len() {
            relay(pin, &sequence, 0..len)?;
            return Ok(None);
        }
        if last && len > 1 {
            return Ok(Some(len - 1));
        }
        let page = format::page_number(pin.view());
        let at = sequence.middle(pin.view().len());
        at.map(Some).ok_or(Error::Corrupt { page, damage: Damage::Structure })
    }

    /// Divides a node with its change at `at`; the new right neighbour. The scratch buffer holds
    /// the node as it was.
    fn split(
        &mut self,
        mut pin: PinMutOf<'a, P, M>,
        change: Change<'_>,
        at: usize,
    ) -> Result<Ptr, Error<P::Error>> {
        let (tree, level) = (format::tree(pin.view()), format::level(pin.view()));
        let kind = if level == 0 { Kind::Leaf } else { Kind::Inner };
        let (right, mut right_pin) = self.create(tree, kind, level)?;
        let sequence = Sequence::One { node: Node::new(self.scratch), change: Some(change) };
        relay(&mut right_pin, &sequence, at..sequence.len())?;
        relay(&mut pin, &sequence, 0..at)?;
        Ok(right)
    }

    /// Tells the parents of a node that it has a new right neighbour.
    fn raise(
        &mut self,
        tree: &mut TreeRoot,
        mut path: Path,
        mut left: Ptr,
        mut right: Ptr,
        edge: bool,
    ) -> Result<(), Error<P::Error>> {
        loop {
            let right_pin = self.pager.pin(right, Role::Writer, Hint::Keep)?;
            let node = Node::new(right_pin.view());
            let first = Parts(node.prefix(), node.suffix(0));
            let separator = if node.is_leaf() {
                let left_pin = self.pager.pin(left, Role::Writer, Hint::Keep)?;
                let node = Node::new(left_pin.view());
                let last = Parts(node.prefix(), node.suffix(node.count().saturating_sub(1)));
                first.first(first.common(last) + 1)
            } else {
                first
            };
            let level = format::level(right_pin.view());
            let Some(mut pin) = self.repin(tree, &mut path)? else {
                let (root, mut pin) = self.create(tree.tree, Kind::Inner, level + 1)?;
                let view = pin.view_mut();
                // One key: all of it is what the keys share, until there are more.
                let fits = edit::begin(view, separator)
                    && edit::insert(view, 0, [&[], &[]], Payload::Child(left))
                    && edit::insert(view, 1, [&[], &[]], Payload::Child(right));
                if !fits {
                    // A key longer than any that is put here.
                    let page = format::page_number(right_pin.view());
                    return Err(Error::Corrupt { page, damage: Damage::Structure });
                }
                tree.root = root;
                return Ok(());
            };
            let Some(step) = path.pop() else { return Ok(()) };
            let change = Change {
                index: step.index + 1,
                replace: false,
                key: separator,
                payload: Payload::Child(right),
            };
            let last = edge && change.index == Node::new(pin.view()).count();
            let Some(at) = self.apply(&mut pin, change, last)? else {
                return Ok(());
            };
            let parent = self.split(pin, change, at)?;
            drop(right_pin);
            (left, right) = (step.ptr, parent);
        }
    }
}

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// The last node of a path for changing; `None` where the path is empty. Any node of the path
    /// may have been written to make room since it was made changeable; such a one gets a new tag,
    /// and its parent and the path follow.
    pub(super) fn repin(
        &mut self,
        tree: &mut TreeRoot,
        path: &mut Path,
    ) -> Result<Option<PinMutOf<'a, P, M>>, Error<P::Error>> {
        let mut parent: Option<(PinMutOf<'a, P, M>, usize)> = None;
        for step in path.iter_mut() {
            let mut pin = self.pager.pin_mut(step.ptr)?;
            if !pin.is_dirty() {
                step.ptr = pin.retag(self.space.tags.draw());
                match &mut parent {
                    Some((above, index)) => edit::set_child(above.view_mut(), *index, step.ptr),
                    None => tree.root = step.ptr,
                }
            }
            parent = Some((pin, step.index));
        }
        Ok(parent.map(|(pin, _)| pin))
    }
}

/// Lays a range of cells out in a page, which keeps who it is.
pub(super) fn relay<R: lock_api::RawRwLock, B: AsRef<[u8]> + AsMut<[u8]>, E>(
    pin: &mut PinMut<'_, R, B>,
    sequence: &Sequence<'_>,
    range: core::ops::Range<usize>,
) -> Result<(), Error<E>> {
    let view = pin.view();
    let ptr = format::ptr(view);
    let kind = if format::level(view) == 0 { Kind::Leaf } else { Kind::Inner };
    let identity = Identity {
        ptr,
        birth: format::birth(view),
        tree: format::tree(view),
        kind,
        level: format::level(view),
    };
    format::begin(pin.view_mut(), identity);
    if sequence.write(range, pin.view_mut()) {
        return Ok(());
    }
    Err(Error::Corrupt { page: ptr.page, damage: Damage::Structure })
}
