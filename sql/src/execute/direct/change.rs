//! INSERT of one row, UPDATE and DELETE of one row by key.
//!
//! | statement | is taken when                                                              |
//! |-----------|----------------------------------------------------------------------------|
//! | INSERT    | its values are parameters and constants; no CHECK, no reference to a row    |
//! | UPDATE    | the same; and what is assigned is in no key and no index                    |
//! | DELETE    | nothing refers to the table, and it has no index                            |
//!
//! UPDATE and DELETE write one entry: there is nothing to undo. An INSERT that fails at an index
//! takes back what it wrote, if the transaction goes on.

use std::sync::Arc;

use super::Operand;
use super::read::{PointKey, scan_column};
use crate::catalog::{RowKey, Table};
use crate::error::Result;
use crate::execute::RowCodec;
use crate::execute::change::{check_value, duplicate, next_number, no_number};
use crate::expression::Expression;
use crate::plan::{Change, Physical};
use crate::storage::Transaction;
use crate::types::Value;

/// Changes one row.
#[derive(Debug)]
pub(crate) struct DirectChange {
    table: Arc<Table>,
    codec: RowCodec,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A value for each column.
    Insert(Vec<Operand>),
    /// The assigned columns, in their order.
    Update {
        key: PointKey,
        assigned: Vec<(usize, Operand)>,
    },
    Delete {
        key: PointKey,
    },
}

/// Buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    key: Vec<u8>,
    value: Vec<u8>,
    stored: Vec<u8>,
    index_key: Vec<u8>,
    /// Values that had to be cast, by their place in the list of operands.
    cast: Vec<Value>,
}

/// Columns of a new row whose values are looked up only once.
const FIRST: usize = 16;

/// What was changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Changed {
    pub(crate) rows: u64,
    /// As in `Outcome`.
    pub(crate) last_rowid: Option<i64>,
}

/// Values of operands, after those that had to be were cast.
#[derive(Clone, Copy)]
struct Given<'v> {
    parameters: &'v [Value],
    cast: &'v [Value],
}

impl<'v> Given<'v> {
    fn value(self, operand: &'v Operand, number: usize) -> &'v Value {
        operand.given(self.parameters).or_else(|| self.cast.get(number)).unwrap_or(&Value::Null)
    }
}

impl DirectChange {
    pub(super) fn insert(change: &Change, rows: &[Vec<Expression>]) -> Option<DirectChange> {
        let [row] = rows else { return None };
        let plain = change.checks.is_empty() && change.parents.is_empty() && !change.table.autoincrement;
        plain.then(|| DirectChange::new(change, Kind::Insert(Operand::all(row)?)))?
    }

    pub(super) fn update(change: &Change, assigned: &[usize]) -> Option<DirectChange> {
        let Physical::Project { input, expressions } = &change.source else { return None };
        let (width, key) = old_row(&change.table, input, expressions)?;
        let plain = change.checks.is_empty() && change.parents.is_empty() && change.children.is_empty();
        let keyed = change.table.primary_key();
        let mut indexed = change.table.indexes.iter().flat_map(|index| &index.columns);
        if !plain
            || assigned.iter().any(|column| keyed.contains(column))
            || indexed.any(|(column, _)| assigned.contains(column))
        {
            return None;
        }
        let values = Operand::all(expressions.get(width..)?)?;
        let assigned = assigned.iter().copied().zip(values).collect();
        DirectChange::new(change, Kind::Update { key, assigned })
    }

    pub(super) fn delete(change: &Change) -> Option<DirectChange> {
        let (_, key) = match &change.source {
            Physical::Project { input, expressions } => old_row(&change.table, input, expressions)?,
            scan => old_row(&change.table, scan, &[])?,
        };
        let plain = change.children.is_empty() && change.table.indexes.is_empty();
        plain.then(|| DirectChange::new(change, Kind::Delete { key }))?
    }

    #[allow(clippy::unnecessary_wraps)] // Where it is called, there may be none.
    fn new(change: &Change, kind: Kind) -> Option<DirectChange> {
        Some(DirectChange { table: change.table.clone(), codec: RowCodec::new(&change.table), kind })
    }

    /// Changes the row. When it fails with `keep` set, what it wrote is undone.
    pub(crate) fn run(
        &self,
        transaction: &mut Transaction,
        parameters: &[Value],
        keep: bool,
        scratch: &mut Scratch,
    ) -> Result<Changed> {
        match &self.kind {
            Kind::Insert(row) => self.run_insert(row, transaction, parameters, keep, scratch),
            Kind::Update { key, assigned } => {
                self.run_update(key, assigned, transaction, parameters, scratch)
            }
            Kind::Delete { key } => {
                let found = key.write(&self.table, parameters, &mut scratch.key)?
                    && transaction.delete(self.table.tree, &scratch.key)?;
                Ok(Changed { rows: u64::from(found), last_rowid: None })
            }
        }
    }

