//! A stand-in for the storage core: the same interface over maps in memory.

use super::{StoreOptions, TreeId};
use crate::error::{Error, ErrorKind, Result, state};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

type Tree = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Default)]
struct State {
    names: Arc<BTreeMap<Vec<u8>, TreeId>>,
    trees: Arc<BTreeMap<TreeId, Arc<Tree>>>,
    next: u32,
    epoch: u64,
}

#[derive(Default)]
struct Inner {
    committed: Mutex<State>,
    writing: Mutex<bool>,
}

/// A database in memory.
#[derive(Clone, Default)]
pub struct Store(Arc<Inner>);

impl Store {
    /// An empty database.
    pub fn memory(_options: &StoreOptions) -> Result<Self> {
        Ok(Store::default())
    }

    /// An empty database.
    pub fn open(_path: &std::path::Path, _options: &StoreOptions) -> Result<Self> {
        Ok(Store::default())
    }

    pub fn checkpoint(&self) -> Result<()> {
        Ok(())
    }

    pub fn check(&self) -> Result<(bool, Vec<String>)> {
        Ok((true, vec![]))
    }

    pub fn stats(&self) -> Vec<(&'static str, u64)> {
        vec![]
    }

    pub fn close(self) -> Result<()> {
        Ok(())
    }

    /// A snapshot of what is committed.
    pub fn read(&self) -> Result<Transaction> {
        let state = self.0.committed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Transaction { store: self.0.clone(), state, write: false, change: 0, savepoints: Vec::new() })
    }

    /// The writer's place, or an error when it is taken.
    pub fn write(&self) -> Result<Transaction> {
        let mut writing = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if *writing {
            return Err(Error::new(ErrorKind::Busy, state::LOCKED, "the database is locked by another writer"));
        }
        *writing = true;
        let mut state = self.0.committed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        state.epoch += 1;
        Ok(Transaction { store: self.0.clone(), state, write: true, change: 0, savepoints: Vec::new() })
    }
}

/// A point in a write transaction to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint(usize);

/// A snapshot or the writer.
pub struct Transaction {
    store: Arc<Inner>,
    state: State,
    write: bool,
    change: u64,
    savepoints: Vec<State>,
}

impl Transaction {
    /// Whether this is the writer.
    pub fn is_write(&self) -> bool {
        self.write
    }

    /// The number of the state it began on.
    pub fn base_epoch(&self) -> u64 {
        if self.write { self.state.epoch - 1 } else { self.state.epoch }
    }

    /// A tree by name.
    pub fn tree(&self, name: &[u8]) -> Result<Option<TreeId>> {
        Ok(self.state.names.get(name).copied())
    }

    /// How many entries a tree has.
    pub fn count(&self, tree: TreeId) -> Result<u64> {
        Ok(self.entries(tree)?.len() as u64)
    }

    /// Calls `f` with the value of a key.
    pub fn get<T>(&self, tree: TreeId, key: &[u8], f: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
        Ok(self.entries(tree)?.get(key).map(|value| f(value)))
    }

