//! Reads by key through SQL, every page in the cache: single rows, and ranges of 100.

use super::insert;
use crate::compare::bench::{Bench, agree, ask};
use crate::compare::data::stream;
use crate::compare::engine::{Engine, Param, Result, Sql};
use crate::compare::turns::{Pace, Side, by_turns};
use crate::statistics::nanoseconds;
use std::time::Instant;

const ALL: &str = "SELECT id, name, bucket, amount, note FROM item";
/// Reads one row.
pub const POINT: &str = "SELECT name, bucket, amount FROM item WHERE id = ?1";
/// Reads a range of rows.
pub const RANGE: &str = "SELECT id, name, amount FROM item WHERE id BETWEEN ?1 AND ?2";
/// Rows of a range.
const WIDTH: usize = 100;

/// Single rows.
pub fn point(bench: &mut Bench) -> Result<()> {
    run(bench, "point", POINT, 1, Pace { turns: 4, operations: 25_000 })
}

/// Single rows, with whatever cache there is now.
pub fn point_in_little(bench: &mut Bench) -> Result<()> {
    run(bench, "point-in-little", POINT, 1, Pace { turns: 4, operations: 5_000 })
}

/// Ranges.
pub fn range(bench: &mut Bench) -> Result<()> {
    run(bench, "range", RANGE, WIDTH, Pace { turns: 4, operations: 2_500 })
}

/// These engines with all rows, every page read once.
pub fn open_loaded(bench: &mut Bench, engines: Vec<&'static Engine>) -> Result<Vec<Side<Box<dyn Sql>>>> {
    let (mut sides, mut answers) = (Vec::new(), Vec::new());
    for engine in engines {
        let path = insert::loaded(bench, engine)?;
        let mut open = engine.sql(&path, &bench.setup)?;
        answers.push((engine.name, ask(&mut *open, ALL)?));
        sides.push(Side { name: engine.name, open });
    }
    agree("the table of all rows", &answers)?;
    Ok(sides)
}

fn run(bench: &mut Bench, workload: &'static str, query: &str, width: usize, pace: Pace) -> Result<()> {
    let engines = bench.sql_engines(0);
    let mut sides = open_loaded(bench, engines)?;
    let starts = (bench.items.len() - width + 1) as u64;
    by_turns(bench, workload, &mut sides, pace, |sql, turn| {
        let mut random = stream(turn.round, turn.number);
        sql.prepared(query, &mut |statement| {
            for _ in 0..turn.operations {
                let first = 1 + random.below(starts) as i64;
                let params = [Param::Integer(first), Param::Integer(first + width as i64 - 1)];
                let params = if width == 1 { &params[..1] } else { &params };
                let before = turn.answer.rows;
                let start = Instant::now();
                statement.query(params, &mut turn.answer)?;
                turn.times.push(nanoseconds(start));
                if turn.answer.rows - before != width as u64 {
                    return Err("a wrong number of rows was read".into());
                }
            }
            Ok(())
        })
    })
}
