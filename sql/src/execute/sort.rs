//! ORDER BY: all rows in memory, sorted by encoded keys; stable. With a limit only the first
//! rows are kept: whenever twice as many have come together, the last half is thrown away.

use std::sync::Arc;

use super::context::Context;
use super::limit::row_count;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use crate::encoding::{KeyOrder, encode_vector_row};
use crate::error::Result;
use crate::expression::{Expression, SortKey, evaluate};
use crate::types::{BATCH_ROWS, Batch, Bytes, DataType, Vector};

pub(crate) struct Sort {
    input: BoxedOperator,
    types: Vec<DataType>,
    keys: Vec<SortKey>,
    limit: Option<Expression>,
    sorted: Option<Sorted>,
    memory: Option<Reservation>,
}

/// Rows in order, and how many were given.
struct Sorted {
    batch: Batch,
    order: Vec<u32>,
    at: usize,
}

/// Rows collected so far and their encoded keys.
struct Rows {
    columns: Vec<Vector>,
    keys: Bytes,
}

impl Rows {
    fn new(types: &[DataType]) -> Rows {
        Rows { columns: types.iter().map(|t| Vector::empty(*t)).collect(), keys: Bytes::default() }
    }

    fn memory(&self) -> usize {
        let columns: usize = self.columns.iter().map(Vector::memory).sum();
        columns + self.keys.bytes_len() + self.keys.len() * 8
    }

    /// Keeps the first `count` rows, in their order.
    fn shrink(&mut self, count: usize) -> Result<()> {
        let mut order = self.keys.order();
        order.truncate(count);
        let columns = self.columns.iter().map(|column| column.gather(&order)).collect::<Result<_>>()?;
        let mut keys = Bytes::default();
        order.iter().try_for_each(|row| keys.push(self.keys.get(*row as usize)))?;
        *self = Rows { columns, keys };
        Ok(())
    }
}

/// Adds the encoded key of each row; `values` are those of the keys' expressions.
pub(crate) fn push_sort_keys(
    out: &mut Bytes,
    keys: &[SortKey],
    values: &[Arc<Vector>],
    len: usize,
) -> Result<()> {
    (0..len).try_for_each(|row| {
        out.push_with(|out| {
            for (vector, key) in values.iter().zip(keys) {
                let order = KeyOrder { descending: key.descending, nulls_first: key.nulls_first };
                encode_vector_row(out, vector, row, order);
            }
        })
    })
}

impl Sort {
    pub(crate) fn new(
        input: BoxedOperator,
        types: &[DataType],
        keys: &[SortKey],
        limit: Option<&Expression>,
    ) -> Sort {
        let types = types.to_vec();
        Sort { input, types, keys: keys.to_vec(), limit: limit.cloned(), sorted: None, memory: None }
    }

    fn add(&self, batch: &Batch, rows: &mut Rows, context: &mut Context<'_>) -> Result<()> {
        for (column, from) in rows.columns.iter_mut().zip(batch.columns()) {
            column.append(from)?;
        }
        let values = self.keys.iter().map(|key| evaluate(&key.expression, batch, context));
        let values: Vec<Arc<Vector>> = values.collect::<Result<_>>()?;
        push_sort_keys(&mut rows.keys, &self.keys, &values, batch.len())
    }

    fn sort(&mut self, context: &mut Context<'_>) -> Result<Sorted> {
        let limit = row_count(self.limit.as_ref(), usize::MAX, "LIMIT", context)?;
        let shrink_at = limit.max(BATCH_ROWS).saturating_mul(2);
        let mut rows = Rows::new(&self.types);
        let mut memory = context.reserve();
        while let Some(batch) = self.input.next(context)? {
            self.add(&batch, &mut rows, context)?;
            if rows.keys.len() >= shrink_at {
                rows.shrink(limit)?;
            }
            memory.set(rows.memory())?;
        }
        let mut order = rows.keys.order();
        order.truncate(limit);
        let len = rows.keys.len();
        self.memory = Some(memory);
        Ok(Sorted { batch: Batch::new(rows.columns.into_iter().map(Arc::new).collect(), len), order, at: 0 })
    }
}

impl Operator for Sort {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let sorted = match self.sorted.take() {
            Some(sorted) => sorted,
            None => self.sort(context)?,
        };
        let sorted = self.sorted.insert(sorted);
        let end = sorted.order.len().min(sorted.at + BATCH_ROWS);
        let rows = sorted.order.get(sorted.at..end).unwrap_or(&[]);
        sorted.at = end;
        if rows.is_empty() { Ok(None) } else { sorted.batch.gather(rows).map(Some) }
    }

    fn reset(&mut self) {
        self.sorted = None;
        self.memory = None;
        self.input.reset();
    }
}
