//! What a workload does: its name, its steps, and the recipe of each of its transactions.
//!
//! A recipe on a model gives one transaction, byte for byte, whenever it is followed. So what a
//! crash took can be issued again exactly as it was.

use std::fmt;
use std::str::FromStr;

/// Names a workload.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Everything by chance from this seed.
    Seed(u64),
    /// These steps, each a letter of [`ALPHABET`]. Crashes are tried during the last one.
    Sequence(String),
}

/// Every kind of step, one letter each.
pub(crate) const ALPHABET: [(char, Step); 18] = [
    ('i', Step::Commit(Recipe::Insert)),
    ('u', Step::Commit(Recipe::Update)),
    ('d', Step::Commit(Recipe::Delete)),
    ('s', Step::Commit(Recipe::Savepoint)),
    ('v', Step::Commit(Recipe::LongValue)),
    ('b', Step::Commit(Recipe::Big)),
    ('x', Step::Commit(Recipe::Drop)),
    ('y', Step::Commit(Recipe::Clear)),
    ('r', Step::Rollback(Recipe::Churn(0))),
    ('t', Step::Commit(Recipe::ChurnBack(0))),
    ('g', Step::Grow),
    ('w', Step::Wrap),
    ('m', Step::Group(3)),
    ('c', Step::Checkpoint),
    ('p', Step::Part(2)),
    ('l', Step::Pin),
    ('o', Step::Drop),
    ('q', Step::Close),
];

/// One step of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Commit(Recipe),
    Rollback(Recipe),
    /// So many transactions, the later ones while the first one's flush runs.
    Group(u64),
    /// Commits until the ring begins anew.
    Wrap,
    /// Commits until the data device grows.
    Grow,
    /// A step of a checkpoint, of about so many pages.
    Part(u32),
    Checkpoint,
    /// Begins a snapshot, to be read again later.
    Pin,
    /// Reads a pinned snapshot again and lets it go.
    Unpin,
    Advance(u64),
    /// The process ends without closing.
    Drop,
    Close,
}

/// How to make a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipe {
    /// Many things by chance.
    Random(u64),
    /// A few short entries; its record fits every ring.
    Small(u64),
    Insert,
    Update,
    Delete,
    Savepoint,
    LongValue,
    /// Too long for the log.
    Big,
    /// Puts many entries, deletes most of them and puts some again: so many pages that free ones are
    /// laid ready several times, those among them that were born before.
    Churn(u64),
    /// The same, gone back from to a savepoint; then some more.
    ChurnBack(u64),
    /// The next keys of a moving window: the oldest go, the new ones come somewhere among the others.
    Window(u64),
    Drop,
    Clear,
}

/// The steps of a sequence's letters; the `n` of a creation is none.
pub(crate) fn steps(letters: &str) -> Vec<Step> {
    let step = |letter: char| ALPHABET.iter().find(|one| one.0 == letter).map(|one| one.1);
    letters.chars().filter_map(step).collect()
}

/// All sequences of up to `length` steps, shorter ones first, the creation before all.
pub fn sequences(length: usize) -> Vec<Name> {
    let mut all = vec!["n".to_owned(), String::new()];
    let mut last = vec![String::new()];
    for _ in 0..length {
        last = last
            .iter()
            .flat_map(|begin| ALPHABET.iter().map(move |(letter, _)| format!("{begin}{letter}")))
            .collect();
        all.extend_from_slice(&last);
    }
    all.into_iter().map(Name::Sequence).collect()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed) => write!(f, "{seed:x}"),
            Self::Sequence(letters) => write!(f, "={letters}"),
        }
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix('=') {
            None => {
                u64::from_str_radix(text, 16).map(Self::Seed).map_err(|error| format!("{text:?}: {error}"))
            }
            Some(letters)
                if steps(letters.strip_prefix('n').unwrap_or(letters)).len()
                    + usize::from(letters.starts_with('n'))
                    == letters.len() =>
            {
                Ok(Self::Sequence(letters.to_owned()))
            }
            Some(letters) => Err(format!("{letters:?} has a letter that is no step")),
        }
    }
}
