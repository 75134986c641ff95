//! Long values: chains of pages, neighbours where space allows, each with a pointer to the next.
//!
//! An overflow page holds, after the header (count = bytes of its piece):
//!
//! | size | field |
//! |---|---|
//! | 8 | pointer to the next page, null in the last |
//! | 2 | length of the key |
//! | key length | the key, so that the page says where it belongs |
//! | count | its piece of the value |
//!
//! A value never changes in place; it is written, moved and freed as a whole.

use super::search::Overflow;
use crate::bytes::{put, put_u16, u16_at};
use crate::error::{Damage, Error};
use crate::memory::{Memory, PinMutOf, PinOf};
use crate::page::Ptr;
use crate::page::format::{self, HEADER, Kind, POINTER};
use crate::pager::{Hint, Pager, Role};
use crate::platform::Platform;
use crate::space::Workspace;

/// Where the key's length stands.
const KEY_LEN: usize = HEADER + POINTER;
/// Where the key begins.
const KEY: usize = KEY_LEN + 2;

fn page<'a, P: Platform, M: Memory<P>>(
    pager: Pager<'a, P, M>,
    ptr: Ptr,
    role: Role,
) -> Result<PinOf<'a, P, M>, Error<P::Error>> {
    let pin = pager.pin(ptr, role, Hint::Once)?;
    let view = pin.view();
    if format::kind(view) != Some(Kind::Overflow) || format::count(view) == 0 || !is_sound(view) {
        return Err(Error::Corrupt { page: ptr.page, damage: Damage::Kind });
    }
    Ok(pin)
}

/// The key an overflow page belongs to.
pub(crate) fn key(view: &[u8]) -> &[u8] {
    let len = usize::from(u16_at(view, KEY_LEN));
    view.get(KEY..).and_then(|rest| rest.get(..len)).unwrap_or(&[])
}

fn piece(view: &[u8]) -> &[u8] {
    let start = KEY + usize::from(u16_at(view, KEY_LEN));
    view.get(start..).and_then(|rest| rest.get(..format::count(view))).unwrap_or(&[])
}

/// Whether key and piece lie inside the page.
pub(crate) fn is_sound(view: &[u8]) -> bool {
    KEY + usize::from(u16_at(view, KEY_LEN)) + format::count(view) <= view.len()
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
    pub(super) fn write_value(
        &mut self,
        tree: u32,
        key: &[u8],
        value: &[u8],
    ) -> Result<Overflow, Error<P::Error>> {
        let start = KEY + key.len();
        let capacity = self.pager.view_len() - start;
        let (first, mut pin) = self.create(tree, Kind::Overflow, 0)?;
        let mut chunks = value.chunks(capacity).peekable();
        while let Some(chunk) = chunks.next() {
            let view = pin.view_mut();
            Ptr::NULL.put(view, HEADER);
            put_u16(view, KEY_LEN, key.len() as u16);
            put(view, KEY, key);
            put(view, start, chunk);
            format::set_count(view, chunk.len());
            if chunks.peek().is_some() {
                let (next, next_pin) = self.create(tree, Kind::Overflow, 0)?;
                next.put(pin.view_mut(), HEADER);
                pin = next_pin;
            }
        }
        Ok(Overflow { len: value.len() as u32, first })
    }

    /// Copies the pages of a long value to other places and frees the old ones; where it begins now.
    pub(super) fn move_value(&mut self, tree: u32, value: &Overflow) -> Result<Overflow, Error<P::Error>> {
        let mut moved = Overflow { len: value.len, first: Ptr::NULL };
        let mut last: Option<PinMutOf<'_, P, M>> = None;
        let mut left = value.len();
        let mut ptr = value.first;
        while left > 0 {
            let old = page(self.pager, ptr, Role::Writer)?;
            left = left
                .checked_sub(piece(old.view()).len() as u64)
                .ok_or(Error::Corrupt { page: ptr.page, damage: Damage::Count })?;
            let (new, mut pin) = self.create(tree, Kind::Overflow, 0)?;
            let content = old.view().get(HEADER..).unwrap_or(&[]);
            put(pin.view_mut(), HEADER, content);
            format::set_count(pin.view_mut(), format::count(old.view()));
            match &mut last {
                Some(last) => new.put(last.view_mut(), HEADER),
                None => moved.first = new,
            }
            let (page, birth) = (ptr.page, format::birth(old.view()));
            ptr = Ptr::at(old.view(), HEADER);
            drop(old);
            last = Some(pin);
            self.free(page, birth)?;
        }
        Ok(moved)
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
