//! A join on equal values: the right side becomes a hash table from encoded keys to its rows,
//! then each left row looks up its partners. NULL equals nothing.

use std::sync::Arc;

use super::context::Context;
use super::kept_rows::keep_rows;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use super::pairs::{Lonely, Matched, Pairs};
use crate::encoding::KeySet;
use crate::error::Result;
use crate::expression::{Expression, encode_row_key, evaluate};
use crate::plan::JoinType;
use crate::types::{BATCH_ROWS, Batch, DataType, Vector};

/// No further row of the same key.
const END: u32 = u32::MAX;

pub(crate) struct HashJoin {
    left: BoxedOperator,
    right: BoxedOperator,
    types: (Vec<DataType>, Vec<DataType>),
    left_keys: Vec<Expression>,
    right_keys: Vec<Expression>,
    on: Option<Expression>,
    join: JoinType,
    table: Option<Table>,
    current: Option<Current>,
    /// A full join: the right rows that are left over.
    lonely: Option<Lonely>,
}

/// The right side: rows, and for each key a chain of row numbers in their order.
struct Table {
    rows: Batch,
    keys: KeySet,
    first: Vec<u32>,
    next: Vec<u32>,
    /// For a full join: which rows have a partner.
    matched: Vec<bool>,
    _memory: Reservation,
}

/// The left batch whose partners are being looked up.
struct Current {
    batch: Batch,
    keys: Vec<Arc<Vector>>,
    at: usize,
}

fn evaluate_all(
    expressions: &[Expression],
    batch: &Batch,
    context: &mut Context<'_>,
) -> Result<Vec<Arc<Vector>>> {
    expressions.iter().map(|expression| evaluate(expression, batch, context)).collect()
}

impl HashJoin {
    /// `sides`, `types` and `keys` are each left, then right.
    pub(crate) fn new(
        sides: (BoxedOperator, BoxedOperator),
        types: (Vec<DataType>, Vec<DataType>),
        keys: (&[Expression], &[Expression]),
        on: Option<&Expression>,
        join: JoinType,
    ) -> HashJoin {
        HashJoin {
            left: sides.0,
            right: sides.1,
            types,
            left_keys: keys.0.to_vec(),
            right_keys: keys.1.to_vec(),
            on: on.cloned(),
            join,
            table: None,
            current: None,
            lonely: None,
        }
    }

    fn build(&mut self, context: &mut Context<'_>) -> Result<Table> {
        let (mut keys, mut first, mut next) = (KeySet::default(), Vec::new(), Vec::new());
        let mut last: Vec<u32> = Vec::new();
        let mut key = Vec::new();
        let expressions = &self.right_keys;
        let (rows, memory) = keep_rows(&mut self.right, &self.types.1, context, |batch, context| {
            let vectors = evaluate_all(expressions, batch, context)?;
            let refs: Vec<&Vector> = vectors.iter().map(Arc::as_ref).collect();
            for row in 0..batch.len() {
                let number = u32::try_from(next.len()).unwrap_or(END);
                next.push(END);
                if !encode_row_key(&mut key, &refs, row) {
                    continue;
                }
                match keys.insert(&key) {
                    (_, true) => {
                        first.push(number);
                        last.push(number);
                    }
                    (group, false) => {
                        let tail = std::mem::replace(&mut last[group as usize], number);
                        next[tail as usize] = number;
                    }
                }
            }
            Ok(keys.memory() + (first.len() * 2 + next.len()) * 4)
        })?;
        let matched = if self.join == JoinType::Full { vec![false; rows.len()] } else { vec![] };
        Ok(Table { rows, keys, first, next, matched, _memory: memory })
    }

    /// Looks up left rows until a batch of partners has come together.
    fn join_some(
        &self,
        table: &mut Table,
        current: &mut Current,
        context: &mut Context<'_>,
    ) -> Result<Batch> {
        // Without a further condition the first partner decides.
        let one_is_enough = matches!(self.join, JoinType::Semi | JoinType::Anti) && self.on.is_none();
        let start = current.at;
        let (mut outer_rows, mut inner_rows) = (Vec::new(), Vec::new());
        let refs: Vec<&Vector> = current.keys.iter().map(Arc::as_ref).collect();
        let mut key = Vec::new();
        while current.at < current.batch.len() && inner_rows.len() < BATCH_ROWS {
            if encode_row_key(&mut key, &refs, current.at)
                && let Some(group) = table.keys.get(&key)
            {
                let mut row = table.first[group as usize];
                while row != END {
                    outer_rows.push(u32::try_from(current.at).unwrap_or(END));
                    inner_rows.push(row);
                    row = if one_is_enough { END } else { table.next[row as usize] };
                }
            }
            current.at += 1;
        }
        let inner = table.rows.gather(&inner_rows)?;
        let pairs = Pairs { outer: &current.batch, start, end: current.at, outer_rows, inner };
        let matched = Matched { inner_rows: &inner_rows, flags: &mut table.matched };
        pairs.finish(self.join, self.on.as_ref(), Some(matched), context)
    }

    /// The next rows of the join with a table.
    fn joined(&mut self, table: &mut Table, context: &mut Context<'_>) -> Result<Option<Batch>> {
        while self.lonely.is_none() {
            let mut current = match self.current.take() {
                Some(current) => current,
                None => {
                    let Some(batch) = self.left.next(context)? else { break };
                    let keys = evaluate_all(&self.left_keys, &batch, context)?;
                    Current { batch, keys, at: 0 }
                }
            };
            context.check()?;
            let joined = self.join_some(table, &mut current, context)?;
            if current.at < current.batch.len() {
                self.current = Some(current);
            }
            if joined.len() > 0 {
                return Ok(Some(joined));
            }
        }
        if self.join != JoinType::Full {
            return Ok(None);
        }
        let lonely = self.lonely.get_or_insert_with(|| Lonely::new(&table.matched));
        lonely.next(&self.types.0, &table.rows)
    }
}

impl Operator for HashJoin {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let mut table = match self.table.take() {
            Some(table) => table,
            None => self.build(context)?,
        };
        let result = self.joined(&mut table, context);
        self.table = Some(table);
        result
    }

    fn reset(&mut self) {
        self.table = None;
        self.current = None;
        self.lonely = None;
        self.left.reset();
        self.right.reset();
    }
}
