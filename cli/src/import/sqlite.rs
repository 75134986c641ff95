//! `.import --sqlite`: a whole SQLite file, as the user's own `sqlite3 FILE .dump` tells it.
//!
//! ```text
//! sqlite3 FILE .dump -> statements -> first CREATE TABLE; then, from a second dump, the rest:
//!                                     INSERT of a row: its values, to the types of the columns
//!                                     CREATE INDEX or VIEW: as it stands
//! ```
//!
//! 1. All of it happens or nothing; an error names the line of the dump.
//! 2. Values are converted as those of a CSV file are: SQLite keeps 1 for TRUE, texts for dates, and
//!    whatever it is given in any column.
//! 3. SQLite writes tables in the order they were made in, so all are there before the first row,
//!    and foreign keys are looked at in the end.
//! 4. What has no counterpart is told: triggers are left out, virtual tables are an error.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use drystone::Statement;
use drystone::types::{DataType, Value};

use super::{told, whole};
use crate::habits::begins_as_sqlite;
use crate::session::{Failure, Session};
use crate::splitter::{Piece, Splitter};

/// How much of a statement an error shows, in characters.
const SHOWN_LEN: usize = 60;

/// SQLSTATE of a row that refers to none.
const FOREIGN_KEY: &str = "23503";

/// What is taken from a dump.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Tables,
    Rest,
}

/// What was brought in.
#[derive(Debug, Default)]
pub struct Brought {
    /// Tables made.
    pub tables: u64,
    /// Rows in them.
    pub rows: u64,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

/// Brings in a SQLite file.
pub fn import(session: &Session, file: &str) -> Result<Brought, Failure> {
    look_at(file)?;
    whole(session, |session| {
        session.connection.execute("PRAGMA defer_foreign_keys = ON", ())?;
        let mut brought = Brought::default();
        for part in [Part::Tables, Part::Rest] {
            let mut dump = Dump::start(file)?;
            let done = execute(session, &mut dump, file, part, &mut brought);
            let ended = dump.end(file);
            done.and(ended)?;
        }
        Ok(brought)
    })
    .map_err(|failure| match failure {
        Failure::Sql(error) if error.code() == FOREIGN_KEY => Failure::Text(format!(
            "{file}: {}; SQLite lets such rows be: PRAGMA foreign_key_check lists them there",
            told(&error)
        )),
        other => other,
    })
}

/// `sqlite3` takes an empty or missing file for an empty database.
fn look_at(file: &str) -> Result<(), Failure> {
    match begins_as_sqlite(Path::new(file)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Text(format!("{file} is not a SQLite database"))),
        Err(error) => Err(Failure::Text(format!("cannot read {file}: {error}"))),
    }
}

/// `sqlite3` at work. It is ended when nobody reads on.
struct Dump {
    child: Child,
    out: BufReader<ChildStdout>,
    err: ChildStderr,
}

impl Dump {
    fn start(file: &str) -> Result<Dump, Failure> {
        // A name that begins with a dash would be an option.
        let file = if file.starts_with('-') { format!("./{file}") } else { file.to_owned() };
        let mut command = Command::new("sqlite3");
        // Nobody's ~/.sqliterc is read.
        command.args(["-init", "/dev/null", "-batch", "-readonly", &file, ".dump"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            Failure::Text(match error.kind() {
                io::ErrorKind::NotFound => String::from(
                    "a SQLite file is read with the program sqlite3, which is not installed here: \
                     `apt install sqlite3`, `brew install sqlite` or sqlite.org/download.html",
                ),
                _ => format!("cannot start sqlite3: {error}"),
            })
        })?;
        match (child.stdout.take(), child.stderr.take()) {
            (Some(out), Some(err)) => Ok(Dump { child, out: BufReader::with_capacity(256 << 10, out), err }),
            _ => Err(Failure::Text(String::from("cannot read what sqlite3 writes"))),
        }
    }

    /// Ends it; an error when it had to complain.
    fn end(&mut self, file: &str) -> Result<(), Failure> {
        // What has written everything ends by itself; what has not is not wanted any more.
        if !matches!(self.out.fill_buf(), Ok([])) {
            let _ = self.child.kill();
        }
        let mut complaint = String::new();
        let read = (&mut self.err).take(4096).read_to_string(&mut complaint);
        let status = self.child.wait();
        match (read, status) {
            (Ok(_), Ok(status)) if status.success() => Ok(()),
            (Ok(_), Ok(_)) => Err(Failure::Text(format!("sqlite3 cannot read {file}: {}", complaint.trim()))),
            (Err(error), _) | (_, Err(error)) => Err(Failure::Text(format!("sqlite3 failed: {error}"))),
        }
    }
}

fn execute(
    session: &Session,
    dump: &mut Dump,
    file: &str,
    part: Part,
    brought: &mut Brought,
) -> Result<(), Failure> {
    let mut table = None;
    let mut splitter = Splitter::default();
    loop {
        while let Some(piece) = splitter.next_piece() {
            session.look_up()?;
            let done = step(session, &piece, part, &mut table, brought);
            done.map_err(|failure| placed(failure, &piece, file))?;
        }
        let cannot = |error| Failure::Text(format!("cannot read what sqlite3 writes: {error}"));
        let bytes = dump.out.fill_buf().map_err(cannot)?;
        if bytes.is_empty() {
            return Ok(());
        }
        splitter.push(bytes);
        let len = bytes.len();
        dump.out.consume(len);
    }
}

