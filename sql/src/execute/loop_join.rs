//! Every left row with every right row: joins without an equality. The right side is kept in
//! memory; a left row with very many partners is joined piece by piece only for inner joins.

use super::context::Context;
use super::kept_rows::keep_rows;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use super::pairs::{Lonely, Matched, Pairs};
use crate::error::Result;
use crate::expression::Expression;
use crate::plan::JoinType;
use crate::types::{BATCH_ROWS, Batch, DataType};

pub(crate) struct LoopJoin {
    left: BoxedOperator,
    right: BoxedOperator,
    types: (Vec<DataType>, Vec<DataType>),
    on: Option<Expression>,
    join: JoinType,
    kept: Option<Kept>,
    /// The left batch, and the row in it and the right row that come next.
    current: Option<(Batch, usize, usize)>,
    /// A full join: the right rows that are left over.
    lonely: Option<Lonely>,
}

/// The right side.
struct Kept {
    rows: Batch,
    /// For a full join: which of them have a partner.
    matched: Vec<bool>,
    _memory: Reservation,
}

impl LoopJoin {
    /// `sides` and `types` are each left, then right.
    pub(crate) fn new(
        sides: (BoxedOperator, BoxedOperator),
        types: (Vec<DataType>, Vec<DataType>),
        on: Option<&Expression>,
        join: JoinType,
    ) -> LoopJoin {
        let (left, right) = sides;
        LoopJoin { left, right, types, on: on.cloned(), join, kept: None, current: None, lonely: None }
    }

    fn keep(&mut self, context: &mut Context<'_>) -> Result<Kept> {
        let (rows, memory) = keep_rows(&mut self.right, &self.types.1, context)?;
        let matched = if self.join == JoinType::Full { vec![false; rows.len()] } else { vec![] };
        Ok(Kept { rows, matched, _memory: memory })
    }

    /// Joins some left rows; moves `at` and `inner_at` behind what was joined.
    fn join_some(
        &self,
        right: &mut Kept,
        left: &Batch,
        at: &mut usize,
        inner_at: &mut usize,
        context: &mut Context<'_>,
    ) -> Result<Batch> {
        let start = *at;
        let (mut outer_rows, mut inner_rows) = (Vec::new(), Vec::new());
        while *at < left.len() && outer_rows.len() < BATCH_ROWS {
            let mut end = right.rows.len();
            if self.join == JoinType::Inner {
                end = end.min(*inner_at + BATCH_ROWS);
            }
            for row in *inner_at..end {
                outer_rows.push(u32::try_from(*at).unwrap_or(u32::MAX));
                inner_rows.push(u32::try_from(row).unwrap_or(u32::MAX));
            }
            *inner_at = end;
            if end == right.rows.len() {
                *inner_at = 0;
                *at += 1;
            }
        }
        let inner = right.rows.gather(&inner_rows)?;
        let pairs = Pairs { outer: left, start, end: *at, outer_rows, inner };
        let matched = Matched { inner_rows: &inner_rows, flags: &mut right.matched };
        pairs.finish(self.join, self.on.as_ref(), Some(matched), context)
    }

    /// The next rows of the join with the right side kept.
    fn joined(&mut self, right: &mut Kept, context: &mut Context<'_>) -> Result<Option<Batch>> {
        while self.lonely.is_none() {
            let (left, mut at, mut inner_at) = match self.current.take() {
                Some(current) => current,
                None => match self.left.next(context)? {
                    Some(batch) => (batch, 0, 0),
                    None => break,
                },
            };
            context.check()?;
            let joined = self.join_some(right, &left, &mut at, &mut inner_at, context)?;
            if at < left.len() {
                self.current = Some((left, at, inner_at));
            }
            if joined.len() > 0 {
                return Ok(Some(joined));
            }
        }
        if self.join != JoinType::Full {
            return Ok(None);
        }
        let lonely = self.lonely.get_or_insert_with(|| Lonely::new(&right.matched));
        lonely.next(&self.types.0, &right.rows)
    }
}

impl Operator for LoopJoin {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let mut right = match self.kept.take() {
            Some(kept) => kept,
            None => self.keep(context)?,
        };
        let result = self.joined(&mut right, context);
        self.kept = Some(right);
        result
    }

    fn reset(&mut self) {
        self.kept = None;
        self.current = None;
        self.lonely = None;
        self.left.reset();
        self.right.reset();
    }
}
