//! A platform in memory: devices that never flush, for one thread. What remains is the cost of the
//! engine alone.

use drystone_core::{BlockDevice, Geometry, MemoryDevice, MemoryError, Platform};
use portable_atomic::{AtomicU32, AtomicU64, Ordering};
use std::ops::Range;
use std::time::Instant;

/// The unit Linux files declare, so that commits write the same blocks.
const BLOCK: u32 = 4096;

/// A device that grows inside memory taken at once, as a file grows on its disk.
pub struct RamDevice {
    memory: MemoryDevice<parking_lot::RawRwLock, Vec<u8>>,
    len: AtomicU64,
}

impl RamDevice {
    fn new(len_max: usize) -> Self {
        Self { memory: MemoryDevice::new(vec![0; len_max], BLOCK), len: AtomicU64::new(0) }
    }
}

impl BlockDevice for RamDevice {
    type Error = MemoryError;

    fn geometry(&self) -> Geometry {
        self.memory.geometry()
    }

    fn len(&self) -> Result<u64, MemoryError> {
        Ok(self.len.load(Ordering::Relaxed))
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), MemoryError> {
        self.memory.read(offset, buf)
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), MemoryError> {
        self.memory.write(offset, bufs)
    }

    fn flush(&self) -> Result<(), MemoryError> {
        Ok(())
    }

    fn reserve(&self, len: u64) -> Result<(), MemoryError> {
        self.memory.reserve(len)?;
        self.len.fetch_max(len, Ordering::Relaxed);
        Ok(())
    }

    fn erase(&self, _range: Range<u64>) -> Result<(), MemoryError> {
        Ok(())
    }
}

/// Two devices in memory.
pub struct RamPlatform {
    data: RamDevice,
    log: RamDevice,
    started: Instant,
}

impl RamPlatform {
    /// Empty devices that grow up to these lengths in bytes.
    #[must_use]
    pub fn new(data_len: usize, log_len: usize) -> Self {
        Self { data: RamDevice::new(data_len), log: RamDevice::new(log_len), started: Instant::now() }
    }
}

impl Platform for RamPlatform {
    type Error = MemoryError;
    type Data = RamDevice;
    type Log = RamDevice;
    type Mutex = parking_lot::RawMutex;
    type RwLock = parking_lot::RawRwLock;
    // As on Linux: it decides how the pool makes room.
    const THREADS: bool = true;

    fn data(&self) -> &RamDevice {
        &self.data
    }

    fn log(&self) -> &RamDevice {
        &self.log
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn entropy(&self) -> u64 {
        // The same in every run; no other opening ever sees these devices.
        0x9E37_79B9_7F4A_7C15
    }

    fn crc32c(&self, crc: u32, bytes: &[u8]) -> u32 {
        crc32c::crc32c_append(crc, bytes)
    }

    fn wait(&self, _word: &AtomicU32, _seen: u32, _timeout_us: Option<u64>) {
        std::thread::yield_now();
    }

    fn wake(&self, _word: &AtomicU32) {}
}
