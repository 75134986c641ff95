//! Rows of a table: all of them, a range of a key, or the one row of a unique key.

use std::collections::VecDeque;
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
    /// The ranges still to be read; none before the first call.
    ranges: Option<VecDeque<KeyRange>>,
    walk: Option<Box<Walk>>,
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
            ranges: None,
            walk: None,
        }
    }

    /// The ranges of keys, each once, in the order of the key (or backwards).
    fn ranges(&self, context: &mut Context<'_>) -> Result<VecDeque<KeyRange>> {
        let mut values = access_values(&self.access, context)?;
        if self.access.one_of.is_empty() {
            return Ok(VecDeque::from([key_range(&self.table, &self.access, &values)?]));
        }
        let mut ranges = Vec::with_capacity(self.access.one_of.len());
        for expression in &self.access.one_of {
            values.equal.push(context.scalar(expression)?);
            ranges.push(key_range(&self.table, &self.access, &values)?);
            values.equal.pop();
        }
        ranges.sort();
        ranges.dedup();
        if self.access.reverse {
            ranges.reverse();
        }
        Ok(ranges.into())
    }

    /// The next rows before the filter.
    fn read(&mut self, context: &mut Context<'_>) -> Result<Batch> {
        let transaction = context.transaction;
        let mut rows = self.reader.rows();
        let mut ranges = match self.ranges.take() {
            Some(ranges) => ranges,
            None => self.ranges(context)?,
        };
        while rows.len < BATCH_ROWS {
            if let Some(walk) = &mut self.walk {
                self.reader.read(transaction, walk, BATCH_ROWS - rows.len, &mut rows)?;
                if walk.is_done() {
                    self.walk = None;
                }
                continue;
            }
            match ranges.pop_front() {
                None => break,
                Some(KeyRange::Nothing) => {}
                Some(KeyRange::Point(key)) => self.reader.read_point(transaction, &key, &mut rows)?,
                Some(KeyRange::Range { start, end }) => {
                    let walk = self.reader.walk(transaction, start, end, self.access.reverse)?;
                    self.walk = Some(Box::new(walk));
                }
            }
        }
        self.ranges = Some(ranges);
        Ok(rows.into_batch())
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
            let batch = self.read(context)?;
            if batch.len() == 0 {
                return Ok(None);
            }
            let kept = keep_true(batch, self.filter.as_ref(), context)?;
            if kept.len() > 0 {
                return Ok(Some(kept));
            }
        }
    }

    fn reset(&mut self) {
        self.ranges = None;
        self.walk = None;
    }
}
