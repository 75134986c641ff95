//! INSERT, UPDATE and DELETE.
//!
//! ```text
//! source rows, all read first --> new rows checked --> old entries deleted --> new entries inserted
//!                                                       --> references checked, both ways
//! ```
//!
//! | file        | what                                                              |
//! |-------------|-------------------------------------------------------------------|
//! | `mod`       | the statement as a whole                                          |
//! | `new_row`   | numbers for keys; NOT NULL, lengths, CHECK                         |
//! | `entries`   | a row's entries in the table's tree and the trees of its indexes   |
//! | `conflict`  | INSERT where the key is there already                             |
//! | `reference` | foreign keys, looked up when everything is written                 |
//! | `cascade`   | rows of other tables that change with the rows they refer to       |
//!
//! 1. The source is read to its end before the first write: a statement never sees its own rows.
//!    RETURNING is evaluated before the first write, too. Only where rows meet others with the same
//!    key, what comes of a row is known when it is written: subqueries are asked ahead there, save
//!    those that read the row at hand.
//! 2. UPDATE deletes all old entries before it inserts the first new one, so that keys may move
//!    among the rows of one statement.
//! 3. A statement that fails leaves nothing behind in a transaction that goes on: many rows are
//!    undone by a savepoint, a few by taking the writes back one by one.

mod cascade;
mod conflict;
mod entries;
mod new_row;
mod reference;

use std::collections::HashSet;
use std::sync::Arc;

use super::context::{Context, Settings, State};
use super::{RowCodec, collect};
use crate::catalog::{self, RowKey, Table};
use crate::error::{Error, Result};
use crate::expression::evaluate;
use crate::plan::{Change, ChangeKind, Conflict, Statement};
use crate::storage::Transaction;
use crate::types::{BATCH_ROWS, Batch, DataType, Value};
use entries::Entries;
pub(super) use entries::duplicate;
pub(super) use new_row::{check_value, next_number, no_number};
pub(crate) use reference::Pending;
use reference::References;

/// What a change did.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Rows inserted, updated or deleted.
    pub(crate) changed: u64,
    /// The key of the last row inserted into a table keyed by a number.
    pub(crate) last_rowid: Option<i64>,
    /// The rows of RETURNING.
    pub(crate) returned: Vec<Batch>,
    /// References to be looked at again when the transaction ends.
    pub(crate) pending: Vec<Pending>,
}

/// A change of more rows than this is protected by a savepoint.
const UNDO_ROWS_MAX: usize = 8;

/// Carries out a change. When it fails with `keep` set, what it wrote is undone.
pub(crate) fn run_change(
    change: &Change,
    statement: &Statement,
    transaction: &mut Transaction,
    parameters: &[Value],
    settings: Settings,
    keep: bool,
) -> Result<Outcome> {
    let mut state = State::new(settings);
    let mut context = Context::new(transaction, statement, parameters, &mut state);
    let source = collect(&change.source, &mut context)?;
    let mut runner = Runner {
        change,
        statement,
        parameters,
        state,
        types: change.table.columns.iter().map(|column| column.data_type).collect(),
        entries: Entries::new(&change.table),
        references: References::new(&change.table, &change.parents, &change.children),
        outcome: Outcome::default(),
        sequence: None,
        keep,
        seen: HashSet::new(),
        returning: Vec::new(),
    };
    let rows = source.iter().map(Batch::len).sum::<usize>();
    let many = rows > UNDO_ROWS_MAX || !change.dependents.is_empty();
    let savepoint = if keep && many { Some(transaction.savepoint()?) } else { None };
    if keep && !many {
        runner.entries.note_undo();
    }
    let result = runner.run(transaction, &source);
    if let Some(savepoint) = savepoint {
        if result.is_err() {
            transaction.rollback_to(savepoint)?;
        }
        transaction.release(savepoint)?;
    } else if result.is_err() {
        // Where the engine refuses this, it allows nothing but a rollback of all, and says so.
        let _ = runner.entries.take_back(transaction);
    }
    result.map(|()| runner.outcome)
}

/// A row: its columns, its rowid where it has one, its key in the table's tree.
#[derive(Clone)]
struct Row {
    values: Vec<Value>,
    rowid: i64,
    key: Vec<u8>,
}

