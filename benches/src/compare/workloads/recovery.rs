//! Opening after a kill, with a log that is nearly full.
//!
//! A process of its own fills the database, then puts 40 bytes under random keys, 1,000 in a
//! transaction, with automatic checkpoints off, until its log holds 60 MiB; then it is killed. What
//! it leaves is copied for each round, and the copy opened, while the system has it in its cache.

use super::size::copy;
use crate::compare::bench::Bench;
use crate::compare::data::{entries, key, stream, value};
use crate::compare::engine::{KeyValue, Result, Setup};
use crate::compare::engines::{CORE, Core};
use crate::compare::results::Unit;
use drystone_core::{Options, View};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const RING: u64 = 64 << 20;
const FILLED: u64 = 60 << 20;
/// Puts of a transaction.
const PUTS: usize = 1000;
const READY: &str = "ready";

/// The workload.
pub fn run(bench: &mut Bench) -> Result<()> {
    let Some(engine) = bench.key_value_engines(0).into_iter().find(|engine| engine.name == CORE) else {
        return Ok(());
    };
    let killed = bench.fresh("killed", engine)?;
    killed_child(&killed, bench.options.rows)?;
    for round in 0..bench.options.rounds {
        bench.progress("reopen", round, CORE);
        let path = bench.fresh("reopen", engine)?;
        copy(&killed, &path)?;
        bench.settle()?;
        let start = Instant::now();
        let core = Core::open(&path, &bench.setup, Options::default())?;
        let ms = start.elapsed().as_secs_f64() * 1000.0;
        bench.results.add("reopen", CORE, "time", Unit::Milliseconds, ms);
        let bytes = core.db.stats().recovery.bytes as f64;
        bench.results.add("reopen", CORE, "log", Unit::Mebibytes, bytes / f64::from(1 << 20));
        let entries = core.db.read()?.count(core.tree)?;
        if entries != bench.options.rows as u64 {
            return Err(format!("{entries} entries are left after the kill").into());
        }
    }
    Ok(())
}

/// Has another process fill the folder, and kills it.
fn killed_child(folder: &Path, rows: usize) -> Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["compare-part", "fill-log"])
        .arg(folder)
        .arg(rows.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    child.kill()?;
    child.wait()?;
    if line.trim() == READY { Ok(()) } else { Err("the process that fills the log failed".into()) }
}

/// What that process does: fills the log, says so, and waits to be killed.
///
/// # Errors
/// What goes wrong in the engine.
pub fn fill_log(folder: &Path, rows: usize) -> Result<()> {
    let options =
        Options { ring_len: RING, ring_len_max: RING, checkpoint_auto: false, ..Options::default() };
    let mut core = Core::open(folder, &Setup::default(), options)?;
    core.put(&mut entries(rows))?;
    core.db.checkpoint()?;
    let mut random = stream(0, 0);
    while core.db.stats().ring_filled < FILLED {
        let mut puts = (0..PUTS).map(|_| (key(random.below(rows as u64)), value(&mut random)));
        core.put(&mut puts)?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{READY}")?;
    out.flush()?;
    loop {
        std::thread::park();
    }
}
