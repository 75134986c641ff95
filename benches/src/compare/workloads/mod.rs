//! The workloads. Each checks that all engines answer alike before and while they are timed.

mod commits;
mod insert;
mod key_value;
mod pool;
mod read;
mod recovery;
mod update;

use super::bench::Bench;
use super::engine::Result;

pub use commits::commit;
pub use read::{POINT, RANGE};
pub use recovery::fill_log;
pub use update::UPDATE;

/// A workload.
pub struct Workload {
    /// Its name in options and reports.
    pub name: &'static str,
    /// What is timed.
    pub about: &'static str,
    /// Whether a bar needs it.
    pub in_quick: bool,
    /// Runs it; none: its feature is not there yet.
    pub run: Option<fn(&mut Bench) -> Result<()>>,
}

const fn bar(name: &'static str, about: &'static str, run: fn(&mut Bench) -> Result<()>) -> Workload {
    Workload { name, about, in_quick: true, run: Some(run) }
}

const fn not_yet(name: &'static str, about: &'static str) -> Workload {
    Workload { name, about, in_quick: false, run: None }
}

/// All workloads in the order they run in: those that read use what those that insert have left.
pub static WORKLOADS: [Workload; 14] = [
    bar("update", "durable UPDATE of one row by key, 10,000 rows", update::run),
    bar("commits", "calls and bytes of one durable commit, counted by strace", commits::run),
    bar("insert", "all rows in one transaction", insert::whole),
    bar("insert-1000", "all rows in durable transactions of 1,000", insert::in_thousands),
    bar("point", "SELECT 3 columns by key, random over all rows", read::point),
    bar("range", "SELECT 3 columns of 100 rows by key", read::range),
    bar("kv-insert", "all entries (8 + 40 bytes) in one transaction", key_value::insert),
    bar("kv-get", "get by key, random over all entries", key_value::get),
    bar("kv-range", "100 entries by key", key_value::range),
    bar("reopen", "open after a kill with 60 MiB of log: 40-byte puts on random keys", recovery::run),
    bar("hot-set", "hit rate of the hot set after a full scan of 10 times the pool", pool::hot_set),
    bar("cold-scan", "read calls for each page of a range scan without a cache", pool::cold_scan),
    not_yet("group", "durable commits of 1, 4, 16, 64 threads"),
    not_yet("modes", "commits in Normal and Off mode"),
];

#[cfg(test)]
mod tests;
