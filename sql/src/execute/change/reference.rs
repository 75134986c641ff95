//! Foreign keys, checked when all rows of the statement are written.
//!
//! Collected are the keys that new rows need and the keys that are gone. Then a needed key must
//! be in the parent, and a key that is gone for good must not be in a child any more. Keys whose
//! children change with them (CASCADE, SET NULL, SET DEFAULT) are collected apart, for `cascade`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::RowCodec;
use super::entries::shown;
use crate::catalog::{Action, RowKey, Table};
use crate::encoding::{KeyOrder, encode_rowid, encode_value};
use crate::error::{Error, Result, state};
use crate::execute::index_order;
use crate::plan::{ChildCheck, ParentCheck, Path, UniqueKey};
use crate::storage::{Cursor, Transaction, TreeId};
use crate::types::Value;

/// Values of a key by their encoding.
pub(super) type Keys = BTreeMap<Vec<u8>, Vec<Value>>;

/// The references of one table that a statement has to check.
pub(super) struct References<'a> {
    table: &'a Arc<Table>,
    parents: &'a [ParentCheck],
    children: &'a [ChildCheck],
    /// For each parent check what is needed.
    needed: Vec<Keys>,
    /// For each child check what went, and what came.
    gone: Vec<Keys>,
    came: Vec<Keys>,
    /// For each child check the keys whose rows change with them, by their encoding.
    moved: Vec<Moves>,
}

/// A key that is no more: what it was, and what it has become, if it is something still.
pub(super) struct Move {
    pub(super) old: Vec<Value>,
    pub(super) new: Option<Vec<Value>>,
}

/// Keys that are no more, by their encoding.
pub(super) type Moves = BTreeMap<Vec<u8>, Move>;

impl<'a> References<'a> {
    pub(super) fn new(
        table: &'a Arc<Table>,
        parents: &'a [ParentCheck],
        children: &'a [ChildCheck],
    ) -> References<'a> {
        References {
            table,
            parents,
            children,
            needed: parents.iter().map(|_| Keys::new()).collect(),
            gone: children.iter().map(|_| Keys::new()).collect(),
            came: children.iter().map(|_| Keys::new()).collect(),
            moved: children.iter().map(|_| Moves::new()).collect(),
        }
    }

    /// Notes a new row.
    pub(super) fn added(&mut self, values: &[Value]) -> Result<()> {
        for (check, needed) in self.parents.iter().zip(&mut self.needed) {
            note(self.table, &check.columns, values, needed)?;
        }
        for (check, came) in self.children.iter().zip(&mut self.came) {
            note(self.table, &check.parents, values, came)?;
        }
        Ok(())
    }

    /// Notes a row that is no more.
    pub(super) fn removed(&mut self, values: &[Value]) -> Result<()> {
        for (index, check) in self.children.iter().enumerate() {
            self.lost(index, check, check.on_delete, values, None)?;
        }
        Ok(())
    }

    /// Notes a row that has changed.
    pub(super) fn updated(&mut self, old: &[Value], new: &[Value]) -> Result<()> {
        let differ = |columns: &[usize]| columns.iter().any(|&column| old.get(column) != new.get(column));
        for (check, needed) in self.parents.iter().zip(&mut self.needed) {
            if differ(&check.columns) {
                note(self.table, &check.columns, new, needed)?;
            }
        }
        for (index, check) in self.children.iter().enumerate() {
            if differ(&check.parents) {
                self.lost(index, check, check.on_update, old, Some(new))?;
                if let Some(came) = self.came.get_mut(index) {
                    note(self.table, &check.parents, new, came)?;
                }
            }
        }
        Ok(())
    }

    /// Notes that a row has got the default of one of its foreign keys, which may be what was there
    /// before, and is no more.
    pub(super) fn defaulted(&mut self, number: usize, new: &[Value]) -> Result<()> {
        for (check, needed) in self.parents.iter().zip(&mut self.needed) {
            if check.number == number {
                note(self.table, &check.columns, new, needed)?;
            }
        }
        Ok(())
    }

    /// Notes that a key is no more.
    fn lost(
        &mut self,
        index: usize,
        check: &ChildCheck,
        action: Action,
        old: &[Value],
        new: Option<&[Value]>,
    ) -> Result<()> {
        if !action.acts() {
            return match self.gone.get_mut(index) {
                Some(gone) => note(self.table, &check.parents, old, gone),
                None => Ok(()),
            };
        }
        let mut keys = Keys::new();
        note(self.table, &check.parents, old, &mut keys)?;
        if let (Some((key, old)), Some(moved)) = (keys.into_iter().next(), self.moved.get_mut(index)) {
            let pick = |values: &[Value]| {
                check
                    .parents
                    .iter()
                    .map(|&column| values.get(column).cloned().unwrap_or(Value::Null))
                    .collect()
            };
            moved.insert(key, Move { old, new: new.map(pick) });
        }
        Ok(())
    }

    /// Takes the keys whose rows have to change, with the checks that say how.
    pub(super) fn take_moves(&mut self) -> Vec<(&'a ChildCheck, Moves)> {
        let moves = self.children.iter().zip(&mut self.moved).filter(|(_, moves)| !moves.is_empty());
        moves.map(|(check, moves)| (check, std::mem::take(moves))).collect()
    }

    /// Where RESTRICT stands, rows must not be referred to, whatever happens to those that do.
    pub(super) fn check_restricted(&self, transaction: &Transaction) -> Result<()> {
        for (check, gone) in self.children.iter().zip(&self.gone) {
            if (check.on_delete == Action::Restrict || check.on_update == Action::Restrict)
                && let Some(values) = child_exists(transaction, check, gone)?
            {
                return Err(has_child(self.table, check, &values));
            }
        }
        Ok(())
    }

    /// Looks all references up. What may wait for the end of the transaction, which is everything
    /// with `defer`, goes into `pending` if there is one.
    pub(super) fn check(
        &self,
        transaction: &Transaction,
        defer: bool,
        mut pending: Option<&mut Vec<Pending>>,
    ) -> Result<()> {
        for (check, needed) in self.parents.iter().zip(&self.needed) {
            for (key, values) in needed {
                if parent_exists(transaction, check, values)? {
                    continue;
                }
                if let (Some(pending), true) = (&mut pending, defer || check.deferred) {
                    // Whether the row is there still is looked up in the end, too.
                    pending.push(Pending::new(self.table.id, check.number, &check.columns, values));
                    continue;
                }
                // OR REPLACE may have removed the row again.
                let one = Keys::from([(key.clone(), values.clone())]);
                if scan(transaction, self.table, &check.columns, &one)?.is_some() {
                    return Err(no_parent(self.table, check, values));
                }
            }
        }
        for ((check, gone), came) in self.children.iter().zip(&self.gone).zip(&self.came) {
            let gone: Keys = gone
                .iter()
                .filter(|(key, _)| !came.contains_key(*key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            let restricts = check.on_delete == Action::Restrict || check.on_update == Action::Restrict;
            if let (Some(pending), true, false) = (&mut pending, defer || check.deferred, restricts) {
                let waiting = gone.values();
                pending
                    .extend(waiting.map(|v| Pending::new(check.child.id, check.number, &check.columns, v)));
                continue;
            }
            if let Some(values) = child_exists(transaction, check, &gone)? {
                return Err(has_child(self.table, check, &values));
            }
        }
        Ok(())
    }
}

/// A reference that was broken when its statement ended, and must not be when its transaction does.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    child: u32,
    /// Which of the child's foreign keys it is.
    number: usize,
    /// Columns of the child and their values.
    values: Vec<(usize, Value)>,
}

