//! What a run counted, and how it is printed.

use crate::replay::Crash;
use crate::timeline::{Phase, Point};
use drystone_core::{Finding, RecoveryStats};
use drystone_platform_sim::{CrashState, Fate, Role};
use std::fmt;

/// Something that must not be.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Where: replays it.
    pub crash: Crash,
    /// What is wrong, in words.
    pub what: String,
}

/// Counts of one workload or of all.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Workloads recorded.
    pub workloads: u64,
    /// Crash states checked, each another (workload, crash point, fate of each pending block).
    pub images: u64,
    /// Those of them with a torn and a lost block, or fewer than two blocks pending.
    pub mixed: u64,
    /// The most [`Totals::images`] of one workload.
    pub largest: u64,
    /// States that came up again and were not checked twice.
    pub repeated: u64,
    /// Crashes after a crash: in its recovery, or in what followed.
    pub nested: u64,
    /// Those of them inside the recovery.
    pub in_recovery: u64,
    /// Places where crashes were tried.
    pub points: u64,
    /// By what the engine was doing, as [`Phase::ALL`].
    pub phases: [u64; 9],
    /// After the log began a new lap, and those of them in the middle of a flush.
    pub wraps: [u64; 2],
    /// While the data device's, and the log device's, new length was not durable.
    pub growth: [u64; 2],
    /// Blocks that were pending, by fate: old, middle, new, torn.
    pub fates: [u64; 4],
    /// Images that held a state that was not acknowledged.
    pub beyond: u64,
    /// The recovery decision table.
    pub rows: [[u64; 6]; 2],
    /// What went wrong.
    pub troubles: Vec<Trouble>,
}

impl Totals {
    /// Adds the counts of another part of the run.
    pub fn add(&mut self, other: Self) {
        self.workloads += other.workloads;
        self.images += other.images;
        self.mixed += other.mixed;
        self.largest = self.largest.max(other.largest);
        self.repeated += other.repeated;
        self.nested += other.nested;
        self.in_recovery += other.in_recovery;
        self.points += other.points;
        self.beyond += other.beyond;
        add(&mut self.phases, &other.phases);
        add(&mut self.wraps, &other.wraps);
        add(&mut self.growth, &other.growth);
        add(&mut self.fates, &other.fates);
        for (row, more) in self.rows.iter_mut().zip(&other.rows) {
            add(row, more);
        }
        self.troubles.extend(other.troubles);
    }

    /// The places that can be reached and were so less than 100 times.
    #[must_use]
    pub fn seldom(&self) -> Vec<(String, u64)> {
        let phases = Phase::ALL.iter().zip(self.phases).map(|(phase, count)| (format!("{phase:?}"), count));
        let positions = [
            ("log wrap", self.wraps[0]),
            ("ring end in a flush", self.wraps[1]),
            ("data growth", self.growth[0]),
            ("log growth", self.growth[1]),
            ("recovery", self.in_recovery),
        ];
        // The other rows need damage, which a crash is not.
        let rows = [Finding::Valid, Finding::NoBlock, Finding::Cut].map(|row| {
            let index = Finding::ALL.iter().position(|one| *one == row).unwrap_or(0);
            (format!("{row:?}"), self.rows[0][index])
        });
        let all = phases.chain(positions.map(|(what, count)| (what.to_owned(), count))).chain(rows);
        all.filter(|(_, count)| *count < 100).collect()
    }

    /// Counts a crash state.
    pub(crate) fn count(&mut self, point: &Point, state: &CrashState, nested: bool) {
        self.images += 1;
        let blocks = state.fates.iter().filter(|one| one.block.is_some()).count();
        if blocks < 2 || (state.count(Fate::Torn) > 0 && state.count(Fate::Old) > 0) {
            self.mixed += 1;
        }
        if nested {
            self.nested += 1;
            self.in_recovery += u64::from(point.phase == Phase::Opening);
        }
        if let Some(index) = Phase::ALL.iter().position(|phase| *phase == point.phase) {
            self.phases[index] += 1;
        }
        add(&mut self.wraps, &[u64::from(point.wrap), u64::from(point.split)]);
        for role in [Role::Data, Role::Log] {
            let pending = state.fates.iter().any(|one| one.block.is_none() && one.role == role);
            self.growth[role as usize] += u64::from(pending || point.growth == Some(role));
        }
        for (index, fate) in [Fate::Old, Fate::Middle, Fate::New, Fate::Torn].into_iter().enumerate() {
            self.fates[index] += state.count(fate) as u64;
        }
    }

    /// Counts what a recovery met.
    pub(crate) fn recovered(&mut self, recovery: &RecoveryStats) {
        for (row, more) in self.rows.iter_mut().zip(&recovery.rows) {
            add(row, more);
        }
    }
}

fn add(to: &mut [u64], more: &[u64]) {
    for (count, more) in to.iter_mut().zip(more) {
        *count += more;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workloads, images, mixed, .. } = self;
        writeln!(f, "{images} crash states checked in {workloads} workloads at {} places", self.points)?;
        let share = 100.0 * self.largest as f64 / (*images).max(1) as f64;
        writeln!(
            f,
            "  all distinct, {share:.2} % at most from one workload; {} repeated, not checked",
            self.repeated
        )?;
        writeln!(f, "  {mixed} with a torn and a lost block, or fewer than two blocks pending")?;
        writeln!(f, "  {} nested, {} of them inside a recovery", self.nested, self.in_recovery)?;
        writeln!(f, "  {} held a transaction that was not acknowledged yet", self.beyond)?;
        let [old, middle, new, torn] = self.fates;
        writeln!(f, "pending blocks: {old} lost, {middle} older, {new} new, {torn} torn")?;
        writeln!(f, "crashed during")?;
        for (phase, count) in Phase::ALL.iter().zip(self.phases) {
            writeln!(f, "  {:<20}{count:>10}", format!("{phase:?}"))?;
        }
        writeln!(f, "crashed at")?;
        writeln!(f, "  {:<20}{:>10}", "log wrap", self.wraps[0])?;
        writeln!(f, "  {:<20}{:>10}", "ring end in a flush", self.wraps[1])?;
        writeln!(f, "  {:<20}{:>10}", "data growth", self.growth[0])?;
        writeln!(f, "  {:<20}{:>10}", "log growth", self.growth[1])?;
        writeln!(f, "recovery decided      above the watermark  below it")?;
        for (index, finding) in Finding::ALL.iter().enumerate() {
            let [above, below] = [self.rows[0][index], self.rows[1][index]];
            writeln!(f, "  {:<20}{above:>19}{below:>10}", format!("{finding:?}"))?;
        }
        Ok(())
    }
}
