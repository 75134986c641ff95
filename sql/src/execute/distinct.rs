//! DISTINCT: each different row once, the first of its kind. NULL is equal to NULL.
//!
//! When the different rows no longer fit into memory, those not seen so far are put aside, spread
//! over temporary files by their hash, and looked at part by part after the rest.

use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use super::spill::{Partitions, Source, Stored};
use crate::encoding::KeySet;
use crate::error::Result;
use crate::expression::encode_row_key;
use crate::types::{Batch, DataType, Vector};

pub(crate) struct Distinct {
    input: BoxedOperator,
    types: Vec<DataType>,
    /// The columns that count; none: all.
    on: Vec<usize>,
    seen: KeySet,
    source: Source,
    /// Rows of this source that were put aside.
    aside: Option<Partitions>,
    /// Parts still to be looked at.
    parts: Vec<Stored>,
    memory: Option<Reservation>,
}

impl Distinct {
    pub(crate) fn new(input: BoxedOperator, types: Vec<DataType>, on: &[usize]) -> Distinct {
        let (on, seen, source) = (on.to_vec(), KeySet::default(), Source::Input);
        Distinct { input, types, on, seen, source, aside: None, parts: Vec::new(), memory: None }
    }

    /// The rows of a batch that are new.
    fn fresh(&mut self, batch: &Batch, context: &mut Context<'_>) -> Result<Vec<u32>> {
        let columns: Vec<&Vector> = match self.on.is_empty() {
            true => batch.columns().iter().map(Arc::as_ref).collect(),
            false => self.on.iter().filter_map(|column| batch.column(*column)).map(Arc::as_ref).collect(),
        };
        let (mut key, mut fresh) = (Vec::new(), Vec::new());
        for row in 0..batch.len() {
            encode_row_key(&mut key, &columns, row);
            match &mut self.aside {
                None => {
                    if self.seen.insert(&key).1 {
                        fresh.push(u32::try_from(row).unwrap_or(u32::MAX));
                    }
                }
                Some(aside) if self.seen.get(&key).is_none() => aside.push(&key, batch.columns(), row)?,
                Some(_) => {}
            }
        }
        let memory = self.memory.get_or_insert_with(|| context.reserve());
        if self.aside.is_none() && !memory.try_set(self.seen.memory())? {
            self.aside = Some(Partitions::new(&self.types)?);
        }
        Ok(fresh)
    }

    /// Goes on with the next part; false: there is none.
    fn next_part(&mut self) -> Result<bool> {
        if let Some(aside) = self.aside.take() {
            self.parts.extend(aside.finish()?.into_iter().filter(|part| !part.is_empty()));
        }
        let Some(part) = self.parts.pop() else { return Ok(false) };
        self.seen = KeySet::default();
        self.memory = None;
        self.source = Source::Stored(part);
        Ok(true)
    }
}

impl Operator for Distinct {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        loop {
            let Some(batch) = self.source.next(&mut self.input, context)? else {
                if self.next_part()? {
                    continue;
                }
                return Ok(None);
            };
            let fresh = self.fresh(&batch, context)?;
            if !fresh.is_empty() {
                return batch.gather(&fresh).map(Some);
            }
        }
    }

    fn reset(&mut self) {
        self.seen = KeySet::default();
        self.source = Source::Input;
        self.aside = None;
        self.parts.clear();
        self.memory = None;
        self.input.reset();
    }
}
