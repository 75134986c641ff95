//! The bars: what Drystone must reach beside the others, and what it aims at.

use super::engines::{CORE, DRYSTONE, LMDB, SQLITE};
use super::results::Results;

/// Beyond this a ratio's rounds lie too far apart to be called stable, in memory.
const UNSTABLE: f64 = 0.15;

/// What Drystone's figure is compared with.
#[derive(Clone, Copy)]
enum Over {
    /// The same figure of this engine, or of the floor.
    Engine(&'static str),
    /// Nothing: the figure itself counts.
    Itself,
}

/// Which folder a bar is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Anywhere,
    Memory,
    Disk,
}

#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

struct Bar {
    what: &'static str,
    workload: &'static str,
    figure: &'static str,
    engine: &'static str,
    over: Over,
    place: Where,
    must: Limit,
    aim: Option<f64>,
}

use Limit::{AtLeast, AtMost};
use Where::{Anywhere, Disk, Memory};

const SQL: Over = Over::Engine(SQLITE);

#[rustfmt::skip]
const BARS: [Bar; 18] = [
    sql("durable UPDATE, p50", "update", "p50", Memory, AtMost(0.8), Some(0.5)),
    sql("durable UPDATE, p95", "update", "p95", Memory, AtMost(0.8), Some(0.5)),
    sql("durable UPDATE, p50", "update", "p50", Disk, AtMost(1.05), Some(0.95)),
    sql("durable UPDATE, p95", "update", "p95", Disk, AtMost(1.05), Some(0.95)),
    Bar { over: Over::Engine("floor"), ..sql("durable UPDATE, p95, over the floor", "update", "p95", Disk, AtMost(1.15), None) },
    sql("INSERT in one transaction, rows/s", "insert", "rows/s", Anywhere, AtLeast(1.0), Some(2.0)),
    sql("INSERT in durable thousands, rows/s", "insert-1000", "rows/s", Disk, AtLeast(1.0), Some(1.5)),
    sql("point SELECT, p50", "point", "p50", Anywhere, AtMost(0.75), Some(0.45)),
    sql("point SELECT, p95", "point", "p95", Anywhere, AtMost(0.75), Some(0.45)),
    sql("100-row range, p50", "range", "p50", Anywhere, AtMost(0.7), Some(0.35)),
    sql("file size after the load", "insert", "size", Anywhere, AtMost(0.95), Some(0.8)),
    core("core get, p50", "kv-get", "p50"),
    core("core 100-row range, p50", "kv-range", "p50"),
    core("core insert, time", "kv-insert", "time"),
    itself("reopen after a kill, ms", "reopen", "time", AtMost(1000.0), Some(200.0)),
    itself("log it replays, MiB", "reopen", "log", AtLeast(60.0), None),
    itself("hot set's hit rate, kept", "hot-set", "kept", AtLeast(0.9), None),
    itself("read calls a page, cold scan", "cold-scan", "calls/page", AtMost(0.125), None),
];

const fn sql(
    what: &'static str,
    workload: &'static str,
    figure: &'static str,
    place: Where,
    must: Limit,
    aim: Option<f64>,
) -> Bar {
    Bar { what, workload, figure, engine: DRYSTONE, over: SQL, place, must, aim }
}

const fn core(what: &'static str, workload: &'static str, figure: &'static str) -> Bar {
    let (over, must) = (Over::Engine(LMDB), AtMost(1.1));
    Bar { what, workload, figure, engine: CORE, over, place: Anywhere, must, aim: Some(0.9) }
}

const fn itself(
    what: &'static str,
    workload: &'static str,
    figure: &'static str,
    must: Limit,
    aim: Option<f64>,
) -> Bar {
    Bar { what, workload, figure, engine: CORE, over: Over::Itself, place: Anywhere, must, aim }
}

/// How a bar was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The aim too.
    Aim,
    /// What must be.
    Met,
    /// Not even that.
    Missed,
    /// It was not measured, or is about the other kind of folder.
    NotJudged,
}

impl Verdict {
    /// The verdict in words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Aim => "met, and the aim",
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::NotJudged => "not judged",
        }
    }
}