    /// Sets a key. True: there was one.
    pub fn put(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool> {
        Ok(self.change(tree)?.insert(key.to_vec(), value.to_vec()).is_some())
    }

    /// Sets a key that is not there. False: it was, and nothing changed.
    pub fn insert(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool> {
        let entries = self.change(tree)?;
        if entries.contains_key(key) {
            return Ok(false);
        }
        entries.insert(key.to_vec(), value.to_vec());
        Ok(true)
    }

    /// Removes a key. True: it was there.
    pub fn delete(&mut self, tree: TreeId, key: &[u8]) -> Result<bool> {
        Ok(self.change(tree)?.remove(key).is_some())
    }

    /// Makes a tree.
    pub fn create_tree(&mut self, name: &[u8]) -> Result<TreeId> {
        self.must_write()?;
        if self.state.names.contains_key(name) {
            return Err(Error::internal("a tree of this name exists already"));
        }
        self.state.next += 1;
        let id = TreeId(self.state.next);
        Arc::make_mut(&mut self.state.names).insert(name.to_vec(), id);
        Arc::make_mut(&mut self.state.trees).insert(id, Arc::default());
        Ok(id)
    }

    /// Removes a tree with all its entries.
    pub fn drop_tree(&mut self, name: &[u8]) -> Result<bool> {
        self.must_write()?;
        match Arc::make_mut(&mut self.state.names).remove(name) {
            Some(id) => {
                Arc::make_mut(&mut self.state.trees).remove(&id);
                self.change += 1;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Remembers this point.
    pub fn savepoint(&mut self) -> Result<Savepoint> {
        self.must_write()?;
        self.savepoints.push(self.state.clone());
        Ok(Savepoint(self.savepoints.len() - 1))
    }

    /// Undoes everything since the savepoint, which stays.
    pub fn rollback_to(&mut self, to: Savepoint) -> Result<()> {
        let state = self.savepoints.get(to.0).ok_or_else(|| Error::internal("no such savepoint"))?;
        self.state = state.clone();
        self.savepoints.truncate(to.0 + 1);
        self.change += 1;
        Ok(())
    }

    /// Forgets a savepoint and those after it; the changes stay.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        self.savepoints.truncate(savepoint.0);
        Ok(())
    }

    /// Makes the changes durable and visible.
    pub fn commit(self) -> Result<()> {
        if self.write {
            *self.store.committed.lock().unwrap_or_else(PoisonError::into_inner) = self.state.clone();
        }
        Ok(())
    }

    fn must_write(&self) -> Result<()> {
        if self.write { Ok(()) } else { Err(Error::internal("a change through a snapshot")) }
    }

    fn entries(&self, tree: TreeId) -> Result<&Tree> {
        self.state.trees.get(&tree).map(|t| &**t).ok_or_else(|| Error::internal("no such tree"))
    }

    fn change(&mut self, tree: TreeId) -> Result<&mut Tree> {
        self.must_write()?;
        self.change += 1;
        let trees = Arc::make_mut(&mut self.state.trees);
        trees.get_mut(&tree).map(Arc::make_mut).ok_or_else(|| Error::internal("no such tree"))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.write {
            *self.store.writing.lock().unwrap_or_else(PoisonError::into_inner) = false;
        }
    }
}

/// A position in one tree. It must be sought again after the transaction changed any tree.
#[derive(Clone, Debug)]
pub struct Cursor {
    tree: TreeId,
    key: Option<Vec<u8>>,
}

impl Cursor {
    /// A cursor that stands nowhere yet.
    pub fn new(tree: TreeId) -> Self {
        Cursor { tree, key: None }
    }

    /// To the first entry whose key is at least `key`. True: equal.
    pub fn seek(&mut self, transaction: &Transaction, key: &[u8]) -> Result<bool> {
        let entries = transaction.entries(self.tree)?;
        self.key = entries.range::<[u8], _>((Bound::Included(key), Bound::Unbounded)).next().map(|(k, _)| k.clone());
        Ok(self.key.as_deref() == Some(key))
    }

    /// To the last entry whose key is below `key`.
    pub fn seek_last_before(&mut self, transaction: &Transaction, key: &[u8]) -> Result<()> {
        let entries = transaction.entries(self.tree)?;
        self.key =
            entries.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(key))).next_back().map(|(k, _)| k.clone());
        Ok(())
    }

    /// To the first entry.
    pub fn seek_first(&mut self, transaction: &Transaction) -> Result<()> {
        self.key = transaction.entries(self.tree)?.keys().next().cloned();
        Ok(())
    }

    /// To the last entry.
    pub fn seek_last(&mut self, transaction: &Transaction) -> Result<()> {
        self.key = transaction.entries(self.tree)?.keys().next_back().cloned();
        Ok(())
    }

    /// Calls `f` with key and value of each entry from this one onwards until it returns false;
    /// the cursor then stands on the entry after the last one visited.
    pub fn visit(&mut self, transaction: &Transaction, mut f: impl FnMut(&[u8], &[u8]) -> bool) -> Result<()> {
        let Some(from) = self.key.take() else { return Ok(()) };
        let entries = transaction.entries(self.tree)?;
        let mut range = entries.range::<[u8], _>((Bound::Included(from.as_slice()), Bound::Unbounded));
        for (key, value) in range.by_ref() {
            if !f(key, value) {
                break;
            }
        }
        self.key = range.next().map(|(key, _)| key.clone());
        Ok(())
    }

    /// As [`Cursor::visit`], backwards.
    pub fn visit_back(&mut self, transaction: &Transaction, mut f: impl FnMut(&[u8], &[u8]) -> bool) -> Result<()> {
        let Some(from) = self.key.take() else { return Ok(()) };
        let entries = transaction.entries(self.tree)?;
        let mut range = entries.range::<[u8], _>((Bound::Unbounded, Bound::Included(from.as_slice())));
        for (key, value) in range.by_ref().rev() {
            if !f(key, value) {
                break;
            }
        }
        self.key = range.next_back().map(|(key, _)| key.clone());
        Ok(())
    }

    /// Whether the cursor stands past either end.
    pub fn is_end(&self) -> bool {
        self.key.is_none()
    }
}
