//! What a workload's name decides before it begins: memory, ring, keys, where it starts.

use crate::desk::Desk;
use crate::script::{Name, Recipe, Step};
use drystone_core::{Database, Options, StaticMemory};
use drystone_platform_sim::{Random, SimPlatform};

/// Block and page size: small, so that every boundary is near.
pub(crate) const BLOCK: u32 = 512;

/// The smallest memory.
pub(crate) type Small = StaticMemory<SimPlatform, 512, 8, 1024, 4>;
/// A little more, and two log buffers.
pub(crate) type Middle = Desk<11, 2048, 1>;
/// Room for more pages between two checkpoints, in two sets of frames.
pub(crate) type Large = Desk<24, 2048, 2>;

/// One workload in so many goes round its ring.
const LAPS: u64 = 3;

/// Moves of a window before the recording begins.
const WINDOW_MOVES: u64 = 64;

/// A database whose memory is lent.
pub(crate) type Db<'m, M> = Database<SimPlatform, &'m M>;

/// Which memory a workload uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Small,
    Middle,
    Large,
}

/// What is on the devices when the recording begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing: the creation is recorded.
    Blank,
    /// A database that lost its power between two transactions: its recovery is recorded.
    Crashed,
    /// A database that was closed.
    Closed,
}

/// Everything about a workload that does not change while it runs.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub name: Name,
    pub seed: u64,
    pub profile: Profile,
    pub options: Options,
    pub start: Start,
    /// Writes and flushes before the recording begins.
    pub prelude: u64,
    /// Writes and flushes of the recording, about.
    pub length: u64,
    /// Different keys.
    pub keys: u64,
    /// Ascending keys rather than random ones.
    pub ascending: bool,
    /// One in so many values is longer than a page.
    pub long_values: u64,
    /// One in so many transactions is big.
    pub big: u64,
    /// So many of 100 steps end the process.
    pub reopenings: u64,
    /// One in so many values is of some hundred bytes.
    pub middling: u64,
    /// One in so many steps is several transactions in few flushes.
    pub groups: u64,
    /// One in so many transactions puts and deletes many entries and is rolled back, whole or to a
    /// savepoint.
    pub churns: u64,
    /// One in so many transactions moves a window of keys.
    pub windows: u64,
    /// One in so many writes arrives in parts; 0: none.
    pub interruptions: u64,
    /// Commits and checkpoints happen while a snapshot begins.
    pub races: bool,
    /// The most the data device can hold, bytes.
    pub capacity: u64,
}

/// The seed of the workload of this number.
#[must_use]
pub fn workload_seed(seed: u64, number: u64) -> u64 {
    Random::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number).next_u64()
}

impl Setup {
    /// Longest value of a small transaction: in a longer ring its record takes several blocks, but
    /// with the longest key and a new tree it is no more than a sixteenth of the ring.
    pub fn small_value_max(&self) -> usize {
        if self.options.ring_len < 16 * u64::from(BLOCK) { 40 } else { 300 }
    }

    pub fn new(name: &Name) -> Self {
        match name {
            Name::Seed(seed) if seed.is_multiple_of(LAPS) => Self::random(*seed).laps(),
            Name::Seed(seed) => Self::random(*seed),
            Name::Sequence(letters) => Self::sequence(letters),
        }
    }

    /// Everything by chance.
    fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let profile = [Profile::Small, Profile::Middle, Profile::Large][random.index(3)];
        let start = match random.below(8) {
            0 | 1 => Start::Blank,
            2 | 3 => Start::Closed,
            _ => Start::Crashed,
        };
        let ring = u64::from(BLOCK) * [8, 8, 9, 12, 16, 24, 32, 64][random.index(8)];
        let growth = [1, 1, 2, 4][random.index(4)];
        let options = Options {
            ring_len: ring,
            ring_len_max: ring * growth,
            checkpoint_auto: !random.one_in(3),
            checkpoint_interval_us: [10_000_000, 3_000][random.index(2)],
            ..Options::default()
        };
        let is_full = random.one_in(3);
        let capacity = if is_full { 60 + random.below(100) } else { u64::MAX / u64::from(BLOCK) };
        // Threads and steps by the clock would mix by chance, and so would those who find no space.
        let alone = options.checkpoint_auto || profile == Profile::Small || is_full;
        let groups = if alone { u64::MAX } else { 3 };
        let churns = [u64::MAX, u64::MAX, 20, 6][random.index(4)];
        let windows = [u64::MAX, u64::MAX, u64::MAX, 2][random.index(4)];
        Self {
            name: Name::Seed(seed),
            seed,
            profile,
            options,
            start,
            prelude: [20, 200, 1000][random.index(3)],
            length: 70 + random.below(80),
            keys: [30, 200, 2000][random.index(3)],
            ascending: random.one_in(3),
            long_values: [6, 30, 200][random.index(3)],
            big: [6, 15, 60][random.index(3)],
            reopenings: [4, 4, 1][random.index(3)],
            middling: [8, 2][random.index(2)],
            groups,
            churns,
            windows,
            interruptions: [0, 0, 4][random.index(3)],
            races: !is_full,
            capacity: capacity * u64::from(BLOCK),
        }
    }

    /// What a workload with a moving window begins with: so many moves that keys went below others
    /// often.
    pub fn prelude_steps(&self) -> Vec<Step> {
        let count = if self.windows == u64::MAX { 0 } else { WINDOW_MOVES };
        (0..count).map(|number| Step::Commit(Recipe::Window(self.seed ^ number))).collect()
    }

    /// Made to go round and round a short ring, several records in a flush.
    fn laps(self) -> Self {
        let ring_len = u64::from(BLOCK) * (16 + self.seed / LAPS % 5);
        Self {
            profile: if self.profile == Profile::Small { Profile::Middle } else { self.profile },
            options: Options { ring_len, ring_len_max: ring_len, checkpoint_auto: false, ..self.options },
            length: 260,
            long_values: 200,
            big: 200,
            reopenings: 0,
            groups: 2,
            churns: u64::MAX,
            windows: u64::MAX,
            capacity: u64::MAX,
            ..self
        }
    }

    /// The same for all sequences, but that the one that begins with `n` makes the database.
    fn sequence(letters: &str) -> Self {
        let ring_len = 8 * u64::from(BLOCK);
        Self {
            name: Name::Sequence(letters.to_owned()),
            seed: 0x5E90,
            profile: Profile::Middle,
            options: Options {
                ring_len,
                ring_len_max: 2 * ring_len,
                checkpoint_auto: false,
                ..Options::default()
            },
            start: if letters.starts_with('n') { Start::Blank } else { Start::Crashed },
            prelude: 0,
            length: u64::MAX / 8,
            keys: 60,
            ascending: false,
            long_values: 30,
            big: 30,
            reopenings: 0,
            middling: 8,
            groups: u64::MAX,
            churns: u64::MAX,
            windows: u64::MAX,
            interruptions: 0,
            races: false,
            capacity: u64::MAX,
        }
    }
}