    fn run_insert(
        &self,
        row: &[Operand],
        transaction: &mut Transaction,
        parameters: &[Value],
        keep: bool,
        scratch: &mut Scratch,
    ) -> Result<Changed> {
        let Scratch { key, value, index_key, cast, .. } = scratch;
        cast_all(row.iter(), parameters, cast)?;
        let given = Given { parameters, cast };
        // Each is looked up once, where there are not very many.
        let mut first = [&Value::Null; FIRST];
        for (number, (place, operand)) in first.iter_mut().zip(row).enumerate() {
            *place = given.value(operand, number);
        }
        let plain = |column: usize| match first.get(column) {
            Some(value) => value,
            None => row.get(column).map_or(&Value::Null, |o| given.value(o, column)),
        };
        let rowid = self.rowid(&plain, transaction)?;
        let number = Value::Integer(rowid);
        let column = |column: usize| match self.table.key {
            RowKey::Integer(key) if column == key => &number,
            _ => plain(column),
        };
        for (at, definition) in self.table.columns.iter().enumerate() {
            check_value(&self.table, definition, column(at))?;
        }
        self.codec.write_row_key(column, rowid, key)?;
        self.codec.write_row_value(column, value)?;
        let twice = |columns: &[usize]| {
            let values: Vec<Value> = (0..self.table.columns.len()).map(|at| column(at).clone()).collect();
            Err(duplicate(&self.table, columns, &values))
        };
        if !transaction.insert(self.table.tree, key, value)? {
            return twice(self.table.primary_key());
        }
        for (at, index) in self.table.indexes.iter().enumerate() {
            let entry = self.codec.write_index_entry(index, column, key, index_key);
            let inserted = entry.and_then(|entry| transaction.insert(index.tree, index_key, entry));
            if matches!(inserted, Ok(true)) {
                continue;
            }
            if keep {
                // Where the engine refuses this, it allows nothing but a rollback of all, and says so.
                let _ = self.take_back(transaction, at, column, key, index_key);
            }
            inserted?;
            let columns: Vec<usize> = index.columns.iter().map(|(column, _)| *column).collect();
            return twice(&columns);
        }
        let last_rowid = (!matches!(self.table.key, RowKey::Columns(_))).then_some(rowid);
        Ok(Changed { rows: 1, last_rowid })
    }

    /// Removes a new row again, with its entries in the first indexes.
    fn take_back<'v>(
        &self,
        transaction: &mut Transaction,
        indexes: usize,
        column: impl Fn(usize) -> &'v Value + Copy,
        key: &[u8],
        index_key: &mut Vec<u8>,
    ) -> Result<()> {
        for index in self.table.indexes.iter().take(indexes).rev() {
            self.codec.write_index_entry(index, column, key, index_key)?;
            transaction.delete(index.tree, index_key)?;
        }
        transaction.delete(self.table.tree, key).map(|_| ())
    }

    /// The number of a new row.
    fn rowid<'v>(&self, plain: &impl Fn(usize) -> &'v Value, transaction: &Transaction) -> Result<i64> {
        match self.table.key {
            RowKey::Columns(_) => return Ok(0),
            RowKey::Integer(column) => {
                if let Value::Integer(given) = plain(column) {
                    return Ok(*given);
                }
            }
            RowKey::Rowid => {}
        }
        next_number(&self.table, transaction)?.ok_or_else(|| no_number(&self.table))
    }

    fn run_update(
        &self,
        key: &PointKey,
        assigned: &[(usize, Operand)],
        transaction: &mut Transaction,
        parameters: &[Value],
        scratch: &mut Scratch,
    ) -> Result<Changed> {
        let Scratch { key: row_key, value, stored, cast, .. } = scratch;
        if !key.write(&self.table, parameters, row_key)? {
            return Ok(Changed::default());
        }
        let copy = |bytes: &[u8]| {
            stored.clear();
            stored.extend_from_slice(bytes);
        };
        if transaction.get(self.table.tree, row_key, copy)?.is_none() {
            return Ok(Changed::default());
        }
        cast_all(assigned.iter().map(|(_, operand)| operand), parameters, cast)?;
        let given = Given { parameters, cast };
        let column = |column: usize| {
            let (at, (_, operand)) =
                assigned.iter().enumerate().find(|(_, (number, _))| *number == column)?;
            Some(given.value(operand, at))
        };
        for (at, definition) in self.table.columns.iter().enumerate() {
            if let Some(value) = column(at) {
                check_value(&self.table, definition, value)?;
            }
        }
        self.codec.changed_row_value(stored, column, value)?;
        transaction.put(self.table.tree, row_key, value)?;
        Ok(Changed { rows: 1, last_rowid: None })
    }
}

/// Casts the values that are not of the type they have to have.
fn cast_all<'o>(
    operands: impl Iterator<Item = &'o Operand>,
    parameters: &[Value],
    cast: &mut Vec<Value>,
) -> Result<()> {
    for (number, operand) in operands.enumerate() {
        if operand.given(parameters).is_none() {
            let value = operand.value(parameters)?.into_owned();
            if cast.len() <= number {
                cast.resize(number + 1, Value::Null);
            }
            if let Some(place) = cast.get_mut(number) {
                *place = value;
            }
        }
    }
    Ok(())
}

/// How many columns of the source are the old row, and the key it is found by. No expressions: the
/// columns are those of the scan.
fn old_row(table: &Table, input: &Physical, expressions: &[Expression]) -> Option<(usize, PointKey)> {
    let Physical::Scan { table: scanned, columns, access, filter: None } = input else { return None };
    let width = table.columns.len() + usize::from(table.key == RowKey::Rowid);
    let is_old = |at: usize| match expressions {
        [] => columns.get(at) == Some(&at),
        expressions => expressions.get(at).and_then(|e| scan_column(e, columns)) == Some(at),
    };
    if scanned.id != table.id || !(0..width).all(is_old) {
        return None;
    }
    Some((width, PointKey::of(table, access)?))
}
