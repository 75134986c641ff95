//! The commit gate: what a durable commit costs, as a multiple of the floor under it.
//!
//! | side | timed |
//! |---|---|
//! | commit | begin a write transaction, put a 40-byte value under a random one of the keys, commit; with whatever a checkpoint takes inside it |
//! | floor | overwrite the next 4 KiB of a zero-written 1 MiB file in the same directory, `fdatasync` |
//!
//! One of each by turns, so that both meet the same machine; ratios are taken in each round, the
//! median of the rounds counts.
//!
//! Flushes of the log and allocations are counted in every timed commit. A checkpoint's share comes
//! after the commit's own flush and always writes to or flushes the data device. So of a commit in
//! which that happened, all flushes but one and all allocations are the checkpoint's and are
//! counted apart; in every other one everything is the commit's.

use crate::counted::CountedPlatform;
use crate::sys::allocations;
use drystone::memory::{HeapMemory, MemoryOptions};
use drystone_core::{Database, Options, Platform, TreeId, Value, View};
use drystone_platform_sim::Random;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Entries of the tree; their keys are the numbers below, 8 bytes, big-endian.
const ENTRIES: u64 = 10_000;
/// Bytes of a value.
const VALUE: usize = 40;
/// Bytes of the floor's file and of one write to it.
const FLOOR_FILE: usize = 1 << 20;
const FLOOR_WRITE: usize = 4096;
/// Rounds, and pairs in each.
const ROUNDS: usize = 5;
const PAIRS_MEMORY: usize = 20_000;
const PAIRS_DISK: usize = 1_000;
/// Most p50 of commits in memory, and most p95 on disk, over the floor's.
const BAR_MEMORY: f64 = 2.0;
const BAR_DISK: f64 = 1.15;
/// `f_type` of tmpfs and ramfs, from `statfs(2)`.
const MEMORY_TYPES: [u64; 2] = [0x0102_1994, 0x8584_58F6];
const SEED: u64 = 1;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Db = Database<CountedPlatform, HeapMemory<CountedPlatform>>;

/// Runs the gate in a new folder inside `dir`, which is removed afterwards, and prints what it
/// finds; whether the bars, times `slack`, are met.
///
/// # Errors
/// Whatever kept it from measuring, and a database that is not right afterwards.
pub fn run(dir: &Path, slack: f64, out: &mut impl Write) -> Result<bool> {
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let in_memory = MEMORY_TYPES.contains(&(rustix::fs::statfs(dir)?.f_type as u64));
    let folder = Folder::new(dir)?;
    let mut bench = Bench::new(&folder.0)?;
    let pairs = if in_memory { PAIRS_MEMORY } else { PAIRS_DISK };
    writeln!(out, "{ROUNDS} rounds of {pairs} pairs, seed {SEED}")?;
    let mut ratios = [Vec::new(), Vec::new()];
    for round in 1..=ROUNDS {
        let (mut commits, mut floors) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
        for _ in 0..pairs {
            commits.push(bench.commit()?);
            floors.push(bench.floor()?);
        }
        commits.sort_unstable();
        floors.sort_unstable();
        write!(out, "round {round}:")?;
        for (percent, ratios) in [50, 95].into_iter().zip(&mut ratios) {
            let (commit, floor) = (percentile(&commits, percent), percentile(&floors, percent));
            ratios.push(commit / floor);
            write!(out, "  p{percent} {commit:.2} / {floor:.2} us = {:.2}", commit / floor)?;
        }
        writeln!(out)?;
    }
    let [p50, p95] = ratios.map(median);
    bench.verdict(in_memory, [p50, p95], slack, out)
}

