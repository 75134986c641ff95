//! BEGIN to ROLLBACK: the states of a connection's transaction.

use super::database::Shared;
use crate::bind;
use crate::catalog::{self, Catalog, View};
use crate::error::{Error, ErrorKind, Result, state};
use crate::execute::Pending;
use crate::storage::{Savepoint, Transaction};
use std::cell::RefCell;
use std::sync::Arc;

/// Where a connection stands.
pub(super) enum State {
    /// No transaction.
    Idle,
    /// BEGIN, and nothing read or written yet.
    Deferred,
    /// A snapshot is held.
    Reading(Arc<Transaction>),
    /// The writer's place is held.
    Writing(Box<Transaction>),
}

/// A SAVEPOINT.
struct Named {
    name: String,
    token: Option<Savepoint>,
    /// How many references were waiting at that time.
    pending: usize,
    /// The connection's own views at that time.
    temporary: Temporary,
}

/// A connection's transaction.
pub(super) struct Control {
    pub(super) shared: Arc<Shared>,
    pub(super) state: State,
    /// SAVEPOINTs, oldest first. One made before the first write has no savepoint in storage yet.
    savepoints: Vec<Named>,
    /// The transaction was opened by SAVEPOINT, and ends with it.
    by_savepoint: bool,
    /// The schema as this transaction has changed it.
    changed_catalog: Option<Arc<Catalog>>,
    /// The schema the open transaction sees.
    known: Option<Arc<Catalog>>,
    /// References to be looked at before the transaction ends.
    pub(super) pending: Vec<Pending>,
    /// PRAGMA defer_foreign_keys: until the transaction ends, all references wait for that.
    pub(super) defers_foreign_keys: bool,
    /// The connection's own views.
    pub(super) temporary: Temporary,
    /// The same as they were when the transaction began.
    temporary_before: Temporary,
    /// A schema with the connection's views, and the stamp of the schema without them.
    joined: RefCell<Option<(u64, Arc<Catalog>)>>,
}

type Temporary = Arc<Vec<Arc<View>>>;

fn wrong_state(message: &str) -> Error {
    Error::new(ErrorKind::Transaction, state::TRANSACTION_STATE, message)
}

