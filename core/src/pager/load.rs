//! Finding a frame and filling it: from the device, or with a new page.

use super::{Hint, Pager, Role};
use crate::bytes::u32_at;
use crate::device::BlockDevice;
use crate::error::{Damage, DeviceName, Error, Operation};
use crate::memory::{DIRTY, Memory, PinMut, PinMutOf, PlaceOf, is_passed};
use crate::page::format::{self, CRC_LEN, Identity, Kind};
use crate::page::{Ptr, node};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use core::ops::Range;
use portable_atomic::Ordering;

impl<'a, P: Platform, M: Memory<P>> Pager<'a, P, M> {
    /// Brings a page into the pool, unless somebody else just did.
    #[cold]
    pub(super) fn load(&self, ptr: Ptr, role: Role, hint: Hint) -> Result<(), Error<P::Error>> {
        match self.take(ptr, role)? {
            Some(mut pin) => self.fill(&mut pin, ptr, hint),
            None => Ok(()),
        }
    }

    /// A frame to be filled with this page; who looks for the page waits for that. `None`: it is in the
    /// pool by now.
    pub(super) fn take(&self, ptr: Ptr, role: Role) -> Result<Option<PinMutOf<'a, P, M>>, Error<P::Error>> {
        if ptr.is_null() {
            return Err(Error::Corrupt { page: 0, damage: Damage::Pointer });
        }
        let (set, range) = self.set_of(ptr.page);
        let Some(hand) = self.memory.hands().get(set) else {
            return Err(Error::MemoryTooSmall);
        };
        let mut hand = hand.lock();
        if self.holding(ptr).is_some() {
            return Ok(None);
        }
        let pin = self.victim(range, &mut hand, role)?;
        pin.occupy(ptr, 0);
        Ok(Some(pin))
    }

    /// Fills a frame taken for a page; empties it where that fails.
    pub(super) fn fill(
        &self,
        pin: &mut PinMutOf<'a, P, M>,
        ptr: Ptr,
        hint: Hint,
    ) -> Result<(), Error<P::Error>> {
        let offset = u64::from(ptr.page) * self.page_size() as u64;
        self.state.reads.fetch_add(1, Ordering::Relaxed);
        let read = self.platform.data().read(offset, pin.bytes_mut()).map_err(|error| Error::Device {
            device: DeviceName::Data,
            operation: Operation::Read,
            offset,
            error,
        });
        if read.is_err() {
            pin.clear();
        }
        read.and_then(|()| self.accept(pin, ptr, hint))
    }

    /// Lets others find a page whose bytes were read into the frame taken for it, if it is believable;
    /// else empties the frame.
    pub(super) fn accept(
        &self,
        pin: &mut PinMutOf<'a, P, M>,
        ptr: Ptr,
        hint: Hint,
    ) -> Result<(), Error<P::Error>> {
        if let Err(damage) = self.verify(pin.bytes_mut(), ptr) {
            pin.clear();
            return Err(Error::Corrupt { page: ptr.page, damage });
        }
        pin.occupy(ptr, format::birth(pin.view()));
        if hint == Hint::Scan {
            pin.place().await_scan();
        }
        Ok(())
    }

    /// Everything that makes bytes from the device believable (I8).
    fn verify(&self, bytes: &[u8], ptr: Ptr) -> Result<(), Damage> {
        let view = bytes.get(CRC_LEN..).unwrap_or(&[]);
        if self.platform.crc32c(0, view) != u32_at(bytes, 0) && !is(Bug::PageChecksumUnchecked) {
            return Err(Damage::Checksum);
        }
        if is(Bug::IdentityUnchecked) {
            return check_content(view);
        }
        if format::page_number(view) != ptr.page {
            return Err(Damage::PageNumber);
        }
        if format::tag(view) != ptr.tag && !is(Bug::TagUnchecked) {
            return Err(Damage::Tag);
        }
        check_content(view)
    }

    /// A frame for a new page, dirty, with its header written and nothing else: the one that holds
    /// what the page was before it became free, if it still has one (P2). `None` where that is held
    /// by somebody. `born`: pages the running transaction made before.
    pub fn create(
        &self,
        identity: Identity,
        born: u64,
    ) -> Result<Option<PinMutOf<'a, P, M>>, Error<P::Error>> {
        let page = identity.ptr.page;
        let (set, range) = self.set_of(page);
        if let Some(frame) = self.holding_any(page).filter(|_| !is(Bug::DeadFrameKept)) {
            let Some(mut pin) = PinMut::try_lock(frame) else { return Ok(None) };
            if !self.clear_others(&range, pin.place(), page) {
                return Ok(None);
            }
            let few = born < self.running_max(range.len()) as u64;
            if frame.page() == page && (few || !self.must_spill(&range)) {
                pin.begin(identity);
                return Ok(Some(pin));
            }
            if frame.page() == page {
                pin.clear();
            }
        }
        // Nobody else looks for this page, so an empty frame needs no lock of the set.
        let mut pin = match self.empty(&range, Role::Writer) {
            Some(pin) => pin,
            None => {
                let Some(hand) = self.memory.hands().get(set) else {
                    return Err(Error::MemoryTooSmall);
                };
                self.victim(range, &mut hand.lock(), Role::Writer)?
            }
        };
        pin.begin(identity);
        Ok(Some(pin))
    }

    /// Empties every frame of a page but one: a pointer kept for too long may have brought in what the
    /// page was once (P2). `false`: one of them is held by somebody.
    fn clear_others(&self, range: &Range<usize>, own: PlaceOf<'a, P, M>, page: u32) -> bool {
        let keys = self.memory.keys().get(range.clone()).unwrap_or(&[]);
        for (way, key) in keys.iter().enumerate() {
            if (key.load(Ordering::Acquire) >> 32) as u32 == page && !own.is_keyed_by(key) {
                let Some(pin) = self.frame(range.start + way).and_then(PinMut::try_lock) else {
                    return false;
                };
                if pin.place().page() == page {
                    pin.clear();
                }
            }
        }
        true
    }

    /// An empty frame of the set, unless the running transaction holds so many of it that it must
    /// write one out.
    pub(super) fn empty(&self, range: &Range<usize>, role: Role) -> Option<PinMutOf<'a, P, M>> {
        let keys = self.memory.keys().get(range.clone())?;
        let (mut empty, mut count) = (None, 0);
        for (way, key) in keys.iter().enumerate() {
            if key.load(Ordering::Acquire) != 0 {
                count += 1;
            } else if empty.is_none() {
                empty = Some(way);
            }
        }
        if role == Role::Writer && count >= self.running_max(range.len()) && self.must_spill(range) {
            return None;
        }
        let pin = PinMut::try_lock(self.frame(range.start + empty?)?)?;
        (pin.place().key() == 0).then_some(pin)
    }

    /// A frame of the set whose page only a scan used, emptied.
    pub(super) fn passed(&self, range: &Range<usize>) -> Option<PinMutOf<'a, P, M>> {
        let flags = self.memory.flags().get(range.clone())?;
        let way = flags.iter().position(is_passed)?;
        let pin = PinMut::try_lock(self.frame(range.start + way)?)?;
        if !pin.place().is_passed() {
            return None;
        }
        pin.clear();
        Some(pin)
    }

    /// A frame of the set that may be given away, emptied: of a page that a scan passed, else by SIEVE:
    /// the hand passes pages used since its last visit; clean pages go before dirty ones. The caller
    /// holds the set's lock.
    #[cold]
    fn victim(
        &self,
        range: Range<usize>,
        hand: &mut u16,
        role: Role,
    ) -> Result<PinMutOf<'a, P, M>, Error<P::Error>> {
        let ways = range.len();
        if let Some(pin) = self.empty(&range, role) {
            return Ok(pin);
        }
        let spill_first = role == Role::Writer && self.must_spill(&range);
        if !spill_first && let Some(pin) = self.passed(&range) {
            return Ok(pin);
        }
        for step in 0..4 * ways {
            let index = usize::from(*hand) % ways.max(1);
            *hand = ((index + 1) % ways) as u16;
            let Some(frame) = self.frame(range.start + index) else { continue };
            if frame.key() != 0 && step < 3 * ways && frame.pass() {
                continue;
            }
            let dirty = frame.is_dirty();
            let lap = step / ways;
            if dirty && lap < 2 && !(spill_first && self.is_running(frame)) {
                continue;
            }
            if spill_first && lap < 2 && !dirty && frame.key() != 0 {
                continue;
            }
            let Some(pin) = PinMut::try_lock(frame) else { continue };
            if frame.is_dirty() {
                if role == Role::Reader && self.is_running(frame) {
                    continue;
                }
                self.write_back(&pin)?;
            }
            pin.clear();
            return Ok(pin);
        }
        Err(if self.state.read_only.load(Ordering::Relaxed) {
            Error::PoolTooSmall
        } else {
            Error::PoolExhausted
        })
    }

    /// Whether a frame holds a dirty page of the running transaction.
    fn is_running(&self, frame: PlaceOf<'a, P, M>) -> bool {
        frame.is_dirty() && frame.birth() > self.state.committed.load(Ordering::Acquire)
    }

    /// Forgets the running transaction's dirty pages, unwritten: it ended, and they mean nothing.
    pub fn forget_running(&self) {
        for frame in (0..self.memory.frames().len()).filter_map(|index| self.frame(index)) {
            if self.is_running(frame) {
                let pin = PinMut::lock(frame);
                if self.is_running(frame) {
                    pin.clear();
                }
            }
        }
    }

    /// Whether the running transaction holds so many frames of a set that it must write one out.
    fn must_spill(&self, range: &Range<usize>) -> bool {
        let max = self.running_max(range.len());
        let flags = self.memory.flags().get(range.clone()).unwrap_or(&[]);
        // Few are dirty at all, most of the time.
        let dirty: usize = flags.iter().map(|flags| usize::from(flags.load(Ordering::Relaxed) & DIRTY)).sum();
        dirty >= max
            && range
                .clone()
                .filter_map(|index| self.frame(index))
                .filter(|frame| self.is_running(*frame))
                .count()
                >= max
    }

    /// The most frames of a set the running transaction may hold dirty before it writes one out:
    /// half, where threads read meanwhile; all but three, where there is one thread.
    fn running_max(&self, ways: usize) -> usize {
        if P::THREADS { ways / 2 } else { ways.saturating_sub(3) }
    }
}

/// Checks a node's content, so that everything after can be total. Other kinds have a few lengths
/// only, checked where they are used.
pub(crate) fn check_content(view: &[u8]) -> Result<(), Damage> {
    match format::kind(view) {
        Some(Kind::Leaf | Kind::Inner) => node::check(view),
        Some(_) => Ok(()),
        None => Err(Damage::Kind),
    }
}
