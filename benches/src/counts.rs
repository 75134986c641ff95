//! What does not depend on the machine is counted and kept in `benches/counts.txt`; a change that
//! makes one of the counts grow must store the new one, so that somebody sees it.
//!
//! | count | may grow by |
//! |---|---|
//! | instructions of an operation of each of the hottest `paths`, by callgrind | 5 % |
//! | flushes and bytes written of a durable commit, checkpoints included | 5 % |
//! | peak memory of loads, MiB | 20 % |
//! | bytes read and written by the recovery of a full log | 20 % |

use crate::compare::data::{entries, key, stream, value};
use crate::compare::engine::{KeyValue, Result, Setup};
use crate::compare::engines::{CORE, Core, DRYSTONE};
use crate::compare::workloads::copy_files;
use crate::folder::Folder;
use crate::paths::{self, PATHS};
use drystone_core::{Options, Platform};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");
const HEAD: &str = "# Checked by `drystone-benches counts`, written by `drystone-benches counts --store`.\n";
const TIGHT: f64 = 0.05;
const LOOSE: f64 = 0.2;
const ENTRIES: usize = 10_000;
const COMMITS: usize = 5_000;
const RING: u64 = 8 << 20;
const FILLED: u64 = 7 << 20;
/// Puts of a transaction that fills the log.
const PUTS: usize = 1000;
/// Rows of a load whose memory is looked at.
pub const LOADED: usize = 200_000;

struct Count {
    name: String,
    value: f64,
    slack: f64,
}

/// Counts everything in a new folder inside `dir` and compares with what is stored, or stores it;
/// whether nothing has grown too far.
///
/// # Errors
/// What keeps it from counting.
pub fn run(dir: &Path, is_store: bool, out: &mut impl Write) -> Result<bool> {
    let folder = Folder::new(dir, "counts")?;
    let mut counts = Vec::new();
    if is_there("valgrind") {
        for path in PATHS {
            let value = instructions(path, &folder)?;
            counts.push(Count { name: format!("{path} instructions"), value, slack: TIGHT });
        }
    } else {
        writeln!(out, "skipped: valgrind is not there, so no instructions were counted")?;
    }
    commits(folder.path(), &mut counts)?;
    recovery(folder.path(), &mut counts)?;
    for engine in [DRYSTONE, CORE] {
        counts.push(Count {
            name: format!("{engine} load MiB"),
            value: memory(engine, &folder)?,
            slack: LOOSE,
        });
    }
    if is_store {
        let lines: String =
            counts.iter().map(|count| format!("{} {:.2}\n", count.name, count.value)).collect();
        std::fs::write(STORED, HEAD.to_owned() + &lines)?;
        writeln!(out, "{} counts stored", counts.len())?;
        return Ok(true);
    }
    compare(&counts, &std::fs::read_to_string(STORED)?, out)
}

/// Whether no count is above the stored one by more than its slack.
fn compare(counts: &[Count], stored: &str, out: &mut impl Write) -> Result<bool> {
    let mut ok = true;
    for Count { name, value, slack } in counts {
        let line = stored.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        let Some(known) = line.and_then(|text| text.parse::<f64>().ok()) else {
            writeln!(out, "{name} {value:.2}: not stored")?;
            ok = false;
            continue;
        };
        let grown = if known > 0.0 { value / known - 1.0 } else { *value };
        let verdict = match grown {
            grown if grown > *slack => "GROWN",
            grown if grown < -slack => "less; store it",
            _ => "ok",
        };
        writeln!(out, "{name:<28} {value:>12.2} {:>+6.1} %  {verdict}", grown * 100.0)?;
        ok &= grown <= *slack;
    }
    Ok(ok)
}

