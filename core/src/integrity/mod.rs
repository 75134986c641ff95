//! The check: every page is reached exactly once or free, keys are in order, counts are right, the
//! map says exactly that.
//!
//! It needs no memory of its own: a window of page numbers as long as the scratch buffer has bits
//! is marked in one walk over all trees; a database of more pages takes more walks. All else is
//! checked in the first one. It holds the writer's place, so nothing changes meanwhile.

mod walk;

use crate::btree::search::{Source, Value};
use crate::engine::{Database, Span};
use crate::error::{Damage, Error};
use crate::memory::{Memory, Moved, Roots, State, TreeRoot};
use crate::page::Ptr;
use crate::pager::Role;
use crate::platform::Platform;
use crate::space::format::{PLACES, Shape};
use crate::space::map::{Bits, read_leaf, word_at};
use crate::transaction::change::{ID_KEY, decode_root, grave};

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CheckReport {
    /// Pages of the data device.
    pub pages: u32,
    /// Pages reached from trees, and the map's own places.
    pub used: u32,
    /// Pages waiting for a snapshot or a checkpoint.
    pub held: u32,
    /// Trees, the catalog and dropped ones included.
    pub trees: u32,
    /// Entries of all of them but the dropped.
    pub entries: u64,
    /// Number of faults.
    pub faults: u32,
    /// The first fault: the page and what is wrong.
    pub first: Option<(u32, Damage)>,
}

impl CheckReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.faults == 0
    }

    fn fault(&mut self, page: u32, damage: Damage) {
        self.faults = self.faults.saturating_add(1);
        if self.first.is_none() {
            self.first = Some((page, damage));
        }
    }

    /// Turns an error about a damaged page into a fault; others end the check.
    fn note<E>(&mut self, error: Error<E>) -> Result<(), Error<E>> {
        match error {
            Error::Corrupt { page, damage } => {
                self.fault(page, damage);
                Ok(())
            }
            other => Err(other),
        }
    }
}

/// A window of page numbers being marked.
pub(crate) struct Marks<'a> {
    bytes: &'a mut [u8],
    start: u32,
    page_count: u32,
    /// Pages reached in this walk.
    reached: u32,
    /// The first walk also checks what does not depend on the window.
    first: bool,
    /// Leaves that the nodes above them do not point to.
    moved: &'a [Moved],
    report: CheckReport,
}

