//! The database's shared parts: what lives behind which lock, and how each lock is used.
//!
//! | lock | guards | held |
//! |---|---|---|
//! | writer's place | the right to change anything | by a write transaction, a fix of a checkpoint, a check |
//! | checkpoint | the checkpoint in progress | during a step |
//! | writer's memory | space, epochs, lists | for one operation of the holder of the place |
//! | ring | the writing end of the log | to append and to begin a flush; never during I/O |
//! | states | the newest committed, visible, flushing state; how far the log is durable | to copy or set a state, to begin and to end a flush |
//!
//! Order: place, checkpoint, writer's memory, ring, states. A reader takes only `states`, briefly. The
//! transaction, checkpoint, recovery and integrity rooms add their methods to [`Database`].

mod place;
mod settings;

pub use settings::{Options, Stats};

use crate::error::Error;
use crate::log::reader::RecoveryStats;
use crate::log::ring::{Position, Ring};
use crate::memory::{Memory, State, WriterMemory};
use crate::meta::Meta;
use crate::page::format::CRC_LEN;
use crate::pager::{Pager, PagerState};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use crate::space::Workspace;
use crate::space::protect::Protectors;
use lock_api::Mutex;
use portable_atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// The three states that matter, and the checkpoints' epochs.
pub(crate) struct States<R> {
    /// C: the newest committed.
    pub committed: State<R>,
    /// V: what readers begin on.
    pub visible: State<R>,
    /// Epoch of F, which a running flush will make visible; one runs at a time.
    pub flushing: Option<u64>,
    /// The log is known to be durable up to this LSN.
    pub log_durable: u64,
    /// A write or flush of the log failed; nothing is written any more.
    pub log_failed: bool,
    /// Epoch of the last durable checkpoint.
    pub durable: u64,
    /// Epoch of the checkpoint in progress.
    pub checkpoint: Option<u64>,
}

/// Checkpoints so far.
pub(crate) struct Checkpoints {
    /// What the meta of the one in progress will say, but for generation and log fields: its state
    /// is fixed and its pages are being written.
    pub fixed: Option<Meta>,
    /// The newest durable meta.
    pub durable: Meta,
    /// Pages written when the last one was fixed.
    pub writes_before: u64,
}

/// How far checkpoints are, for commits to ask without a lock.
pub(crate) struct Pace {
    /// The next frame the one in progress looks at; [`Pace::IDLE`] where there is none.
    pub at: AtomicUsize,
    /// When the last one ended, microseconds.
    pub ended_us: AtomicU64,
}

impl Pace {
    /// No frame has this index.
    pub const IDLE: usize = usize::MAX;
}

/// An open database: shared by any number of readers and one writer at a time.
///
/// Dropping it without [`Database::close`] is like a crash: nothing acknowledged is lost, the next
/// opening replays the log.
pub struct Database<P: Platform, M: Memory<P>> {
    pub(crate) platform: P,
    pub(crate) memory: M,
    pub(crate) options: Options,
    pub(crate) pool: PagerState<P::Mutex>,
    pub(crate) place: AtomicU32,
    pub(crate) checkpoints: Mutex<P::Mutex, Checkpoints>,
    pub(crate) pace: Pace,
    pub(crate) ring: Mutex<P::Mutex, Ring>,
    /// Changes when a flush of the log ends.
    pub(crate) flush_event: AtomicU32,
    /// Threads waiting for that.
    pub(crate) flush_waiters: AtomicU32,
    pub(crate) states: Mutex<P::Mutex, States<M::Roots>>,
    /// Reader slots from here on were never taken.
    pub(crate) readers_used: AtomicUsize,
    /// The log may be written: its incarnation is durable.
    pub(crate) armed: AtomicBool,
    pub(crate) recovery: RecoveryStats,
    pub(crate) counters: Counters,
}

