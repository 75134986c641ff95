//! Plots, as SVG.

use crate::compare::engines::{CORE, DRYSTONE, LMDB, SQLITE};
use crate::compare::results::{Figure, Results};
use crate::compare::workloads::WORKLOADS;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 150.0;
const LENGTH: f64 = 430.0;
const ROW: f64 = 20.0;
/// The scale of ratios ends at so many times as fast or as slow.
const DECADE: f64 = 10.0;
const OURS: &str = "#2f6f8f";
const OTHERS: &str = "#b9b9b9";
const WORSE: &str = "#c0603a";

fn open(height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">"
    )
}

/// One figure of several engines: a bar each, with a line from its least to its greatest round.
#[must_use]
pub fn figures(name: &str, figures: &[&Figure]) -> String {
    let most = figures.iter().flat_map(|figure| &figure.rounds).copied().fold(0.0, f64::max);
    let scale = if most > 0.0 { LENGTH / most } else { 0.0 };
    let mut out = open(ROW * (figures.len() + 1) as f64 + 4.0);
    let better = match figures.first() {
        Some(figure) if !figure.unit.less_is_better() => "more is better",
        _ => "less is better",
    };
    let _ = write!(out, "<text x=\"0\" y=\"14\" font-weight=\"bold\">{name}</text>");
    let _ = write!(out, "<text x=\"{LEFT}\" y=\"14\" fill=\"#777\">{better}</text>");
    for (row, figure) in figures.iter().enumerate() {
        let y = ROW * (row + 1) as f64;
        let length = figure.median() * scale;
        let (low, high) = figure.range();
        let color = if [DRYSTONE, CORE].contains(&figure.engine) { OURS } else { OTHERS };
        let (text, middle) = (y + 14.0, y + 10.0);
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{text}\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{}\" width=\"{length:.1}\" height=\"14\" fill=\"{color}\"/>\
             <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle}\" y2=\"{middle}\" stroke=\"#333\"/>\
             <text x=\"{:.1}\" y=\"{text}\">{}</text>",
            figure.engine,
            y + 3.0,
            LEFT + low * scale,
            LEFT + high * scale,
            LEFT + high * scale + 6.0,
            figure.unit.text(figure.median())
        );
    }
    out.push_str("</svg>");
    out
}

/// How many times as fast as SQLite (SQL) or LMDB (core API) Drystone is, one row a workload; to the
/// right of the middle it is faster.
#[must_use]
pub fn ratios(results: &Results) -> String {
    let rows: Vec<(&str, &str, f64)> = WORKLOADS
        .iter()
        .filter_map(|workload| {
            let figure = results.of(workload.name).next()?;
            let pairs = [(DRYSTONE, SQLITE), (CORE, LMDB)];
            let found = pairs.iter().find_map(|(ours, other)| {
                let ratio = results.ratio(workload.name, figure.name, ours, other)?;
                let faster = if figure.unit.less_is_better() { 1.0 / ratio.value } else { ratio.value };
                Some((*other, faster))
            });
            found.map(|(other, faster)| (workload.name, other, faster))
        })
        .collect();
    let height = ROW * (rows.len() + 1) as f64 + 8.0;
    let (middle, half) = (LEFT + LENGTH / 2.0, LENGTH / 2.0);
    let mut out = open(height);
    let _ = write!(
        out,
        "<text x=\"0\" y=\"14\" font-weight=\"bold\">Drystone's speed</text>\
         <text x=\"{middle}\" y=\"14\" text-anchor=\"middle\" fill=\"#777\">slower &#8592; as fast &#8594; faster</text>\
         <line x1=\"{middle}\" x2=\"{middle}\" y1=\"18\" y2=\"{height}\" stroke=\"#333\"/>"
    );
    for (row, (workload, other, faster)) in rows.iter().enumerate() {
        let y = ROW * (row + 1) as f64;
        let length = faster.log10().clamp(-1.0, 1.0) / DECADE.log10() * half;
        let (x, color) = if length < 0.0 { (middle + length, WORSE) } else { (middle, OURS) };
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{0}\">{workload}</text>\
             <rect x=\"{x:.1}\" y=\"{1}\" width=\"{2:.1}\" height=\"14\" fill=\"{color}\"/>\
             <text x=\"{3}\" y=\"{0}\">{faster:.2} x {other}</text>",
            y + 14.0,
            y + 3.0,
            length.abs(),
            LEFT + LENGTH + 6.0
        );
    }
    out.push_str("</svg>");
    out
}
