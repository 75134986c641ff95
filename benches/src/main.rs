//! The program of the benchmarks that are no criterion benchmarks.
//!
//! | command | what |
//! |---|---|
//! | `commit-gate --dir DIR [--slack F]` | a durable commit against the floor: see `gate` |
//! | `compare ...` | Drystone beside other engines: see `compare` |
//! | `counts [--store] [--dir DIR]` | stored counts, checked or stored anew: see `counts` |
//! | `path NAME DIR [ENGINE]` | one hot path, for a profiler: see `paths` |
//! | `compare-part ...` | a part of `compare` that needs a process of its own |
//!
//! Exit status 0 when the bars are met, 1 when one is missed or could not be measured, 2 for wrong
//! arguments.

use drystone_benches::sys::CountingAllocator;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[cfg(target_os = "linux")]
mod commands {
    use drystone_benches::compare::{self, arguments, workloads};
    use drystone_benches::folder::Folder;
    use drystone_benches::{counts, gate, paths};
    use std::error::Error;
    use std::path::{Path, PathBuf};

    /// A mistake in the arguments, or a failure of the run.
    pub enum Failure {
        Arguments(String),
        Run(Box<dyn Error>),
    }

    pub const COUNTS_USAGE: &str = "counts [--store] [--dir DIR]";
    pub const GATE_USAGE: &str = "commit-gate --dir DIR [--slack F]";

    /// Runs a command; whether its bars are met.
    pub fn run(mut args: impl Iterator<Item = String>) -> Result<bool, Failure> {
        match args.next().as_deref() {
            Some("commit-gate") => {
                let (dir, slack) = gate_arguments(args).map_err(Failure::Arguments)?;
                gate::run(&dir, slack, &mut std::io::stdout()).map_err(Failure::Run)
            }
            Some("compare") => {
                let options = arguments::Options::parse(args).map_err(Failure::Arguments)?;
                compare::run(options, &mut std::io::stdout()).map_err(Failure::Run)
            }
            Some("counts") => {
                let (dir, is_store) = counts_arguments(args).map_err(Failure::Arguments)?;
                counts::run(&dir, is_store, &mut std::io::stdout()).map_err(Failure::Run)
            }
            Some("path") => path(&args.collect::<Vec<_>>()).map(|()| true).map_err(Failure::Run),
            Some("compare-part") => part(&args.collect::<Vec<_>>()).map(|()| true).map_err(Failure::Run),
            _ => Err(Failure::Arguments("which benchmark?".to_owned())),
        }
    }

    /// Where to run the gate, and by what to multiply its bars.
    fn gate_arguments(mut args: impl Iterator<Item = String>) -> Result<(PathBuf, f64), String> {
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

    /// Where to count, and whether to store the counts.
    fn counts_arguments(mut args: impl Iterator<Item = String>) -> Result<(PathBuf, bool), String> {
        let (mut dir, mut is_store) = (std::env::temp_dir(), false);
        while let Some(name) = args.next() {
            match name.as_str() {
                "--store" => is_store = true,
                "--dir" => dir = PathBuf::from(args.next().ok_or("--dir wants a value")?),
                _ => return Err(format!("unknown option {name}")),
            }
        }
        Ok((dir, is_store))
    }

    /// Runs a path in a folder that goes afterwards.
    fn path(args: &[String]) -> Result<(), Box<dyn Error>> {
        let (name, dir, engine) = match args {
            [name, dir] => (name, dir, None),
            [name, dir, engine] => (name, dir, Some(engine.as_str())),
            _ => return Err("path wants a name and a directory".into()),
        };
        let folder = Folder::new(Path::new(dir), name)?;
        paths::run(name, folder.path(), engine)
    }

    fn part(args: &[String]) -> Result<(), Box<dyn Error>> {
        match args {
            [name, folder, rows] if name == "fill-log" => {
                workloads::fill_log(Path::new(folder), rows.parse()?)
            }
            [name, engine, folder] if name == "load" => {
                workloads::load(engine, Path::new(folder), counts::LOADED)
            }
            [name, engine, folder, rows] if name == "load" => {
                workloads::load(engine, Path::new(folder), rows.parse()?)
            }
            [name, engine, folder] if name == "commit" => workloads::commit(engine, Path::new(folder)),
            _ => Err(format!("there is no part {args:?}").into()),
        }
    }

    pub fn usage() -> String {
        format!(
            "usage: drystone-benches {GATE_USAGE}\n       drystone-benches {COUNTS_USAGE}\n       drystone-benches {}",
            arguments::USAGE
        )
    }
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match commands::run(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(commands::Failure::Arguments(error)) => {
            eprintln!("{error}\n{}", commands::usage());
            ExitCode::from(2)
        }
        Err(commands::Failure::Run(error)) => {
            eprintln!("drystone-benches: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("these benchmarks run on Linux only");
    ExitCode::FAILURE
}
