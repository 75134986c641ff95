//! A frame: a page's place in memory, with the lock around its bytes.

use crate::page::Ptr;
use crate::page::format::{self, CRC_LEN, Identity};
use lock_api::{RawRwLock, RwLock, RwLockReadGuard, RwLockWriteGuard};
use portable_atomic::{AtomicU8, AtomicU64, Ordering};

/// The frame's page differs from what the device has.
pub(crate) const DIRTY: u8 = 1;
/// The page was used since the hand passed.
const VISITED: u8 = 2;
/// The page was read for a scan that has not come to it yet.
const AHEAD: u8 = 4;
/// A scan passed the page, and nobody else used it: it goes before all others.
const PASSED: u8 = 8;

/// A page's place in memory. Which page it holds stands beside the frames ([`super::Memory::keys`],
/// [`super::Memory::flags`]), so that looking through a set or for dirty pages touches few lines of
/// the processor's cache.
pub struct Frame<R, B> {
    /// Birth epoch of the page held.
    birth: AtomicU64,
    bytes: RwLock<R, B>,
}

impl<R: RawRwLock, B> Frame<R, B> {
    /// An empty frame over a page's buffer.
    pub const fn new(bytes: B) -> Self {
        Self { birth: AtomicU64::new(0), bytes: RwLock::new(bytes) }
    }
}

/// A frame with what it holds.
pub(crate) struct Place<'a, R, B> {
    key: &'a AtomicU64,
    flags: &'a AtomicU8,
    frame: &'a Frame<R, B>,
}

impl<R, B> Clone for Place<'_, R, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, B> Copy for Place<'_, R, B> {}

impl<'a, R: RawRwLock, B> Place<'a, R, B> {
    pub(crate) const fn new(key: &'a AtomicU64, flags: &'a AtomicU8, frame: &'a Frame<R, B>) -> Self {
        Self { key, flags, frame }
    }

    pub(crate) fn key(self) -> u64 {
        self.key.load(Ordering::Acquire)
    }

    /// Whether this is where the frame's key stands.
    pub(crate) fn is_keyed_by(self, key: &AtomicU64) -> bool {
        core::ptr::eq(self.key, key)
    }

    pub(crate) fn page(self) -> u32 {
        (self.key() >> 32) as u32
    }

    pub(crate) fn birth(self) -> u64 {
        self.frame.birth.load(Ordering::Acquire)
    }

    pub(crate) fn is_dirty(self) -> bool {
        self.flags.load(Ordering::Acquire) & DIRTY != 0
    }

    pub(crate) fn visit(self) {
        let flags = self.flags.load(Ordering::Relaxed);
        if flags & VISITED == 0 {
            if flags & (AHEAD | PASSED) != 0 {
                self.flags.fetch_and(!(AHEAD | PASSED), Ordering::Relaxed);
            }
            self.flags.fetch_or(VISITED, Ordering::Relaxed);
        }
    }

