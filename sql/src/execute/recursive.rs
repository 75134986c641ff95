//! WITH RECURSIVE, round by round: the rows of one round are what the step of the next one reads.

use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use crate::encoding::KeySet;
use crate::error::Result;
use crate::expression::encode_row_key;
use crate::types::{Batch, Vector};

pub(crate) struct Recursive {
    base: BoxedOperator,
    step: BoxedOperator,
    number: usize,
    /// The rows given so far, where each is given once.
    given: Option<KeySet>,
    /// The rows of this round.
    fresh: Vec<Batch>,
    fresh_bytes: usize,
    stepping: bool,
    memory: Option<Reservation>,
}

impl Recursive {
    pub(crate) fn new(base: BoxedOperator, step: BoxedOperator, number: usize, all: bool) -> Recursive {
        let given = if all { None } else { Some(KeySet::default()) };
        let (fresh, fresh_bytes) = (Vec::new(), 0);
        Recursive { base, step, number, given, fresh, fresh_bytes, stepping: false, memory: None }
    }

    /// The rows of a batch that were not given before.
    fn unseen(&mut self, batch: Batch) -> Result<Batch> {
        let Some(given) = &mut self.given else { return Ok(batch) };
        let columns: Vec<&Vector> = batch.columns().iter().map(Arc::as_ref).collect();
        let (mut key, mut rows) = (Vec::new(), Vec::new());
        for row in 0..batch.len() {
            encode_row_key(&mut key, &columns, row);
            if given.insert(&key).1 {
                rows.push(u32::try_from(row).unwrap_or(u32::MAX));
            }
        }
        batch.gather(&rows)
    }
}

impl Operator for Recursive {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        loop {
            context.check()?;
            let input = if self.stepping { &mut self.step } else { &mut self.base };
            match input.next(context)? {
                Some(batch) => {
                    let batch = self.unseen(batch)?;
                    if batch.len() == 0 {
                        continue;
                    }
                    self.fresh.push(batch.clone());
                    self.fresh_bytes += batch.memory();
                    let given = self.given.as_ref().map_or(0, KeySet::memory);
                    self.memory.get_or_insert_with(|| context.reserve()).set(self.fresh_bytes + given)?;
                    return Ok(Some(batch));
                }
                None if self.fresh.is_empty() => return Ok(None),
                None => {
                    context.set_working(self.number, std::mem::take(&mut self.fresh));
                    self.fresh_bytes = 0;
                    self.stepping = true;
                    self.step.reset();
                }
            }
        }
    }

    fn reset(&mut self) {
        self.fresh.clear();
        self.fresh_bytes = 0;
        self.stepping = false;
        self.memory = None;
        if let Some(given) = &mut self.given {
            *given = KeySet::default();
        }
        self.base.reset();
        self.step.reset();
    }
}

/// The rows of the round before.
pub(crate) struct Working {
    number: usize,
    at: usize,
}

impl Working {
    pub(crate) fn new(number: usize) -> Working {
        Working { number, at: 0 }
    }
}

impl Operator for Working {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let batch = context.working(self.number).and_then(|batches| batches.get(self.at));
        self.at += 1;
        Ok(batch.cloned())
    }

    fn reset(&mut self) {
        self.at = 0;
    }
}
