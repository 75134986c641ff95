//! A batch: up to 1,024 rows as columns side by side, what operators hand to each other.

use std::sync::Arc;

use super::{DataType, Value, Vector};
use crate::error::Result;

/// The most rows an operator puts into one batch.
pub(crate) const BATCH_ROWS: usize = 1024;

/// Rows as columns. A batch without columns still has a number of rows.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    columns: Vec<Arc<Vector>>,
    len: usize,
}

impl Batch {
    /// A batch of columns that all have `len` rows.
    pub(crate) fn new(columns: Vec<Arc<Vector>>, len: usize) -> Batch {
        debug_assert!(columns.iter().all(|column| column.len() == len));
        Batch { columns, len }
    }

    /// One row without columns: what a SELECT without FROM reads.
    pub(crate) fn one_row() -> Batch {
        Batch { columns: Vec::new(), len: 1 }
    }

    /// Rows of values as a batch.
    pub(crate) fn from_rows<'a>(
        types: &[DataType],
        rows: impl Iterator<Item = &'a [Value]>,
    ) -> Result<Batch> {
        let mut columns: Vec<Vector> = types.iter().map(|t| Vector::empty(*t)).collect();
        let mut len = 0;
        for row in rows {
            for ((column, value), data_type) in columns.iter_mut().zip(row).zip(types) {
                column.push_value(value, *data_type)?;
            }
            len += 1;
        }
        Ok(Batch::new(columns.into_iter().map(Arc::new).collect(), len))
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn columns(&self) -> &[Arc<Vector>] {
        &self.columns
    }

    pub(crate) fn column(&self, index: usize) -> Option<&Arc<Vector>> {
        self.columns.get(index)
    }

    pub(crate) fn into_columns(self) -> Vec<Arc<Vector>> {
        self.columns
    }

    /// The rows of the given numbers, in their order; `NULL_ROW` makes a row of NULLs.
    pub(crate) fn gather(&self, rows: &[u32]) -> Result<Batch> {
        let columns = self.columns.iter().map(|column| column.gather(rows).map(Arc::new));
        Ok(Batch { columns: columns.collect::<Result<_>>()?, len: rows.len() })
    }

    /// Like `gather`, but a column that is not wanted holds NULLs, which costs less.
    pub(crate) fn gather_columns(&self, rows: &[u32], wanted: &[bool]) -> Result<Batch> {
        let nothing = Arc::new(Vector::nulls(DataType::Boolean, rows.len()));
        let column = |(column, wanted): (&Arc<Vector>, &bool)| match wanted {
            true => column.gather(rows).map(Arc::new),
            false => Ok(nothing.clone()),
        };
        let columns = self.columns.iter().zip(wanted).map(column).collect::<Result<_>>()?;
        Ok(Batch { columns, len: rows.len() })
    }

    /// `count` rows from `start` on.
    pub(crate) fn slice(&self, start: usize, count: usize) -> Result<Batch> {
        if start == 0 && count >= self.len {
            return Ok(self.clone());
        }
        let end = self.len.min(start.saturating_add(count));
        let rows: Vec<u32> = (start.min(end)..end).filter_map(|row| u32::try_from(row).ok()).collect();
        self.gather(&rows)
    }

    /// The values of one row.
    pub(crate) fn row(&self, row: usize, types: &[DataType]) -> Vec<Value> {
        self.columns.iter().zip(types).map(|(column, data_type)| column.value(row, *data_type)).collect()
    }

    /// Bytes of memory the columns use, about.
    pub(crate) fn memory(&self) -> usize {
        self.columns.iter().map(|column| column.memory()).sum()
    }
}
