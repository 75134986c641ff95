//! Write transactions and savepoints.

use super::change::Change;
use super::view::{Parts, TreeId, View};
use crate::btree::Finger;
use crate::engine::{Database, Span};
use crate::error::Error;
use crate::log::operations::Operation;
use crate::memory::{Memory, SavepointSlot};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use crate::space::Workspace;
use core::marker::PhantomData;
use core::ops::Deref;
use portable_atomic::Ordering;

/// Stamps of write transactions differ from epochs.
const STAMP: u64 = 1 << 63;

/// A point in a write transaction that it can go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Savepoint {
    /// Epoch of what follows it: no two savepoints have it in common.
    id: u64,
    depth: usize,
}

/// The holder of the writer's place: sees its own changes, which nobody else does before it
/// commits. Dropping it rolls it back.
///
/// After an error in the middle of a change only a rollback is possible, whole or to a savepoint;
/// until then every call fails with [`Error::TransactionAborted`]. Errors about the arguments (key
/// or value too long, tree exists or not found) change nothing.
pub struct WriteTxn<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> {
    pub(super) db: D,
    pub(super) change: Change<M::Roots>,
    /// Epoch of the state it began on.
    pub(super) base: u64,
    /// Bytes of packed operations; `None` once they do not fit the log.
    pub(super) operations: Option<usize>,
    /// Something was changed.
    pub(super) changed: bool,
    pub(super) finished: bool,
    aborted: bool,
    stamp: u64,
    depth: usize,
    marker: PhantomData<fn() -> P>,
}

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Takes the writer's place and begins on the newest committed state.
    ///
    /// # Errors
    /// [`Error::Busy`] when the place was not free in time; [`Error::ReadOnly`]; device errors of
    /// the first write after opening.
    pub fn write(&self) -> Result<WriteTxn<P, M, &Self>, Error<P::Error>> {
        WriteTxn::begin(self)
    }
}

