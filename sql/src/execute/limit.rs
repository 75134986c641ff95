//! LIMIT and OFFSET.

use super::context::Context;
use super::operator::{BoxedOperator, Operator};
use crate::error::{Error, Result, state};
use crate::expression::Expression;
use crate::types::{Batch, Value};

pub(crate) struct Limit {
    input: BoxedOperator,
    limit: Option<Expression>,
    offset: Option<Expression>,
    /// Rows still to skip and to give, once they are known.
    left: Option<(usize, usize)>,
}

impl Limit {
    pub(crate) fn new(
        input: BoxedOperator,
        limit: Option<&Expression>,
        offset: Option<&Expression>,
    ) -> Limit {
        Limit { input, limit: limit.cloned(), offset: offset.cloned(), left: None }
    }
}

/// A number of rows; NULL or no expression is `otherwise`.
pub(crate) fn row_count(
    expression: Option<&Expression>,
    otherwise: usize,
    what: &str,
    context: &mut Context<'_>,
) -> Result<usize> {
    let Some(expression) = expression else { return Ok(otherwise) };
    match context.scalar(expression)? {
        Value::Null => Ok(otherwise),
        Value::Integer(count) => usize::try_from(count).map_err(|_| {
            Error::value(state::BAD_ARGUMENT, format!("{what} must not be negative, it is {count}"))
        }),
        other => Err(Error::type_mismatch(format!("{what} must be an integer, it is {other}"))),
    }
}

impl Operator for Limit {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let (mut skip, mut give) = match self.left {
            Some(left) => left,
            None => {
                let skip = row_count(self.offset.as_ref(), 0, "OFFSET", context)?;
                (skip, row_count(self.limit.as_ref(), usize::MAX, "LIMIT", context)?)
            }
        };
        let mut result = None;
        while give > 0 {
            let Some(batch) = self.input.next(context)? else { break };
            let skipped = skip.min(batch.len());
            skip -= skipped;
            let taken = give.min(batch.len() - skipped);
            if taken > 0 {
                give -= taken;
                result = Some(batch.slice(skipped, taken)?);
                break;
            }
        }
        self.left = Some((skip, give));
        Ok(result)
    }

    fn reset(&mut self) {
        self.left = None;
        self.input.reset();
    }
}
