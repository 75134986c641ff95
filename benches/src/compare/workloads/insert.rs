//! All rows into a new table: in one transaction, and in durable transactions of 1,000. The ends of
//! the transactions are timed too; how large the closed database is, is noted after the first way.

use crate::compare::bench::{Bench, agree, ask};
use crate::compare::data::{CREATE, INSERT, Items};
use crate::compare::engine::{Answer, Engine, Result, Sql};
use crate::compare::results::Unit;
use crate::process::bytes_written;
use std::path::{Path, PathBuf};
use std::time::Instant;

const CHECK: &str = "SELECT id, name, bucket, amount, note FROM item";

/// The workload in one transaction.
pub fn whole(bench: &mut Bench) -> Result<()> {
    run(bench, "insert", usize::MAX)
}

/// The workload in many transactions.
pub fn in_thousands(bench: &mut Bench) -> Result<()> {
    run(bench, "insert-1000", 1000)
}

fn run(bench: &mut Bench, workload: &'static str, of: usize) -> Result<()> {
    for round in 0..bench.options.rounds {
        let mut answers = Vec::new();
        for engine in bench.sql_engines(round) {
            bench.progress(workload, round, engine.name);
            let path = bench.fresh(workload, engine)?;
            answers.push((engine.name, insert(bench, workload, engine, &path, of)?));
            if of == usize::MAX {
                let size = folder_bytes(&path)? as f64 / bench.items.len() as f64;
                bench.results.add(workload, engine.name, "size", Unit::BytesPerRow, size);
                bench.set_loaded(engine, path);
            }
        }
        agree(workload, &answers)?;
    }
    Ok(())
}

/// One timed load into an empty folder.
fn insert(
    bench: &mut Bench,
    workload: &'static str,
    engine: &Engine,
    path: &Path,
    of: usize,
) -> Result<Answer> {
    let mut sql = engine.sql(path, &bench.setup)?;
    sql.script(CREATE)?;
    bench.settle()?;
    let (written, start) = (bytes_written()?, Instant::now());
    load(&mut *sql, &bench.items, of)?;
    let seconds = start.elapsed().as_secs_f64();
    let rows = bench.items.len() as f64;
    bench.results.add(workload, engine.name, "rows/s", Unit::RowsPerSecond, rows / seconds);
    let answer = ask(&mut *sql, CHECK)?;
    sql.close()?;
    let written = (bytes_written()? - written) as f64;
    bench.results.add(workload, engine.name, "written", Unit::BytesPerRow, written / rows);
    Ok(answer)
}

fn load(sql: &mut dyn Sql, items: &Items, of: usize) -> Result<()> {
    sql.prepared(INSERT, &mut |statement| {
        for number in 0..items.len() {
            if number % of == 0 {
                statement.control("BEGIN")?;
            }
            statement.execute(&items.params(number))?;
            if (number + 1) % of == 0 || number + 1 == items.len() {
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
    load(&mut *sql, &bench.items, usize::MAX)?;
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
