//! BEGIN to ROLLBACK: the states of a connection's transaction.

use super::database::Shared;
use crate::catalog::{self, Catalog};
use crate::error::{Error, ErrorKind, Result, state};
use crate::storage::{Savepoint, Transaction};
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

/// A connection's transaction.
pub(super) struct Control {
    pub(super) shared: Arc<Shared>,
    pub(super) state: State,
    /// SAVEPOINTs, oldest first. One made before the first write has no savepoint in storage yet.
    savepoints: Vec<(String, Option<Savepoint>)>,
    /// The transaction was opened by SAVEPOINT, and ends with it.
    by_savepoint: bool,
    /// The schema as this transaction has changed it.
    changed_catalog: Option<Arc<Catalog>>,
}

fn wrong_state(message: &str) -> Error {
    Error::new(ErrorKind::Transaction, state::TRANSACTION_STATE, message)
}

impl Control {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Control { shared, state: State::Idle, savepoints: vec![], by_savepoint: false, changed_catalog: None }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    pub(super) fn begin(&mut self, immediate: bool) -> Result<()> {
        if !self.is_idle() {
            return Err(wrong_state("a transaction is open already").hint("SAVEPOINT opens one inside it"));
        }
        self.state = if immediate { State::Writing(Box::new(self.start_writing()?)) } else { State::Deferred };
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

    fn end(&mut self) -> State {
        self.savepoints.clear();
        self.by_savepoint = false;
        std::mem::replace(&mut self.state, State::Idle)
    }

    pub(super) fn rollback(&mut self) -> Result<()> {
        if self.is_idle() {
            return Err(wrong_state("there is no transaction to roll back"));
        }
        self.end();
        self.changed_catalog = None;
        Ok(())
    }

    pub(super) fn savepoint(&mut self, name: &str) -> Result<()> {
        if self.is_idle() {
            self.state = State::Deferred;
            self.by_savepoint = true;
        }
        let token = match &mut self.state {
            State::Writing(transaction) => Some(transaction.savepoint()?),
            _ => None,
        };
        self.savepoints.push((name.to_owned(), token));
        Ok(())
    }

    fn find_savepoint(&self, name: &str) -> Result<usize> {
        self.savepoints.iter().rposition(|(known, _)| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
            Error::new(ErrorKind::Transaction, state::NO_SAVEPOINT, format!("there is no savepoint {name}"))
        })
    }

    pub(super) fn rollback_to(&mut self, name: &str) -> Result<()> {
        let index = self.find_savepoint(name)?;
        self.savepoints.truncate(index + 1);
        if let (State::Writing(transaction), Some((_, Some(token)))) = (&mut self.state, self.savepoints.last()) {
            transaction.rollback_to(*token)?;
        }
        self.reload()
    }

    pub(super) fn release(&mut self, name: &str) -> Result<()> {
        let index = self.find_savepoint(name)?;
        if let (State::Writing(transaction), Some((_, Some(token)))) = (&mut self.state, self.savepoints.get(index)) {
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
            self.changed_catalog = Some(Arc::new(catalog::load(transaction)?));
        }
        Ok(())
    }

    /// The schema a transaction of this connection sees.
    pub(super) fn catalog(&self, transaction: &Transaction) -> Result<Arc<Catalog>> {
        match &self.changed_catalog {
            Some(catalog) if transaction.is_write() => Ok(catalog.clone()),
            _ => self.shared.catalog(transaction),
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

    /// Runs a change: in the open transaction, where it is rolled back alone if it fails, or in
    /// one of its own. `schema` says whether the change may change the schema.
    pub(super) fn write<T>(
        &mut self,
        schema: bool,
        change: impl FnOnce(&mut Transaction, &Arc<Catalog>) -> Result<T>,
    ) -> Result<T> {
        if self.is_idle() {
            let mut transaction = self.start_writing()?;
            let catalog = self.shared.catalog(&transaction)?;
            let result = change(&mut transaction, &catalog)?;
            let changed = if schema { Some(Arc::new(catalog::load(&transaction)?)) } else { None };
            transaction.commit()?;
            if let Some(catalog) = changed {
                self.shared.publish(&catalog);
            }
            return Ok(result);
        }
        self.upgrade()?;
        let changed_catalog = self.changed_catalog.clone();
        let State::Writing(transaction) = &mut self.state else { return Err(Error::internal("not writing")) };
        let catalog = match changed_catalog {
            Some(catalog) => catalog,
            None => self.shared.catalog(transaction)?,
        };
        let savepoint = transaction.savepoint()?;
        match change(transaction, &catalog) {
            Ok(result) => {
                transaction.release(savepoint)?;
                if schema {
                    self.changed_catalog = Some(Arc::new(catalog::load(transaction)?));
                }
                Ok(result)
            }
            Err(error) => {
                transaction.rollback_to(savepoint)?;
                transaction.release(savepoint)?;
                Err(error)
            }
        }
    }

    /// Takes the writer's place in an open transaction.
    fn upgrade(&mut self) -> Result<()> {
        let seen = match &self.state {
            State::Writing(_) | State::Idle => return Ok(()),
            State::Deferred => None,
            State::Reading(snapshot) => Some(snapshot.base_epoch()),
        };
        let mut transaction = self.start_writing()?;
        if seen.is_some_and(|seen| seen != transaction.base_epoch()) {
            let message = "another connection has committed since this transaction first read";
            return Err(Error::new(ErrorKind::Transaction, state::SERIALIZATION, message)
                .hint("roll back and begin again with BEGIN IMMEDIATE"));
        }
        for (_, token) in &mut self.savepoints {
            *token = Some(transaction.savepoint()?);
        }
        self.state = State::Writing(Box::new(transaction));
        Ok(())
    }
}
