//! INSERT where a row with the same key is there already: skip, replace, or update it.

use super::{Row, Runner, new_row};
use crate::error::{Result, state};
use crate::expression::{Expression, evaluate, select};
use crate::plan::{Assignment, Conflict, UniqueKey};
use crate::storage::Transaction;
use crate::types::{Batch, DataType, Value};

impl Runner<'_> {
    /// Inserts a row, or does what the conflict clause says. A row that is not inserted takes no
    /// number, so the rows come here one by one.
    pub(super) fn insert_or(
        &mut self,
        transaction: &mut Transaction,
        mut values: Vec<Value>,
        next: &mut Option<i64>,
        conflict: &Conflict,
    ) -> Result<()> {
        let before = *next;
        let rowid = new_row::number(self.table(), &mut values, next)?;
        let change = self.change;
        let checked =
            self.check_rows(transaction, &change.table, &change.checks, std::slice::from_ref(&values));
        match checked {
            Err(error)
                if matches!(conflict, Conflict::Ignore)
                    && [state::NOT_NULL, state::CHECK].contains(&error.code()) =>
            {
                *next = before;
                return Ok(());
            }
            checked => checked?,
        }
        let key = self.entries.codec.row_key(&values, rowid)?;
        let row = Row { values, rowid, key };
        let after = std::mem::replace(next, before);
        if self.resolve(transaction, &row, conflict, next)? {
            return Ok(());
        }
        *next = after;
        self.keep(&row.values);
        self.insert_row(transaction, row)
    }

    /// Remembers a row for RETURNING.
    fn keep(&mut self, values: &[Value]) {
        if !self.change.returning.is_empty() {
            self.returning.push(values.to_vec());
        }
    }

    /// Answers the subqueries that are asked while rows are being written, or after it, and read no
    /// column of the row at hand: they must not see what the statement writes. A single row is
    /// updated before anything is written: no conflict clause is given then.
    pub(super) fn ask_ahead(&mut self, transaction: &Transaction, conflict: Option<&Conflict>) -> Result<()> {
        let change = self.change;
        let mut context = self.context(transaction);
        change.returning.iter().try_for_each(|expression| context.ask_ahead(expression))?;
        if let Some(Conflict::Update { assignments, filter, .. }) = conflict {
            let values = assignments.iter().map(|assignment| &assignment.value);
            values.chain(filter).try_for_each(|expression| context.ask_ahead(expression))?;
        }
        Ok(())
    }

    /// Does what the conflict clause says. True: the row is dealt with and not inserted.
    pub(super) fn resolve(
        &mut self,
        transaction: &mut Transaction,
        row: &Row,
        conflict: &Conflict,
        next: &mut Option<i64>,
    ) -> Result<bool> {
        match conflict {
            Conflict::Error => Ok(false),
            Conflict::Nothing { target: Some(key) } => Ok(self.in_the_way(transaction, row, *key)?.is_some()),
            Conflict::Nothing { target: None } | Conflict::Ignore => {
                for key in self.unique_keys() {
                    if self.in_the_way(transaction, row, key)?.is_some() {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Conflict::Replace => {
                for key in self.unique_keys() {
                    if let Some(old) = self.in_the_way(transaction, row, key)? {
                        self.entries.delete(transaction, &old)?;
                        self.references.removed(&old.values)?;
                    }
                }
                Ok(false)
            }
            Conflict::Update { target, assignments, filter } => {
                match self.in_the_way(transaction, row, *target)? {
                    None => Ok(false),
                    Some(old) => {
                        let key = self.update_instead(transaction, old, row, assignments, filter.as_ref())?;
                        new_row::taken(self.table(), key, next);
                        Ok(true)
                    }
                }
            }
        }
    }

    fn unique_keys(&self) -> Vec<UniqueKey> {
        let indexes = self.table().indexes.iter().enumerate().filter(|(_, index)| index.unique);
        std::iter::once(UniqueKey::Primary)
            .chain(indexes.map(|(number, _)| UniqueKey::Index(number)))
            .collect()
    }

    /// The row that has the same key.
    fn in_the_way(&self, transaction: &Transaction, row: &Row, key: UniqueKey) -> Result<Option<Row>> {
        match key {
            UniqueKey::Primary => self.entries.read(transaction, &row.key),
            UniqueKey::Index(number) => {
                let Some(index) = self.table().indexes.get(number) else { return Ok(None) };
                match self.entries.same_key(transaction, index, &row.values)? {
                    Some(key) => self.entries.read(transaction, &key),
                    None => Ok(None),
                }
            }
        }
    }

    /// Updates the row that is there; gives its number.
    fn update_instead(
        &mut self,
        transaction: &mut Transaction,
        old: Row,
        row: &Row,
        assignments: &[Assignment],
        filter: Option<&Expression>,
    ) -> Result<i64> {
        let both: Vec<Value> = old.values.iter().chain(&row.values).cloned().collect();
        let types: Vec<DataType> = self.types.iter().chain(&self.types).copied().collect();
        let batch = Batch::from_rows(&types, std::iter::once(both.as_slice()))?;
        // What a subquery about a row before has said may be true no more.
        self.state.forget_answers();
        if let Some(filter) = filter
            && select(filter, &batch, &mut self.context(transaction))?.is_empty()
        {
            return Ok(old.rowid);
        }
        let mut values = old.values.clone();
        for Assignment { column, value } in assignments {
            let result = evaluate(value, &batch, &mut self.context(transaction))?;
            if let Some(place) = values.get_mut(*column) {
                *place = result.value(0, value.data_type());
            }
        }
        self.check_rows(transaction, &self.change.table, &self.change.checks, std::slice::from_ref(&values))?;
        let key = self.entries.codec.row_key(&values, old.rowid)?;
        let rowid = new_row::rowid_of(self.table(), &values, old.rowid);
        let new = Row { values, rowid, key };
        self.entries.delete_changed(transaction, &old, &new)?;
        self.keep(&new.values);
        self.put_over(transaction, &old, new)?;
        Ok(rowid)
    }
}
