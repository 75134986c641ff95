//! The storage contract: byte-addressed devices with an explicit durability barrier.
//!
//! A device *declares* what it is. `block_size` is the unit that is written whole: while a write
//! runs, a block under it may end up holding any mixture of old bytes, new bytes and garbage; its
//! neighbours keep their bytes. Nothing else is assumed atomic or ordered. Between two flushes any
//! subset of the written blocks may reach the medium, in any order.
//!
//! After a crash: everything written before the last `flush` that returned `Ok` is there.
//! After a failed `flush`: nothing written since the flush before is known; the engine never
//! retries, it stops and lets recovery decide.

use core::ops::Range;

mod memory;
mod partition;

pub use memory::{MemoryDevice, MemoryError};
pub use partition::Partition;

/// What a device is made of, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// The unit that is written whole. A power of two.
    pub block_size: u32,
    /// The unit that must be erased before it is written again; 0 where writes need no erase.
    pub erase_size: u32,
}

/// Byte-addressed storage with an explicit durability barrier.
///
/// Methods take `&self` because reads run in parallel. An interrupted or short system call is
/// continued inside; any error returned is final for that call. An error whose kind is
/// [`embedded_io::ErrorKind::OutOfMemory`] means that the device has no space left.
pub trait BlockDevice: Sync {
    /// The device's own error.
    type Error: embedded_io::Error;

    /// Block and erase size; constant while the device is open.
    fn geometry(&self) -> Geometry;

    /// Bytes that a write may end on: a divisor of the block size. Where it is less than that, a
    /// write may leave out the end of its last block, whose bytes then are anybody's guess: the
    /// device still changes whole blocks.
    fn write_size(&self) -> u32 {
        self.geometry().block_size
    }

    /// Length in bytes.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn len(&self) -> Result<u64, Self::Error>;

    /// Whether the device holds no bytes at all.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn is_empty(&self) -> Result<bool, Self::Error> {
        Ok(self.len()? == 0)
    }

    /// Whether [`Self::read_vectored`] costs about as much as one `read`: then the engine reads pages
    /// that it will want soon together with the one it wants now.
    const READS_VECTORED: bool = false;

    /// Fills `buf` from `offset`, whole.
    ///
    /// # Errors
    /// `InvalidInput` past the end; otherwise whatever the device reports.
    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Self::Error>;

    /// Fills the slices one after the other from `offset`, whole.
    ///
    /// # Errors
    /// As of `read`; the slices then hold anything.
    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), Self::Error> {
        let mut at = offset;
        for buf in bufs {
            self.read(at, buf)?;
            at = at.saturating_add(buf.len() as u64);
        }
        Ok(())
    }

    /// Writes the slices one after the other at `offset`, whole. When power is lost before the
    /// next successful `flush`, each block touched may hold old bytes, new bytes or garbage.
    ///
    /// # Errors
    /// After an error any part of the range may have been written.
    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), Self::Error>;

    /// Writes a slice at `offset`, whole, and returns when its bytes are durable; earlier writes may
    /// be so too. One call where the device can, else a write and a flush.
    ///
    /// # Errors
    /// After an error nothing is known of these bytes.
    fn write_durable(&self, offset: u64, buf: &[u8]) -> Result<(), Self::Error> {
        self.write(offset, &[buf])?;
        self.flush()
    }

    /// Everything written and reserved before this call is durable when it returns `Ok`.
    ///
    /// # Errors
    /// After an error nothing is known of the writes since the last successful flush.
    fn flush(&self) -> Result<(), Self::Error>;

    /// Makes the device at least `len` bytes long, with the space really there; new bytes read as
    /// zero. Durable after the next `flush`.
    ///
    /// # Errors
    /// `OutOfMemory` when there is no space; the device then keeps its length.
    fn reserve(&self, len: u64) -> Result<(), Self::Error>;

    /// Gives the space beyond `len` back where the device can. Durable after the next `flush`.
    ///
    /// # Errors
    /// Whatever the device reports; the length is then either of the two.
    fn truncate(&self, len: u64) -> Result<(), Self::Error> {
        let _ = len;
        Ok(())
    }

    /// Erases whole erase units; needed before a second write where `erase_size` is not 0.
    ///
    /// # Errors
    /// Whatever the device reports; the range is then undefined.
    fn erase(&self, range: Range<u64>) -> Result<(), Self::Error>;

    /// Hint: these bytes will be flushed soon.
    fn start_writeback(&self, _range: Range<u64>) {}

    /// Hint: these bytes are no longer needed.
    fn discard(&self, _range: Range<u64>) {}
}
