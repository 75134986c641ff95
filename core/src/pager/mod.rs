//! The pager: pages of the data device in a fixed array of frames.
//!
//! The frames form sets of equal size; a page number always falls into the same set, so looking a
//! page up is a scan over the set's keys (page number, tag), and no table is needed.
//!
//! Who may do what with a frame:
//!
//! | frame holds | changed by | written by | evicted by |
//! |---|---|---|---|
//! | clean page | nobody | nobody | anybody |
//! | dirty page, born at or before the newest committed epoch | the writer, if a list or map page | anybody | anybody, after writing it |
//! | dirty page of the running transaction | the writer | the writer | the writer, after writing it |
//!
//! Invariants:
//! - P1 A frame's key is changed only under its exclusive lock.
//! - P2 At most one frame of a page is dirty. A page that the map calls free has no frame; one that
//!   is laid ready to be used again may have one, which its next content gets (I1).
//! - P3 Bytes from the device are verified (checksum, number, tag, structure) before the key makes
//!   them findable to anyone but the loader, who holds the exclusive lock until then (I8).
//! - P4 A dirty page is written under its (page, tag) once; then it is clean, and changing it again
//!   takes a new tag (I2).
//! - P5 A thread takes a set's lock before a frame's and never waits for a frame under a set's lock.
//!
//! At a crash the pool is gone; nothing relies on it.

mod ahead;
mod load;
mod write;

use crate::device::BlockDevice;
use crate::error::{DeviceName, Error, Operation};
use crate::memory::{Memory, Pin, PinMut, PinMutOf, PinOf, Place, PlaceOf};
use crate::page::Ptr;
use crate::page::format::CRC_LEN;
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use core::ops::Range;
use lock_api::{Mutex, RawMutex};
use portable_atomic::{AtomicBool, AtomicU64, Ordering};

/// Who asks for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A snapshot, a check, a backup.
    Reader,
    /// The holder of the writer's place.
    Writer,
}

/// How long a page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    /// It may be wanted again soon.
    Keep,
    /// It is passed by in a scan and should not push hot pages out.
    Scan,
    /// It is a part of a long value.
    Once,
}

/// A page held by the writer.
pub(crate) enum Grip<'a, P: Platform, M: Memory<P>> {
    /// For reading: others may read it, too.
    Shared(PinOf<'a, P, M>),
    /// For changing.
    Own(PinMutOf<'a, P, M>),
}

impl<P: Platform, M: Memory<P>> Grip<'_, P, M> {
    /// The page's bytes after the checksum.
    pub fn view(&self) -> &[u8] {
        match self {
            Self::Shared(pin) => pin.view(),
            Self::Own(pin) => pin.view(),
        }
    }
}

/// What all threads share about the pool besides the frames.
pub(crate) struct PagerState<L> {
    /// Sets of frames, and frames of each.
    sets: usize,
    ways: usize,
    /// One flush of the data device at a time: the system may report a failure only once.
    flush: Mutex<L, ()>,
    /// Epoch of the newest committed state: dirty pages born later belong to the running
    /// transaction.
    pub committed: AtomicU64,
    /// Nothing is ever written (a read-only opening).
    pub read_only: AtomicBool,
    /// A device error made the database read-only until it is reopened.
    pub failed: AtomicBool,
    pub hits: AtomicU64,
    pub reads: AtomicU64,
    pub writes: AtomicU64,
}

impl<L: RawMutex> PagerState<L> {
    /// For a pool of this many sets of this many frames.
    pub const fn new(sets: usize, ways: usize) -> Self {
        Self {
            sets,
            ways,
            flush: Mutex::new(()),
            committed: AtomicU64::new(0),
            read_only: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            hits: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        }
    }
}

/// The pool as seen through one database: borrowed parts, cheap to copy.
pub(crate) struct Pager<'a, P: Platform, M: Memory<P>> {
    pub platform: &'a P,
    pub memory: &'a M,
    pub state: &'a PagerState<P::Mutex>,
}

impl<P: Platform, M: Memory<P>> Clone for Pager<'_, P, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Platform, M: Memory<P>> Copy for Pager<'_, P, M> {}

impl<'a, P: Platform, M: Memory<P>> Pager<'a, P, M> {
    /// Flushes the data device. A failure is final: pages written before it may be lost although a
    /// later flush succeeds.
    pub fn flush(&self) -> Result<(), Error<P::Error>> {
        let _one = self.state.flush.lock();
        if self.state.failed.load(Ordering::Acquire) {
            return Err(Error::ReadOnly);
        }
        self.platform.data().flush().map_err(|error| {
            self.state.failed.store(!is(Bug::FlushFailureForgotten), Ordering::Release);
            Error::Device { device: DeviceName::Data, operation: Operation::Flush, offset: 0, error }
        })
    }

    /// Bytes of a page.
    pub fn page_size(&self) -> usize {
        self.memory.page_size()
    }

    /// Bytes of a page's view.
    pub fn view_len(&self) -> usize {
        self.page_size() - CRC_LEN
    }

    /// The set a page falls into, and the frames of that set.
    #[inline]
    fn set_of(&self, page: u32) -> (usize, Range<usize>) {
        let PagerState { sets, ways, .. } = *self.state;
        // Fibonacci hashing; the number of sets need not be a power of two.
        let hash = u64::from(page.wrapping_mul(0x9E37_79B1));
        let set = ((hash * sets as u64) >> 32) as usize;
        (set, set * ways..(set + 1) * ways)
    }

