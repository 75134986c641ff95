//! Walking one tree for the check.

use super::{Marks, Tree};
use crate::btree::Path;
use crate::btree::search::{Reading, Source, push_step};
use crate::engine::Database;
use crate::error::{Damage, Error};
use crate::memory::Memory;
use crate::page::Ptr;
use crate::page::format::{self, HEADER, Kind};
use crate::page::node::{Node, Payload};
use crate::page::sequence::Parts;
use crate::pager::{Hint, Role};
use crate::platform::Platform;
use core::cmp::Ordering;

fn order(left: Parts<'_>, right: Parts<'_>) -> Ordering {
    left.0.iter().chain(left.1).cmp(right.0.iter().chain(right.1))
}

fn key(node: Node<'_>, index: usize) -> Parts<'_> {
    Parts(node.prefix(), node.suffix(index))
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Marks every page of a tree and checks order, levels and the count of entries.
    pub(super) fn mark_tree(
        &self,
        tree: &Tree,
        counted: bool,
        marks: &mut Marks<'_>,
    ) -> Result<(), Error<P::Error>> {
        if marks.first {
            marks.report.trees += 1;
        }
        let mut entries = 0;
        match self.walk_tree(tree, marks, &mut entries) {
            Ok(()) => {}
            Err(error) => return marks.report.note(error),
        }
        if marks.first && counted {
            marks.report.entries += entries;
            if entries != tree.count {
                marks.report.fault(tree.root.page, Damage::Count);
            }
        }
        Ok(())
    }

    fn walk_tree(
        &self,
        tree: &Tree,
        marks: &mut Marks<'_>,
        entries: &mut u64,
    ) -> Result<(), Error<P::Error>> {
        if tree.root.is_null() || !marks.mark(tree.root.page) {
            return Ok(());
        }
        let source = Source { moved: marks.moved, ..Source::writer(self.pager()) };
        let reading = Reading { source, tree: tree.tree, root: tree.root };
        let mut path = Path::new();
        let mut next = Some((tree.root, None));
        loop {
            if let Some((ptr, level)) = next.take() {
                let pin = reading.node(ptr, level, Hint::Scan)?;
                let node = Node::new(pin.view());
                self.check_node(&reading, &path, node, ptr, marks)?;
                if node.is_leaf() {
                    *entries += node.count() as u64;
                    self.mark_long_values(node, marks)?;
                } else {
                    let child = reading.child(node, 0);
                    let level = format::level(pin.view()) - 1;
                    push_step(&mut path, ptr, 0)?;
                    if marks.mark(child.page) {
                        next = Some((child, Some(level)));
                    }
                }
                continue;
            }
            let Some(step) = path.pop() else {
                return Ok(());
            };
            let pin = reading.node(step.ptr, None, Hint::Scan)?;
            let node = Node::new(pin.view());
            let index = step.index + 1;
            if index < node.count() {
                let child = reading.child(node, index);
                let level = format::level(pin.view()) - 1;
                push_step(&mut path, step.ptr, index)?;
                if marks.mark(child.page) {
                    next = Some((child, Some(level)));
                }
            }
        }
    }

    /// Keys of a node ascend, and lie between the separators above it.
    fn check_node(
        &self,
        reading: &Reading<'_, P, M>,
        path: &Path,
        node: Node<'_>,
        ptr: Ptr,
        marks: &mut Marks<'_>,
    ) -> Result<(), Error<P::Error>> {
        if !marks.first || node.count() == 0 {
            return Ok(());
        }
        // The key of an inner node's first cell says nothing.
        let first = usize::from(!node.is_leaf());
        let mut ordered = (first + 1..node.count())
            .all(|index| order(key(node, index - 1), key(node, index)) == Ordering::Less);
        if first < node.count() {
            if let Some(step) = path.iter().rev().find(|step| step.index > 0) {
                let pin = reading.node(step.ptr, None, Hint::Scan)?;
                let lower = key(Node::new(pin.view()), step.index);
                ordered &= order(lower, key(node, first)) != Ordering::Greater;
            }
            for step in path.iter().rev() {
                let pin = reading.node(step.ptr, None, Hint::Scan)?;
                let above = Node::new(pin.view());
                if step.index + 1 < above.count() {
                    ordered &=
                        order(key(node, node.count() - 1), key(above, step.index + 1)) == Ordering::Less;
                    break;
                }
            }
        }
        if !ordered {
            marks.report.fault(ptr.page, Damage::Order);
        }
        Ok(())
    }

    fn mark_long_values(&self, node: Node<'_>, marks: &mut Marks<'_>) -> Result<(), Error<P::Error>> {
        for index in 0..node.count() {
            let Payload::Long { len, first } = node.payload(index) else {
                continue;
            };
            let mut left = u64::from(len);
            let mut ptr = first;
            while left > 0 && marks.mark(ptr.page) {
                let pin = self.pager().pin(ptr, Role::Writer, Hint::Scan)?;
                let bytes = format::count(pin.view()) as u64;
                if format::kind(pin.view()) != Some(Kind::Overflow) || bytes == 0 || bytes > left {
                    marks.report.fault(ptr.page, Damage::Kind);
                    break;
                }
                left -= bytes;
                ptr = Ptr::at(pin.view(), HEADER);
            }
        }
        Ok(())
    }
}
