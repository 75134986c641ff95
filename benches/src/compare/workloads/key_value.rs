//! Keys and values without SQL: all entries in one transaction, then gets and ranges in one
//! snapshot for each turn, every page in the cache.

use crate::compare::bench::{Bench, agree};
use crate::compare::data::{entries, key, stream, value};
use crate::compare::engine::{Answer, Engine, Key, KeyValue, Result};
use crate::compare::results::Unit;
use crate::compare::turns::{Pace, Side, by_turns};
use crate::statistics::nanoseconds;
use std::path::PathBuf;
use std::time::Instant;

/// Entries of the tree that is committed to.
const COMMITTED: usize = 10_000;
/// Entries of a range.
const WIDTH: usize = 100;

type Entries = Vec<(Key, [u8; 40])>;

/// All entries in one transaction.
pub fn insert(bench: &mut Bench) -> Result<()> {
    let all: Entries = entries(bench.options.rows).collect();
    for round in 0..bench.options.rounds {
        let mut answers = Vec::new();
        for engine in bench.key_value_engines(round) {
            bench.progress("kv-insert", round, engine.name);
            let path = bench.fresh("kv-insert", engine)?;
            let mut open = engine.key_value(&path, &bench.setup)?;
            bench.settle()?;
            let start = Instant::now();
            open.put(&mut all.iter().copied())?;
            let ms = start.elapsed().as_secs_f64() * 1000.0;
            bench.results.add("kv-insert", engine.name, "time", Unit::Milliseconds, ms);
            answers.push((engine.name, read_all(&mut *open)?));
            open.close()?;
            bench.set_loaded(engine, path);
        }
        agree("kv-insert", &answers)?;
    }
    Ok(())
}

fn read_all(open: &mut dyn KeyValue) -> Result<Answer> {
    let mut answer = Answer::default();
    open.read(&mut |reader| reader.range(key(0), usize::MAX >> 1, &mut answer))?;
    Ok(answer)
}

/// A closed database of this engine with all entries: what was left by [`insert`], else a new one.
pub fn loaded(bench: &mut Bench, engine: &'static Engine) -> Result<PathBuf> {
    if let Some(path) = bench.loaded(engine) {
        return Ok(path);
    }
    let path = bench.fresh("loaded", engine)?;
    let mut open = engine.key_value(&path, &bench.setup)?;
    open.put(&mut entries(bench.options.rows))?;
    open.close()?;
    bench.set_loaded(engine, path.clone());
    Ok(path)
}

/// A durable put of one value under a known key.
pub fn commit(bench: &mut Bench) -> Result<()> {
    let mut sides = Vec::new();
    for engine in bench.key_value_engines(0) {
        let mut open = engine.key_value(&bench.fresh("kv-commit", engine)?, &bench.setup)?;
        open.put(&mut entries(COMMITTED))?;
        sides.push(Side { name: engine.name, open });
    }
    let in_memory = Pace { turns: 4, operations: 5_000 };
    let pace = if bench.in_memory() { in_memory } else { Pace { turns: 40, operations: 50 } };
    by_turns(bench, "kv-commit", &mut sides, pace, |open, turn| {
        let mut random = stream(turn.round, turn.number);
        for _ in 0..turn.operations {
            let entry = (key(random.below(COMMITTED as u64)), value(&mut random));
            let start = Instant::now();
            open.put(&mut std::iter::once(entry))?;
            turn.times.push(nanoseconds(start));
        }
        turn.answer = read_all(&mut **open)?;
        Ok(())
    })
}

/// Gets.
pub fn get(bench: &mut Bench) -> Result<()> {
    run(bench, "kv-get", 1, Pace { turns: 4, operations: 25_000 })
}

/// Ranges.
pub fn range(bench: &mut Bench) -> Result<()> {
    run(bench, "kv-range", WIDTH, Pace { turns: 4, operations: 5_000 })
}

fn run(bench: &mut Bench, workload: &'static str, width: usize, pace: Pace) -> Result<()> {
    let (mut sides, mut answers) = (Vec::new(), Vec::new());
    for engine in bench.key_value_engines(0) {
        let mut open = engine.key_value(&loaded(bench, engine)?, &bench.setup)?;
        answers.push((engine.name, read_all(&mut *open)?));
        sides.push(Side { name: engine.name, open });
    }
    agree("all entries", &answers)?;
    let starts = (bench.options.rows - width + 1) as u64;
    by_turns(bench, workload, &mut sides, pace, |open, turn| {
        let mut random = stream(turn.round, turn.number);
        open.read(&mut |reader| {
            for _ in 0..turn.operations {
                let (first, before) = (key(random.below(starts)), turn.answer.rows);
                let start = Instant::now();
                match width {
                    1 => reader.get(first, &mut turn.answer)?,
                    _ => reader.range(first, width, &mut turn.answer)?,
                }
                turn.times.push(nanoseconds(start));
                if turn.answer.rows - before != width as u64 {
                    return Err("a wrong number of entries was read".into());
                }
            }
            Ok(())
        })
    })
}
