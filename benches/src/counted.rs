//! The Linux platform with counts of what reaches its devices. Everything else is passed on.

use drystone_core::{BlockDevice, Geometry, Platform};
use drystone_platform_linux::{Error, FileDevice, LinuxPlatform, OpenOptions};
use portable_atomic::AtomicU32;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A device of a platform, its log or its data, with counts.
pub struct CountedDevice<const LOG: bool> {
    platform: Arc<LinuxPlatform>,
    reads: AtomicU64,
    read_bytes: AtomicU64,
    writes: AtomicU64,
    written_bytes: AtomicU64,
    flushes: AtomicU64,
}

impl<const LOG: bool> CountedDevice<LOG> {
    fn new(platform: &Arc<LinuxPlatform>) -> Self {
        let (reads, read_bytes, writes, written_bytes, flushes) = Default::default();
        Self { platform: Arc::clone(platform), reads, read_bytes, writes, written_bytes, flushes }
    }

    fn file(&self) -> &FileDevice {
        if LOG { self.platform.log() } else { self.platform.data() }
    }

    /// Calls of `read` and `read_vectored` so far.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Bytes read so far.
    #[must_use]
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes.load(Ordering::Relaxed)
    }

    /// Calls of `write` so far.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Bytes written so far.
    #[must_use]
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// Calls of `flush` so far.
    #[must_use]
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }
}

/// So many more: exact where one thread at a time uses a device, as the benchmarks do, and no locked
/// addition in what is timed.
fn add(count: &AtomicU64, more: usize) {
    count.store(count.load(Ordering::Relaxed) + more as u64, Ordering::Relaxed);
}

impl<const LOG: bool> BlockDevice for CountedDevice<LOG> {
    type Error = Error;
    const READS_VECTORED: bool = true;

    fn geometry(&self) -> Geometry {
        self.file().geometry()
    }

    fn write_size(&self) -> u32 {
        self.file().write_size()
    }

    fn len(&self) -> Result<u64, Error> {
        self.file().len()
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        add(&self.reads, 1);
        add(&self.read_bytes, buf.len());
        self.file().read(offset, buf)
    }

    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), Error> {
        add(&self.reads, 1);
        add(&self.read_bytes, bufs.iter().map(|buf| buf.len()).sum());
        self.file().read_vectored(offset, bufs)
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), Error> {
        add(&self.writes, 1);
        add(&self.written_bytes, bufs.iter().map(|buf| buf.len()).sum());
        self.file().write(offset, bufs)
    }

    fn write_durable(&self, offset: u64, buf: &[u8]) -> Result<(), Error> {
        add(&self.writes, 1);
        add(&self.written_bytes, buf.len());
        add(&self.flushes, 1);
        self.file().write_durable(offset, buf)
    }

    fn flush(&self) -> Result<(), Error> {
        add(&self.flushes, 1);
        self.file().flush()
    }

    fn reserve(&self, len: u64) -> Result<(), Error> {
        self.file().reserve(len)
    }

    fn truncate(&self, len: u64) -> Result<(), Error> {
        self.file().truncate(len)
    }

    fn erase(&self, range: Range<u64>) -> Result<(), Error> {
        self.file().erase(range)
    }

    fn start_writeback(&self, range: Range<u64>) {
        self.file().start_writeback(range);
    }

    fn discard(&self, range: Range<u64>) {
        self.file().discard(range);
    }
}

/// [`LinuxPlatform`] with counts.
pub struct CountedPlatform {
    inner: Arc<LinuxPlatform>,
    data: CountedDevice<false>,
    log: CountedDevice<true>,
}

impl CountedPlatform {
    /// Opens or creates the files of a database.
    ///
    /// # Errors
    /// As [`LinuxPlatform::open`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let inner = Arc::new(LinuxPlatform::open(path, OpenOptions::default())?);
        let data = CountedDevice::new(&inner);
        let log = CountedDevice::new(&inner);
        Ok(Self { inner, data, log })
    }
}

impl Platform for CountedPlatform {
    type Error = Error;
    type Data = CountedDevice<false>;
    type Log = CountedDevice<true>;
    type Mutex = <LinuxPlatform as Platform>::Mutex;
    type RwLock = <LinuxPlatform as Platform>::RwLock;
    const THREADS: bool = LinuxPlatform::THREADS;

    fn data(&self) -> &CountedDevice<false> {
        &self.data
    }

    fn log(&self) -> &CountedDevice<true> {
        &self.log
    }

    fn now_us(&self) -> u64 {
        self.inner.now_us()
    }

    fn entropy(&self) -> u64 {
        self.inner.entropy()
    }

    fn crc32c(&self, crc: u32, bytes: &[u8]) -> u32 {
        self.inner.crc32c(crc, bytes)
    }

    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>) {
        self.inner.wait(word, seen, timeout_us);
    }

    fn wake(&self, word: &AtomicU32) {
        self.inner.wake(word);
    }
}
