//! Changing a node in place: cells come and go, nothing else moves.

use super::format::{self, HEADER, POINTER, Ptr};
use super::node::{HEAD, Node, Payload, SLOT};
use super::sequence::Parts;
use crate::bytes::{head, put, put_u16, put_varint};

/// Bytes between the slots and the heap.
fn gap(view: &[u8]) -> usize {
    let slots = HEADER + format::count(view) * SLOT;
    format::heap_start(view).saturating_sub(slots)
}

/// Gives an empty node the beginning that its keys will share, and the length that the rest of them
/// usually has; `false` if it does not fit.
pub(crate) fn begin(view: &mut [u8], prefix: Parts<'_>, usual: usize) -> bool {
    let Some(start) = view.len().checked_sub(prefix.len()).filter(|start| *start >= HEADER) else {
        return false;
    };
    put(view, start, prefix.0);
    put(view, start + prefix.0.len(), prefix.1);
    format::set_prefix_len(view, prefix.len());
    format::set_usual_len(view, usual);
    format::set_count(view, 0);
    format::set_heap(view, start, 0);
    true
}

/// Puts a cell at `index` if there is room in one piece; `false` leaves the page as it was.
/// The suffix is given in two parts.
pub(crate) fn insert(view: &mut [u8], index: usize, suffix: [&[u8]; 2], payload: Payload<'_>) -> bool {
    let suffix_len = suffix[0].len() + suffix[1].len();
    let usual = format::usual_len(view);
    let len = payload.cell_len(suffix_len, usual);
    if gap(view) < len + SLOT {
        return false;
    }
    let offset = format::heap_start(view) - len;
    let at = match payload {
        Payload::Child(child) => {
            let at = put_varint(view, offset, suffix_len as u32);
            child.put(view, at);
            put_suffix(view, at + POINTER, suffix)
        }
        Payload::Value(value) => {
            let own = u32::from(suffix_len != usual);
            let mut at = put_varint(view, offset, (value.len() as u32) << 1 | own);
            if own == 1 {
                at = put_varint(view, at, (suffix_len as u32) << 1);
            }
            let at = put_suffix(view, at, suffix);
            put(view, at, value);
            at + value.len()
        }
        Payload::Long { len, first } => {
            let at = put_varint(view, offset, len << 1 | 1);
            let at = put_varint(view, at, (suffix_len as u32) << 1 | 1);
            let at = put_suffix(view, at, suffix);
            first.put(view, at);
            at + POINTER
        }
    };
    debug_assert_eq!(at, offset + len);
    let count = format::count(view);
    let slot = HEADER + index * SLOT;
    view.copy_within(slot..HEADER + count * SLOT, slot + SLOT);
    put(view, slot, &head_of(suffix).to_be_bytes());
    put_u16(view, slot + HEAD, offset as u16);
    format::set_count(view, count + 1);
    let dead = format::heap_dead(view);
    format::set_heap(view, offset, dead);
    true
}

/// Writes a suffix that its slot does not hold; the position after it.
fn put_suffix(view: &mut [u8], at: usize, suffix: [&[u8]; 2]) -> usize {
    let len = suffix[0].len() + suffix[1].len();
    if len <= HEAD {
        return at;
    }
    put(view, at, suffix[0]);
    put(view, at + suffix[0].len(), suffix[1]);
    at + len
}

fn head_of(suffix: [&[u8]; 2]) -> u16 {
    match suffix {
        [[], rest] => head(rest),
        [[first], [second, ..]] => u16::from_be_bytes([*first, *second]),
        [start, _] => head(start),
    }
}

/// Takes the cell at `index` away.
pub(crate) fn remove(view: &mut [u8], index: usize) {
    let node = Node::new(view);
    let count = node.count();
    if index >= count {
        return;
    }
    let len = node.cell_len(index);
    let offset = node.offset(index);
    let slot = HEADER + index * SLOT;
    view.copy_within(slot + SLOT..HEADER + count * SLOT, slot);
    format::set_count(view, count - 1);
    let (start, dead) = (format::heap_start(view), format::heap_dead(view));
    if offset == start {
        format::set_heap(view, start + len, dead);
    } else {
        format::set_heap(view, start, dead + len);
    }
}

/// Points the cell at `index` of an inner node to another writing of its child.
pub(crate) fn set_child(view: &mut [u8], index: usize, child: Ptr) {
    let at = Node::new(view).child_offset(index);
    child.put(view, at);
}

/// Points the cell at `index` of a leaf to another place of its long value.
pub(crate) fn set_long(view: &mut [u8], index: usize, first: Ptr) {
    let node = Node::new(view);
    if let Payload::Long { .. } = node.payload(index) {
        let end = node.offset(index) + node.cell_len(index);
        first.put(view, end - POINTER);
    }
}

/// Overwrites the value at `index` where the new one has the same length; `false` otherwise.
pub(crate) fn replace_value(view: &mut [u8], index: usize, value: &[u8]) -> bool {
    let node = Node::new(view);
    let Payload::Value(old) = node.payload(index) else {
        return false;
    };
    if old.len() != value.len() {
        return false;
    }
    let end = node.offset(index) + node.cell_len(index);
    put(view, end - value.len(), value);
    true
}
