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
//! 2. An error ends the piece, not the input, unless `-bail` says so; arguments and scripts always
//!    bail.
//! 3. A closed output ends the shell quietly.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use crate::dot::{self, Next};
use crate::habits;
use crate::report::{self, Place, Problem};
use crate::session::{Failure, Session};
use crate::splitter::{Piece, PieceKind, Splitter};

/// Longest statement that is collected, in bytes.
const STATEMENT_LEN_MAX: usize = 64 << 20;

/// Scripts that may read each other.
const READ_DEPTH_MAX: usize = 16;

/// Asks for a statement.
pub const PROMPT: &str = "drystone> ";
/// Asks for the rest of one.
pub const PROMPT_MORE: &str = "     ...> ";

/// Executes input in a session.
#[derive(Debug)]
pub struct Shell {
    /// The session.
    pub session: Session,
    /// Something failed.
    pub failed: bool,
    quit: bool,
    read_depth: usize,
}

impl Shell {
    /// A shell in this session.
    pub fn new(session: Session) -> Self {
        Shell { session, failed: false, quit: false, read_depth: 0 }
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

    /// Executes a script given as option; true when it may go on.
    pub fn run_script(&mut self, path: &str) -> io::Result<bool> {
        match self.read_file(path) {
            Ok(()) => {}
            Err(Failure::Output(error)) => return Err(error),
            Err(Failure::Text(message)) => self.complain(&message),
            Err(_) => self.failed = true,
        }
        Ok(!(self.failed || self.quit))
    }

    /// Somebody sits there and has not left.
    pub fn may_go_on(&self) -> bool {
        self.session.interactive && !self.quit
    }

    /// Executes the pieces that are finished, up to an interrupt; true when it may go on.
    pub fn run_pieces(&mut self, splitter: &mut Splitter, name: Option<&str>) -> io::Result<bool> {
        while let Some(piece) = splitter.next_piece() {
            if !self.go_on(&piece, name)? {
                return Ok(false);
            }
            if self.session.interrupt.is_asked() {
                break;
            }
        }
        Ok(true)
    }

    /// Executes everything an input holds, as it comes in.
    pub fn run_input(&mut self, input: &mut dyn BufRead, name: Option<&str>, prompt: bool) -> io::Result<()> {
        let mut splitter = Splitter::default();
        loop {
            if !self.run_pieces(&mut splitter, name)? {
                return Ok(());
            }
            if splitter.pending_len() > STATEMENT_LEN_MAX {
                self.complain(&format!("a statement is longer than {STATEMENT_LEN_MAX} bytes; is this SQL?"));
                return Ok(());
            }
            if prompt {
                let text = if splitter.is_inside() { PROMPT_MORE } else { PROMPT };
                let out = self.session.out.stdout();
                out.write_all(text.as_bytes())?;
                out.flush()?;
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
            self.session.out.stdout().write_all(b"\n")?;
        }
        if let Some(piece) = splitter.finish() {
            self.go_on(&piece, name)?;
        }
        Ok(())
    }

    fn run_dot(&mut self, line: &str) -> Result<(), Failure> {
        match dot::run(&mut self.session, line)? {
            Next::Go => Ok(()),
            Next::Read(path) => self.read_file(&path),
            Next::Leave => {
                self.quit = true;
                Ok(())
            }
        }
    }

    /// Executes a script file up to its first error.
    fn read_file(&mut self, path: &str) -> Result<(), Failure> {
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

    /// Says what is wrong, apart from any piece.
    fn complain(&mut self, message: &str) {
        self.failed = true;
        eprintln!("error: {message}");
    }

    fn go_on(&mut self, piece: &Piece, name: Option<&str>) -> io::Result<bool> {
        let failed = self.run_piece(piece, name)?;
        Ok(!(self.quit || (failed && (self.session.bail || self.read_depth > 0))))
    }

    /// Writes out what a piece gave. A file that cannot be written is an error of the piece, and
    /// what follows goes to standard output again.
    fn finish_output(&mut self, result: Result<(), Failure>) -> io::Result<Result<(), Failure>> {
        let out = &mut self.session.out;
        let name = out.file_name().map(str::to_owned);
        let ended = out.end_piece();
        let Some(name) = name else { return ended.map(|()| result) };
        let error = match (result, ended) {
            (Err(Failure::Output(error)), _) | (Ok(()), Err(error)) => error,
            (result, _) => return Ok(result),
        };
        out.abandon();
        Ok(Err(Failure::Text(format!("cannot write {name}: {error}; results go to the screen again"))))
    }

    /// Executes one piece and reports its error; true when it failed.
    fn run_piece(&mut self, piece: &Piece, name: Option<&str>) -> io::Result<bool> {
        if self.read_depth == 0 {
            self.session.interrupt.reset();
        }
        let begun = Instant::now();
        let shown = self.session.out.progress.begin();
        let result = match (std::str::from_utf8(&piece.text), piece.kind) {
            (Err(_), _) => Err(Failure::Text(String::from("the text is not UTF-8"))),
            (Ok(sql), PieceKind::Sql) => self.session.run_sql(sql),
            (Ok(line), PieceKind::Dot) => self.run_dot(line),
        };
        drop(shown);
        if self.session.timer && piece.kind == PieceKind::Sql {
            writeln!(self.session.out, "time: {:.3} ms", begun.elapsed().as_secs_f64() * 1e3)?;
        }
        let result = self.finish_output(result)?;
        let Err(failure) = result else {
            return Ok(false);
        };
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
                    // A command is no statement: the place is in one that it made.
                    offset: error.position().filter(|_| piece.kind == PieceKind::Sql).map(|at| at.offset),
                    hint: habits::hint(&sql).or(error.hint_text()),
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
}
