//! EXPLAIN ANALYZE: what each operator of a running plan gave and took.
//!
//! Operators are known by the address of their part of the plan, which does not move while the
//! statement runs. Times and pages contain those of an operator's inputs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::context::Context;
use super::operator::{BoxedOperator, Operator};
use crate::error::Result;
use crate::plan::Physical;
use crate::types::Batch;

/// What was measured of one operator.
#[derive(Debug, Clone, Copy, Default)]
struct Measure {
    calls: u64,
    rows: u64,
    time: Duration,
    pages: u64,
}

/// What was measured of a statement.
pub(crate) struct Measures {
    operators: Mutex<HashMap<usize, Measure>>,
    /// Pages looked at so far, by anybody.
    pages: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl fmt::Debug for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measures").finish_non_exhaustive()
    }
}

fn address(plan: &Physical) -> usize {
    std::ptr::from_ref(plan).addr()
}

impl Measures {
    pub(crate) fn new(pages: impl Fn() -> u64 + Send + Sync + 'static) -> Measures {
        Measures { operators: Mutex::default(), pages: Box::new(pages) }
    }

    /// What was measured of a part of the plan, as text.
    pub(crate) fn of(&self, plan: &Physical) -> String {
        let operators = self.operators.lock().unwrap_or_else(PoisonError::into_inner);
        match operators.get(&address(plan)) {
            None => "never run".to_owned(),
            Some(Measure { calls, rows, time, pages }) => {
                let time = time.as_secs_f64() * 1000.0;
                format!("rows {rows}, calls {calls}, {time:.3} ms, pages {pages}")
            }
        }
    }
}

/// An operator that is measured.
pub(crate) struct Measured {
    inner: BoxedOperator,
    address: usize,
}

impl Measured {
    pub(crate) fn new(inner: BoxedOperator, plan: &Physical) -> Measured {
        Measured { inner, address: address(plan) }
    }
}

impl Operator for Measured {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let Some(measures) = context.measures() else { return self.inner.next(context) };
        let (start, before) = (Instant::now(), (measures.pages)());
        let result = self.inner.next(context);
        let mut operators = measures.operators.lock().unwrap_or_else(PoisonError::into_inner);
        let measure = operators.entry(self.address).or_default();
        measure.calls += 1;
        measure.time += start.elapsed();
        measure.pages += (measures.pages)().saturating_sub(before);
        if let Ok(Some(batch)) = &result {
            measure.rows += batch.len() as u64;
        }
        result
    }

    fn reset(&mut self) {
        self.inner.reset();
    }
}
