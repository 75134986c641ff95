//! Putting an entry into a tree.
//!
//! ```text
//! walk down, each node changeable
//!   leaf has room         -> cell goes in
//!   room after packing    -> the leaf is laid out anew (also: the common prefix gets shorter)
//!   no room               -> split, and the separator goes to the parent the same way
//! ```
//! A split at the right edge of the tree leaves the left page as it is, so ascending keys fill pages and
//! are written once; elsewhere the halves are as equal as cells allow.

use super::descend::Target;
use super::search::{Overflow, Reading, Source};
use super::{Finger, Path};
use crate::error::{Damage, Error};
use crate::limits::inline_value_max;
use crate::memory::{Memory, PinMut, PinMutOf, TreeRoot};
use crate::page::format::{self, Identity, Kind};
use crate::page::node::{Node, Payload};
use crate::page::sequence::{Change, Parts, Sequence};
use crate::page::{Ptr, edit};
use crate::pager::{Hint, Role};
use crate::platform::Platform;
use crate::space::Workspace;

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// Puts an entry. Whether there was one with this key, which stays if `only_new`.
    ///
    /// After an error the tree may be half changed: the transaction must be rolled back.
    pub(crate) fn put(
        &mut self,
        tree: &mut TreeRoot,
        finger: &mut Finger,
        key: &[u8],
        value: &[u8],
        only_new: bool,
    ) -> Result<bool, Error<P::Error>> {
        let page_size = self.pager.page_size() as u32;
        let long = value.len() > inline_value_max(page_size, key.len());
        if !long && self.put_at_finger(tree, finger, key, value)? {
            tree.count = tree.count.saturating_add(1);
            return Ok(false);
        }
        *finger = Finger::NONE;
        let payload = if long {
            let reading = Reading { source: Source::writer(self.pager), tree: tree.tree, root: tree.root };
            if only_new && reading.get(key, |_| ())?.is_some() {
                return Ok(true);
            }
            let overflow = self.write_value(tree.tree, key, value)?;
            Payload::Long { len: overflow.len, first: overflow.first }
        } else {
            Payload::Value(value)
        };
        if tree.root.is_null() {
            let (root, mut pin) = self.create(tree.tree, Kind::Leaf, 0)?;
            edit::begin(pin.view_mut(), Parts(&[], &[]), key.len());
            tree.root = root;
        }
        let target = self.walk(tree, key)?;
        let found = Node::new(target.pin.view()).search(key);
        let replaced = found.is_ok();
        if replaced && only_new {
            return Ok(true);
        }
        if let Ok(index) = found
            && let Payload::Long { len, first } = Node::new(target.pin.view()).payload(index)
        {
            self.free_value(&Overflow { len, first })?;
        }
        self.put_in_leaf(tree, finger, target, found, Parts(key, &[]), payload)?;
        if !replaced {
            tree.count = tree.count.saturating_add(1);
        }
        Ok(replaced)
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
        let Some(suffix) = key.strip_prefix(node.prefix()) else { return Ok(false) };
        if count == 0 || node.suffix(count - 1) >= suffix {
            return Ok(false);
        }
        Ok(edit::insert(pin.view_mut(), count, [suffix, &[]], Payload::Value(value)))
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
        let split = self.apply(&mut target.pin, change, last)?;
        let mut edge = target.leaf;
        if let Some(at) = split {
            let right = self.split(target.pin, change, at)?;
            self.raise(tree, target.path, target.leaf, right, target.edge)?;
            edge = right;
        }
        if last {
            *finger = Finger { tree: tree.tree, leaf: edge, protected: self.protected };
        }
        Ok(())
    }

    /// Makes a change to a node if it fits; else where to split it.
    pub(super) fn apply(
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
        if sequence.used_by_all() <= pin.view().len() {
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
        let node = Node::new(self.scratch);
        let sequence = Sequence::One { node, change: Some(change) };
        if !change.replace && at == change.index && at == node.count() {
            let written = sequence.write_last(right_pin.view_mut());
            let damage = Error::Corrupt { page: right.page, damage: Damage::Structure };
            return if written { Ok(right) } else { Err(damage) };
        }
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
                let fits = edit::begin(view, separator, 0)
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
