//! The crash explorer's program.
//!
//! `drystone-crash [--images N] [--seed S] [--from K] [--seconds N] [--replay LINE]` checks N
//! distinct crash states, from workload number K of seed S on, with two threads; with `--io-errors N`
//! instead a device error at every call of N workloads. The last line is `N checked, N failed`;
//! exit status 1 when anything failed.

use drystone_crash::{Report, Totals, device_errors, explore, one_device_error, replay, workload_seed};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const USAGE: &str = "\
usage: drystone-crash [--images N] [--seed S] [--from K] [--seconds N] [--threads N] [--io-errors N]
                      [--replay LINE]
  --images N    distinct crash states to check (default 120000)
  --seed S      seed of the run (default 1)
  --from K      number of the first workload (default 0)
  --seconds N   stop after so many seconds
  --threads N   default 2
  --io-errors N a device error at every call of N workloads instead of crashes
  --replay LINE one crash or error alone, as a failure printed it";

/// Troubles after which a run stops.
const TROUBLES_MAX: usize = 20;

struct Arguments {
    images: u64,
    seed: u64,
    from: u64,
    limit: Option<Duration>,
    threads: u64,
    io_errors: Option<u64>,
    replay: Option<String>,
}

fn parse() -> Result<Arguments, String> {
    let mut found = Arguments {
        images: 120_000,
        seed: 1,
        from: 0,
        limit: None,
        threads: 2,
        io_errors: None,
        replay: None,
    };
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
            "--io-errors" => found.io_errors = Some(number()?),
            "--replay" => found.replay = Some(value),
            _ => return Err(format!("{word} is not an option\n{USAGE}")),
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    let result = parse().and_then(|arguments| match &arguments.replay {
        Some(line) => again(line),
        None => Ok(run(&arguments)),
    });
    match result {
        Ok((checked, failed)) => {
            println!("{checked} checked, {failed} failed");
            ExitCode::from(u8::from(failed > 0))
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Runs what a failure's line names. How many were checked, how many failed.
fn again(line: &str) -> Result<(u64, usize), String> {
    if line.starts_with("error:") {
        let mut report = Report::default();
        one_device_error(line.parse()?, &mut report);
        Ok(tell_report(&report))
    } else {
        let totals = replay(&line.parse()?);
        tell_troubles(&totals);
        Ok((totals.images, totals.troubles.len()))
    }
}

fn tell_report(report: &Report) -> (u64, usize) {
    for (case, what) in &report.troubles {
        println!("FAILED --replay {case} : {what}");
    }
    let [unknown, found] = report.unknown;
    println!("{unknown} unknown outcomes, {found} of them there afterwards; {} read-only", report.read_only);
    (report.cases, report.troubles.len())
}

fn tell_troubles(totals: &Totals) {
    for trouble in &totals.troubles {
        println!("FAILED --replay {} : {}", trouble.crash, trouble.what);
    }
}

fn run(arguments: &Arguments) -> (u64, usize) {
    let start = Instant::now();
    let result = if let Some(count) = arguments.io_errors {
        let report = Mutex::new(Report::default());
        on_threads(arguments, |number| {
            let part = device_errors(workload_seed(arguments.seed, number));
            report.lock().is_ok_and(|mut report| {
                report.add(part);
                number + 1 < arguments.from + count && report.troubles.len() < TROUBLES_MAX
            })
        });
        tell_report(&report.into_inner().unwrap_or_default())
    } else {
        let totals = crashes(arguments, start);
        tell_troubles(&totals);
        print!("{totals}");
        (totals.images, totals.troubles.len())
    };
    println!("seed {}, {:.1} s", arguments.seed, start.elapsed().as_secs_f64());
    result
}

/// Explores workloads one after the other until there are enough states.
fn crashes(arguments: &Arguments, start: Instant) -> Totals {
    // No workload may give more than a hundredth.
    let budget = (arguments.images / 180).clamp(30, 1_500);
    let totals = Mutex::new(Totals::default());
    let progress = std::io::stderr().is_terminal();
    on_threads(arguments, |number| {
        let part = explore(workload_seed(arguments.seed, number), budget);
        let Ok(mut totals) = totals.lock() else {
            return false;
        };
        totals.add(part);
        if progress {
            eprint!("\r{} of {}, workload {number} ", totals.distinct, arguments.images);
        }
        let late = arguments.limit.is_some_and(|limit| start.elapsed() >= limit);
        !late && totals.distinct < arguments.images && totals.troubles.len() < TROUBLES_MAX
    });
    if progress {
        eprintln!();
    }
    totals.into_inner().unwrap_or_default()
}

/// Hands out workload numbers to threads until the task says that it is enough.
fn on_threads(arguments: &Arguments, task: impl Fn(u64) -> bool + Sync) {
    let next = AtomicU64::new(arguments.from);
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| while task(next.fetch_add(1, Ordering::Relaxed)) {});
        }
    });
}
