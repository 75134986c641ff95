//! The report as one page: no script, nothing loaded from elsewhere.

use super::{Report, plot};
use crate::compare::bars::Verdict;
use crate::compare::engines::LEFT_OUT;
use crate::compare::results::Figure;
use crate::compare::workloads::Workload;
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;\
color:#222}table{border-collapse:collapse;margin:.6em 0}td,th{padding:.15em .7em;text-align:left;\
border-bottom:1px solid #ddd}td.n{text-align:right;font-variant-numeric:tabular-nums}.missed{color:#b00020}\
.met{color:#1b7a34}.quiet{color:#777}h2{margin-top:2em}svg{max-width:100%}";

/// The page.
#[must_use]
pub fn text(report: &Report<'_>) -> String {
    let mut out = String::new();
    let title = "Drystone beside other engines";
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
         <h1>{title}</h1><p>{}<br>Folder on {}, {} rows, {} rounds. Every commit is durable on every side; \
         engines take turns; a figure is the median of its rounds, the thin line spans the rounds.</p>",
        escape(&report.machine),
        report.kind(),
        report.rows,
        report.rounds
    );
    engines(report, &mut out);
    out.push_str(&plot::ratios(report.results));
    bars(report, &mut out);
    for workload in report.workloads {
        section(report, workload, &mut out);
    }
    out.push_str("</html>\n");
    out
}

fn engines(report: &Report<'_>, out: &mut String) {
    out.push_str("<table><tr><th>engine<th>version<th>settings</tr>");
    for engine in report.engines {
        let settings = escape(&(engine.settings)(&report.setup));
        let _ = write!(out, "<tr><td>{}<td>{}<td>{settings}</tr>", engine.name, escape(&(engine.version)()));
    }
    out.push_str("</table>");
    for (name, why) in LEFT_OUT {
        let _ = write!(out, "<p class=\"quiet\">Left out: {name}: {}</p>", escape(why));
    }
}

fn bars(report: &Report<'_>, out: &mut String) {
    out.push_str("<h2>Bars</h2><table><tr><th>bar<th>folder<th>over<th>must<th>aim<th>found<th></tr>");
    for bar in report.judged {
        let class = match bar.verdict {
            Verdict::Missed => "missed",
            Verdict::NotJudged => "quiet",
            Verdict::Aim | Verdict::Met => "met",
        };
        let found = bar.found.map_or(String::new(), |found| format!("{found:.3}"));
        let unstable = if bar.is_unstable { " (unstable)" } else { "" };
        let _ = write!(
            out,
            "<tr class=\"{class}\"><td>{}<td>{}<td>{}<td>{}<td>{}<td class=\"n\">{found}<td>{}{unstable}</tr>",
            escape(bar.what),
            bar.place,
            bar.over,
            escape(&bar.must),
            escape(&bar.aim),
            bar.verdict.text()
        );
    }
    out.push_str("</table>");
}

fn section(report: &Report<'_>, workload: &Workload, out: &mut String) {
    let _ = write!(out, "<h2>{}</h2><p>{}</p>", workload.name, escape(workload.about));
    if workload.run.is_none() {
        out.push_str("<p class=\"quiet\">not yet</p>");
    }
    let figures: Vec<&Figure> = report.results.of(workload.name).collect();
    let mut names: Vec<&str> = Vec::new();
    for figure in &figures {
        if !names.contains(&figure.name) {
            names.push(figure.name);
        }
    }
    for name in names {
        let shown: Vec<&Figure> = figures.iter().copied().filter(|figure| figure.name == name).collect();
        out.push_str(&plot::figures(name, &shown));
    }
    for (_, remark) in report.results.remarks.iter().filter(|(of, _)| *of == workload.name) {
        let _ = write!(out, "<p class=\"quiet\">{}</p>", escape(remark));
    }
}

/// Text that can stand in a page.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
