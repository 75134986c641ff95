//! Rows of a table: all of them, a range of a key, or the one row of a unique key.

use std::sync::Arc;

use super::access::{AccessValues, KeyRange, key_range};
use super::context::Context;
use super::filter::keep_true;
use super::operator::Operator;
use super::walk::{TableReader, Walk};
use crate::catalog::Table;
use crate::error::Result;
use crate::expression::Expression;
use crate::plan::Access;
use crate::types::{BATCH_ROWS, Batch};

pub(crate) struct Scan {
    table: Arc<Table>,
    access: Access,
    filter: Option<Expression>,
    reader: TableReader,
    state: Position,
}

enum Position {
    Start,
    Walking(Box<Walk>),
    End,
}

impl Scan {
    pub(crate) fn new(
        table: &Arc<Table>,
        columns: &[usize],
        access: &Access,
        filter: Option<&Expression>,
    ) -> Scan {
        Scan {
            table: table.clone(),
            access: access.clone(),
            filter: filter.cloned(),
            reader: TableReader::new(table, columns, access.path),
            state: Position::Start,
        }
    }

    /// The next rows before the filter.
    fn read(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let transaction = context.transaction;
        let mut rows = self.reader.rows();
        if let Position::Start = self.state {
            let values = access_values(&self.access, context)?;
            self.state = match key_range(&self.table, &self.access, &values)? {
                KeyRange::Nothing => Position::End,
                KeyRange::Point(key) => {
                    self.reader.read_point(transaction, &key, &mut rows)?;
                    Position::End
                }
                KeyRange::Range { start, end } => {
                    let walk = self.reader.walk(transaction, start, end, self.access.reverse)?;
                    Position::Walking(Box::new(walk))
                }
            };
        }
        if let Position::Walking(walk) = &mut self.state {
            self.reader.read(transaction, walk, BATCH_ROWS, &mut rows)?;
        }
        if rows.len == 0 {
            self.state = Position::End;
            return Ok(None);
        }
        Ok(Some(rows.into_batch()))
    }
}

/// Evaluates the expressions of an access that reads no row.
fn access_values(access: &Access, context: &mut Context<'_>) -> Result<AccessValues> {
    let mut values = AccessValues::default();
    for expression in &access.equal {
        values.equal.push(context.scalar(expression)?);
    }
    if let Some(bound) = &access.lower {
        values.lower = Some((context.scalar(&bound.value)?, bound.inclusive));
    }
    if let Some(bound) = &access.upper {
        values.upper = Some((context.scalar(&bound.value)?, bound.inclusive));
    }
    Ok(values)
}

impl Operator for Scan {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        loop {
            context.check()?;
            let Some(batch) = self.read(context)? else { return Ok(None) };
            let kept = keep_true(batch, self.filter.as_ref(), context)?;
            if kept.len() > 0 {
                return Ok(Some(kept));
            }
        }
    }

    fn reset(&mut self) {
        self.state = Position::Start;
    }
}
