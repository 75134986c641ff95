//! The shell: executes pieces of input one after the other and writes what they give.
//!
//! ```text
//! arguments or stdin -> splitter -> piece -> SQL: prepare, rows -> output mode -> stdout, flushed
//!                                         -> dot command ---------------------^
//!                                         errors -> stderr, and a 1 as exit status
//! ```
//!
//! 1. The output of a piece is flushed before the next one is executed or more input is read: who
//!    reads it from a pipe knows that what is confirmed is committed.
//! 2. An error ends the piece, not the input, unless `-bail` says so; arguments always bail.
//! 3. A closed output ends the shell quietly.

use std::io::{self, BufRead, BufWriter, Stdout, Write};
use std::time::Instant;

use drystone::Connection;
use drystone::types::Value;

use crate::dot;
use crate::output::{self, Cell, CellKind, Style};
use crate::report::{self, Place, Problem};
use crate::splitter::{Piece, PieceKind, Splitter};

/// Longest statement that is collected, in bytes.
const STATEMENT_LEN_MAX: usize = 64 << 20;

/// Scripts that may read each other.
const READ_DEPTH_MAX: usize = 16;

const PROMPT: &str = "drystone> ";
const PROMPT_MORE: &str = "     ...> ";

/// Why a piece failed.
#[derive(Debug)]
pub enum Failure {
    /// The engine refused it.
    Sql(drystone::Error),
    /// A dot command was wrong or found something wrong.
    Text(String),
    /// The output cannot be written.
    Output(io::Error),
    /// Pieces of a script failed and were reported already.
    Reported,
}

