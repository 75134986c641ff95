//! Freeing a whole tree in bounded steps: its first leaf goes, again and again.

use super::Path;
use super::search::{Overflow, push_step};
use crate::error::Error;
use crate::memory::{Memory, TreeRoot};
use crate::page::edit;
use crate::page::format;
use crate::page::node::{Node, Payload};
use crate::platform::Platform;
use crate::space::Workspace;

impl<P: Platform, M: Memory<P>> Workspace<'_, P, M> {
    /// Frees the first leaf of a tree with its long values, and what becomes empty above it.
    pub(crate) fn free_first_leaf(&mut self, tree: &mut TreeRoot) -> Result<(), Error<P::Error>> {
        if tree.root.is_null() {
            return Ok(());
        }
        let mut pin = self.own_root(tree)?;
        let mut ptr = tree.root;
        let mut path = Path::new();
        while format::level(pin.view()) > 0 {
            push_step(&mut path, ptr, 0)?;
            (ptr, pin) = self.own_child(tree.tree, &mut pin, 0)?;
        }
        while Node::new(pin.view()).count() > 0 {
            let last = Node::new(pin.view()).count() - 1;
            let payload = Node::new(pin.view()).payload(last);
            if let Payload::Long { len, first } = payload {
                self.free_value(&Overflow { len, first })?;
            }
            edit::remove(pin.view_mut(), last);
        }
        drop(pin);
        self.rebalance(tree, path, ptr)
    }
}
