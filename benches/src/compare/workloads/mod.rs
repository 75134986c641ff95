//! The workloads. Each checks that all engines answer alike before and while they are timed.

mod commits;
mod insert;
mod key_value;
mod load;
mod mixed;
mod pool;
mod query;
mod read;
mod recovery;
mod shop;
mod size;
mod tpch;
mod update;

use super::bench::Bench;
use super::engine::Result;

pub use commits::commit;
pub use load::load;
pub use read::{POINT, RANGE};
pub use recovery::fill_log;
pub use size::copy as copy_files;
pub use update::UPDATE;

/// A workload.
pub struct Workload {
    /// Its name in options and reports.
    pub name: &'static str,
    /// What is timed.
    pub about: &'static str,
    /// Whether a bar needs it.
    pub in_quick: bool,
    /// Runs it; none: it is not there yet.
    pub run: Option<fn(&mut Bench) -> Result<()>>,
}

const fn bar(name: &'static str, about: &'static str, run: fn(&mut Bench) -> Result<()>) -> Workload {
    Workload { name, about, in_quick: true, run: Some(run) }
}

const fn not_yet(name: &'static str, about: &'static str) -> Workload {
    Workload { name, about, in_quick: false, run: None }
}

const fn more(name: &'static str, about: &'static str, run: fn(&mut Bench) -> Result<()>) -> Workload {
    Workload { name, about, in_quick: false, run: Some(run) }
}

/// All workloads in the order they run in: those that read use what those that insert have left.
#[rustfmt::skip]
pub static WORKLOADS: [Workload; 36] = [
    bar("update", "durable UPDATE of one row by key, 10,000 rows", update::number),
    more("update-1k", "durable UPDATE of a text of 1 KB by key, 10,000 rows", update::kilobyte),
    more("insert-indexed", "durable INSERT of one row, two more indexes", update::indexed),
    bar("commits", "calls and bytes of one durable commit, counted by strace", commits::run),
    bar("insert", "all rows in one transaction", insert::whole),
    bar("insert-1000", "all rows in durable transactions of 1,000", insert::in_thousands),
    more("insert-random", "all rows in one transaction, keys in random order", insert::random),
    more("insert-indexes", "all rows in one transaction, two more indexes", insert::indexed),
    bar("point", "SELECT 3 columns by key, random over all rows", read::point),
    more("point-in-little", "the same with a cache of a tenth of the rows", query::point_in_little),
    bar("range", "SELECT 3 columns of 100 rows by key", read::range),
    more("scan", "SELECT all columns of all rows", query::scan),
    more("aggregate", "COUNT, SUM, AVG over all rows", query::aggregate),
    more("group-by", "GROUP BY 100 values over all rows", query::group),
    more("sum-of-user", "COUNT, SUM of one user's orders by an index", shop::of_user),
    more("join-point", "one order by key with its user", shop::point_join),
    more("join", "all orders with their users, grouped by 100 cities", query::join),
    more("join-five", "five tables, a fifth of the orders, grouped", query::join_five),
    more("sort", "ORDER BY a text without an index, all rows", query::sort),
    more("sort-in-little", "the same with a memory limit and cache of a tenth of the rows", query::sort_in_little),
    more("like", "LIKE '%abc%' over all rows", query::like),
    bar("kv-insert", "all entries (8 + 40 bytes) in one transaction", key_value::insert),
    more("kv-commit", "durable put of 40 bytes, 10,000 entries", key_value::commit),
    bar("kv-get", "get by key, random over all entries", key_value::get),
    bar("kv-range", "100 entries by key", key_value::range),
    bar("reopen", "open after a kill with 60 MiB of log: 40-byte puts on random keys", recovery::run),
    bar("hot-set", "hit rate of the hot set after a full scan of 10 times the pool", pool::hot_set),
    bar("cold-scan", "read calls for each page of a range scan without a cache", pool::cold_scan),
    more("tpc-h", "the 22 queries of TPC-H, a third of a million line items", tpch::run),
    more("mixed", "point reads a second of 1, 2, 4, 10 readers, alone and beside a writer", mixed::readers),
    more("held-snapshot", "files' growth by 20,000 commits while a reader holds its snapshot", mixed::held_snapshot),
    more("delete-half", "DELETE every other row; bytes of the files for each row that is left", size::delete_half),
    more("open-clean", "open a clean file of 1 GB and read one entry", size::open_clean),
    more("memory", "most memory resident while all rows are loaded in one transaction", load::run),
    not_yet("group", "durable commits of 1, 4, 16, 64 threads"),
    not_yet("modes", "commits in Normal and Off mode"),
];

#[cfg(test)]
mod tests;
