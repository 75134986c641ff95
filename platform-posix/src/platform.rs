//! Opening a database's two files, and the rest of what `core` asks of a platform.

use crate::device::{FileDevice, Growth, flush_directory};
use crate::error::{Error, Operation};
use crate::latch::Latch;
use crate::lock::{self, OwnEntry};
use crate::sys;
use crate::system::{System, retry};
use drystone_core::platform::Platform;
use portable_atomic::AtomicU32;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes for which the checksum needs no more than one run.
const SHORT: usize = 256;

/// How to open the files.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// Create the data file where there is none.
    pub create: bool,
    /// Write nothing, share the database with other readers.
    pub read_only: bool,
}

impl Default for OpenOptions {
    /// For writing, created where missing.
    fn default() -> Self {
        Self { create: true, read_only: false }
    }
}

/// A database in two files, locked. Dropping it unlocks.
pub struct PosixPlatform<S> {
    /// First: the entry goes before the descriptor, so that no opening finds neither.
    _own: Option<OwnEntry>,
    data: FileDevice<S>,
    log: FileDevice<S>,
    system: Arc<S>,
}

impl<S: System> PosixPlatform<S> {
    /// Opens (or creates) the data file at `path`, locks it, and finds its log.
    ///
    /// # Errors
    /// One [`Error`] each for: no such file or directory, not a regular file, no permission, in
    /// use (naming the holder).
    pub fn open(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self, Error> {
        Self::open_on(S::default(), path, options)
    }

    /// As [`PosixPlatform::open`], on a system with choices of its own.
    ///
    /// # Errors
    /// As [`PosixPlatform::open`].
    pub fn open_on(system: S, path: impl AsRef<Path>, options: OpenOptions) -> Result<Self, Error> {
        let system = Arc::new(system);
        let path: Arc<Path> = Arc::from(path.as_ref());
        let create = options.create && !options.read_only;
        if let Ok(stat) = retry(|| rustix::fs::stat(&*path)) {
            lock::refuse_own(&path, &stat)?;
        }
        let fd = open_data(&path, create, options.read_only)?;
        let stat = retry(|| rustix::fs::fstat(&fd)).map_err(|e| open_error(&path, e))?;
        check_regular(&path, &stat)?;
        let own = lock::acquire(&*system, &path, &fd, &stat, !options.read_only)?;
        // Links resolved: every name of the database leads to one log. Absolute: the log may be
        // created after the process changed its directory.
        let real = std::fs::canonicalize(&path)
            .map_err(|error| open_error(&path, Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        let len = u64::try_from(stat.st_size).unwrap_or(0);
        let mode = Mode::from_raw_mode(stat.st_mode);
        let file = Some((fd, len));
        let data =
            FileDevice::new(Arc::clone(&system), path, file, Growth::Allocate, options.read_only, mode);
        let path: Arc<Path> = Arc::from(log_path(&real));
        let file = open_log(&path, options.read_only)?;
        // Files that this call made, or another process that was killed before it came to this.
        if !options.read_only && (len == 0 || file.as_ref().is_some_and(|(_, len)| *len == 0)) {
            flush_directory(&Arc::from(real.as_path()))?;
        }
        let log =
            FileDevice::new(Arc::clone(&system), path, file, Growth::WriteZeros, options.read_only, mode);
        Ok(Self { _own: own, data, log, system })
    }
}

/// The name of a database's log: `my.db` has `my.db-log`.
fn log_path(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push("-log");
    PathBuf::from(name)
}

fn access(read_only: bool) -> OFlags {
    // NONBLOCK: opening a FIFO must fail with an error below, not wait for its other end.
    let access = if read_only { OFlags::RDONLY } else { OFlags::RDWR };
    access | OFlags::CLOEXEC | OFlags::NONBLOCK
}

fn open_error(path: &Arc<Path>, errno: Errno) -> Error {
    match errno {
        Errno::NOENT | Errno::NOTDIR => {
            let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            Error::NotFound { path: Arc::clone(path), directory: parent.is_some_and(|dir| !dir.is_dir()) }
        }
        Errno::NXIO | Errno::NODEV => not_a_file(path, "a device or socket"),
        errno => Error::of(path, Operation::Open, errno),
    }
}

fn not_a_file(path: &Arc<Path>, what: &'static str) -> Error {
    Error::NotAFile { path: Arc::clone(path), what }
}

/// Opens the data file, or creates it.
fn open_data(path: &Arc<Path>, create: bool, read_only: bool) -> Result<OwnedFd, Error> {
    let open = |flags| retry(|| rustix::fs::open(&**path, flags, Mode::from_raw_mode(0o644)));
    let fd = match open(access(read_only)) {
        // Not before: some systems refuse to create what another user has made in a shared folder.
        Err(Errno::NOENT) if create => open(access(read_only) | OFlags::CREATE),
        found => found,
    };
    fd.map_err(|e| open_error(path, e))
}

/// Opens the log file, if there is one, and tells its length.
fn open_log(path: &Arc<Path>, read_only: bool) -> Result<Option<(OwnedFd, u64)>, Error> {
    let fd = match retry(|| rustix::fs::open(&**path, access(read_only), Mode::empty())) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(open_error(path, errno)),
    };
    let stat = retry(|| rustix::fs::fstat(&fd)).map_err(|e| open_error(path, e))?;
    check_regular(path, &stat)?;
    Ok(Some((fd, u64::try_from(stat.st_size).unwrap_or(0))))
}

fn check_regular(path: &Arc<Path>, stat: &Stat) -> Result<(), Error> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(not_a_file(path, "a directory")),
        FileType::BlockDevice | FileType::CharacterDevice => Err(not_a_file(path, "a device")),
        FileType::Fifo => Err(not_a_file(path, "a pipe")),
        _ => Err(not_a_file(path, "something else")),
    }
}

impl<S: System> Platform for PosixPlatform<S> {
    type Error = Error;
    type Data = FileDevice<S>;
    type Log = FileDevice<S>;
    type Mutex = Latch;
    type RwLock = parking_lot::RawRwLock;
    const THREADS: bool = true;

    fn data(&self) -> &FileDevice<S> {
        &self.data
    }

    fn log(&self) -> &FileDevice<S> {
        &self.log
    }

    fn now_us(&self) -> u64 {
        self.system.now_us()
    }

    fn entropy(&self) -> u64 {
        self.system.entropy().unwrap_or_else(|_| fallback_entropy())
    }

    fn crc32c(&self, crc: u32, bytes: &[u8]) -> u32 {
        // The crate computes long runs three at a time, and takes its time to begin.
        let short = if bytes.len() <= SHORT { sys::crc32c_short(crc, bytes) } else { None };
        short.unwrap_or_else(|| crc32c::crc32c_append(crc, bytes))
    }

    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>) {
        self.system.wait(word, seen, timeout_us);
    }

    fn wake(&self, word: &AtomicU32) {
        self.system.wake(word);
    }
}

/// Random keys of the standard library's hasher, which keeps its own fallbacks.
fn fallback_entropy() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    let now = std::time::SystemTime::now();
    RandomState::new().hash_one((now, std::process::id()))
}