impl<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> WriteTxn<P, M, D> {
    /// Takes the writer's place and begins on the newest committed state.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn begin(db: D) -> Result<Self, Error<P::Error>> {
        db.check_writable()?;
        db.take_place()?;
        match db.begin_write() {
            Ok(change) => {
                // No two transactions have a stamp in common.
                let stamp = STAMP | change.span.epoch << 32;
                Ok(Self {
                    base: change.span.protected,
                    change,
                    db,
                    operations: Some(0),
                    changed: false,
                    finished: false,
                    aborted: false,
                    stamp,
                    depth: 0,
                    marker: PhantomData,
                })
            }
            Err(error) => {
                db.free_place();
                Err(error)
            }
        }
    }

    pub(super) const fn is_aborted(&self) -> bool {
        self.aborted
    }

    fn usable(&self) -> Result<(), Error<P::Error>> {
        if self.aborted { Err(Error::TransactionAborted) } else { Ok(()) }
    }

    /// Makes a change, and packs the operation that it is for the log, if it changed anything.
    fn make<'o, T>(
        &mut self,
        make: impl FnOnce(&mut Change<M::Roots>, &mut Workspace<'_, P, M>) -> Result<T, Error<P::Error>>,
        logged: impl FnOnce(&T) -> Option<Operation<'o>>,
    ) -> Result<T, Error<P::Error>> {
        self.usable()?;
        let Self { db, change, operations, .. } = self;
        let made = db.work(change.span, |workspace| {
            let done = make(change, workspace)?;
            let operation = logged(&done);
            if let (Some(operation), Some(at)) = (&operation, *operations) {
                *operations = operation.pack(workspace.operations, at);
            }
            Ok((done, operation.is_some()))
        });
        match made {
            Ok((done, changed)) => {
                self.changed |= changed;
                self.stamp += u64::from(changed);
                Ok(done)
            }
            Err(error) => Err(self.spoil(error)),
        }
    }

    /// Notes an error in the middle of a change.
    #[cold]
    fn spoil(&mut self, error: Error<P::Error>) -> Error<P::Error> {
        let harmless = matches!(
            error,
            Error::KeyTooLong { .. } | Error::ValueTooLarge { .. } | Error::TreeExists | Error::TreeNotFound
        );
        if !harmless {
            self.aborted = true;
            self.stamp += 1;
            self.db.note_shortage(&error);
        }
        error
    }

    /// Puts an entry, over an older one with this key; whether there was one.
    ///
    /// # Errors
    /// [`Error::KeyTooLong`], [`Error::ValueTooLarge`], [`Error::TreeNotFound`] change nothing;
    /// [`Error::NoSpace`] and others abort the transaction.
    pub fn put(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool, Error<P::Error>> {
        self.make(
            |change, workspace| change.put(workspace, tree.0, key, value, false),
            |_| Some(Operation::Put { tree: tree.0, key, value }),
        )
    }

    /// Puts an entry unless there is one with this key; whether it did.
    ///
    /// # Errors
    /// As [`WriteTxn::put`].
    pub fn insert(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool, Error<P::Error>> {
        let found = self.make(
            |change, workspace| change.put(workspace, tree.0, key, value, true),
            |found| (!found).then_some(Operation::Put { tree: tree.0, key, value }),
        )?;
        // Even where it stays as it is, its pages may have been copied.
        self.stamp += u64::from(found);
        Ok(!found)
    }

    /// Deletes an entry; whether there was one.
    ///
    /// # Errors
    /// As [`WriteTxn::put`].
    pub fn delete(&mut self, tree: TreeId, key: &[u8]) -> Result<bool, Error<P::Error>> {
        self.make(
            |change, workspace| change.delete(workspace, tree.0, key),
            |found| found.then_some(Operation::Delete { tree: tree.0, key }),
        )
    }

    /// Makes an empty tree with a name of its own.
    ///
    /// # Errors
    /// [`Error::TreeExists`], [`Error::KeyTooLong`] for the name; others abort the transaction.
    pub fn create_tree(&mut self, name: &[u8]) -> Result<TreeId, Error<P::Error>> {
        self.make(
            |change, workspace| change.create(workspace, name),
            |tree| Some(Operation::Create { tree: *tree, name }),
        )
        .map(TreeId)
    }

    /// Drops a tree with all its entries; whether there was one. Its pages are freed little by
    /// little by later commits.
    ///
    /// # Errors
    /// As [`WriteTxn::put`].
    pub fn drop_tree(&mut self, name: &[u8]) -> Result<bool, Error<P::Error>> {
        self.make(
            |change, workspace| change.drop_tree(workspace, name),
            |tree| tree.map(|tree| Operation::Drop { tree, name }),
        )
        .map(|tree| tree.is_some())
    }

    /// Deletes all entries of a tree, in one step.
    ///
    /// # Errors
    /// As [`WriteTxn::put`].
    pub fn clear_tree(&mut self, tree: TreeId) -> Result<(), Error<P::Error>> {
        self.make(
            |change, workspace| change.clear(workspace, tree.0),
            |()| Some(Operation::Clear { tree: tree.0 }),
        )
    }

    /// A point to go back to.
    ///
    /// # Errors
    /// [`Error::TooManySavepoints`].
    pub fn savepoint(&mut self) -> Result<Savepoint, Error<P::Error>> {
        self.usable()?;
        let (born, freed) = self.db.work(self.change.span, |workspace| workspace.lists_position());
        // It protects everything so far; what follows is born later.
        let epoch = self.db.draw_epoch();
        let mut memory = self.db.memory.writer().lock();
        let slots = memory.savepoints.as_mut();
        let max = slots.len();
        let slot = slots.get_mut(self.depth).ok_or(Error::TooManySavepoints { max })?;
        *slot = SavepointSlot {
            id: epoch,
            state: self.change.state,
            born,
            freed,
            operations: self.operations,
            changed: self.changed,
        };
        drop(memory);
        let protected = self.change.span.epoch - u64::from(is(Bug::SavepointTooYoung));
        self.change.span = Span { protected, epoch, ..self.change.span };
        self.change.finger = Finger::NONE;
        self.depth += 1;
        Ok(Savepoint { id: epoch, depth: self.depth })
    }

    fn find_savepoint(&self, savepoint: Savepoint) -> Result<SavepointSlot<M::Roots>, Error<P::Error>> {
        if savepoint.depth == 0 || savepoint.depth > self.depth {
            return Err(Error::NoSuchSavepoint);
        }
        let memory = self.db.memory.writer().lock();
        let slot = memory.savepoints.as_ref().get(savepoint.depth - 1);
        slot.filter(|slot| slot.id == savepoint.id).copied().ok_or(Error::NoSuchSavepoint)
    }

    /// Undoes everything since a savepoint, which stays. Also ends the aborted condition.
    ///
    /// # Errors
    /// [`Error::NoSuchSavepoint`]; device errors make the database read-only.
    pub fn rollback_to(&mut self, savepoint: Savepoint) -> Result<(), Error<P::Error>> {
        let slot = self.find_savepoint(savepoint)?;
        let result =
            self.db.work(self.change.span, |workspace| workspace.lists_rollback(slot.born, slot.freed));
        if let Err(error) = result {
            self.aborted = true;
            self.db.fail();
            return Err(error);
        }
        self.depth = savepoint.depth;
        self.change.state = slot.state;
        self.change.finger = Finger::NONE;
        // Everything so far is protected again by the savepoint that stays.
        let epoch = self.db.draw_epoch();
        self.change.span = Span { protected: epoch - 1, epoch, ..self.change.span };
        self.operations = slot.operations;
        self.changed = slot.changed;
        self.aborted = false;
        self.stamp += 1;
        Ok(())
    }

    /// Forgets a savepoint and all after it; the changes stay.
    ///
    /// # Errors
    /// [`Error::NoSuchSavepoint`].
    pub fn release(&mut self, savepoint: Savepoint) -> Result<(), Error<P::Error>> {
        self.find_savepoint(savepoint)?;
        self.depth = savepoint.depth - 1;
        Ok(())
    }

    /// Undoes everything.
    pub fn rollback(mut self) {
        self.undo();
    }

    /// Gives everything back that the transaction took.
    pub(super) fn undo(&mut self) {
        if self.finished {
            return;
        }
        self.finished = true;
        let result = self.db.work(self.change.span, |workspace| workspace.lists_rollback(0, 0));
        if result.is_err() {
            self.db.fail();
        }
        if self.db.pool.failed.load(Ordering::Acquire) {
            // What could not be undone must not take the readers' frames.
            self.db.pager().forget_running();
        }
        self.db.free_place();
    }
}

impl<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> Drop for WriteTxn<P, M, D> {
    fn drop(&mut self) {
        self.undo();
    }
}

impl<P: Platform, M: Memory<P>, D: Deref<Target = Database<P, M>>> View for WriteTxn<P, M, D> {
    type Platform = P;
    type Memory = M;

    fn parts(&self) -> Parts<'_, P, M> {
        self.change.parts(self.db.pager())
    }

    fn stamp(&self) -> u64 {
        self.stamp
    }
}
