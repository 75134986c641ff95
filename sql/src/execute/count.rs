//! `SELECT count(*) FROM t` without a condition: the number of entries the table's tree knows.

use std::sync::Arc;

use super::context::Context;
use super::operator::Operator;
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::expression::Aggregate;
use crate::functions::AggregateFunction;
use crate::plan::Physical;
use crate::types::{Batch, Vector, VectorData};

pub(crate) struct Count {
    table: Arc<Table>,
    /// How many columns all say the same.
    columns: usize,
    done: bool,
}

impl Count {
    /// The operator, if all that is asked of the input is how many rows the table has.
    pub(crate) fn fits(input: &Physical, aggregates: &[Aggregate]) -> Option<Count> {
        let Physical::Scan { table, access, filter: None, .. } = input else { return None };
        let all_rows = access.equal.is_empty()
            && access.one_of.is_empty()
            && access.lower.is_none()
            && access.upper.is_none();
        let counts_rows = |aggregate: &Aggregate| {
            let plain = aggregate.filter.is_none() && !aggregate.distinct;
            plain && aggregate.function == AggregateFunction::CountRows
        };
        let fits = all_rows && !aggregates.is_empty() && aggregates.iter().all(counts_rows);
        fits.then(|| Count { table: table.clone(), columns: aggregates.len(), done: false })
    }
}

impl Operator for Count {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        if self.done {
            return Ok(None);
        }
        self.done = true;
        let count = context.transaction.count(self.table.tree)?;
        let count =
            i64::try_from(count).map_err(|_| Error::out_of_range("more rows than an integer counts"))?;
        let column = Arc::new(Vector::valid(VectorData::Int(vec![count])));
        Ok(Some(Batch::new(vec![column; self.columns], 1)))
    }

    fn reset(&mut self) {
        self.done = false;
    }
}
