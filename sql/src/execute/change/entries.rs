//! A row's entries: one in the table's tree, one in the tree of each index.

use std::sync::Arc;

use super::{Row, RowCodec};
use crate::catalog::{Index, Table};
use crate::error::{Error, Result, state};
use crate::storage::Transaction;
use crate::types::Value;

/// Writes the entries of one table's rows.
pub(super) struct Entries {
    table: Arc<Table>,
    pub(super) codec: RowCodec,
    value: Vec<u8>,
}

impl Entries {
    pub(super) fn new(table: &Arc<Table>) -> Entries {
        Entries { table: table.clone(), codec: RowCodec::new(table), value: Vec::new() }
    }

    pub(super) fn insert(&mut self, transaction: &mut Transaction, row: &Row) -> Result<()> {
        self.codec.row_value(&row.values, &mut self.value)?;
        if !transaction.insert(self.table.tree, &row.key, &self.value)? {
            return Err(duplicate(&self.table, self.table.primary_key(), &row.values));
        }
        let table = self.table.clone();
        for index in &table.indexes {
            self.insert_entry(transaction, index, row)?;
        }
        Ok(())
    }

    fn insert_entry(&self, transaction: &mut Transaction, index: &Index, row: &Row) -> Result<()> {
        let (key, value) = self.codec.index_entry(index, &row.values, &row.key)?;
        if !transaction.insert(index.tree, &key, &value)? {
            let columns: Vec<usize> = index.columns.iter().map(|(column, _)| *column).collect();
            return Err(duplicate(&self.table, &columns, &row.values));
        }
        Ok(())
    }

    pub(super) fn delete(&self, transaction: &mut Transaction, row: &Row) -> Result<()> {
        if !transaction.delete(self.table.tree, &row.key)? {
            return Err(Error::internal("a row that is to be deleted is not there"));
        }
        self.table.indexes.iter().try_for_each(|index| self.delete_entry(transaction, index, row))
    }

    fn delete_entry(&self, transaction: &mut Transaction, index: &Index, row: &Row) -> Result<()> {
        let (key, _) = self.codec.index_entry(index, &row.values, &row.key)?;
        if !transaction.delete(index.tree, &key)? {
            let message = format!("the index {} lacks an entry of the table {}", index.name, self.table.name);
            return Err(Error::corrupt(message));
        }
        Ok(())
    }

    /// The first half of an update: entries whose key changes go.
    pub(super) fn delete_changed(&self, transaction: &mut Transaction, old: &Row, new: &Row) -> Result<()> {
        if old.key != new.key {
            transaction.delete(self.table.tree, &old.key)?;
        }
        for index in self.table.indexes.iter().filter(|index| moves(index, old, new)) {
            self.delete_entry(transaction, index, old)?;
        }
        Ok(())
    }

    /// The second half: they come in anew.
    pub(super) fn insert_changed(&mut self, transaction: &mut Transaction, old: &Row, new: &Row) -> Result<()> {
        self.codec.row_value(&new.values, &mut self.value)?;
        if old.key == new.key {
            transaction.put(self.table.tree, &new.key, &self.value)?;
        } else if !transaction.insert(self.table.tree, &new.key, &self.value)? {
            return Err(duplicate(&self.table, self.table.primary_key(), &new.values));
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
    pub(super) fn same_key(&self, transaction: &Transaction, index: &Index, values: &[Value]) -> Result<Option<Vec<u8>>> {
        let (key, complete) = self.codec.index_key(index, values)?;
        if !complete {
            return Ok(None);
        }
        transaction.get(index.tree, &key, <[u8]>::to_vec)
    }
}

/// Does the row's entry in the index change?
fn moves(index: &Index, old: &Row, new: &Row) -> bool {
    old.key != new.key || index.columns.iter().any(|(column, _)| old.values.get(*column) != new.values.get(*column))
}

/// The error for a key that is there already.
fn duplicate(table: &Table, columns: &[usize], values: &[Value]) -> Error {
    let names: Vec<&str> =
        columns.iter().filter_map(|&c| table.columns.get(c)).map(|column| column.name.as_str()).collect();
    let message = format!(
        "the table {} has a row with {} = {} already",
        table.name,
        names.join(", "),
        shown(columns, values)
    );
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