/// Counts since opening.
#[derive(Default)]
pub(crate) struct Counters {
    pub commits: AtomicU64,
    pub log_flushes: AtomicU64,
    pub log_bytes: AtomicU64,
    pub data_flushes: AtomicU64,
    pub checkpoints: AtomicU64,
    pub commits_by_checkpoint: AtomicU64,
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// In which epoch an operation works, and what it must leave alone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub epoch: u64,
    pub protected: u64,
    pub reserve: u32,
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// The platform lent at open.
    pub const fn platform(&self) -> &P {
        &self.platform
    }

    /// Bytes of a page.
    pub fn page_size(&self) -> u32 {
        self.memory.page_size() as u32
    }

    pub(crate) fn pager(&self) -> Pager<'_, P, M> {
        Pager { platform: &self.platform, memory: &self.memory, state: &self.pool }
    }

    /// Runs one operation of the holder of the writer's place. The closure gets the workspace.
    pub(crate) fn work<T>(&self, span: Span, f: impl FnOnce(&mut Workspace<'_, P, M>) -> T) -> T {
        let mut memory = self.memory.writer().lock();
        let WriterMemory { scratch, operations, lists, space, .. } = &mut *memory;
        let mut workspace = Workspace {
            pager: self.pager(),
            space,
            lists: lists.as_mut(),
            scratch: scratch.as_mut().get_mut(CRC_LEN..).unwrap_or_default(),
            operations: operations.as_mut(),
            epoch: span.epoch,
            protected: span.protected,
            reserve: span.reserve,
        };
        f(&mut workspace)
    }

    /// The protectors now, for a sweep by the holder of the writer's place.
    pub(crate) fn protectors(&self) -> Protectors<'_> {
        self.state_and_protectors().1
    }

    /// The newest committed state and the protectors now.
    pub(crate) fn state_and_protectors(&self) -> (State<M::Roots>, Protectors<'_>) {
        let states = self.states.lock();
        let committed = states.committed;
        let own = [
            if is(Bug::DurableUnprotected) { 0 } else { states.durable },
            states.checkpoint.filter(|_| !is(Bug::InProgressUnprotected)).unwrap_or(0),
            if is(Bug::VisibleUnprotected) { 0 } else { states.visible.epoch },
            states.flushing.filter(|_| !is(Bug::FlushingUnprotected)).unwrap_or(0),
            states.committed.epoch,
        ];
        drop(states);
        let used = self.readers_used.load(Ordering::Acquire);
        (committed, Protectors::new(own, self.memory.readers().get(..used).unwrap_or(&[])))
    }

    /// An epoch never used before while the database is open.
    pub(crate) fn draw_epoch(&self) -> u64 {
        self.memory.writer().lock().space.draw_epoch()
    }

    /// Makes the database read-only until it is reopened.
    pub(crate) fn fail(&self) {
        self.pool.failed.store(true, Ordering::Release);
    }

    /// Whether anything may be written.
    pub(crate) fn check_writable(&self) -> Result<(), Error<P::Error>> {
        if self.options.read_only || self.pool.failed.load(Ordering::Acquire) {
            return Err(Error::ReadOnly);
        }
        Ok(())
    }

    /// The state of the log after the last record.
    pub(crate) fn log_position(&self) -> Position {
        self.ring.lock().position
    }

    /// Counts since opening, and sizes now.
    pub fn stats(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (page_count, free_count, held_count) = {
            let writer = self.memory.writer().lock();
            (writer.space.page_count, writer.space.free_count, writer.space.held_count)
        };
        let ring = *self.ring.lock();
        Stats {
            page_size: self.page_size(),
            page_count,
            free_count,
            held_count,
            page_hits: load(&self.pool.hits),
            page_reads: load(&self.pool.reads),
            page_writes: load(&self.pool.writes),
            commits: load(&self.counters.commits),
            commits_by_checkpoint: load(&self.counters.commits_by_checkpoint),
            log_flushes: load(&self.counters.log_flushes),
            log_bytes: load(&self.counters.log_bytes),
            data_flushes: load(&self.counters.data_flushes),
            checkpoints: load(&self.counters.checkpoints),
            ring_len: ring.len,
            ring_filled: ring.filled(),
            recovery: self.recovery,
        }
    }
}
