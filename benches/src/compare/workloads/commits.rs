//! How many flushes a durable commit takes, and how many bytes it writes: counted, so that nobody
//! has to believe an engine's settings.
//!
//! A process of its own commits a while under `strace`, which sees every call that flushes: `fsync`,
//! `fdatasync`, `msync`, and any write to a file that was opened to be written through (LMDB's meta
//! page is). What the calls before and after the commits do does not count: the process looks for
//! files that are not there at the beginning and at the end.

use super::update;
use crate::compare::bench::Bench;
use crate::compare::data::{Items, key, stream, value};
use crate::compare::engine::{Engine, Open, Result, Setup};
use crate::compare::engines::ENGINES;
use crate::compare::results::Unit;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

const COMMITS: usize = 500;
const CALLS: &str = "trace=open,openat,close,statx,fsync,fdatasync,msync,write,writev,pwrite64,pwritev,pwritev2,io_uring_enter";
const BEGIN: &str = "/drystone-begin";
const END: &str = "/drystone-end";
const ENTRIES: u64 = 10_000;

/// The workload.
pub fn run(bench: &mut Bench) -> Result<()> {
    let is_there = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        bench.remark("commits", "strace is not there: flushes were not counted");
        return Ok(());
    }
    for engine in bench.sql_engines(0).into_iter().chain(bench.key_value_engines(0)) {
        bench.progress("commits", 0, engine.name);
        let folder = bench.fresh("commits", engine)?;
        let trace = bench.folder().join("strace");
        let status = Command::new("strace")
            .args(["-f", "-qq", "-e", CALLS, "-o"])
            .arg(&trace)
            .arg(std::env::current_exe()?)
            .args(["compare-part", "commit", engine.name])
            .arg(&folder)
            .status()?;
        if !status.success() {
            return Err(format!("{} failed under strace", engine.name).into());
        }
        let counted = count(&std::fs::read_to_string(&trace)?);
        if !counted.ended {
            return Err("strace did not show the commits".into());
        }
        let commits = COMMITS as f64;
        bench.results.add("commits", engine.name, "flushes", Unit::Number, counted.flushes as f64 / commits);
        bench.results.add("commits", engine.name, "writes", Unit::Number, counted.writes as f64 / commits);
        bench.results.add("commits", engine.name, "bytes", Unit::Number, counted.bytes as f64 / commits);
    }
    Ok(())
}

/// What the other process does.
///
/// # Errors
/// What goes wrong in the engine.
pub fn commit(engine: &str, folder: &Path) -> Result<()> {
    let engine = ENGINES.iter().find(|known| known.name == engine);
    let engine: &Engine = engine.ok_or("there is no such engine")?;
    match engine.open {
        Open::Sql(open) => {
            let mut sql = open(folder, &Setup::default())?;
            update::fill(&Items::new(update::ROWS), &mut *sql)?;
            mark(BEGIN);
            let mut random = stream(0, 0);
            sql.prepared(update::UPDATE, &mut |statement| {
                for number in 0..COMMITS {
                    update::update(statement, number, &mut random)?;
                }
                Ok(())
            })?;
            mark(END);
        }
        Open::KeyValue(open) => {
            let mut random = stream(0, 0);
            let mut store = open(folder, &Setup::default())?;
            store.put(&mut (0..ENTRIES).map(|number| (key(number), [0; 40])))?;
            mark(BEGIN);
            for _ in 0..COMMITS {
                let entry = (key(random.below(ENTRIES)), value(&mut random));
                store.put(&mut std::iter::once(entry))?;
            }
            mark(END);
        }
    }
    Ok(())
}

/// Does something that is seen in a trace, and nothing else.
fn mark(name: &str) {
    // There is no such file; that it was looked for is all that matters.
    let _ = std::fs::metadata(name);
}

#[derive(Default)]
struct Counted {
    flushes: u64,
    writes: u64,
    bytes: u64,
    ended: bool,
}

/// Counts in what `strace -f` has written.
fn count(trace: &str) -> Counted {
    let (mut counted, mut is_counting, mut through) = (Counted::default(), false, BTreeSet::new());
    for line in trace.lines().filter(|line| !line.contains("<unfinished")) {
        // `123 fdatasync(4) = 0`, or `123 <... fdatasync resumed>) = 0`
        let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
        let call = call.strip_prefix("<... ").unwrap_or(call);
        let name = call.split(['(', ' ']).next().unwrap_or_default();
        let result = line.rsplit("= ").next().and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        let file = call.split(['(', ',', ')']).nth(1).and_then(|file| file.parse::<u64>().ok());
        match name {
            "statx" if line.contains(BEGIN) => is_counting = true,
            "statx" if line.contains(END) => (is_counting, counted.ended) = (false, true),
            "open" | "openat" if line.contains("O_DSYNC") || line.contains("O_SYNC") => {
                through.extend(result)
            }
            "close" => _ = file.is_some_and(|file| through.remove(&file)),
            "fsync" | "fdatasync" | "msync" if is_counting => counted.flushes += 1,
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" if is_counting => {
                counted.writes += 1;
                counted.bytes += result.unwrap_or(0);
                let is_through = file.is_some_and(|file| through.contains(&file));
                counted.flushes += u64::from(is_through || line.contains("RWF_DSYNC"));
            }
            _ => {}
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    #[test]
    fn calls_between_the_marks_are_counted() {
        let counted = super::count(
            "7 openat(AT_FDCWD, \"data.mdb\", O_RDWR|O_DSYNC|O_CLOEXEC, 0600) = 5\n\
             7 open(\"/proc/self/fd/4\", O_WRONLY|O_SYNC) = 6\n\
             7 fdatasync(4)                      = 0\n\
             7 statx(AT_FDCWD, \"/drystone-begin\", 0, 0xfff, 0x7f) = -1 ENOENT (No such file or directory)\n\
             7 pwrite64(4, \"...\"..., 4096, 0)    = 4096\n\
             7 fdatasync(4 <unfinished ...>\n\
             8 pwrite64(5, \"= 9\"..., 120, 16)    = 120\n\
             7 <... fdatasync resumed>)          = 0\n\
             7 pwrite64(6, \"...\"..., 192, 0)     = 192\n\
             7 statx(AT_FDCWD, \"/drystone-end\", 0, 0xfff, 0x7f) = -1 ENOENT (No such file or directory)\n\
             7 fsync(4)                          = 0\n",
        );
        assert_eq!((counted.flushes, counted.writes, counted.bytes, counted.ended), (3, 3, 4408, true));
    }
}
