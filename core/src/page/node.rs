//! Reading a slotted node of the B+tree.
//!
//! ```text
//! | header 32 | slot 0 | slot 1 | ... ->      free      <- cells, newest first | prefix |
//! ```
//! A slot is 4 bytes: the head (first two key bytes after the prefix, zero-padded) and the cell's
//! offset. Slots are in key order. The prefix is the beginning all keys of the page share; cells
//! hold the rest, the *suffix*, where the head does not hold all of it.
//!
//! Leaf cell: varint `value length * 2 + own`; if own, varint `suffix length * 2 + long`; suffix; then
//! the value, or for a long value the pointer to its first overflow page. Where not own, the suffix
//! has the page's usual length and the value is not long.
//! Inner cell: varint suffix length, child pointer, suffix. The key of cell `i` is not above any
//! key under child `i` and above all keys under child `i - 1`; cell 0 takes everything below
//! cell 1, whatever its own key says.
//!
//! [`check`] looks over untrusted bytes once; the accessors are total in any case.

use super::format::{self, CRC_LEN, HEADER, Kind, POINTER, Ptr};
use crate::bytes::{head, varint_at, varint_len};
use crate::error::Damage;
use crate::limits::key_len_max;
use core::cmp::Ordering;

/// Bytes of a slot.
pub(crate) const SLOT: usize = 4;
/// Bytes of a suffix in its slot; one that is not longer takes none in the cell.
pub(crate) const HEAD: usize = 2;

/// The bytes of a slot.
pub(crate) type Slot = [u8; SLOT];

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
    /// Bytes of a cell with this payload and a suffix of `suffix_len` bytes, without its slot, in a page
    /// with suffixes of usually `usual` bytes.
    #[inline]
    pub fn cell_len(&self, suffix_len: usize, usual: usize) -> usize {
        let suffix = if suffix_len > HEAD { suffix_len } else { 0 };
        suffix
            + match self {
                Self::Child(_) => varint_len(suffix_len as u32) + POINTER,
                Self::Value(value) => {
                    let own = if suffix_len == usual { 0 } else { varint_len((suffix_len as u32) << 1) };
                    varint_len((value.len() as u32) << 1) + own + value.len()
                }
                Self::Long { len, .. } => {
                    varint_len(len << 1 | 1) + varint_len((suffix_len as u32) << 1 | 1) + POINTER
                }
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
    pub fn slots(self) -> &'a [Slot] {
        let (slots, _) = self.view.get(HEADER..).unwrap_or(&[]).as_chunks();
        slots.get(..self.count()).unwrap_or(slots)
    }

    /// The length of most suffixes in a leaf.
    #[inline]
    pub fn usual(self) -> usize {
        format::usual_len(self.view)
    }

    #[inline]
    fn slot(self, index: usize) -> &'a [u8; SLOT] {
        self.view.get(HEADER + index * SLOT..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; SLOT])
    }

    #[inline]
    fn head(self, index: usize) -> u16 {
        head_of(self.slot(index))
    }

    /// Where a cell begins in the view.
    #[inline]
    pub fn offset(self, index: usize) -> usize {
        offset_of(self.slot(index))
    }

    fn cell(self, index: usize) -> Option<Cell<'a>> {
        let slot = self.slot(index);
        if self.is_leaf() {
            return self.leaf_cell(slot);
        }
        let start = offset_of(slot);
        let (suffix_len, at) = varint_at(self.view, start)?;
        let (suffix, end) = self.suffix_at(slot, at + POINTER, suffix_len as usize)?;
        Some(Cell { suffix, payload: Payload::Child(Ptr::at(self.view, at)), len: end - start })
    }

    #[inline]
    fn leaf_cell(self, slot: &'a Slot) -> Option<Cell<'a>> {
        let start = offset_of(slot);
        let (first, at) = varint_at(self.view, start)?;
        let len = first >> 1;
        let (suffix_len, long, at) = self.suffix_of(first, at)?;
        let (suffix, at) = self.suffix_at(slot, at, suffix_len)?;
        if long {
            self.view.get(at..)?.get(..POINTER)?;
            let first = Ptr::at(self.view, at);
            return Some(Cell { suffix, payload: Payload::Long { len, first }, len: at + POINTER - start });
        }
        let bytes = self.view.get(at..)?.get(..len as usize)?;
        Some(Cell { suffix, payload: Payload::Value(bytes), len: at + len as usize - start })
    }

    /// What is in a slot's cell of a leaf: the key after the prefix, and the payload.
    #[inline]
    pub fn entry(self, slot: &'a Slot) -> (&'a [u8], Payload<'a>) {
        match self.leaf_cell(slot) {
            Some(cell) => (cell.suffix, cell.payload),
            None => (&[], Payload::Value(&[])),
        }
    }

    /// From a leaf cell's first varint, and what may stand at `at`: the suffix's length, whether the value
    /// is long, and where the cell goes on.
    #[inline]
    fn suffix_of(self, first: u32, at: usize) -> Option<(usize, bool, usize)> {
        if first & 1 == 0 {
            return Some((self.usual(), false, at));
        }
        let (own, at) = varint_at(self.view, at)?;
        Some(((own >> 1) as usize, own & 1 == 1, at))
    }

    /// A suffix of `len` bytes, in its slot or at `at`; and what follows it.
    #[inline]
    fn suffix_at(self, slot: &'a [u8; SLOT], at: usize, len: usize) -> Option<(&'a [u8], usize)> {
        if len <= HEAD {
            return Some((slot.get(..len)?, at));
        }
        Some((self.view.get(at..)?.get(..len)?, at + len))
    }

    /// The key of a cell after the prefix.
    #[inline]
    pub fn suffix(self, index: usize) -> &'a [u8] {
        let slot = self.slot(index);
        let found = varint_at(self.view, offset_of(slot)).and_then(|(first, at)| {
            let (len, at) = if self.is_leaf() {
                let (len, _, at) = self.suffix_of(first, at)?;
                (len, at)
            } else {
                (first as usize, at + POINTER)
            };
            self.suffix_at(slot, at, len)
        });
        found.map_or(&[], |(suffix, _)| suffix)
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
fn around(slots: &[[u8; SLOT]], first: usize, target: u16) -> (usize, usize) {
    let size = slots.len().saturating_sub(first);
    let head_at = |index: usize| slots.get(index).map_or(u16::MAX, head_of);
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
const fn head_of(slot: &[u8; SLOT]) -> u16 {
    let [first, second, ..] = *slot;
    u16::from_be_bytes([first, second])
}

#[inline]
const fn offset_of(slot: &[u8; SLOT]) -> usize {
    let [.., low, high] = *slot;
    u16::from_le_bytes([low, high]) as usize
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
    let key_max = key_len_max((view.len() + CRC_LEN) as u32);
    let suffix_max = key_max.checked_sub(prefix).ok_or(Damage::Structure)?;
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
