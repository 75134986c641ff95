//! DISTINCT: each different row once, the first of its kind. NULL is equal to NULL.

use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use crate::encoding::KeySet;
use crate::error::Result;
use crate::expression::encode_row_key;
use crate::types::{Batch, Vector};

pub(crate) struct Distinct {
    input: BoxedOperator,
    /// The columns that count; none: all.
    on: Vec<usize>,
    seen: KeySet,
    memory: Option<Reservation>,
}

impl Distinct {
    pub(crate) fn new(input: BoxedOperator, on: &[usize]) -> Distinct {
        Distinct { input, on: on.to_vec(), seen: KeySet::default(), memory: None }
    }
}

impl Operator for Distinct {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let mut key = Vec::new();
        while let Some(batch) = self.input.next(context)? {
            let columns: Vec<&Vector> = match self.on.is_empty() {
                true => batch.columns().iter().map(Arc::as_ref).collect(),
                false => self.on.iter().filter_map(|column| batch.column(*column)).map(Arc::as_ref).collect(),
            };
            let mut fresh = Vec::new();
            for row in 0..batch.len() {
                encode_row_key(&mut key, &columns, row);
                if self.seen.insert(&key).1 {
                    fresh.push(u32::try_from(row).unwrap_or(u32::MAX));
                }
            }
            self.memory.get_or_insert_with(|| context.reserve()).set(self.seen.memory())?;
            if !fresh.is_empty() {
                return batch.gather(&fresh).map(Some);
            }
        }
        Ok(None)
    }

    fn reset(&mut self) {
        self.seen = KeySet::default();
        self.memory = None;
        self.input.reset();
    }
}
