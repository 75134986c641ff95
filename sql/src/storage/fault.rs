//! What the engine and its devices report, as errors of the SQL layer.

use super::device::DeviceError;
use crate::error::{Error, ErrorKind, state};
use drystone_core::Error as Engine;
use embedded_io::Error as _;
use embedded_io::ErrorKind as Io;

/// The error of a device call.
pub(super) fn device(error: &DeviceError) -> Error {
    let message = error.to_string();
    match error.kind() {
        Io::AddrInUse => Error::new(ErrorKind::Busy, state::LOCKED, message)
            .hint("one process at a time can open a database for writing"),
        Io::OutOfMemory => Error::new(ErrorKind::Limit, state::DISK_FULL, message)
            .hint("nothing was changed; free some space and try again"),
        Io::PermissionDenied => Error::new(ErrorKind::Storage, state::IO, message),
        _ => Error::new(ErrorKind::Storage, state::IO, message),
    }
}

/// The error of an engine call.
pub(super) fn engine(error: Engine<DeviceError>) -> Error {
    let message = error.to_string();
    let storage = |code| Error::new(ErrorKind::Storage, code, message.clone());
    match error {
        Engine::Device { error, .. } => device(&error),
        Engine::Corrupt { .. } => {
            storage(state::CORRUPT).hint("run .check; restore a backup, or take what .recover can read")
        }
        Engine::CorruptLog { .. } => storage(state::CORRUPT).hint(
            "restore a backup; or take what .recover can read; or open it with -salvage, which drops these commits",
        ),
        Engine::MetaDamaged
        | Engine::Truncated { .. }
        | Engine::LogForeign
        | Engine::LogNewer { .. } => {
            storage(state::CORRUPT).hint("restore a backup, or take what .recover can read")
        }
        Engine::LogMissing => storage(state::CORRUPT).hint(
            "the file beside it whose name ends in -log holds the last commits; put it back; without it .recover \
             reads the last checkpoint, and -salvage opens that",
        ),
        Engine::NotADatabase | Engine::Version { .. } | Engine::BlockSize { .. } => storage(state::IO),
        Engine::KeyTooLong { len, max } => {
            let message =
                format!("a key of {len} bytes is too long for an index or primary key, the limit is {max}");
            Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message)
        }
        Engine::ValueTooLarge { .. } => Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message),
        Engine::NoSpace { .. } => Error::new(ErrorKind::Limit, state::DISK_FULL, message),
        Engine::TooManyReaders { .. } | Engine::TooManySavepoints { .. } => {
            Error::new(ErrorKind::Limit, state::OUT_OF_MEMORY, message)
        }
        Engine::PoolExhausted | Engine::PoolTooSmall | Engine::MemoryTooSmall => {
            Error::new(ErrorKind::Limit, state::OUT_OF_MEMORY, message).hint("open it with a larger cache")
        }
        Engine::Busy => Error::new(ErrorKind::Busy, state::LOCKED, "another connection is writing")
            .hint("wait for its transaction to end, or raise the busy timeout"),
        Engine::ReadOnly => Error::new(ErrorKind::ReadOnly, state::READ_ONLY, message),
        Engine::Unknown => Error::new(ErrorKind::Storage, state::UNKNOWN_OUTCOME, message)
            .hint("open the database again to see whether the transaction is there"),
        Engine::TransactionAborted => Error::new(ErrorKind::Transaction, state::TRANSACTION_STATE, message),
        _ => Error::internal(message),
    }
}
