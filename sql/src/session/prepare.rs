//! Text to plan, through the plan cache.
//!
//! A text is parsed once. Its plan belongs to one catalog, known by its stamp; when the schema has
//! changed since, the plan is made anew from the parsed statement.

use crate::bind::bind;
use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::execute::Direct;
use crate::optimize::{Statistics, optimize};
use crate::parse::{Parsed, ast, parse};
use crate::plan::{self, OutputColumn};
use crate::storage::Transaction;
use crate::types::{DataType, Value};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// Statements remembered by a connection.
const CACHE_LEN: usize = 256;
/// Longer texts are not remembered.
const CACHED_SQL_MAX: usize = 8 << 10;

/// A parsed statement and its latest plan.
pub(super) struct Prepared {
    pub(super) sql: Arc<str>,
    /// None: the text has no statement.
    pub(super) parsed: Option<Parsed>,
    plan: Mutex<Option<Planned>>,
}

/// A plan, and what it was made for.
struct Planned {
    /// Of the catalog.
    stamp: u64,
    /// The types of the parameters' values, where the plan depends on them.
    given: Option<Vec<DataType>>,
    ready: Arc<Ready>,
}

/// A plan, and what every run of it needs.
pub(super) struct Ready {
    statement: plan::Statement,
    /// Those of the result.
    pub(super) columns: Arc<[OutputColumn]>,
    /// How to run it without operators, where that can be.
    pub(super) direct: Option<Direct>,
}

impl Deref for Ready {
    type Target = plan::Statement;

    fn deref(&self) -> &plan::Statement {
        &self.statement
    }
}

/// The statements a connection has prepared lately.
#[derive(Default)]
pub(super) struct Cache {
    entries: HashMap<String, (Arc<Prepared>, u64)>,
    clock: u64,
}

impl Cache {
    pub(super) fn get(&mut self, sql: &str) -> Result<Arc<Prepared>> {
        self.clock += 1;
        if let Some((prepared, used)) = self.entries.get_mut(sql) {
            *used = self.clock;
            return Ok(prepared.clone());
        }
        let parsed = parse(sql)?;
        let prepared = Arc::new(Prepared { sql: Arc::from(sql), parsed, plan: Mutex::new(None) });
        if sql.len() <= CACHED_SQL_MAX {
            if self.entries.len() >= CACHE_LEN {
                self.forget_half();
            }
            self.entries.insert(sql.to_owned(), (prepared.clone(), self.clock));
        }
        Ok(prepared)
    }

    /// Drops the half that was not used for the longest time.
    fn forget_half(&mut self) {
        let mut used: Vec<u64> = self.entries.values().map(|(_, used)| *used).collect();
        used.sort_unstable();
        let middle = used.get(used.len() / 2).copied().unwrap_or(0);
        self.entries.retain(|_, (_, used)| *used > middle);
    }
}

/// What is known about the data: the rows a tree counts.
pub(super) struct Counts<'a>(pub(super) &'a Transaction);

impl Statistics for Counts<'_> {
    fn rows(&self, table: &Table) -> Result<u64> {
        self.0.count(table.tree)
    }
}

impl Prepared {
    /// The plan for a schema and values of the parameters (none before they are known). The
    /// statement must be a query or a change, or EXPLAIN of one.
    pub(super) fn plan(
        &self,
        catalog: &Arc<Catalog>,
        transaction: &Transaction,
        values: &[Value],
    ) -> Result<Arc<Ready>> {
        let mut cached = self.plan.lock();
        let fits = |planned: &&Planned| {
            let types = || values.iter().map(Value::data_type);
            planned.stamp == catalog.stamp
                && planned.given.as_ref().is_none_or(|given| types().eq(given.iter().copied()))
        };
        if let Some(planned) = cached.as_ref().filter(fits) {
            return Ok(planned.ready.clone());
        }
        let parsed = self.parsed.as_ref().ok_or_else(|| Error::internal("nothing to plan"))?;
        let statement = match &parsed.statement {
            ast::Statement::Explain { statement, .. } => statement,
            other => other,
        };
        let given: Vec<DataType> = values.iter().map(Value::data_type).collect();
        let bound = bind(catalog, statement, &given).map_err(|error| error.locate(&self.sql))?;
        let given = bound.uses_given.then_some(given);
        let statement = optimize(bound, &Counts(transaction)).map_err(|error| error.locate(&self.sql))?;
        let (columns, direct) = (Arc::from(statement.columns.as_slice()), Direct::of(&statement));
        let ready = Arc::new(Ready { statement, columns, direct });
        *cached = Some(Planned { stamp: catalog.stamp, given, ready: ready.clone() });
        Ok(ready)
    }
}
