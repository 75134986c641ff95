//! One writer or any number of readers per database, and the name of whoever is in the way.
//!
//! Byte `LOCK` guards (open-file-description lock), byte `NAME` tells the holder's process id
//! (POSIX lock). Both go with the process; see the crate's header.

use crate::error::{Error, Holder, Operation};
use crate::sys;
use crate::system::System;
use rustix::fs::{Dev, Stat};
use rustix::io::Errno;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const LOCK: i64 = 1 << 62;
const NAME: i64 = LOCK + 1;

/// A file's identity: device and inode.
type FileId = (Dev, u64);

/// The files this process has open for writing.
static OWN: Mutex<Vec<FileId>> = Mutex::new(Vec::new());

fn file_id(stat: &Stat) -> FileId {
    (stat.st_dev, stat.st_ino)
}

/// This process's entry in the table of files open for writing; gone when dropped.
pub(crate) struct OwnEntry(FileId);

impl Drop for OwnEntry {
    fn drop(&mut self) {
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|file| *file != self.0);
    }
}

/// Refuses a file that this process already writes, before it is opened a second time.
pub(crate) fn refuse_own(path: &Arc<Path>, stat: &Stat) -> Result<(), Error> {
    let own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if own.contains(&file_id(stat)) {
        return Err(locked(path, Holder::ThisProcess));
    }
    Ok(())
}

/// Locks the open file, for writing or for reading only. The lock goes when the descriptor is
/// closed.
pub(crate) fn acquire(
    system: &impl System,
    path: &Arc<Path>,
    fd: impl AsFd,
    stat: &Stat,
    exclusive: bool,
) -> Result<Option<OwnEntry>, Error> {
    let fd = fd.as_fd();
    match sys::lock_descriptor(fd, LOCK, exclusive) {
        Ok(()) => {}
        Err(Errno::AGAIN | Errno::ACCESS) => {
            return Err(locked(path, holder(system, sys::lock_owner(fd, NAME))));
        }
        Err(errno) => return Err(Error::of(path, Operation::Lock, errno)),
    }
    // The name plate guards nothing: without it the database works, an error only says less.
    let _ = sys::lock_process(fd, NAME, exclusive);
    if !exclusive {
        return Ok(None);
    }
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    own.push(file_id(stat));
    Ok(Some(OwnEntry(file_id(stat))))
}

fn locked(path: &Arc<Path>, holder: Holder) -> Error {
    Error::Locked { path: Arc::clone(path), holder }
}

fn holder(system: &impl System, pid: Option<u32>) -> Holder {
    let Some(pid) = pid else {
        return Holder::Unknown;
    };
    Holder::Process { pid, program: system.program_name(pid) }
}