/// Says where a failure happened.
fn placed(failure: Failure, piece: &Piece, file: &str) -> Failure {
    let message = match failure {
        Failure::Sql(error) => told(&error),
        Failure::Text(message) => message,
        other => return other,
    };
    let text = String::from_utf8_lossy(&piece.text);
    let first = text.lines().next().unwrap_or_default();
    let mut shown: String = first.chars().take(SHOWN_LEN).collect();
    if shown.len() < text.trim_end().len() {
        shown.push_str("...");
    }
    Failure::Text(format!("{file}, line {} of its dump: {message} (in: {shown})", piece.line))
}

/// The table that rows go to.
struct Target<'c> {
    name: String,
    statement: Statement<'c>,
    types: Vec<DataType>,
}

fn step<'c>(
    session: &'c Session,
    piece: &Piece,
    part: Part,
    table: &mut Option<Target<'c>>,
    brought: &mut Brought,
) -> Result<(), Failure> {
    let wrong = |message: &str| Err(Failure::Text(message.to_owned()));
    let Ok(sql) = std::str::from_utf8(&piece.text) else { return wrong("the text is not UTF-8") };
    if let Some((name, row)) = row_of(sql) {
        if part == Part::Tables || name.starts_with("sqlite_") {
            // Statistics, and the numbers given by AUTOINCREMENT, which follow from the rows.
            return Ok(());
        }
        brought.rows += 1;
        return insert(session, name, row, table);
    }
    // A change of the schema ends what is prepared.
    *table = None;
    let words: Vec<String> = sql.split_whitespace().take(3).map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(|word| word.trim_end_matches(';')).collect();
    match words.as_slice() {
        ["pragma", "foreign_keys=off"] | ["begin", ..] | ["commit", ..] => return Ok(()),
        ["pragma", writable, ..] if writable.starts_with("writable_schema") => return Ok(()),
        ["analyze", ..] | ["delete", "from", "sqlite_sequence"] => return Ok(()),
        ["rollback", ..] => return wrong("sqlite3 found the file damaged and could not read all of it"),
        ["insert", "into", schema]
            if schema.starts_with("sqlite_schema") || schema.starts_with("sqlite_master") =>
        {
            return wrong("virtual tables cannot be brought in");
        }
        ["create", "table", ..] if part == Part::Tables => brought.tables += 1,
        ["create", "table", ..] => return Ok(()),
        _ if part == Part::Tables => return Ok(()),
        ["create", "trigger", name, ..] => {
            brought.notes.push(format!("the trigger {name} is left out: there are no triggers yet"));
            return Ok(());
        }
        _ => {}
    }
    Ok(session.connection.execute_batch(sql)?)
}

/// Table and values of an INSERT as `.dump` writes it.
fn row_of(sql: &str) -> Option<(&str, &str)> {
    let rest = sql.strip_prefix("INSERT INTO ")?;
    let end = match rest.chars().next()? {
        '"' => 1 + quoted_len(rest, '"')?,
        _ => rest.find([' ', '('])?,
    };
    let (name, rest) = rest.split_at_checked(end)?;
    Some((name, rest.strip_prefix(" VALUES(")?.trim_end().strip_suffix(");")?))
}

/// Where the text that begins with a quote ends, its closing quote left out.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find(quote)?;
        if !text.get(at + 1..)?.starts_with(quote) {
            return Some(at);
        }
        at += 2;
    }
}

fn insert<'c>(
    session: &'c Session,
    name: &str,
    row: &str,
    table: &mut Option<Target<'c>>,
) -> Result<(), Failure> {
    let target = match table.take().filter(|target| target.name == name) {
        Some(target) => target,
        None => {
            let types = session.connection.prepare(&format!("SELECT * FROM {name}"))?.column_types();
            let places = vec!["?"; types.len()].join(",");
            let statement = session.connection.prepare(&format!("INSERT INTO {name} VALUES ({places})"))?;
            Target { name: name.to_owned(), statement, types }
        }
    };
    let target = table.insert(target);
    let mut values = Vec::with_capacity(target.types.len());
    for literal in literals(row) {
        let Some(data_type) = target.types.get(values.len()) else {
            return Err(Failure::Text(format!("there are more than {} values", target.types.len())));
        };
        values.push(
            value(session, literal, *data_type).map_err(|failure| in_column(failure, values.len() + 1))?,
        );
    }
    target.statement.execute(values)?;
    Ok(())
}

fn in_column(failure: Failure, column: usize) -> Failure {
    match failure {
        Failure::Sql(error) => Failure::Text(format!("column {column}: {}", told(&error))),
        other => other,
    }
}

/// The parts between the commas that stand in no quote or parenthesis.
fn literals(row: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut quoted) = (0u32, false);
    row.split(move |c: char| {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' => return !quoted && depth == 0,
            _ => {}
        }
        false
    })
}

/// A value as the column has it.
fn value(session: &Session, literal: &str, data_type: DataType) -> Result<Value, Failure> {
    let text = match literal.as_bytes() {
        b"NULL" => return Ok(Value::Null),
        [b'-' | b'0'..=b'9', ..] => literal.to_owned(),
        // The closing quote is the last byte.
        [b'\'', ..] if quoted_len(literal, '\'') == Some(literal.len() - 1) => {
            let inside = literal.get(1..literal.len() - 1).unwrap_or_default();
            inside.replace("''", "'")
        }
        // A blob, or a call that spells what a literal cannot hold.
        _ => match session
            .connection
            .query_row(&format!("SELECT {literal}"), (), |row| row.get::<_, Value>(0))?
        {
            Value::Text(text) => text,
            other => return Ok(other),
        },
    };
    match data_type {
        DataType::Blob => Ok(Value::Blob(text.into_bytes())),
        _ => Ok(Value::parse(&text, data_type)?),
    }
}
