//! Taking an entry out of a tree.
//!
//! A node left with less than a quarter of its bytes is merged into a neighbour where both fit one
//! page comfortably (seven eighths, so that the next insert does not split it again); a node left
//! with nothing goes, and its parent is looked at next; a root with one child gives way to it.

use super::Path;
use super::descend::Target;
use super::insert::relay;
use super::search::{Overflow, Reading, Source};
use crate::error::Error;
use crate::memory::{Memory, TreeRoot};
use crate::page::format;
use crate::page::node::{Node, Payload};
use crate::page::sequence::{Parts, Sequence};
use crate::page::{Ptr, edit};
use crate::pager::{Hint, Role};
use crate::platform::Platform;
use crate::space::Workspace;

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// Takes the entry with this key away; whether there was one. A key that is not there changes
    /// nothing. After an error the transaction must be rolled back.
    pub(crate) fn delete(&mut self, tree: &mut TreeRoot, key: &[u8]) -> Result<bool, Error<P::Error>> {
        let reading = Reading { source: Source::writer(self.pager), tree: tree.tree, root: tree.root };
        if reading.get(key, |_| ())?.is_none() {
            return Ok(false);
        }
        let Target { path, leaf, mut pin, .. } = self.walk(tree, key)?;
        let Ok(index) = Node::new(pin.view()).search(key) else {
            return Ok(false);
        };
        let payload = Node::new(pin.view()).payload(index);
        let long = match payload {
            Payload::Long { len, first } => Some(Overflow { len, first }),
            _ => None,
        };
        edit::remove(pin.view_mut(), index);
        drop(pin);
        if let Some(long) = long {
            self.free_value(&long)?;
        }
        tree.count = tree.count.saturating_sub(1);
        self.rebalance(tree, path, leaf).map(|()| true)
    }

    /// Restores the shape above a node that lost a cell. `ptr` and all on the path are changeable.
    pub(super) fn rebalance(
        &mut self,
        tree: &mut TreeRoot,
        mut path: Path,
        mut ptr: Ptr,
    ) -> Result<(), Error<P::Error>> {
        let capacity = self.pager.view_len();
        while let Some(step) = path.last().copied() {
            let pin = self.pager.pin(ptr, Role::Writer, Hint::Keep)?;
            let node = Node::new(pin.view());
            let (count, used, birth) = (node.count(), node.used(), format::birth(pin.view()));
            drop(pin);
            if count == 0 {
                self.free(ptr.page, birth)?;
                if let Some(mut parent) = self.repin(tree, &mut path)? {
                    edit::remove(parent.view_mut(), step.index);
                }
            } else if used >= capacity / 4 || !self.merge(tree, &mut path, step.index)? {
                // Nothing changed above but a pointer; the root may still have a single child.
                break;
            }
            let Some(parent) = path.pop() else { break };
            ptr = parent.ptr;
        }
        self.lower_root(tree)
    }

    /// Merges the child at `index` of the last node of a path with a neighbour if both fit one
    /// page; whether it did.
    fn merge(&mut self, tree: &mut TreeRoot, path: &mut Path, index: usize) -> Result<bool, Error<P::Error>> {
        let Some(parent) = path.last() else { return Ok(false) };
        let count = {
            let pin = self.pager.pin(parent.ptr, Role::Writer, Hint::Keep)?;
            Node::new(pin.view()).count()
        };
        if index + 1 < count && self.merge_pair(tree, path, index)? {
            return Ok(true);
        }
        Ok(index > 0 && self.merge_pair(tree, path, index - 1)?)
    }

    /// Merges the children at `index` and `index + 1` into the left one if both fit one page.
    fn merge_pair(
        &mut self,
        tree: &mut TreeRoot,
        path: &mut Path,
        index: usize,
    ) -> Result<bool, Error<P::Error>> {
        let capacity = self.pager.view_len();
        let Some(parent) = path.last() else { return Ok(false) };
        let reading = Reading { source: Source::writer(self.pager), tree: tree.tree, root: parent.ptr };
        let (left, right) = {
            let pin = reading.node(parent.ptr, None, Hint::Keep)?;
            let level = format::level(pin.view()).checked_sub(1);
            let node = Node::new(pin.view());
            let (left, right) = (node.child(index), node.child(index + 1));
            let left_pin = reading.node(left, level, Hint::Keep)?;
            let right_pin = reading.node(right, level, Hint::Keep)?;
            let sequence = Sequence::Two {
                left: Node::new(left_pin.view()),
                right: Node::new(right_pin.view()),
                junction: Parts(node.prefix(), node.suffix(index + 1)),
            };
            if sequence.used(&(0..sequence.len())) > capacity - capacity / 8 {
                return Ok(false);
            }
            (left, right)
        };
        let (new_left, mut left_pin) = self.writable(left)?;
        let Some(mut parent_pin) = self.repin(tree, path)? else { return Ok(false) };
        self.scratch.copy_from_slice(left_pin.view());
        let right_pin = self.pager.pin(right, Role::Writer, Hint::Keep)?;
        let node = Node::new(parent_pin.view());
        let sequence = Sequence::Two {
            left: Node::new(self.scratch),
            right: Node::new(right_pin.view()),
            junction: Parts(node.prefix(), node.suffix(index + 1)),
        };
        relay(&mut left_pin, &sequence, 0..sequence.len())?;
        let birth = format::birth(right_pin.view());
        edit::set_child(parent_pin.view_mut(), index, new_left);
        edit::remove(parent_pin.view_mut(), index + 1);
        drop((left_pin, right_pin, parent_pin));
        self.free(right.page, birth)?;
        Ok(true)
    }

    /// Takes away roots with a single child, and a root without cells.
    fn lower_root(&mut self, tree: &mut TreeRoot) -> Result<(), Error<P::Error>> {
        while !tree.root.is_null() {
            let pin = self.pager.pin(tree.root, Role::Writer, Hint::Keep)?;
            let node = Node::new(pin.view());
            let next = match node.count() {
                0 => Ptr::NULL,
                1 if !node.is_leaf() => node.child(0),
                _ => return Ok(()),
            };
            let birth = format::birth(pin.view());
            drop(pin);
            self.free(tree.root.page, birth)?;
            tree.root = next;
        }
        Ok(())
    }
}
