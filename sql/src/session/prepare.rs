//! Text to plan, through the plan cache.
//!
//! A text is parsed once. Its plan belongs to one catalog, known by its stamp; when the schema has
//! changed since, the plan is made anew from the parsed statement.

use crate::bind::bind;
use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::optimize::{Statistics, optimize};
use crate::parse::{Parsed, ast, parse};
use crate::plan;
use crate::storage::Transaction;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Statements remembered by a connection.
const CACHE_LEN: usize = 256;
/// Longer texts are not remembered.
const CACHED_SQL_MAX: usize = 8 << 10;

/// A parsed statement and its latest plan.
pub(super) struct Prepared {
    pub(super) sql: String,
    /// None: the text has no statement.
    pub(super) parsed: Option<Parsed>,
    plan: Mutex<Option<(u64, Arc<plan::Statement>)>>,
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
        let prepared = Arc::new(Prepared { sql: sql.to_owned(), parsed, plan: Mutex::new(None) });
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

struct Counts<'a>(&'a Transaction);

impl Statistics for Counts<'_> {
    fn rows(&self, table: &Table) -> Result<u64> {
        self.0.count(table.tree)
    }
}

impl Prepared {
    /// The plan for a schema. The statement must be a query or a change, or EXPLAIN of one.
    pub(super) fn plan(
        &self,
        catalog: &Arc<Catalog>,
        transaction: &Transaction,
    ) -> Result<Arc<plan::Statement>> {
        let mut cached = self.plan.lock();
        if let Some((_, plan)) = cached.as_ref().filter(|(stamp, _)| *stamp == catalog.stamp) {
            return Ok(plan.clone());
        }
        let parsed = self.parsed.as_ref().ok_or_else(|| Error::internal("nothing to plan"))?;
        let statement = match &parsed.statement {
            ast::Statement::Explain(inner) => inner,
            other => other,
        };
        let planned = bind(catalog, statement)
            .and_then(|bound| optimize(bound, &Counts(transaction)))
            .map_err(|error| error.locate(&self.sql))?;
        let plan = Arc::new(planned);
        *cached = Some((catalog.stamp, plan.clone()));
        Ok(plan)
    }
}