/// Microseconds that `percent` of the sorted nanoseconds do not exceed.
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).map_or(0.0, |ns| *ns as f64 / 1000.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// A folder that goes when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(dir: &Path) -> Result<Self> {
        let path = dir.join(format!("commit-gate-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What could not be removed is left for whoever made the folder around it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What was counted in the timed commits.
#[derive(Default)]
struct Counts {
    commits: u64,
    /// Flushes of the log that were the commits' own, and the commits that had not exactly one.
    flushes: u64,
    wrong: u64,
    allocations: u64,
    /// Commits with a share of a checkpoint, and what belongs to that.
    shares: u64,
    share_flushes: u64,
    share_allocations: u64,
}

/// Both sides of the measurement.
struct Bench {
    db: Db,
    tree: TreeId,
    random: Random,
    /// What was last put, and under which key.
    last: (u64, [u8; VALUE]),
    floor: File,
    floor_at: usize,
    floor_bytes: Vec<u8>,
    counts: Counts,
}

impl Bench {
    fn new(folder: &Path) -> Result<Self> {
        let memory = HeapMemory::new(MemoryOptions::default());
        let db = Db::open(CountedPlatform::open(&folder.join("gate.db"))?, memory, Options::default())?;
        let mut txn = db.write()?;
        let tree = txn.create_tree(b"gate")?;
        for key in 0..ENTRIES {
            txn.put(tree, &key.to_be_bytes(), &[0; VALUE])?;
        }
        txn.commit()?;
        let mut floor = OpenOptions::new().write(true).create_new(true).open(folder.join("floor"))?;
        floor.write_all(&vec![0; FLOOR_FILE])?;
        floor.sync_all()?;
        Ok(Self {
            db,
            tree,
            random: Random::new(SEED),
            last: (0, [0; VALUE]),
            floor,
            floor_at: 0,
            floor_bytes: vec![0xA5; FLOOR_WRITE],
            counts: Counts::default(),
        })
    }

    /// One timed commit, nanoseconds.
    fn commit(&mut self) -> Result<u64> {
        let key = self.random.below(ENTRIES);
        let mut value = [0; VALUE];
        for part in value.chunks_exact_mut(8) {
            part.copy_from_slice(&self.random.next_u64().to_le_bytes());
        }
        self.last = (key, value);
        let before = self.counters();
        let start = Instant::now();
        let mut txn = self.db.write()?;
        let replaced = txn.put(self.tree, &key.to_be_bytes(), &value)?;
        txn.commit()?;
        let time = nanoseconds(start);
        if !replaced {
            return Err("the key was not there".into());
        }
        self.count(before);
        Ok(time)
    }

    /// Flushes of the log, accesses of the data device that change it, allocations so far.
    fn counters(&self) -> [u64; 3] {
        let platform = self.db.platform();
        let data = platform.data().writes() + platform.data().flushes();
        [platform.log().flushes(), data, allocations()]
    }

    fn count(&mut self, before: [u64; 3]) {
        let [flushes_before, data_before, allocations_before] = before;
        let [flushes, data, allocations] = self.counters();
        let (flushes, allocations) = (flushes - flushes_before, allocations - allocations_before);
        let counts = &mut self.counts;
        counts.commits += 1;
        let own = if data == data_before {
            counts.allocations += allocations;
            flushes
        } else {
            counts.shares += 1;
            counts.share_allocations += allocations;
            flushes.min(1)
        };
        counts.flushes += own;
        counts.share_flushes += flushes - own;
        counts.wrong += u64::from(own != 1);
    }

    /// One timed write to the floor's file, nanoseconds.
    fn floor(&mut self) -> Result<u64> {
        let at = self.floor_at;
        self.floor_at = (at + FLOOR_WRITE) % FLOOR_FILE;
        let start = Instant::now();
        // The calls a commit makes, by the same library.
        let written = rustix::io::pwrite(&self.floor, &self.floor_bytes, at as u64)?;
        rustix::fs::fdatasync(&self.floor)?;
        let time = nanoseconds(start);
        if written != FLOOR_WRITE {
            return Err("a short write to the floor's file".into());
        }
        Ok(time)
    }

    /// Prints the result; whether it is good enough. The last line is for programs.
    fn verdict(self, in_memory: bool, ratios: [f64; 2], slack: f64, out: &mut impl Write) -> Result<bool> {
        let [p50, p95] = ratios;
        let Counts { commits, flushes, wrong, allocations, .. } = self.counts;
        writeln!(
            out,
            "{commits} commits, {wrong} of them without exactly one flush; {} with a share of a checkpoint \
             ({} flushes of the log, {} allocations), {} checkpoints",
            self.counts.shares,
            self.counts.share_flushes,
            self.counts.share_allocations,
            self.db.stats().checkpoints
        )?;
        self.verify()?;
        let (device, met) =
            if in_memory { ("memory", p50 <= BAR_MEMORY * slack) } else { ("disk", p95 <= BAR_DISK * slack) };
        let ok = met && wrong == 0 && allocations == 0;
        writeln!(
            out,
            "{device} p50 {p50:.2} p95 {p95:.2} flushes {} allocations {allocations}: {}",
            flushes as f64 / commits as f64,
            if ok { "ok" } else { "missed" }
        )?;
        Ok(ok)
    }

    /// The database holds what was put, and is sound.
    fn verify(&self) -> Result<()> {
        let (key, value) = self.last;
        let snapshot = self.db.read()?;
        let is_last = |found: Value<'_>| matches!(found, Value::Inline(bytes) if *bytes == value);
        let found = snapshot.get(self.tree, &key.to_be_bytes(), is_last)?;
        if found != Some(true) || snapshot.count(self.tree)? != ENTRIES {
            return Err("the database does not hold what was committed".into());
        }
        drop(snapshot);
        let report = self.db.check()?;
        if !report.is_ok() {
            return Err(format!("the database is damaged: {:?}", report.first).into());
        }
        Ok(())
    }
}
