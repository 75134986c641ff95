//! Opening: creating a database, or bringing one back to the state its log ends with.
//!
//! A writing opening writes in this order, since after a failed flush in an earlier run the system
//! may show bytes that the medium never got:
//! 1. one copy of the chosen meta again, and what a cut left of a later one erased, flushed;
//! 2. if there were records, an ordinary checkpoint of the replayed state, whose log begins beyond
//!    every LSN seen and whose meta carries a new incarnation.
//!
//! Only then anything is served. Without records the new incarnation waits for the first write
//! transaction. The replay is one epoch through the ordinary tree code and uses only pages that are
//! free in the meta's map, so it can be cut anywhere and run again (I6).
//!
//! A salvage ends the replay where an ordinary opening is refused, and writes in the same order: until
//! its meta is durable an ordinary opening is refused as before, from then on it finds a whole log.

mod checks;
mod create;

use crate::checkpoint::state_of;
use crate::device::BlockDevice;
use crate::engine::{Checkpoints, Counters, Database, Options, Pace, Span, States};
use crate::error::{DeviceName, Error, Operation};
use crate::log::format::LogIdentity;
use crate::log::operations::Operation as Logged;
use crate::log::reader::{Decision, Finding, NUMBER_MAX, Reader, RecoveryStats, Salvaged, Survey, decide};
use crate::log::ring::{Position, Ring};
use crate::memory::{Memory, Space, Tags};
use crate::meta::{Meta, store};
use crate::page::Ptr;
use crate::pager::PagerState;
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use crate::space::Workspace;
use crate::transaction::change::Change;
use checks::{check_log, check_memory, check_meta, look_at_log};
use heapless::Vec;
use lock_api::Mutex;
use portable_atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// What is known of the log before it is followed.
struct Log {
    len: u64,
    survey: Survey,
    /// It is not the one of this database, or not there, and that was accepted.
    lost: bool,
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Opens the database on the platform's devices, or makes one where there is none and the
    /// options allow it. When this returns, everything ever acknowledged is there.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotADatabase`], [`Error::Version`], [`Error::MetaDamaged`],
    /// [`Error::Truncated`]: what the data device holds. [`Error::LogMissing`],
    /// [`Error::LogForeign`], [`Error::LogNewer`], [`Error::CorruptLog`]: what the log device holds.
    /// [`Error::PageSize`], [`Error::BlockSize`], [`Error::MemoryTooSmall`],
    /// [`Error::RingLength`]: what does not fit together. Device errors. Nothing is lost by any;
    /// [`Options::salvage`] opens what is left where the log is the trouble.
    pub fn open(platform: P, memory: M, options: Options) -> Result<Self, Error<P::Error>> {
        check_memory(&platform, &memory)?;
        if create::is_blank(&platform, memory.page_size() as u32)? {
            if options.read_only || options.salvage || !options.create {
                return Err(Error::NotFound);
            }
            return create::create(platform, memory, options);
        }
        let found = store::read(&platform)?;
        let meta = found.meta;
        check_meta(&platform, &memory, &options, &meta)?;
        let log = look_at_log(&platform, &memory, &meta)?;
        let fits = check_log(&found, &log);
        let takes = |error: &Error<P::Error>| {
            // A log that is foreign or newer may be all that another database has.
            options.salvage && (options.read_only || matches!(error, Error::LogMissing))
        };
        let lost = fits.is_err();
        if let Err(error) = fits
            && !takes(&error)
        {
            return Err(error);
        }
        let incarnation = found.incarnation.max(meta.identity.incarnation).max(log.survey.incarnation);
        if incarnation >= NUMBER_MAX {
            return Err(Error::MetaDamaged);
        }
        let log = Log { lost, ..log };
        Self::assemble_and_recover(platform, memory, options, &found, &log, incarnation + 1)
    }

    /// Brings the database back; a salvage that meets a record it cannot apply begins once more and
    /// ends before it.
    fn assemble_and_recover(
        mut platform: P,
        mut memory: M,
        options: Options,
        found: &store::Found,
        log: &Log,
        incarnation: u64,
    ) -> Result<Self, Error<P::Error>> {
        let meta = found.meta;
        let mut until = u64::MAX;
        loop {
            // Another salt each time: a tag that was drawn and perhaps written is not drawn again.
            let identity = LogIdentity { incarnation, salt: platform.entropy(), ..meta.identity };
            let identity = if is(Bug::IncarnationKept) { meta.identity } else { identity };
            let mut db = assemble(platform, memory, options, meta, identity);
            match (db.recover(found, log, until), db.recovery.salvaged) {
                (Ok(()), _) => return Ok(db),
                (Err(_), Some(cut)) if until == u64::MAX => until = cut.lsn,
                (Err(error), _) => return Err(error),
            }
            Self { platform, memory, .. } = db;
            check_memory(&platform, &memory)?;
        }
    }