impl Marks<'_> {
    fn len(&self) -> u32 {
        self.bytes.len() as u32 * 8
    }

    /// Marks a page as reached; `false`: it is outside the file, so there is nothing to follow.
    fn mark(&mut self, page: u32) -> bool {
        self.reached = self.reached.saturating_add(1);
        if self.reached > self.page_count {
            // More pages than there are: pages are reached twice.
            self.report.fault(page, Damage::Pointer);
            return false;
        }
        if page >= self.page_count {
            if self.first {
                self.report.fault(page, Damage::Pointer);
            }
            return false;
        }
        let Some(bit) = page.checked_sub(self.start).filter(|bit| *bit < self.len()) else {
            return true;
        };
        if let Some(byte) = self.bytes.get_mut((bit / 8) as usize) {
            let mask = 1 << (bit % 8);
            if *byte & mask != 0 {
                self.report.fault(page, Damage::Pointer);
                return false;
            }
            *byte |= mask;
            self.report.used += 1;
        }
        true
    }
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Checks the whole database as it is now, committed but perhaps not yet in a checkpoint.
    ///
    /// # Errors
    /// [`Error::Busy`] when the writer's place is taken; device errors. Damage is no error: it
    /// stands in the report.
    pub fn check(&self) -> Result<CheckReport, Error<P::Error>> {
        self.take_place()?;
        let state = self.states.lock().committed;
        let result = self.check_state(&state);
        self.free_place();
        result
    }

    fn check_state(&self, state: &State<M::Roots>) -> Result<CheckReport, Error<P::Error>> {
        let span = Span { epoch: state.epoch, protected: state.epoch, reserve: 0 };
        self.work(span, |workspace| {
            workspace.settle_all()?;
            let page_count = workspace.space.page_count;
            let held_count = workspace.space.held_count;
            let maps =
                Maps { map: workspace.space.map, held: workspace.space.held, levels: workspace.space.levels };
            let mut marks = Marks {
                bytes: &mut *workspace.scratch,
                start: 0,
                page_count,
                reached: 0,
                first: true,
                moved: state.roots.moved(),
                report: CheckReport { pages: page_count, ..CheckReport::default() },
            };
            // A window must begin with a word of the map.
            let usable = marks.bytes.len() - marks.bytes.len() % 8;
            let (window, _) = marks.bytes.split_at_mut(usable);
            marks.bytes = window;
            while marks.start < page_count {
                marks.bytes.fill(0);
                marks.reached = 0;
                self.mark_trees(state, &mut marks)?;
                self.mark_places(&mut marks);
                self.compare(&maps, &mut marks)?;
                marks.first = false;
                marks.start = marks.start.saturating_add(marks.len());
            }
            if marks.report.held != held_count || workspace.space.used_count() != marks.report.used {
                marks.report.fault(0, Damage::Count);
            }
            Ok(marks.report)
        })
    }

    /// Walks the catalog, every tree it names and every dropped one.
    fn mark_trees(&self, state: &State<M::Roots>, marks: &mut Marks<'_>) -> Result<(), Error<P::Error>> {
        self.mark_tree(&state.catalog, true, marks)?;
        let source = Source::writer(self.pager());
        let mut walk = crate::btree::cursor::Walk::new(state.catalog.tree, state.catalog.root);
        let mut key = [0; ID_KEY];
        loop {
            if let Err(error) = walk.seek(source, &key) {
                return marks.report.note(error);
            }
            let mut found = None;
            let step = walk.visit(source, crate::btree::cursor::Way::Forward, |entry, value| {
                let mut bytes = [0; ID_KEY];
                let named = entry.copy_to(&mut bytes) == ID_KEY && entry.len() == ID_KEY;
                if let Some((_, root)) = grave(entry, value) {
                    found = Some((bytes, root, false));
                } else if named && let [b'i', a, b, c, d] = bytes {
                    let tree = u32::from_be_bytes([a, b, c, d]);
                    found = decode_root(tree, value_of(value)).map(|root| (bytes, root, true));
                }
                found.is_none()
            });
            if let Err(error) = step {
                return marks.report.note(error);
            }
            let Some((bytes, root, counted)) = found else {
                break;
            };
            if bytes < key {
                // The catalog is out of order, which its own walk has noted.
                return Ok(());
            }
            let listed = state.roots.as_ref().iter().any(|place| place.tree == root.tree);
            if !(counted && listed) {
                self.mark_tree(&root, counted, marks)?;
            }
            // Go on behind this key.
            key = bytes;
            let Some(next) = successor(key) else { break };
            key = next;
        }
        for root in state.roots.as_ref().iter().filter(|root| root.tree != 0) {
            self.mark_tree(root, true, marks)?;
        }
        Ok(())
    }

    /// Marks the map's own places.
    fn mark_places(&self, marks: &mut Marks<'_>) {
        let shape = Shape::new(self.pager().view_len());
        for page in 0..marks.page_count.min(shape.data_start(0)) {
            if page < PLACES + crate::space::format::META_PAGES {
                marks.mark(page);
            }
        }
        for leaf in 1..marks.page_count.div_ceil(shape.bits) {
            for page in leaf * shape.bits..shape.data_start(leaf) {
                marks.mark(page);
            }
        }
    }

    /// Compares the marks with the map.
    fn compare(&self, maps: &Maps, marks: &mut Marks<'_>) -> Result<(), Error<P::Error>> {
        let shape = Shape::new(self.pager().view_len());
        let end = marks.page_count.min(marks.start.saturating_add(marks.len()));
        let mut page = marks.start;
        while page < end {
            let leaf = shape.leaf_of(page);
            let next = end.min((leaf + 1) * shape.bits);
            let used = read_leaf(self.pager(), Bits::Used, maps.map, maps.levels, leaf, Role::Writer);
            let held = read_leaf(self.pager(), Bits::Held, maps.held, maps.levels, leaf, Role::Writer);
            let (used, held) = match (used, held) {
                (Ok(used), Ok(held)) => (used, held),
                (Err(error), _) | (_, Err(error)) => return marks.report.note(error),
            };
            while page < next {
                let word = (page % shape.bits / 64) as usize;
                let used = used.as_ref().map_or(0, |pin| word_at(pin.view(), word));
                let held = held.as_ref().map_or(0, |pin| word_at(pin.view(), word));
                let reached = crate::bytes::u64_at(marks.bytes, ((page - marks.start) / 8) as usize);
                let wrong = (used ^ reached) | (used & held);
                if wrong != 0 {
                    marks.report.fault(page + wrong.trailing_zeros(), Damage::Map);
                }
                marks.report.held += held.count_ones();
                page += 64;
            }
        }
        Ok(())
    }
}

/// The roots of the two bitmaps.
struct Maps {
    map: Ptr,
    held: Ptr,
    levels: u8,
}

const fn value_of(value: Value<'_>) -> Value<'_> {
    value
}

/// The next key of the same length; `None` after the last one.
fn successor(mut key: [u8; ID_KEY]) -> Option<[u8; ID_KEY]> {
    for byte in key.iter_mut().rev() {
        let (next, carried) = byte.overflowing_add(1);
        *byte = next;
        if !carried {
            return Some(key);
        }
    }
    None
}

/// A tree as the walk sees it.
pub(crate) type Tree = TreeRoot;
