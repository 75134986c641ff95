//! Reading ahead: the page a scan wants now and those it will want next in one call, where they lie side
//! by side on the device.
//!
//! A page read ahead is verified before others can find it, like any other. What is wrong with it is
//! said only to who comes to it: its frame is emptied, and it is read again then. Frames for such pages
//! are never waited for and nothing is written to make room for them; a run holds a small part of the
//! pool, and all runs together leave a part of each set to other threads. The sets' locks are tried only, since frames are held (P5).

use super::{Hint, Pager, Role};
use crate::device::BlockDevice;
use crate::error::Error;
use crate::limits::READ_RUN_MAX;
use crate::memory::{Memory, PinMut, PinMutOf, PinOf};
use crate::page::Ptr;
use crate::platform::Platform;
use core::ops::Range;
use heapless::Vec;
use portable_atomic::Ordering;

/// A run holds at most this part of the pool's frames.
const POOL_PART: usize = 64;

/// This part of a set's frames is left to who wants a page now.
const SET_PART: usize = 4;

/// Frames taken for pages that lie side by side, in the order a scan wants them.
type Run<'a, P, M> = Vec<(Ptr, PinMutOf<'a, P, M>), READ_RUN_MAX>;

impl<'a, P: Platform, M: Memory<P>> Pager<'a, P, M> {
    /// As [`Self::pin`], for a scan that goes on to the pages `next`.
    pub fn pin_ahead(
        &self,
        ptr: Ptr,
        role: Role,
        hint: Hint,
        next: impl Iterator<Item = Ptr>,
    ) -> Result<PinOf<'a, P, M>, Error<P::Error>> {
        if <P::Data as BlockDevice>::READS_VECTORED {
            if let Some(pin) = self.find(ptr, hint) {
                return Ok(pin);
            }
            self.load_run(ptr, role, hint, next)?;
        }
        self.pin(ptr, role, hint)
    }

    /// Brings a page into the pool, unless somebody else just did, and with it those behind it.
    #[cold]
    fn load_run(
        &self,
        ptr: Ptr,
        role: Role,
        hint: Hint,
        next: impl Iterator<Item = Ptr>,
    ) -> Result<(), Error<P::Error>> {
        let Some(mut first) = self.take(ptr, role)? else { return Ok(()) };
        let mut run = self.take_run(ptr, next);
        if !run.is_empty() && self.read_run(ptr, &mut first, &mut run) {
            for (ptr, pin) in &mut run {
                // Who comes to the page reads it again, and is told.
                let _ = self.accept(pin, *ptr, Hint::Scan);
            }
            return self.accept(&mut first, ptr, hint);
        }
        for (_, pin) in &run {
            pin.clear();
        }
        self.fill(&mut first, ptr, hint)
    }

    /// Frames for the pages after `ptr`, as far as these lie side by side, one way or the other, and are
    /// not in the pool.
    fn take_run(&self, ptr: Ptr, next: impl Iterator<Item = Ptr>) -> Run<'a, P, M> {
        let more = (self.memory.frames().len() / POOL_PART).min(READ_RUN_MAX).saturating_sub(1);
        let mut run = Vec::new();
        let (mut last, mut step) = (ptr.page, None);
        for next in next.take(more) {
            let distance = next.page.wrapping_sub(last);
            if !(distance == 1 || distance == BACK) || step.is_some_and(|step| step != distance) {
                break;
            }
            // Cannot be full: at most `more`.
            if self.take_ahead(next).is_none_or(|pin| run.push((next, pin)).is_err()) {
                break;
            }
            (last, step) = (next.page, Some(distance));
        }
        run
    }

    /// A frame for a page that may be wanted soon, if there is one to be had.
    fn take_ahead(&self, ptr: Ptr) -> Option<PinMutOf<'a, P, M>> {
        let (set, range) = self.set_of(ptr.page);
        let mut hand = self.memory.hands().get(set)?.try_lock()?;
        if ptr.is_null() || self.holding_any(ptr.page).is_some() {
            return None;
        }
        let idle = range.clone().filter_map(|index| self.frame(index)).filter(|frame| frame.is_idle());
        if idle.count() <= range.len() / SET_PART {
            return None;
        }
        let unused = self.empty(&range, Role::Reader).or_else(|| self.passed(&range));
        let pin = unused.or_else(|| self.idle(&range, &mut hand))?;
        pin.occupy(ptr, 0);
        Some(pin)
    }

    /// A frame of the set whose page is clean and was not used since the hand passed, emptied. The caller
    /// holds the set's lock.
    fn idle(&self, range: &Range<usize>, hand: &mut u16) -> Option<PinMutOf<'a, P, M>> {
        let ways = range.len();
        for _ in 0..ways {
            let index = usize::from(*hand) % ways;
            *hand = ((index + 1) % ways) as u16;
            let frame = self.frame(range.start + index)?;
            if frame.pass() || frame.is_dirty() {
                continue;
            }
            if let Some(pin) = PinMut::try_lock(frame)
                && !pin.is_dirty()
            {
                pin.clear();
                return Some(pin);
            }
        }
        None
    }

    /// Reads the bytes of a run in one call. `false`: it failed, and nothing is known of them.
    fn read_run(&self, ptr: Ptr, first: &mut PinMutOf<'a, P, M>, run: &mut Run<'a, P, M>) -> bool {
        let pages = 1 + run.len() as u64;
        let last = run.last().map_or(ptr.page, |(ptr, _)| ptr.page);
        let mut bufs: Vec<&mut [u8], READ_RUN_MAX> = Vec::new();
        // Neither can fail: `bufs` takes as many as the longest run has.
        let _ = bufs.push(first.bytes_mut());
        for (_, pin) in run {
            let _ = bufs.push(pin.bytes_mut());
        }
        if last < ptr.page {
            bufs.reverse();
        }
        let offset = u64::from(ptr.page.min(last)) * self.page_size() as u64;
        let read = self.platform.data().read_vectored(offset, &mut bufs).is_ok();
        self.state.reads.fetch_add(if read { pages } else { 0 }, Ordering::Relaxed);
        read
    }
}

/// From a page to the one before it.
const BACK: u32 = u32::MAX;
