//! A platform in memory: devices of a fixed length that never flush, for one thread. What remains
//! is the cost of the engine alone.

use drystone_core::{MemoryDevice, MemoryError, Platform};
use portable_atomic::AtomicU32;
use std::time::Instant;

/// The unit Linux files declare, so that commits write the same blocks.
const BLOCK: u32 = 4096;

type Device = MemoryDevice<parking_lot::RawRwLock, Vec<u8>>;

/// Two devices in memory.
pub struct RamPlatform {
    data: Device,
    log: Device,
    started: Instant,
}

impl RamPlatform {
    /// Empty devices of these lengths in bytes.
    #[must_use]
    pub fn new(data_len: usize, log_len: usize) -> Self {
        Self {
            data: MemoryDevice::new(vec![0; data_len], BLOCK),
            log: MemoryDevice::new(vec![0; log_len], BLOCK),
            started: Instant::now(),
        }
    }
}

impl Platform for RamPlatform {
    type Error = MemoryError;
    type Data = Device;
    type Log = Device;
    type Mutex = parking_lot::RawMutex;
    type RwLock = parking_lot::RawRwLock;
    // As on Linux: it decides how the pool makes room.
    const THREADS: bool = true;

    fn data(&self) -> &Device {
        &self.data
    }

    fn log(&self) -> &Device {
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