    /// A scan uses the page.
    pub(crate) fn scan(self) {
        let flags = self.flags.load(Ordering::Relaxed);
        if flags & AHEAD != 0 {
            let passed = flags & !AHEAD | PASSED;
            // Fails where somebody else uses the page at this moment: then it stays.
            let _ = self.flags.compare_exchange(flags, passed, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The page is there for a scan that will come to it.
    pub(crate) fn await_scan(self) {
        self.flags.fetch_or(AHEAD, Ordering::Relaxed);
    }

    /// Whether only a scan used the page.
    pub(crate) fn is_passed(self) -> bool {
        is_passed(self.flags)
    }

    /// Whether the page was used since the hand passed; it passes now.
    pub(crate) fn pass(self) -> bool {
        self.flags.fetch_and(!VISITED, Ordering::Relaxed) & VISITED != 0
    }

    /// Whether nobody holds the page, and it need not be written.
    pub(crate) fn is_idle(self) -> bool {
        !self.is_dirty() && !self.frame.bytes.is_locked()
    }

    pub(crate) fn set_clean(self) {
        self.flags.fetch_and(!DIRTY, Ordering::Release);
    }
}

/// Whether these are the flags of a page that only a scan used.
pub(crate) fn is_passed(flags: &AtomicU8) -> bool {
    flags.load(Ordering::Relaxed) & (PASSED | DIRTY) == PASSED
}

/// A page held for reading.
pub(crate) struct Pin<'a, R: RawRwLock, B> {
    guard: RwLockReadGuard<'a, R, B>,
    place: Place<'a, R, B>,
}

impl<'a, R: RawRwLock, B: AsRef<[u8]>> Pin<'a, R, B> {
    pub(crate) fn lock(place: Place<'a, R, B>) -> Self {
        Self { guard: place.frame.bytes.read(), place }
    }

    pub(crate) fn try_lock(place: Place<'a, R, B>) -> Option<Self> {
        let guard = place.frame.bytes.try_read()?;
        Some(Self { guard, place })
    }

    /// The page's bytes after the checksum.
    #[inline]
    pub fn view(&self) -> &[u8] {
        self.guard.as_ref().get(CRC_LEN..).unwrap_or(&[])
    }

    /// The whole page; its checksum is right only while it is as it was read.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.guard.as_ref()
    }

    pub(crate) fn place(&self) -> Place<'a, R, B> {
        self.place
    }
}

/// A page held for changing.
pub(crate) struct PinMut<'a, R: RawRwLock, B> {
    guard: RwLockWriteGuard<'a, R, B>,
    place: Place<'a, R, B>,
}

impl<'a, R: RawRwLock, B: AsRef<[u8]> + AsMut<[u8]>> PinMut<'a, R, B> {
    pub(crate) fn lock(place: Place<'a, R, B>) -> Self {
        Self { guard: place.frame.bytes.write(), place }
    }

    pub(crate) fn try_lock(place: Place<'a, R, B>) -> Option<Self> {
        let guard = place.frame.bytes.try_write()?;
        Some(Self { guard, place })
    }

    /// The page's bytes after the checksum.
    #[inline]
    pub fn view(&self) -> &[u8] {
        self.guard.as_ref().get(CRC_LEN..).unwrap_or(&[])
    }

    #[inline]
    pub fn view_mut(&mut self) -> &mut [u8] {
        debug_assert!(self.place.is_dirty());
        self.guard.as_mut().get_mut(CRC_LEN..).unwrap_or_default()
    }

    /// The whole page, checksum first, to be filled.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.guard.as_mut()
    }

    pub fn is_dirty(&self) -> bool {
        self.place.is_dirty()
    }

    pub fn birth(&self) -> u64 {
        format::birth(self.view())
    }

    /// Exchanges the buffers of two frames.
    pub(crate) fn exchange(&mut self, other: &mut Self) {
        core::mem::swap(&mut *self.guard, &mut *other.guard);
    }

    /// Gives a page that was flushed a new tag, so that it may be changed again (I2, I3).
    pub fn retag(&mut self, tag: u32) -> Ptr {
        let page = self.place.page();
        let ptr = Ptr { page, tag };
        self.place.key.store(ptr.key(), Ordering::Release);
        self.place.flags.fetch_or(DIRTY, Ordering::Release);
        format::set_tag(self.view_mut(), tag);
        ptr
    }

    /// Makes the frame hold a new page with this identity and no content.
    pub(crate) fn begin(&mut self, identity: Identity) {
        self.occupy(identity.ptr, identity.birth);
        self.place.flags.store(DIRTY, Ordering::Release);
        format::begin(self.view_mut(), identity);
    }

    /// Makes the frame hold a page of the device.
    pub(crate) fn occupy(&self, ptr: Ptr, birth: u64) {
        self.place.flags.store(0, Ordering::Release);
        self.place.frame.birth.store(birth, Ordering::Release);
        self.place.key.store(ptr.key(), Ordering::Release);
    }

    /// Makes the frame hold nothing.
    pub(crate) fn clear(&self) {
        self.place.key.store(0, Ordering::Release);
        self.place.flags.store(0, Ordering::Release);
    }

    pub(crate) fn place(&self) -> Place<'a, R, B> {
        self.place
    }
}
