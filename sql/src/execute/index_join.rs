//! A join that looks up the partners of each outer row in a table, by its key or an index.

use std::sync::Arc;

use super::access::{AccessValues, key_range};
use super::context::Context;
use super::operator::{BoxedOperator, Operator};
use super::pairs::Pairs;
use super::walk::{Rows, TableReader};
use crate::catalog::Table;
use crate::error::Result;
use crate::expression::{Expression, evaluate, select};
use crate::plan::{Access, Bound, JoinType};
use crate::types::{BATCH_ROWS, Batch, DataType, Value, Vector};

pub(crate) struct IndexJoin {
    outer: BoxedOperator,
    table: Arc<Table>,
    access: Access,
    inner_filter: Option<Expression>,
    on: Option<Expression>,
    join: JoinType,
    reader: TableReader,
    current: Option<Current>,
}

/// The outer batch whose rows are being looked up.
struct Current {
    batch: Batch,
    values: OuterValues,
    at: usize,
}

/// The expressions of the access, evaluated over an outer batch.
struct OuterValues {
    equal: Vec<(Arc<Vector>, DataType)>,
    lower: Option<(Arc<Vector>, DataType, bool)>,
    upper: Option<(Arc<Vector>, DataType, bool)>,
}

impl OuterValues {
    fn evaluate(access: &Access, batch: &Batch, context: &mut Context<'_>) -> Result<OuterValues> {
        let mut equal = Vec::with_capacity(access.equal.len());
        for expression in &access.equal {
            equal.push((evaluate(expression, batch, context)?, expression.data_type()));
        }
        let mut bound = |bound: &Option<Bound>| match bound {
            None => Ok(None),
            Some(Bound { value, inclusive }) => {
                Ok(Some((evaluate(value, batch, context)?, value.data_type(), *inclusive)))
            }
        };
        Ok(OuterValues { equal, lower: bound(&access.lower)?, upper: bound(&access.upper)? })
    }

    fn row(&self, row: usize) -> AccessValues {
        let bound = |bound: &Option<(Arc<Vector>, DataType, bool)>| -> Option<(Value, bool)> {
            bound.as_ref().map(|(vector, data_type, inclusive)| (vector.value(row, *data_type), *inclusive))
        };
        let equal = self.equal.iter().map(|(vector, data_type)| vector.value(row, *data_type));
        AccessValues { equal: equal.collect(), lower: bound(&self.lower), upper: bound(&self.upper) }
    }
}

impl IndexJoin {
    /// `filters` are the condition on the inner columns and the one on both.
    pub(crate) fn new(
        outer: BoxedOperator,
        table: &Arc<Table>,
        columns: &[usize],
        access: &Access,
        filters: (Option<&Expression>, Option<&Expression>),
        join: JoinType,
    ) -> IndexJoin {
        IndexJoin {
            outer,
            table: table.clone(),
            access: access.clone(),
            inner_filter: filters.0.cloned(),
            on: filters.1.cloned(),
            join,
            reader: TableReader::new(table, columns, access.path),
            current: None,
        }
    }

    /// Looks up outer rows until a batch of partners has come together.
    fn join_some(&mut self, current: &mut Current, context: &mut Context<'_>) -> Result<Batch> {
        let start = current.at;
        let mut inner: Rows = self.reader.rows();
        let mut outer_rows: Vec<u32> = Vec::new();
        while current.at < current.batch.len() && inner.len < BATCH_ROWS {
            let range = key_range(&self.table, &self.access, &current.values.row(current.at))?;
            self.reader.read_all(context.transaction, range, &mut inner)?;
            outer_rows.resize(inner.len, u32::try_from(current.at).unwrap_or(u32::MAX));
            current.at += 1;
        }
        let mut inner = inner.into_batch();
        if let Some(filter) = &self.inner_filter {
            let kept = select(filter, &inner, context)?;
            if kept.len() < inner.len() {
                outer_rows = kept.iter().map(|pair| outer_rows[*pair as usize]).collect();
                inner = inner.gather(&kept)?;
            }
        }
        let pairs = Pairs { outer: &current.batch, start, end: current.at, outer_rows, inner };
        pairs.finish(self.join, self.on.as_ref(), None, context)
    }
}

impl Operator for IndexJoin {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        loop {
            let mut current = match self.current.take() {
                Some(current) => current,
                None => {
                    let Some(batch) = self.outer.next(context)? else { return Ok(None) };
                    let values = OuterValues::evaluate(&self.access, &batch, context)?;
                    Current { batch, values, at: 0 }
                }
            };
            context.check()?;
            let joined = self.join_some(&mut current, context)?;
            if current.at < current.batch.len() {
                self.current = Some(current);
            }
            if joined.len() > 0 {
                return Ok(Some(joined));
            }
        }
    }

    fn reset(&mut self) {
        self.current = None;
        self.outer.reset();
    }
}