    /// Follows the log from the meta's position, no further than a salvage is to, and checkpoints what
    /// it leads to.
    fn recover(&mut self, found: &store::Found, log: &Log, until: u64) -> Result<(), Error<P::Error>> {
        let meta = &found.meta;
        let block = self.ring.get_mut().block_size as u64;
        let mut end = meta.replay;
        let mut applied = false;
        let mut stats = RecoveryStats::default();
        if !self.options.read_only && !is(Bug::CacheBelieved) {
            self.renew_copy(found)?;
        }
        if !meta.clean {
            let reserve = if is(Bug::ReplayWithReserve) { 32 } else { 0 };
            let span = Span { epoch: meta.epoch + 1, protected: meta.epoch, reserve };
            let mut change = Change::new(state_of(meta), span);
            let replayed = self.replay(meta, log, &mut change, &mut stats, until);
            // Where a salvage goes on after an error.
            self.recovery.salvaged = stats.salvaged.filter(|_| replayed.is_err());
            end = replayed?;
            applied = end != meta.replay;
            if applied {
                self.adopt(change, meta)?;
            }
        }
        let seen = if is(Bug::IncarnationKept) { 0 } else { log.survey.end };
        let start = end.lsn.max(seen).next_multiple_of(block);
        let ring = self.ring.get_mut();
        let sizes = [ring.block_size, ring.write_size, ring.buffer_len];
        *ring = Ring::new(sizes, ring.identity, start, meta.ring_len, start);
        ring.position = Position { lsn: start, chain: end.chain };
        ring.generation = meta.generation;
        self.states.get_mut().log_durable = start;
        if log.lost {
            let bytes = log.survey.durable.saturating_sub(end.lsn);
            stats.salvaged.get_or_insert(Salvaged { lsn: end.lsn, bytes });
        }
        if self.options.read_only {
            // Nothing is written.
        } else if applied && !is(Bug::ServedBeforeCheckpoint) {
            if log.len < meta.ring_len {
                self.extend_log(log.len.next_multiple_of(block), meta.ring_len)?;
            }
            self.armed.store(true, Ordering::Release);
            self.checkpoint_held()?;
        } else if stats.salvaged.is_some() {
            // No record stays: the log begins anew where the checkpoint is.
            self.arm()?;
        }
        self.recovery = stats;
        Ok(())
    }

    fn replay(
        &self,
        meta: &Meta,
        log: &Log,
        change: &mut Change<M::Roots>,
        stats: &mut RecoveryStats,
        until: u64,
    ) -> Result<Position, Error<P::Error>> {
        let Some(buffer) = self.memory.logs().first() else {
            return Err(Error::MemoryTooSmall);
        };
        let mut buffer = buffer.lock();
        let mut reader = reader(&self.platform, meta, log.len, buffer.as_mut());
        let watermark = log.survey.durable.max(meta.durable_lsn);
        // What the meta vouches for is in the checkpoint but for the rest of a block.
        let known = if log.lost { log.survey.durable } else { watermark };
        let cut = |lsn: u64| Some(Salvaged { lsn, bytes: known.saturating_sub(lsn) });
        loop {
            let before = reader.position;
            if before.lsn == until {
                stats.salvaged = cut(until);
                return Ok(reader.position);
            }
            let (finding, header) = self.work(change.span, |workspace| reader.next(workspace.operations))?;
            let valid = finding == Finding::Valid;
            let below = !valid && reader.position.lsn < watermark;
            if let Some(row) = Finding::ALL.iter().position(|row| *row == finding)
                && let Some(row) = stats.rows.get_mut(usize::from(below)).and_then(|rows| rows.get_mut(row))
            {
                *row += 1;
            }
            match decide(finding, below) {
                Decision::Apply => {
                    let len = header.len as usize;
                    self.apply(change, len, before.lsn, watermark).inspect_err(|error| {
                        stats.salvaged = cut(before.lsn).filter(|_| self.may_drop(error));
                    })?;
                    change.state.last_record = header.epoch;
                    stats.bytes = reader.position.lsn - meta.replay.lsn;
                }
                Decision::End => {
                    return Ok(if change.state.last_record == meta.last_record {
                        meta.replay
                    } else {
                        reader.position
                    });
                }
                Decision::Refuse if self.options.salvage => {
                    stats.salvaged = cut(reader.position.lsn);
                    return Ok(before);
                }
                Decision::Refuse => {
                    return Err(Error::CorruptLog { lsn: reader.position.lsn, durable_lsn: watermark });
                }
            }
        }
    }

    /// Whether a salvage goes without a record that failed to be applied like this: its pages are
    /// damaged, or, where nothing is to be written, cannot be read.
    const fn may_drop(&self, error: &Error<P::Error>) -> bool {
        let unread =
            matches!(error, Error::Device { device: DeviceName::Data, operation: Operation::Read, .. });
        self.options.salvage
            && (matches!(error, Error::Corrupt { .. } | Error::CorruptLog { .. })
                || unread && self.options.read_only)
    }

