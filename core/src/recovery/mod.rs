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

mod create;

use crate::checkpoint::state_of;
use crate::device::BlockDevice;
use crate::engine::{Checkpoints, Counters, Database, Options, Pace, Span, States};
use crate::error::{DeviceName, Error, Operation};
use crate::limits::{FRAMES_MIN, PAGE_SIZE_MAX, PAGE_SIZE_MIN};
use crate::log::format::{BLOCK_HEADER, LogIdentity};
use crate::log::operations::Operation as Logged;
use crate::log::reader::{Decision, Finding, NUMBER_MAX, Reader, RecoveryStats, Survey, decide};
use crate::log::ring::{Position, Ring};
use crate::memory::{Memory, Space, Tags};
use crate::meta::{Meta, store};
use crate::page::Ptr;
use crate::page::format::CRC_LEN;
use crate::pager::PagerState;
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use crate::space::format::{ENTRIES, ENTRY, MAP_LEVELS_MAX, Shape};
use crate::transaction::change::Change;
use heapless::Vec;
use lock_api::Mutex;
use portable_atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// What is known of the log before it is followed.
struct Log {
    len: u64,
    survey: Survey,
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
    /// [`Error::RingLength`]: what does not fit together. Device errors. Nothing is lost by any.
    pub fn open(platform: P, memory: M, options: Options) -> Result<Self, Error<P::Error>> {
        check_memory(&platform, &memory)?;
        if create::is_blank(&platform, memory.page_size() as u32)? {
            if options.read_only || !options.create {
                return Err(Error::NotFound);
            }
            return create::create(platform, memory, options);
        }
        let found = store::read(&platform)?;
        let meta = found.meta;
        check_meta(&platform, &memory, &options, &meta)?;
        let log = look_at_log(&platform, &memory, &meta)?;
        if found.newer_lost
            && !meta.clean
            && log.len >= meta.ring_len
            && log.survey.generation > meta.generation
        {
            // A later checkpoint was durable, and neither of its copies can be read.
            return Err(Error::MetaDamaged);
        }
        if log.survey.generation > meta.generation {
            return Err(Error::LogNewer { generation: meta.generation, found: log.survey.generation });
        }
        let incarnation = found.incarnation.max(meta.identity.incarnation).max(log.survey.incarnation);
        if incarnation >= NUMBER_MAX {
            return Err(Error::MetaDamaged);
        }
        let incarnation = incarnation + 1;
        let identity = LogIdentity { incarnation, salt: platform.entropy(), ..meta.identity };
        let mut db = assemble(platform, memory, options, meta, identity);
        db.recover(&found, &log)?;
        Ok(db)
    }

    /// Follows the log from the meta's position and checkpoints what it leads to.
    fn recover(&mut self, found: &store::Found, log: &Log) -> Result<(), Error<P::Error>> {
        let meta = &found.meta;
        let block = self.ring.get_mut().block_size as u64;
        let mut end = meta.replay;
        let mut applied = false;
        if !self.options.read_only && !is(Bug::CacheBelieved) {
            self.renew_copy(found)?;
        }
        if log.len >= meta.ring_len && !meta.clean {
            let reserve = if is(Bug::ReplayWithReserve) { 32 } else { 0 };
            let span = Span { epoch: meta.epoch + 1, protected: meta.epoch, reserve };
            let mut change = Change::new(state_of(meta), span);
            let mut stats = RecoveryStats::default();
            end = self.replay(meta, log, &mut change, &mut stats)?;
            applied = end != meta.replay;
            self.recovery = stats;
            if applied {
                self.adopt(change, meta)?;
            }
        }
        let start = end.lsn.max(log.survey.end).next_multiple_of(block);
        let ring = self.ring.get_mut();
        let sizes = [ring.block_size, ring.write_size, ring.buffer_len];
        *ring = Ring::new(sizes, ring.identity, start, meta.ring_len, start);
        ring.position = Position { lsn: start, chain: end.chain };
        ring.generation = meta.generation;
        if applied && !self.options.read_only && !is(Bug::ServedBeforeCheckpoint) {
            self.armed.store(true, Ordering::Release);
            self.checkpoint_held()?;
        }
        Ok(())
    }

