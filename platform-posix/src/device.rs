//! A [`BlockDevice`] over one file.
//!
//! 1. The length is the file's own; it is kept here because the lock lets nobody else change it.
//! 2. `EINTR` and short counts are continued; every other error is final for the call.
//! 3. A reservation is either there whole or the file has its old length.
//! 4. A file that does not exist yet has length 0 and is created by its first `reserve`.

use crate::error::{Error, Operation};
use crate::system::{System, retry};
use drystone_core::device::{BlockDevice, Geometry};
use parking_lot::Mutex;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::io::{IoSlice, IoSliceMut};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What the kernel writes whole: a page of its cache.
const BLOCK_SIZE: u32 = 4096;

/// What the kernel takes at a time: anything, since it keeps the rest of the page in its cache. A line
/// of the processor's cache, so that copies are aligned.
const WRITE_SIZE: u32 = 64;

/// Slices handed to one system call; longer lists take several calls.
const SLICES_MAX: usize = 64;

/// How a file grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// Reserve blocks without writing them.
    Allocate,
    /// Write zeros, so that overwriting them later changes no metadata.
    WriteZeros,
}

/// One file as a device. See the module's header.
pub struct FileDevice<S> {
    system: Arc<S>,
    path: Arc<Path>,
    file: OnceLock<OwnedFd>,
    /// The file once more, whose writes are durable when they return, where there is such a thing.
    durable: OnceLock<Option<OwnedFd>>,
    len: AtomicU64,
    /// Held while the length changes.
    resize: Mutex<()>,
    growth: Growth,
    read_only: bool,
    /// Permissions of a file created here.
    mode: Mode,
}

impl<S: System> FileDevice<S> {
    /// The device over a file that is open (`file`) or does not exist yet (`None`).
    pub(crate) fn new(
        system: Arc<S>,
        path: Arc<Path>,
        file: Option<(OwnedFd, u64)>,
        growth: Growth,
        read_only: bool,
        mode: Mode,
    ) -> Self {
        let cell = OnceLock::new();
        let mut len = 0;
        if let Some((fd, file_len)) = file {
            len = file_len;
            let _ = cell.set(fd);
        }
        let device = Self {
            system,
            path,
            file: cell,
            durable: OnceLock::new(),
            len: AtomicU64::new(len),
            resize: Mutex::new(()),
            growth,
            read_only,
            mode,
        };
        device.open_durable();
        device
    }

    /// Opens the file once more where its writes are commits: not in the first one, which would allocate.
    fn open_durable(&self) {
        if self.growth == Growth::WriteZeros
            && !self.read_only
            && let Some(fd) = self.file.get()
        {
            self.durable.get_or_init(|| self.system.open_durable(fd.as_fd()));
        }
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, operation: Operation, errno: Errno) -> Error {
        Error::of(&self.path, operation, errno)
    }

    fn out_of_range(&self, offset: u64, len: u64) -> Error {
        Error::OutOfRange {
            path: Arc::clone(&self.path),
            offset,
            len,
            file_len: self.len.load(Ordering::Acquire),
        }
    }

    /// The open file, provided that `offset .. offset + len` lies inside it.
    fn file_for(&self, offset: u64, len: u64) -> Result<BorrowedFd<'_>, Error> {
        let end = offset.checked_add(len);
        match (self.file.get(), end) {
            (Some(fd), Some(end)) if end <= self.len.load(Ordering::Acquire) => Ok(fd.as_fd()),
            _ => Err(self.out_of_range(offset, len)),
        }
    }

    fn check_writable(&self) -> Result<(), Error> {
        if self.read_only {
            return Err(Error::ReadOnly { path: Arc::clone(&self.path) });
        }
        Ok(())
    }

    /// The open file, created if need be. The caller holds `resize`.
    fn file_or_create(&self) -> Result<BorrowedFd<'_>, Error> {
        if let Some(fd) = self.file.get() {
            return Ok(fd.as_fd());
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
        let fd = retry(|| rustix::fs::open(&*self.path, flags, self.mode))
            .map_err(|errno| self.error(Operation::Open, errno))?;
        flush_directory(&self.path)?;
        let fd = self.file.get_or_init(|| fd).as_fd();
        self.open_durable();
        Ok(fd)
    }

    fn grow(&self, fd: BorrowedFd<'_>, from: u64, to: u64) -> Result<(), Errno> {
        if self.growth == Growth::Allocate && self.system.preallocate(fd, from, to)? {
            return Ok(());
        }
        let zeros = vec![0; 1 << 20];
        let mut at = from;
        while at < to {
            let part = usize::try_from(to - at).map_or(zeros.len(), |rest| rest.min(zeros.len()));
            write_slice(fd, at, zeros.get(..part).unwrap_or_default())?;
            at += part as u64;
        }
        Ok(())
    }
}

/// Makes the creation of `path` durable.
pub(crate) fn flush_directory(path: &Arc<Path>) -> Result<(), Error> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    retry(|| rustix::fs::open(parent, flags, Mode::empty()))
        .and_then(|fd| retry(|| rustix::fs::fsync(&fd)))
        .map_err(|errno| Error::of(path, Operation::Flush, errno))
}

