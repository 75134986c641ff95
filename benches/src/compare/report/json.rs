//! The figures for programs: one JSON object.
//!
//! ```json
//! {"machine": "...", "folder": "...", "kind": "disk", "rows": 1000000, "rounds": 5,
//!  "engines": [{"name": "...", "version": "...", "settings": "..."}],
//!  "figures": [{"workload": "...", "engine": "...", "figure": "p50", "unit": "us", "rounds": [1.5]}],
//!  "remarks": [{"workload": "...", "remark": "..."}],
//!  "bars": [{"bar": "...", "over": "...", "must": "<= 1", "aim": "", "found": 0.5, "verdict": "met"}]}
//! ```

use super::Report;
use crate::compare::bars::Verdict;
use crate::compare::results::Unit;
use std::fmt::Write;

/// The report as JSON.
#[must_use]
pub fn text(report: &Report<'_>) -> String {
    let engines = report.engines.iter().map(|engine| {
        object(&[
            ("name", string(engine.name)),
            ("version", string(&(engine.version)())),
            ("settings", string(&(engine.settings)(&report.setup))),
        ])
    });
    let figures = report.results.figures.iter().map(|figure| {
        object(&[
            ("workload", string(figure.workload)),
            ("engine", string(figure.engine)),
            ("figure", string(figure.name)),
            ("unit", string(unit(figure.unit))),
            ("rounds", array(figure.rounds.iter().map(|value| number(*value)))),
        ])
    });
    let remarks = report.results.remarks.iter();
    let remarks = remarks
        .map(|(workload, remark)| object(&[("workload", string(workload)), ("remark", string(remark))]));
    let bars = report.judged.iter().map(|bar| {
        object(&[
            ("bar", string(bar.what)),
            ("over", string(bar.over)),
            ("must", string(&bar.must)),
            ("aim", string(&bar.aim)),
            ("found", bar.found.map_or("null".to_owned(), number)),
            ("verdict", string(bar.verdict.text())),
        ])
    });
    let missed = report.judged.iter().filter(|bar| bar.verdict == Verdict::Missed).count();
    let fields = [
        ("machine", string(&report.machine)),
        ("folder", string(&report.folder)),
        ("kind", string(report.kind())),
        ("rows", report.rows.to_string()),
        ("rounds", report.rounds.to_string()),
        ("engines", array(engines)),
        ("figures", array(figures)),
        ("remarks", array(remarks)),
        ("bars", array(bars)),
        ("missed", missed.to_string()),
    ];
    object(&fields) + "\n"
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Microseconds => "us",
        Unit::Milliseconds => "ms",
        Unit::RowsPerSecond => "rows/s",
        Unit::PerSecond => "1/s",
        Unit::BytesPerRow => "bytes/row",
        Unit::Mebibytes => "MiB",
        Unit::Number => "",
    }
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}:{value}", string(name))).collect();
    format!("{{{}}}", fields.join(","))
}

fn array(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.collect::<Vec<_>>().join(",\n"))
}

/// JSON has no infinities.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "null".to_owned() }
}

fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            char if char < ' ' => _ = write!(quoted, "\\u{:04x}", u32::from(char)),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    #[test]
    fn strings_and_numbers() {
        assert_eq!(super::string("a \"b\"\\\n"), "\"a \\\"b\\\"\\\\\\u000a\"");
        assert_eq!(super::number(1.5), "1.5");
        assert_eq!(super::number(f64::INFINITY), "null");
        assert_eq!(
            super::object(&[("a", "1".into()), ("b", super::array(["2".into()].into_iter()))]),
            "{\"a\":1,\"b\":[2]}"
        );
    }
}