    /// The frame at an index of the pool.
    #[inline]
    fn frame(&self, index: usize) -> Option<PlaceOf<'a, P, M>> {
        let memory = self.memory;
        Some(Place::new(memory.keys().get(index)?, memory.flags().get(index)?, memory.frames().get(index)?))
    }

    /// The frame among these that holds what this key or one like it stands for.
    #[inline]
    fn held(&self, range: Range<usize>, is: impl Fn(u64) -> bool) -> Option<PlaceOf<'a, P, M>> {
        let keys = self.memory.keys().get(range.clone())?;
        let way = keys.iter().position(|key| is(key.load(Ordering::Acquire)))?;
        self.frame(range.start + way)
    }

    /// The frame that holds this writing of a page.
    fn holding(&self, ptr: Ptr) -> Option<PlaceOf<'a, P, M>> {
        // An empty frame has the null pointer's key.
        if ptr.is_null() {
            return None;
        }
        let (key, (_, range)) = (ptr.key(), self.set_of(ptr.page));
        self.held(range, |held| held == key)
    }

    /// A frame that holds some writing of this page.
    fn holding_any(&self, page: u32) -> Option<PlaceOf<'a, P, M>> {
        let (_, range) = self.set_of(page);
        self.held(range, |held| (held >> 32) as u32 == page)
    }

    /// The page `ptr` points to, verified, for reading.
    pub fn pin(&self, ptr: Ptr, role: Role, hint: Hint) -> Result<PinOf<'a, P, M>, Error<P::Error>> {
        for _ in 0..LOAD_TRIES {
            if let Some(pin) = self.find(ptr, hint) {
                return Ok(pin);
            }
            self.load(ptr, role, hint)?;
        }
        Err(Error::PoolExhausted)
    }

    fn find(&self, ptr: Ptr, hint: Hint) -> Option<PinOf<'a, P, M>> {
        let frame = self.holding(ptr)?;
        let pin = Pin::lock(frame);
        if frame.key() != ptr.key() {
            return None;
        }
        match hint {
            Hint::Keep => frame.visit(),
            Hint::Scan => frame.scan(),
            Hint::Once => {}
        }
        // A plain store: threads may lose counts to each other, which costs less than a locked addition
        // at every step of every walk.
        self.state.hits.store(self.state.hits.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        Some(pin)
    }

    /// The page `ptr` points to, for the writer: for changing if it was born after `protected`, else
    /// for reading.
    pub fn pin_for_change(&self, ptr: Ptr, protected: u64) -> Result<Grip<'a, P, M>, Error<P::Error>> {
        for _ in 0..LOAD_TRIES {
            if let Some(frame) = self.holding(ptr) {
                let grip = if frame.birth() > protected {
                    Grip::Own(PinMut::lock(frame))
                } else {
                    Grip::Shared(Pin::lock(frame))
                };
                if frame.key() == ptr.key() {
                    frame.visit();
                    return Ok(grip);
                }
            }
            self.load(ptr, Role::Writer, Hint::Keep)?;
        }
        Err(Error::PoolExhausted)
    }

    /// Whether a page has a frame.
    pub fn is_known(&self, page: u32) -> bool {
        self.holding_any(page).is_some()
    }

    /// The page `ptr` points to, for changing; only for the writer.
    pub fn pin_mut(&self, ptr: Ptr) -> Result<PinMutOf<'a, P, M>, Error<P::Error>> {
        for _ in 0..LOAD_TRIES {
            if let Some(frame) = self.holding(ptr) {
                let pin = PinMut::lock(frame);
                if frame.key() == ptr.key() {
                    frame.visit();
                    return Ok(pin);
                }
            }
            self.load(ptr, Role::Writer, Hint::Keep)?;
        }
        Err(Error::PoolExhausted)
    }

    /// The page `ptr` points to, if it is in the pool and was changed since it was last written.
    pub fn find_dirty(&self, ptr: Ptr) -> Option<PinMutOf<'a, P, M>> {
        let frame = self.holding(ptr)?;
        let pin = PinMut::lock(frame);
        (frame.key() == ptr.key() && pin.is_dirty()).then_some(pin)
    }

    /// Copies what is known of a page, from the pool or the device, without knowing its tag: a hint,
    /// not to be believed.
    pub fn peek(&self, page: u32, view: &mut [u8]) {
        if let Some(frame) = self.holding_any(page) {
            let pin = Pin::lock(frame);
            if frame.page() == page && pin.view().len() == view.len() {
                view.copy_from_slice(pin.view());
                return;
            }
        }
        let offset = u64::from(page) * self.page_size() as u64 + CRC_LEN as u64;
        if self.platform.data().read(offset, view).is_err() {
            view.fill(0);
        }
    }

    /// Forgets every frame of a page that became free, unwritten. Waits for a write of it that is
    /// running, so that its number can be handed out afterwards.
    pub fn forget(&self, page: u32) {
        if page == 0 {
            return; // page 0 is a meta's, and an empty frame's key looks like it
        }
        while let Some(frame) = self.holding_any(page) {
            let pin = PinMut::lock(frame);
            if frame.page() == page {
                pin.clear();
            }
        }
    }
}

/// Times a page is loaded again because it was evicted between loading and pinning.
const LOAD_TRIES: usize = 100;
