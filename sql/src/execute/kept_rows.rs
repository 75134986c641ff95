//! All rows of an operator in memory, as one long batch: the inner side of a loop join.

use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::operator::BoxedOperator;
use crate::error::Result;
use crate::types::{Batch, DataType, Vector};

/// Reads an operator to its end.
pub(crate) fn keep_rows(
    input: &mut BoxedOperator,
    types: &[DataType],
    context: &mut Context<'_>,
) -> Result<(Batch, Reservation)> {
    let mut columns: Vec<Vector> = types.iter().map(|data_type| Vector::empty(*data_type)).collect();
    let mut memory = context.reserve();
    let mut len = 0;
    while let Some(batch) = input.next(context)? {
        for (column, from) in columns.iter_mut().zip(batch.columns()) {
            column.append(from)?;
        }
        len += batch.len();
        memory.set(columns.iter().map(Vector::memory).sum::<usize>())?;
    }
    Ok((Batch::new(columns.into_iter().map(Arc::new).collect(), len), memory))
}
