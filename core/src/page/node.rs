//! Reading a slotted node of the B+tree.
//!
//! ```text
//! | header 32 | slot 0 | slot 1 | ... ->      free      <- cells, newest first | prefix |
//! ```
//! A slot is 6 bytes: the head (first four key bytes after the prefix, as a number) and the cell's
//! offset. Slots are in key order. The prefix is the beginning all keys of the page share; cells
//! hold the rest, the *suffix*.
//!
//! Leaf cell: varint suffix length, varint `value length * 2 + long`, suffix, then the value, or
//! for a long value the pointer to its first overflow page.
//! Inner cell: varint suffix length, child pointer, suffix. The key of cell `i` is not above any
//! key under child `i` and above all keys under child `i - 1`; cell 0 takes everything below
//! cell 1, whatever its own key says.
//!
//! [`check`] looks over untrusted bytes once; the accessors are total in any case.

use super::format::{self, CRC_LEN, HEADER, Kind, POINTER, Ptr};
use crate::bytes::{head, u16_at, u32_at, varint_at, varint_len};
use crate::error::Damage;
use crate::limits::key_len_max;
use core::cmp::Ordering;

/// Bytes of a slot.
pub(crate) const SLOT: usize = 6;

/// Fewest slots in which a search begins where the key should be.
const INTERPOLATED: usize = 16;

/// What a cell leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    Child(Ptr),
    Value(&'a [u8]),
    Long { len: u32, first: Ptr },
}

impl Payload<'_> {
    /// Bytes of a cell with this payload and a suffix of `suffix_len` bytes, without its slot.
    pub fn cell_len(&self, suffix_len: usize) -> usize {
        let key = varint_len(suffix_len as u32) + suffix_len;
        key + match self {
            Self::Child(_) => POINTER,
            Self::Value(value) => varint_len((value.len() as u32) << 1) + value.len(),
            Self::Long { len, .. } => varint_len(len << 1 | 1) + POINTER,
        }
    }
}

/// A cell's place: suffix and payload ranges.
struct Cell<'a> {
    suffix: &'a [u8],
    payload: Payload<'a>,
    len: usize,
}

/// A view of one node.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    pub view: &'a [u8],
}

impl<'a> Node<'a> {
    #[inline]
    pub const fn new(view: &'a [u8]) -> Self {
        Self { view }
    }

    #[inline]
    pub fn count(self) -> usize {
        format::count(self.view)
    }

    pub fn is_leaf(self) -> bool {
        format::level(self.view) == 0
    }