    /// Applies the operations of one record, which lie packed in the writer's memory.
    fn apply(
        &self,
        change: &mut Change<M::Roots>,
        len: usize,
        lsn: u64,
        durable_lsn: u64,
    ) -> Result<(), Error<P::Error>> {
        self.work(change.span, |workspace| {
            let operations = core::mem::take(&mut workspace.operations);
            let bytes = operations.get(..len).unwrap_or(&[]);
            apply(workspace, change, bytes, Error::CorruptLog { lsn, durable_lsn })
        })
    }

    /// Makes the replayed state the newest of all.
    fn adopt(&mut self, mut change: Change<M::Roots>, meta: &Meta) -> Result<(), Error<P::Error>> {
        let span = change.span;
        self.work(span, |workspace| workspace.lists_commit(meta.epoch))?;
        change.state.epoch = span.epoch;
        self.memory.writer().lock().space.next_epoch = span.epoch.max(change.state.last_record) + 1;
        let states = self.states.get_mut();
        states.committed = change.state;
        states.visible = change.state;
        self.pool.committed.store(span.epoch, Ordering::Release);
        Ok(())
    }
}

/// Applies operations; `damaged` is the error for what no transaction can have done.
fn apply<P: Platform, M: Memory<P>>(
    workspace: &mut Workspace<'_, P, M>,
    change: &mut Change<M::Roots>,
    mut bytes: &[u8],
    damaged: Error<P::Error>,
) -> Result<(), Error<P::Error>> {
    while !bytes.is_empty() {
        let Some((operation, len)) = Logged::unpack(bytes, 0) else {
            return Err(damaged);
        };
        let result = match operation {
            Logged::Put { tree, key, value } => change.put(workspace, tree, key, value, false).map(|_| ()),
            Logged::Delete { tree, key } => change.delete(workspace, tree, key).map(|_| ()),
            Logged::Create { tree, name } => match change.create(workspace, name) {
                Ok(made) if made != tree => return Err(damaged),
                other => other.map(|_| ()),
            },
            Logged::Drop { name, .. } => change.drop_tree(workspace, name).map(|_| ()),
            Logged::Clear { tree } => change.clear(workspace, tree),
        };
        match result {
            Err(
                Error::TreeNotFound
                | Error::TreeExists
                | Error::KeyTooLong { .. }
                | Error::ValueTooLarge { .. },
            ) => {
                return Err(damaged);
            }
            other => other?,
        }
        bytes = bytes.get(len..).unwrap_or(&[]);
    }
    Ok(())
}

fn reader<'a, P: Platform>(platform: &'a P, meta: &Meta, len: u64, buffer: &'a mut [u8]) -> Reader<'a, P> {
    Reader {
        platform,
        block_size: platform.log().geometry().block_size as usize,
        there: len.min(meta.ring_len),
        base: meta.ring_base,
        ring_len: meta.ring_len,
        identity: meta.identity,
        position: meta.replay,
        parent: meta.last_record,
        buffer,
        loaded: (0, 0),
    }
}

/// A database whose newest state is that of `meta`.
fn assemble<P: Platform, M: Memory<P>>(
    platform: P,
    memory: M,
    options: Options,
    meta: Meta,
    identity: LogIdentity,
) -> Database<P, M> {
    let state = state_of(&meta);
    memory.writer().lock().space = Space {
        map: meta.map,
        held: Ptr::NULL,
        levels: meta.map_levels as u8,
        page_count: meta.page_count,
        free_count: meta.page_count - meta.used_count,
        held_count: 0,
        hint: 0,
        fixed: meta.epoch,
        recycled: Vec::new(),
        last_freed: 0,
        tags: Tags::new(identity.database, identity.incarnation, identity.salt),
        lists_end: 0,
        next_epoch: meta.epoch + 2,
        short: false,
    };
    let sets = memory.hands().len();
    let pool = PagerState::new(sets, memory.frames().len() / sets.max(1));
    pool.committed.store(meta.epoch, Ordering::Release);
    pool.read_only.store(options.read_only, Ordering::Release);
    let block_size = platform.log().geometry().block_size as usize;
    let write_size = (platform.log().write_size() as usize).clamp(1, block_size);
    let buffer_len = memory.logs().first().map_or(0, |log| log.lock().as_ref().len());
    let ended_us = platform.now_us();
    Database {
        ring: Mutex::new(Ring::new(
            [block_size, write_size, buffer_len],
            identity,
            meta.ring_base,
            meta.ring_len,
            meta.replay.lsn,
        )),
        platform,
        memory,
        options,
        pool,
        place: AtomicU32::new(0),
        checkpoints: Mutex::new(Checkpoints { fixed: None, durable: meta, writes_before: 0 }),
        pace: Pace { at: AtomicUsize::new(Pace::IDLE), ended_us: AtomicU64::new(ended_us) },
        flush_event: AtomicU32::new(0),
        flush_waiters: AtomicU32::new(0),
        states: Mutex::new(States {
            committed: state,
            visible: state,
            flushing: None,
            log_durable: meta.replay.lsn,
            log_failed: false,
            durable: meta.epoch,
            checkpoint: None,
        }),
        readers_used: AtomicUsize::new(0),
        armed: AtomicBool::new(false),
        recovery: RecoveryStats::default(),
        counters: Counters::default(),
    }
}
