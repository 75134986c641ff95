//! The system calls rustix lacks, and the only `unsafe` of this crate.

use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

fn errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

fn byte_lock(offset: i64, exclusive: bool) -> libc::flock {
    libc::flock {
        l_start: offset,
        l_len: 1,
        l_pid: 0,
        l_type: if exclusive { libc::F_WRLCK } else { libc::F_RDLCK },
        l_whence: libc::SEEK_SET as libc::c_short,
    }
}

fn lock_call(fd: BorrowedFd<'_>, command: libc::c_int, lock: &mut libc::flock) -> Result<(), Errno> {
    loop {
        // SAFETY: the descriptor is open as long as it is borrowed; all three commands used here
        // take a pointer to a `flock`, which is valid, exclusive and outlives the call.
        let result = unsafe { libc::fcntl(fd.as_raw_fd(), command, std::ptr::from_mut(lock)) };
        if result == 0 {
            return Ok(());
        }
        match errno() {
            Errno::INTR => {}
            errno => return Err(errno),
        }
    }
}

/// Takes an open-file-description lock on one byte without waiting. `AGAIN` or `ACCESS`: taken.
pub(crate) fn lock_descriptor(fd: BorrowedFd<'_>, offset: i64, exclusive: bool) -> Result<(), Errno> {
    lock_call(fd, libc::F_OFD_SETLK, &mut byte_lock(offset, exclusive))
}

/// Takes a POSIX (process) lock on one byte without waiting.
pub(crate) fn lock_process(fd: BorrowedFd<'_>, offset: i64, exclusive: bool) -> Result<(), Errno> {
    lock_call(fd, libc::F_SETLK, &mut byte_lock(offset, exclusive))
}

/// The process, other than this one, that holds a POSIX lock on the byte.
pub(crate) fn lock_owner(fd: BorrowedFd<'_>, offset: i64) -> Option<u32> {
    let mut lock = byte_lock(offset, true);
    lock_call(fd, libc::F_GETLK, &mut lock).ok()?;
    if lock.l_type == libc::F_UNLCK {
        return None;
    }
    u32::try_from(lock.l_pid).ok().filter(|pid| *pid != 0)
}

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
    let result = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_PREALLOCATE, std::ptr::from_mut(&mut store)) };
    if result == -1 { Err(errno()) } else { Ok(()) }
}

/// Orders everything written before it before everything written after it, in the drive too.
pub(crate) fn barrier(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the descriptor is open as long as it is borrowed; the command takes no argument.
    let result = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_BARRIERFSYNC) };
    if result == -1 { Err(errno()) } else { Ok(()) }
}

/// Eight random bytes from the kernel.
pub(crate) fn entropy() -> Result<u64, Errno> {
    let mut bytes = [0u8; 8];
    // SAFETY: the buffer is writable for the size given.
    let result = unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) };
    if result == 0 { Ok(u64::from_ne_bytes(bytes)) } else { Err(errno()) }
}
