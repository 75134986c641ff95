//! Every workload runs small, with every engine, and the engines agree.

use crate::compare::arguments::Options;
use crate::compare::bench::Bench;

#[test]
fn all_workloads_run_small() {
    // In memory where there is such a folder: thousands of flushes show nothing here.
    let memory = std::path::PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let dir = parent.join(format!("drystone-compare-test-{}", std::process::id()));
    let args = ["--rows", "10000", "--rounds", "1", "--dir", dir.to_str().unwrap()];
    let options = Options::parse(args.iter().map(|arg| (*arg).to_owned())).unwrap();
    let mut bench = Bench::new(options).unwrap();
    for workload in bench.options.workloads.clone() {
        // Three start the program once more, and a test is not the program; TPC-H cannot be small.
        let is_left_out = ["commits", "reopen", "memory", "tpc-h"].contains(&workload.name);
        if let Some(run) = workload.run.filter(|_| !is_left_out) {
            run(&mut bench).unwrap_or_else(|error| panic!("{}: {error}", workload.name));
            let known = bench.results.figures.iter().any(|figure| figure.workload == workload.name);
            assert!(known, "{} gave no figure", workload.name);
        }
    }
    drop(bench);
    std::fs::remove_dir(&dir).unwrap();
}
