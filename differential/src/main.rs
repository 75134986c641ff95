//! `drystone-differential [--statements N] [--metamorphic N] [--seed S] [--tpch SCALE [--query N]]`
//!
//! Compares Drystone with SQLite on N generated statements, and with itself on N questions asked
//! in two ways, and on the queries of TPC-H. Each disagreement is printed with a script that shows it; the last line is
//! `N checked, N failed`. Exit status 1 on a disagreement or a poor mixture of statements.
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

use drystone_differential::{metamorphic, run, tpch};
use std::process::ExitCode;

const USAGE: &str = "usage: drystone-differential [--statements N] [--metamorphic N] [--seed S] \
    [--tpch SCALE [--query N]]";
/// Fewer statements say nothing about the mixture.
const MIXTURE_MIN: usize = 1_000;

#[derive(Default)]
struct Arguments {
    statements: usize,
    metamorphic: usize,
    seed: u64,
    tpch: f64,
    query: Option<usize>,
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed = Arguments { seed: 1, ..Arguments::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let wrong = || format!("{option} wants a number\n{USAGE}");
        if option == "--tpch" {
            parsed.tpch = value.parse().map_err(|_| wrong())?;
            continue;
        }
        let value = value.parse::<u64>().map_err(|_| wrong())?;
        match option.as_str() {
            "--statements" => parsed.statements = value as usize,
            "--metamorphic" => parsed.metamorphic = value as usize,
            "--seed" => parsed.seed = value,
            "--query" => parsed.query = Some(value as usize),
            _ => return Err(format!("no option {option}\n{USAGE}")),
        }
    }
    if parsed.statements + parsed.metamorphic == 0 && parsed.tpch <= 0.0 {
        return Err(USAGE.to_owned());
    }
    Ok(parsed)
}

fn compare() -> Result<bool, String> {
    let Arguments { statements, metamorphic, seed, tpch, query } = arguments()?;
    let mut out = std::io::stdout().lock();
    println!("seed {seed}");
    let (mut checked, mut failed, mut poor) = (0, 0, false);
    if statements > 0 {
        let tally = run::statements(statements, seed, &mut out)?;
        println!(
            "{} statements agree, {} disagree, {} fail on both",
            tally.checked, tally.failed, tally.refused
        );
        for (name, share, least) in tally.shares() {
            println!("{share:5.1} % {name} (at least {least} %)");
            poor |= share < least && tally.checked >= MIXTURE_MIN;
        }
        (checked, failed) = (tally.checked + tally.failed, tally.failed);
    }
    if metamorphic > 0 {
        let totals = metamorphic::checks(metamorphic, seed, &mut out)?;
        println!("{} metamorphic checks, {} failed", totals.checked, totals.failed);
        checked += totals.checked;
        failed += totals.failed;
    }
    if tpch > 0.0 {
        failed += tpch::run(tpch, query, &mut out).map_err(|error| error.to_string())?;
        checked += if query.is_some() { 1 } else { tpch::data::QUERY_COUNT };
    }
    if poor {
        println!("the mixture of statements is poor");
    }
    println!("{checked} checked, {failed} failed");
    Ok(failed == 0 && !poor)
}

fn main() -> ExitCode {
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
