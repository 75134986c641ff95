//! A row's entries: one in the table's tree, one in the tree of each index.
//!
//! A change of a few rows inside a transaction takes no savepoint, which would cost a copy of
//! every page it touches. It notes how to take each of its writes back instead.

use std::sync::Arc;

use super::{Row, RowCodec};
use crate::catalog::{Index, Table};
use crate::error::{Error, Result, state};
use crate::storage::{Transaction, TreeId};
use crate::types::Value;

/// Writes the entries of one table's rows.
pub(super) struct Entries {
    table: Arc<Table>,
    pub(super) codec: RowCodec,
    value: Vec<u8>,
    /// What takes the writes back, oldest first; none when nobody will ask.
    undo: Option<Vec<Undo>>,
}

/// What takes one write back.
struct Undo {
    tree: TreeId,
    key: Vec<u8>,
    /// The value to put back; none to remove the key.
    value: Option<Vec<u8>>,
}

impl Entries {
    pub(super) fn new(table: &Arc<Table>) -> Entries {
        Entries { table: table.clone(), codec: RowCodec::new(table), value: Vec::new(), undo: None }
    }

    /// From now on every write can be taken back.
    pub(super) fn note_undo(&mut self) {
        self.undo = Some(Vec::new());
    }

    /// Takes all writes back.
    pub(super) fn take_back(&mut self, transaction: &mut Transaction) -> Result<()> {
        for Undo { tree, key, value } in self.undo.take().unwrap_or_default().into_iter().rev() {
            match value {
                Some(value) => transaction.put(tree, &key, &value)?,
                None => transaction.delete(tree, &key)?,
            };
        }
        Ok(())
    }

    fn note(&mut self, tree: TreeId, key: Vec<u8>, value: Option<Vec<u8>>) {
        if let Some(undo) = &mut self.undo {
            undo.push(Undo { tree, key, value });
        }
    }

    /// Notes that a row's entry in the table goes or changes.
    fn note_old_row(&mut self, row: &Row) -> Result<()> {
        if self.undo.is_some() {
            let mut value = Vec::new();
            self.codec.row_value(&row.values, &mut value)?;
            self.note(self.table.tree, row.key.clone(), Some(value));
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, transaction: &mut Transaction, row: &Row) -> Result<()> {
        self.insert_into_table(transaction, row)?;
        let table = self.table.clone();
        for index in &table.indexes {
            self.insert_entry(transaction, index, row)?;
        }
        Ok(())
    }

    fn insert_into_table(&mut self, transaction: &mut Transaction, row: &Row) -> Result<()> {
        self.codec.row_value(&row.values, &mut self.value)?;
        if !transaction.insert(self.table.tree, &row.key, &self.value)? {
            return Err(duplicate(&self.table, self.table.primary_key(), &row.values));
        }
        if self.undo.is_some() {
            self.note(self.table.tree, row.key.clone(), None);
        }
        Ok(())
    }

    fn insert_entry(&mut self, transaction: &mut Transaction, index: &Index, row: &Row) -> Result<()> {
        let (key, value) = self.codec.index_entry(index, &row.values, &row.key)?;
        if !transaction.insert(index.tree, &key, &value)? {
            let columns: Vec<usize> = index.columns.iter().map(|(column, _)| *column).collect();
            return Err(duplicate(&self.table, &columns, &row.values));
        }
        self.note(index.tree, key, None);
        Ok(())
    }

    pub(super) fn delete(&mut self, transaction: &mut Transaction, row: &Row) -> Result<()> {
        if !transaction.delete(self.table.tree, &row.key)? {
            return Err(Error::internal("a row that is to be deleted is not there"));
        }
        self.note_old_row(row)?;
        let table = self.table.clone();
        table.indexes.iter().try_for_each(|index| self.delete_entry(transaction, index, row))
    }

    fn delete_entry(&mut self, transaction: &mut Transaction, index: &Index, row: &Row) -> Result<()> {
        let (key, value) = self.codec.index_entry(index, &row.values, &row.key)?;
        if !transaction.delete(index.tree, &key)? {
            let message = format!("the index {} lacks an entry of the table {}", index.name, self.table.name);
            return Err(Error::corrupt(message));
        }
        self.note(index.tree, key, Some(value));
        Ok(())
    }

    /// The first half of an update: entries whose key changes go.
    pub(super) fn delete_changed(
        &mut self,
        transaction: &mut Transaction,
        old: &Row,
        new: &Row,
    ) -> Result<()> {
        if old.key != new.key {
            transaction.delete(self.table.tree, &old.key)?;
            self.note_old_row(old)?;
        }
        let table = self.table.clone();
        for index in table.indexes.iter().filter(|index| moves(index, old, new)) {
            self.delete_entry(transaction, index, old)?;
        }
        Ok(())
    }

    /// The second half: they come in anew.
    pub(super) fn insert_changed(
        &mut self,
        transaction: &mut Transaction,
        old: &Row,
        new: &Row,
    ) -> Result<()> {
        if old.key == new.key {
            self.codec.row_value(&new.values, &mut self.value)?;
            transaction.put(self.table.tree, &new.key, &self.value)?;
            self.note_old_row(old)?;
        } else {
            self.insert_into_table(transaction, new)?;
        }
        let table = self.table.clone();
        for index in table.indexes.iter().filter(|index| moves(index, old, new)) {
            self.insert_entry(transaction, index, new)?;
        }
        Ok(())
    }

    /// The row with this key.
    pub(super) fn read(&self, transaction: &Transaction, key: &[u8]) -> Result<Option<Row>> {
        let decoded = transaction.get(self.table.tree, key, |value| self.codec.decode(key, value))?;
        match decoded {
            None => Ok(None),
            Some(decoded) => {
                let (values, rowid) = decoded?;
                Ok(Some(Row { values, rowid, key: key.to_vec() }))
            }
        }
    }

    /// The key of the row whose values of a unique index are those of this one.
    pub(super) fn same_key(
        &self,
        transaction: &Transaction,
        index: &Index,
        values: &[Value],
    ) -> Result<Option<Vec<u8>>> {
        let (key, complete) = self.codec.index_key(index, values)?;
        if !complete {
            return Ok(None);
        }
        transaction.get(index.tree, &key, <[u8]>::to_vec)
    }
}

/// Does the row's entry in the index change?
fn moves(index: &Index, old: &Row, new: &Row) -> bool {
    old.key != new.key
        || index.columns.iter().any(|(column, _)| old.values.get(*column) != new.values.get(*column))
}

/// The error for a key that is there already.
pub(in crate::execute) fn duplicate(table: &Table, columns: &[usize], values: &[Value]) -> Error {
    let names: Vec<&str> =
        columns.iter().filter_map(|&c| table.columns.get(c)).map(|column| column.name.as_str()).collect();
    let (names, values) = (names.join(", "), shown(columns, values));
    let message = format!("the table {} has a row with {names} = {values} already", table.name);
    Error::constraint(state::UNIQUE, message)
}

/// The values of some columns, for a message.
pub(super) fn shown(columns: &[usize], values: &[Value]) -> String {
    const MAX: usize = 40;
    let texts = columns.iter().filter_map(|&column| values.get(column)).map(|value| match value {
        Value::Text(text) if text.chars().count() > MAX => {
            format!("'{}...'", text.chars().take(MAX).collect::<String>())
        }
        Value::Text(text) => format!("'{text}'"),
        Value::Null => "NULL".to_owned(),
        other => other.to_string(),
    });
    texts.collect::<Vec<_>>().join(", ")
}