impl From<drystone::Error> for Failure {
    fn from(error: drystone::Error) -> Self {
        Failure::Sql(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

/// What one run of the program works with.
#[derive(Debug)]
pub struct Shell {
    /// The open database.
    pub connection: Connection,
    /// Where results go.
    pub out: BufWriter<Stdout>,
    /// How results are written.
    pub style: Style,
    /// Stop at the first error.
    pub bail: bool,
    /// Print how long each statement took.
    pub timer: bool,
    /// Leave after this piece.
    pub quit: bool,
    /// Something failed.
    pub failed: bool,
    read_depth: usize,
}

impl Shell {
    /// A shell on this database.
    pub fn new(connection: Connection, style: Style, bail: bool) -> Self {
        Shell {
            connection,
            out: BufWriter::new(io::stdout()),
            style,
            bail,
            timer: false,
            quit: false,
            failed: false,
            read_depth: 0,
        }
    }

    /// Executes the pieces of a text given as argument; true when it may go on.
    pub fn run_argument(&mut self, text: &str, name: &str) -> io::Result<bool> {
        let mut splitter = Splitter::default();
        splitter.push(text.as_bytes());
        while let Some(piece) = splitter.next_piece().or_else(|| splitter.finish()) {
            self.run_piece(&piece, Some(name))?;
            if self.failed || self.quit {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Executes everything an input holds, as it comes in.
    pub fn run_input(
        &mut self,
        input: &mut dyn BufRead,
        name: Option<&str>,
        prompt: bool,
    ) -> io::Result<()> {
        let mut splitter = Splitter::default();
        loop {
            while let Some(piece) = splitter.next_piece() {
                if !self.go_on(&piece, name)? {
                    return Ok(());
                }
            }
            if splitter.pending_len() > STATEMENT_LEN_MAX {
                self.complain(&format!("a statement is longer than {STATEMENT_LEN_MAX} bytes; is this SQL?"));
                return Ok(());
            }
            if prompt {
                let text = if splitter.is_inside() { PROMPT_MORE } else { PROMPT };
                self.out.write_all(text.as_bytes())?;
                self.out.flush()?;
            }
            let bytes = match input.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.complain(&format!("cannot read {}: {error}", name.unwrap_or("standard input")));
                    return Ok(());
                }
            };
            if bytes.is_empty() {
                break;
            }
            splitter.push(bytes);
            let len = bytes.len();
            input.consume(len);
        }
        if prompt {
            self.out.write_all(b"\n")?;
        }
        if let Some(piece) = splitter.finish() {
            self.go_on(&piece, name)?;
        }
        Ok(())
    }

    /// Executes a script file, for `.read`.
    pub fn read_file(&mut self, path: &str) -> Result<(), Failure> {
        if self.read_depth == READ_DEPTH_MAX {
            return Err(Failure::Text(format!("more than {READ_DEPTH_MAX} scripts read each other")));
        }
        let cannot = |error| Failure::Text(format!("cannot read {path}: {error}"));
        let file = std::fs::File::open(path).map_err(cannot)?;
        let failed_before = std::mem::replace(&mut self.failed, false);
        self.read_depth += 1;
        let done = self.run_input(&mut io::BufReader::new(file), Some(path), false);
        self.read_depth -= 1;
        let failed = std::mem::replace(&mut self.failed, failed_before);
        done?;
        if failed { Err(Failure::Reported) } else { Ok(()) }
    }

    /// Closes the database; true when nothing failed at all.
    pub fn close(mut self) -> io::Result<bool> {
        self.out.flush()?;
        if !self.connection.is_autocommit() {
            eprintln!("drystone: the transaction that was still open is rolled back");
        }
        if let Err((_, error)) = self.connection.close() {
            eprintln!("drystone: cannot close the database: {}", error.message());
            return Ok(false);
        }
        Ok(!self.failed)
    }

    /// Says what is wrong, apart from any piece.
    pub fn complain(&mut self, message: &str) {
        self.failed = true;
        eprintln!("error: {message}");
    }

    fn go_on(&mut self, piece: &Piece, name: Option<&str>) -> io::Result<bool> {
        let failed = self.run_piece(piece, name)?;
        Ok(!(self.quit || (failed && self.bail)))
    }

    /// Executes one piece and reports its error; true when it failed.
    fn run_piece(&mut self, piece: &Piece, name: Option<&str>) -> io::Result<bool> {
        let begun = Instant::now();
        let result = match (std::str::from_utf8(&piece.text), piece.kind) {
            (Err(_), _) => Err(Failure::Text(String::from("the text is not UTF-8"))),
            (Ok(sql), PieceKind::Sql) => self.run_sql(sql),
            (Ok(line), PieceKind::Dot) => dot::run(self, line),
        };
        if self.timer && piece.kind == PieceKind::Sql {
            writeln!(self.out, "time: {:.3} ms", begun.elapsed().as_secs_f64() * 1e3)?;
        }
        self.out.flush()?;
        let Err(failure) = result else { return Ok(false) };
        self.failed = true;
        let sql = String::from_utf8_lossy(&piece.text);
        let place = Place { input: name, line: piece.line, lead: &piece.lead, sql: &sql };
        let text = match &failure {
            Failure::Output(_) | Failure::Reported => String::new(),
            Failure::Text(message) => report::render(&Problem { message, ..Problem::default() }, &place),
            Failure::Sql(error) => {
                let problem = Problem {
                    message: error.message(),
                    code: Some(error.code()),
                    offset: error.position().map(|at| at.offset),
                    hint: error.hint_text(),
                };
                report::render(&problem, &place)
            }
        };
        // Nobody is left to tell when stderr is gone.
        let _ = io::stderr().write_all(text.as_bytes());
        match failure {
            Failure::Output(error) => Err(error),
            _ => Ok(true),
        }
    }

    /// Executes one statement and writes its rows.
    pub fn run_sql(&mut self, sql: &str) -> Result<(), Failure> {
        let mut statement = self.connection.prepare(sql)?;
        if statement.column_count() == 0 {
            statement.execute([])?;
            return Ok(());
        }
        let columns: Vec<String> = statement.column_names().iter().map(|name| name.to_string()).collect();
        let mut cells = vec![Cell::default(); columns.len()];
        let mut rows = statement.query([])?;
        let mut writer = output::begin(&self.style, columns, &mut self.out)?;
        let failure = loop {
            match rows.next() {
                Ok(Some(row)) => {
                    for (at, cell) in cells.iter_mut().enumerate() {
                        fill(cell, row.get_ref(at)?)?;
                    }
                    writer.row(&mut self.out, &cells)?;
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        // What was written before the error stays well-formed.
        writer.end(&mut self.out)?;
        failure.map_or(Ok(()), |error| Err(Failure::Sql(error)))
    }
}

fn fill(cell: &mut Cell, value: &Value) -> Result<(), Failure> {
    use std::fmt::Write;
    cell.text.clear();
    cell.kind = match value {
        Value::Null => CellKind::Null,
        Value::Boolean(_) => CellKind::Boolean,
        Value::Integer(_) | Value::Decimal(_) => CellKind::Number,
        Value::Double(number) if number.is_finite() => CellKind::Number,
        Value::Json(_) => CellKind::Json,
        _ => CellKind::Text,
    };
    match value {
        Value::Text(text) => cell.text.push_str(text),
        value => write!(cell.text, "{value}").map_err(io::Error::other)?,
    }
    Ok(())
}
