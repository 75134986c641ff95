//! Committing.
//!
//! ```text
//! small transaction                      large one, or no room in the ring
//!   append the record to the log buffer    flush the log, finish the checkpoint in progress
//!   its state becomes C                    fix a checkpoint of the transaction's state
//!   free the writer's place                write its pages, flush, write the meta, flush
//!   flush the log, for all who wait        its state becomes C and V
//!   its state becomes V                    free the writer's place
//! ```
//! Whoever waits first leads: it closes the buffer, writes and flushes it for all, while others
//! fill the next one. A failed write or flush is final: the outcome is unknown to all whose records
//! were in it or after it, readers stay on V.

use super::change::Change;
use super::write::WriteTxn;
use crate::device::BlockDevice;
use crate::engine::{Database, Span, States, count};
use crate::error::Error;
use crate::log::ring::{Batch, Fill, Ring};
use crate::memory::Memory;
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use crate::space::RESERVE_MAX;
use core::ops::Deref;
use lock_api::MutexGuard;
use portable_atomic::{AtomicU64, Ordering};

/// Leaves of dropped trees each transaction frees.
const GRAVES: u32 = 4;

type RingGuard<'a, P> = MutexGuard<'a, <P as Platform>::Mutex, Ring>;
type LogGuard<'a, P, M> = MutexGuard<'a, <P as Platform>::Mutex, <M as Memory<P>>::Log>;
type StatesGuard<'a, P, M> = MutexGuard<'a, <P as Platform>::Mutex, States<<M as Memory<P>>::Roots>>;

/// A record that was appended, with everything still locked that whoever flushes it first needs.
struct Appended<'a, P: Platform, M: Memory<P>> {
    /// Where it ends.
    lsn: u64,
    /// How full the ring is with it.
    fill: Fill,
    ring: RingGuard<'a, P>,
    buffer: LogGuard<'a, P, M>,
    states: StatesGuard<'a, P, M>,
}

impl<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> WriteTxn<P, M, D> {
    /// Makes the changes durable, and visible to snapshots that begin from then on.
    ///
    /// When this returns `Ok` the changes survive any crash. On [`Error::Unknown`] they may or may
    /// not be there after reopening, and the database is read-only until then. On any other error
    /// they are rolled back.
    ///
    /// # Errors
    /// See above; [`Error::TransactionAborted`] after an earlier error.
    pub fn commit(mut self) -> Result<(), Error<P::Error>> {
        if self.is_aborted() {
            self.undo();
            return Err(Error::TransactionAborted);
        }
        if !self.changed {
            // What it read counts only once that is durable.
            let seen = self.change.state.lsn;
            self.undo();
            return self.db.flush_log(seen);
        }
        if let Err(error) = self.tidy_graves() {
            self.db.note_shortage(&error);
            self.undo();
            return Err(error);
        }
        // On an error before it is logged, dropping it undoes it.
        let logged = match self.db.log_record(&mut self.change, self.base, self.operations)? {
            Some(appended) => {
                self.finished = true;
                self.db.free_place();
                Some(self.db.flush_appended(appended))
            }
            None => None,
        };
        let result = logged.unwrap_or_else(|| self.commit_by_checkpoint());
        self.db.checkpoint_if_due(result?);
        Ok(())
    }

    /// Frees a little of what dropped trees held.
    fn tidy_graves(&mut self) -> Result<(), Error<P::Error>> {
        let Self { db, change, .. } = self;
        if change.state.graves == 0 {
            return Ok(());
        }
        db.work(change.span, |workspace| change.tidy_graves(workspace, GRAVES))
    }