impl Pending {
    fn new(child: u32, number: usize, columns: &[usize], values: &[Value]) -> Pending {
        Pending { child, number, values: columns.iter().copied().zip(values.iter().cloned()).collect() }
    }

    /// The values in the order of some columns.
    fn pick(&self, columns: &[usize]) -> Vec<Value> {
        let find = |column: &usize| self.values.iter().find(|(known, _)| known == column);
        columns.iter().filter_map(find).map(|(_, value)| value.clone()).collect()
    }

    /// The table and the foreign key it is about.
    pub(crate) fn about(&self) -> (u32, usize) {
        (self.child, self.number)
    }

    /// An error if it is broken still: there are rows that refer to a row that is not there.
    pub(crate) fn check(&self, transaction: &Transaction, up: &ParentCheck, down: &ChildCheck) -> Result<()> {
        let wanted = self.pick(&up.columns);
        if parent_exists(transaction, up, &wanted)? {
            return Ok(());
        }
        let mut keys = Keys::new();
        let referring = self.pick(&down.columns);
        let mut key = Vec::new();
        for (value, &column) in referring.iter().zip(&down.columns) {
            encode_value(&mut key, value, down.child.column_type(column), KeyOrder::ASCENDING)?;
        }
        keys.insert(key, referring);
        match child_exists(transaction, down, &keys)? {
            Some(_) => Err(no_parent(&down.child, up, &wanted)),
            None => Ok(()),
        }
    }
}

/// Adds the values of some columns, unless one is NULL.
pub(super) fn note(table: &Table, columns: &[usize], values: &[Value], keys: &mut Keys) -> Result<()> {
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
    if check.index.is_none() {
        return scan(transaction, &check.child, &check.columns, gone);
    }
    for values in gone.values() {
        let (tree, prefix) = child_prefix(check, values)?;
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

/// The tree in which rows of the child are found by values of its reference, and how keys of
/// theirs begin there.
pub(super) fn child_prefix(check: &ChildCheck, values: &[Value]) -> Result<(TreeId, Vec<u8>)> {
    let child = &check.child;
    let (tree, columns) = match check.index {
        Some(Path::Index(number)) => match child.indexes.get(number) {
            Some(index) => (index.tree, index.columns.clone()),
            None => return Err(Error::internal("no such index")),
        },
        _ => (child.tree, check.columns.iter().map(|column| (*column, false)).collect::<Vec<_>>()),
    };
    let prefix = match (check.index, &child.key, values) {
        (Some(Path::Table), RowKey::Integer(_), [Value::Integer(number)]) => encode_rowid(*number).to_vec(),
        _ => search_key(child, &columns, values)?,
    };
    Ok((tree, prefix))
}

/// One of the keys that a row has in these columns; all rows are read, once.
fn scan(
    transaction: &Transaction,
    table: &Arc<Table>,
    columns: &[usize],
    wanted: &Keys,
) -> Result<Option<Vec<Value>>> {
    let codec = RowCodec::new(table);
    let (mut found, mut failure) = (None, None);
    let mut cursor = Cursor::new(table.tree);
    cursor.seek_first(transaction)?;
    cursor.visit(transaction, |key, value| {
        let mut keys = Keys::new();
        let noted = codec.decode(key, value).and_then(|(values, _)| note(table, columns, &values, &mut keys));
        failure = noted.err();
        found = keys.into_iter().find(|(key, _)| wanted.contains_key(key)).map(|(_, values)| values);
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
