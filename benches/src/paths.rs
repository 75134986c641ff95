//! The hottest paths, one operation each, to be counted or profiled alone.
//!
//! | path | one operation |
//! |---|---|
//! | `core-get` | a get by key, 20,000 entries |
//! | `core-range` | 100 entries from a key on |
//! | `core-insert` | a put of a new, ascending key, inside one transaction |
//! | `core-commit` | a durable put under an existing key |
//! | `sql-point` | SELECT 3 columns by key, 5,000 rows |
//! | `sql-range` | SELECT 3 columns of 100 rows by key |
//! | `sql-update` | a durable UPDATE by key |
//! | `sql-insert` | an INSERT inside one transaction |
//! | `sql-sum` | SUM over 100 rows by key |
//! | `sql-group` | GROUP BY over 100 rows by key |
//!
//! What is counted runs inside [`measured`], which is never inlined, so that a profiler can be told
//! to look at nothing else: `valgrind --tool=callgrind '--toggle-collect=*paths::measured*'
//! drystone-benches path NAME DIR [ENGINE]`.

use crate::compare::data::{CREATE, INSERT, Items, entries, key, stream, value};
use crate::compare::engine::{Answer, Engine, Param, Result, Setup, Sql};
use crate::compare::engines::{CORE, DRYSTONE, ENGINES};
use crate::compare::workloads::{POINT, RANGE, UPDATE};
use std::path::Path;

/// Operations that are run before it counts.
const WARM: u64 = 100;
/// Operations that count.
pub const COUNT: u64 = 500;
const ENTRIES: usize = 20_000;
const ROWS: usize = 5_000;
const SUM: &str = "SELECT sum(amount) FROM item WHERE id BETWEEN ?1 AND ?2";
const GROUP: &str =
    "SELECT bucket, count(*), sum(amount) FROM item WHERE id BETWEEN ?1 AND ?2 GROUP BY bucket";

/// The names of all paths.
pub const PATHS: [&str; 10] = [
    "core-get",
    "core-range",
    "core-insert",
    "core-commit",
    "sql-point",
    "sql-range",
    "sql-update",
    "sql-insert",
    "sql-sum",
    "sql-group",
];

type Operation<'a> = &'a mut dyn FnMut(u64) -> Result<()>;

/// Runs operations; what a profiler is told to look at.
#[inline(never)]
fn measured(first: u64, count: u64, operation: Operation<'_>) -> Result<()> {
    for number in first..first + count {
        operation(number)?;
    }
    Ok(())
}

/// Runs operations, at first some that do not count.
fn warm_and_measure(operation: Operation<'_>) -> Result<()> {
    for number in 0..WARM {
        operation(number)?;
    }
    measured(WARM, COUNT, operation)
}

/// Runs one path in a new folder; of another engine than Drystone for comparison.
///
/// # Errors
/// An unknown name, and what goes wrong in the engine.
pub fn run(name: &str, folder: &Path, engine: Option<&str>) -> Result<()> {
    let engine_of = |ours: &str| {
        let wanted = engine.unwrap_or(ours);
        ENGINES.iter().copied().find(|engine| engine.name == wanted).ok_or("there is no such engine")
    };
    match name.split_once('-') {
        Some(("core", what)) => core(what, folder, engine_of(CORE)?),
        Some(("sql", what)) => sql(what, folder, engine_of(DRYSTONE)?),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Box<dyn std::error::Error> {
    format!("there is no path {name}; there are {}", PATHS.join(", ")).into()
}

fn core(what: &str, folder: &Path, engine: &Engine) -> Result<()> {
    let mut store = engine.key_value(folder, &Setup::default())?;
    store.put(&mut entries(ENTRIES))?;
    let (mut random, mut answer, rows) = (stream(0, 0), Answer::default(), ENTRIES as u64);
    match what {
        "get" => store
            .read(&mut |reader| warm_and_measure(&mut |_| reader.get(key(random.below(rows)), &mut answer))),
        "range" => store.read(&mut |reader| {
            warm_and_measure(&mut |_| reader.range(key(random.below(rows - 100)), 100, &mut answer))
        }),
        // The engine draws the entries itself, so all of them are one operation that counts.
        "insert" => {
            let mut new = (0..COUNT).map(|number| (key(rows + number), value(&mut random)));
            measured(0, 1, &mut |_| store.put(&mut new))
        }
        "commit" => warm_and_measure(&mut |_| {
            let entry = (key(random.below(rows)), value(&mut random));
            store.put(&mut std::iter::once(entry))
        }),
        _ => Err(unknown(what)),
    }
}

fn sql(what: &str, folder: &Path, engine: &Engine) -> Result<()> {
    let mut sql = engine.sql(folder, &Setup::default())?;
    let (rows, items) = (ROWS, Items::new(ROWS + (WARM + COUNT) as usize));
    load(&mut *sql, &items, rows)?;
    let mut random = stream(0, 0);
    let (query, width) = match what {
        "point" => (POINT, 1),
        "range" => (RANGE, 100),
        "sum" => (SUM, 100),
        "group" => (GROUP, 100),
        "update" => {
            return sql.prepared(UPDATE, &mut |statement| {
                warm_and_measure(&mut |number| {
                    let id = 1 + random.below(rows as u64) as i64;
                    statement.execute(&[Param::Integer(1_000_000 + number as i64), Param::Integer(id)])?;
                    Ok(())
                })
            });
        }
        "insert" => {
            return sql.prepared(INSERT, &mut |statement| {
                statement.control("BEGIN")?;
                warm_and_measure(&mut |number| {
                    statement.execute(&items.params(rows + number as usize))?;
                    Ok(())
                })
            });
        }
        _ => return Err(unknown(what)),
    };
    let mut answer = Answer::default();
    sql.prepared(query, &mut |statement| {
        warm_and_measure(&mut |_| {
            let first = 1 + random.below((rows - width) as u64) as i64;
            let params = [Param::Integer(first), Param::Integer(first + width as i64 - 1)];
            statement.query(if width == 1 { &params[..1] } else { &params }, &mut answer)
        })
    })
}

fn load(sql: &mut dyn Sql, items: &Items, rows: usize) -> Result<()> {
    sql.script(CREATE)?;
    sql.prepared(INSERT, &mut |statement| {
        statement.control("BEGIN")?;
        for number in 0..rows {
            statement.execute(&items.params(number))?;
        }
        statement.control("COMMIT")
    })
}
