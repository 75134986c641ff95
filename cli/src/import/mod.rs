//! `.import`: a file of separated values into a table, which is made where it is missing.
//!
//! ```text
//! words -> Request -> (no table: read the file once for names and types, CREATE TABLE)
//!                  -> read it, each field to a value of its column's type -> one prepared INSERT
//! ```
//!
//! 1. All of it happens or nothing: the table and its rows are one transaction, or a savepoint of
//!    the one that is open.
//! 2. An error names the file, the line and, where it is about one value, the column.
//! 3. NULL is a field of which nothing is written, or one that is `--null`'s text; never a quoted one.

mod infer;
mod reader;
pub mod sqlite;

use drystone::Error;
use drystone::types::{DataType, Value};

use crate::output::Mode;
use crate::quote::{identifier, names};
use crate::session::{Failure, Session};
use crate::suggest::nearest;
use infer::Candidates;
use reader::{Reader, Record};

/// How the command is written.
pub const USAGE: &str = ".import [--csv|--tsv] [--header] [--skip N] [--null TEXT] FILE TABLE";
const OPTIONS: [&str; 5] = ["--csv", "--tsv", "--header", "--skip", "--null"];
/// The savepoint of an import inside a transaction.
const SAVEPOINT: &str = "drystone_import";

/// What is to be imported.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    file: String,
    /// Where to.
    pub table: String,
    separator: String,
    header: bool,
    skip: u64,
    null: String,
}

/// What was imported.
#[derive(Debug)]
pub struct Imported {
    /// Rows of the file.
    pub rows: u64,
    /// The table was made.
    pub created: bool,
}

struct Target {
    /// The columns that the fields of a record go to.
    names: Vec<String>,
    types: Vec<DataType>,
    created: bool,
}

impl Request {
    /// Understands the words behind `.import`. Without `--csv` or `--tsv` the separator is the
    /// session's, or what the file's name says.
    pub fn parse(words: &[String], mode: Mode, separator: Option<&str>) -> Result<Request, Failure> {
        let mut plain = Vec::new();
        let mut request = Request {
            file: String::new(),
            table: String::new(),
            separator: String::new(),
            header: false,
            skip: 0,
            null: String::new(),
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else {
                plain.push(word);
                continue;
            };
            match option.trim_start_matches('-') {
                "csv" => request.separator = String::from(","),
                "tsv" => request.separator = String::from("\t"),
                "header" => request.header = true,
                "null" => words.next().ok_or_else(usage)?.clone_into(&mut request.null),
                "skip" => {
                    request.skip = words.next().and_then(|number| number.parse().ok()).ok_or_else(|| {
                        Failure::Text(String::from("--skip takes a number of lines, as in --skip 1"))
                    })?;
                }
                other => return Err(unknown(other)),
            }
        }
        let [file, table] = plain.as_slice() else { return Err(usage()) };
        (request.file, request.table) = ((*file).to_owned(), (*table).to_owned());
        if request.separator.is_empty() {
            request.separator = separator.unwrap_or_else(|| separator_of(file, mode)).to_owned();
        }
        match request.separator.is_empty() {
            true => Err(Failure::Text(String::from("the separator is empty; --csv or .separator sets it"))),
            false => Ok(request),
        }
    }

    fn open(&self) -> Result<Reader, Failure> {
        let mut reader = Reader::open(&self.file, &self.separator)?;
        reader.skip_lines(self.skip)?;
        Ok(reader)
    }

    /// None: the field is NULL.
    fn present<'a>(&self, (text, quoted): (&'a str, bool)) -> Option<&'a str> {
        (quoted || text != self.null).then_some(text)
    }

    /// The names in the first line.
    fn header(&self, reader: &mut Reader, record: &mut Record) -> Result<Vec<String>, Failure> {
        if !reader.next(record)? {
            return Err(Failure::Text(format!("{} is empty; its first line should name columns", self.file)));
        }
        let mut names: Vec<String> = Vec::new();
        for (at, (name, _)) in record.fields().enumerate() {
            let name = match name.trim() {
                "" => format!("column{}", at + 1),
                name => name.to_owned(),
            };
            if names.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
                let message = format!("the name {name} stands there twice");
                return Err(reader.wrong(record.line, Some(at + 1), &message));
            }
            names.push(name);
        }
        Ok(names)
    }
}

fn usage() -> Failure {
    Failure::Text(format!("usage: {USAGE}"))
}

fn unknown(option: &str) -> Failure {
    let known = OPTIONS.map(|known| known.trim_start_matches('-'));
    Failure::Text(match nearest(option, known) {
        Some(near) => format!("unknown option --{option}; did you mean --{near}?"),
        None => format!("unknown option --{option}; usage: {USAGE}"),
    })
}

/// What stands between values when nobody says so.
fn separator_of(file: &str, mode: Mode) -> &'static str {
    let file = file.strip_suffix(".gz").unwrap_or(file);
    match mode {
        Mode::Csv => ",",
        Mode::Tabs => "\t",
        _ if file.ends_with(".csv") => ",",
        _ if file.ends_with(".tsv") => "\t",
        _ => "|",
    }
}

