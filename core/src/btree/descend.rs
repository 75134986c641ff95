//! Going down a tree to change it: every node on the way is made changeable, and the one above it
//! points to the copy.

use super::Path;
use super::search::{check_place, push_step};
use crate::error::Error;
use crate::memory::{Memory, PinMutOf, Placed, TreeRoot};
use crate::page::node::Node;
use crate::page::{Ptr, edit, format};
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

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// The root of a tree, changeable.
    pub(super) fn own_root(&mut self, tree: &mut TreeRoot) -> Result<PinMutOf<'a, P, M>, Error<P::Error>> {
        let (ptr, pin) = self.writable(tree.root)?;
        check_place(pin.view(), ptr, tree.tree, None)?;
        tree.root = ptr;
        Ok(pin)
    }

    /// The child under a cell of a changeable inner node, changeable.
    pub(super) fn own_child(
        &mut self,
        tree: u32,
        above: &mut PinMutOf<'a, P, M>,
        index: usize,
    ) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        let level = format::level(above.view()).checked_sub(1);
        let child = Node::new(above.view()).child(index);
        let (new, pin) = self.writable(child)?;
        check_place(pin.view(), child, tree, level)?;
        if new != child {
            edit::set_child(above.view_mut(), index, new);
        }
        Ok((new, pin))
    }

    /// Walks down to the leaf where `key` belongs, making every node on the way changeable.
    pub(super) fn walk(
        &mut self,
        tree: &mut TreeRoot,
        key: &[u8],
    ) -> Result<Target<'a, P, M>, Error<P::Error>> {
        let mut pin = self.own_root(tree)?;
        let mut ptr = tree.root;
        let mut path = Path::new();
        let mut edge = true;
        while format::level(pin.view()) > 0 {
            let node = Node::new(pin.view());
            let index = node.search_child(key);
            edge &= index + 1 == node.count();
            push_step(&mut path, ptr, index)?;
            (ptr, pin) = self.own_child(tree.tree, &mut pin, index)?;
        }
        Ok(Target { path, leaf: ptr, pin, edge })
    }

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
