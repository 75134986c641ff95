//! What kinds of statements agreed, and whether they were worth comparing.

use crate::generator::{Kind, Statement};

/// Counts of statements on which both engines succeeded and agreed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// All of them.
    pub checked: usize,
    /// Those that disagreed.
    pub failed: usize,
    /// Both refused; these are not among the checked.
    pub refused: usize,
    rows: usize,
    joins: usize,
    aggregates: usize,
    writes: usize,
}

impl Tally {
    /// Counts a statement that gave so many rows on both.
    pub fn agreed(&mut self, statement: &Statement, rows: usize) {
        self.checked += 1;
        self.rows += usize::from(rows > 0);
        self.joins += usize::from(statement.joins);
        self.aggregates += usize::from(statement.aggregates);
        self.writes += usize::from(matches!(statement.kind, Kind::Write { .. }));
    }

    /// Each share with the least it must be, in percent.
    pub fn shares(&self) -> [(&'static str, f64, f64); 4] {
        let percent = |count: usize| 100.0 * count as f64 / self.checked.max(1) as f64;
        [
            ("return rows", percent(self.rows), 50.0),
            ("join", percent(self.joins), 30.0),
            ("aggregate", percent(self.aggregates), 20.0),
            ("write", percent(self.writes), 20.0),
        ]
    }
}
