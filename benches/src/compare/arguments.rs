//! The options of `compare`.

use super::engine::Engine;
use super::engines::{CORE, DRYSTONE, ENGINES, LMDB, SQLITE, is_there};
use super::workloads::{WORKLOADS, Workload};
use std::path::PathBuf;

/// How `compare` is called.
pub const USAGE: &str = "compare [--quick] [--engines A,B] [--only WORKLOAD,...] [--dir DIR] [--rows N] \
    [--rounds N] [--json FILE] [--html FILE]";

/// Rows of a full run: what the bars are about.
pub const ROWS: usize = 1_000_000;
const ROUNDS: usize = 5;

/// What was asked for.
pub struct Options {
    /// The engines that take part.
    pub engines: Vec<&'static Engine>,
    /// The workloads to run.
    pub workloads: Vec<&'static Workload>,
    /// Where to measure.
    pub dir: PathBuf,
    /// Rows of the large tables.
    pub rows: usize,
    /// Rounds of each workload.
    pub rounds: usize,
    /// Where to write the figures as JSON.
    pub json: Option<PathBuf>,
    /// Where to write the report.
    pub html: Option<PathBuf>,
}

/// With fewer rows than this a run only shows that everything works.
const TRIAL: usize = 100_000;

impl Options {
    /// Whether there are too few rows for times to mean anything.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.rows < TRIAL
    }

    /// Reads the arguments after `compare`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut quick = false;
        let (mut engines, mut only, mut dir, mut json, mut html) = (None, None, None, None, None);
        let (mut rows, mut rounds) = (ROWS, ROUNDS);
        while let Some(name) = args.next() {
            if name == "--quick" {
                quick = true;
                continue;
            }
            let value = args.next().ok_or_else(|| format!("{name} wants a value"))?;
            match name.as_str() {
                "--engines" => engines = Some(value),
                "--only" => only = Some(value),
                "--dir" => dir = Some(PathBuf::from(value)),
                "--rows" => rows = number(&name, &value, 10_000)?,
                "--rounds" => rounds = number(&name, &value, 1)?,
                "--json" => json = Some(PathBuf::from(value)),
                "--html" => html = Some(PathBuf::from(value)),
                _ => return Err(format!("unknown option {name}")),
            }
        }
        let quick_engines = [DRYSTONE, SQLITE, CORE, LMDB].join(",");
        let engines = engines.or_else(|| quick.then_some(quick_engines));
        let mut engines = choose(engines.as_deref(), ENGINES, |engine| engine.name)?;
        engines.retain(|engine| is_there(engine));
        let workloads: Vec<&Workload> = WORKLOADS.iter().collect();
        let mut workloads = choose(only.as_deref(), &workloads, |workload| workload.name)?;
        workloads.retain(|workload| workload.in_quick || !quick);
        let dir = dir.unwrap_or_else(std::env::temp_dir);
        Ok(Options { engines, workloads, dir, rows, rounds, json, html })
    }
}

fn number(name: &str, value: &str, least: usize) -> Result<usize, String> {
    let number = value.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| format!("{name} wants a number from {least} on, not {value:?}"))
}

/// Those of the list, in its order, whose names are given; all without names.
fn choose<T: Copy>(
    names: Option<&str>,
    all: &[T],
    name: impl Fn(&T) -> &'static str,
) -> Result<Vec<T>, String> {
    let Some(names) = names else { return Ok(all.to_vec()) };
    let known = || all.iter().map(&name).collect::<Vec<_>>();
    if let Some(unknown) = names.split(',').find(|wanted| !known().contains(wanted)) {
        return Err(format!("{unknown:?} is none of {}", known().join(", ")));
    }
    Ok(all.iter().copied().filter(|one| names.split(',').any(|wanted| wanted == name(one))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &str) -> Result<Options, String> {
        Options::parse(args.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn all_by_default_and_less_when_quick() {
        let all = parse("").unwrap();
        let there = ENGINES.iter().filter(|engine| is_there(engine)).count();
        assert_eq!((all.engines.len(), all.workloads.len()), (there, WORKLOADS.len()));
        assert_eq!((all.rows, all.rounds), (1_000_000, 5));
        let quick = parse("--quick --rounds 3").unwrap();
        assert_eq!((quick.engines.len(), quick.rounds), (4, 3));
        assert!(quick.workloads.iter().all(|workload| workload.in_quick));
        let some = parse("--engines lmdb,drystone --only update").unwrap();
        assert_eq!(some.engines.iter().map(|engine| engine.name).collect::<Vec<_>>(), ["drystone", "lmdb"]);
        assert_eq!(some.workloads.len(), 1);
    }

    #[test]
    fn mistakes_are_named() {
        for (args, part) in [
            ("--engines oracle", "none of drystone,"),
            ("--rows 10", "from 10000 on"),
            ("--rounds", "wants a value"),
            ("--fast 1", "unknown option --fast"),
        ] {
            let error = parse(args).err().unwrap();
            assert!(error.contains(part), "{error}");
        }
    }
}
