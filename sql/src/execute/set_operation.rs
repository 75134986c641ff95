//! INTERSECT and EXCEPT. The right side is counted by row, then the left side is let through.

use std::sync::Arc;

use super::context::Context;
use super::memory::Reservation;
use super::operator::{BoxedOperator, Operator};
use crate::encoding::KeySet;
use crate::error::Result;
use crate::expression::encode_row_key;
use crate::types::{Batch, Vector};

pub(crate) struct SetOperation {
    left: BoxedOperator,
    right: BoxedOperator,
    except: bool,
    all: bool,
    /// The different rows of the right side and how many of each are left, once it was read.
    counts: Option<(KeySet, Vec<u64>)>,
    /// Rows given already, where each is given once.
    given: KeySet,
    memory: Option<Reservation>,
}

impl SetOperation {
    pub(crate) fn new(left: BoxedOperator, right: BoxedOperator, except: bool, all: bool) -> SetOperation {
        SetOperation { left, right, except, all, counts: None, given: KeySet::default(), memory: None }
    }

    fn count_right(&mut self, context: &mut Context<'_>) -> Result<(KeySet, Vec<u64>)> {
        let (mut keys, mut counts) = (KeySet::default(), Vec::new());
        let mut key = Vec::new();
        while let Some(batch) = self.right.next(context)? {
            let columns: Vec<&Vector> = batch.columns().iter().map(Arc::as_ref).collect();
            for row in 0..batch.len() {
                encode_row_key(&mut key, &columns, row);
                match keys.insert(&key) {
                    (_, true) => counts.push(1),
                    (number, false) => counts[number as usize] += 1,
                }
            }
            self.memory.get_or_insert_with(|| context.reserve()).set(keys.memory())?;
        }
        Ok((keys, counts))
    }

    /// Does a row of the left side come through?
    fn passes(&mut self, key: &[u8], keys: &KeySet, counts: &mut [u64]) -> bool {
        let count = keys.get(key).and_then(|number| counts.get_mut(number as usize));
        let partner = match count {
            Some(count) if self.all && *count > 0 => {
                *count -= 1;
                true
            }
            Some(_) => !self.all,
            None => false,
        };
        partner != self.except && (self.all || self.given.insert(key).1)
    }
}

impl Operator for SetOperation {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let (keys, mut counts) = match self.counts.take() {
            Some(counted) => counted,
            None => self.count_right(context)?,
        };
        let mut key = Vec::new();
        let mut result = None;
        while let Some(batch) = self.left.next(context)? {
            let columns: Vec<&Vector> = batch.columns().iter().map(Arc::as_ref).collect();
            let mut kept = Vec::new();
            for row in 0..batch.len() {
                encode_row_key(&mut key, &columns, row);
                if self.passes(&key, &keys, &mut counts) {
                    kept.push(u32::try_from(row).unwrap_or(u32::MAX));
                }
            }
            let used = keys.memory() + self.given.memory();
            self.memory.get_or_insert_with(|| context.reserve()).set(used)?;
            if !kept.is_empty() {
                result = Some(batch.gather(&kept)?);
                break;
            }
        }
        self.counts = Some((keys, counts));
        Ok(result)
    }

    fn reset(&mut self) {
        self.counts = None;
        self.given = KeySet::default();
        self.memory = None;
        self.left.reset();
        self.right.reset();
    }
}
