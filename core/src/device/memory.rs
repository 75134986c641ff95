//! A device over a lent buffer: databases in RAM, tests, firmware without storage.
//!
//! "Durable" here means: as long as the buffer lives. The length is fixed.

use super::{BlockDevice, Geometry};
use core::fmt;
use core::ops::Range;
use lock_api::{RawRwLock, RwLock};

/// What can go wrong on a [`MemoryDevice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryError {
    /// The range does not lie inside the buffer.
    OutOfRange,
    /// The buffer cannot grow.
    Full,
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "the range lies outside the memory device",
            Self::Full => "the memory device cannot grow",
        })
    }
}

impl core::error::Error for MemoryError {}

impl embedded_io::Error for MemoryError {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            Self::OutOfRange => embedded_io::ErrorKind::InvalidInput,
            Self::Full => embedded_io::ErrorKind::OutOfMemory,
        }
    }
}

/// A [`BlockDevice`] of fixed length in a lent buffer `B`.
pub struct MemoryDevice<R, B> {
    bytes: RwLock<R, B>,
    block_size: u32,
}

impl<R: RawRwLock, B> MemoryDevice<R, B> {
    /// A device over `bytes` that declares `block_size`.
    pub const fn new(bytes: B, block_size: u32) -> Self {
        Self { bytes: RwLock::new(bytes), block_size }
    }
}

fn span(offset: u64, len: usize) -> Result<Range<usize>, MemoryError> {
    let start = usize::try_from(offset).map_err(|_| MemoryError::OutOfRange)?;
    let end = start.checked_add(len).ok_or(MemoryError::OutOfRange)?;
    Ok(start..end)
}

impl<R, B> BlockDevice for MemoryDevice<R, B>
where
    R: RawRwLock + Sync,
    B: AsRef<[u8]> + AsMut<[u8]> + Send + Sync,
{
    type Error = MemoryError;

    fn geometry(&self) -> Geometry {
        Geometry { block_size: self.block_size, erase_size: 0 }
    }

    fn len(&self) -> Result<u64, MemoryError> {
        Ok(self.bytes.read().as_ref().len() as u64)
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), MemoryError> {
        let span = span(offset, buf.len())?;
        let bytes = self.bytes.read();
        let from = bytes.as_ref().get(span).ok_or(MemoryError::OutOfRange)?;
        buf.copy_from_slice(from);
        Ok(())
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), MemoryError> {
        let mut bytes = self.bytes.write();
        let mut at = offset;
        for buf in bufs {
            let span = span(at, buf.len())?;
            let to = bytes.as_mut().get_mut(span).ok_or(MemoryError::OutOfRange)?;
            to.copy_from_slice(buf);
            at += buf.len() as u64;
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), MemoryError> {
        Ok(())
    }

    fn reserve(&self, len: u64) -> Result<(), MemoryError> {
        if len > self.len()? {
            return Err(MemoryError::Full);
        }
        Ok(())
    }

    fn erase(&self, _range: Range<u64>) -> Result<(), MemoryError> {
        Ok(())
    }
}
