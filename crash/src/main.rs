//! The crash explorer's program: `drystone-crash --help` names its options.
//!
//! The last line is `N checked, N failed`; exit status 1 when anything failed.

mod arguments;
#[cfg(drystone_seeded_bugs)]
mod hunt;

use arguments::{Arguments, Mode};
use drystone_crash::{
    DamageReport, Effort, Name, Report, Totals, damage, damage_count, device_errors, explore, explore_nested,
    one_device_error, replay, replay_damage, sequences, workload_seed,
};
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Troubles after which a run stops.
const TROUBLES_MAX: usize = 20;
/// Images from which on every reachable place must have been reached.
const IMAGES_MANY: u64 = 1_000_000;

/// How many were checked, how many failed.
type Outcome = (u64, u64);

fn main() -> ExitCode {
    let result = Arguments::parse(std::env::args().skip(1)).and_then(|arguments| {
        let start = Instant::now();
        let outcome = run(&arguments, start)?;
        println!("seed {}, {:.1} s", arguments.seed, start.elapsed().as_secs_f64());
        Ok(outcome)
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

fn run(arguments: &Arguments, start: Instant) -> Result<Outcome, String> {
    match &arguments.mode {
        Mode::Images => Ok(images(arguments, start)),
        Mode::Sequences(length) => Ok(all_sequences(arguments, *length, start)),
        Mode::Damage => Ok(all_damage(arguments, start)),
        Mode::DeviceErrors => Ok(all_device_errors(arguments, start)),
        Mode::SeededBugs => seeded_bugs(arguments, None),
        Mode::Hunt(bug) => seeded_bugs(arguments, Some(bug)),
        Mode::Replay(line) => again(line),
    }
}

#[cfg(drystone_seeded_bugs)]
fn seeded_bugs(arguments: &Arguments, one: Option<&String>) -> Result<Outcome, String> {
    one.map_or_else(|| hunt::bugs(arguments), |bug| hunt::hunt(arguments, bug))
}

#[cfg(not(drystone_seeded_bugs))]
fn seeded_bugs(_: &Arguments, _: Option<&String>) -> Result<Outcome, String> {
    Err("no bugs are seeded in this build: RUSTFLAGS=\"--cfg drystone_seeded_bugs\" cargo run --release \
         --target-dir target/seeded -p drystone-crash -- --seeded-bugs"
        .to_owned())
}

/// Runs what a failure's line names.
fn again(line: &str) -> Result<Outcome, String> {
    if line.starts_with("error:") {
        let mut report = Report::default();
        one_device_error(line.parse()?, &mut report);
        Ok(tell_errors(&report))
    } else if line.starts_with("damage:") {
        Ok(tell_damage(&replay_damage(line)?))
    } else {
        let totals = replay(&line.parse()?);
        tell_troubles(&totals);
        Ok((totals.images, totals.troubles.len() as u64))
    }
}

fn tell_errors(report: &Report) -> Outcome {
    for (case, what) in &report.troubles {
        println!("FAILED --replay {case} : {what}");
    }
    let [unknown, found] = report.unknown;
    println!("{unknown} unknown outcomes, {found} of them there afterwards; {} read-only", report.read_only);
    (report.cases, report.troubles.len() as u64)
}

fn tell_damage(report: &DamageReport) -> Outcome {
    for (line, what) in &report.troubles {
        println!("FAILED --replay {line} : {what}");
    }
    print!("{report}");
    (report.cases(), report.troubles.len() as u64)
}

fn tell_troubles(totals: &Totals) {
    for trouble in &totals.troubles {
        println!("FAILED --replay {} : {}", trouble.crash, trouble.what);
    }
}

fn all_device_errors(arguments: &Arguments, start: Instant) -> Outcome {
    let report = Mutex::new(Report::default());
    let end = arguments.from + arguments.workloads;
    on_threads(arguments, end, start, |number| {
        let part = device_errors(workload_seed(arguments.seed, number));
        let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
        report.add(part);
        report.troubles.len() < TROUBLES_MAX
    });
    tell_errors(&report.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn all_damage(arguments: &Arguments, start: Instant) -> Outcome {
    let report = Mutex::new(DamageReport::default());
    on_threads(arguments, damage_count(), start, |number| {
        let part = damage(number);
        let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
        report.add(part);
        report.troubles.len() < TROUBLES_MAX
    });
    tell_damage(&report.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn all_sequences(arguments: &Arguments, length: usize, start: Instant) -> Outcome {
    let names = sequences(length);
    let totals = Mutex::new(Totals::default());
    on_threads(arguments, names.len() as u64, start, |number| {
        let Some(name) = names.get(number as usize) else { return false };
        let effort = Effort::Subsets(arguments.subsets);
        let part =
            arguments.nested.map_or_else(|| explore(name, effort), |each| explore_nested(name, effort, each));
        let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.add(part);
        totals.troubles.len() < TROUBLES_MAX
    });
    let totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell_troubles(&totals);
    println!("all sequences of up to {length} steps, all subsets of up to {} blocks", arguments.subsets);
    print!("{totals}");
    (totals.images, totals.troubles.len() as u64)
}

/// Explores workloads one after the other until there are enough images.
fn images(arguments: &Arguments, start: Instant) -> Outcome {
    // No workload may give more than a hundredth.
    let budget = (arguments.images / 180).clamp(30, 1_500);
    let totals = Mutex::new(Totals::default());
    on_threads(arguments, u64::MAX, start, |number| {
        let name = Name::Seed(workload_seed(arguments.seed, number));
        let part = explore(&name, Effort::Images(budget));
        let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.add(part);
        totals.images < arguments.images && totals.troubles.len() < TROUBLES_MAX
    });
    let totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell_troubles(&totals);
    print!("{totals}");
    let mut failed = totals.troubles.len() as u64;
    if totals.images >= IMAGES_MANY {
        for (what, count) in totals.seldom() {
            println!("FAILED : only {count} times at a place that can be reached: {what}");
            failed += 1;
        }
    }
    (totals.images, failed)
}

/// Hands out numbers to threads until the end, until the time is over, or until the task says that
/// it is enough. Tells where to go on: whatever was handed out before that is done.
fn on_threads(arguments: &Arguments, end: u64, start: Instant, task: impl Fn(u64) -> bool + Sync) {
    let next = AtomicU64::new(arguments.from);
    let reached = AtomicU64::new(arguments.from);
    let progress = std::io::stderr().is_terminal();
    let late = || arguments.limit().is_some_and(|limit| start.elapsed() >= limit);
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end || late() {
                        break;
                    }
                    reached.fetch_max(number + 1, Ordering::Relaxed);
                    if !task(number) {
                        break;
                    }
                    if progress {
                        eprint!("\r{number} done, {} s ", start.elapsed().as_secs());
                    }
                }
                // The others need not go on either.
                next.store(u64::MAX / 2, Ordering::Relaxed);
            });
        }
    });
    if progress {
        eprintln!();
    }
    match reached.into_inner() {
        reached if reached < end => println!("goes on with --from {reached}"),
        _ => println!("nothing is left"),
    }
}
