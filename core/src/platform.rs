//! What the engine needs from the world: two devices, locks, waiting, a clock, entropy, a checksum.

use crate::device::BlockDevice;
use portable_atomic::AtomicU32;

/// Everything outside the engine, chosen once at open.
pub trait Platform: Sync {
    /// The error of both devices.
    type Error: embedded_io::Error;
    /// Holds pages.
    type Data: BlockDevice<Error = Self::Error>;
    /// Holds the log ring.
    type Log: BlockDevice<Error = Self::Error>;
    /// The lock for short critical sections.
    type Mutex: lock_api::RawMutex + Send + Sync;
    /// The lock around each frame.
    type RwLock: lock_api::RawRwLock + Send + Sync;
    /// Whether other threads can make progress while one waits. Where false, a taken writer's
    /// place is an error at once.
    const THREADS: bool;

    /// The device that holds the pages.
    fn data(&self) -> &Self::Data;

    /// The device that holds the log ring.
    fn log(&self) -> &Self::Log;

    /// A monotonic clock in microseconds; a few milliseconds late at most.
    fn now_us(&self) -> u64;

    /// 64 bits that no earlier opening has seen.
    fn entropy(&self) -> u64;

    /// CRC-32C (Castagnoli) of `bytes` continued from `crc`, the value so far (0 to begin).
    fn crc32c(&self, crc: u32, bytes: &[u8]) -> u32 {
        crate::checksum::crc32c(crc, bytes)
    }

    /// Blocks until `word` may differ from `seen`, or the time is over. May return early.
    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>);

    /// Wakes all who wait on `word`.
    fn wake(&self, word: &AtomicU32);
}
