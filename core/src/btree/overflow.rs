//! Long values: chains of pages, neighbours where space allows, each with a pointer to the next.
//!
//! An overflow page holds, after the header (count = bytes used), a pointer to the next page and
//! its piece of the value. A value never changes in place; it is written and freed as a whole.

use super::search::Overflow;
use crate::error::{Damage, Error};
use crate::memory::{Memory, Pin};
use crate::page::Ptr;
use crate::page::format::{self, HEADER, Kind, POINTER};
use crate::pager::{Hint, Pager, Role};
use crate::platform::Platform;
use crate::space::Workspace;

/// Where the piece begins.
const PIECE: usize = HEADER + POINTER;

fn page<'a, P: Platform, M: Memory<P>>(
    pager: Pager<'a, P, M>,
    ptr: Ptr,
    role: Role,
) -> Result<Pin<'a, P::RwLock, M::Page>, Error<P::Error>> {
    let pin = pager.pin(ptr, role, Hint::Scan)?;
    if format::kind(pin.view()) != Some(Kind::Overflow) || format::count(pin.view()) == 0 {
        return Err(Error::Corrupt { page: ptr.page, damage: Damage::Kind });
    }
    Ok(pin)
}

fn piece(view: &[u8]) -> &[u8] {
    view.get(PIECE..).and_then(|rest| rest.get(..format::count(view))).unwrap_or(&[])
}

/// Reads a part of a long value into `buf`; how many bytes there were.
pub(crate) fn read<P: Platform, M: Memory<P>>(
    pager: Pager<'_, P, M>,
    role: Role,
    value: &Overflow,
    offset: u64,
    buf: &mut [u8],
) -> Result<usize, Error<P::Error>> {
    let mut skip = offset;
    let mut filled = 0;
    let mut left = value.len();
    let mut ptr = value.first;
    while left > 0 && filled < buf.len() {
        let pin = page(pager, ptr, role)?;
        let bytes = piece(pin.view());
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or(Error::Corrupt { page: ptr.page, damage: Damage::Count })?;
        if skip >= bytes.len() as u64 {
            skip -= bytes.len() as u64;
        } else {
            let from = bytes.get(skip as usize..).unwrap_or(&[]);
            let to = buf.get_mut(filled..).unwrap_or_default();
            let amount = from.len().min(to.len());
            if let (Some(to), Some(from)) = (to.get_mut(..amount), from.get(..amount)) {
                to.copy_from_slice(from);
            }
            filled += amount;
            skip = 0;
        }
        ptr = Ptr::at(pin.view(), HEADER);
    }
    Ok(filled)
}

impl<P: Platform, M: Memory<P>> Workspace<'_, P, M> {
    /// Writes a long value; where it begins.
    pub(super) fn write_value(&mut self, tree: u32, value: &[u8]) -> Result<Overflow, Error<P::Error>> {
        let capacity = self.pager.view_len() - PIECE;
        let (first, mut pin) = self.create(tree, Kind::Overflow, 0)?;
        let mut chunks = value.chunks(capacity).peekable();
        while let Some(chunk) = chunks.next() {
            crate::bytes::put(pin.view_mut(), PIECE, chunk);
            format::set_count(pin.view_mut(), chunk.len());
            Ptr::NULL.put(pin.view_mut(), HEADER);
            if chunks.peek().is_some() {
                let (next, next_pin) = self.create(tree, Kind::Overflow, 0)?;
                next.put(pin.view_mut(), HEADER);
                pin = next_pin;
            }
        }
        Ok(Overflow { len: value.len() as u32, first })
    }

    /// Frees the pages of a long value.
    pub(crate) fn free_value(&mut self, value: &Overflow) -> Result<(), Error<P::Error>> {
        let mut left = value.len();
        let mut ptr = value.first;
        while left > 0 {
            let pin = page(self.pager, ptr, Role::Writer)?;
            let (len, birth) = (piece(pin.view()).len() as u64, format::birth(pin.view()));
            left = left.checked_sub(len).ok_or(Error::Corrupt { page: ptr.page, damage: Damage::Count })?;
            let next = Ptr::at(pin.view(), HEADER);
            drop(pin);
            self.free(ptr.page, birth)?;
            ptr = next;
        }
        Ok(())
    }
}
