//! One statement over many rows of parameters.
//!
//! All of it happens or nothing. Rows of a plain INSERT are put in the order of their keys first,
//! some thousands at a time, so that neighbours in the tree are written one after the other.

use super::convert::Bound;
use super::prepare::Prepared;
use super::run::{Session, values};
use crate::catalog::{RowKey, Table};
use crate::encoding::{KeyOrder, encode_value};
use crate::error::Result;
use crate::execute::Spare;
use crate::expression::Expression;
use crate::functions::cast_value;
use crate::plan::{ChangeKind, Conflict, Physical, Plan};
use crate::types::{DataType, Value};

/// Rows sorted and run in one go.
const CHUNK: usize = 4_096;
/// The savepoint of a batch inside a transaction; no SQL text can name it.
const SAVEPOINT: &str = "\0batch";

impl Session {
    /// Runs a statement for each row of parameters; gives the number of rows changed.
    pub(super) fn run_many(
        &mut self,
        prepared: &Prepared,
        rows: &mut dyn Iterator<Item = Bound>,
    ) -> Result<usize> {
        let alone = self.control.is_idle();
        if alone {
            self.control.begin(true)?;
        } else {
            self.control.savepoint(SAVEPOINT)?;
        }
        let before = self.total_changes;
        let result = self.run_chunks(prepared, rows);
        match (&result, alone) {
            (Ok(()), true) => {
                if let Err(error) = self.control.commit() {
                    // A deferred foreign key leaves it open.
                    let _ = self.control.rollback();
                    return Err(error);
                }
            }
            (Ok(()), false) => self.control.release(SAVEPOINT)?,
            (Err(_), true) => self.control.rollback()?,
            (Err(_), false) => {
                self.control.rollback_to(SAVEPOINT)?;
                self.control.release(SAVEPOINT)?;
            }
        }
        if let Err(error) = result {
            self.total_changes = before;
            return Err(error);
        }
        self.changes = self.total_changes - before;
        Ok(usize::try_from(self.changes).unwrap_or(usize::MAX))
    }

    fn run_chunks(&mut self, prepared: &Prepared, mut rows: &mut dyn Iterator<Item = Bound>) -> Result<()> {
        loop {
            let mut chunk: Vec<Bound> = (&mut rows).take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            self.sort(prepared, &mut chunk)?;
            for bound in chunk {
                self.run(prepared, &mut values(bound, prepared)?, &mut Spare::default())?;
            }
        }
    }

    /// Puts rows in the order of their keys, where that makes no difference but in time.
    fn sort(&mut self, prepared: &Prepared, chunk: &mut [Bound]) -> Result<()> {
        let Some(Bound::Numbered(first)) = chunk.first() else { return Ok(()) };
        let statement = self.plan(prepared, first)?;
        let Plan::Change(change) = &statement.plan else { return Ok(()) };
        let (ChangeKind::Insert { conflict: Conflict::Error }, Physical::Values { rows, .. }) =
            (&change.kind, &change.source)
        else {
            return Ok(());
        };
        let refers_to_itself = change.parents.iter().any(|check| check.parent.id == change.table.id);
        if let ([row], false) = (rows.as_slice(), refers_to_itself)
            && let Some(key) = key_parameters(&change.table, row)
        {
            let mut keys = Vec::with_capacity(chunk.len());
            for bound in chunk.iter() {
                // A key that is NULL or none at all is an error, or depends on the rows before it.
                let Some(key) = sort_key(bound, &key) else { return Ok(()) };
                keys.push(key);
            }
            let mut keys = keys.into_iter();
            chunk.sort_by_cached_key(|_| keys.next());
        }
        Ok(())
    }
}

/// The parameters that are the primary key of the row, if nothing else is.
fn key_parameters(table: &Table, row: &[Expression]) -> Option<Vec<(usize, DataType)>> {
    if table.key == RowKey::Rowid {
        return None;
    }
    let parameters = table.primary_key().iter().map(|column| match row.get(*column)? {
        Expression::Parameter { index, data_type, .. } => Some((*index, *data_type)),
        _ => None,
    });
    parameters.collect()
}

/// The encoded key; none where a value is not of its type or NULL.
fn sort_key(bound: &Bound, parameters: &[(usize, DataType)]) -> Option<Vec<u8>> {
    let Bound::Numbered(values) = bound else { return None };
    let mut key = Vec::new();
    for (index, data_type) in parameters {
        let value = cast_value(values.get(*index)?, *data_type).ok().filter(|v| *v != Value::Null)?;
        encode_value(&mut key, &value, *data_type, KeyOrder::ASCENDING).ok()?;
    }
    Some(key)
}
