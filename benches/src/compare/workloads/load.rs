//! The memory a load takes, in a process of its own: the most that is resident at any time.

use crate::compare::bench::Bench;
use crate::compare::data::{CREATE, INSERT, Items, entries};
use crate::compare::engine::{Open, Param, Result, Setup};
use crate::compare::engines::ENGINES;
use crate::compare::results::Unit;
use crate::process::peak_memory;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The workload: as many rows as the others have.
pub fn run(bench: &mut Bench) -> Result<()> {
    for engine in bench.sql_engines(0).into_iter().chain(bench.key_value_engines(0)) {
        bench.progress("memory", 0, engine.name);
        let path = bench.fresh("memory", engine)?;
        let output = Command::new(std::env::current_exe()?)
            .args(["compare-part", "load", engine.name])
            .arg(path)
            .arg(bench.options.rows.to_string())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let bytes = text.trim().parse::<u64>().map_err(|_| format!("{} said {text:?}", engine.name))?;
        bench.results.add("memory", engine.name, "peak", Unit::Mebibytes, bytes as f64 / f64::from(1 << 20));
    }
    Ok(())
}

/// What the other process does: makes each row when it is needed, inserts all in one transaction,
/// and prints the bytes.
///
/// # Errors
/// What goes wrong in the engine.
pub fn load(engine: &str, folder: &Path, rows: usize) -> Result<()> {
    let engine = ENGINES.iter().find(|known| known.name == engine).ok_or("there is no such engine")?;
    match engine.open {
        Open::Sql(open) => {
            let mut sql = open(folder, &Setup::default())?;
            sql.script(CREATE)?;
            // The same few rows again and again: what they take is nothing beside the load.
            let items = Items::new(1000);
            sql.prepared(INSERT, &mut |statement| {
                statement.control("BEGIN")?;
                for number in 0..rows {
                    let mut params = items.params(number % items.len());
                    params[0] = Param::Integer(number as i64 + 1);
                    statement.execute(&params)?;
                }
                statement.control("COMMIT")
            })?;
            sql.close()?;
        }
        Open::KeyValue(open) => {
            let mut store = open(folder, &Setup::default())?;
            store.put(&mut entries(rows))?;
            store.close()?;
        }
    }
    writeln!(std::io::stdout(), "{}", peak_memory()?)?;
    Ok(())
}
