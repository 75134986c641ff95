//! One script on a database of its own, in memory.
//!
//! Scripts of SQLite's corpus (`.test`) get the settings that it takes for granted; scripts of our
//! own (`.slt`) say what they want themselves.

use crate::render;
use crate::script::{self, Kind, Outcome, Query, Record, Sort};
use drystone::{Connection, Error};
use std::collections::HashMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// The name by which conditions in scripts know the engine.
pub const ENGINE: &str = "sqlite";

/// What SQLite's corpus takes for granted.
const CORPUS_SETTINGS: &str = "SET division_by_zero = 'null'";
/// The SQLSTATE of a sum that is too large. The tool the corpus comes from takes it for the end of
/// the rows, so a query that overflows has none.
const OVERFLOW: &str = "22003";
/// Lines of a wrong result that are shown.
const SHOWN_MAX: usize = 5;

/// What came of a script.
#[derive(Debug, Default)]
pub struct FileResult {
    /// Records that held.
    pub passed: usize,
    /// Records that conditions or `halt` kept from being run.
    pub skipped: usize,
    /// Records that did not hold.
    pub failures: Vec<Failure>,
    /// The lines of all records that were run, with the time each took.
    pub run: Vec<(usize, Duration)>,
}

/// A record that did not hold.
#[derive(Debug)]
pub struct Failure {
    /// Its line.
    pub line: usize,
    /// What was wanted and what came.
    pub message: String,
}

/// Runs a script.
pub fn run_file(path: &Path) -> FileResult {
    let mut result = FileResult::default();
    let failed = |line, message: String| Failure { line, message };
    let records = match std::fs::read(path) {
        Ok(bytes) => script::parse(&String::from_utf8_lossy(&bytes), ENGINE),
        Err(error) => {
            result.failures.push(failed(1, format!("cannot be read: {error}")));
            return result;
        }
    };
    let records = match records {
        Ok(records) => records,
        Err(malformed) => {
            result.failures.push(failed(malformed.line, malformed.message));
            return result;
        }
    };
    let corpus = path.extension().is_some_and(|extension| extension == "test");
    match Runner::new(corpus) {
        Ok(runner) => runner.run(&records, &mut result),
        Err(error) => result.failures.push(failed(1, format!("no database: {error}"))),
    }
    if result.passed + result.skipped + result.failures.len() == 0 {
        result.failures.push(failed(1, "the file holds no record".to_owned()));
    }
    result
}

struct Runner {
    connection: Connection,
    hash_threshold: usize,
    /// The hash of the first result of each label.
    labels: HashMap<String, String>,
}

impl Runner {
    fn new(corpus: bool) -> Result<Runner, Error> {
        let connection = Connection::open_in_memory()?;
        if corpus {
            connection.execute_batch(CORPUS_SETTINGS)?;
        }
        Ok(Runner { connection, hash_threshold: 0, labels: HashMap::new() })
    }

    fn run(mut self, records: &[Record], result: &mut FileResult) {
        let mut halted = false;
        for record in records {
            let counts = matches!(record.kind, Kind::Statement { .. } | Kind::Query(_));
            if record.skipped || halted {
                result.skipped += usize::from(counts);
                continue;
            }
            match &record.kind {
                Kind::Halt => halted = true,
                Kind::HashThreshold(threshold) => self.hash_threshold = *threshold,
                kind => {
                    let start = Instant::now();
                    let outcome = catch_unwind(AssertUnwindSafe(|| self.record(kind)));
                    result.run.push((record.line, start.elapsed()));
                    match outcome.unwrap_or_else(|_| Err("the engine panicked".to_owned())) {
                        Ok(()) => result.passed += 1,
                        Err(message) => result.failures.push(Failure { line: record.line, message }),
                    }
                }
            }
        }
    }

    fn record(&mut self, kind: &Kind) -> Result<(), String> {
        match kind {
            Kind::Statement { sql, expected } => self.statement(sql, expected),
            Kind::Query(query) => self.query(query),
            Kind::Halt | Kind::HashThreshold(_) => Ok(()),
        }
    }

