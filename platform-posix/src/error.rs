//! What can go wrong with a file, each with its path.

use rustix::io::Errno;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Opening or creating the file.
    Open,
    /// Taking the lock.
    Lock,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Making everything written durable.
    Flush,
    /// Reserving space.
    Reserve,
    /// Giving space back.
    Truncate,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Lock => "lock",
            Self::Read => "read",
            Self::Write => "write",
            Self::Flush => "flush",
            Self::Reserve => "reserve space in",
            Self::Truncate => "truncate",
        })
    }
}

/// Who holds the lock on a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// This process itself.
    ThisProcess,
    /// A process the kernel names, with its program where the system tells.
    Process {
        /// Its process id.
        pid: u32,
        /// The name of its program.
        program: Option<String>,
    },
    /// Some other process.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThisProcess => f.write_str("this process itself"),
            Self::Process { pid, program: Some(program) } => write!(f, "process {pid} ({program})"),
            Self::Process { pid, program: None } => write!(f, "process {pid}"),
            Self::Unknown => f.write_str("another process"),
        }
    }
}

/// An error of a file or of opening a database.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file and it was not to be created, or its directory does not exist.
    NotFound {
        /// The path as given.
        path: Arc<Path>,
        /// Whether it is the directory that is missing.
        directory: bool,
    },
    /// The path names something that is not a regular file.
    NotAFile {
        /// The path as given.
        path: Arc<Path>,
        /// What it is, with its article.
        what: &'static str,
    },
    /// The file's permissions, or a file system mounted read-only, forbid it.
    PermissionDenied {
        /// The path as given.
        path: Arc<Path>,
        /// What was tried.
        operation: Operation,
    },
    /// Somebody has the database open.
    Locked {
        /// The path as given.
        path: Arc<Path>,
        /// Who.
        holder: Holder,
    },
    /// Read or write beyond the end.
    OutOfRange {
        /// The file.
        path: Arc<Path>,
        /// First byte asked for.
        offset: u64,
        /// Number of bytes asked for.
        len: u64,
        /// The file's length.
        file_len: u64,
    },
    /// The file system (or the user's quota) has no space left.
    NoSpace {
        /// The file.
        path: Arc<Path>,
        /// What was tried.
        operation: Operation,
    },
    /// A change through a read-only opening.
    ReadOnly {
        /// The file.
        path: Arc<Path>,
    },
    /// Anything else the system reports.
    Io {
        /// The file.
        path: Arc<Path>,
        /// What was tried.
        operation: Operation,
        /// The system's answer.
        errno: Errno,
    },
}

impl Error {
    /// The error of one failed call.
    pub(crate) fn of(path: &Arc<Path>, operation: Operation, errno: Errno) -> Self {
        let path = Arc::clone(path);
        match errno {
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Self::NoSpace { path, operation },
            Errno::ACCESS | Errno::PERM | Errno::ROFS => Self::PermissionDenied { path, operation },
            Errno::ISDIR => Self::NotAFile { path, what: "a directory" },
            _ => Self::Io { path, operation, errno },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { path, directory: false } => {
                write!(f, "cannot open {}: there is no such file", path.display())
            }
            Self::NotFound { path, .. } => {
                let path = path.display();
                write!(f, "cannot open {path}: its directory does not exist")
            }
            Self::NotAFile { path, what } => {
                let path = path.display();
                write!(f, "cannot open {path}: it is {what}, not a file")
            }
            Self::PermissionDenied { path, operation } => {
                write!(f, "cannot {operation} {}: permission denied", path.display())
            }
            Self::Locked { path, holder } => {
                let path = path.display();
                write!(f, "cannot open {path}: it is in use by {holder}")
            }
            Self::OutOfRange { path, offset, len, file_len } => {
                let path = path.display();
                write!(f, "{len} bytes at {offset} lie beyond the end of {path} ({file_len} bytes)")
            }
            Self::NoSpace { path, operation } => {
                let path = path.display();
                write!(f, "cannot {operation} {path}: no space left on its device")
            }
            Self::ReadOnly { path } => {
                write!(f, "cannot change {}: it is open read-only", path.display())
            }
            Self::Io { path, operation, errno } => {
                write!(f, "cannot {operation} {}: {errno}", path.display())
            }
        }
    }
}

impl std::error::Error for Error {}

impl embedded_io::Error for Error {
    fn kind(&self) -> embedded_io::ErrorKind {
        use embedded_io::ErrorKind;
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::NotAFile { .. } | Self::OutOfRange { .. } => ErrorKind::InvalidInput,
            Self::PermissionDenied { .. } | Self::ReadOnly { .. } => ErrorKind::PermissionDenied,
            Self::Locked { .. } => ErrorKind::AddrInUse,
            Self::NoSpace { .. } => ErrorKind::OutOfMemory,
            Self::Io { .. } => ErrorKind::Other,
        }
    }
}
