//! Filter: only rows for which a condition is true. Project: expressions of each row.

use super::context::Context;
use super::operator::{BoxedOperator, Operator};
use crate::error::Result;
use crate::expression::{Expression, evaluate, select};
use crate::types::Batch;

pub(crate) struct Filter {
    input: BoxedOperator,
    predicate: Expression,
}

impl Filter {
    pub(crate) fn new(input: BoxedOperator, predicate: &Expression) -> Filter {
        Filter { input, predicate: predicate.clone() }
    }
}

/// The rows of a batch for which a condition is true; all without one.
pub(crate) fn keep_true(
    batch: Batch,
    predicate: Option<&Expression>,
    context: &mut Context<'_>,
) -> Result<Batch> {
    let Some(predicate) = predicate else { return Ok(batch) };
    let rows = select(predicate, &batch, context)?;
    if rows.len() == batch.len() { Ok(batch) } else { batch.gather(&rows) }
}

impl Operator for Filter {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        while let Some(batch) = self.input.next(context)? {
            let kept = keep_true(batch, Some(&self.predicate), context)?;
            if kept.len() > 0 {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    fn reset(&mut self) {
        self.input.reset();
    }
}

pub(crate) struct Project {
    input: BoxedOperator,
    expressions: Vec<Expression>,
}

impl Project {
    pub(crate) fn new(input: BoxedOperator, expressions: &[Expression]) -> Project {
        Project { input, expressions: expressions.to_vec() }
    }
}

impl Operator for Project {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let Some(batch) = self.input.next(context)? else { return Ok(None) };
        let columns = self.expressions.iter().map(|expression| evaluate(expression, &batch, context));
        Ok(Some(Batch::new(columns.collect::<Result<_>>()?, batch.len())))
    }

    fn reset(&mut self) {
        self.input.reset();
    }
}
