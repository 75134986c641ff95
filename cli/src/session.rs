//! The session: an open database, where results go and how they are written; executes statements.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use drystone::{Connection, OpenOptions};

use crate::habits;
use crate::interrupt::Interrupt;
use crate::output::{self, Cell, Style};
use crate::sink::Sink;

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
    /// Its file; none: it is in memory.
    pub file: Option<PathBuf>,
    /// It is open for reading only.
    pub read_only: bool,
    /// Where results go.
    pub out: Sink,
    /// How results are written.
    pub style: Style,
    /// Stop at the first error.
    pub bail: bool,
    /// Print how long each statement took.
    pub timer: bool,
    /// Somebody sits there.
    pub interactive: bool,
    /// Stops the statement or command that runs.
    pub interrupt: Arc<Interrupt>,
}

/// What may be done with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything; it is made if it is not there.
    Write,
    /// Reading.
    Read,
    /// Everything, and damage of its log is cut off first, with the transactions behind it.
    Salvage,
    /// Reading what can be read.
    Rescue,
}

impl Access {
    /// Nothing can be written.
    pub fn is_read_only(self) -> bool {
        matches!(self, Access::Read | Access::Rescue)
    }

    fn options(self) -> OpenOptions {
        let defaults = OpenOptions::default();
        // A log that is replayed without writing has to find room.
        let cache_bytes = defaults.cache_bytes * if self == Access::Rescue { 8 } else { 1 };
        let salvage = matches!(self, Access::Salvage | Access::Rescue);
        OpenOptions {
            create: self == Access::Write,
            read_only: self.is_read_only(),
            salvage,
            cache_bytes,
            ..defaults
        }
    }
}

/// Opens a database; none: in memory. The error is one line. A note says what was left out.
pub fn connect(file: Option<&Path>, access: Access) -> Result<Connection, String> {
    let opened = match file {
        None => Connection::open_in_memory(),
        Some(path) => Connection::open_with(path, access.options()),
    };
    if let Some(cut) = opened.as_ref().ok().and_then(Connection::salvaged) {
        let gone = if access == Access::Salvage { "dropped" } else { "left out" };
        let size = match cut.bytes {
            0 => String::from("nobody knows how much that is"),
            bytes => format!("{bytes} bytes of the log"),
        };
        let lsn = cut.lsn;
        eprintln!("note: the log ends at LSN {lsn}; committed transactions behind that are {gone} ({size})");
    }
    opened.map_err(|error| {
        let name = file.map_or_else(|| String::from(":memory:"), |path| path.display().to_string());
        let known = file.and_then(habits::file_hint);
        let hint = known.as_deref().or(error.hint_text()).map(|hint| format!("; {hint}")).unwrap_or_default();
        match error.message() {
            message if message.contains(&name) => format!("{message}{hint}"),
            message => format!("cannot open {name}: {message}{hint}"),
        }
    })
}

impl Session {
    /// A session on a database in memory.
    pub fn new(connection: Connection, style: Style, bail: bool) -> Self {
        Session {
            connection,
            file: None,
            read_only: false,
            out: Sink::default(),
            style,
            bail,
            timer: false,
            interactive: false,
            interrupt: Arc::default(),
        }
    }

    /// Where the database is.
    pub fn place(&self) -> String {
        self.file.as_deref().map_or_else(
            || String::from("a database in memory, gone at the end"),
            |file| file.display().to_string(),
        )
    }

    /// Goes over to another database; stays with this one where that cannot be opened.
    pub fn open(&mut self, file: Option<PathBuf>, access: Access) -> Result<(), Failure> {
        if !self.connection.is_autocommit() {
            let message = "a transaction is open; COMMIT or ROLLBACK it before another database is opened";
            return Err(Failure::Text(String::from(message)));
        }
        let known = |file: &Option<PathBuf>| file.as_deref().and_then(|file| file.canonicalize().ok());
        if known(&file).is_some() && known(&file) == known(&self.file) {
            return Err(Failure::Text(format!("{} is open already", self.place())));
        }
        let connection = connect(file.as_deref(), access).map_err(Failure::Text)?;
        let before = std::mem::replace(&mut self.connection, connection);
        (self.file, self.read_only) = (file, access.is_read_only());
        self.aim_interrupt();
        before.close().map_err(|(_, error)| Failure::Sql(error))
    }

    /// Lets an interrupt stop the statements of this database.
    pub fn aim_interrupt(&self) {
        self.interrupt.aim(self.connection.interrupt_handle());
    }

    /// An error when the command that runs is to stop.
    pub fn look_up(&self) -> Result<(), Failure> {
        match self.interrupt.is_asked() {
            true => Err(Failure::Text(String::from("interrupted"))),
            false => Ok(()),
        }
    }

    /// Executes one statement and writes its rows.
    pub fn run_sql(&mut self, sql: &str) -> Result<(), Failure> {
        write_rows(&self.connection, sql, &self.style, self.out.width(), &mut self.out)
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

/// Executes one statement and writes its rows. `fit` is the width of the terminal.
pub fn write_rows(
    connection: &Connection,
    sql: &str,
    style: &Style,
    fit: Option<usize>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(sql)?;
    if statement.column_count() == 0 {
        statement.execute(())?;
        return Ok(());
    }
    let columns: Vec<String> = statement.column_names().iter().map(|name| (*name).to_owned()).collect();
    let mut cells = vec![Cell::default(); columns.len()];
    let mut rows = statement.query(())?;
    let mut writer = output::begin(style, &columns, fit, out)?;
    let failure = loop {
        match rows.next() {
            Ok(Some(row)) => {
                for (at, cell) in cells.iter_mut().enumerate() {
                    cell.set(row.get_ref(at)?)?;
                }
                writer.row(out, &cells)?;
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    // What was written before the error stays well-formed.
    writer.end(out)?;
    failure.map_or(Ok(()), |error| Err(Failure::Sql(error)))
}
