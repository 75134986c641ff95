//! Finding a frame and filling it: from the device, or with a new page.

use super::{Pager, Role};
use crate::bytes::u32_at;
use crate::device::BlockDevice;
use crate::error::{Damage, DeviceName, Error, Operation};
use crate::memory::{Frame, Memory, PinMut, PinMutOf};
use crate::page::format::{self, CRC_LEN, Identity, Kind};
use crate::page::{Ptr, node};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use portable_atomic::Ordering;

impl<'a, P: Platform, M: Memory<P>> Pager<'a, P, M> {
    /// Brings a page into the pool, unless somebody else just did.
    pub(super) fn load(&self, ptr: Ptr, role: Role) -> Result<(), Error<P::Error>> {
        if ptr.is_null() {
            return Err(Error::Corrupt { page: 0, damage: Damage::Pointer });
        }
        let mut pin = {
            let (set, range) = self.set_of(ptr.page);
            let frames = self.memory.frames().get(range).unwrap_or(&[]);
            let Some(hand) = self.memory.hands().get(set) else {
                return Err(Error::MemoryTooSmall);
            };
            let mut hand = hand.lock();
            if frames.iter().any(|frame| frame.key() == ptr.key()) {
                return Ok(());
            }
            let pin = self.victim(frames, &mut hand, role)?;
            pin.occupy(ptr, 0);
            pin
        };
        let result = self.fill(&mut pin, ptr);
        if result.is_err() {
            pin.clear();
        } else {
            pin.occupy(ptr, format::birth(pin.view()));
        }
        result
    }

    fn fill(&self, pin: &mut PinMutOf<'a, P, M>, ptr: Ptr) -> Result<(), Error<P::Error>> {
        let offset = u64::from(ptr.page) * self.page_size() as u64;
        self.state.reads.fetch_add(1, Ordering::Relaxed);
        let bytes = pin.bytes_mut();
        self.platform.data().read(offset, bytes).map_err(|error| Error::Device {
            device: DeviceName::Data,
            operation: Operation::Read,
            offset,
            error,
        })?;
        self.verify(pin.bytes_mut(), ptr).map_err(|damage| Error::Corrupt { page: ptr.page, damage })
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

    /// A frame for a new page, dirty, with its header written and nothing else.
    pub fn create(&self, identity: Identity) -> Result<PinMutOf<'a, P, M>, Error<P::Error>> {
        let (set, range) = self.set_of(identity.ptr.page);
        let frames = self.memory.frames().get(range).unwrap_or(&[]);
        let Some(hand) = self.memory.hands().get(set) else {
            return Err(Error::MemoryTooSmall);
        };
        let mut hand = hand.lock();
        if frames.iter().any(|frame| frame.page() == identity.ptr.page) {
            // P2: the map calls a page free that is reached from a tree.
            return Err(Error::Corrupt { page: identity.ptr.page, damage: Damage::Map });
        }
        let mut pin = self.victim(frames, &mut hand, Role::Writer)?;
        pin.begin(identity);
        Ok(pin)
    }

    /// A frame of the set that may be given away, emptied. SIEVE: the hand passes pages used since
    /// its last visit; clean pages go before dirty ones. The caller holds the set's lock.
    fn victim(
        &self,
        frames: &'a [Frame<P::RwLock, M::Page>],
        hand: &mut u16,
        role: Role,
    ) -> Result<PinMutOf<'a, P, M>, Error<P::Error>> {
        let ways = frames.len();
        let spill_first = role == Role::Writer && self.running(frames) >= self.running_max(ways);
        if !spill_first
            && let Some(frame) = frames.iter().find(|frame| frame.key() == 0)
            && let Some(pin) = PinMut::try_lock(frame)
        {
            return Ok(pin);
        }
        for step in 0..4 * ways {
            let index = usize::from(*hand) % ways.max(1);
            *hand = ((index + 1) % ways) as u16;
            let Some(frame) = frames.get(index) else { continue };
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
    fn is_running(&self, frame: &Frame<P::RwLock, M::Page>) -> bool {
        frame.is_dirty() && frame.birth() > self.state.committed.load(Ordering::Acquire)
    }

    /// Forgets the running transaction's dirty pages, unwritten: it ended, and they mean nothing.
    pub fn forget_running(&self) {
        for frame in self.memory.frames() {
            if self.is_running(frame) {
                let pin = PinMut::lock(frame);
                if self.is_running(frame) {
                    pin.clear();
                }
            }
        }
    }

    fn running(&self, frames: &[Frame<P::RwLock, M::Page>]) -> usize {
        frames.iter().filter(|frame| self.is_running(frame)).count()
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