struct Runner<'a> {
    change: &'a Change,
    statement: &'a Statement,
    parameters: &'a [Value],
    state: State,
    /// Of the table's columns.
    types: Vec<DataType>,
    entries: Entries,
    references: References<'a>,
    outcome: Outcome,
    /// The highest number given, where the table remembers it.
    sequence: Option<i64>,
    /// The transaction goes on behind the statement.
    keep: bool,
    /// The keys of the rows of a joined source.
    seen: HashSet<Vec<u8>>,
    /// The rows RETURNING is asked about, where they come of conflicts.
    returning: Vec<Vec<Value>>,
}

impl Runner<'_> {
    fn table(&self) -> &Arc<Table> {
        &self.change.table
    }

    fn context<'c>(&'c mut self, transaction: &'c Transaction) -> Context<'c> {
        Context::new(transaction, self.statement, self.parameters, &mut self.state)
    }

    fn run(&mut self, transaction: &mut Transaction, source: &[Batch]) -> Result<()> {
        let change = self.change;
        match &change.kind {
            ChangeKind::Insert { conflict } => self.insert(transaction, source, conflict)?,
            ChangeKind::Update { assigned, .. } => self.update(transaction, source, assigned)?,
            ChangeKind::Delete { .. } => self.delete(transaction, source)?,
        }
        self.cascade(transaction)?;
        let rows = std::mem::take(&mut self.returning);
        self.returned(transaction, rows.iter().map(Vec::as_slice))?;
        // Last, since `entries` does not take it back.
        match self.sequence {
            Some(highest) => catalog::set_sequence(transaction, change.table.id, highest),
            None => Ok(()),
        }
    }

    fn insert(&mut self, transaction: &mut Transaction, source: &[Batch], conflict: &Conflict) -> Result<()> {
        let mut next = next_number(self.table(), transaction)?;
        let mut ready: Vec<Row> = Vec::new();
        let conflicts = !matches!(conflict, Conflict::Error);
        if conflicts && !source.is_empty() {
            let one = source.iter().map(Batch::len).sum::<usize>() == 1;
            self.ask_ahead(transaction, if one { None } else { Some(conflict) })?;
        }
        for batch in source {
            let mut rows: Vec<Vec<Value>> = (0..batch.len()).map(|row| batch.row(row, &self.types)).collect();
            if conflicts {
                for values in rows {
                    self.insert_or(transaction, values, &mut next, conflict)?;
                }
                self.context(transaction).check()?;
                continue;
            }
            let mut numbers = Vec::with_capacity(rows.len());
            for row in &mut rows {
                numbers.push(new_row::number(self.table(), row, &mut next)?);
            }
            self.check_rows(transaction, &self.change.table, &self.change.checks, &rows)?;
            for (values, rowid) in rows.into_iter().zip(numbers) {
                let key = self.entries.codec.row_key(&values, rowid)?;
                ready.push(Row { values, rowid, key });
            }
            if self.change.returning.is_empty() {
                ready.drain(..).try_for_each(|row| self.insert_row(transaction, row))?;
            }
            self.context(transaction).check()?;
        }
        self.returned(transaction, ready.iter().map(|row| row.values.as_slice()))?;
        for (number, row) in ready.into_iter().enumerate() {
            self.look_up(transaction, number)?;
            self.insert_row(transaction, row)?;
        }
        // Without a next number the last one there is was given.
        self.sequence = self.table().autoincrement.then(|| next.map_or(i64::MAX, |next| next - 1));
        Ok(())
    }

    fn insert_row(&mut self, transaction: &mut Transaction, row: Row) -> Result<()> {
        self.entries.insert(transaction, &row)?;
        self.references.added(&row.values)?;
        self.outcome.changed += 1;
        if !matches!(self.table().key, RowKey::Columns(_)) {
            self.outcome.last_rowid = Some(row.rowid);
        }
        Ok(())
    }

    /// Writes a row over an old one, whose changed entries are gone already, and notes it.
    fn put_over(&mut self, transaction: &mut Transaction, old: &Row, new: Row) -> Result<()> {
        self.entries.insert_changed(transaction, old, &new)?;
        self.references.updated(&old.values, &new.values)?;
        self.outcome.changed += 1;
        Ok(())
    }

    fn update(&mut self, transaction: &mut Transaction, source: &[Batch], assigned: &[usize]) -> Result<()> {
        let types = self.change.source.types();
        let mut pairs: Vec<(Row, Row)> = Vec::new();
        for batch in source {
            let mut rows = Vec::with_capacity(batch.len());
            for row in 0..batch.len() {
                let old = self.old_row(batch.row(row, &types))?;
                if !self.is_first(&old.0) {
                    continue;
                }
                let mut values = old.0.values.clone();
                for (column, value) in assigned.iter().zip(old.1) {
                    if let Some(place) = values.get_mut(*column) {
                        *place = value;
                    }
                }
                rows.push((old.0, values));
            }
            let new: Vec<Vec<Value>> = rows.iter().map(|(_, values)| values.clone()).collect();
            self.check_rows(transaction, &self.change.table, &self.change.checks, &new)?;
            for (old, values) in rows {
                let key = self.entries.codec.row_key(&values, old.rowid)?;
                let rowid = new_row::rowid_of(self.table(), &values, old.rowid);
                pairs.push((old, Row { values, rowid, key }));
            }
        }
        self.returned(transaction, pairs.iter().map(|(_, new)| new.values.as_slice()))?;
        for (number, (old, new)) in pairs.iter().enumerate() {
            self.look_up(transaction, number)?;
            self.entries.delete_changed(transaction, old, new)?;
        }
        for (number, (old, new)) in pairs.into_iter().enumerate() {
            self.look_up(transaction, number)?;
            self.put_over(transaction, &old, new)?;
        }
        Ok(())
    }

    /// Every now and then, sees whether the statement has to stop.
    fn look_up(&mut self, transaction: &Transaction, number: usize) -> Result<()> {
        if number.is_multiple_of(BATCH_ROWS) { self.context(transaction).check() } else { Ok(()) }
    }

    fn delete(&mut self, transaction: &mut Transaction, source: &[Batch]) -> Result<()> {
        let types = self.change.source.types();
        let mut ready: Vec<Row> = Vec::new();
        for batch in source {
            for row in 0..batch.len() {
                let (old, _) = self.old_row(batch.row(row, &types))?;
                if self.is_first(&old) {
                    ready.push(old);
                }
            }
            if self.change.returning.is_empty() {
                ready.drain(..).try_for_each(|row| self.delete_row(transaction, &row))?;
            }
            self.context(transaction).check()?;
        }
        self.returned(transaction, ready.iter().map(|row| row.values.as_slice()))?;
        for (number, row) in ready.iter().enumerate() {
            self.look_up(transaction, number)?;
            self.delete_row(transaction, row)?;
        }
        Ok(())
    }

    fn delete_row(&mut self, transaction: &mut Transaction, row: &Row) -> Result<()> {
        self.entries.delete(transaction, row)?;
        self.references.removed(&row.values)?;
        self.outcome.changed += 1;
        Ok(())
    }

    /// Whether a row of a joined source is met for the first time.
    fn is_first(&mut self, row: &Row) -> bool {
        match &self.change.kind {
            ChangeKind::Update { joined: true, .. } | ChangeKind::Delete { joined: true } => {
                self.seen.insert(row.key.clone())
            }
            _ => true,
        }
    }

    /// The row as it is, and the values behind it in the source.
    fn old_row(&self, mut values: Vec<Value>) -> Result<(Row, Vec<Value>)> {
        let width = self.table().columns.len();
        let mut behind = values.split_off(width.min(values.len()));
        let rowid = match self.table().key {
            RowKey::Rowid => match behind.first() {
                Some(Value::Integer(rowid)) => {
                    let rowid = *rowid;
                    behind.remove(0);
                    rowid
                }
                _ => return Err(Error::internal("a row without its rowid")),
            },
            _ => new_row::rowid_of(self.table(), &values, 0),
        };
        let key = self.entries.codec.row_key(&values, rowid)?;
        Ok((Row { values, rowid, key }, behind))
    }

    /// Evaluates RETURNING for some rows.
    fn returned<'r>(
        &mut self,
        transaction: &Transaction,
        rows: impl Iterator<Item = &'r [Value]>,
    ) -> Result<()> {
        let change = self.change;
        if change.returning.is_empty() {
            return Ok(());
        }
        let rows: Vec<&[Value]> = rows.collect();
        for chunk in rows.chunks(BATCH_ROWS) {
            let batch = Batch::from_rows(&self.types, chunk.iter().copied())?;
            let mut columns = Vec::with_capacity(change.returning.len());
            for expression in &change.returning {
                columns.push(evaluate(expression, &batch, &mut self.context(transaction))?);
            }
            self.outcome.returned.push(Batch::new(columns, batch.len()));
        }
        Ok(())
    }
}