/// A bar and what was found.
pub struct Judged {
    /// What is judged.
    pub what: &'static str,
    /// The folder it is about; empty: any.
    pub place: &'static str,
    /// The engine it is compared with, if any.
    pub over: &'static str,
    /// What must be, as text.
    pub must: String,
    /// What is aimed at, as text.
    pub aim: String,
    /// What was found; none where it is not judged.
    pub found: Option<f64>,
    /// Whether the rounds lie too far apart.
    pub is_unstable: bool,
    /// The verdict.
    pub verdict: Verdict,
}

impl Limit {
    fn holds(self, value: f64) -> bool {
        match self {
            AtMost(limit) => value <= limit,
            AtLeast(limit) => value >= limit,
        }
    }

    fn with(self, limit: f64) -> Limit {
        match self {
            AtMost(_) => AtMost(limit),
            AtLeast(_) => AtLeast(limit),
        }
    }

    fn text(self) -> String {
        match self {
            AtMost(limit) => format!("<= {limit}"),
            AtLeast(limit) => format!(">= {limit}"),
        }
    }
}

/// All bars, judged by what was measured. `is_full`: with as many rows as the bars are about.
#[must_use]
pub fn judge(results: &Results, in_memory: bool, is_full: bool) -> Vec<Judged> {
    BARS.iter().map(|bar| judged(bar, results, in_memory, is_full)).collect()
}

fn judged(bar: &Bar, results: &Results, in_memory: bool, is_full: bool) -> Judged {
    let is_here = match bar.place {
        Anywhere => true,
        Memory => in_memory,
        Disk => !in_memory,
    };
    let found = match bar.over {
        Over::Engine(other) => {
            let ratio = results.ratio(bar.workload, bar.figure, bar.engine, other);
            ratio.map(|ratio| (ratio.value, in_memory && ratio.spread > UNSTABLE))
        }
        Over::Itself => {
            let figure = results.find(bar.workload, bar.engine, bar.figure);
            figure.map(|figure| (figure.median(), false))
        }
    };
    let found = found.filter(|_| is_here);
    let verdict = match found {
        Some(_) if !is_full => Verdict::NotJudged,
        None => Verdict::NotJudged,
        Some((value, _)) if !bar.must.holds(value) => Verdict::Missed,
        Some((value, _)) if bar.aim.is_some_and(|aim| bar.must.with(aim).holds(value)) => Verdict::Aim,
        Some(_) => Verdict::Met,
    };
    let place = match bar.place {
        Anywhere => "",
        Memory => "memory",
        Disk => "disk",
    };
    Judged {
        what: bar.what,
        place,
        over: if let Over::Engine(other) = bar.over { other } else { "" },
        must: bar.must.text(),
        aim: bar.aim.map_or(String::new(), |aim| bar.must.with(aim).text()),
        found: found.map(|(value, _)| value),
        is_unstable: found.is_some_and(|(_, unstable)| unstable),
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::results::Unit;

    fn verdict(results: &Results, what: &str, place: &str, in_memory: bool, is_full: bool) -> Verdict {
        let mut judged = judge(results, in_memory, is_full).into_iter();
        judged.find(|bar| bar.what == what && bar.place == place).unwrap().verdict
    }

    #[test]
    fn by_ratio_and_folder() {
        let mut results = Results::default();
        let mut add = |engine, value| results.add("update", engine, "p50", Unit::Microseconds, value);
        for value in [3.0, 2.0, 2.2] {
            add(DRYSTONE, value);
            add(SQLITE, 4.0);
        }
        let p50 = "durable UPDATE, p50";
        assert_eq!(verdict(&results, p50, "memory", true, true), Verdict::Met);
        assert_eq!(verdict(&results, p50, "memory", true, false), Verdict::NotJudged);
        assert_eq!(verdict(&results, p50, "disk", true, true), Verdict::NotJudged);
        assert_eq!(verdict(&results, p50, "disk", false, true), Verdict::Aim);
        assert_eq!(verdict(&results, "durable UPDATE, p95", "memory", true, true), Verdict::NotJudged);
        let judged = judge(&results, true, true);
        assert!(judged[0].is_unstable && judged[0].found == Some(0.55));
    }

    #[test]
    fn by_value_alone() {
        let mut results = Results::default();
        results.add("cold-scan", CORE, "calls/page", Unit::Number, 0.5);
        results.add("hot-set", CORE, "kept", Unit::Number, 0.9);
        assert_eq!(verdict(&results, "read calls a page, cold scan", "", true, true), Verdict::Missed);
        assert_eq!(verdict(&results, "hot set's hit rate, kept", "", true, true), Verdict::Met);
    }
}
