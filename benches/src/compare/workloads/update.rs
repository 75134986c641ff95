//! A durable UPDATE of one row by its key, each a transaction of its own. Beside it the physical
//! floor.

use crate::compare::bench::{Bench, agree, ask};
use crate::compare::data::{CREATE, INSERT, Items, stream};
use crate::compare::engine::{Param, Result, Sql};
use crate::compare::turns::{Pace, Side, by_turns};
use crate::floor::Floor;
use crate::statistics::nanoseconds;
use drystone_platform_sim::Random;
use std::time::Instant;

/// Rows of the table.
pub const ROWS: usize = 10_000;
/// Changes one row.
pub const UPDATE: &str = "UPDATE item SET amount = ?1 WHERE id = ?2";
const CHECK: &str = "SELECT id, name, bucket, amount, note FROM item";
/// Above all amounts that are there at first.
const AMOUNT: usize = 1_000_000;
const IN_MEMORY: Pace = Pace { turns: 4, operations: 5_000 };
const ON_DISK: Pace = Pace { turns: 80, operations: 50 };

enum Open {
    Engine(Box<dyn Sql>),
    Floor(Floor),
}

/// The workload.
pub fn run(bench: &mut Bench) -> Result<()> {
    let mut sides = Vec::new();
    for engine in bench.sql_engines(0) {
        let mut sql = engine.sql(&bench.fresh("update", engine)?, &bench.setup)?;
        fill(&bench.items, &mut *sql)?;
        sides.push(Side { name: engine.name, open: Open::Engine(sql) });
    }
    check(&mut sides)?;
    sides.push(Side { name: "floor", open: Open::Floor(Floor::new(bench.folder())?) });
    let pace = if bench.in_memory() { IN_MEMORY } else { ON_DISK };
    by_turns(bench, "update", &mut sides, pace, |open, turn| match open {
        Open::Engine(sql) => {
            let first = (turn.round * pace.turns + turn.number) * pace.operations;
            let random = stream(turn.round, turn.number);
            updates(&mut **sql, random, first, turn.operations, &mut turn.times)
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
    agree("the table of update", &answers)
}

/// Timed updates of random rows. No two of the same table have the same `first + n`.
pub fn updates(
    sql: &mut dyn Sql,
    mut random: Random,
    first: usize,
    count: usize,
    times: &mut Vec<u64>,
) -> Result<()> {
    sql.prepared(UPDATE, &mut |statement| {
        for number in first..first + count {
            // Never what is there: an engine may leave out a write that changes nothing.
            let amount = (AMOUNT + number) as i64;
            let params = [Param::Integer(amount), Param::Integer(1 + random.below(ROWS as u64) as i64)];
            let start = Instant::now();
            let changed = statement.execute(&params)?;
            times.push(nanoseconds(start));
            if changed != 1 {
                return Err(format!("{changed} rows were changed, not one").into());
            }
        }
        Ok(())
    })
}
