//! What the databases are filled with: rows and entries that depend on nothing but their number.
//!
//! ```sql
//! CREATE TABLE item (
//!   id INTEGER PRIMARY KEY,    -- 1, 2, 3, ...
//!   name TEXT NOT NULL,        -- 12 to 28 letters
//!   bucket INTEGER NOT NULL,   -- 0 to 99
//!   amount INTEGER NOT NULL,   -- 0 to 999,999
//!   note TEXT NOT NULL         -- 12 letters
//! )
//! ```

use super::engine::{Key, Param};
use drystone_platform_sim::Random;

/// The table of most SQL workloads.
pub const CREATE: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, \
    bucket INTEGER NOT NULL, amount INTEGER NOT NULL, note TEXT NOT NULL)";
/// Puts a row into it.
pub const INSERT: &str = "INSERT INTO item (id, name, bucket, amount, note) VALUES (?1, ?2, ?3, ?4, ?5)";

const NOTE: usize = 12;
const BUCKETS: u64 = 100;
const AMOUNTS: u64 = 1_000_000;

/// The rows of `item`, made before anything is timed.
pub struct Items {
    text: String,
    rows: Vec<Item>,
}

struct Item {
    at: u32,
    name: u8,
    bucket: u8,
    amount: u32,
}

impl Items {
    /// The first `count` rows.
    #[must_use]
    pub fn new(count: usize) -> Items {
        let mut random = Random::new(0x17E3);
        let mut items = Items { text: String::with_capacity(count * 32), rows: Vec::with_capacity(count) };
        for _ in 0..count {
            let name = 12 + random.below(17) as u8;
            let at = items.text.len() as u32;
            items.letters(&mut random, usize::from(name) + NOTE);
            let (bucket, amount) = (random.below(BUCKETS) as u8, random.below(AMOUNTS) as u32);
            items.rows.push(Item { at, name, bucket, amount });
        }
        items
    }

    fn letters(&mut self, random: &mut Random, count: usize) {
        for _ in 0..count {
            self.text.push(char::from(b'a' + random.below(26) as u8));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The parameters of [`INSERT`] for the row of this number, from 0.
    #[must_use]
    pub fn params(&self, number: usize) -> [Param<'_>; 5] {
        let item = &self.rows[number];
        let at = item.at as usize;
        let (name, note) = self.text[at..at + usize::from(item.name) + NOTE].split_at(usize::from(item.name));
        [
            Param::Integer(number as i64 + 1),
            Param::Text(name),
            Param::Integer(i64::from(item.bucket)),
            Param::Integer(i64::from(item.amount)),
            Param::Text(note),
        ]
    }
}

/// The key of this number.
#[must_use]
pub fn key(number: u64) -> Key {
    number.to_be_bytes()
}

/// A value of 40 random bytes.
pub fn value(random: &mut Random) -> [u8; 40] {
    let mut value = [0; 40];
    random.fill(&mut value);
    value
}

/// Entries with ascending keys from 0, always the same.
pub fn entries(count: usize) -> impl Iterator<Item = (Key, [u8; 40])> {
    let mut random = Random::new(0xE17);
    (0..count as u64).map(move |number| (key(number), value(&mut random)))
}

/// The stream of chance of one part of a run: the same for every engine, another in each round.
#[must_use]
pub fn stream(round: usize, part: usize) -> Random {
    let mut seeds = Random::new((round as u64) << 32 | part as u64);
    Random::new(seeds.next_u64())
}
