//! The system calls rustix lacks, and the only `unsafe` of this crate.

use drystone_platform_posix::checked;
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The name of a process's program.
pub(crate) fn program_name(pid: u32) -> Option<String> {
    let pid = libc::c_int::try_from(pid).ok()?;
    let mut name = [0u8; 64];
    // SAFETY: the buffer is writable for the size given; the call writes no more than that.
    let len = unsafe { libc::proc_name(pid, name.as_mut_ptr().cast(), name.len() as u32) };
    let name = name.get(..usize::try_from(len).ok()?)?;
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}

/// Allocates `len` bytes behind the last allocated one, all or none. (rustix's `fallocate` asks
/// for the file's whole new length on top of what it has.)
pub(crate) fn preallocate(fd: BorrowedFd<'_>, len: i64) -> Result<(), Errno> {
    let mut store = libc::fstore_t {
        fst_flags: libc::F_ALLOCATEALL,
        fst_posmode: libc::F_PEOFPOSMODE,
        fst_offset: 0,
        fst_length: len,
        fst_bytesalloc: 0,
    };
    // SAFETY: the descriptor is open as long as it is borrowed; the command takes a pointer to an
    // `fstore_t`, which is valid, exclusive and outlives the call.
    checked(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_PREALLOCATE, std::ptr::from_mut(&mut store)) })
}

/// Orders everything written before it before everything written after it, in the drive too.
pub(crate) fn barrier(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the descriptor is open as long as it is borrowed; the command takes no argument.
    checked(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_BARRIERFSYNC) })
}

/// Eight random bytes from the kernel.
pub(crate) fn entropy() -> Result<u64, Errno> {
    let mut bytes = [0u8; 8];
    // SAFETY: the buffer is writable for the size given.
    checked(unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) })?;
    Ok(u64::from_ne_bytes(bytes))
}