/// Fills all slices one after the other. `false`: the file ends before.
fn read_slices(fd: BorrowedFd<'_>, mut offset: u64, bufs: &mut [&mut [u8]]) -> Result<bool, Errno> {
    for group in bufs.chunks_mut(SLICES_MAX) {
        let mut slices: [IoSliceMut<'_>; SLICES_MAX] = std::array::from_fn(|_| IoSliceMut::new(&mut []));
        let count = group.len();
        for (slice, buf) in slices.iter_mut().zip(group) {
            *slice = IoSliceMut::new(buf);
        }
        let mut rest = slices.get_mut(..count).unwrap_or_default();
        // Empty slices in front would make "nothing read" look like the end of the file.
        IoSliceMut::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            let count = retry(|| rustix::io::preadv(fd, rest, offset))?;
            if count == 0 {
                return Ok(false);
            }
            offset += count as u64;
            IoSliceMut::advance_slices(&mut rest, count);
        }
    }
    Ok(true)
}

/// Writes one slice: what a commit does.
fn write_slice(fd: BorrowedFd<'_>, mut offset: u64, mut rest: &[u8]) -> Result<(), Errno> {
    while !rest.is_empty() {
        let written = retry(|| rustix::io::pwrite(fd, rest, offset))?;
        if written == 0 {
            return Err(Errno::NOSPC);
        }
        offset += written as u64;
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// Writes all slices one after the other.
fn write_slices(fd: BorrowedFd<'_>, mut offset: u64, bufs: &[&[u8]]) -> Result<(), Errno> {
    if let [one] = bufs {
        return write_slice(fd, offset, one);
    }
    for group in bufs.chunks(SLICES_MAX) {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        for (slice, buf) in slices.iter_mut().zip(group) {
            *slice = IoSlice::new(buf);
        }
        let mut rest = slices.get_mut(..group.len()).unwrap_or_default();
        // Empty slices in front would make "nothing written" look like a full device.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            let written = retry(|| rustix::io::pwritev(fd, rest, offset))?;
            if written == 0 {
                return Err(Errno::NOSPC);
            }
            offset += written as u64;
            IoSlice::advance_slices(&mut rest, written);
        }
    }
    Ok(())
}

impl<S: System> BlockDevice for FileDevice<S> {
    type Error = Error;
    const READS_VECTORED: bool = true;

    fn geometry(&self) -> Geometry {
        Geometry { block_size: BLOCK_SIZE, erase_size: 0 }
    }

    fn write_size(&self) -> u32 {
        WRITE_SIZE
    }

    fn len(&self) -> Result<u64, Error> {
        Ok(self.len.load(Ordering::Acquire))
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        let len = buf.len() as u64;
        let fd = self.file_for(offset, len)?;
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let count = retry(|| rustix::io::pread(fd, &mut *rest, offset + done as u64))
                .map_err(|errno| self.error(Operation::Read, errno))?;
            if count == 0 {
                return Err(self.out_of_range(offset, len)); // somebody cut the file under us
            }
            done += count;
        }
        Ok(())
    }

    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), Error> {
        let len = bufs.iter().map(|buf| buf.len() as u64).sum();
        let fd = self.file_for(offset, len)?;
        match read_slices(fd, offset, bufs) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.out_of_range(offset, len)), // somebody cut the file under us
            Err(errno) => Err(self.error(Operation::Read, errno)),
        }
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), Error> {
        self.check_writable()?;
        let len = bufs.iter().map(|buf| buf.len() as u64).sum();
        let fd = self.file_for(offset, len)?;
        write_slices(fd, offset, bufs).map_err(|errno| self.error(Operation::Write, errno))
    }

    fn write_durable(&self, offset: u64, buf: &[u8]) -> Result<(), Error> {
        self.check_writable()?;
        let fd = self.file_for(offset, buf.len() as u64)?;
        let durable = self.durable.get().and_then(Option::as_ref);
        let written = write_slice(durable.map_or(fd, OwnedFd::as_fd), offset, buf);
        written.map_err(|errno| self.error(Operation::Write, errno))?;
        if durable.is_some() { Ok(()) } else { self.flush() }
    }

    fn flush(&self) -> Result<(), Error> {
        let Some(fd) = self.file.get() else {
            return Ok(());
        };
        self.system.flush(fd.as_fd()).map_err(|errno| self.error(Operation::Flush, errno))
    }

    fn reserve(&self, len: u64) -> Result<(), Error> {
        self.check_writable()?;
        let _resizing = self.resize.lock();
        let old = self.len.load(Ordering::Acquire);
        if len <= old {
            return Ok(());
        }
        let fd = self.file_or_create()?;
        if let Err(errno) = self.grow(fd, old, len) {
            // Blocks of a reservation that failed half way go back; if even that fails the file
            // is longer than its recorded length, which the next reservation overwrites.
            let _ = retry(|| rustix::fs::ftruncate(fd, old));
            return Err(self.error(Operation::Reserve, errno));
        }
        self.len.store(len, Ordering::Release);
        Ok(())
    }

    fn truncate(&self, len: u64) -> Result<(), Error> {
        self.check_writable()?;
        let _resizing = self.resize.lock();
        let Some(fd) = self.file.get() else {
            return Ok(());
        };
        if len >= self.len.load(Ordering::Acquire) {
            return Ok(());
        }
        retry(|| rustix::fs::ftruncate(fd, len)).map_err(|errno| self.error(Operation::Truncate, errno))?;
        self.len.store(len, Ordering::Release);
        Ok(())
    }

    fn erase(&self, _range: Range<u64>) -> Result<(), Error> {
        Ok(())
    }

    fn start_writeback(&self, range: Range<u64>) {
        if let Some(fd) = self.file.get() {
            self.system.start_writeback(fd.as_fd(), range);
        }
    }
}
