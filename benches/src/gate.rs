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
use crate::floor::Floor;
use crate::folder::Folder;
use crate::statistics::{median, nanoseconds, percentile};
use crate::sys::allocations;
use drystone::memory::{HeapMemory, MemoryOptions};
use drystone_core::{Database, Options, Platform, TreeId, Value, View};
use drystone_platform_sim::Random;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Entries of the tree; their keys are the numbers below, 8 bytes, big-endian.
const ENTRIES: u64 = 10_000;
/// Bytes of a value.
const VALUE: usize = 40;
/// Rounds, and pairs in each.
const ROUNDS: usize = 5;
const PAIRS_MEMORY: usize = 20_000;
const PAIRS_DISK: usize = 1_000;
/// Most p50 of commits in memory, and most p95 on disk, over the floor's.
const BAR_MEMORY: f64 = 2.0;
const BAR_DISK: f64 = 1.15;
const SEED: u64 = 1;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Db = Database<CountedPlatform, HeapMemory<CountedPlatform>>;

/// Runs the gate in a new folder inside `dir`, which is removed afterwards, and prints what it
/// finds; whether the bars, times `slack`, are met.
///
/// # Errors
/// Whatever kept it from measuring, and a database that is not right afterwards.
pub fn run(dir: &Path, slack: f64, out: &mut impl Write) -> Result<bool> {
    let folder = Folder::new(dir, "commit-gate")?;
    let in_memory = folder.in_memory();
    let mut bench = Bench::new(folder.path())?;
    let pairs = if in_memory { PAIRS_MEMORY } else { PAIRS_DISK };
    writeln!(out, "{ROUNDS} rounds of {pairs} pairs, seed {SEED}")?;
    let mut ratios = [Vec::new(), Vec::new()];
    for round in 1..=ROUNDS {
        let (mut commits, mut floors) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
        for _ in 0..pairs {
            commits.push(bench.commit()?);
            floors.push(bench.floor.write()?);
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
    floor: Floor,
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
        let floor = Floor::new(folder)?;
        Ok(Self {
            db,
            tree,
            random: Random::new(SEED),
            last: (0, [0; VALUE]),
            floor,
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
