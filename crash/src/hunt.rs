//! Looks for seeded bugs: does the harness find each within its time, on one thread, from a seed of
//! its own and without a hint?
//!
//! Each bug is sown in a process of its own, which goes round through all that the harness can do
//! until something fails.

use crate::arguments::Arguments;
use drystone_core::seeded::{Bug, sow};
use drystone_crash::{
    Effort, Name, damage, damage_count, device_errors_part, explore, sequences, workload_seed,
};
use std::process::Command;
use std::time::{Duration, Instant};

/// Seconds for each bug.
const SECONDS: u64 = 60;
/// Images of each random workload.
const IMAGES: u64 = 400;
/// One in so many rounds does damage.
const DAMAGE: u64 = 12;

/// Looks for all bugs, or for those the arguments name. How many, and how many were not found.
pub fn bugs(arguments: &Arguments) -> Result<(u64, u64), String> {
    let chosen: Vec<Bug> = Bug::ALL
        .iter()
        .copied()
        .cycle()
        .skip(arguments.from as usize % Bug::ALL.len())
        .take(arguments.rotate.map_or(Bug::ALL.len(), |count| count as usize))
        .filter(|bug| arguments.bug.as_ref().is_none_or(|name| *name == format!("{bug:?}")))
        .collect();
    let mut missed = 0;
    for bug in &chosen {
        let begin = Instant::now();
        let seconds = arguments.seconds.unwrap_or(SECONDS);
        let fresh = format!("{}", workload_seed(arguments.seed, *bug as u64) >> 1);
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(program)
            .args(["--hunt", &format!("{bug:?}"), "--seed", &fresh, "--seconds", &seconds.to_string()])
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().find(|line| line.starts_with("FAILED"));
        match line {
            Some(line) => {
                let what = line.split(" : ").nth(1).unwrap_or(line);
                println!("{:<24}{:>7.1} s  {what}", format!("{bug:?}"), begin.elapsed().as_secs_f64());
            }
            None => {
                missed += 1;
                println!("{:<24} NOT FOUND in {seconds} s {}", format!("{bug:?}"), output.status);
            }
        }
    }
    Ok((chosen.len() as u64, missed))
}

/// Sows one bug and works until something fails or the time is over.
pub fn hunt(arguments: &Arguments, name: &str) -> Result<(u64, u64), String> {
    let bug = Bug::ALL.iter().copied().find(|bug| format!("{bug:?}") == name);
    std::panic::set_hook(Box::new(|_| {}));
    sow(bug.ok_or_else(|| format!("there is no bug {name}"))?);
    let Ok(damages) = std::panic::catch_unwind(damage_count) else {
        println!("FAILED : no database could be made to be damaged");
        return Ok((1, 1));
    };
    let names = sequences(2);
    let start = Instant::now();
    let limit = Duration::from_secs(arguments.seconds.unwrap_or(SECONDS));
    let mut round = 0;
    while start.elapsed() < limit {
        let seed = workload_seed(arguments.seed, round);
        let found = one_round(seed, round, damages, &names);
        if let Some(line) = found {
            println!("FAILED --replay {line}");
            return Ok((round + 1, 1));
        }
        round += 1;
    }
    Ok((round, 0))
}

/// A workload and a sequence; now and then some device errors, seldom some damage. The first
/// failure's line.
fn one_round(seed: u64, round: u64, damages: u64, names: &[Name]) -> Option<String> {
    let random = explore(&Name::Seed(seed), Effort::Images(IMAGES));
    let sequence = names.get(round as usize % names.len())?;
    let regular = explore(sequence, Effort::Subsets(4));
    let crash = random.troubles.iter().chain(&regular.troubles).next();
    if let Some(trouble) = crash {
        return Some(format!("{} : {}", trouble.crash, trouble.what));
    }
    if round % 2 == 1 {
        return None;
    }
    let errors = device_errors_part(seed, round / 2);
    if let Some((case, what)) = errors.troubles.first() {
        return Some(format!("{case} : {what}"));
    }
    if !round.is_multiple_of(DAMAGE) {
        return None;
    }
    // All the rest first, then the bits of one block or another.
    let damaged = damage((damages - 1 + round / DAMAGE * 7) % damages);
    damaged.troubles.first().map(|(line, what)| format!("{line} : {what}"))
}
