//! UNION ALL: one input after the other.

use super::context::Context;
use super::operator::{BoxedOperator, Operator};
use crate::error::Result;
use crate::types::Batch;

pub(crate) struct Append {
    inputs: Vec<BoxedOperator>,
    at: usize,
}

impl Append {
    pub(crate) fn new(inputs: Vec<BoxedOperator>) -> Append {
        Append { inputs, at: 0 }
    }
}

impl Operator for Append {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        while let Some(input) = self.inputs.get_mut(self.at) {
            if let Some(batch) = input.next(context)? {
                return Ok(Some(batch));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn reset(&mut self) {
        self.at = 0;
        self.inputs.iter_mut().for_each(|input| input.reset());
    }
}
