//! Plans: what a crash does to each block that was not yet durable.

use crate::random::Random;
use crate::world::Role;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How a crash decides the fate of what is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Everything since the last flush is gone.
    AllOld,
    /// Everything arrived.
    AllNew,
    /// By chance, in one of several styles. Where at least two blocks are pending, all are torn, or
    /// at least one is torn and at least one is old.
    Seeded(u64),
    /// One bit for each thing pending, oldest write first: those in `torn` are torn, those in `new`
    /// arrived, the others are gone. What comes after the 64th shares its bit.
    Chosen {
        /// What arrived.
        new: u64,
        /// What is torn.
        torn: u64,
    },
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// As before all pending writes.
    Old,
    /// One of several pending versions, not the last.
    Middle,
    /// The last version written.
    New,
    /// A mixture of two versions, or partly garbage.
    Torn,
}

/// The fate of one block, or of a device's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockFate {
    /// The device.
    pub role: Role,
    /// The block's number; `None`: the device's length.
    pub block: Option<u64>,
    /// What became of it.
    pub fate: Fate,
}

/// What a crash left behind.
#[derive(Debug, Clone)]
pub struct CrashState {
    /// The data device.
    pub data: Vec<u8>,
    /// The log device.
    pub log: Vec<u8>,
    /// The fate of everything that was pending.
    pub fates: Vec<BlockFate>,
}

impl CrashState {
    /// A number that two states share only when of each block the same is left: old, new or torn
    /// (by all likelihood). A version between is as good as the old one here.
    #[must_use]
    pub fn fate_digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for BlockFate { role, block, fate } in &self.fates {
            let fate = if *fate == Fate::Middle { Fate::Old } else { *fate };
            (role, block, fate).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// How many blocks had this fate.
    #[must_use]
    pub fn count(&self, fate: Fate) -> usize {
        let of_blocks = self.fates.iter().filter(|entry| entry.block.is_some());
        of_blocks.filter(|entry| entry.fate == fate).count()
    }
}

/// Something a crash decides about: a block, or a device's length (`block` is `None`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) role: Role,
    pub(crate) block: Option<u64>,
    /// Pending versions; the durable one is not counted.
    pub(crate) versions: usize,
    /// The last write of it.
    pub(crate) mark: u64,
}

/// The decision for one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// 0: the durable version; n: the n-th pending one.
    Version(usize),
    Torn,
}

impl Decision {
    /// Index of the chosen pending version; `None`: the durable one. A torn length is no length
    /// at all, so there the last one is taken.
    pub(crate) fn version(self, versions: usize) -> Option<usize> {
        match self {
            Self::Version(chosen) => chosen.checked_sub(1),
            Self::Torn => versions.checked_sub(1),
        }
    }

    pub(crate) fn fate(self, versions: usize) -> Fate {
        match self {
            Self::Version(0) => Fate::Old,
            Self::Version(chosen) if chosen < versions => Fate::Middle,
            Self::Version(_) => Fate::New,
            Self::Torn => Fate::Torn,
        }
    }
}

/// Decides about all units (sorted here by their last write, oldest first).
pub(crate) fn decide(plan: Plan, mut units: Vec<Unit>) -> (Vec<(Unit, Decision)>, Random) {
    units.sort_by_key(|unit| (unit.mark, unit.role, unit.block));
    let mut random = Random::new(match plan {
        Plan::Seeded(seed) => seed,
        Plan::Chosen { new, torn } => new ^ torn.rotate_left(32),
        Plan::AllOld | Plan::AllNew => 0,
    });
    let decisions = match plan {
        Plan::AllOld => vec![Decision::Version(0); units.len()],
        Plan::AllNew => units.iter().map(newest).collect(),
        Plan::Chosen { new, torn } => chosen(new, torn, &units),
        Plan::Seeded(_) => seeded(&mut random, &units),
    };
    (units.into_iter().zip(decisions).collect(), random)
}

fn newest(unit: &Unit) -> Decision {
    Decision::Version(unit.versions)
}

fn chosen(new: u64, torn: u64, units: &[Unit]) -> Vec<Decision> {
    let choose = |(index, unit): (usize, &Unit)| {
        let bit = 1 << index.min(63);
        if torn & bit != 0 && unit.block.is_some() {
            Decision::Torn
        } else if (new | torn) & bit != 0 {
            newest(unit)
        } else {
            Decision::Version(0)
        }
    };
    units.iter().enumerate().map(choose).collect()
}

fn seeded(random: &mut Random, units: &[Unit]) -> Vec<Decision> {
    let style = random.below(5);
    let cut = random.index(units.len() + 1);
    let choose = |(index, unit): (usize, &Unit)| match style {
        // In order up to a point.
        0 if index < cut => newest(unit),
        0 => Decision::Version(0),
        // Nearly everything, or nearly nothing.
        1 if !random.one_in(8) => newest(unit),
        2 if !random.one_in(8) => Decision::Version(0),
        // Nothing is whole.
        3 if unit.block.is_some() => Decision::Torn,
        3 => newest(unit),
        // Each for itself.
        _ => match random.below(3) {
            0 => Decision::Version(random.index(unit.versions)),
            1 => newest(unit),
            _ if unit.block.is_none() => newest(unit),
            _ => Decision::Torn,
        },
    };
    let mut decisions: Vec<Decision> = units.iter().enumerate().map(choose).collect();
    if style != 3 {
        insist(random, units, &mut decisions);
    }
    decisions
}

/// Where two or more blocks are pending: at least one torn and one old. The torn one's device
/// keeps its newest length, lest the end be cut off before it.
fn insist(random: &mut Random, units: &[Unit], decisions: &mut [Decision]) {
    let mut blocks: Vec<usize> = (0..units.len()).filter(|index| units[*index].block.is_some()).collect();
    if blocks.len() < 2 {
        return;
    }
    let torn = blocks.iter().find(|i| decisions[**i] == Decision::Torn);
    let torn = torn.map_or_else(|| blocks[random.index(blocks.len())], |index| *index);
    decisions[torn] = Decision::Torn;
    let length = |unit: &Unit| unit.role == units[torn].role && unit.block.is_none();
    if let Some(index) = units.iter().position(length) {
        decisions[index] = newest(&units[index]);
    }
    if !blocks.iter().any(|i| decisions[*i] == Decision::Version(0)) {
        blocks.retain(|index| *index != torn);
        decisions[blocks[random.index(blocks.len())]] = Decision::Version(0);
    }
}

/// Lays part of `new` over `old`, in one of several ways.
pub(crate) fn tear(old: &mut [u8], new: &[u8], random: &mut Random) {
    let len = old.len().min(new.len());
    let at = 1 + random.index(len.saturating_sub(1));
    match random.below(4) {
        0 => old[..at].copy_from_slice(&new[..at]),
        1 => old[at..len].copy_from_slice(&new[at..len]),
        2 => {
            // Sector by sector.
            let sector = (len / 8).max(1);
            for start in (0..len).step_by(sector) {
                if random.one_in(2) {
                    let end = (start + sector).min(len);
                    old[start..end].copy_from_slice(&new[start..end]);
                }
            }
        }
        _ => {
            let end = at + random.index(len - at + 1);
            old[..at].copy_from_slice(&new[..at]);
            random.fill(&mut old[at..end.max(at + 1).min(len)]);
        }
    }
}