impl Control {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Control {
            shared,
            state: State::Idle,
            savepoints: vec![],
            by_savepoint: false,
            changed_catalog: None,
            known: None,
            pending: vec![],
            defers_foreign_keys: false,
            temporary: Arc::default(),
            temporary_before: Arc::default(),
            joined: RefCell::new(None),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// An error while this connection holds the writer's place.
    pub(super) fn must_not_write(&self) -> Result<()> {
        match self.state {
            State::Writing(_) => {
                Err(wrong_state("a transaction is open here").hint("COMMIT or ROLLBACK it first"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn begin(&mut self, immediate: bool) -> Result<()> {
        if !self.is_idle() {
            return Err(wrong_state("a transaction is open already").hint("SAVEPOINT opens one inside it"));
        }
        self.temporary_before = self.temporary.clone();
        self.state =
            if immediate { State::Writing(Box::new(self.start_writing()?)) } else { State::Deferred };
        Ok(())
    }

    fn start_writing(&self) -> Result<Transaction> {
        if self.shared.options.read_only {
            let message = "the database is open for reading only";
            return Err(Error::new(ErrorKind::ReadOnly, state::READ_ONLY, message));
        }
        self.shared.store.write()
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        if self.is_idle() {
            return Err(wrong_state("there is no transaction to commit"));
        }
        self.check_pending()?;
        let state = self.end();
        let catalog = self.changed_catalog.take();
        if let State::Writing(transaction) = state {
            transaction.commit()?;
            if let Some(catalog) = catalog {
                self.shared.publish(&catalog);
            }
        }
        Ok(())
    }

    /// Looks at the references that were left for the end. When one is broken, the transaction stays
    /// open, to be mended or rolled back.
    fn check_pending(&mut self) -> Result<()> {
        if let State::Writing(transaction) = &self.state
            && !self.pending.is_empty()
        {
            let catalog = self.catalog(transaction)?;
            for pending in &self.pending {
                let (child, number) = pending.about();
                if let Some((up, down)) = bind::both_sides(&catalog, child, number)? {
                    pending.check(transaction, &up, &down)?;
                }
            }
        }
        Ok(())
    }

    /// An error if references of the table wait for the end of the transaction: they know its
    /// columns by their numbers.
    pub(super) fn none_pending(&self, catalog: &Catalog, table: &str) -> Result<()> {
        let waits = |id| self.pending.iter().any(|pending| pending.about().0 == id);
        match catalog.find(table) {
            Some(table) if waits(table.id) => {
                let name = &table.name;
                let message =
                    format!("references of the table {name} wait to be checked when the transaction ends");
                Err(Error::new(ErrorKind::Transaction, state::IN_USE, message).hint("COMMIT first"))
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> State {
        self.pending.clear();
        self.defers_foreign_keys = false;
        self.known = None;
        self.savepoints.clear();
        self.by_savepoint = false;
        std::mem::replace(&mut self.state, State::Idle)
    }

    pub(super) fn rollback(&mut self) -> Result<()> {
        if self.is_idle() {
            return Err(wrong_state("there is no transaction to roll back"));
        }
        self.end();
        let before = self.temporary_before.clone();
        self.restore_temporary(before);
        self.changed_catalog = None;
        Ok(())
    }

    pub(super) fn savepoint(&mut self, name: &str) -> Result<()> {
        if self.is_idle() {
            self.state = State::Deferred;
            self.temporary_before = self.temporary.clone();
            self.by_savepoint = true;
        }
        let token = match &mut self.state {
            State::Writing(transaction) => Some(transaction.savepoint()?),
            _ => None,
        };
        let (name, pending) = (name.to_owned(), self.pending.len());
        self.savepoints.push(Named { name, token, pending, temporary: self.temporary.clone() });
        Ok(())
    }

    fn find_savepoint(&self, name: &str) -> Result<usize> {
        self.savepoints.iter().rposition(|known| known.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
            Error::new(ErrorKind::Transaction, state::NO_SAVEPOINT, format!("there is no savepoint {name}"))
        })
    }

    pub(super) fn rollback_to(&mut self, name: &str) -> Result<()> {
        let index = self.find_savepoint(name)?;
        self.savepoints.truncate(index + 1);
        if let (State::Writing(transaction), Some(Named { token: Some(token), .. })) =
            (&mut self.state, self.savepoints.last())
        {
            transaction.rollback_to(*token)?;
        }
        if let Some(Named { pending, temporary, .. }) = self.savepoints.last() {
            self.pending.truncate(*pending);
            let before = temporary.clone();
            self.restore_temporary(before);
        }
        self.reload()
    }

    pub(super) fn release(&mut self, name: &str) -> Result<()> {
        let index = self.find_savepoint(name)?;
        if let (State::Writing(transaction), Some(Named { token: Some(token), .. })) =
            (&mut self.state, self.savepoints.get(index))
        {
            transaction.release(*token)?;
        }
        self.savepoints.truncate(index);
        if self.savepoints.is_empty() && self.by_savepoint {
            return self.commit();
        }
        Ok(())
    }

    /// After a rollback the schema may be an older one.
    fn reload(&mut self) -> Result<()> {
        if let (Some(_), State::Writing(transaction)) = (&self.changed_catalog, &self.state) {
            let loaded = Arc::new(catalog::load(transaction)?);
            self.known = Some(loaded.clone());
            self.changed_catalog = Some(loaded);
        }
        Ok(())
    }

    /// The schema a transaction of this connection sees.
    pub(super) fn catalog(&self, transaction: &Transaction) -> Result<Arc<Catalog>> {
        let catalog = match &self.known {
            Some(catalog) if transaction.is_write() => catalog.clone(),
            _ => self.shared.catalog(transaction)?,
        };
        Ok(self.with_temporary(catalog))
    }

    /// The schema with the connection's own views in it.
    fn with_temporary(&self, catalog: Arc<Catalog>) -> Arc<Catalog> {
        if self.temporary.is_empty() {
            return catalog;
        }
        let mut joined = self.joined.borrow_mut();
        match joined.as_ref().filter(|(stamp, _)| *stamp == catalog.stamp) {
            Some((_, joined)) => joined.clone(),
            None => {
                let with = Arc::new(catalog.with_views(&self.temporary));
                *joined = Some((catalog.stamp, with.clone()));
                with
            }
        }
    }

    /// Exchanges the connection's own views.
    pub(super) fn set_temporary(&mut self, views: Vec<Arc<View>>) {
        self.restore_temporary(Arc::new(views));
    }

    fn restore_temporary(&mut self, views: Temporary) {
        if !Arc::ptr_eq(&self.temporary, &views) {
            self.temporary = views;
            *self.joined.borrow_mut() = None;
        }
    }

    /// A snapshot to read, where this connection does not write.
    pub(super) fn snapshot(&mut self) -> Result<Option<Arc<Transaction>>> {
        match &self.state {
            State::Idle => Ok(Some(Arc::new(self.shared.store.read()?))),
            State::Deferred => {
                let snapshot = Arc::new(self.shared.store.read()?);
                self.state = State::Reading(snapshot.clone());
                Ok(Some(snapshot))
            }
            State::Reading(snapshot) => Ok(Some(snapshot.clone())),
            State::Writing(_) => Ok(None),
        }
    }

    /// Runs a change in a transaction of its own, if none is open.
    fn write_alone<T>(
        &mut self,
        schema: bool,
        change: impl FnOnce(&mut Transaction, &Arc<Catalog>) -> Result<T>,
    ) -> Result<T> {
        let mut transaction = self.start_writing()?;
        let catalog = self.with_temporary(self.shared.catalog(&transaction)?);
        let result = change(&mut transaction, &catalog)?;
        let changed = if schema { Some(Arc::new(catalog::load(&transaction)?)) } else { None };
        transaction.commit()?;
        if let Some(catalog) = changed {
            self.shared.publish(&catalog);
        }
        Ok(result)
    }

    /// Runs a change of rows. It is told whether its transaction goes on: then it has to leave
    /// nothing behind when it fails.
    pub(super) fn write<T>(
        &mut self,
        change: impl FnOnce(&mut Transaction, &Arc<Catalog>, bool) -> Result<T>,
    ) -> Result<T> {
        if self.is_idle() {
            return self.write_alone(false, |transaction, catalog| change(transaction, catalog, false));
        }
        let catalog = self.upgrade()?;
        let catalog = self.with_temporary(catalog);
        let State::Writing(transaction) = &mut self.state else { return Err(Error::internal("not writing")) };
        change(transaction, &catalog, true)
    }

    /// Runs a change of the schema; in an open transaction it is rolled back alone when it fails.
    pub(super) fn write_schema(
        &mut self,
        change: impl FnOnce(&mut Transaction, &Arc<Catalog>) -> Result<()>,
    ) -> Result<()> {
        if self.is_idle() {
            return self.write_alone(true, change);
        }
        let catalog = self.upgrade()?;
        let catalog = self.with_temporary(catalog);
        let State::Writing(transaction) = &mut self.state else { return Err(Error::internal("not writing")) };
        let savepoint = transaction.savepoint()?;
        let result = change(transaction, &catalog);
        if result.is_err() {
            transaction.rollback_to(savepoint)?;
        }
        transaction.release(savepoint)?;
        if result.is_ok() {
            let loaded = Arc::new(catalog::load(transaction)?);
            self.known = Some(loaded.clone());
            self.changed_catalog = Some(loaded);
        }
        result
    }

    /// Takes the writer's place in an open transaction, if it is not held yet; gives the schema.
    fn upgrade(&mut self) -> Result<Arc<Catalog>> {
        let seen = match &self.state {
            State::Writing(transaction) => {
                let catalog = match &self.known {
                    Some(known) => known.clone(),
                    None => self.shared.catalog(transaction)?,
                };
                self.known = Some(catalog.clone());
                return Ok(catalog);
            }
            State::Idle => return Err(Error::internal("no transaction is open")),
            State::Deferred => None,
            State::Reading(snapshot) => Some(snapshot.clone()),
        };
        let mut transaction = self.start_writing()?;
        if seen.is_some_and(|seen| !seen.is_continued_by(&transaction)) {
            let message = "another connection has committed since this transaction first read";
            return Err(Error::new(ErrorKind::Transaction, state::SERIALIZATION, message)
                .hint("roll back and begin again with BEGIN IMMEDIATE"));
        }
        for Named { token, .. } in &mut self.savepoints {
            *token = Some(transaction.savepoint()?);
        }
        let catalog = self.shared.catalog(&transaction)?;
        self.known = Some(catalog.clone());
        self.state = State::Writing(Box::new(transaction));
        Ok(catalog)
    }
}
