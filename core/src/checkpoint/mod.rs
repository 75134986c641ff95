//! Checkpoints: making a state durable without the log, so that the log before it can go.
//!
//! ```text
//! fix      (writer's place)  the state's roots go into the catalog, the map is written;
//!                            E is that state, and it becomes C
//! write    (in steps)        E's dirty pages, neighbours together
//! finish   flush data; flush the log until V >= E; write the meta, flush; retire the log before E
//! ```
//! Commits and reads go on between the steps. A checkpoint that fails makes the database read-only:
//! what is on the device then still is the last durable checkpoint and the log behind it.

use crate::device::BlockDevice;
use crate::engine::{Database, Pace, Span, count};
use crate::error::{DeviceName, Error, Operation};
use crate::limits::RING_BLOCKS_MIN;
use crate::log::ring::{Fill, Position};
use crate::memory::{Memory, State};
use crate::meta::{Meta, store};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use crate::space::format::Shape;
use crate::space::{RESERVE_MAX, TAIL_MIN, is_sparse};
use crate::transaction::change::Change;
use portable_atomic::Ordering;

/// Pages a step writes at most when a commit takes it.
const STEP: usize = 32;

/// When a checkpoint's state is in the log but for its last moment, whether its log part is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    /// The database stays open.
    No,
    /// The log is empty and stays so until the next opening.
    Clean,
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Makes everything committed so far durable outside the log.
    ///
    /// # Errors
    /// [`Error::Busy`] when the writer's place is taken; [`Error::ReadOnly`]; device errors, after
    /// which the database is read-only until it is reopened (and nothing acknowledged is lost).
    pub fn checkpoint(&self) -> Result<(), Error<P::Error>> {
        self.check_writable()?;
        self.take_place()?;
        let result = self.checkpoint_held();
        self.free_place();
        result
    }

    /// Whether a checkpoint would change anything: the newest state, or a file to be made shorter.
    fn is_due(&self) -> bool {
        self.is_changed() || self.is_sparse()
    }

    /// Whether the newest state is in no durable checkpoint.
    fn is_changed(&self) -> bool {
        let durable = self.checkpoints.lock().durable.epoch;
        self.states.lock().committed.epoch != durable
    }

    /// Takes one step of a checkpoint, beginning one if there is something to do: writes up to
    /// about `pages` pages. `true`: nothing is in progress now.
    ///
    /// # Errors
    /// As [`Database::checkpoint`].
    pub fn checkpoint_step(&self, pages: u32) -> Result<bool, Error<P::Error>> {
        self.check_writable()?;
        if self.checkpoints.lock().fixed.is_none() {
            self.take_place()?;
            let changed = self.is_changed();
            let begun = if changed { self.begin_checkpoint() } else { Ok(false) };
            self.free_place();
            if !begun? {
                return Ok(true);
            }
        }
        self.advance(pages.max(1) as usize)
    }

    /// A whole checkpoint by the holder of the writer's place.
    pub(crate) fn checkpoint_held(&self) -> Result<(), Error<P::Error>> {
        self.finish_in_progress()?;
        if self.begin_checkpoint()? {
            self.finish_in_progress()?;
        }
        Ok(())
    }

    /// Runs the checkpoint in progress, if there is one, to its end.
    fn finish_in_progress(&self) -> Result<(), Error<P::Error>> {
        while !self.advance(usize::MAX)? {}
        Ok(())
    }

    /// Fixes a checkpoint of the newest state, if it is newer than the last one. The caller holds
    /// the writer's place, and no checkpoint is in progress.
    #[cold]
    fn begin_checkpoint(&self) -> Result<bool, Error<P::Error>> {
        if self.checkpoints.lock().fixed.is_some() {
            return Ok(true);
        }
        let state = self.states.lock().committed;
        if !self.is_due() {
            return Ok(false);
        }
        self.arm()?;
        let span = Span { epoch: self.draw_epoch(), protected: state.epoch, reserve: 0 };
        let mut change = Change::new(state, span);
        if let Err(error) = self.fix(&mut change, state.epoch) {
            let undone = self.work(span, |workspace| workspace.lists_rollback(0, 0));
            if undone.is_err() || !matches!(error, Error::NoSpace { .. } | Error::PoolExhausted) {
                self.fail();
            }
            return Err(error);
        }
        let ring = self.ring.lock();
        let mut states = self.states.lock();
        if states.log_durable >= ring.position.lsn && states.flushing.is_none() {
            // Nothing of it waits for a flush.
            states.visible = change.state;
        }
        Ok(true)
    }

    /// Fixes a checkpoint of a changed state, which becomes the newest committed: catalog, lists,
    /// map. On an error before that the caller rolls the change back.
    pub(crate) fn fix(&self, change: &mut Change<M::Roots>, base: u64) -> Result<(), Error<P::Error>> {
        change.span.reserve = 0;
        let span = change.span;
        let durable = self.checkpoints.lock().durable;
        let protectors = self.protectors();
        self.work(span, |workspace| {
            workspace.ensure_spare(&protectors)?;
            workspace.settle_all()?;
            workspace.drain_recycled()?;
            change.settle_moved(workspace)?;
            if is_sparse(workspace.space, workspace.shape()) {
                change.compact(workspace, COMPACT)?;
            }
            if is(Bug::RootsForgotten) { Ok(()) } else { change.settle(workspace) }
        })?;
        self.work(span, |workspace| {
            workspace.lists_commit(base)?;
            match workspace.sweep(&protectors, u32::MAX) {
                // What could not be moved waits for the next sweep.
                Err(Error::NoSpace { .. } | Error::PoolExhausted) => Ok(()),
                other => other.map(|_| ()),
            }
        })
        .inspect_err(|_| self.fail())?;
        change.state.epoch = span.epoch;
        let meta = self
            .work(span, |workspace| {
                if !is(Bug::HeldPersisted) {
                    workspace.settle_all()?;
                }
                workspace.drain_recycled()?;
                let count = workspace.space.page_count;
                let tail = workspace.free_tail()?;
                // Cutting little would only make the next transaction grow the file again.
                if tail > (count - tail) / 8 + TAIL_MIN {
                    workspace.space.page_count -= tail;
                    workspace.space.take_free(tail);
                    workspace.space.hint = workspace.space.hint.min(count - tail);
                }
                workspace.fix_map(span.epoch)?;
                let space = &workspace.space;
                Ok(Meta {
                    page_size: workspace.pager.page_size() as u32,
                    epoch: span.epoch,
                    last_record: change.state.last_record,
                    catalog: change.state.catalog.root,
                    catalog_count: change.state.catalog.count,
                    map: space.map,
                    map_levels: u32::from(space.levels),
                    page_count: space.page_count,
                    used_count: space.used_count(),
                    next_tree: change.state.next_tree,
                    graves: change.state.graves,
                    ..durable
                })
            })
            .inspect_err(|_| self.fail())?;
        let replay = if is(Bug::ReplayFromOldPlace) { durable.replay } else { self.log_position() };
        let mut checkpoints = self.checkpoints.lock();
        checkpoints.writes_before = self.pool.writes.load(Ordering::Relaxed);
        checkpoints.fixed = Some(Meta { replay, clean: false, ..meta });
        self.pace.at.store(0, Ordering::Release);
        let mut states = self.states.lock();
        states.committed = change.state;
        states.checkpoint = Some(span.epoch);
        self.pool.committed.store(span.epoch, Ordering::Release);
        Ok(())
    }

    /// Whether the file is to be made shorter.
    fn is_sparse(&self) -> bool {
        let shape = Shape::new(self.pager().view_len());
        is_sparse(&self.memory.writer().lock().space, shape)
    }

    /// Writes up to `budget` pages of the checkpoint in progress, and finishes it after the last.
    /// `true`: none is in progress.
    #[cold]
    fn advance(&self, budget: usize) -> Result<bool, Error<P::Error>> {
        let mut checkpoints = self.checkpoints.lock();
        let Some(fixed) = checkpoints.fixed else {
            return Ok(true);
        };
        if is(Bug::RetiredEarly) {
            let mut ring = self.ring.lock();
            ring.retired = fixed.replay.lsn - fixed.replay.lsn % ring.block_size as u64;
        }
        let pager = self.pager();
        let at = self.pace.at.load(Ordering::Acquire);
        let at = pager.write_dirty(fixed.epoch, at, budget).inspect_err(|_| self.fail())?;
        self.pace.at.store(at, Ordering::Release);
        if at < self.memory.frames().len() {
            return Ok(false);
        }
        if !is(Bug::MetaBeforePages) {
            self.flush_data().inspect_err(|_| self.fail())?;
        }
        if is(Bug::TruncatedEarly) {
            let _ = self.platform.data().truncate(u64::from(fixed.page_count) * u64::from(fixed.page_size));
        }
        self.flush_log(fixed.replay.lsn)?;
        let meta = self.finish(&fixed, checkpoints.durable.generation + 1, Close::No);
        checkpoints.durable = meta.inspect_err(|_| self.fail())?;
        checkpoints.fixed = None;
        self.pace.at.store(Pace::IDLE, Ordering::Release);
        self.pace.ended_us.store(self.platform.now_us(), Ordering::Release);
        // Under the lock of checkpoints: the next one may be fixed only when this one is done.
        self.retire(&checkpoints.durable)?;
        Ok(true)
    }

    /// Writes and flushes the meta of a checkpoint whose pages and log are flushed.
    fn finish(&self, fixed: &Meta, generation: u64, close: Close) -> Result<Meta, Error<P::Error>> {
        if self.pool.failed.load(Ordering::Acquire) {
            return Err(Error::ReadOnly);
        }
        let ring = *self.ring.lock();
        let durable = self.states.lock().log_durable;
        let meta = Meta {
            generation,
            identity: ring.identity,
            durable_lsn: durable.max(fixed.replay.lsn),
            log_block_size: ring.block_size as u32,
            ring_base: ring.base,
            ring_len: ring.len,
            clean: close == Close::Clean,
            ..*fixed
        };
        store::write(&self.platform, &meta)?;
        if !is(Bug::MetaUnflushed) {
            self.flush_data()?;
        }
        Ok(meta)
    }

    pub(crate) fn flush_data(&self) -> Result<(), Error<P::Error>> {
        count(&self.counters.data_flushes);
        self.pager().flush()
    }

    /// Lets go of what a durable checkpoint replaced: the log before it, the state before it, the
    /// end of the device.
    fn retire(&self, meta: &Meta) -> Result<(), Error<P::Error>> {
        {
            let mut ring = self.ring.lock();
            let block = ring.block_size as u64;
            ring.retired = meta.replay.lsn - meta.replay.lsn % block;
            ring.generation = meta.generation;
            let mut states = self.states.lock();
            states.durable = meta.epoch;
            states.checkpoint = None;
        }
        count(&self.counters.checkpoints);
        self.shorten(meta);
        Ok(())
    }

    /// Gives the end of the data device back that neither a durable checkpoint nor the writer needs.
    fn shorten(&self, meta: &Meta) {
        // Held so that nobody grows the device meanwhile.
        let writer = self.memory.writer().lock();
        let len = u64::from(writer.space.page_count.max(meta.page_count)) * u64::from(meta.page_size);
        let device = self.platform.data();
        if device.len().is_ok_and(|found| found > len) {
            // A hint: a longer file is as good, and the checkpoint is durable already.
            let _ = device.truncate(len);
        }
    }

    /// Before a commit by checkpoint: everything older is durable, nothing is in progress.
    pub(crate) fn prepare_checkpoint(&self) -> Result<(), Error<P::Error>> {
        self.flush_log(self.log_position().lsn)?;
        self.finish_in_progress()
    }

    /// The rest of a commit by checkpoint, whose state is fixed: it becomes visible when durable.
    pub(crate) fn finish_commit_checkpoint(&self) -> Result<(), Error<P::Error>> {
        if is(Bug::PublishedBeforeMeta) {
            let mut states = self.states.lock();
            states.visible = states.committed;
        }
        let result = self.finish_in_progress();
        match result {
            Ok(()) => {
                let mut states = self.states.lock();
                states.visible = states.committed;
                Ok(())
            }
            // Its meta may have reached the device.
            Err(_) => Err(Error::Unknown),
        }
    }

    /// After a commit: takes the steps of a checkpoint that is due. A failure is not the commit's;
    /// it makes the database read-only, which the next transaction learns.
    pub(crate) fn checkpoint_if_due(&self, fill: Fill) {
        if !self.options.checkpoint_auto {
            return;
        }
        let half = fill.len / 2;
        let ended = self.pace.ended_us.load(Ordering::Acquire);
        let since = self.platform.now_us().saturating_sub(ended);
        let late = since >= self.options.checkpoint_interval_us;
        let at = self.pace.at.load(Ordering::Acquire);
        // Nothing to add to an error: it is noted where it happens.
        if at != Pace::IDLE {
            // All frames are looked at by three quarters of the ring.
            let frames = self.memory.frames().len() as u64;
            let due = frames * fill.filled.saturating_sub(half) / (half / 2).max(1);
            // Whoever holds the lock takes a step already.
            if (late || (at as u64) < due) && self.checkpoints.try_lock().is_some() {
                let _ = self.advance(STEP);
            }
        } else if (fill.filled >= half || late) && self.try_place() {
            let soon = since < self.options.ring_growth_us && fill.len < self.options.ring_len_max;
            let _ = if soon && fill.filled >= half && self.writes_much(fill.filled) {
                self.grow_ring()
            } else {
                self.begin_checkpoint().map(|_| ())
            };
            self.free_place();
        }
    }

    /// Whether pages were written for more bytes than this since the last checkpoint was fixed: then
    /// a longer ring pays.
    fn writes_much(&self, log_bytes: u64) -> bool {
        let before = self.checkpoints.lock().writes_before;
        let pages = self.pool.writes.load(Ordering::Relaxed).saturating_sub(before);
        pages * u64::from(self.page_size()) > log_bytes
    }

    /// A whole checkpoint that also doubles the ring, by the holder of the writer's place.
    #[cold]
    fn grow_ring(&self) -> Result<(), Error<P::Error>> {
        self.checkpoint_held()?;
        self.flush_log(self.log_position().lsn)?;
        let ring = *self.ring.lock();
        let most = self.options.ring_len_max - self.options.ring_len_max % ring.block_size as u64;
        let len = (ring.len * 2).min(most);
        if len <= ring.len {
            return Ok(());
        }
        if let Err(error) = self.extend_log(ring.len, len) {
            if matches!(error, Error::NoSpace { .. }) {
                return Ok(());
            }
            self.fail();
            return Err(error);
        }
        self.restart_log(len, Close::No).map(|_| ())
    }

    /// Makes the log device longer, with zeros really written, durably.
    pub(crate) fn extend_log(&self, from: u64, to: u64) -> Result<(), Error<P::Error>> {
        let log = self.platform.log();
        let fail = |operation| {
            move |error| Error::Device { device: DeviceName::Log, operation, offset: from, error }
        };
        if let Err(error) = log.reserve(to) {
            if embedded_io::Error::kind(&error) == embedded_io::ErrorKind::OutOfMemory {
                return Err(Error::NoSpace { pages: 0 });
            }
            return Err(fail(Operation::Reserve)(error));
        }
        // Nothing is packed while the log grows.
        self.work(Span::default(), |workspace| {
            let zeros = &mut *workspace.operations;
            zeros.fill(0);
            let mut at = from;
            while at < to {
                let amount = (to - at).min(zeros.len() as u64);
                let piece = zeros.get(..amount as usize).unwrap_or(&[]);
                log.write(at, &[piece]).map_err(fail(Operation::Write))?;
                at += amount;
            }
            log.flush().map_err(fail(Operation::Flush))
        })
    }

    /// Writes a meta with nothing behind it in the log: a ring of `len` bytes that begins anew.
    /// The caller holds the writer's place; the last checkpoint holds the newest state.
    fn restart_log(&self, len: u64, close: Close) -> Result<Meta, Error<P::Error>> {
        let mut checkpoints = self.checkpoints.lock();
        let start = {
            let mut ring = self.ring.lock();
            let start = ring.end();
            ring.base = start;
            ring.len = len;
            ring.retired = start;
            ring.position = Position { lsn: start, ..ring.position };
            let ahead = if is(Bug::FirstCommitUnflushed) { ring.block_size as u64 } else { 0 };
            self.states.lock().log_durable = start + ahead;
            ring.position
        };
        let fixed = Meta { replay: start, ..checkpoints.durable };
        let meta = self.finish(&fixed, checkpoints.durable.generation + 1, close);
        let meta = meta.inspect_err(|_| self.fail())?;
        checkpoints.durable = meta;
        self.ring.lock().generation = meta.generation;
        Ok(meta)
    }

    /// The first write after opening: raises the incarnation, durably, so that no record of an
    /// earlier opening can follow one of this.
    pub(crate) fn arm(&self) -> Result<(), Error<P::Error>> {
        if self.armed.load(Ordering::Acquire) { Ok(()) } else { self.arm_now() }
    }

    /// Bytes of the shortest ring there can be: some blocks, and what a buffer holds.
    fn least_ring(&self) -> u64 {
        let ring = self.ring.lock();
        (RING_BLOCKS_MIN * ring.block_size as u64).max(ring.buffer_len as u64)
    }

    #[cold]
    fn arm_now(&self) -> Result<(), Error<P::Error>> {
        let durable = self.checkpoints.lock().durable;
        let len = self.platform.log().len().map_err(|error| Error::Device {
            device: DeviceName::Log,
            operation: Operation::Length,
            offset: 0,
            error,
        })?;
        let least = self.least_ring();
        let mut ring_len = durable.ring_len.max(least);
        if len < ring_len {
            // A clean close lets the log go; nothing is in it.
            let mut made = self.extend_log(0, ring_len);
            if matches!(made, Err(Error::NoSpace { .. })) && least < ring_len {
                // Others took the space. The shortest ring serves, and grows when there is some again.
                ring_len = least;
                made = self.extend_log(0, ring_len);
            }
            made.inspect_err(|error| {
                // A flush that failed is not made good by a later one.
                if !matches!(error, Error::NoSpace { .. }) {
                    self.fail();
                }
            })?;
        } else {
            // Whoever made the log this long may have been killed before it was flushed, and a commit
            // flushes no more than its own bytes.
            self.platform.log().flush().inspect_err(|_| self.fail()).map_err(|error| Error::Device {
                device: DeviceName::Log,
                operation: Operation::Flush,
                offset: 0,
                error,
            })?;
        }
        if is(Bug::CleanMarkKept) {
            self.restart_log(ring_len, Close::Clean)?;
        } else if !is(Bug::IncarnationUnwritten) && !is(Bug::IncarnationKept) {
            self.restart_log(ring_len, Close::No)?;
        }
        self.armed.store(true, Ordering::Release);
        Ok(())
    }

    /// Writes one copy of the newest meta again and flushes: after a failed flush in an earlier run
    /// the system may show bytes that the medium never got. What a cut left of a later generation is
    /// erased: one of the same number that is torn over it could make it whole, long after its pages
    /// were used again.
    pub(crate) fn renew_copy(&self, found: &store::Found) -> Result<(), Error<P::Error>> {
        let meta = &found.meta;
        let renewed = found.bad_copy.unwrap_or(meta.generation % 2 * 2);
        store::write_copy(&self.platform, meta, renewed)?;
        if is(Bug::GoodMetaOverwritten) {
            store::write_copy(&self.platform, meta, renewed ^ 1)?;
        }
        for (copy, remnant) in (0u64..).zip(found.remnants) {
            if remnant && copy != renewed {
                store::erase_copy(&self.platform, meta.page_size, copy)?;
            }
        }
        self.flush_data()
    }

    /// Closes the database: everything is in the data device, the log is empty, and the next
    /// opening has nothing to replay. The files give back what they do not need.
    ///
    /// # Errors
    /// As [`Database::checkpoint`]; nothing acknowledged is lost, the next opening replays the log.
    pub fn close(self) -> Result<(), Error<P::Error>> {
        if self.options.read_only || !self.armed.load(Ordering::Acquire) {
            return Ok(());
        }
        if is(Bug::CleanMarkAfterFailure) && self.pool.failed.swap(false, Ordering::AcqRel) {
            let len = self.ring.lock().len;
            return self.restart_log(len, Close::Clean).map(|_| ());
        }
        self.check_writable()?;
        self.take_place()?;
        self.checkpoint_held()?;
        self.flush_log(self.log_position().lsn)?;
        let (ring, first) = (*self.ring.lock(), self.options.ring_len);
        let shorter = first.is_multiple_of(ring.block_size as u64) && first >= self.least_ring();
        let len = if shorter { ring.len.min(first) } else { ring.len };
        self.checkpoints.lock().durable.page_count = self.cut_tail()?;
        let meta = self.restart_log(len, Close::Clean)?;
        self.shorten(&meta);
        // A hint, too: the durable meta says that there is nothing in the log, whatever its length.
        let _ = self.platform.log().truncate(0);
        Ok(())
    }

    /// The page count without the free end of the file, but for what deletes may need when the device
    /// is full. The last checkpoint holds the newest state, and nobody reads another.
    fn cut_tail(&self) -> Result<u32, Error<P::Error>> {
        let epoch = self.draw_epoch();
        let (state, protectors) = self.state_and_protectors();
        self.work(Span { epoch, protected: state.epoch, reserve: 0 }, |workspace| {
            match workspace.sweep(&protectors, u32::MAX) {
                // What could not be moved stays, and the file longer.
                Err(Error::NoSpace { .. } | Error::PoolExhausted) => {}
                other => drop(other?),
            }
            workspace.drain_recycled()?;
            let tail = workspace.free_tail()?;
            let space = &mut *workspace.space;
            let kept = RESERVE_MAX.saturating_sub(space.free_count.saturating_sub(tail));
            let cut = tail.saturating_sub(kept);
            space.page_count -= cut;
            space.take_free(cut);
            Ok(space.page_count)
        })
    }
}

/// Pages a checkpoint moves from the end of a sparse file.
const COMPACT: u32 = 64;

/// The state a meta describes.
pub(crate) fn state_of<R: crate::memory::Roots>(meta: &Meta) -> State<R> {
    let mut state = State::EMPTY;
    state.epoch = meta.epoch;
    state.last_record = meta.last_record;
    state.lsn = meta.replay.lsn;
    state.catalog.root = meta.catalog;
    state.catalog.count = meta.catalog_count;
    state.next_tree = meta.next_tree;
    state.graves = meta.graves;
    state
}
