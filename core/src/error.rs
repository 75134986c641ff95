//! Everything that can go wrong, as one small enum without strings.

use core::fmt;

/// Which of the two devices an error came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DeviceName {
    /// The device that holds pages.
    Data,
    /// The device that holds the log ring.
    Log,
}

/// What was asked of a device when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Operation {
    /// Reading bytes.
    Read,
    /// Writing bytes.
    Write,
    /// Making earlier writes durable.
    Flush,
    /// Growing the device.
    Reserve,
    /// Shrinking the device.
    Truncate,
    /// Asking for its length.
    Length,
}

/// What is wrong with bytes that were read and verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Damage {
    /// The page's checksum does not match its bytes.
    Checksum,
    /// The page says that it is another page.
    PageNumber,
    /// The page is another writing than the one pointed to (a lost or stale write).
    Tag,
    /// The page is of another kind, level or tree than its place demands.
    Kind,
    /// Cells, slots or lengths inside the page contradict each other.
    Structure,
    /// Keys are not in ascending order.
    Order,
    /// A pointer leads outside the file or to a page already reached.
    Pointer,
    /// A count differs from what is there.
    Count,
    /// The map says something else than the trees.
    Map,
}

/// An error of the engine; `E` is the device's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// A device failed.
    Device {
        /// Which device.
        device: DeviceName,
        /// What was asked of it.
        operation: Operation,
        /// Byte offset on it.
        offset: u64,
        /// Its own error.
        error: E,
    },
    /// A page is damaged. Nothing of it was used.
    Corrupt {
        /// The page's number.
        page: u32,
        /// What is wrong.
        damage: Damage,
    },
    /// A log record that was acknowledged as durable is damaged; opening refuses to drop it.
    CorruptLog {
        /// Where the chain breaks.
        lsn: u64,
        /// The log was known to be durable up to here.
        durable_lsn: u64,
    },
    /// The data device holds something, but no Drystone database.
    NotADatabase,
    /// Both meta copies of the newest generation are damaged and the older one cannot stand in.
    MetaDamaged,
    /// The file has another format.
    Version {
        /// The file's format version.
        found: u32,
        /// The version this library reads.
        supported: u32,
    },
    /// The data device is shorter than the database on it.
    Truncated {
        /// Bytes the database needs.
        needed: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The log is missing although the database was not closed cleanly.
    LogMissing,
    /// The log belongs to another database.
    LogForeign,
    /// The log knows a later checkpoint than the data device has: one of the two is an old copy.
    LogNewer {
        /// Newest generation the data device has.
        generation: u64,
        /// Generation the log names.
        found: u64,
    },
    /// There is no database and creating one was not asked for.
    NotFound,
    /// The device's block is larger than the page, so pages cannot be written safely.
    BlockSize {
        /// The device's block size.
        block_size: u32,
        /// The page size.
        page_size: u32,
    },
    /// The log was written in blocks of another size, and holds commits.
    LogBlockSize {
        /// The log device's block size.
        block_size: u32,
        /// The one the log was written in.
        found: u32,
    },
    /// The page size is not a power of two in range, or not the memory's.
    PageSize {
        /// The page size asked for or found.
        page_size: u32,
        /// The memory's page size.
        memory: u32,
    },
    /// The memory lent is too small.
    MemoryTooSmall,
    /// The ring is not a multiple of the block size, or below eight blocks or one log buffer.
    RingLength {
        /// The length asked for or found.
        ring_len: u64,
    },
    /// A key is too long.
    KeyTooLong {
        /// Its length.
        len: usize,
        /// The longest for this page size.
        max: usize,
    },
    /// A value is too long.
    ValueTooLarge {
        /// Its length.
        len: usize,
        /// The longest.
        max: usize,
    },
    /// The data device is full; the transaction must be rolled back.
    NoSpace {
        /// Pages the database has.
        pages: u32,
    },
    /// Every frame a page could use is taken.
    PoolExhausted,
    /// A read-only opening needs more frames than there are to replay the log.
    PoolTooSmall,
    /// Every reader slot is taken.
    TooManyReaders {
        /// The number of slots.
        max: usize,
    },
    /// Too many savepoints are open.
    TooManySavepoints {
        /// The most that can be open.
        max: usize,
    },
    /// The savepoint is not open in this transaction.
    NoSuchSavepoint,
    /// Somebody else holds what is needed, and it was not freed in time.
    Busy,
    /// The database was opened read-only, or became so after a device error.
    ReadOnly,
    /// A flush failed: whether the transaction is there is decided when the database is reopened.
    Unknown,
    /// The cursor's transaction changed since it was placed.
    CursorInvalid,
    /// An earlier error in this transaction allows a rollback only.
    TransactionAborted,
    /// A tree of this name exists.
    TreeExists,
    /// No tree of this name or number exists.
    TreeNotFound,
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device { device, operation, offset, error } => {
                write!(
                    f,
                    "{} of the {} device failed at byte {offset}: {error}",
                    operation.name(),
                    device.name()
                )
            }
            Self::Corrupt { page, damage } => write!(f, "page {page} is damaged: {}", damage.name()),
            Self::CorruptLog { lsn, durable_lsn } => write!(
                f,
                "the log is damaged at LSN {lsn}, below {durable_lsn} which was durable: to open it with the option salvage drops the acknowledged commits from there on"
            ),
            Self::Version { found, supported } => {
                write!(f, "the file has format version {found}, this library reads version {supported}")
            }
            Self::Truncated { needed, found } => {
                write!(f, "the data file is cut short: {found} bytes of {needed}")
            }
            Self::LogNewer { generation, found } => {
                write!(
                    f,
                    "the log knows checkpoint {found}, the data device only {generation}: one of them is an old copy"
                )
            }
            Self::BlockSize { block_size, page_size } => {
                write!(f, "blocks of {block_size} bytes are larger than pages of {page_size}: read-only here")
            }
            Self::LogBlockSize { block_size, found } => {
                write!(f, "the log was written in blocks of {found} bytes, its device now has {block_size}")
            }
            Self::PageSize { page_size, memory } => {
                write!(f, "page size {page_size} does not fit memory made for {memory}")
            }
            Self::RingLength { ring_len } => write!(f, "a log ring of {ring_len} bytes is not usable"),
            Self::KeyTooLong { len, max } => {
                write!(f, "a key of {len} bytes is too long, the limit is {max}")
            }
            Self::ValueTooLarge { len, max } => {
                write!(f, "a value of {len} bytes is too long, the limit is {max}")
            }
            Self::NoSpace { pages } => write!(f, "the data device is full at {pages} pages"),
            Self::TooManyReaders { max } => write!(f, "all {max} reader slots are taken"),
            Self::TooManySavepoints { max } => write!(f, "more than {max} savepoints are open"),
            other => f.write_str(other.text()),
        }
    }
}

