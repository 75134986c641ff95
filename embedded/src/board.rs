//! The platform: two devices in RAM, no threads, no clock.

use cortex_m::singleton;
use drystone_core::device::{MemoryDevice, MemoryError};
use drystone_core::platform::Platform;
use portable_atomic::{AtomicU32, Ordering};

/// Bytes of a block of either device.
const BLOCK: u32 = 512;
/// Bytes of the data device.
const DATA_LEN: usize = 64 * 1024;
/// Bytes of the log device.
pub const LOG_LEN: usize = 8 * 1024;

type Device = MemoryDevice<spin::RwLock<()>, &'static mut [u8]>;

/// This board. Its copies see the same devices.
#[derive(Clone, Copy)]
pub struct Board {
    data: &'static Device,
    log: &'static Device,
    openings: &'static AtomicU32,
}

impl Board {
    /// The board; `None` the second time.
    pub fn take() -> Option<Self> {
        // Filled at run time: a static with a block size in it would stand in flash, whole.
        let data: &'static mut [u8] = singleton!(: [u8; DATA_LEN] = [0; DATA_LEN])?;
        let log: &'static mut [u8] = singleton!(: [u8; LOG_LEN] = [0; LOG_LEN])?;
        Some(Self {
            data: singleton!(: Device = MemoryDevice::new(data, BLOCK))?,
            log: singleton!(: Device = MemoryDevice::new(log, BLOCK))?,
            openings: singleton!(: AtomicU32 = AtomicU32::new(0))?,
        })
    }
}

impl Platform for Board {
    type Error = MemoryError;
    type Data = Device;
    type Log = Device;
    type Mutex = spin::Mutex<()>;
    type RwLock = spin::RwLock<()>;
    const THREADS: bool = false;

    fn data(&self) -> &Device {
        self.data
    }

    fn log(&self) -> &Device {
        self.log
    }

    fn now_us(&self) -> u64 {
        0
    }

    /// A firmware with a random number generator asks it; nothing outlives this program, so a
    /// count is as good.
    fn entropy(&self) -> u64 {
        u64::from(self.openings.fetch_add(1, Ordering::Relaxed)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn wait(&self, _word: &AtomicU32, _seen: u32, _timeout_us: Option<u64>) {}

    fn wake(&self, _word: &AtomicU32) {}
}