    fn replay(
        &self,
        meta: &Meta,
        log: &Log,
        change: &mut Change<M::Roots>,
        stats: &mut RecoveryStats,
    ) -> Result<Position, Error<P::Error>> {
        let Some(buffer) = self.memory.logs().first() else {
            return Err(Error::MemoryTooSmall);
        };
        let mut buffer = buffer.lock();
        let mut operations = self.memory.operations().lock();
        let mut reader = reader(&self.platform, meta, buffer.as_mut());
        let watermark = log.survey.durable.max(meta.durable_lsn);
        loop {
            let before = reader.position;
            let (finding, header) = reader.next(operations.as_mut())?;
            let valid = finding == Finding::Valid;
            let below = !valid && reader.position.lsn < watermark;
            if let Some(row) = Finding::ALL.iter().position(|row| *row == finding)
                && let Some(row) = stats.rows.get_mut(usize::from(below)).and_then(|rows| rows.get_mut(row))
            {
                *row += 1;
            }
            match decide(finding, below) {
                Decision::Apply => {
                    let bytes = operations.as_ref().get(..header.len as usize).unwrap_or(&[]);
                    self.apply(change, bytes, before.lsn, watermark)?;
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
                Decision::Refuse => {
                    return Err(Error::CorruptLog { lsn: reader.position.lsn, durable_lsn: watermark });
                }
            }
        }
    }

    /// Applies the operations of one record.
    fn apply(
        &self,
        change: &mut Change<M::Roots>,
        mut bytes: &[u8],
        lsn: u64,
        durable_lsn: u64,
    ) -> Result<(), Error<P::Error>> {
        let damaged = Error::CorruptLog { lsn, durable_lsn };
        while !bytes.is_empty() {
            let Some((operation, len)) = Logged::unpack(bytes, 0) else {
                return Err(damaged);
            };
            let result = match operation {
                Logged::Put { tree, key, value } => change.put(self, tree, key, value).map(|_| ()),
                Logged::Delete { tree, key } => change.delete(self, tree, key).map(|_| ()),
                Logged::Create { tree, name } => match change.create(self, name) {
                    Ok(made) if made != tree => return Err(damaged),
                    other => other.map(|_| ()),
                },
                Logged::Drop { name, .. } => change.drop_tree(self, name).map(|_| ()),
                Logged::Clear { tree } => change.clear(self, tree),
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

fn reader<'a, P: Platform>(platform: &'a P, meta: &Meta, buffer: &'a mut [u8]) -> Reader<'a, P> {
    Reader {
        platform,
        block_size: platform.log().geometry().block_size as usize,
        base: meta.ring_base,
        ring_len: meta.ring_len,
        identity: meta.identity,
        position: meta.replay,
        parent: meta.last_record,
        buffer,
        loaded: (0, 0),
    }
}

/// Looks over the log device and says what is wrong with it as a whole.
fn look_at_log<P: Platform, M: Memory<P>>(
    platform: &P,
    memory: &M,
    meta: &Meta,
) -> Result<Log, Error<P::Error>> {
    let len = platform.log().len().map_err(|error| Error::Device {
        device: DeviceName::Log,
        operation: Operation::Length,
        offset: 0,
        error,
    })?;
    if len < meta.ring_len {
        if meta.clean {
            return Ok(Log { len, survey: Survey::default() });
        }
        return Err(Error::LogMissing);
    }
    let Some(buffer) = memory.logs().first() else {
        return Err(Error::MemoryTooSmall);
    };
    let mut buffer = buffer.lock();
    let survey = reader(platform, meta, buffer.as_mut()).survey()?;
    if survey.own == 0 && survey.foreign > 0 {
        return Err(Error::LogForeign);
    }
    Ok(Log { len, survey })
}

fn check_meta<P: Platform, M: Memory<P>>(
    platform: &P,
    memory: &M,
    options: &Options,
    meta: &Meta,
) -> Result<(), Error<P::Error>> {
    let page_size = meta.page_size;
    if memory.page_size() != page_size as usize {
        return Err(Error::PageSize { page_size, memory: memory.page_size() as u32 });
    }
    let block_size = platform.data().geometry().block_size;
    if block_size > page_size && !options.read_only {
        return Err(Error::BlockSize { block_size, page_size });
    }
    let needed = u64::from(meta.page_count) * u64::from(page_size);
    let found = platform.data().len().map_err(|error| Error::Device {
        device: DeviceName::Data,
        operation: Operation::Length,
        offset: 0,
        error,
    })?;
    if found < needed {
        return Err(Error::Truncated { needed, found });
    }
    let block_size = platform.log().geometry().block_size;
    if block_size != meta.log_block_size && !meta.clean {
        return Err(Error::LogBlockSize { block_size, found: meta.log_block_size });
    }
    check_ring(platform, memory, meta.ring_len)?;
    let sane = levels_fit(meta)
        && meta.used_count <= meta.page_count
        && meta.replay.lsn >= meta.ring_base
        && [meta.epoch, meta.last_record, meta.generation, meta.identity.incarnation, meta.replay.lsn]
            .iter()
            .all(|number| *number < NUMBER_MAX)
        && meta.ring_len < NUMBER_MAX;
    if sane { Ok(()) } else { Err(Error::MetaDamaged) }
}

/// Whether the map is as high as its pages need.
fn levels_fit(meta: &Meta) -> bool {
    let shape = Shape::new(meta.page_size as usize - CRC_LEN);
    let Ok(levels) = u8::try_from(meta.map_levels) else { return false };
    let leaves = meta.page_count.div_ceil(shape.bits);
    levels <= MAP_LEVELS_MAX
        && meta.page_count <= shape.pages_max()
        && leaves <= shape.span(levels)
        && levels.checked_sub(1).is_none_or(|below| leaves > shape.span(below))
}

/// A ring must hold several batches, so that a commit finds room while a checkpoint is written.
fn check_ring<P: Platform, M: Memory<P>>(
    platform: &P,
    memory: &M,
    ring_len: u64,
) -> Result<(), Error<P::Error>> {
    let block = u64::from(platform.log().geometry().block_size);
    let buffer = memory.logs().first().map_or(0, |log| log.lock().as_ref().len()) as u64;
    if block == 0 || !ring_len.is_multiple_of(block) || ring_len < 8 * block || buffer > ring_len {
        return Err(Error::RingLength { ring_len });
    }
    Ok(())
}

/// Checks once what all other code relies on.
fn check_memory<P: Platform, M: Memory<P>>(platform: &P, memory: &M) -> Result<(), Error<P::Error>> {
    let page_size = memory.page_size() as u32;
    if !page_size.is_power_of_two() || !(PAGE_SIZE_MIN..=PAGE_SIZE_MAX).contains(&page_size) {
        return Err(Error::PageSize { page_size, memory: page_size });
    }
    let frames = memory.frames().len();
    let hands = memory.hands().len();
    let block = platform.log().geometry().block_size as usize;
    let log_len = memory.logs().first().map_or(0, |log| log.lock().as_ref().len());
    let logs_fit = memory.logs().iter().all(|log| {
        let len = log.lock().as_ref().len();
        block > BLOCK_HEADER && len >= 2 * block && len.is_multiple_of(block) && len == log_len
    });
    let mut writer = memory.writer().lock();
    let lists = writer.lists.as_ref().len();
    // A list moves all its inline entries into one page.
    let room = (memory.page_size() - CRC_LEN - ENTRIES) / ENTRY;
    let inline_fits =
        writer.lists.as_ref().iter().all(|list| (2..=room).contains(&list.inline.as_ref().len()));
    let scratch = writer.scratch.as_mut().len();
    let fits = hands > 0
        && frames / hands >= FRAMES_MIN
        && frames.is_multiple_of(hands)
        && memory.keys().len() == frames
        && memory.flags().len() == frames
        && frames / hands < usize::from(u16::MAX)
        && !memory.logs().is_empty()
        && logs_fit
        && lists >= crate::space::lists::DEAD + 4
        && inline_fits
        && scratch == memory.page_size();
    if !fits {
        return Err(Error::MemoryTooSmall);
    }
    // It may have served an earlier opening.
    for list in writer.lists.as_mut() {
        list.reset();
    }
    drop(writer);
    for (key, flags) in memory.keys().iter().zip(memory.flags()) {
        key.store(0, Ordering::Release);
        flags.store(0, Ordering::Release);
    }
    for slot in memory.readers() {
        slot.store(0, Ordering::Release);
    }
    Ok(())
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
        ring_event: AtomicU32::new(0),
        ring_waiters: AtomicU32::new(0),
        states: Mutex::new(States {
            committed: state,
            visible: state,
            flushing: None,
            durable: meta.epoch,
            checkpoint: None,
        }),
        readers_used: AtomicUsize::new(0),
        armed: AtomicBool::new(false),
        recovery: RecoveryStats::default(),
        counters: Counters::default(),
    }
}
