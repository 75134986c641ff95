//! The crash explorer's program.
//!
//! `drystone-crash [--images N] [--seed S] [--from K] [--seconds N] [--replay LINE]` checks N
//! distinct crash states, from workload number K of seed S on, with two threads. The last line is
//! `N checked, N failed`; exit status 1 when anything failed.

use drystone_crash::{Crash, Totals, explore, replay, workload_seed};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const USAGE: &str = "\
usage: drystone-crash [--images N] [--seed S] [--from K] [--seconds N] [--threads N] [--replay LINE]
  --images N    distinct crash states to check (default 120000)
  --seed S      seed of the run (default 1)
  --from K      number of the first workload (default 0)
  --seconds N   stop after so many seconds
  --threads N   default 2
  --replay LINE one crash alone, as a failure printed it";

/// Troubles after which a run stops.
const TROUBLES_MAX: usize = 20;

struct Arguments {
    images: u64,
    seed: u64,
    from: u64,
    limit: Option<Duration>,
    threads: u64,
    replay: Option<Crash>,
}

fn parse() -> Result<Arguments, String> {
    let mut found = Arguments { images: 120_000, seed: 1, from: 0, limit: None, threads: 2, replay: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value\n{USAGE}"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} {value}: not a number\n{USAGE}"));
        match word.as_str() {
            "--images" => found.images = number()?,
            "--seed" => found.seed = number()?,
            "--from" => found.from = number()?,
            "--seconds" => found.limit = Some(Duration::from_secs(number()?)),
            "--threads" => found.threads = number()?.max(1),
            "--replay" => found.replay = Some(value.parse()?),
            _ => return Err(format!("{word} is not an option\n{USAGE}")),
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let start = Instant::now();
    let totals = match &arguments.replay {
        Some(crash) => replay(crash),
        None => run(&arguments, start),
    };
    for trouble in &totals.troubles {
        println!("FAILED --replay {} : {}", trouble.crash, trouble.what);
    }
    if arguments.replay.is_none() {
        print!("{totals}");
        println!("seed {}, {:.1} s", arguments.seed, start.elapsed().as_secs_f64());
    }
    println!("{} checked, {} failed", totals.images, totals.troubles.len());
    ExitCode::from(u8::from(!totals.troubles.is_empty()))
}

/// Explores workloads one after the other until there are enough states.
fn run(arguments: &Arguments, start: Instant) -> Totals {
    // No workload may give more than a hundredth.
    let budget = (arguments.images / 180).clamp(30, 1_500);
    let totals = Mutex::new(Totals::default());
    let next = AtomicU64::new(arguments.from);
    let progress = std::io::stderr().is_terminal();
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let part = explore(workload_seed(arguments.seed, number), budget);
                    let Ok(mut totals) = totals.lock() else {
                        return;
                    };
                    totals.add(part);
                    if progress {
                        eprint!("\r{} of {}, workload {number} ", totals.distinct, arguments.images);
                    }
                    let late = arguments.limit.is_some_and(|limit| start.elapsed() >= limit);
                    if late || totals.distinct >= arguments.images || totals.troubles.len() >= TROUBLES_MAX {
                        return;
                    }
                }
            });
        }
    });
    if progress {
        eprintln!();
    }
    totals.into_inner().unwrap_or_default()
}
