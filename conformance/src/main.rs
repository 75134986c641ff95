//! `drystone-conformance [--threads N] [--slow MS] [--files] PATH ...`
//!
//! Runs sqllogictest scripts, files or folders. Each failure is printed with its file and line, the
//! totals are the last line. Exit status 1 when a record fails that is not listed in
//! `exceptions.txt`, a listed one passes, a file holds no record, or too many are listed.
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

use drystone_conformance::exceptions::{Exceptions, LIST};
use drystone_conformance::report::{self, Options};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: drystone-conformance [--threads N] [--slow MS] [--files] PATH ...
  PATH        a sqllogictest script, or a folder: every .test and .slt file in it
  --threads   how many files run at a time (default: as many as there are processors)
  --slow      prints records that took longer
  --files     prints a line for each file";

struct Arguments {
    paths: Vec<PathBuf>,
    threads: usize,
    options: Options,
}

fn arguments() -> Result<Arguments, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut parsed = Arguments { paths: vec![], threads, options: Options::default() };
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = |name: &str| {
            let value = arguments.next().and_then(|value| value.to_str()?.parse::<usize>().ok());
            value.ok_or_else(|| format!("{name} wants a number"))
        };
        match argument.to_str() {
            Some("--threads") => parsed.threads = number("--threads")?,
            Some("--slow") => parsed.options.slow = Some(Duration::from_millis(number("--slow")? as u64)),
            Some("--files") => parsed.options.files = true,
            Some(option) if option.starts_with("--") => return Err(format!("no option {option}")),
            _ => parsed.paths.push(PathBuf::from(argument)),
        }
    }
    if parsed.paths.is_empty() {
        return Err("no PATH".to_owned());
    }
    Ok(parsed)
}

fn run() -> Result<bool, String> {
    let Arguments { paths, threads, options } = arguments().map_err(|error| format!("{error}\n{USAGE}"))?;
    let exceptions = Exceptions::parse(LIST)?;
    let files = report::find(&paths)?;
    let mut out = std::io::stdout().lock();
    let totals = report::run(&files, threads, &exceptions, &options, &mut out);
    Ok(totals.map_err(|error| error.to_string())?.complaints == 0)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