    fn statement(&self, sql: &str, expected: &Outcome) -> Result<(), String> {
        match (self.connection.execute_batch(sql), expected) {
            (Ok(()), Outcome::Ok) | (Err(_), Outcome::Error(None)) => Ok(()),
            (Ok(()), Outcome::Error(_)) => Err(format!("should fail, but did not\n{sql}")),
            (Err(error), Outcome::Ok) => Err(failure(&error, sql)),
            (Err(error), Outcome::Error(Some(state))) if error.code() == state => Ok(()),
            (Err(error), Outcome::Error(Some(state))) => {
                Err(format!("should fail with {state}, not with {}: {error}\n{sql}", error.code()))
            }
        }
    }

    fn query(&mut self, query: &Query) -> Result<(), String> {
        let columns = query.letters.len();
        let mut values = self.values(query)?;
        match query.sort {
            Sort::None => {}
            Sort::Values => values.sort_unstable(),
            Sort::Rows => {
                let mut rows: Vec<&[String]> = values.chunks(columns.max(1)).collect();
                rows.sort_unstable();
                values = rows.concat();
            }
        }
        let hash = hash(&values);
        if let Some(label) = &query.label {
            let first = self.labels.entry(label.clone()).or_insert_with(|| hash.clone());
            if *first != hash {
                return Err(format!("not the rows of the earlier query labelled {label}\n{}", query.sql));
            }
        }
        let Some(expected) = &query.expected else { return Ok(()) };
        let fits = match expected.as_slice() {
            [line] if is_hash(line) => *line == hash,
            lines => lines == values.as_slice(),
        };
        if fits { Ok(()) } else { Err(self.difference(&values, hash, expected, &query.sql)) }
    }

    /// All values of a query's rows, row by row, as lines.
    fn values(&self, query: &Query) -> Result<Vec<String>, String> {
        let sql = &query.sql;
        let mut statement = self.connection.prepare(sql).map_err(|error| failure(&error, sql))?;
        if statement.column_count() != query.letters.len() {
            let (is, wanted) = (statement.column_count(), query.letters.len());
            return Err(format!("has {is} columns, should have {wanted}\n{sql}"));
        }
        let mut rows = statement.query(()).map_err(|error| failure(&error, sql))?;
        let mut lines = Vec::new();
        loop {
            match rows.next() {
                Ok(None) => return Ok(lines),
                Ok(Some(row)) => {
                    let values = row.values().iter().zip(query.letters.chars());
                    lines.extend(values.map(|(value, letter)| render::line(value, letter)));
                }
                Err(error) if error.code() == OVERFLOW && query.expected == Some(vec![]) => {
                    return Ok(vec![]);
                }
                Err(error) => return Err(failure(&error, sql)),
            }
        }
    }

    fn difference(&self, values: &[String], hash: String, expected: &[String], sql: &str) -> String {
        let mut message = String::from("wrong result\n");
        message.push_str(sql);
        let hashed = self.hash_threshold > 0 && values.len() > self.hash_threshold;
        let shown = |lines: &[String]| {
            let more = if lines.len() > SHOWN_MAX { " .." } else { "" };
            format!("{}{more}", lines.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(" | "))
        };
        let _ = write!(message, "\nwanted: {}\n   got: {}", shown(expected), shown(values));
        if hashed || expected.first().is_some_and(|line| is_hash(line)) {
            let _ = write!(message, " ({hash})");
        }
        message
    }
}

fn failure(error: &Error, sql: &str) -> String {
    format!("{}: {error}\n{sql}", error.code())
}

/// The line that stands for many.
fn hash(values: &[String]) -> String {
    let mut context = md5::Context::new();
    for value in values {
        context.consume(value);
        context.consume("\n");
    }
    format!("{} values hashing to {:x}", values.len(), context.finalize())
}

fn is_hash(line: &str) -> bool {
    line.split_once(" values hashing to ")
        .is_some_and(|(count, digest)| count.bytes().all(|byte| byte.is_ascii_digit()) && digest.len() == 32)
}
