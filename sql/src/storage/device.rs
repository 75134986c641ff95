//! Devices and platform of the standard library's world: two files, or memory.
//!
//! The files are those of the platform crate for this system; a database in memory has two
//! `MemoryDevice`s that grow by chunks. `StdPlatform` is either.

use drystone_core::device::{BlockDevice, Geometry};
use drystone_core::platform::Platform;
#[cfg(target_os = "linux")]
use drystone_platform_linux::{Error as NativeError, FileDevice, LinuxPlatform as Native, OpenOptions};
#[cfg(target_vendor = "apple")]
use drystone_platform_macos::{Error as NativeError, FileDevice, MacPlatform as Native, OpenOptions};
use parking_lot::{Condvar, Mutex, RwLock};
use portable_atomic::{AtomicU32, Ordering};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
compile_error!("the SQL layer runs on Linux and macOS; without the feature `std` the core runs anywhere");

/// What a device reports.
#[derive(Clone, Debug)]
pub(crate) enum DeviceError {
    File(NativeError),
    /// An access beyond the end of a memory device.
    OutOfRange,
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceError::File(error) => error.fmt(f),
            DeviceError::OutOfRange => f.write_str("an access beyond the end of the memory device"),
        }
    }
}

impl std::error::Error for DeviceError {}

impl embedded_io::Error for DeviceError {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            DeviceError::File(error) => error.kind(),
            DeviceError::OutOfRange => embedded_io::ErrorKind::InvalidInput,
        }
    }
}

/// Bytes of a chunk of a memory device.
const CHUNK: usize = 1 << 20;
/// Nothing tears in memory, so small blocks keep the log short.
const MEMORY_BLOCK: u32 = 512;

/// Memory that grows.
#[derive(Default)]
pub(crate) struct MemoryDevice {
    state: RwLock<Chunks>,
}

#[derive(Default)]
struct Chunks {
    len: u64,
    chunks: Vec<Box<[u8]>>,
}

impl Chunks {
    /// Calls `f` with each piece of a range, and where the piece begins in it.
    fn pieces(
        &mut self,
        offset: u64,
        len: usize,
        mut f: impl FnMut(&mut [u8], usize),
    ) -> Result<(), DeviceError> {
        let start = usize::try_from(offset).map_err(|_| DeviceError::OutOfRange)?;
        if offset.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(DeviceError::OutOfRange);
        }
        let mut done = 0;
        while done < len {
            let (chunk, at) = ((start + done) / CHUNK, (start + done) % CHUNK);
            let part = (len - done).min(CHUNK - at);
            let chunk = self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(at..at + part));
            f(chunk.ok_or(DeviceError::OutOfRange)?, done);
            done += part;
        }
        Ok(())
    }

    fn resize(&mut self, len: u64) -> Result<(), DeviceError> {
        let count = usize::try_from(len.div_ceil(CHUNK as u64)).map_err(|_| DeviceError::OutOfRange)?;
        if len < self.len {
            self.chunks.truncate(count);
            self.len = len;
            return Ok(());
        }
        let old = self.len;
        self.len = len.min(self.chunks.len() as u64 * CHUNK as u64);
        // What a truncation left in the last chunk reads as zero again.
        let rest = usize::try_from(self.len - old).map_err(|_| DeviceError::OutOfRange)?;
        self.pieces(old, rest, |piece, _| piece.fill(0))?;
        self.chunks.resize_with(count, || vec![0; CHUNK].into_boxed_slice());
        self.len = len;
        Ok(())
    }
}

impl BlockDevice for MemoryDevice {
    type Error = DeviceError;

    fn geometry(&self) -> Geometry {
        Geometry { block_size: MEMORY_BLOCK, erase_size: 0 }
    }

