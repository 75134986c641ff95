//! Random choices from a seed, the same on every machine.

/// A source of random numbers.
#[derive(Clone, Debug)]
pub struct Random(drystone_platform_sim::Random);

impl Random {
    /// A source that gives the same numbers for the same seed.
    pub fn new(seed: u64) -> Random {
        Random(drystone_platform_sim::Random::new(seed))
    }

    /// A number below a limit; 0 where the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.index(limit)
    }

    /// A number from `low` up to and with `high`.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True in so many of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them; none of nothing.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// One of these words.
    pub fn word<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.pick(from).copied().unwrap_or("")
    }
}
