//! What was measured: figures, each with its value in every round.

use crate::statistics::{median, percentile, spread};

/// What a figure is a number of, and so how it is printed and whether less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Rows in a second.
    RowsPerSecond,
    /// Other things in a second.
    PerSecond,
    /// Bytes for each row.
    BytesPerRow,
    /// Mebibytes.
    Mebibytes,
    /// A plain number.
    Number,
}

impl Unit {
    /// Whether less of it is better.
    #[must_use]
    pub fn less_is_better(self) -> bool {
        !matches!(self, Unit::RowsPerSecond | Unit::PerSecond)
    }

    /// A value with its unit.
    #[must_use]
    pub fn text(self, value: f64) -> String {
        match self {
            Unit::Microseconds if value >= 10_000.0 => format!("{:.1} ms", value / 1000.0),
            Unit::Microseconds => format!("{value:.2} us"),
            Unit::Milliseconds => format!("{value:.1} ms"),
            Unit::RowsPerSecond | Unit::PerSecond if value >= 1e6 => format!("{:.2} M/s", value / 1e6),
            Unit::RowsPerSecond | Unit::PerSecond => format!("{:.0} k/s", value / 1e3),
            Unit::BytesPerRow => format!("{value:.1} B/row"),
            Unit::Mebibytes => format!("{value:.1} MiB"),
            Unit::Number => format!("{value:.3}"),
        }
    }
}

/// One figure of one engine in one workload.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The workload.
    pub workload: &'static str,
    /// The engine, or `floor`.
    pub engine: &'static str,
    /// What was measured: `p50`, `rows/s`.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Its value in each round.
    pub rounds: Vec<f64>,
}

impl Figure {
    /// The median of the rounds.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    /// The least and the greatest round.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let least = self.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        (least, self.rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }

    /// How far the rounds lie apart, as a part of the median.
    #[must_use]
    pub fn spread(&self) -> f64 {
        spread(&self.rounds)
    }
}

/// A ratio of two figures: of their medians, and how far the rounds' own ratios lie apart.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    /// The ratio of the medians.
    pub value: f64,
    /// The spread of the ratios of the rounds.
    pub spread: f64,
}

/// All figures of a run, in the order they were measured in.
#[derive(Debug, Default)]
pub struct Results {
    /// The figures.
    pub figures: Vec<Figure>,
    /// What a reader of a workload's figures must know.
    pub remarks: Vec<(&'static str, String)>,
}

impl Results {
    /// Adds the value of one more round.
    pub fn add(
        &mut self,
        workload: &'static str,
        engine: &'static str,
        name: &'static str,
        unit: Unit,
        value: f64,
    ) {
        let same =
            |figure: &&mut Figure| (figure.workload, figure.engine, figure.name) == (workload, engine, name);
        match self.figures.iter_mut().find(same) {
            Some(figure) => figure.rounds.push(value),
            None => self.figures.push(Figure { workload, engine, name, unit, rounds: vec![value] }),
        }
    }

    /// Adds percentiles of a round's times in nanoseconds.
    pub fn add_times(&mut self, workload: &'static str, engine: &'static str, mut times: Vec<u64>) {
        times.sort_unstable();
        for (name, percent) in [("p50", 50), ("p95", 95), ("p99", 99), ("max", 100)] {
            self.add(workload, engine, name, Unit::Microseconds, percentile(&times, percent));
        }
    }

    /// A figure.
    #[must_use]
    pub fn find(&self, workload: &str, engine: &str, name: &str) -> Option<&Figure> {
        let same =
            |figure: &&Figure| (figure.workload, figure.engine, figure.name) == (workload, engine, name);
        self.figures.iter().find(same)
    }

    /// The figures of a workload.
    pub fn of(&self, workload: &'static str) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.workload == workload)
    }

    /// One engine's figure over another's.
    #[must_use]
    pub fn ratio(&self, workload: &str, name: &str, engine: &str, over: &str) -> Option<Ratio> {
        let (one, other) = (self.find(workload, engine, name)?, self.find(workload, over, name)?);
        let ratios: Vec<f64> = one.rounds.iter().zip(&other.rounds).map(|(one, other)| one / other).collect();
        Some(Ratio { value: one.median() / other.median(), spread: spread(&ratios) })
    }
}
