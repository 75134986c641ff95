//! A window of another device, so that data and log can share one medium.

use super::{BlockDevice, Geometry};
use core::ops::Range;

/// Bytes `start .. start + len` of the device behind `D`; its own offsets begin at 0.
///
/// `start` and `len` are multiples of the block size (and of the erase size). A flush flushes the
/// whole device. The window does not grow.
pub struct Partition<D> {
    device: D,
    start: u64,
    len: u64,
}

impl<D> Partition<D> {
    /// The window `start .. start + len` of `device`.
    pub const fn new(device: D, start: u64, len: u64) -> Self {
        Self { device, start, len }
    }
}

impl<T, D> BlockDevice for Partition<D>
where
    T: BlockDevice,
    D: core::ops::Deref<Target = T> + Sync,
{
    type Error = T::Error;
    const READS_VECTORED: bool = T::READS_VECTORED;

    fn geometry(&self) -> Geometry {
        self.device.geometry()
    }

    fn write_size(&self) -> u32 {
        self.device.write_size()
    }

    fn len(&self) -> Result<u64, T::Error> {
        Ok(self.len)
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), T::Error> {
        self.device.read(self.at(offset, buf.len() as u64), buf)
    }

    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), T::Error> {
        let len = bufs.iter().map(|buf| buf.len() as u64).sum();
        self.device.read_vectored(self.at(offset, len), bufs)
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), T::Error> {
        let len = bufs.iter().map(|buf| buf.len() as u64).sum();
        self.device.write(self.at(offset, len), bufs)
    }

    fn write_durable(&self, offset: u64, buf: &[u8]) -> Result<(), T::Error> {
        self.device.write_durable(self.at(offset, buf.len() as u64), buf)
    }

    fn flush(&self) -> Result<(), T::Error> {
        self.device.flush()
    }

    fn reserve(&self, len: u64) -> Result<(), T::Error> {
        // What the window cannot hold no device has: half the address space is out of space, not range.
        self.device.reserve(if len <= self.len { self.start + len } else { u64::MAX >> 1 })
    }

    fn erase(&self, range: Range<u64>) -> Result<(), T::Error> {
        let start = self.at(range.start, range.end.saturating_sub(range.start));
        self.device.erase(start..start + (range.end - range.start))
    }
}

impl<D> Partition<D> {
    /// The place of `offset .. offset + len` on the whole device; a range beyond the window maps
    /// to the end of the address space, where every device reports it as out of range.
    fn at(&self, offset: u64, len: u64) -> u64 {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => self.start + offset,
            _ => u64::MAX - len,
        }
    }
}
