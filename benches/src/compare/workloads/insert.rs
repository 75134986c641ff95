//! All rows into a new table: in one transaction, in durable transactions of 1,000, with keys in
//! random order, with two more indexes. The ends of the transactions are timed too; how large the
//! closed database is, is noted after the first way.

use crate::compare::bench::{Bench, agree, ask};
use crate::compare::data::{CREATE, INSERT, Items, stream};
use crate::compare::engine::{Answer, Engine, Result, Sql};
use crate::compare::results::Unit;
use crate::process::bytes_written;
use std::path::{Path, PathBuf};
use std::time::Instant;

const CHECK: &str = "SELECT id, name, bucket, amount, note FROM item";

/// Two more indexes.
const INDEXES: &str =
    "CREATE INDEX item_name ON item (name); CREATE INDEX item_bucket ON item (bucket, amount)";

/// One way to insert.
#[derive(Clone, Copy)]
struct Way {
    workload: &'static str,
    /// Rows of a transaction.
    of: usize,
    /// What is run before the rows come.
    more: &'static str,
    in_random_order: bool,
}

const WHOLE: Way = Way { workload: "insert", of: usize::MAX, more: "", in_random_order: false };

/// In one transaction.
pub fn whole(bench: &mut Bench) -> Result<()> {
    run(bench, WHOLE)
}

/// In many transactions.
pub fn in_thousands(bench: &mut Bench) -> Result<()> {
    run(bench, Way { workload: "insert-1000", of: 1000, ..WHOLE })
}

/// With keys in random order.
pub fn random(bench: &mut Bench) -> Result<()> {
    run(bench, Way { workload: "insert-random", in_random_order: true, ..WHOLE })
}

/// With two more indexes.
pub fn indexed(bench: &mut Bench) -> Result<()> {
    run(bench, Way { workload: "insert-indexes", more: INDEXES, ..WHOLE })
}

fn run(bench: &mut Bench, way: Way) -> Result<()> {
    let workload = way.workload;
    let mut order: Vec<usize> = (0..bench.items.len()).collect();
    if way.in_random_order {
        let mut random = stream(0, 0);
        for at in (1..order.len()).rev() {
            order.swap(at, random.index(at + 1));
        }
    }
    for round in 0..bench.options.rounds {
        let mut answers = Vec::new();
        for engine in bench.sql_engines(round) {
            bench.progress(workload, round, engine.name);
            let path = bench.fresh(workload, engine)?;
            answers.push((engine.name, insert(bench, way, engine, &path, &order)?));
            let size = folder_bytes(&path)? as f64 / bench.items.len() as f64;
            bench.results.add(workload, engine.name, "size", Unit::BytesPerRow, size);
            if workload == WHOLE.workload {
                bench.set_loaded(engine, path);
            }
        }
        agree(workload, &answers)?;
    }
    Ok(())
}

/// One timed load into an empty folder.
fn insert(bench: &mut Bench, way: Way, engine: &Engine, path: &Path, order: &[usize]) -> Result<Answer> {
    let (workload, rows) = (way.workload, bench.items.len() as f64);
    let mut sql = engine.sql(path, &bench.setup)?;
    sql.script(CREATE)?;
    sql.script(way.more)?;
    bench.settle()?;
    let (written, start) = (bytes_written()?, Instant::now());
    load(&mut *sql, &bench.items, order, way.of)?;
    let seconds = start.elapsed().as_secs_f64();
    bench.results.add(workload, engine.name, "rows/s", Unit::RowsPerSecond, rows / seconds);
    let answer = ask(&mut *sql, CHECK)?;
    sql.close()?;
    let written = (bytes_written()? - written) as f64;
    bench.results.add(workload, engine.name, "written", Unit::BytesPerRow, written / rows);
    Ok(answer)
}

fn load(sql: &mut dyn Sql, items: &Items, order: &[usize], of: usize) -> Result<()> {
    sql.prepared(INSERT, &mut |statement| {
        for (at, number) in order.iter().enumerate() {
            if at % of == 0 {
                statement.control("BEGIN")?;
            }
            statement.execute(&items.params(*number))?;
            if (at + 1) % of == 0 || at + 1 == order.len() {
                statement.control("COMMIT")?;
            }
        }
        Ok(())
    })
}

/// A closed database of this engine with all rows: what was left by [`whole`], else a new one.
pub fn loaded(bench: &mut Bench, engine: &'static Engine) -> Result<PathBuf> {
    if let Some(path) = bench.loaded(engine) {
        return Ok(path);
    }
    let path = bench.fresh("loaded", engine)?;
    let mut sql = engine.sql(&path, &bench.setup)?;
    sql.script(CREATE)?;
    let order: Vec<usize> = (0..bench.items.len()).collect();
    load(&mut *sql, &bench.items, &order, usize::MAX)?;
    sql.close()?;
    bench.set_loaded(engine, path.clone());
    Ok(path)
}

/// Bytes of the files of a folder.
pub fn folder_bytes(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(path)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}
