//! Readers beside a writer that commits durably without a pause, and a reader that holds its
//! snapshot all the while. Engines whose lock allows one connection only take no part.

use super::insert::{folder_bytes, loaded};
use super::read::POINT;
use super::size::copy;
use super::update::UPDATE;
use crate::compare::bench::{Bench, ask};
use crate::compare::data::stream;
use crate::compare::engine::{Answer, Engine, Param, Result, Sql};
use crate::compare::results::Unit;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long readers run, and how long in a trial.
const TIME: Duration = Duration::from_millis(500);
const TIME_OF_TRIAL: Duration = Duration::from_millis(20);
/// Reads between two looks at the clock.
const READS: u64 = 100;
/// Commits while a snapshot is held, and in a trial.
const COMMITS: usize = 20_000;
const COMMITS_OF_TRIAL: usize = 500;
const READERS_MAX: usize = 10;
const READERS: [(usize, &str, &str); 4] = [
    (1, "1 alone", "1 beside"),
    (2, "2 alone", "2 beside"),
    (4, "4 alone", "4 beside"),
    (10, "10 alone", "10 beside"),
];

type Shared = Box<dyn Sql + Send>;

/// Reads a second of so many readers, without and with the writer.
pub fn readers(bench: &mut Bench) -> Result<()> {
    for round in 0..bench.options.rounds {
        for engine in bench.sql_engines(round) {
            bench.progress("mixed", round, engine.name);
            let path = own_copy(bench, "mixed", engine)?;
            let mut sql = engine.sql(&path, &bench.setup)?;
            let Some(mut readers) = warm_readers(&*sql)? else { continue };
            for (count, alone, beside) in READERS {
                for (name, writes) in [(alone, false), (beside, true)] {
                    let (readers, rows) = (&mut readers[..count], bench.items.len() as u64);
                    let time = if bench.options.is_trial() { TIME_OF_TRIAL } else { TIME };
                    let rate = reads_a_second(&mut *sql, readers, writes.then_some(round), rows, time)?;
                    bench.results.add("mixed", engine.name, name, Unit::PerSecond, rate);
                }
            }
            drop(readers);
            sql.close()?;
        }
    }
    Ok(())
}

/// Connections that have read every page once; none where there can be only one.
fn warm_readers(sql: &dyn Sql) -> Result<Option<Vec<Shared>>> {
    let mut readers = Vec::new();
    for _ in 0..READERS_MAX {
        let Some(reader) = sql.another() else { return Ok(None) };
        let mut reader = reader?;
        ask(&mut *reader, "SELECT count(*), sum(amount) FROM item")?;
        readers.push(reader);
    }
    Ok(Some(readers))
}

fn own_copy(bench: &mut Bench, name: &str, engine: &'static Engine) -> Result<PathBuf> {
    let all = loaded(bench, engine)?;
    let path = bench.fresh(name, engine)?;
    copy(&all, &path)?;
    Ok(path)
}

/// With a writer where its stream of chance is given.
fn reads_a_second(
    sql: &mut dyn Sql,
    readers: &mut [Shared],
    writer: Option<usize>,
    rows: u64,
    time: Duration,
) -> Result<f64> {
    let (stop, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let elapsed = std::thread::scope(|scope| {
        let threads: Vec<_> = readers
            .iter_mut()
            .enumerate()
            .map(|(reader, connection)| {
                let (stop, reads) = (&stop, &reads);
                // What goes wrong in a thread is only text outside of it.
                scope.spawn(move || {
                    read(&mut **connection, reader, rows, stop, reads).map_err(|error| error.to_string())
                })
            })
            .collect();
        let start = Instant::now();
        let written = writer.map_or(Ok(()), |round| write_until(sql, rows, round, start + time));
        std::thread::sleep((start + time).saturating_duration_since(Instant::now()));
        stop.store(true, Ordering::Relaxed);
        let elapsed = start.elapsed();
        written?;
        for thread in threads {
            thread.join().map_err(|_| "a reader panicked")??;
        }
        Ok::<_, Box<dyn std::error::Error>>(elapsed)
    })?;
    Ok(reads.load(Ordering::Relaxed) as f64 / elapsed.as_secs_f64())
}

fn read(sql: &mut dyn Sql, reader: usize, rows: u64, stop: &AtomicBool, reads: &AtomicU64) -> Result<()> {
    let (mut random, mut answer) = (stream(reader, 1), Answer::default());
    sql.prepared(POINT, &mut |statement| {
        while !stop.load(Ordering::Relaxed) {
            for _ in 0..READS {
                statement.query(&[Param::Integer(1 + random.below(rows) as i64)], &mut answer)?;
            }
            reads.fetch_add(READS, Ordering::Relaxed);
        }
        Ok(())
    })
}

fn write_until(sql: &mut dyn Sql, rows: u64, round: usize, end: Instant) -> Result<()> {
    let (mut random, mut number) = (stream(round, 2), 0);
    sql.prepared(UPDATE, &mut |statement| {
        while Instant::now() < end {
            number += 1;
            let id = Param::Integer(1 + random.below(rows) as i64);
            statement.execute(&[Param::Integer(1_000_000 + number), id])?;
        }
        Ok(())
    })
}

/// How large the files become while one reader holds its snapshot and another connection commits.
pub fn held_snapshot(bench: &mut Bench) -> Result<()> {
    for engine in bench.sql_engines(0) {
        bench.progress("held-snapshot", 0, engine.name);
        let path = own_copy(bench, "held-snapshot", engine)?;
        let mut sql = engine.sql(&path, &bench.setup)?;
        let Some(reader) = sql.another() else { continue };
        let before = folder_bytes(&path)?;
        let name = engine.name;
        let commits = if bench.options.is_trial() { COMMITS_OF_TRIAL } else { COMMITS };
        hold(&mut *sql, reader?, bench.items.len() as u64, commits, &mut |what: &'static str| {
            let grown = (folder_bytes(&path)? as f64 - before as f64) / f64::from(1 << 20);
            bench.results.add("held-snapshot", name, what, Unit::Mebibytes, grown);
            Ok(())
        })?;
        sql.close()?;
    }
    Ok(())
}

/// Says when the snapshot is still held, and when it is gone and more was committed.
fn hold(
    sql: &mut dyn Sql,
    mut reader: Shared,
    rows: u64,
    commits: usize,
    look: &mut dyn FnMut(&'static str) -> Result<()>,
) -> Result<()> {
    let sum = "SELECT count(*), sum(amount) FROM item";
    let mut seen = [Answer::default(); 2];
    reader.script("BEGIN")?;
    reader.prepared(sum, &mut |statement| {
        statement.query(&[], &mut seen[0])?;
        commit(sql, rows, 0..commits)?;
        look("grown while held")?;
        statement.query(&[], &mut seen[1])
    })?;
    if seen[0] != seen[1] {
        return Err("a snapshot has changed while it was held".into());
    }
    reader.script("COMMIT")?;
    commit(sql, rows, commits..2 * commits)?;
    look("after as many more")
}

fn commit(sql: &mut dyn Sql, rows: u64, numbers: Range<usize>) -> Result<()> {
    let mut random = stream(numbers.start, 3);
    sql.prepared(UPDATE, &mut |statement| {
        for number in numbers.clone() {
            let id = Param::Integer(1 + random.below(rows) as i64);
            statement.execute(&[Param::Integer((1_000_000 + number) as i64), id])?;
        }
        Ok(())
    })
}
