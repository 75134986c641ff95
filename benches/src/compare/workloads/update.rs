//! Durable commits of one statement each, beside the physical floor: an UPDATE by key, an UPDATE
//! that writes 1 KB, an INSERT into a table with two more indexes.

use crate::compare::bench::{Bench, agree, ask};
use crate::compare::data::{CREATE, INSERT, Items, stream};
use crate::compare::engine::{Param, Prepared, Result, Sql};
use crate::compare::turns::{Pace, Side, by_turns};
use crate::floor::Floor;
use crate::statistics::nanoseconds;
use drystone_platform_sim::Random;
use std::time::Instant;

/// Rows of the table.
pub const ROWS: usize = 10_000;
/// Changes one row.
pub const UPDATE: &str = "UPDATE item SET amount = ?1 WHERE id = ?2";
const UPDATE_TEXT: &str = "UPDATE item SET note = ?1 WHERE id = ?2";
/// Two more indexes, as [`INDEXED`] wants them.
const INDEXES: &str =
    "CREATE INDEX item_name ON item (name); CREATE INDEX item_bucket ON item (bucket, amount)";
const CHECK: &str = "SELECT id, name, bucket, amount, note FROM item";
/// Above all amounts that are there at first.
const AMOUNT: usize = 1_000_000;
const IN_MEMORY: Pace = Pace { turns: 4, operations: 5_000 };
const ON_DISK: Pace = Pace { turns: 80, operations: 50 };

enum Open {
    Engine(Box<dyn Sql>),
    Floor(Floor),
}

/// One statement to be timed: which number it is of all, and a stream of chance. Nanoseconds.
type Commit<'a> = &'a dyn Fn(&mut dyn Prepared, usize, &mut Random) -> Result<u64>;

/// An UPDATE of a number.
pub fn number(bench: &mut Bench) -> Result<()> {
    run(bench, "update", "", UPDATE, &update)
}

/// An UPDATE of a text of 1 KB.
pub fn kilobyte(bench: &mut Bench) -> Result<()> {
    run(bench, "update-1k", "", UPDATE_TEXT, &|statement, number, random| {
        let text = format!("{number:>1024}");
        let id = Param::Integer(1 + random.below(ROWS as u64) as i64);
        timed(statement, &[Param::Text(&text), id])
    })
}

/// An INSERT that changes three trees.
pub fn indexed(bench: &mut Bench) -> Result<()> {
    let pace = pace(bench);
    let items = Items::new(ROWS + bench.options.rounds * pace.turns * pace.operations);
    run(bench, "insert-indexed", INDEXES, INSERT, &|statement, number, _| {
        timed(statement, &items.params(ROWS + number))
    })
}

fn pace(bench: &Bench) -> Pace {
    if bench.in_memory() { IN_MEMORY } else { ON_DISK }
}

fn run(
    bench: &mut Bench,
    workload: &'static str,
    more: &str,
    statement: &str,
    commit: Commit<'_>,
) -> Result<()> {
    let mut sides = Vec::new();
    for engine in bench.sql_engines(0) {
        let mut sql = engine.sql(&bench.fresh(workload, engine)?, &bench.setup)?;
        fill(&bench.items, &mut *sql)?;
        sql.script(more)?;
        sides.push(Side { name: engine.name, open: Open::Engine(sql) });
    }
    check(&mut sides)?;
    sides.push(Side { name: "floor", open: Open::Floor(Floor::new(bench.folder())?) });
    let pace = pace(bench);
    by_turns(bench, workload, &mut sides, pace, |open, turn| match open {
        Open::Engine(sql) => {
            let first = (turn.round * pace.turns + turn.number) * turn.operations;
            let mut random = stream(turn.round, turn.number);
            sql.prepared(statement, &mut |statement| {
                for number in first..first + turn.operations {
                    turn.times.push(commit(statement, number, &mut random)?);
                }
                Ok(())
            })
        }
        Open::Floor(floor) => {
            for _ in 0..turn.operations {
                turn.times.push(floor.write()?);
            }
            Ok(())
        }
    })?;
    check(&mut sides)
}

/// A small table of [`ROWS`] rows.
pub fn fill(items: &Items, sql: &mut dyn Sql) -> Result<()> {
    sql.script(CREATE)?;
    sql.prepared(INSERT, &mut |statement| {
        statement.control("BEGIN")?;
        for number in 0..ROWS {
            statement.execute(&items.params(number))?;
        }
        statement.control("COMMIT")
    })
}

fn check(sides: &mut [Side<Open>]) -> Result<()> {
    let mut answers = Vec::new();
    for side in sides {
        if let Open::Engine(sql) = &mut side.open {
            answers.push((side.name, ask(&mut **sql, CHECK)?));
        }
    }
    agree("the table that is changed", &answers)
}

/// A timed [`UPDATE`] of a random row.
pub fn update(statement: &mut dyn Prepared, number: usize, random: &mut Random) -> Result<u64> {
    // Never what is there: an engine may leave out a write that changes nothing.
    let amount = Param::Integer((AMOUNT + number) as i64);
    timed(statement, &[amount, Param::Integer(1 + random.below(ROWS as u64) as i64)])
}

fn timed(statement: &mut dyn Prepared, params: &[Param<'_>]) -> Result<u64> {
    let start = Instant::now();
    let changed = statement.execute(params)?;
    let time = nanoseconds(start);
    if changed == 1 { Ok(time) } else { Err(format!("{changed} rows were changed, not one").into()) }
}