    fn len(&self) -> Result<u64, DeviceError> {
        Ok(self.state.read().len)
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        let state = self.state.read();
        let start = usize::try_from(offset).map_err(|_| DeviceError::OutOfRange)?;
        if offset.checked_add(buf.len() as u64).is_none_or(|end| end > state.len) {
            return Err(DeviceError::OutOfRange);
        }
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let (chunk, at) = ((start + done) / CHUNK, (start + done) % CHUNK);
            let part = rest.len().min(CHUNK - at);
            let from = state.chunks.get(chunk).and_then(|chunk| chunk.get(at..at + part));
            if let (Some(to), Some(from)) = (rest.get_mut(..part), from) {
                to.copy_from_slice(from);
            }
            done += part;
        }
        Ok(())
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), DeviceError> {
        let mut state = self.state.write();
        let mut at = offset;
        for buf in bufs {
            state.pieces(at, buf.len(), |piece, from| {
                if let Some(bytes) = buf.get(from..from + piece.len()) {
                    piece.copy_from_slice(bytes);
                }
            })?;
            at += buf.len() as u64;
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn reserve(&self, len: u64) -> Result<(), DeviceError> {
        let mut state = self.state.write();
        if len > state.len { state.resize(len) } else { Ok(()) }
    }

    fn truncate(&self, len: u64) -> Result<(), DeviceError> {
        let mut state = self.state.write();
        if len < state.len { state.resize(len) } else { Ok(()) }
    }

    fn erase(&self, _range: Range<u64>) -> Result<(), DeviceError> {
        Ok(())
    }
}

/// One of the two devices of a database.
pub(crate) enum Device {
    Data(Arc<Native>),
    Log(Arc<Native>),
    Memory(MemoryDevice),
}

/// What holds a device.
enum Holder<'a> {
    File(&'a FileDevice),
    Memory(&'a MemoryDevice),
}

impl Device {
    fn holder(&self) -> Holder<'_> {
        match self {
            Device::Data(native) => Holder::File(native.data()),
            Device::Log(native) => Holder::File(native.log()),
            Device::Memory(memory) => Holder::Memory(memory),
        }
    }
}

/// Calls the same method of whichever device it is.
macro_rules! either {
    ($device:expr, $inner:ident => $call:expr) => {
        match $device.holder() {
            Holder::File($inner) => $call.map_err(DeviceError::File),
            Holder::Memory($inner) => $call,
        }
    };
}

impl BlockDevice for Device {
    type Error = DeviceError;
    const READS_VECTORED: bool = true;

    fn geometry(&self) -> Geometry {
        match self.holder() {
            Holder::File(device) => device.geometry(),
            Holder::Memory(device) => device.geometry(),
        }
    }

    fn write_size(&self) -> u32 {
        match self.holder() {
            Holder::File(device) => device.write_size(),
            Holder::Memory(device) => device.write_size(),
        }
    }

    fn len(&self) -> Result<u64, DeviceError> {
        either!(self, device => device.len())
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        either!(self, device => device.read(offset, buf))
    }

    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), DeviceError> {
        either!(self, device => device.read_vectored(offset, bufs))
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), DeviceError> {
        either!(self, device => device.write(offset, bufs))
    }

    fn write_durable(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        either!(self, device => device.write_durable(offset, buf))
    }

    fn flush(&self) -> Result<(), DeviceError> {
        either!(self, device => device.flush())
    }

    fn reserve(&self, len: u64) -> Result<(), DeviceError> {
        either!(self, device => device.reserve(len))
    }

    fn truncate(&self, len: u64) -> Result<(), DeviceError> {
        either!(self, device => device.truncate(len))
    }

    fn erase(&self, range: Range<u64>) -> Result<(), DeviceError> {
        either!(self, device => device.erase(range))
    }

    fn start_writeback(&self, range: Range<u64>) {
        if let Holder::File(device) = self.holder() {
            device.start_writeback(range);
        }
    }

    fn discard(&self, range: Range<u64>) {
        if let Holder::File(device) = self.holder() {
            device.discard(range);
        }
    }
}

/// The platform under the SQL layer.
pub(crate) struct StdPlatform {
    data: Device,
    log: Device,
    /// None: in memory.
    native: Option<Arc<Native>>,
    started: Instant,
    waiting: Mutex<()>,
    woken: Condvar,
}

impl StdPlatform {
    /// The two files of a database.
    pub(crate) fn open(path: &Path, create: bool, read_only: bool) -> Result<Self, DeviceError> {
        let native = Native::open(path, OpenOptions { create, read_only }).map_err(DeviceError::File)?;
        let native = Arc::new(native);
        Ok(Self::new(Device::Data(native.clone()), Device::Log(native.clone()), Some(native)))
    }

    /// A database in memory.
    pub(crate) fn memory() -> Self {
        let device = || Device::Memory(MemoryDevice::default());
        Self::new(device(), device(), None)
    }

    fn new(data: Device, log: Device, native: Option<Arc<Native>>) -> Self {
        let started = Instant::now();
        Self { data, log, native, started, waiting: Mutex::new(()), woken: Condvar::new() }
    }
}

impl Platform for StdPlatform {
    type Error = DeviceError;
    type Data = Device;
    type Log = Device;
    type Mutex = <Native as Platform>::Mutex;
    type RwLock = parking_lot::RawRwLock;
    const THREADS: bool = true;

    fn data(&self) -> &Device {
        &self.data
    }

    fn log(&self) -> &Device {
        &self.log
    }

    fn now_us(&self) -> u64 {
        match &self.native {
            Some(native) => native.now_us(),
            None => u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }

    fn entropy(&self) -> u64 {
        match &self.native {
            Some(native) => native.entropy(),
            None => RandomState::new().hash_one(std::process::id()),
        }
    }

    fn crc32c(&self, crc: u32, bytes: &[u8]) -> u32 {
        match &self.native {
            Some(native) => native.crc32c(crc, bytes),
            None => crc32c::crc32c_append(crc, bytes),
        }
    }

    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>) {
        if let Some(native) = &self.native {
            return native.wait(word, seen, timeout_us);
        }
        let mut guard = self.waiting.lock();
        if word.load(Ordering::Acquire) != seen {
            return;
        }
        match timeout_us {
            Some(timeout) => {
                self.woken.wait_for(&mut guard, Duration::from_micros(timeout));
            }
            None => self.woken.wait(&mut guard),
        }
    }

    fn wake(&self, word: &AtomicU32) {
        if let Some(native) = &self.native {
            return native.wake(word);
        }
        // Whoever waits has looked at the word under this lock.
        drop(self.waiting.lock());
        self.woken.notify_all();
    }
}