/// All of the work or nothing: in a transaction, or in a savepoint of the one that is open.
fn whole<T>(session: &Session, work: impl FnOnce(&Session) -> Result<T, Failure>) -> Result<T, Failure> {
    let connection = &session.connection;
    let alone = connection.is_autocommit();
    let (begin, end): (String, &[String]) = match alone {
        true => (String::from("BEGIN IMMEDIATE"), &[String::from("ROLLBACK")]),
        false => (
            format!("SAVEPOINT {SAVEPOINT}"),
            &[format!("ROLLBACK TO {SAVEPOINT}"), format!("RELEASE {SAVEPOINT}")],
        ),
    };
    connection.execute(&begin, ())?;
    let done = work(session).and_then(|result| {
        let end = if alone { String::from("COMMIT") } else { format!("RELEASE {SAVEPOINT}") };
        connection.execute(&end, ())?;
        Ok(result)
    });
    // A commit that fails may have ended the transaction.
    if done.is_err() && !connection.is_autocommit() {
        for sql in end {
            connection.execute(sql, ())?;
        }
    }
    done
}

impl Session {
    /// Imports a file.
    pub fn import(&self, request: &Request) -> Result<Imported, Failure> {
        // What cannot be read should not open a transaction.
        drop(request.open()?);
        whole(self, |session| session.import_inside(request))
    }

    fn import_inside(&self, request: &Request) -> Result<Imported, Failure> {
        let known = self.connection.tables()?;
        let known = known.iter().any(|name| name.to_lowercase() == request.table.to_lowercase());
        let mut reader = request.open()?;
        let target =
            if known { self.target(request, &mut reader)? } else { self.create(request, &mut reader)? };
        let rows = self.insert(request, &mut reader, &target)?;
        Ok(Imported { rows, created: target.created })
    }

    /// The columns of a table that is there.
    fn target(&self, request: &Request, reader: &mut Reader) -> Result<Target, Failure> {
        let table = identifier(&request.table);
        let all = self.connection.prepare(&format!("SELECT * FROM {table}"))?;
        let all_names: Vec<String> = all.column_names().iter().map(|name| (*name).to_owned()).collect();
        let all_types = all.column_types();
        if !request.header {
            return Ok(Target { names: all_names, types: all_types, created: false });
        }
        let mut record = Record::default();
        let names = request.header(reader, &mut record)?;
        let mut types = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let found = all_names.iter().position(|known| known.to_lowercase() == name.to_lowercase());
            types.push(found.and_then(|at| all_types.get(at)).copied().ok_or_else(|| {
                let message = match nearest(name, all_names.iter().map(String::as_str)) {
                    Some(near) => format!("the table has no column {name}; is {near} meant?"),
                    None => format!("the table {} has no column {name}", request.table),
                };
                reader.wrong(record.line, Some(at + 1), &message)
            })?);
        }
        Ok(Target { names, types, created: false })
    }

    /// Makes the table after the file's first line and its values, which are all looked at.
    fn create(&self, request: &Request, reader: &mut Reader) -> Result<Target, Failure> {
        let mut record = Record::default();
        let names = request.header(reader, &mut record)?;
        let mut candidates = vec![Candidates::default(); names.len()];
        let mut look = request.open()?;
        look.next(&mut record)?;
        while look.next(&mut record)? {
            self.look_up()?;
            for (field, candidate) in record.fields().zip(&mut candidates) {
                if let Some(text) = request.present(field) {
                    candidate.see(text);
                }
            }
        }
        let columns: Vec<String> = names
            .iter()
            .zip(&candidates)
            .map(|(name, found)| format!("{} {}", identifier(name), found.type_name()))
            .collect();
        let sql = format!("CREATE TABLE {} (\n  {}\n)", identifier(&request.table), columns.join(",\n  "));
        self.connection.execute(&sql, ())?;
        let types = candidates.iter().map(Candidates::data_type).collect();
        Ok(Target { names, types, created: true })
    }

    fn insert(&self, request: &Request, reader: &mut Reader, target: &Target) -> Result<u64, Failure> {
        let places = vec!["?"; target.names.len()].join(", ");
        let columns = names(&target.names);
        let sql = format!("INSERT INTO {} ({columns}) VALUES ({places})", identifier(&request.table));
        let mut statement = self.connection.prepare(&sql)?;
        let mut record = Record::default();
        let mut rows = 0;
        while reader.next(&mut record)? {
            self.look_up()?;
            let values = values(request, reader, target, &record)?;
            statement.execute(values).map_err(|error| reader.wrong(record.line, None, &told(&error)))?;
            rows += 1;
        }
        Ok(rows)
    }
}

/// The values of a record, of the types of their columns.
fn values(
    request: &Request,
    reader: &Reader,
    target: &Target,
    record: &Record,
) -> Result<Vec<Value>, Failure> {
    if record.len() != target.names.len() {
        let wanted = target.names.len();
        let message = format!("{} values where there are {wanted} columns", record.len());
        return Err(reader.wrong(record.line, None, &message));
    }
    let mut values = Vec::with_capacity(record.len());
    for (at, (field, data_type)) in record.fields().zip(&target.types).enumerate() {
        let Some(text) = request.present(field) else {
            values.push(Value::Null);
            continue;
        };
        let value = Value::parse(text, *data_type).map_err(|error| {
            let name = target.names.get(at).map(String::as_str).unwrap_or_default();
            let hint = match text {
                "" | "NA" | "NULL" | "null" | "\\N" | "N/A" => format!("; --null '{text}' makes it NULL"),
                _ => String::new(),
            };
            reader.wrong(record.line, Some(at + 1), &format!("{name}: {}{hint}", told(&error)))
        })?;
        values.push(value);
    }
    Ok(values)
}

fn told(error: &Error) -> String {
    let hint = error.hint_text().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}{hint}", error.message())
}

#[cfg(test)]
mod tests;
