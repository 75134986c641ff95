//! The program of the benchmarks that are no criterion benchmarks.
//!
//! `drystone-benches commit-gate --dir DIR [--slack F]`: see `gate`. Exit status 0 when the gate is
//! met, 1 when it is missed or could not be measured, 2 for wrong arguments.

use drystone_benches::sys::CountingAllocator;
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const USAGE: &str = "usage: drystone-benches commit-gate --dir DIR [--slack F]";

/// Where to run the gate, and by what to multiply its bars.
fn arguments(mut args: impl Iterator<Item = String>) -> Result<(PathBuf, f64), String> {
    if args.next().as_deref() != Some("commit-gate") {
        return Err("which benchmark?".to_owned());
    }
    let (mut dir, mut slack) = (None, 1.0);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} wants a value"))?;
        match name.as_str() {
            "--dir" => dir = Some(PathBuf::from(value)),
            "--slack" => {
                let number = value.parse().ok().filter(|slack| *slack > 0.0);
                slack = number.ok_or_else(|| format!("--slack wants a number above 0, not {value:?}"))?;
            }
            _ => return Err(format!("unknown option {name}")),
        }
    }
    Ok((dir.ok_or("--dir is missing")?, slack))
}

#[cfg(target_os = "linux")]
fn commit_gate(dir: &std::path::Path, slack: f64) -> Result<bool, Box<dyn std::error::Error>> {
    drystone_benches::gate::run(dir, slack, &mut std::io::stdout())
}

#[cfg(not(target_os = "linux"))]
fn commit_gate(_dir: &std::path::Path, _slack: f64) -> Result<bool, Box<dyn std::error::Error>> {
    Err("the commit gate runs on Linux only".into())
}

fn main() -> ExitCode {
    let (dir, slack) = match arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match commit_gate(&dir, slack) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("commit-gate: {error}");
            ExitCode::FAILURE
        }
    }
}
