//! Running a physical plan: operators that pull batches of up to about 1,024 rows.
//!
//! ```text
//! Statement (plan) --Execution::new--> operators (own what they need)
//! Execution::next(transaction, statement, parameters) --> Batch, Batch, ..., None
//! ```
//!
//! | file                                   | what                                           |
//! |----------------------------------------|------------------------------------------------|
//! | `context`, `memory`, `stop`            | what operators share; subqueries; limits       |
//! | `measure`                              | what EXPLAIN ANALYZE shows                     |
//! | `operator`                             | the trait, and from plan to operators          |
//! | `rows`, `access`, `walk`               | rows and index entries as bytes; finding them  |
//! | `scan`, `values`, `count`, `series`    | where rows come from                           |
//! | `filter`, `limit`, `append`, `distinct`, `set_operation`, `sort`, `aggregate` | one input or more |
//! | `index_join`, `hash_join`, `loop_join` | joins; `pairs` and `kept_rows` are their parts |
//! | `spill`, `merge`                       | rows beyond the memory limit, in temporary files |
//! | `recursive`                            | WITH RECURSIVE                                 |
//! | `change`                               | INSERT, UPDATE, DELETE                         |
//! | `direct`                               | statements about one row, or a range, without operators |
//!
//! 1. An operator never gives a batch without rows; after `None` it is not asked again before
//!    `reset`.
//! 2. Operators that keep rows reserve their memory in the statement's account.
//! 3. Lookup and loop joins keep the order of their left (outer) input.

mod access;
mod aggregate;
mod append;
mod change;
mod context;
mod count;
mod direct;
mod distinct;
mod filter;
mod hash_join;
mod index_join;
mod kept_rows;
mod limit;
mod loop_join;
mod measure;
mod memory;
mod merge;
mod operator;
mod pairs;
mod recursive;
mod rows;
mod scan;
mod series;
mod set_operation;
mod sort;
mod spill;
mod stop;
#[cfg(test)]
mod tests;
mod values;
mod walk;

pub(crate) use change::{Outcome, Pending, run_change};
pub(crate) use context::{Context, Settings, State};
pub(crate) use direct::{Changed, Direct, Held, Scratch, Spare};
pub(crate) use measure::Measures;
pub(crate) use rows::{RowCodec, index_order};
pub(crate) use stop::Stop;

use crate::error::Result;
use crate::plan::{Physical, Statement};
use crate::storage::Transaction;
use crate::types::{Batch, Value};
use operator::BoxedOperator;

/// A query that is running. It owns its operators and borrows the rest call by call.
pub(crate) struct Execution {
    root: BoxedOperator,
    state: State,
    done: bool,
}

impl Execution {
    /// Starts a plan of a statement; nothing is read yet.
    pub(crate) fn new(plan: &Physical, settings: Settings) -> Execution {
        let root = operator::build(plan, settings.measures.is_some());
        Execution { root, state: State::new(settings), done: false }
    }

    /// The next rows; `None` at the end. The statement must be the one of the plan, the
    /// transaction and the parameters the same at every call.
    pub(crate) fn next(
        &mut self,
        transaction: &Transaction,
        statement: &Statement,
        parameters: &[Value],
    ) -> Result<Option<Batch>> {
        if self.done {
            return Ok(None);
        }
        let mut context = Context::new(transaction, statement, parameters, &mut self.state);
        context.check()?;
        let batch = self.root.next(&mut context);
        self.done = !matches!(batch, Ok(Some(_)));
        batch
    }
}

/// All rows of a plan; for changes, which must not read what they write.
pub(crate) fn collect(plan: &Physical, context: &mut Context<'_>) -> Result<Vec<Batch>> {
    let mut root = operator::build(plan, context.measures().is_some());
    let mut memory = context.reserve();
    let mut batches: Vec<Batch> = Vec::new();
    let mut bytes = 0;
    while let Some(batch) = root.next(context)? {
        bytes += batch.memory();
        memory.set(bytes)?;
        batches.push(batch);
    }
    Ok(batches)
}
