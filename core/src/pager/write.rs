//! Writing dirty pages: one that must make room, and a checkpoint's in runs of neighbours.

use super::Pager;
use crate::device::BlockDevice;
use crate::error::{DeviceName, Error, Operation};
use crate::limits::WRITE_RUN_MAX;
use crate::memory::{DIRTY, Memory, Pin, PinMutOf, PinOf, Place, PlaceOf};
use crate::page::Kind;
use crate::page::format::{self, CRC_LEN};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use heapless::Vec;
use lock_api::RawRwLock;
use portable_atomic::Ordering;

impl<'a, P: Platform, M: Memory<P>> Pager<'a, P, M> {
    /// Writes one dirty page to its place; the frame is clean afterwards.
    pub(super) fn write_back(&self, pin: &PinMutOf<'a, P, M>) -> Result<(), Error<P::Error>> {
        if self.state.read_only.load(Ordering::Relaxed) {
            return Err(Error::PoolTooSmall);
        }
        self.write_page(pin.place().page(), pin.view())?;
        pin.place().set_clean();
        Ok(())
    }

    /// Writes the bytes of one page with their checksum.
    pub fn write_page(&self, page: u32, view: &[u8]) -> Result<(), Error<P::Error>> {
        let crc = self.platform.crc32c(0, view).to_le_bytes();
        self.write_device(page, &[&crc, view])?;
        self.state.writes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn write_device(&self, page: u32, bufs: &[&[u8]]) -> Result<(), Error<P::Error>> {
        let offset = u64::from(page) * self.page_size() as u64;
        let written = self.platform.data().write(offset, bufs);
        if is(Bug::WriteErrorIgnored) {
            return Ok(());
        }
        written.map_err(|error| Error::Device {
            device: DeviceName::Data,
            operation: Operation::Write,
            offset,
            error,
        })
    }

    /// Writes the dirty tree pages born at or before `epoch` among up to `budget` frames from
    /// `start`, neighbours on the device together. The frame to go on with; the number of frames
    /// when all were seen.
    pub fn write_dirty(&self, epoch: u64, start: usize, budget: usize) -> Result<usize, Error<P::Error>> {
        let flags = self.memory.flags();
        let mut written = 0;
        let mut at = start;
        while written < budget {
            let rest = flags.get(at..).unwrap_or(&[]);
            let Some(next) = rest.iter().position(|flags| flags.load(Ordering::Acquire) & DIRTY != 0) else {
                return Ok(flags.len());
            };
            at += next;
            if let Some(frame) = self.frame(at).filter(|frame| is_due(*frame, epoch)) {
                written += self.write_run(frame.page(), epoch)?;
            }
            at += 1;
        }
        Ok(at)
    }

    /// Writes `page` and the due pages that follow it without a gap. How many.
    fn write_run(&self, page: u32, epoch: u64) -> Result<usize, Error<P::Error>> {
        let mut pins: Vec<PinOf<'a, P, M>, WRITE_RUN_MAX> = Vec::new();
        let mut next = page;
        // The first page waits for its lock, since it must be written now; neighbours only join if free.
        while let Some(pin) = self.pin_due(next, epoch, pins.is_empty()) {
            if pins.push(pin).is_err() || pins.is_full() {
                break;
            }
            next = next.wrapping_add(1);
        }
        let mut crcs: Vec<[u8; CRC_LEN], WRITE_RUN_MAX> = Vec::new();
        for pin in &pins {
            // Cannot fail: as long as `pins`.
            let _ = crcs.push(self.platform.crc32c(0, pin.view()).to_le_bytes());
        }
        let mut bufs: Vec<&[u8], { 2 * WRITE_RUN_MAX }> = Vec::new();
        for (crc, pin) in crcs.iter().zip(&pins) {
            let _ = bufs.push(crc);
            let _ = bufs.push(pin.view());
        }
        if bufs.is_empty() {
            return Ok(0);
        }
        self.write_device(page, &bufs)?;
        for pin in &pins {
            pin.place().set_clean();
        }
        self.state.writes.fetch_add(pins.len() as u64, Ordering::Relaxed);
        Ok(pins.len())
    }

    fn holding_dirty(&self, page: u32, epoch: u64) -> Option<PlaceOf<'a, P, M>> {
        let (_, range) = self.set_of(page);
        range
            .filter_map(|index| self.frame(index))
            .find(|frame| frame.page() == page && is_due(*frame, epoch))
    }

    /// The dirty frame of a tree page, if it must be written by the checkpoint of `epoch`.
    fn pin_due(&self, page: u32, epoch: u64, wait: bool) -> Option<PinOf<'a, P, M>> {
        let frame = self.holding_dirty(page, epoch)?;
        let pin = if wait { Pin::lock(frame) } else { Pin::try_lock(frame)? };
        let in_tree = format::kind(pin.view()).is_some_and(Kind::in_tree);
        (frame.page() == page && is_due(frame, epoch) && in_tree).then_some(pin)
    }
}

impl<'a, P: Platform, M: Memory<P>> Pager<'a, P, M> {
    /// Writes a page that a checkpoint needs at once; only the writer may change such pages.
    pub fn write_if_dirty(&self, pin: &PinOf<'a, P, M>) -> Result<(), Error<P::Error>> {
        if pin.place().is_dirty() {
            self.write_page(pin.place().page(), pin.view())?;
            pin.place().set_clean();
        }
        Ok(())
    }
}

/// Whether a frame holds a page that the checkpoint of `epoch` must write.
fn is_due<R: RawRwLock, B>(frame: Place<'_, R, B>, epoch: u64) -> bool {
    frame.is_dirty() && frame.birth() <= epoch
}
