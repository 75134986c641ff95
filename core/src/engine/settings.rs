//! What can be chosen at open, and what can be seen while open.

use crate::log::reader::RecoveryStats;

/// Choices at open.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Make a database where there is none.
    pub create: bool,
    /// Write nothing; a log is replayed in memory.
    pub read_only: bool,
    /// Open what [`crate::Database::open`] refuses for its log, and drop the acknowledged commits
    /// from the first one on that cannot be read or applied. What stays is the state after the one
    /// before it, whole; [`RecoveryStats::salvaged`] says what went. Where nothing is wrong this is an
    /// ordinary opening.
    ///
    /// A writing opening cuts the log for good: a log that is damaged, or missing. A read-only one
    /// writes nothing and takes more: a log that is foreign or newer, a data device cut short.
    pub salvage: bool,
    /// Bytes of the log ring of a new database: a multiple of the log's block size, at least
    /// eight blocks and one log buffer.
    pub ring_len: u64,
    /// The ring doubles up to here while it fills within [`Options::ring_growth_us`].
    pub ring_len_max: u64,
    /// Checkpoints that come faster than this make the ring grow; microseconds.
    pub ring_growth_us: u64,
    /// How long to wait for the writer's place; microseconds.
    pub busy_timeout_us: u64,
    /// Longest time from a commit to the end of a checkpoint that holds it, if there are further
    /// commits; microseconds.
    pub checkpoint_interval_us: u64,
    /// Take checkpoint steps inside commits. Without, only [`crate::Database::checkpoint`],
    /// [`crate::Database::checkpoint_step`] and a full ring do.
    pub checkpoint_auto: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            read_only: false,
            salvage: false,
            ring_len: 1 << 20,
            ring_len_max: 64 << 20,
            ring_growth_us: 5_000_000,
            busy_timeout_us: 5_000_000,
            checkpoint_interval_us: 10_000_000,
            checkpoint_auto: true,
        }
    }
}

/// Counts since opening, and sizes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stats {
    /// Bytes of a page.
    pub page_size: u32,
    /// Pages of the data device.
    pub page_count: u32,
    /// Pages that are free.
    pub free_count: u32,
    /// Pages that left the newest state but that a snapshot or checkpoint may still need, and
    /// pages the engine keeps lists in.
    pub held_count: u32,
    /// Pages found in the pool.
    pub page_hits: u64,
    /// Pages read from the device.
    pub page_reads: u64,
    /// Pages written to the device.
    pub page_writes: u64,
    /// Transactions committed.
    pub commits: u64,
    /// Those of them that were too large for the log.
    pub commits_by_checkpoint: u64,
    /// Flushes of the log device.
    pub log_flushes: u64,
    /// Bytes written to the log device.
    pub log_bytes: u64,
    /// Flushes of the data device.
    pub data_flushes: u64,
    /// Checkpoints finished.
    pub checkpoints: u64,
    /// Bytes of the log ring.
    pub ring_len: u64,
    /// Bytes of it that a recovery would read.
    pub ring_filled: u64,
    /// What the recovery of this opening met.
    pub recovery: RecoveryStats,
}