    #[inline]
    pub fn prefix(self) -> &'a [u8] {
        let len = format::prefix_len(self.view);
        let start = self.view.len().saturating_sub(len);
        self.view.get(start..).unwrap_or(&[])
    }

    /// The slots that are there, at most [`Self::count`].
    #[inline]
    fn slots(self) -> &'a [[u8; SLOT]] {
        let (slots, _) = self.view.get(HEADER..).unwrap_or(&[]).as_chunks();
        slots.get(..self.count()).unwrap_or(slots)
    }

    #[inline]
    fn head(self, index: usize) -> u32 {
        u32_at(self.view, HEADER + index * SLOT)
    }

    #[inline]
    fn offset(self, index: usize) -> usize {
        usize::from(u16_at(self.view, HEADER + index * SLOT + 4))
    }

    fn cell(self, index: usize) -> Option<Cell<'a>> {
        let start = self.offset(index);
        let (suffix_len, at) = varint_at(self.view, start)?;
        let suffix_len = suffix_len as usize;
        if !self.is_leaf() {
            let suffix = self.view.get(at + POINTER..)?.get(..suffix_len)?;
            return Some(Cell {
                suffix,
                payload: Payload::Child(Ptr::at(self.view, at)),
                len: at + POINTER + suffix_len - start,
            });
        }
        let (value, at) = varint_at(self.view, at)?;
        let suffix = self.view.get(at..)?.get(..suffix_len)?;
        let at = at + suffix_len;
        let len = value >> 1;
        if value & 1 == 1 {
            self.view.get(at..)?.get(..POINTER)?;
            let first = Ptr::at(self.view, at);
            return Some(Cell { suffix, payload: Payload::Long { len, first }, len: at + POINTER - start });
        }
        let bytes = self.view.get(at..)?.get(..len as usize)?;
        Some(Cell { suffix, payload: Payload::Value(bytes), len: at + len as usize - start })
    }

    /// The key of a cell after the prefix.
    #[inline]
    pub fn suffix(self, index: usize) -> &'a [u8] {
        let start = self.offset(index);
        let Some((len, at)) = varint_at(self.view, start) else {
            return &[];
        };
        let at = if self.is_leaf() {
            varint_at(self.view, at).map_or(at, |(_, after)| after)
        } else {
            at + POINTER
        };
        self.view.get(at..).and_then(|rest| rest.get(..len as usize)).unwrap_or(&[])
    }

    /// What the cell leads to.
    #[inline]
    pub fn payload(self, index: usize) -> Payload<'a> {
        match self.cell(index) {
            Some(cell) => cell.payload,
            None if self.is_leaf() => Payload::Value(&[]),
            None => Payload::Child(Ptr::NULL),
        }
    }

    /// The child under a cell of an inner node.
    #[inline]
    pub fn child(self, index: usize) -> Ptr {
        match varint_at(self.view, self.offset(index)) {
            Some((_, at)) => Ptr::at(self.view, at),
            None => Ptr::NULL,
        }
    }

    /// Where the child pointer of a cell stands in the view.
    pub fn child_offset(self, index: usize) -> usize {
        varint_at(self.view, self.offset(index)).map_or(self.view.len(), |(_, at)| at)
    }

    /// Bytes of a cell without its slot.
    pub fn cell_len(self, index: usize) -> usize {
        self.cell(index).map_or(0, |cell| cell.len)
    }

    /// The index of `key`, or of the first cell with a greater key.
    #[inline]
    pub fn search(self, key: &[u8]) -> Result<usize, usize> {
        self.search_from(0, key)
    }

    /// The cell of an inner node under which `key` belongs. The key of cell 0 says nothing: it may
    /// be above that of cell 1.
    #[inline]
    pub fn search_child(self, key: &[u8]) -> usize {
        match self.search_from(1, key) {
            Ok(index) => index,
            Err(index) => index.saturating_sub(1),
        }
    }

    /// The index of `key`, or of the first cell with a greater key, among the cells from `first` on,
    /// whose keys ascend. A key before all of them may get any index up to `first`.
    #[inline]
    fn search_from(self, first: usize, key: &[u8]) -> Result<usize, usize> {
        let prefix = self.prefix();
        let slots = self.slots();
        let count = slots.len();
        let rest = match key.get(..prefix.len()) {
            Some(start) => match start.cmp(prefix) {
                Ordering::Equal => key.get(prefix.len()..).unwrap_or(&[]),
                Ordering::Less => return Err(0),
                Ordering::Greater => return Err(count),
            },
            None if key <= prefix => return Err(0),
            None => return Err(count),
        };
        let target = head(rest);
        // The first slot whose head is not below: no branch depends on a comparison.
        let (mut low, mut size) = around(slots, first, target);
        while size > 0 {
            let half = size / 2;
            let middle = low + half;
            let below = slots.get(middle).is_some_and(|slot| head_of(slot) < target);
            (low, size) = if below { (middle + 1, size - half - 1) } else { (low, half) };
        }
        if slots.get(low).is_none_or(|slot| head_of(slot) != target) {
            return Err(low);
        }
        // Most keys of a page differ in their heads, so this is the one, or the key is not there.
        match self.suffix(low).cmp(rest) {
            Ordering::Equal => return Ok(low),
            Ordering::Greater => return Err(low),
            Ordering::Less => low += 1,
        }
        let mut high = count;
        while low < high {
            let middle = usize::midpoint(low, high);
            let order = match self.head(middle).cmp(&target) {
                Ordering::Equal => self.suffix(middle).cmp(rest),
                other => other,
            };
            match order {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// Bytes in use: header, slots, live cells, prefix.
    pub fn used(self) -> usize {
        let heap = self.view.len() - format::heap_start(self.view).min(self.view.len());
        let cells = heap.saturating_sub(format::heap_dead(self.view));
        HEADER + self.count() * SLOT + cells
    }
}

/// Slots among which the first one from `first` on is whose head is not below `target`, or which it
/// follows: where the first one is and how many. Many keys are numbers that lie evenly, so it looks
/// where the target would be then.
#[inline]
fn around(slots: &[[u8; SLOT]], first: usize, target: u32) -> (usize, usize) {
    let size = slots.len().saturating_sub(first);
    let head_at = |index: usize| slots.get(index).map_or(u32::MAX, head_of);
    let (lowest, highest) = (head_at(first), head_at(slots.len().wrapping_sub(1)));
    if size < INTERPOLATED || target <= lowest || target > highest {
        return (first, size);
    }
    let distance = u64::from(target - lowest) * (size as u64 - 1) / u64::from(highest - lowest);
    let guess = first + distance as usize;
    if head_at(guess) < target {
        let next = guess + 1;
        return if head_at(next) < target { (next, slots.len() - next) } else { (next, 0) };
    }
    let before = guess.saturating_sub(1);
    if head_at(before) < target { (guess, 0) } else { (first, before - first) }
}

#[inline]
const fn head_of(slot: &[u8; SLOT]) -> u32 {
    let [a, b, c, d, ..] = *slot;
    u32::from_le_bytes([a, b, c, d])
}

/// Checks a node's structure, so that a damaged or hostile page is refused as a whole: slots and
/// cells inside their areas, their sizes leaving no unexplained bytes, no key too long, heads right.
pub(crate) fn check(view: &[u8]) -> Result<(), Damage> {
    let node = Node::new(view);
    let kind = format::kind(view).ok_or(Damage::Kind)?;
    if (kind == Kind::Leaf) != node.is_leaf() {
        return Err(Damage::Kind);
    }
    let prefix = format::prefix_len(view);
    let start = format::heap_start(view);
    let slots = HEADER + node.count() * SLOT;
    let end = view.len().checked_sub(prefix).ok_or(Damage::Structure)?;
    if slots > start || start > end {
        return Err(Damage::Structure);
    }
    let suffix_max = key_len_max((view.len() + CRC_LEN) as u32).saturating_sub(prefix);
    let mut cells = 0;
    for index in 0..node.count() {
        let offset = node.offset(index);
        let cell = node.cell(index).ok_or(Damage::Structure)?;
        let inside = offset >= start && offset + cell.len <= end;
        if !inside || cell.suffix.len() > suffix_max || head(cell.suffix) != node.head(index) {
            return Err(Damage::Structure);
        }
        cells += cell.len;
    }
    if cells + format::heap_dead(view) != end - start {
        return Err(Damage::Structure);
    }
    Ok(())
}
