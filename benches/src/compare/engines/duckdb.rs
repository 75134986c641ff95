//! DuckDB, for queries over whole tables only: what it is made for.
//!
//! It is run by its Python package in another process (`duckdb.py`), so its times have in them the
//! way of the result through a pipe: next to nothing for the few rows of these queries. Rows come
//! in as a file of comma-separated values.

use crate::compare::engine::{Answer, Engine, Open, Param, Prepared, Result, Sql, WithPrepared};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The engine.
pub const ENGINE: Engine = Engine {
    name: "duckdb",
    version: || version().unwrap_or_default(),
    settings: |_| "1 thread, defaults; in another process, through Python".to_owned(),
    open: Open::Sql(|folder, _| Ok(Box::new(Duck::open(folder)?.0))),
    is_analytic: true,
};

const SCRIPT: &str = include_str!("duckdb.py");

/// DuckDB's version; none where Python has no such package.
#[must_use]
pub fn version() -> Option<String> {
    Duck::start(":memory:").ok().map(|(_, version)| version)
}

struct Duck {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Duck {
    fn open(folder: &Path) -> Result<(Duck, String)> {
        let (mut duck, version) = Duck::start(&folder.join("duck.db").to_string_lossy())?;
        duck.folder = folder.to_owned();
        Ok((duck, version))
    }

    fn start(file: &str) -> Result<(Duck, String)> {
        let mut process = Command::new("python3")
            .args(["-c", SCRIPT, file])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().ok_or("python3 has no output")?);
        let mut duck = Duck { process, input, output, folder: PathBuf::new() };
        let version = duck.line()?;
        if version.is_empty() { Err("python3 has no package duckdb".into()) } else { Ok((duck, version)) }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end_matches('\n').to_owned())
    }

    fn ask(&mut self, sql: &str, answer: &mut Answer) -> Result<()> {
        let input = self.input.as_mut().ok_or("DuckDB is closed")?;
        writeln!(input, "{}", sql.replace('\n', " "))?;
        input.flush()?;
        loop {
            let line = self.line()?;
            match line.split_at_checked(1) {
                Some((".", "")) => return Ok(()),
                Some(("!", error)) => return Err(error.trim().into()),
                Some(_) => line.split('\t').try_for_each(|value| take(value, answer))?,
                None => return Err("DuckDB has ended".into()),
            }
            answer.end_row();
        }
    }
}

fn take(value: &str, answer: &mut Answer) -> Result<()> {
    match value.split_at_checked(1) {
        Some(("i", number)) => answer.integer(number.parse()?),
        Some(("r", number)) => answer.real(number.parse()?),
        Some(("s", text)) => answer.bytes(text.as_bytes()),
        _ => answer.null(),
    }
    Ok(())
}

impl Drop for Duck {
    fn drop(&mut self) {
        // It ends when there is no more input; what it ended with matters to nobody.
        self.input = None;
        let _ = self.process.wait();
    }
}

impl Sql for Duck {
    fn script(&mut self, sql: &str) -> Result<()> {
        self.ask(sql, &mut Answer::default())
    }

    fn prepared(&mut self, sql: &str, body: WithPrepared<'_>) -> Result<()> {
        body(&mut DuckPrepared { duck: self, sql, rows: String::new() })
    }

    fn another(&self) -> Option<Result<Box<dyn Sql + Send>>> {
        None
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// A query, or an INSERT whose rows go in at the end of the transaction.
struct DuckPrepared<'d> {
    duck: &'d mut Duck,
    sql: &'d str,
    rows: String,
}

impl Prepared for DuckPrepared<'_> {
    fn execute(&mut self, params: &[Param<'_>]) -> Result<u64> {
        for (at, param) in params.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match param {
                Param::Integer(number) => write!(self.rows, "{comma}{number}")?,
                Param::Text(text) => write!(self.rows, "{comma}\"{text}\"")?,
            }
        }
        self.rows.push('\n');
        Ok(1)
    }

    fn query(&mut self, params: &[Param<'_>], answer: &mut Answer) -> Result<()> {
        if !params.is_empty() {
            return Err("DuckDB runs only queries without parameters here".into());
        }
        self.duck.ask(self.sql, answer)
    }

    fn control(&mut self, sql: &str) -> Result<()> {
        if sql != "COMMIT" {
            return Ok(());
        }
        let table = self.sql.split_whitespace().nth(2).ok_or("this is no INSERT")?;
        let file = self.duck.folder.join("rows.csv");
        std::fs::write(&file, std::mem::take(&mut self.rows))?;
        self.duck.script(&format!("COPY {table} FROM '{}' (HEADER false)", file.display()))?;
        Ok(std::fs::remove_file(file)?)
    }
}
