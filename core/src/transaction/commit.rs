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
use crate::engine::{Database, Span, count};
use crate::error::Error;
use crate::log::ring::{Batch, Position, Ring};
use crate::memory::Memory;
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use core::ops::Deref;
use lock_api::MutexGuard;
use portable_atomic::Ordering;

/// Entries each transaction sweeps besides twice what the last one freed.
const SWEEP: u32 = 16;
/// Leaves of dropped trees each transaction frees.
const GRAVES: u32 = 4;
/// Most pages kept in reserve for replay, checkpoints and deletes.
const RESERVE_MAX: u32 = 32;
/// A record longer than this part of the ring is not logged.
const RING_PART: u64 = 16;

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
        if let Err(error) = self.change.tidy_graves(&self.db, GRAVES) {
            self.db.note_shortage(&error);
            self.undo();
            return Err(error);
        }
        let logged = self.operations.filter(|len| self.db.fits_log(*len));
        let result = match logged {
            Some(len) => self.commit_logged(len),
            None => self.commit_by_checkpoint(),
        };
        if result.is_ok() {
            count(&self.db.counters.commits);
            self.db.checkpoint_if_due();
        }
        result
    }

    fn commit_logged(&mut self, len: usize) -> Result<(), Error<P::Error>> {
        let committed = self.db.work(self.change.span, |workspace| {
            let (_, freed) = workspace.lists_position();
            workspace.space.last_freed = freed;
            workspace.lists_commit(self.base)
        });
        if let Err(error) = committed {
            self.undo();
            return Err(error);
        }
        self.finished = true;
        let appended = self.db.append(&mut self.change, len);
        self.db.free_place();
        let position = appended?;
        self.db.flush_log(position.lsn)
    }

    fn commit_by_checkpoint(&mut self) -> Result<(), Error<P::Error>> {
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
        count(&self.db.counters.commits_by_checkpoint);
        let result = self.db.finish_commit_checkpoint();
        self.db.free_place();
        result
    }
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Begins a change by the holder of the writer's place: sweeps, and makes room.
    pub(crate) fn begin_write(&self) -> Result<Change<M::Roots>, Error<P::Error>> {
        self.check_writable()?;
        self.arm()?;
        let short = core::mem::take(&mut self.writer.lock().space_short);
        if short {
            match self.checkpoint_held() {
                // What follows may find space: a reader may have gone.
                Err(Error::NoSpace { .. } | Error::PoolExhausted) => {}
                other => other?,
            }
        }
        let (freed, epoch, reserve) = {
            let mut writer = self.writer.lock();
            writer.next_epoch += 1;
            let reserve = (writer.space.page_count / 8).min(RESERVE_MAX);
            (core::mem::take(&mut writer.space.last_freed), writer.next_epoch - 1, reserve)
        };
        let (state, protectors) = self.state_and_protectors();
        let span = Span { epoch, protected: state.epoch, reserve };
        let budget = SWEEP.saturating_add(2 * freed.min(u64::from(u32::MAX / 4)) as u32);
        // Moving entries between lists may need a page: from the reserve, and if there is none the
        // entries wait for the next sweep.
        let swept = self.work(Span { reserve: 0, ..span }, |workspace| {
            match workspace.sweep(&protectors, budget) {
                Ok(_) | Err(Error::NoSpace { .. } | Error::PoolExhausted) => {}
                Err(error) => return Err(error),
            }
            if workspace.space.is_sparse(workspace.shape()) {
                // The lowest free pages are taken instead, so that the end of the file becomes free.
                workspace.drain_recycled()?;
            }
            workspace.ensure_spare(&protectors)
        });
        match swept {
            Ok(()) => {}
            Err(error @ (Error::NoSpace { .. } | Error::PoolExhausted)) => return Err(error),
            Err(error) => {
                self.fail();
                return Err(error);
            }
        }
        Ok(Change::new(state, span))
    }

    /// After an error for want of space the next transaction begins with a checkpoint, which gives
    /// pages back.
    pub(super) fn note_shortage(&self, error: &Error<P::Error>) {
        if matches!(error, Error::NoSpace { .. }) {
            self.writer.lock().space_short = true;
        }
    }

    /// Whether a record of this length is to be logged.
    fn fits_log(&self, len: usize) -> bool {
        let ring = self.ring.lock();
        len as u64 <= ring.len / RING_PART && ring.fits_any(len) && ring.has_room(len)
    }

    /// Appends the record of a change to the log buffer and makes its state the newest committed.
    fn append(&self, change: &mut Change<M::Roots>, len: usize) -> Result<Position, Error<P::Error>> {
        let mut ring = self.ring.lock();
        loop {
            if ring.failed {
                return Err(Error::ReadOnly);
            }
            let Some(log) = self.memory.logs().get(ring.filling) else {
                return Err(Error::MemoryTooSmall);
            };
            let mut buffer = log.lock();
            if ring.fits_buffer(buffer.as_ref(), len) {
                let memory = self.memory.operations().lock();
                let operations = memory.as_ref().get(..len).unwrap_or(&[]);
                let state = &mut change.state;
                state.epoch = change.span.epoch;
                let crc = |crc, bytes: &[u8]| self.platform.crc32c(crc, bytes);
                let position = ring.append(buffer.as_mut(), state.epoch, state.last_record, operations, crc);
                state.last_record = state.epoch;
                state.lsn = position.lsn;
                let mut states = self.states.lock();
                states.committed = *state;
                if is(Bug::VisibleEarly) {
                    states.visible = *state;
                }
                drop(states);
                self.pool.committed.store(state.epoch, Ordering::Release);
                return Ok(position);
            }
            drop(buffer);
            ring = self.flush_once(ring);
        }
    }

    /// Returns when the log is durable up to `lsn`: leads a flush, or waits for one.
    pub(crate) fn flush_log(&self, lsn: u64) -> Result<(), Error<P::Error>> {
        let mut ring = self.ring.lock();
        loop {
            if ring.durable >= lsn {
                return Ok(());
            }
            if ring.failed && is(Bug::UnknownIsDone) {
                return Ok(());
            }
            if ring.failed {
                return Err(Error::Unknown);
            }
            ring = self.flush_once(ring);
        }
    }

    /// Leads one flush if none runs, else waits for the end of the one that does.
    fn flush_once<'a>(&'a self, mut ring: MutexGuard<'a, P::Mutex, Ring>) -> MutexGuard<'a, P::Mutex, Ring> {
        if ring.flushing {
            self.ring_waiters.fetch_add(1, Ordering::AcqRel);
            let seen = self.ring_event.load(Ordering::Acquire);
            drop(ring);
            self.platform.wait(&self.ring_event, seen, None);
            self.ring_waiters.fetch_sub(1, Ordering::AcqRel);
            return self.ring.lock();
        }
        let Some(log) = self.memory.logs().get(ring.filling) else {
            ring.failed = true;
            return ring;
        };
        let mut buffer = log.lock();
        let batch = {
            let mut states = self.states.lock();
            states.flushing = Some(states.committed);
            let buffers = self.memory.logs().len();
            ring.close(buffer.as_mut(), buffers, |bytes| self.platform.crc32c(0, bytes))
        };
        ring.flushing = true;
        let geometry = *ring;
        drop(ring);
        let result = self.write_batch(&geometry, &batch, buffer.as_ref());
        drop(buffer);
        let mut ring = self.ring.lock();
        ring.flushing = false;
        let mut states = self.states.lock();
        let flushed = states.flushing.take();
        if result.is_ok() {
            ring.durable = batch.end;
            if let Some(state) = flushed {
                states.visible = state;
            }
        } else {
            ring.failed = !is(Bug::UnflushedForgotten);
            if !is(Bug::UnflushedForgotten) {
                self.fail();
            }
        }
        drop(states);
        self.ring_event.fetch_add(1, Ordering::AcqRel);
        if self.ring_waiters.load(Ordering::Acquire) > 0 {
            self.platform.wake(&self.ring_event);
        }
        ring
    }

    /// Writes a batch to its place in the ring and flushes the log device.
    fn write_batch(&self, ring: &Ring, batch: &Batch, buffer: &[u8]) -> Result<(), P::Error> {
        let bytes = buffer.get(..batch.len).unwrap_or(&[]);
        let offset = ring.offset(batch.lsn);
        let first = bytes.len().min((ring.len - offset) as usize);
        let (now, wrapped) = bytes.split_at(first);
        let log = self.platform.log();
        if is(Bug::LogFlushFirst) {
            log.flush()?;
        }
        if is(Bug::WrongBlockFirst) && !wrapped.is_empty() {
            log.write(0, &[wrapped])?;
            log.flush()?;
            return log.write(offset, &[now]);
        }
        log.write(offset, &[now])?;
        if !wrapped.is_empty() {
            log.write(0, &[wrapped])?;
        }
        self.counters.log_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        count(&self.counters.log_flushes);
        if is(Bug::LogFlushDropped) || is(Bug::LogFlushFirst) {
            return Ok(());
        }
        if is(Bug::FlushRetried) {
            return log.flush().or_else(|_| log.flush());
        }
        log.flush()
    }
}
