//! Every left row with every right row: joins without an equality. The right side is kept in
//! memory; a left row with very many partners is joined piece by piece only for inner joins.

use super::context::Context;
use super::kept_rows::keep_rows;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use super::pairs::Pairs;
use crate::error::Result;
use crate::expression::Expression;
use crate::plan::JoinType;
use crate::types::{BATCH_ROWS, Batch, DataType};

pub(crate) struct LoopJoin {
    left: BoxedOperator,
    right: BoxedOperator,
    right_types: Vec<DataType>,
    on: Option<Expression>,
    join: JoinType,
    kept: Option<(Batch, Reservation)>,
    /// The left batch, and the row in it and the right row that come next.
    current: Option<(Batch, usize, usize)>,
}

impl LoopJoin {
    pub(crate) fn new(
        left: BoxedOperator,
        right: BoxedOperator,
        right_types: &[DataType],
        on: Option<&Expression>,
        join: JoinType,
    ) -> LoopJoin {
        let right_types = right_types.to_vec();
        LoopJoin { left, right, right_types, on: on.cloned(), join, kept: None, current: None }
    }

    /// Joins some left rows; moves `at` and `inner_at` behind what was joined.
    fn join_some(
        &self,
        right: &Batch,
        left: &Batch,
        at: &mut usize,
        inner_at: &mut usize,
        context: &mut Context<'_>,
    ) -> Result<Batch> {
        let start = *at;
        let (mut outer_rows, mut inner_rows) = (Vec::new(), Vec::new());
        while *at < left.len() && outer_rows.len() < BATCH_ROWS {
            let mut end = right.len();
            if self.join == JoinType::Inner {
                end = end.min(*inner_at + BATCH_ROWS);
            }
            for row in *inner_at..end {
                outer_rows.push(u32::try_from(*at).unwrap_or(u32::MAX));
                inner_rows.push(u32::try_from(row).unwrap_or(u32::MAX));
            }
            *inner_at = end;
            if end == right.len() {
                *inner_at = 0;
                *at += 1;
            }
        }
        let inner = right.gather(&inner_rows)?;
        let pairs = Pairs { outer: left, start, end: *at, outer_rows, inner };
        pairs.finish(self.join, self.on.as_ref(), context)
    }
}

impl Operator for LoopJoin {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let (right, memory) = match self.kept.take() {
            Some(kept) => kept,
            None => keep_rows(&mut self.right, &self.right_types, context, |_, _| Ok(0))?,
        };
        let mut result = None;
        while result.is_none() {
            let (left, mut at, mut inner_at) = match self.current.take() {
                Some(current) => current,
                None => match self.left.next(context)? {
                    Some(batch) => (batch, 0, 0),
                    None => break,
                },
            };
            context.check()?;
            let joined = self.join_some(&right, &left, &mut at, &mut inner_at, context)?;
            if at < left.len() {
                self.current = Some((left, at, inner_at));
            }
            result = (joined.len() > 0).then_some(joined);
        }
        self.kept = Some((right, memory));
        Ok(result)
    }

    fn reset(&mut self) {
        self.kept = None;
        self.current = None;
        self.left.reset();
        self.right.reset();
    }
}
