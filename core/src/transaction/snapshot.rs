//! A snapshot: a copy of the visible state and a reader slot that announces its epoch, taken
//! together under one short lock, so that no page it reaches is reused.

use super::view::{Parts, View};
use crate::engine::Database;
use crate::error::Error;
use crate::memory::{Memory, State};
use crate::pager::Role;
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use core::marker::PhantomData;
use core::ops::Deref;
use portable_atomic::Ordering;

/// One state of the database, unchanged as long as it is held. Blocks nobody; holds the pages it
/// can reach.
pub struct Snapshot<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> {
    db: D,
    state: State<M::Roots>,
    slot: usize,
    marker: PhantomData<fn() -> P>,
}

impl<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> Snapshot<P, M, D> {
    /// Begins to read the newest durable state.
    ///
    /// # Errors
    /// [`Error::TooManyReaders`].
    pub fn begin(db: D) -> Result<Self, Error<P::Error>> {
        let mut states = db.states.lock();
        let state = states.visible;
        if is(Bug::SnapshotAnnouncedLate) {
            drop(states);
            states = db.states.lock();
        }
        let slots = db.memory.readers();
        // A protector 0 would be none, so an empty database announces 1, which protects the same.
        let epoch = state.epoch.max(1);
        let slot = slots
            .iter()
            .position(|slot| slot.compare_exchange(0, epoch, Ordering::AcqRel, Ordering::Relaxed).is_ok())
            .ok_or(Error::TooManyReaders { max: slots.len() })?;
        db.readers_used.fetch_max(slot + 1, Ordering::AcqRel);
        drop(states);
        Ok(Self { db, state, slot, marker: PhantomData })
    }
}

impl<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> Drop for Snapshot<P, M, D> {
    fn drop(&mut self) {
        if let Some(slot) = self.db.memory.readers().get(self.slot) {
            slot.store(0, Ordering::Release);
        }
    }
}

impl<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> View for Snapshot<P, M, D> {
    type Platform = P;
    type Memory = M;

    fn parts(&self) -> Parts<'_, P, M> {
        Parts { pager: self.db.pager(), role: Role::Reader, state: &self.state }
    }

    fn stamp(&self) -> u64 {
        self.state.epoch
    }
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Begins to read the newest durable state.
    ///
    /// # Errors
    /// [`Error::TooManyReaders`].
    pub fn read(&self) -> Result<Snapshot<P, M, &Self>, Error<P::Error>> {
        Snapshot::begin(self)
    }
}
