//! Moving pages to lower places, so that the end of a file becomes free: ordinary copy on write of
//! the way to a page, found by the tree id and the key that stand in the page itself.
//!
//! What is read from the page to find it is a hint only: the walk decides whether it is there.

use super::search::{Overflow, Reading, Source};
use crate::error::Error;
use crate::memory::{Memory, TreeRoot};
use crate::page::format::{self, Kind};
use crate::page::node::{Node, Payload};
use crate::page::{Ptr, edit};
use crate::pager::{Hint, Role};
use crate::platform::Platform;
use crate::space::Workspace;

/// Where a page says that it belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home {
    pub page: u32,
    pub tree: u32,
    pub kind: Kind,
    pub level: u8,
}

/// Copies a key by which the page in `view` can be found into `key`; its length.
pub(crate) fn home_key(view: &[u8], kind: Kind, key: &mut [u8]) -> usize {
    let mut copy = |parts: [&[u8]; 2]| {
        let bytes = parts[0].iter().chain(parts[1]);
        key.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count()
    };
    let node = Node::new(view);
    match kind {
        Kind::Overflow => copy([super::overflow::key(view), &[]]),
        Kind::Leaf => copy([node.prefix(), node.suffix(0)]),
        // The key of an inner node's first cell says nothing, the last one's does.
        _ => copy([node.prefix(), node.suffix(node.count().saturating_sub(1))]),
    }
}

impl<P: Platform, M: Memory<P>> Workspace<'_, P, M> {
    /// Moves a page of this tree to another place, if it is where `home` and `key` say; whether.
    pub(crate) fn relocate(
        &mut self,
        tree: &mut TreeRoot,
        home: Home,
        key: &[u8],
    ) -> Result<bool, Error<P::Error>> {
        if !self.is_home(tree, home, key)? {
            return Ok(false);
        }
        let mut pin = self.own_root(tree)?;
        loop {
            let level = format::level(pin.view());
            if level == home.level && home.kind != Kind::Overflow {
                return Ok(true);
            }
            let node = Node::new(pin.view());
            if level == 0 {
                let Ok(index) = node.search(key) else { return Ok(false) };
                let Payload::Long { len, first } = node.payload(index) else { return Ok(false) };
                let moved = self.move_value(tree.tree, &Overflow { len, first })?;
                edit::set_long(pin.view_mut(), index, moved.first);
                return Ok(true);
            }
            let index = node.search_child(key);
            (_, pin) = self.own_child(tree.tree, &mut pin, index)?;
        }
    }

    /// Whether the walk to `key` meets the page, and it may move: one born in this transaction
    /// stays.
    fn is_home(&self, tree: &TreeRoot, home: Home, key: &[u8]) -> Result<bool, Error<P::Error>> {
        if tree.root.is_null() {
            return Ok(false);
        }
        let reading = Reading { source: Source::writer(self.pager), tree: tree.tree, root: tree.root };
        let mut ptr = tree.root;
        let mut level = None;
        loop {
            let pin = reading.node(ptr, level, Hint::Scan)?;
            let found = format::level(pin.view());
            let node = Node::new(pin.view());
            if home.kind != Kind::Overflow && found <= home.level {
                return Ok(ptr.page == home.page && format::birth(pin.view()) <= self.protected);
            }
            if found == 0 {
                let long = node.search(key).ok().map(|index| node.payload(index));
                return match long {
                    Some(Payload::Long { len, first }) => self.has_page(&Overflow { len, first }, home.page),
                    _ => Ok(false),
                };
            }
            ptr = node.child(node.search_child(key));
            level = Some(found - 1);
        }
    }

    fn has_page(&self, value: &Overflow, page: u32) -> Result<bool, Error<P::Error>> {
        let mut ptr = value.first;
        // A chain has at most a page for each byte of its value, so this ends.
        for _ in 0..value.len() {
            if ptr == Ptr::NULL {
                break;
            }
            let pin = self.pager.pin(ptr, Role::Writer, Hint::Scan)?;
            if ptr.page == page {
                return Ok(format::birth(pin.view()) <= self.protected);
            }
            ptr = Ptr::at(pin.view(), format::HEADER);
        }
        Ok(false)
    }
}
