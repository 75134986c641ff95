//! What is left in the files when half of the rows are deleted, and how long a clean large file takes
//! to open.

use super::insert::{folder_bytes, loaded};
use crate::compare::bench::{Bench, agree, ask};
use crate::compare::data::{entries, key};
use crate::compare::engine::{Answer, Result};
use crate::compare::results::Unit;
use std::path::Path;
use std::time::Instant;

const DELETE: &str = "DELETE FROM item WHERE id % 2 = 0";
const CHECK: &str = "SELECT count(*), sum(id), sum(amount) FROM item";
/// The large file has so many times the entries of the others: about 1 GB in a full run.
const TIMES: usize = 20;

/// Deletes half of the rows in one transaction, checkpoints by closing, and looks at the files.
pub fn delete_half(bench: &mut Bench) -> Result<()> {
    for round in 0..bench.options.rounds {
        let mut answers = Vec::new();
        for engine in bench.sql_engines(round) {
            bench.progress("delete-half", round, engine.name);
            let all = loaded(bench, engine)?;
            let path = bench.fresh("delete-half", engine)?;
            copy(&all, &path)?;
            let mut sql = engine.sql(&path, &bench.setup)?;
            bench.settle()?;
            let start = Instant::now();
            sql.script(DELETE)?;
            let ms = start.elapsed().as_secs_f64() * 1000.0;
            answers.push((engine.name, ask(&mut *sql, CHECK)?));
            sql.close()?;
            let rows = bench.items.len().div_ceil(2) as f64;
            bench.results.add("delete-half", engine.name, "time", Unit::Milliseconds, ms);
            let size = folder_bytes(&path)? as f64 / rows;
            bench.results.add("delete-half", engine.name, "size", Unit::BytesPerRow, size);
        }
        agree("delete-half", &answers)?;
    }
    Ok(())
}

/// Copies the files of a folder.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Opens a clean file, and reads one entry.
pub fn open_clean(bench: &mut Bench) -> Result<()> {
    let (rows, mut paths) = (bench.options.rows, Vec::new());
    for engine in bench.key_value_engines(0) {
        bench.progress("open-clean", 0, engine.name);
        let path = bench.fresh("open-clean", engine)?;
        let mut store = engine.key_value(&path, &bench.setup)?;
        let mut all = entries(rows * TIMES);
        for _ in 0..TIMES {
            store.put(&mut all.by_ref().take(rows))?;
        }
        store.close()?;
        paths.push((engine, path));
    }
    bench.settle()?;
    for round in 0..bench.options.rounds {
        for (engine, path) in &paths {
            let (start, mut answer) = (Instant::now(), Answer::default());
            let mut store = engine.key_value(path, &bench.setup)?;
            store.read(&mut |reader| reader.get(key(round as u64), &mut answer))?;
            let ms = start.elapsed().as_secs_f64() * 1000.0;
            store.close()?;
            if answer.rows != 1 {
                return Err(format!("{} has lost an entry", engine.name).into());
            }
            bench.results.add("open-clean", engine.name, "time", Unit::Milliseconds, ms);
        }
    }
    for (_, path) in paths {
        std::fs::remove_dir_all(path)?;
    }
    Ok(())
}
