//! The session: an open database, where results go and how they are written; executes statements.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use drystone::Connection;
use drystone::types::Value;

use crate::output::{self, Cell, CellKind, Style};

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
pub struct Session {
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
    /// Somebody sits there.
    pub interactive: bool,
    /// Set when the statement or command that runs is to stop.
    pub interrupted: Arc<AtomicBool>,
}

impl Session {
    /// A session on this database.
    pub fn new(connection: Connection, style: Style, bail: bool) -> Self {
        let out = BufWriter::new(io::stdout());
        Session {
            connection,
            out,
            style,
            bail,
            timer: false,
            interactive: false,
            interrupted: Arc::default(),
        }
    }

    /// An error when the command that runs is to stop.
    pub fn look_up(&self) -> Result<(), Failure> {
        match self.interrupted.load(Ordering::Relaxed) {
            true => Err(Failure::Text(String::from("interrupted"))),
            false => Ok(()),
        }
    }

    /// Executes one statement and writes its rows.
    pub fn run_sql(&mut self, sql: &str) -> Result<(), Failure> {
        let mut statement = self.connection.prepare(sql)?;
        if statement.column_count() == 0 {
            statement.execute(())?;
            return Ok(());
        }
        let columns: Vec<String> = statement.column_names().iter().map(|name| name.to_string()).collect();
        let mut cells = vec![Cell::default(); columns.len()];
        let mut rows = statement.query(())?;
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

    /// Closes the database; true when that went well.
    pub fn close(mut self) -> io::Result<bool> {
        self.out.flush()?;
        if !self.connection.is_autocommit() {
            eprintln!("drystone: the transaction that was still open is rolled back");
        }
        if let Err((_, error)) = self.connection.close() {
            eprintln!("drystone: cannot close the database: {}", error.message());
            return Ok(false);
        }
        Ok(true)
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
