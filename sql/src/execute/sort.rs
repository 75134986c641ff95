//! ORDER BY: rows sorted by encoded keys; stable. With a limit only the first rows are kept:
//! whenever twice as many have come together, the last half is thrown away. What does not fit
//! into memory becomes sorted runs in temporary files, which `merge` puts together.

use std::sync::Arc;

use super::context::Context;
use super::limit::row_count;
use super::memory::Reservation;
use super::merge::{Merge, Runs};
use super::operator::{BoxedOperator, Operator};
use crate::encoding::{KeyOrder, encode_vector_row};
use crate::error::Result;
use crate::expression::{Expression, SortKey, evaluate};
use crate::types::{BATCH_ROWS, Batch, Bytes, DataType, Vector, VectorData};

pub(crate) struct Sort {
    input: BoxedOperator,
    types: Vec<DataType>,
    keys: Vec<SortKey>,
    limit: Option<Expression>,
    offset: Option<Expression>,
    sorted: Option<Sorted>,
    memory: Option<Reservation>,
}

/// Rows in order.
enum Sorted {
    /// In memory, and how many were given.
    Kept { batch: Batch, order: Vec<u32>, at: usize },
    /// In temporary files.
    Merged(Box<Merge>),
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

    fn sorted(self, limit: usize) -> Sorted {
        let mut order = self.keys.order();
        order.truncate(limit);
        let len = self.keys.len();
        let columns = self.columns.into_iter().map(Arc::new).collect();
        Sorted::Kept { batch: Batch::new(columns, len), order, at: 0 }
    }

    /// Makes them a run.
    fn write(self, runs: &mut Runs, limit: usize) -> Result<()> {
        let mut order = self.keys.order();
        order.truncate(limit);
        let mut columns: Vec<Arc<Vector>> = self.columns.into_iter().map(Arc::new).collect();
        columns.push(Arc::new(Vector::valid(VectorData::Bytes(self.keys))));
        runs.add(&columns, &order)
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
        offset: Option<&Expression>,
    ) -> Sort {
        let (types, keys) = (types.to_vec(), keys.to_vec());
        let (limit, offset) = (limit.cloned(), offset.cloned());
        Sort { input, types, keys, limit, offset, sorted: None, memory: None }
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
        let offset = row_count(self.offset.as_ref(), 0, "OFFSET", context)?;
        let limit = row_count(self.limit.as_ref(), usize::MAX, "LIMIT", context)?.saturating_add(offset);
        let shrink_at = limit.max(BATCH_ROWS).saturating_mul(2);
        let mut rows = Rows::new(&self.types);
        let mut memory = context.reserve();
        let mut runs: Option<Runs> = None;
        while let Some(batch) = self.input.next(context)? {
            self.add(&batch, &mut rows, context)?;
            if rows.keys.len() >= shrink_at {
                rows.shrink(limit)?;
            }
            if !memory.try_set(rows.memory())? {
                let runs = match &mut runs {
                    Some(runs) => runs,
                    None => runs.insert(Runs::new(&self.types)?),
                };
                std::mem::replace(&mut rows, Rows::new(&self.types)).write(runs, limit)?;
                memory.set(0)?;
            }
        }
        let sorted = match runs {
            None => rows.sorted(limit),
            Some(mut runs) => {
                rows.write(&mut runs, limit)?;
                memory.set(0)?;
                Sorted::Merged(Box::new(runs.merge(limit, &mut memory, context)?))
            }
        };
        self.memory = Some(memory);
        Ok(sorted)
    }
}

impl Operator for Sort {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let sorted = match self.sorted.take() {
            Some(sorted) => sorted,
            None => self.sort(context)?,
        };
        match self.sorted.insert(sorted) {
            Sorted::Merged(merge) => {
                context.check()?;
                merge.next()
            }
            Sorted::Kept { batch, order, at } => {
                let end = order.len().min(*at + BATCH_ROWS);
                let rows = order.get(*at..end).unwrap_or(&[]);
                *at = end;
                if rows.is_empty() { Ok(None) } else { batch.gather(rows).map(Some) }
            }
        }
    }

    fn reset(&mut self) {
        self.sorted = None;
        self.memory = None;
        self.input.reset();
    }
}
