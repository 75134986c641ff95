//! Commands about files: scripts, output, import and export, other databases.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::setting::mode_named;
use super::{Next, one};
use crate::dump::Care;
use crate::import::{Request, sqlite};
use crate::output::{Mode, Style};
use crate::quote::identifier;
use crate::session::{Access, Failure, Session, write_rows};

fn cannot(what: &str, name: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::Text(format!("cannot {what} {name}: {error}"))
}

pub(super) fn read(_session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    Ok(Next::Read(one(arguments, ".read FILE")?.to_owned()))
}

pub(super) fn import(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    if arguments.first().is_some_and(|word| word == "--sqlite" || word == "-sqlite") {
        return import_sqlite(session, arguments.get(1..).unwrap_or_default());
    }
    let request = Request::parse(arguments, session.style.mode, session.style.separator.as_deref())?;
    let begun = Instant::now();
    let imported = session.import(&request)?;
    if session.interactive {
        let made = if imported.created { ", a new table" } else { "" };
        let time = begun.elapsed().as_secs_f64();
        writeln!(session.out, "{} rows into {}{made}, in {time:.2} s", imported.rows, request.table)?;
    }
    Ok(Next::Go)
}

fn import_sqlite(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let file = one(arguments, ".import --sqlite FILE")?;
    let begun = Instant::now();
    let brought = sqlite::import(session, file)?;
    session.out.progress.end();
    for note in &brought.notes {
        eprintln!("note: {note}");
    }
    if session.interactive {
        let time = begun.elapsed().as_secs_f64();
        writeln!(session.out, "{} tables with {} rows, in {time:.2} s", brought.tables, brought.rows)?;
    }
    Ok(Next::Go)
}

pub(super) fn output(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    match arguments {
        [] => session.out.restore()?,
        [name] if name == "stdout" => session.out.restore()?,
        _ => redirect(session, one(arguments, ".output [FILE]")?, false)?,
    }
    Ok(Next::Go)
}

pub(super) fn once(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    redirect(session, one(arguments, ".once FILE")?, true)?;
    Ok(Next::Go)
}

fn redirect(session: &mut Session, name: &str, once: bool) -> Result<(), Failure> {
    session.out.redirect(name, once).map_err(|error| cannot("write", name, &error))
}

/// The mode is asked for, or what the file's name says, or csv.
pub(super) fn export(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let usage = || {
        let usage = "usage: .export [--MODE] FILE TABLE, as in .export --json a.txt t; a query in place of TABLE \
                     stands in quotes";
        Failure::Text(String::from(usage))
    };
    let (modes, words): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| word.starts_with("--"));
    let [file, table] = words.as_slice() else { return Err(usage()) };
    let mode = match modes.as_slice() {
        [] => mode_of(file),
        [mode] => mode_named(mode.trim_start_matches('-'))?,
        _ => return Err(usage()),
    };
    let header = Some(!matches!(mode, Mode::Insert));
    let style =
        Style { header, table: (*table).clone(), null: session.style.null.clone(), ..Style::new(mode) };
    let query = table.contains(char::is_whitespace) && is_query(table);
    let sql = if query { (*table).clone() } else { format!("SELECT * FROM {}", identifier(table)) };
    // An unknown table is found before the file is made.
    drop(session.connection.prepare(&sql)?);
    let existed = Path::new(file).exists();
    let mut out = BufWriter::new(File::create(file).map_err(|error| cannot("write", file, &error))?);
    let written =
        write_rows(&session.connection, &sql, &style, None, &mut out).map_err(|failure| match failure {
            Failure::Output(error) => cannot("write", file, &error),
            failure => failure,
        });
    let written = written.and_then(|()| out.flush().map_err(|error| cannot("write", file, &error)));
    if written.is_err() && !existed {
        // Nothing more can be done about what cannot be removed.
        let _ = std::fs::remove_file(file);
    }
    written.map(|()| Next::Go)
}

fn is_query(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    ["select", "values", "with"].contains(&first.as_str())
}

fn mode_of(file: &str) -> Mode {
    let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
    match extension.unwrap_or_default() {
        "json" => Mode::Json,
        "jsonl" => Mode::Jsonl,
        "tsv" => Mode::Tabs,
        "sql" => Mode::Insert,
        "html" => Mode::Html,
        "md" => Mode::Markdown,
        "txt" => Mode::Table,
        _ => Mode::Csv,
    }
}

pub(super) fn dump(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let mut out = std::mem::take(&mut session.out);
    let done = session.dump(arguments, Care::Strict, &mut |sql| Ok(writeln!(out, "{sql};")?));
    session.out = out;
    done.map(|()| Next::Go)
}

/// What is damaged is left out, with a note.
pub(super) fn recover(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    let mut out = std::mem::take(&mut session.out);
    let done = session.recover(&mut |sql| Ok(writeln!(out, "{sql};")?));
    session.out = out;
    done.map(|()| Next::Go)
}

pub(super) fn backup(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.backup(one(arguments, ".backup FILE")?)?;
    Ok(Next::Go)
}

/// What is open stays open when the other file cannot be opened.
pub(super) fn open(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let (options, words): (Vec<&String>, Vec<&String>) = arguments
        .iter()
        .partition(|word| word.trim_start_matches('-') == "readonly" && word.starts_with('-'));
    let file = match words.as_slice() {
        [] => None,
        [memory] if *memory == ":memory:" => None,
        [name] => Some(PathBuf::from(name)),
        _ => return Err(Failure::Text(String::from("usage: .open [--readonly] [FILE]"))),
    };
    session.open(file, if options.is_empty() { Access::Write } else { Access::Read })?;
    Ok(Next::Go)
}
