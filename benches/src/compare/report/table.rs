//! The report for the terminal.

use crate::compare::bars::{Judged, Verdict};
use crate::compare::bench::Bench;
use crate::compare::engine::Result;
use crate::compare::engines::{CORE, DRYSTONE, ENGINES, LEFT_OUT, is_there};
use crate::compare::results::{Figure, Results};
use crate::compare::workloads::Workload;
use std::io::Write;

/// Writes where it was measured, and with what.
///
/// # Errors
/// When `out` does not take it.
pub fn head(bench: &Bench, machine: &str, out: &mut impl Write) -> Result<()> {
    let options = &bench.options;
    let kind = if bench.in_memory() { "memory" } else { "disk" };
    writeln!(out, "{machine}")?;
    writeln!(
        out,
        "folder {} ({kind}), {} rows, {} rounds",
        options.dir.display(),
        options.rows,
        options.rounds
    )?;
    for engine in &options.engines {
        writeln!(out, "{:<17} {:<9} {}", engine.name, (engine.version)(), (engine.settings)(&bench.setup))?;
    }
    for engine in ENGINES.iter().filter(|engine| !is_there(engine)) {
        writeln!(out, "left out: {}: it is not there", engine.name)?;
    }
    for (name, why) in LEFT_OUT {
        writeln!(out, "left out: {name}: {why}")?;
    }
    Ok(())
}

/// Writes the figures of a workload: the medians of the rounds, how far these lie apart, and
/// Drystone's part of each.
///
/// # Errors
/// When `out` does not take it.
pub fn workload(workload: &Workload, results: &Results, out: &mut impl Write) -> Result<()> {
    writeln!(out, "\n{}: {}", workload.name, workload.about)?;
    if workload.run.is_none() {
        writeln!(out, "  not yet")?;
    }
    let figures = || results.of(workload.name);
    let mut engines: Vec<&str> = Vec::new();
    for figure in figures() {
        if !engines.contains(&figure.engine) {
            engines.push(figure.engine);
        }
    }
    for engine in engines {
        write!(out, "  {engine:<17}")?;
        for figure in figures().filter(|figure| figure.engine == engine) {
            write!(out, " {:<28}", cell(figure, results))?;
        }
        writeln!(out)?;
    }
    for (_, remark) in results.remarks.iter().filter(|(of, _)| *of == workload.name) {
        writeln!(out, "  {remark}")?;
    }
    Ok(())
}

fn cell(figure: &Figure, results: &Results) -> String {
    let (value, spread) = (figure.unit.text(figure.median()), figure.spread() * 100.0);
    let ours = [DRYSTONE, CORE].into_iter().filter(|ours| *ours != figure.engine);
    let ratio =
        ours.filter_map(|ours| results.ratio(figure.workload, figure.name, ours, figure.engine)).next();
    let ratio = match ratio {
        Some(ratio) if figure.engine != CORE => format!(" [{:.2}]", ratio.value),
        _ => String::new(),
    };
    format!("{} {value} ~{spread:.0}%{ratio}", figure.name)
}

/// Writes the bars; whether none that must be met was missed.
///
/// # Errors
/// When `out` does not take it.
pub fn bars(judged: &[Judged], out: &mut impl Write) -> Result<bool> {
    writeln!(out, "\n{:<38} {:<7} {:<17} {:<9} {:<9} found", "bar", "folder", "over", "must", "aim")?;
    for bar in judged {
        let found = bar.found.map_or(String::new(), |found| format!("{found:.3}"));
        let verdict = bar.verdict.text();
        let unstable = if bar.is_unstable { " (unstable)" } else { "" };
        let Judged { what, place, over, must, aim, .. } = bar;
        writeln!(out, "{what:<38} {place:<7} {over:<17} {must:<9} {aim:<9} {found:<8} {verdict}{unstable}")?;
    }
    let missed = judged.iter().filter(|bar| bar.verdict == Verdict::Missed).count();
    writeln!(out, "{missed} missed")?;
    Ok(missed == 0)
}
