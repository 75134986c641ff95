//! Drystone beside the engines a user would pick instead: in the same run, at equal durability,
//! with equal caches, the same rows, and answers that are compared.
//!
//! | room | what |
//! |---|---|
//! | `engine` | what an engine must do; answers |
//! | `results` | figures and their rounds |
//! | `data` | rows and entries |
//! | `bench` | what the workloads of a run share |
//! | `turns` | operations of several sides by turns |
//! | `engines` | one file for each engine |
//! | `workloads` | one file for each kind of workload |
//! | `bars` | what must be reached |
//! | `report` | what is shown |
//! | `arguments` | options |
//!
//! A round of a load runs each engine once, of single operations each engine several times by
//! turns; another engine is first in each round. A figure is the median of its rounds.

pub mod arguments;
pub mod bars;
pub mod bench;
pub mod data;
pub mod engine;
pub mod engines;
mod report;
pub mod results;
mod turns;
pub mod workloads;

use arguments::{Options, ROWS};
use bench::Bench;
use engine::Result;
use report::{Report, table};
use std::io::Write;

/// Runs a comparison and prints it; whether no bar was missed that must be met.
///
/// # Errors
/// What goes wrong in an engine, and engines that do not answer alike.
pub fn run(options: Options, out: &mut impl Write) -> Result<bool> {
    let (machine, mut bench) = (machine(), Bench::new(options)?);
    table::head(&bench, &machine, out)?;
    for workload in bench.options.workloads.clone() {
        if let Some(run) = workload.run {
            run(&mut bench).map_err(|error| format!("{}: {error}", workload.name))?;
        }
        bench.progress_done();
        table::workload(workload, &bench.results, out)?;
        out.flush()?;
    }
    let judged = bars::judge(&bench.results, bench.in_memory(), bench.options.rows == ROWS);
    let report = Report {
        machine,
        folder: bench.options.dir.display().to_string(),
        in_memory: bench.in_memory(),
        rows: bench.options.rows,
        rounds: bench.options.rounds,
        setup: bench.setup,
        engines: &bench.options.engines,
        workloads: &bench.options.workloads,
        results: &bench.results,
        judged: &judged,
    };
    if let Some(path) = &bench.options.json {
        report.write_json(path)?;
    }
    if let Some(path) = &bench.options.html {
        report.write_html(path)?;
    }
    table::bars(&judged, out)
}

/// What it runs on.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let count = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let memory = read("/proc/meminfo").lines().next().unwrap_or_default().replace("MemTotal:", "");
    let kernel = read("/proc/sys/kernel/osrelease");
    let model = model.trim_start_matches(['\t', ':', ' ']);
    format!("{count} x {model}, memory {}, Linux {}", memory.trim(), kernel.trim())
}