fn is_there(program: &str) -> bool {
    let status = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Instructions of one operation of a path.
fn instructions(path: &str, folder: &Folder) -> Result<f64> {
    let counted = folder.path().join("callgrind");
    let output = Command::new("valgrind")
        .args(["-q", "--tool=callgrind", "--toggle-collect=*paths::measured*"])
        .arg(format!("--callgrind-out-file={}", counted.display()))
        .arg(std::env::current_exe()?)
        .args(["path", path])
        .arg(folder.path())
        .output()?;
    if !output.status.success() {
        return Err(format!("{path} under valgrind: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = std::fs::read_to_string(counted)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse::<u64>().ok());
    let total = total.filter(|total| *total > 0).ok_or_else(|| format!("nothing was counted of {path}"))?;
    Ok(total as f64 / paths::COUNT as f64)
}

/// What durable commits of one put each cost the devices.
fn commits(folder: &Path, counts: &mut Vec<Count>) -> Result<()> {
    let folder = folder.join("commits");
    std::fs::create_dir(&folder)?;
    let mut core = Core::open(&folder, &Setup::default(), Options::default())?;
    core.put(&mut entries(ENTRIES))?;
    let devices = |core: &Core| {
        let (data, log) = (core.db.platform().data(), core.db.platform().log());
        [data.flushes() + log.flushes(), data.written_bytes() + log.written_bytes()]
    };
    let (before, mut random) = (devices(&core), stream(0, 0));
    for _ in 0..COMMITS {
        let entry = (key(random.below(ENTRIES as u64)), value(&mut random));
        core.put(&mut std::iter::once(entry))?;
    }
    for ((name, after), before) in
        ["commit flushes", "commit bytes"].into_iter().zip(devices(&core)).zip(before)
    {
        let value = (after - before) as f64 / COMMITS as f64;
        counts.push(Count { name: name.to_owned(), value, slack: TIGHT });
    }
    Ok(())
}

/// What the recovery of a full log reads and writes: of a copy made while the original is open.
fn recovery(folder: &Path, counts: &mut Vec<Count>) -> Result<()> {
    let (original, copy) = (folder.join("original"), folder.join("copy"));
    std::fs::create_dir(&original)?;
    std::fs::create_dir(&copy)?;
    let options =
        Options { ring_len: RING, ring_len_max: RING, checkpoint_auto: false, ..Options::default() };
    let mut core = Core::open(&original, &Setup::default(), options)?;
    core.put(&mut entries(ENTRIES))?;
    core.db.checkpoint()?;
    let mut random = stream(0, 0);
    while core.db.stats().ring_filled < FILLED {
        core.put(&mut (0..PUTS).map(|_| (key(random.below(ENTRIES as u64)), value(&mut random))))?;
    }
    copy_files(&original, &copy)?;
    let recovered = Core::open(&copy, &Setup::default(), Options::default())?;
    let (data, log) = (recovered.db.platform().data(), recovered.db.platform().log());
    for (name, bytes) in [
        ("recovery read MiB", data.read_bytes() + log.read_bytes()),
        ("recovery written MiB", data.written_bytes() + log.written_bytes()),
    ] {
        counts.push(Count { name: name.to_owned(), value: bytes as f64 / f64::from(1 << 20), slack: LOOSE });
    }
    Ok(())
}

/// Peak memory of a process that loads [`LOADED`] rows, MiB.
fn memory(engine: &str, folder: &Folder) -> Result<f64> {
    let path = folder.path().join(engine);
    std::fs::create_dir(&path)?;
    let output =
        Command::new(std::env::current_exe()?).args(["compare-part", "load", engine]).arg(path).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let bytes = text.trim().parse::<u64>().map_err(|_| format!("the load of {engine} said {text:?}"))?;
    Ok(bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::{Count, compare};

    #[test]
    fn growth_is_found() {
        let count = |value: f64| [Count { name: "path instructions".to_owned(), value, slack: 0.05 }];
        let verdict = |value, stored: &str| compare(&count(value), stored, &mut Vec::new()).unwrap();
        let stored = "# head\npath instructions 100.00\npath 3\n";
        assert!(verdict(104.0, stored) && verdict(50.0, stored));
        assert!(!verdict(106.0, stored) && !verdict(100.0, "path 100.00\n"));
    }
}