    #[cold]
    fn commit_by_checkpoint(&mut self) -> Result<Fill, Error<P::Error>> {
        if let Err(error) = self.db.prepare_checkpoint() {
            self.undo();
            return Err(error);
        }
        let fixed = self.db.fix(&mut self.change, self.base);
        if let Err(error) = fixed {
            self.db.note_shortage(&error);
            self.undo();
            return Err(error);
        }
        self.finished = true;
        self.db.count_commit();
        count(&self.db.counters.commits_by_checkpoint);
        let result = self.db.finish_commit_checkpoint();
        self.db.free_place();
        result.map(|()| self.db.ring.lock().fill())
    }
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Begins a change by the holder of the writer's place: sweeps, and makes room.
    pub(crate) fn begin_write(&self) -> Result<Change<M::Roots>, Error<P::Error>> {
        self.check_writable()?;
        self.arm()?;
        loop {
            let swept = self.work(Span::default(), |workspace| {
                if core::mem::take(&mut workspace.space.short) {
                    return Ok(None);
                }
                let (state, protectors) = self.state_and_protectors();
                let reserve = (workspace.space.page_count / 8).min(RESERVE_MAX);
                let span = Span { epoch: workspace.space.draw_epoch(), protected: state.epoch, reserve };
                workspace.epoch = span.epoch;
                workspace.protected = span.protected;
                workspace.sweep_some(&protectors)?;
                Ok(Some(Change::new(state, span)))
            });
            match swept {
                Ok(Some(change)) => return Ok(change),
                Ok(None) => match self.checkpoint_held() {
                    // What follows may find space: a reader may have gone.
                    Err(Error::NoSpace { .. } | Error::PoolExhausted) => {}
                    other => other?,
                },
                Err(error) => {
                    if !matches!(error, Error::NoSpace { .. } | Error::PoolExhausted) {
                        self.fail();
                    }
                    return Err(error);
                }
            }
        }
    }

    /// After an error for want of space the next transaction begins with a checkpoint, which gives
    /// pages back.
    pub(super) fn note_shortage(&self, error: &Error<P::Error>) {
        if matches!(error, Error::NoSpace { .. }) {
            self.memory.writer().lock().space.short = true;
        }
    }