impl<E> Error<E> {
    /// The message of the variants that carry nothing.
    fn text(&self) -> &'static str {
        match self {
            Self::NotADatabase => "the file is not a Drystone database",
            Self::MetaDamaged => "both copies of the newest meta page are damaged",
            Self::LogMissing => "the log is missing although the database was not closed cleanly",
            Self::LogForeign => "the log belongs to another database",
            Self::NotFound => "there is no database and none was to be created",
            Self::MemoryTooSmall => "the memory lent to the database is too small",
            Self::PoolExhausted => "every frame a page could use is taken",
            Self::PoolTooSmall => "the pool is too small to replay the log without writing",
            Self::NoSuchSavepoint => "the savepoint is not open",
            Self::Busy => "the writer's place is taken",
            Self::ReadOnly => "the database is read-only",
            Self::Unknown => "a flush failed: whether the transaction is durable is decided at reopening",
            Self::CursorInvalid => "the transaction changed since the cursor was placed",
            Self::TransactionAborted => "an earlier error allows only a rollback",
            Self::TreeExists => "a tree of this name exists",
            Self::TreeNotFound => "there is no such tree",
            _ => "the engine failed",
        }
    }
}

impl DeviceName {
    const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Log => "log",
        }
    }
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Read => "a read",
            Self::Write => "a write",
            Self::Flush => "a flush",
            Self::Reserve => "growing",
            Self::Truncate => "shrinking",
            Self::Length => "the length",
        }
    }
}

impl Damage {
    const fn name(self) -> &'static str {
        match self {
            Self::Checksum => "its checksum does not match",
            Self::PageNumber => "it says that it is another page",
            Self::Tag => "it is not the writing pointed to",
            Self::Kind => "it is of the wrong kind",
            Self::Structure => "its cells contradict each other",
            Self::Order => "its keys are out of order",
            Self::Pointer => "a pointer leads to a wrong place",
            Self::Count => "a count is wrong",
            Self::Map => "the map disagrees with the trees",
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for Error<E> {}
