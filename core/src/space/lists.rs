//! Stacks of pages: the newest entries inline, older ones in a chain of held pages.
//!
//! Heads are a fixed table: one list of pages born in the running transaction, one of pages it
//! freed, and dead lists, each for a protector. A list page is changed in place, under a new tag if
//! it was written since its last; the head follows.

use super::Workspace;
use super::format::{ENTRIES, ENTRY};
use super::map::{Bits, Marker};
use crate::bytes::{put_u32, put_u64, u32_at, u64_at};
use crate::error::{Damage, Error};
use crate::memory::{Entry, List, Memory, PinMutOf, Placed, Purpose};
use crate::page::Ptr;
use crate::page::format::{self, HEADER, Kind};
use crate::platform::Platform;

/// Index of the list of born pages.
pub(crate) const BORN: usize = 0;
/// Index of the list of freed pages.
pub(crate) const FREED: usize = 1;
/// First dead list.
pub(crate) const DEAD: usize = 2;

fn entry_at(view: &[u8], index: usize) -> Entry {
    let at = ENTRIES + index * ENTRY;
    Entry { page: u32_at(view, at), birth: u64_at(view, at + 4), freed: u64_at(view, at + 12), settled: true }
}

fn put_entry(view: &mut [u8], index: usize, entry: Entry) {
    let at = ENTRIES + index * ENTRY;
    put_u32(view, at, entry.page);
    put_u64(view, at + 4, entry.birth);
    put_u64(view, at + 12, entry.freed);
}

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    fn list(&mut self, index: usize) -> Result<&mut List<M::Inline>, Error<P::Error>> {
        self.lists.get_mut(index).ok_or(Error::MemoryTooSmall)
    }

    /// Puts an entry on top of a list. On an error the list is as before.
    pub(crate) fn push(&mut self, index: usize, entry: Entry) -> Result<(), Error<P::Error>> {
        self.make_room(index)?;
        let list = self.list(index)?;
        if let Some(place) = list.inline.as_mut().get_mut(list.inline_len) {
            *place = entry;
            list.inline_len += 1;
        }
        Ok(())
    }

    /// Makes sure that the next entry of a list needs no page. On an error the list is as before.
    pub(super) fn make_room(&mut self, index: usize) -> Result<(), Error<P::Error>> {
        let list = self.list(index)?;
        if list.inline_len == list.inline.as_ref().len() {
            self.spill(index)?;
        }
        Ok(())
    }

    /// Makes the map say that the pages listed inline are held.
    fn settle_list(&mut self, index: usize) -> Result<(), Error<P::Error>> {
        let mut marker = Marker::new();
        for at in 0..self.list(index)?.inline_len {
            let entry = self.list(index)?.inline.as_ref().get(at).copied();
            let Some(entry) = entry.filter(|entry| !entry.settled) else { continue };
            self.mark_held(&mut marker, entry.page)?;
            if let Some(place) = self.list(index)?.inline.as_mut().get_mut(at) {
                place.settled = true;
            }
        }
        Ok(())
    }

    /// Makes the map say of every page what it is: used, held or free.
    pub(crate) fn settle_all(&mut self) -> Result<(), Error<P::Error>> {
        for index in 0..self.lists.len() {
            self.settle_list(index)?;
        }
        let mut marker = Marker::new();
        for at in 0..self.space.recycled.len() {
            if let Some((page, false)) = self.space.recycled.get(at).copied() {
                self.mark_held(&mut marker, page)?;
                if let Some(place) = self.space.recycled.get_mut(at) {
                    place.1 = true;
                }
            }
        }
        Ok(())
    }

    /// Moves the inline entries to the chain.
    #[cold]
    fn spill(&mut self, index: usize) -> Result<(), Error<P::Error>> {
        self.settle_list(index)?;
        let capacity = (self.pager.view_len() - ENTRIES) / ENTRY;
        let head = self.list(index)?.head;
        let amount = self.list(index)?.inline_len;
        let mut current = None;
        if !head.is_null() {
            let (ptr, pin) = self.change_list_page(head)?;
            self.list(index)?.head = ptr;
            if format::count(pin.view()) + amount <= capacity {
                current = Some(pin);
            }
        }
        let mut pin = match current {
            Some(pin) => pin,
            None => self.begin_list_page(index)?,
        };
        let count = format::count(pin.view());
        let list = self.list(index)?;
        for (i, entry) in list.inline.as_ref().iter().take(amount).enumerate() {
            put_entry(pin.view_mut(), count + i, *entry);
        }
        format::set_count(pin.view_mut(), count + amount);
        list.inline_len = 0;
        list.paged += amount as u64;
        Ok(())
    }

    fn begin_list_page(&mut self, index: usize) -> Result<PinMutOf<'a, P, M>, Error<P::Error>> {
        let (ptr, mut pin) = self.begin_page(Bits::Held, 0, Kind::List, 0)?;
        let list = self.list(index)?;
        list.head.put(pin.view_mut(), HEADER);
        list.head = ptr;
        Ok(pin)
    }

    fn change_list_page(&mut self, ptr: Ptr) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        let mut pin = self.pager.pin_mut(ptr)?;
        if format::kind(pin.view()) != Some(Kind::List) {
            return Err(Error::Corrupt { page: ptr.page, damage: Damage::Kind });
        }
        let ptr = if pin.is_dirty() { ptr } else { pin.retag(self.space.tags.draw()) };
        Ok((ptr, pin))
    }

    /// Takes the top entry off a list.
    pub(crate) fn pop(&mut self, index: usize) -> Result<Option<Entry>, Error<P::Error>> {
        let list = self.list(index)?;
        if list.inline_len == 0 {
            if list.head.is_null() {
                return Ok(None);
            }
            self.fetch(index)?;
        }
        let list = self.list(index)?;
        list.inline_len = list.inline_len.saturating_sub(1);
        let at = list.inline_len;
        Ok(list.inline.as_ref().get(at).copied())
    }

    /// Moves the newest entries of the chain inline; a page that became empty is reusable.
    #[cold]
    fn fetch(&mut self, index: usize) -> Result<(), Error<P::Error>> {
        let head = self.list(index)?.head;
        let (ptr, mut pin) = self.change_list_page(head)?;
        let list = self.list(index)?;
        list.head = ptr;
        let count = format::count(pin.view());
        let amount = count.min(list.inline.as_ref().len());
        let rest = count - amount;
        for (i, place) in list.inline.as_mut().iter_mut().take(amount).enumerate() {
            *place = entry_at(pin.view(), rest + i);
        }
        list.inline_len = amount;
        list.paged -= amount as u64;
        format::set_count(pin.view_mut(), rest);
        if rest == 0 {
            list.head = Ptr::at(pin.view(), HEADER);
            drop(pin);
            self.recycle(ptr.page, true)?;
        }
        Ok(())
    }

    /// Drops all entries of a list without looking at them, up to `budget` pages of its chain;
    /// how much of the budget is left.
    pub(super) fn discard(&mut self, index: usize, mut budget: u32) -> Result<u32, Error<P::Error>> {
        self.list(index)?.inline_len = 0;
        loop {
            let head = self.list(index)?.head;
            if head.is_null() {
                self.list(index)?.paged = 0;
                return Ok(budget);
            }
            if budget == 0 {
                return Ok(0);
            }
            let (ptr, pin) = self.change_list_page(head)?;
            let next = Ptr::at(pin.view(), HEADER);
            drop(pin);
            self.list(index)?.head = next;
            self.recycle(ptr.page, true)?;
            budget -= 1;
        }
    }

    /// Takes a list's content into another place of the table, which must be unused, and gives it a
    /// purpose.
    pub(super) fn rename(&mut self, from: usize, to: usize, purpose: Purpose) -> Result<(), Error<P::Error>> {
        debug_assert!(from < to);
        let (left, right) = self.lists.split_at_mut(to);
        let (Some(source), Some(target)) = (left.get_mut(from), right.first_mut()) else {
            return Err(Error::MemoryTooSmall);
        };
        let used = source.inline_len;
        for (to, from) in target.inline.as_mut().iter_mut().zip(source.inline.as_ref()).take(used) {
            *to = *from;
        }
        target.inline_len = core::mem::take(&mut source.inline_len);
        target.head = core::mem::replace(&mut source.head, Ptr::NULL);
        target.paged = core::mem::take(&mut source.paged);
        target.purpose = purpose;
        self.space.lists_end = self.space.lists_end.max(to + 1);
        Ok(())
    }
}
