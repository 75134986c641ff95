//! Foreign keys, checked when all rows of the statement are written.
//!
//! Collected are the keys that new rows need and the keys that are gone. Then a needed key must
//! be in the parent, and a key that is gone for good must not be in a child any more.

use std::collections::HashMap;

use super::RowCodec;
use super::entries::shown;
use crate::catalog::{RowKey, Table};
use crate::encoding::{KeyOrder, encode_rowid, encode_value};
use crate::error::{Error, Result, state};
use crate::execute::index_order;
use crate::plan::{Change, ChildCheck, ParentCheck, Path, UniqueKey};
use crate::storage::{Cursor, Transaction};
use crate::types::Value;

/// Values of a key by their encoding.
type Keys = HashMap<Vec<u8>, Vec<Value>>;

/// The references a statement has to check.
pub(super) struct References<'a> {
    change: &'a Change,
    /// For each parent check what is needed.
    needed: Vec<Keys>,
    /// For each child check what went, and what came.
    gone: Vec<Keys>,
    came: Vec<Keys>,
}

impl<'a> References<'a> {
    pub(super) fn new(change: &'a Change) -> References<'a> {
        let children = || change.children.iter().map(|_| Keys::new()).collect();
        References {
            change,
            needed: change.parents.iter().map(|_| Keys::new()).collect(),
            gone: children(),
            came: children(),
        }
    }

    /// Notes a new row.
    pub(super) fn added(&mut self, values: &[Value]) -> Result<()> {
        for (check, needed) in self.change.parents.iter().zip(&mut self.needed) {
            note(&self.change.table, &check.columns, values, needed)?;
        }
        for (check, came) in self.change.children.iter().zip(&mut self.came) {
            note(&self.change.table, &check.parents, values, came)?;
        }
        Ok(())
    }

    /// Notes a row that is no more.
    pub(super) fn removed(&mut self, values: &[Value]) -> Result<()> {
        for (check, gone) in self.change.children.iter().zip(&mut self.gone) {
            note(&self.change.table, &check.parents, values, gone)?;
        }
        Ok(())
    }

    pub(super) fn check(&self, transaction: &Transaction) -> Result<()> {
        for (check, needed) in self.change.parents.iter().zip(&self.needed) {
            for values in needed.values() {
                if !parent_exists(transaction, check, values)? {
                    return Err(no_parent(&self.change.table, check, values));
                }
            }
        }
        for ((check, gone), came) in self.change.children.iter().zip(&self.gone).zip(&self.came) {
            let gone: Keys = gone
                .iter()
                .filter(|(key, _)| !came.contains_key(*key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            if let Some(values) = child_exists(transaction, check, &gone)? {
                return Err(has_child(&self.change.table, check, &values));
            }
        }
        Ok(())
    }
}

/// Adds the values of some columns, unless one is NULL.
fn note(table: &Table, columns: &[usize], values: &[Value], keys: &mut Keys) -> Result<()> {
    let picked: Vec<&Value> = columns.iter().filter_map(|&column| values.get(column)).collect();
    if picked.iter().any(|value| value.is_null()) {
        return Ok(());
    }
    let mut key = Vec::new();
    for (value, &column) in picked.iter().zip(columns) {
        encode_value(&mut key, value, table.column_type(column), KeyOrder::ASCENDING)?;
    }
    keys.entry(key).or_insert_with(|| picked.into_iter().cloned().collect());
    Ok(())
}

fn parent_exists(transaction: &Transaction, check: &ParentCheck, values: &[Value]) -> Result<bool> {
    let parent = &check.parent;
    let (tree, columns) = match check.key {
        UniqueKey::Primary => {
            let columns: Vec<(usize, bool)> =
                parent.primary_key().iter().map(|column| (*column, false)).collect();
            (parent.tree, columns)
        }
        UniqueKey::Index(number) => match parent.indexes.get(number) {
            Some(index) => (index.tree, index.columns.clone()),
            None => return Err(Error::internal("no such index")),
        },
    };
    let key = match (&check.key, &parent.key, values) {
        (UniqueKey::Primary, RowKey::Integer(_), [Value::Integer(number)]) => encode_rowid(*number).to_vec(),
        _ => search_key(parent, &columns, values)?,
    };
    Ok(transaction.get(tree, &key, |_| ())?.is_some())
}

fn search_key(table: &Table, columns: &[(usize, bool)], values: &[Value]) -> Result<Vec<u8>> {
    let mut key = Vec::new();
    for ((column, descending), value) in columns.iter().zip(values) {
        encode_value(&mut key, value, table.column_type(*column), index_order(*descending))?;
    }
    Ok(key)
}

/// One of the values that a row of the child still has.
fn child_exists(transaction: &Transaction, check: &ChildCheck, gone: &Keys) -> Result<Option<Vec<Value>>> {
    if gone.is_empty() {
        return Ok(None);
    }
    let child = &check.child;
    let (tree, columns) = match check.index {
        None => return scan_child(transaction, check, gone),
        Some(Path::Table) => {
            (child.tree, check.columns.iter().map(|column| (*column, false)).collect::<Vec<_>>())
        }
        Some(Path::Index(number)) => match child.indexes.get(number) {
            Some(index) => (index.tree, index.columns.clone()),
            None => return Err(Error::internal("no such index")),
        },
    };
    for values in gone.values() {
        let prefix = match (check.index, &child.key, values.as_slice()) {
            (Some(Path::Table), RowKey::Integer(_), [Value::Integer(number)]) => {
                encode_rowid(*number).to_vec()
            }
            _ => search_key(child, &columns, values)?,
        };
        let mut found = false;
        let mut cursor = Cursor::new(tree);
        cursor.seek(transaction, &prefix)?;
        cursor.visit(transaction, |key, _| {
            found = key.starts_with(&prefix);
            false
        })?;
        if found {
            return Ok(Some(values.clone()));
        }
    }
    Ok(None)
}

/// Without an index all rows of the child are read, once.
fn scan_child(transaction: &Transaction, check: &ChildCheck, gone: &Keys) -> Result<Option<Vec<Value>>> {
    let child = &check.child;
    let codec = RowCodec::new(child);
    let (mut found, mut failure) = (None, None);
    let mut cursor = Cursor::new(child.tree);
    cursor.seek_first(transaction)?;
    cursor.visit(transaction, |key, value| {
        let mut keys = Keys::new();
        let noted =
            codec.decode(key, value).and_then(|(values, _)| note(child, &check.columns, &values, &mut keys));
        failure = noted.err();
        found = keys.into_iter().find(|(key, _)| gone.contains_key(key)).map(|(_, values)| values);
        found.is_none() && failure.is_none()
    })?;
    match failure {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

fn column_names(table: &Table, columns: &[usize]) -> String {
    let names = columns.iter().filter_map(|&column| table.columns.get(column));
    names.map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The constraint's name before a message, if it has one.
fn named(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("{name}: "))
}

fn in_order(values: &[Value]) -> String {
    let columns: Vec<usize> = (0..values.len()).collect();
    shown(&columns, values)
}

fn no_parent(table: &Table, check: &ParentCheck, values: &[Value]) -> Error {
    let message = format!(
        "{}{}.{} = {}: there is no such row in {}",
        named(check.name.as_deref()),
        table.name,
        column_names(table, &check.columns),
        in_order(values),
        check.parent.name
    );
    Error::constraint(state::FOREIGN_KEY, message).hint("insert the row it refers to first")
}

fn has_child(table: &Table, check: &ChildCheck, values: &[Value]) -> Error {
    let message = format!(
        "{}the row of {} with {} = {} is still referred to by {}.{}",
        named(check.name.as_deref()),
        table.name,
        column_names(table, &check.parents),
        in_order(values),
        check.child.name,
        column_names(&check.child, &check.columns)
    );
    Error::constraint(state::FOREIGN_KEY, message).hint("delete or change the rows that refer to it first")
}
