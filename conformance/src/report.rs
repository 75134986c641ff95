//! All files, on all threads, to totals and an exit status.

use crate::exceptions::{Exceptions, too_many, too_many_in_file};
use crate::runner::{FileResult, run_file};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

/// Totals of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records that held.
    pub passed: usize,
    /// Records that did not, listed or not, and files without a record.
    pub failed: usize,
    /// Records not run.
    pub skipped: usize,
    /// Those of the failed that are on the list of exceptions.
    pub listed: usize,
    /// What makes the run a failure.
    pub complaints: usize,
}

/// What is printed beside failures and totals.
#[derive(Debug, Default)]
pub struct Options {
    /// Records that took longer.
    pub slow: Option<Duration>,
    /// A line for each file.
    pub files: bool,
}

/// All scripts in files and folders, the longest first.
///
/// # Errors
/// A path that cannot be read, or holds no script.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        collect(path, true, &mut found)?;
        if found.len() == before {
            return Err(format!("{} holds no .test and no .slt file", path.display()));
        }
    }
    found.sort();
    found.dedup();
    let len = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    found.sort_by_key(|path| std::cmp::Reverse(len(path)));
    Ok(found)
}

fn collect(path: &Path, named: bool, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error| format!("{}: {error}", path.display());
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            collect(&entry.map_err(unreadable)?.path(), false, found)?;
        }
    } else {
        path.metadata().map_err(unreadable)?;
        let script = path.extension().is_some_and(|extension| extension == "test" || extension == "slt");
        if named || script {
            found.push(path.to_owned());
        }
    }
    Ok(())
}

/// Runs all files and prints what there is to say, the totals as the last line.
///
/// # Errors
/// When the output cannot be written.
pub fn run(
    files: &[PathBuf],
    threads: usize,
    exceptions: &Exceptions,
    options: &Options,
    out: &mut dyn Write,
) -> std::io::Result<Totals> {
    let mut totals = Totals::default();
    let mut records = 0;
    let queue = Mutex::new(files.iter());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, files.len().max(1)) {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                // The lock is not held while a file runs.
                let next = || queue.lock().ok().and_then(|mut files| files.next());
                while let Some(path) = next() {
                    if sender.send((path, run_file(path))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (path, result) in receiver {
            records += result.passed + result.failures.len() + result.skipped;
            one_file(path, &result, exceptions, options, &mut totals, out)?;
        }
        std::io::Result::Ok(())
    })?;
    if too_many(totals.listed, records) {
        totals.complaints += 1;
        writeln!(out, "{} of {records} records are listed as exceptions: too many", totals.listed)?;
    }
    if totals.listed > 0 {
        writeln!(out, "{} of the failed are listed as exceptions", totals.listed)?;
    }
    writeln!(out, "{} passed, {} failed, {} skipped", totals.passed, totals.failed, totals.skipped)?;
    Ok(totals)
}

fn one_file(
    path: &Path,
    result: &FileResult,
    exceptions: &Exceptions,
    options: &Options,
    totals: &mut Totals,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let file = path.display();
    let listed = exceptions.of(path);
    let mut excused = 0;
    for failure in &result.failures {
        let (line, message) = (failure.line, failure.message.replace('\n', "\n    "));
        match listed.get(&line) {
            Some(reason) => {
                excused += 1;
                writeln!(out, "exception: {file}:{line}: {reason}")?;
            }
            None => {
                totals.complaints += 1;
                writeln!(out, "{file}:{line}: {message}")?;
            }
        }
    }
    let passed = |line: &usize| {
        result.run.iter().any(|(run, _)| run == line)
            && !result.failures.iter().any(|failure| failure.line == *line)
    };
    for line in listed.keys().filter(|line| passed(line)) {
        totals.complaints += 1;
        writeln!(out, "{file}:{line}: listed as an exception, but passes")?;
    }
    if too_many_in_file(excused, result.passed + result.failures.len() + result.skipped) {
        totals.complaints += 1;
        writeln!(out, "{file}: {excused} records are listed as exceptions: too many for one file")?;
    }
    for (line, time) in &result.run {
        if options.slow.is_some_and(|slow| *time > slow) {
            writeln!(out, "slow: {file}:{line}: {} ms", time.as_millis())?;
        }
    }
    totals.passed += result.passed;
    totals.failed += result.failures.len();
    totals.skipped += result.skipped;
    totals.listed += excused;
    if options.files {
        let time: Duration = result.run.iter().map(|(_, time)| *time).sum();
        let (passed, failed, skipped) = (result.passed, result.failures.len(), result.skipped);
        writeln!(
            out,
            "{file}: {passed} passed, {failed} failed, {skipped} skipped, {} ms",
            time.as_millis()
        )?;
    }
    Ok(())
}
