//! Putting an entry into its leaf alone: the copied leaf is noted as moved ([`Moved`]), and the nodes
//! above it follow later.
//!
//! A note stands for the pointer in the node above, which stays as it is. Reading follows notes
//! (`search::Reading::child`); whatever changes a node above a leaf settles them first.

use super::Finger;
use super::relocate::home_key;
use super::search::check_place;
use crate::error::{Damage, Error};
use crate::limits::inline_value_max;
use crate::memory::{Memory, Moved, TreeRoot};
use crate::page::format::{self, Kind};
use crate::page::node::{Node, Payload};
use crate::page::sequence::{Change, Parts};
use crate::page::{Ptr, edit};
use crate::pager::{Grip, Hint, Role};
use crate::platform::Platform;
use crate::space::Workspace;

/// A leaf that may be changed without the nodes above it.
struct Aside<'a, P: Platform, M: Memory<P>> {
    /// How the node above points to it, and in which cell.
    old: Ptr,
    index: usize,
    leaf: Ptr,
    grip: Grip<'a, P, M>,
}

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// Puts an entry into its leaf and leaves the nodes above as they are: a copied leaf is noted as
    /// moved. Whether there was one with this key, which stays if `only_new`; `None`, and nothing put, where that is not possible: there
    /// is no node above, or it was copied already and can point to the leaf itself, or no place for a
    /// note, or the leaf is full.
    pub(crate) fn put_aside(
        &mut self,
        tree: &mut TreeRoot,
        moved: &mut [Moved],
        finger: &Finger,
        key: &[u8],
        value: &[u8],
        only_new: bool,
    ) -> Result<Option<bool>, Error<P::Error>> {
        let long = value.len() > inline_value_max(self.pager.page_size() as u32, key.len());
        let ascending = finger.tree == tree.tree && finger.protected == self.protected;
        if long || ascending || moved.is_empty() || tree.root.is_null() {
            return Ok(None);
        }
        let Some(Aside { old, index, leaf, grip }) = self.leaf_aside(tree, moved, key)? else {
            return Ok(None);
        };
        let found = Node::new(grip.view()).search(key);
        if only_new && found.is_ok() {
            return Ok(Some(true));
        }
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
            *place = Moved { old, new, tree: tree.tree, index: index as u16 };
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
        let (mut old, mut index, mut ptr, mut level) = (Ptr::NULL, 0, tree.root, None);
        loop {
            let grip = self.pager.pin_for_change(ptr, self.protected)?;
            check_place(grip.view(), ptr, tree.tree, level)?;
            let found = format::level(grip.view());
            if found == 0 {
                return Ok((!old.is_null()).then_some(Aside { old, index, leaf: ptr, grip }));
            }
            if matches!(grip, Grip::Own(_)) {
                return Ok(None);
            }
            let node = Node::new(grip.view());
            index = node.search_child(key);
            old = node.child(index);
            ptr = Moved::follow(moved, old);
            level = Some(found - 1);
        }
    }

    /// Makes the nodes above the moved leaves of a tree point to them, and forgets the notes. After an
    /// error those that are left still hold.
    pub(crate) fn settle_leaves(
        &mut self,
        tree: &mut TreeRoot,
        moved: &mut [Moved],
    ) -> Result<(), Error<P::Error>> {
        let id = tree.tree;
        let settled = self.settle_below_root(tree, moved).and_then(|()| {
            for note in moved.iter_mut().filter(|note| note.tree == id) {
                self.settle_by_key(tree, *note)?;
                *note = Moved::NONE;
            }
            Ok(())
        });
        Moved::close_up(moved);
        settled
    }

    /// Settles the notes whose cell is in the root: in a tree of two levels all of them.
    fn settle_below_root(&mut self, tree: &mut TreeRoot, moved: &mut [Moved]) -> Result<(), Error<P::Error>> {
        let mut root = self.own_root(tree)?;
        if format::level(root.view()) > 1 {
            return Ok(());
        }
        for note in moved.iter_mut().filter(|note| note.tree == tree.tree) {
            let node = Node::new(root.view());
            let index = usize::from(note.index);
            if index < node.count() && node.child(index) == note.old {
                edit::set_child(root.view_mut(), index, note.new);
                *note = Moved::NONE;
            }
        }
        Ok(())
    }

    fn settle_by_key(&mut self, tree: &mut TreeRoot, moved: Moved) -> Result<(), Error<P::Error>> {
        let pin = self.pager.pin(moved.new, Role::Writer, Hint::Keep)?;
        let scratch = core::mem::take(&mut self.scratch);
        let len = home_key(pin.view(), Kind::Leaf, scratch);
        drop(pin);
        let result = self.point_below(tree, moved, scratch.get(..len).unwrap_or(&[]));
        self.scratch = scratch;
        result
    }

    /// Makes the node above a moved leaf, where `key` belongs, point to it.
    fn point_below(&mut self, tree: &mut TreeRoot, moved: Moved, key: &[u8]) -> Result<(), Error<P::Error>> {
        let mut pin = self.own_root(tree)?;
        loop {
            let node = Node::new(pin.view());
            let index = node.search_child(key);
            let level = format::level(pin.view());
            if level > 0 && node.child(index) == moved.old {
                edit::set_child(pin.view_mut(), index, moved.new);
                return Ok(());
            }
            if level < 2 {
                return Err(Error::Corrupt { page: moved.new.page, damage: Damage::Structure });
            }
            (_, pin) = self.own_child(tree.tree, &mut pin, index)?;
        }
    }
}
