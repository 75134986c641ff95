//! Handing pages out and taking them back.
//!
//! The lowest free page is handed out first, so that a file stays compact and its tail becomes
//! free. Page numbers are handed out only below a length that is reserved on the device, durably
//! (I10), so an acknowledged commit can always be checkpointed.

use super::Workspace;
use super::map::{Bits, Marker};
use crate::device::BlockDevice;
use crate::error::{Damage, DeviceName, Error, Operation};
use crate::limits::PAGE_SIZE_MIN;
use crate::memory::{Entry, Memory, PinMut, PinMutOf, PlaceOf, Placed};
use crate::page::Ptr;
use crate::page::format::{self, Identity, Kind};
use crate::pager::{Grip, Hint, Role};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use embedded_io::Error as _;
use portable_atomic::Ordering;

/// Most bytes a database grows by at once.
const GROWTH_MAX: u32 = 16 << 20;
/// Most pages taken from the map at once.
const TAKEN_MAX: u32 = 8;
/// Fewest pages it grows by where the device allows.
const GROWTH_MIN: u32 = 16;

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// A page that was free, with a frame for what it is to hold, marked as used or held.
    pub(super) fn begin_page(
        &mut self,
        bits: Bits,
        tree: u32,
        kind: Kind,
        level: u8,
    ) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        let settled = bits == Bits::Held;
        let mut busy = 0;
        loop {
            let (page, held) = self.take()?;
            if held && !settled {
                self.set_bit(Bits::Held, page, false)?;
                self.set_bit(Bits::Used, page, true)?;
            } else if settled && !held {
                self.settle(page)?;
            }
            let ptr = Ptr { page, tag: self.space.tags.draw() };
            let (born, _) = self.lists_position();
            match self.pager.create(Identity { ptr, birth: self.epoch, tree, kind, level }, born) {
                Ok(Some(pin)) => return Ok((ptr, pin)),
                // What it was is still being written. Others first.
                Ok(None) => {
                    self.put_back(0, page, settled);
                    busy += 1;
                    if busy >= self.space.recycled.len() {
                        self.take_more()?;
                        busy = 0;
                    }
                }
                Err(error) => {
                    self.put_back(self.space.recycled.len(), page, settled);
                    return Err(error);
                }
            }
        }
    }

    /// A page nobody needs, and whether the map says that it is held (else it says used). The
    /// reserve counts what is laid ready as well as what is free.
    fn take(&mut self) -> Result<(u32, bool), Error<P::Error>> {
        if self.space.free_count as usize + self.space.recycled.len() <= self.reserve as usize {
            self.grow()?;
        }
        if self.space.recycled.is_empty() {
            self.take_free()?;
        }
        self.space.recycled.pop().ok_or(Error::NoSpace { pages: self.space.page_count })
    }

    /// Lays free pages ready on top of others that cannot be had now.
    #[cold]
    fn take_more(&mut self) -> Result<(), Error<P::Error>> {
        let room = self.space.recycled.capacity() - self.space.recycled.len();
        if room < TAKEN_MAX as usize { Err(Error::PoolExhausted) } else { self.take_free() }
    }

    /// Marks the next few free pages as used and lays them ready, the lowest on top: the map changes
    /// once for all of them, not again and again in a run of small commits.
    #[cold]
    fn take_free(&mut self) -> Result<(), Error<P::Error>> {
        if !self.find_free()? {
            self.grow()?;
            self.find_free()?;
        }
        let taken = self.take_run(TAKEN_MAX)?;
        for page in (0..64).rev().filter(|bit| taken.bits & 1 << bit != 0).map(|bit| taken.first + bit) {
            if self.pager.is_known(page) {
                // The map calls a page free that is reached from a tree. No checkpoint may keep that.
                self.fail();
                return Err(Error::Corrupt { page, damage: Damage::Map });
            }
            // Cannot fail: there is room.
            let _ = self.space.recycled.push((page, false));
            self.space.take_free(1);
            self.space.held_count += 1;
        }
        Ok(())
    }

    /// Makes the database longer by an eighth, or by what the device still has.
    #[cold]
    fn grow(&mut self) -> Result<(), Error<P::Error>> {
        let count = self.space.page_count;
        let page_size = self.pager.page_size() as u64;
        let most = GROWTH_MAX / PAGE_SIZE_MIN.max(page_size as u32);
        let mut step = (count / 8).clamp(GROWTH_MIN, most.max(GROWTH_MIN));
        while step > 0 {
            let grown = self.whole_leaf(count.saturating_add(step));
            if grown > count && self.try_reserve(u64::from(grown) * page_size)? {
                // A map half extended says what is not so, and the next checkpoint would keep that.
                let reserved = self.extend_map(grown).inspect_err(|_| self.fail())?;
                self.space.add_free(grown - count - reserved);
                self.space.page_count = grown;
                return Ok(());
            }
            step /= 2;
        }
        Err(Error::NoSpace { pages: count })
    }

    /// `page_count`, at most what the map can number, less the beginning of a leaf's range that would
    /// hold no data.
    fn whole_leaf(&self, page_count: u32) -> u32 {
        let shape = self.shape();
        let page_count = page_count.min(shape.pages_max());
        let leaf = shape.leaf_of(page_count.saturating_sub(1));
        if page_count <= shape.data_start(leaf) { leaf * shape.bits } else { page_count }
    }

    fn try_reserve(&self, len: u64) -> Result<bool, Error<P::Error>> {
        if self.pager.state.read_only.load(Ordering::Relaxed) {
            // Nothing is ever written, so nothing need be reserved.
            return Ok(true);
        }
        let data = self.pager.platform.data();
        if let Err(error) = data.reserve(len) {
            if error.kind() == embedded_io::ErrorKind::OutOfMemory {
                return Ok(false);
            }
            return Err(Error::Device {
                device: DeviceName::Data,
                operation: Operation::Reserve,
                offset: len,
                error,
            });
        }
        self.pager.flush()?;
        Ok(true)
    }

    /// Makes the map say that a page is held which it said was used.
    pub(super) fn settle(&mut self, page: u32) -> Result<(), Error<P::Error>> {
        self.mark_held(&mut Marker::new(), page)
    }

    /// Makes a page nobody can need reusable, and forgets its frame.
    pub(super) fn recycle(&mut self, page: u32, settled: bool) -> Result<(), Error<P::Error>> {
        self.pager.forget(page);
        self.lay_ready(page, settled)
    }

    /// As [`Workspace::recycle`], but a page of a committed state keeps its frame for what it will hold
    /// next: the frame counts as anybody's until then.
    pub(super) fn lay_ready(&mut self, page: u32, settled: bool) -> Result<(), Error<P::Error>> {
        if self.is_ready(page) {
            // It would be handed out twice.
            self.fail();
            return Err(Error::Corrupt { page, damage: Damage::Map });
        }
        match self.space.recycled.push((page, settled)) {
            Ok(()) => Ok(()),
            Err((page, settled)) => self.give_back(page, settled),
        }
    }

    /// Lays a page ready again, at a place among the others, that was just taken and came to hold nothing.
    /// This touches no map, which may be as hard to reach as what failed.
    fn put_back(&mut self, at: usize, page: u32, settled: bool) {
        if self.space.recycled.insert(at, (page, settled)).is_err() {
            // Nobody would know of it any more.
            self.fail();
        }
    }

    /// Whether a page is laid ready to be handed out.
    fn is_ready(&self, page: u32) -> bool {
        self.space.recycled.iter().any(|(ready, _)| *ready == page)
    }

    /// Makes the map say that a page is free, and forgets its frame.
    #[cold]
    fn give_back(&mut self, page: u32, settled: bool) -> Result<(), Error<P::Error>> {
        self.pager.forget(page);
        self.set_bit(if settled { Bits::Held } else { Bits::Used }, page, false)?;
        self.space.held_count -= 1;
        self.space.add_free(1);
        self.space.hint = self.space.hint.min(page);
        Ok(())
    }

    /// Gives every recycled page back to the map.
    pub(crate) fn drain_recycled(&mut self) -> Result<(), Error<P::Error>> {
        while let Some((page, settled)) = self.space.recycled.pop() {
            self.give_back(page, settled)?;
        }
        Ok(())
    }

    /// A page left the newest state. It is reusable at once if it was born in this transaction
    /// after the newest savepoint; else it goes on the list of freed pages.
    pub(crate) fn free(&mut self, page: u32, birth: u64) -> Result<(), Error<P::Error>> {
        self.check_place(page)?;
        if birth > self.protected {
            self.settle(page)?;
            self.space.held_count += 1;
            return self.recycle(page, true);
        }
        let entry = Entry { page, birth, freed: self.epoch, settled: false };
        self.push(super::lists::FREED, entry)?;
        self.space.held_count += 1;
        Ok(())
    }

    /// A page was born in what is being rolled back. Listed twice where it was freed and born
    /// again, so only a used one counts.
    pub(super) fn unbear(&mut self, page: u32) -> Result<(), Error<P::Error>> {
        // One that was freed again may have been laid ready since, which the map calls used, too.
        if self.is_ready(page) {
            return Ok(());
        }
        if self.is_used(page)? && !is(Bug::RollbackLeaks) {
            self.settle(page)?;
            self.space.held_count += 1;
            self.recycle(page, true)?;
        }
        Ok(())
    }

    /// A page was freed in what is being rolled back.
    pub(super) fn unfree(&mut self, entry: Entry) -> Result<(), Error<P::Error>> {
        if entry.settled {
            self.set_bit(Bits::Held, entry.page, false)?;
            self.set_bit(Bits::Used, entry.page, true)?;
        }
        self.space.held_count -= 1;
        Ok(())
    }

    /// A new page of a tree.
    pub(crate) fn create(
        &mut self,
        tree: u32,
        kind: Kind,
        level: u8,
    ) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        self.make_room(super::lists::BORN)?;
        let (ptr, pin) = self.begin_page(Bits::Used, tree, kind, level)?;
        self.space.held_count -= 1;
        self.push(super::lists::BORN, Entry { page: ptr.page, birth: self.epoch, freed: 0, settled: true })?;
        Ok((ptr, pin))
    }

    /// A tree page for changing. In place only if it was born in this transaction after the newest
    /// savepoint; under a new tag if it was written since; else a copy, and the old one is freed.
    pub(crate) fn writable(&mut self, ptr: Ptr) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        let grip = self.pager.pin_for_change(ptr, self.protected)?;
        self.own(ptr, grip)
    }

    /// As [`Workspace::writable`], of a page that is held.
    pub(crate) fn own(
        &mut self,
        ptr: Ptr,
        grip: Grip<'a, P, M>,
    ) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        let source = match grip {
            Grip::Own(pin) => return Ok(self.keep_place(ptr, pin)),
            Grip::Shared(pin) => pin,
        };
        let birth = format::birth(source.view());
        if birth > self.protected || (is(Bug::ListedPageInPlace) && birth == self.protected) {
            drop(source);
            return Ok(self.keep_place(ptr, self.pager.pin_mut(ptr)?));
        }
        let view = source.view();
        let Some(kind) = format::kind(view) else {
            return Err(Error::Corrupt { page: ptr.page, damage: Damage::Kind });
        };
        let (tree, level) = (format::tree(view), format::level(view));
        let (copy, mut pin) = self.create(tree, kind, level)?;
        if source.place().is_dirty() {
            pin.bytes_mut().copy_from_slice(source.bytes());
            drop(source);
        } else {
            let place = source.place();
            drop(source);
            if !self.take_over(place, ptr, &mut pin) {
                let source = self.pager.pin(ptr, Role::Writer, Hint::Keep)?;
                pin.bytes_mut().copy_from_slice(source.bytes());
            }
        }
        format::set_identity(pin.view_mut(), Identity { ptr: copy, birth: self.epoch, tree, kind, level });
        self.free(ptr.page, birth)?;
        Ok((copy, pin))
    }

    /// Gives the buffer of a clean page to its copy, which saves copying it: who still wants the page as
    /// it was reads it from the device. `false`: it is dirty, or held by somebody, or no longer there.
    fn take_over(&self, place: PlaceOf<'a, P, M>, ptr: Ptr, copy: &mut PinMutOf<'a, P, M>) -> bool {
        if place.is_dirty() || self.pager.state.failed.load(Ordering::Relaxed) {
            return false;
        }
        let Some(mut old) = PinMut::try_lock(place) else { return false };
        if place.key() != ptr.key() || place.is_dirty() {
            return false;
        }
        copy.exchange(&mut old);
        old.clear();
        true
    }

    /// A page that may change where it is: under a new tag if it was written since its last.
    fn keep_place(&mut self, ptr: Ptr, mut pin: PinMutOf<'a, P, M>) -> Placed<'a, P, M> {
        let ptr = if pin.is_dirty() { ptr } else { pin.retag(self.space.tags.draw()) };
        (ptr, pin)
    }
}

impl<P: Platform, M: Memory<P>> Workspace<'_, P, M> {
    /// Makes the space of a new database: the first places of the map, and `pages` more.
    pub(crate) fn begin(&mut self, pages: u32) -> Result<(), Error<P::Error>> {
        let count = self.shape().data_start(0) + pages;
        if !self.try_reserve(u64::from(count) * self.pager.page_size() as u64)? {
            return Err(Error::NoSpace { pages: 0 });
        }
        let reserved = self.extend_map(count)?;
        self.space.free_count = count - reserved;
        self.space.page_count = count;
        Ok(())
    }
}
