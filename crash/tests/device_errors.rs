//! Reads, writes, flushes and reservations that fail at every call of some workloads.

use drystone_crash::{Report, device_errors, workload_seed};

#[test]
fn errors_at_every_call() {
    let seed = std::env::var("DRYSTONE_SEED").map_or(1, |text| text.parse().unwrap());
    let count = std::env::var("DRYSTONE_ERROR_WORKLOADS").map_or(3, |text| text.parse().unwrap());
    let mut report = Report::default();
    for number in 0..count {
        report.add(device_errors(workload_seed(seed, number)));
    }
    for (case, what) in &report.troubles {
        println!("FAILED --replay {case} : {what}");
    }
    let [unknown, found] = report.unknown;
    println!(
        "device errors, seed {seed}: {} cases, {unknown} unknown outcomes ({found} there), {} read-only",
        report.cases, report.read_only
    );
    assert!(report.troubles.is_empty(), "{} of {} cases failed", report.troubles.len(), report.cases);
    assert!(report.cases > 500 && unknown > 0 && report.read_only > 0);
}
