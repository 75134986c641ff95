//! ON DELETE and ON UPDATE: rows of other tables that change with the rows they refer to.
//!
//! A round takes all keys that are no more, finds the rows that refer to them, and deletes or
//! changes those; that may leave further keys behind, for the next round. A tree of rows in one
//! table is taken level by level. When nothing is left to do, all references are checked.

use super::entries::Entries;
use super::reference::{Keys, Moves, References, child_prefix, note};
use super::{Row, Runner, new_row};
use crate::catalog::Action;
use crate::error::{Error, Result};
use crate::execute::RowCodec;
use crate::plan::{ChildCheck, Dependent, Path};
use crate::storage::{Cursor, Transaction};
use crate::types::Value;

/// A table whose rows change, and what is known of that so far.
struct Affected<'a> {
    dependent: &'a Dependent,
    entries: Entries,
    references: References<'a>,
}

impl Runner<'_> {
    /// Changes what depends on the rows the statement has changed, and checks all references.
    pub(super) fn cascade(&mut self, transaction: &mut Transaction) -> Result<()> {
        self.references.check_restricted(transaction)?;
        let dependents = &self.change.dependents;
        let mut tables: Vec<Affected<'_>> = dependents
            .iter()
            .map(|dependent| Affected {
                dependent,
                entries: Entries::new(&dependent.table),
                references: References::new(&dependent.table, &dependent.parents, &dependent.children),
            })
            .collect();
        loop {
            let mut work = self.references.take_moves();
            work.extend(tables.iter_mut().flat_map(|table| table.references.take_moves()));
            if work.is_empty() {
                break;
            }
            for (check, moves) in work {
                let table = check.dependent.and_then(|number| tables.get_mut(number));
                let table =
                    table.ok_or_else(|| Error::internal("a table that should change is not known"))?;
                self.follow(transaction, table, check, &moves)?;
                table.references.check_restricted(transaction)?;
            }
            self.context(transaction).check()?;
        }
        // A statement that is a transaction of its own ends with it.
        let defer = self.state.defers_foreign_keys();
        let mut waiting = self.keep.then_some(&mut self.outcome.pending);
        self.references.check(transaction, defer, waiting.as_deref_mut())?;
        tables.iter().try_for_each(|table| table.references.check(transaction, defer, waiting.as_deref_mut()))
    }

    /// Changes the rows of one table that refer to keys that are no more.
    fn follow(
        &mut self,
        transaction: &mut Transaction,
        table: &mut Affected<'_>,
        check: &ChildCheck,
        moves: &Moves,
    ) -> Result<()> {
        let Affected { dependent, entries, references } = table;
        let mut pairs: Vec<(Row, Row)> = Vec::new();
        for (old, key) in referring(transaction, entries, check, moves)? {
            let Some(to) = moves.get(&key) else { continue };
            let action = if to.new.is_some() { check.on_update } else { check.on_delete };
            if action == Action::Cascade && to.new.is_none() {
                entries.delete(transaction, &old)?;
                references.removed(&old.values)?;
                continue;
            }
            let mut values = old.values.clone();
            for (number, &column) in check.columns.iter().enumerate() {
                let value = match action {
                    Action::Cascade => to.new.as_ref().and_then(|new| new.get(number)).cloned(),
                    Action::SetDefault => match dependent.defaults.get(column) {
                        Some(default) => Some(self.context(transaction).scalar(default)?),
                        None => None,
                    },
                    _ => None,
                };
                if let Some(place) = values.get_mut(column) {
                    *place = value.unwrap_or(Value::Null);
                }
            }
            let Dependent { table, checks, .. } = dependent;
            self.check_rows(transaction, table, checks, std::slice::from_ref(&values))?;
            let key = RowCodec::new(table).row_key(&values, old.rowid)?;
            let rowid = new_row::rowid_of(table, &values, old.rowid);
            if action == Action::SetDefault {
                references.defaulted(check.number, &values)?;
            }
            pairs.push((old, Row { values, rowid, key }));
        }
        for (old, new) in &pairs {
            entries.delete_changed(transaction, old, new)?;
        }
        for (old, new) in &pairs {
            entries.insert_changed(transaction, old, new)?;
            references.updated(&old.values, &new.values)?;
        }
        Ok(())
    }
}

/// The rows that refer to one of the keys, each with the encoding of that key.
fn referring(
    transaction: &Transaction,
    entries: &Entries,
    check: &ChildCheck,
    moves: &Moves,
) -> Result<Vec<(Row, Vec<u8>)>> {
    if check.index.is_none() {
        return scan(transaction, check, moves);
    }
    let mut out = Vec::new();
    for (key, gone) in moves {
        let (tree, prefix) = child_prefix(check, &gone.old)?;
        let mut row_keys: Vec<Result<Vec<u8>>> = Vec::new();
        let mut cursor = Cursor::new(tree);
        cursor.seek(transaction, &prefix)?;
        cursor.visit(transaction, |found, value| {
            if !found.starts_with(&prefix) {
                return false;
            }
            row_keys.push(match check.index {
                Some(Path::Index(number)) => match check.child.indexes.get(number) {
                    Some(index) => entries.codec.entry_row_key(index, found, value).map(<[u8]>::to_vec),
                    None => Err(Error::internal("no such index")),
                },
                _ => Ok(found.to_vec()),
            });
            true
        })?;
        for row_key in row_keys {
            let row = entries.read(transaction, &row_key?)?;
            let row = row.ok_or_else(|| {
                Error::corrupt(format!(
                    "an index of the table {} has an entry without a row",
                    check.child.name
                ))
            })?;
            out.push((row, key.clone()));
        }
    }
    Ok(out)
}

/// The same without an index: all rows of the table are read.
fn scan(transaction: &Transaction, check: &ChildCheck, moves: &Moves) -> Result<Vec<(Row, Vec<u8>)>> {
    let child = &check.child;
    let codec = RowCodec::new(child);
    let (mut out, mut failure) = (Vec::new(), None);
    let mut cursor = Cursor::new(child.tree);
    cursor.seek_first(transaction)?;
    cursor.visit(transaction, |key, value| {
        let mut visit = || -> Result<()> {
            let (values, rowid) = codec.decode(key, value)?;
            let mut keys = Keys::new();
            note(child, &check.columns, &values, &mut keys)?;
            if let Some((found, _)) = keys.into_iter().find(|(found, _)| moves.contains_key(found)) {
                out.push((Row { values, rowid, key: key.to_vec() }, found));
            }
            Ok(())
        };
        failure = visit().err();
        failure.is_none()
    })?;
    match failure {
        Some(error) => Err(error),
        None => Ok(out),
    }
}