    /// Appends the record of a change to the log buffer and makes its state the newest committed.
    /// Where the record ends; `None` if it is not for the log. With that, or an error, nothing has
    /// happened.
    fn log_record(
        &self,
        change: &mut Change<M::Roots>,
        base: u64,
        operations: Option<usize>,
    ) -> Result<Option<Appended<'_, P, M>>, Error<P::Error>> {
        let Some(len) = operations else {
            return Ok(None);
        };
        loop {
            let full = self.work(change.span, |workspace| {
                self.check_writable()?;
                let mut ring = self.ring.lock();
                if !ring.takes(len) {
                    return Ok(Err(None));
                }
                let Some(log) = self.memory.logs().get(ring.filling) else {
                    return Err(Error::MemoryTooSmall);
                };
                let mut buffer = log.lock();
                if !ring.fits_buffer(buffer.as_ref(), len) {
                    return Ok(Err(Some(ring)));
                }
                let (_, freed) = workspace.lists_position();
                workspace.space.last_freed = workspace.space.last_freed.saturating_add(freed);
                workspace.lists_commit(base)?;
                let operations = workspace.operations.get(..len).unwrap_or(&[]);
                let (lsn, states) = self.append(&mut ring, buffer.as_mut(), change, operations);
                Ok(Ok(Appended { lsn, fill: ring.fill(), ring, buffer, states }))
            })?;
            match full {
                Ok(appended) => return Ok(Some(appended)),
                Err(None) => return Ok(None),
                Err(Some(ring)) => self.flush_once(ring, self.states.lock()),
            }
        }
    }

    /// Appends the record of a change to the log buffer, which has room, and makes its state the
    /// newest committed. Where the record ends.
    fn append(
        &self,
        ring: &mut Ring,
        buffer: &mut [u8],
        change: &mut Change<M::Roots>,
        operations: &[u8],
    ) -> (u64, StatesGuard<'_, P, M>) {
        let state = &mut change.state;
        state.epoch = change.span.epoch;
        let crc = |crc, bytes: &[u8]| self.platform.crc32c(crc, bytes);
        let position = ring.append(buffer, state.epoch, state.last_record, operations, crc);
        state.last_record = state.epoch;
        state.lsn = position.lsn;
        let mut states = self.states.lock();
        states.committed = *state;
        if is(Bug::VisibleEarly) {
            states.visible = *state;
        }
        self.pool.committed.store(state.epoch, Ordering::Release);
        self.count_commit();
        (position.lsn, states)
    }

    /// Counts a commit by the holder of the writer's place.
    fn count_commit(&self) {
        add(&self.counters.commits, 1);
    }

    /// Returns when the log is durable up to `lsn`: leads a flush, or waits for one.
    pub(crate) fn flush_log(&self, lsn: u64) -> Result<(), Error<P::Error>> {
        loop {
            let ring = self.ring.lock();
            let states = self.states.lock();
            if states.log_durable >= lsn || states.log_failed && is(Bug::UnknownIsDone) {
                return Ok(());
            }
            if states.log_failed {
                return Err(Error::Unknown);
            }
            self.flush_once(ring, states);
        }
    }

    /// Returns when a record that was just appended is durable: leads the flush at once if none runs.
    fn flush_appended(&self, appended: Appended<'_, P, M>) -> Result<Fill, Error<P::Error>> {
        let Appended { lsn, fill, ring, buffer, states } = appended;
        if states.flushing.is_some() {
            drop((ring, buffer, states));
        } else if self.lead(ring, buffer, states) {
            return Ok(fill);
        }
        self.flush_log(lsn).map(|()| fill)
    }

    /// Leads one flush if none runs, else waits for the end of the one that does.
    #[cold]
    fn flush_once(&self, ring: RingGuard<'_, P>, mut states: StatesGuard<'_, P, M>) {
        if states.flushing.is_some() {
            self.flush_waiters.fetch_add(1, Ordering::AcqRel);
            let seen = self.flush_event.load(Ordering::Acquire);
            drop((ring, states));
            self.platform.wait(&self.flush_event, seen, None);
            self.flush_waiters.fetch_sub(1, Ordering::AcqRel);
        } else if let Some(log) = self.memory.logs().get(ring.filling) {
            self.lead(ring, log.lock(), states);
        } else {
            states.log_failed = true;
        }
    }

    /// Writes and flushes the filling buffer, with which the newest committed state becomes visible;
    /// whether it is durable.
    fn lead(
        &self,
        mut ring: RingGuard<'_, P>,
        mut buffer: LogGuard<'_, P, M>,
        mut states: StatesGuard<'_, P, M>,
    ) -> bool {
        if states.log_failed {
            // It failed after this record's place was found: what is before it in the log may be gone (I9).
            return false;
        }
        let flushing = states.committed;
        states.flushing = Some(flushing.epoch);
        let durable = states.log_durable;
        drop(states);
        let crc = |bytes: &[u8]| self.platform.crc32c(0, bytes);
        let batch = ring.close(buffer.as_mut(), self.memory.logs().len(), durable, crc);
        drop(ring);
        let written = self.write_batch(&batch, buffer.as_ref()).is_ok();
        drop(buffer);
        let mut states = self.states.lock();
        states.flushing = None;
        if written {
            states.log_durable = batch.end;
            states.visible = flushing;
        } else if !is(Bug::UnflushedForgotten) {
            states.log_failed = true;
            self.fail();
        }
        drop(states);
        // Who waits counted itself and read the event under the lock of the states.
        if self.flush_waiters.load(Ordering::Acquire) > 0 {
            self.flush_event.fetch_add(1, Ordering::AcqRel);
            self.platform.wake(&self.flush_event);
        }
        written
    }

    /// Writes a batch to its place in the ring and flushes the log device.
    fn write_batch(&self, batch: &Batch, buffer: &[u8]) -> Result<(), P::Error> {
        let bytes = buffer.get(..batch.len).unwrap_or(&[]);
        let (now, wrapped) = bytes.split_at(batch.straight.min(bytes.len()));
        let log = self.platform.log();
        // One flush runs at a time.
        add(&self.counters.log_bytes, bytes.len() as u64);
        add(&self.counters.log_flushes, 1);
        if is(Bug::LogFlushFirst) {
            log.flush()?;
        }
        if is(Bug::WrongBlockFirst) && !wrapped.is_empty() {
            log.write(0, &[wrapped])?;
            log.flush()?;
            return log.write(batch.offset, &[now]);
        }
        let seeded = is(Bug::LogFlushDropped) || is(Bug::LogFlushFirst) || is(Bug::FlushRetried);
        if wrapped.is_empty() && !seeded {
            return log.write_durable(batch.offset, now);
        }
        log.write(batch.offset, &[now])?;
        if !wrapped.is_empty() {
            log.write(0, &[wrapped])?;
        }
        if is(Bug::LogFlushDropped) || is(Bug::LogFlushFirst) {
            return Ok(());
        }
        if is(Bug::FlushRetried) {
            return log.flush().or_else(|_| log.flush());
        }
        log.flush()
    }
}

/// Counts where only one thread can, so without a locked addition.
fn add(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Ordering::Relaxed) + n, Ordering::Relaxed);
}
