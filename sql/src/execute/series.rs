//! `generate_series`: the values from a start to a stop by a step.

use std::sync::Arc;

use super::context::Context;
use super::operator::Operator;
use crate::error::{Error, Result, state};
use crate::expression::Expression;
use crate::functions::add_interval;
use crate::types::{BATCH_ROWS, Batch, Interval, Value, Vector, VectorData};

pub(crate) struct Series {
    range: Box<[Expression; 3]>,
    rest: Option<Rest>,
}

/// What is still to come: the next value and the last one allowed.
enum Rest {
    Nothing,
    Whole { next: i64, stop: i64, step: i64 },
    Time { next: i64, stop: i64, step: Interval },
}

impl Series {
    pub(crate) fn new(range: &[Expression; 3]) -> Series {
        Series { range: Box::new(range.clone()), rest: None }
    }

    fn start(&self, context: &mut Context<'_>) -> Result<Rest> {
        let [start, stop, step] = &*self.range;
        let values = (context.scalar(start)?, context.scalar(stop)?, context.scalar(step)?);
        let zero = || Error::value(state::BAD_ARGUMENT, "the step of generate_series is zero");
        match values {
            (Value::Null, ..) | (_, Value::Null, _) | (_, _, Value::Null) => Ok(Rest::Nothing),
            (Value::Integer(next), Value::Integer(stop), Value::Integer(step)) => {
                if step == 0 {
                    Err(zero())
                } else {
                    Ok(Rest::Whole { next, stop, step })
                }
            }
            (Value::Timestamp(next), Value::Timestamp(stop), Value::Interval(step)) => {
                if step.order_key() == 0 { Err(zero()) } else { Ok(Rest::Time { next, stop, step }) }
            }
            _ => Err(Error::internal("a series of another type")),
        }
    }
}

impl Rest {
    /// The next value.
    fn take(&mut self) -> Result<Option<i64>> {
        let (value, next) = match self {
            Rest::Nothing => return Ok(None),
            Rest::Whole { next, stop, step } => {
                let inside = if *step > 0 { *next <= *stop } else { *next >= *stop };
                (inside.then_some(*next), next.checked_add(*step))
            }
            Rest::Time { next, stop, step } => {
                let up = step.order_key() > 0;
                let inside = if up { *next <= *stop } else { *next >= *stop };
                let after = if inside { Some(add_interval(*next, *step)?) } else { None };
                // A step like `1 month -30 days` may stand still.
                let moves = after.filter(|after| if up { *after > *next } else { *after < *next });
                (inside.then_some(*next), moves)
            }
        };
        match (next, value, &mut *self) {
            (Some(after), Some(_), Rest::Whole { next, .. } | Rest::Time { next, .. }) => *next = after,
            _ => *self = Rest::Nothing,
        }
        Ok(value)
    }
}

impl Operator for Series {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        context.check()?;
        let mut rest = match self.rest.take() {
            Some(rest) => rest,
            None => self.start(context)?,
        };
        let mut values = Vec::new();
        while values.len() < BATCH_ROWS
            && let Some(value) = rest.take()?
        {
            values.push(value);
        }
        self.rest = Some(rest);
        let len = values.len();
        if len == 0 {
            return Ok(None);
        }
        Ok(Some(Batch::new(vec![Arc::new(Vector::valid(VectorData::Int(values)))], len)))
    }

    fn reset(&mut self) {
        self.rest = None;
    }
}
