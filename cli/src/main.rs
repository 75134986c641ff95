//! The drystone program: SQL from arguments or standard input, dot commands, a demonstration.
//!
//! | file | what |
//! |---|---|
//! | `arguments` | the command line |
//! | `splitter` | input to statements, as it comes |
//! | `session` | an open database and where results go |
//! | `shell` | executes pieces of input, one after the other |
//! | `dot` | dot commands |
//! | `import` | files of separated values into tables |
//! | `keywords`, `quote` | the words of SQL; names as SQL writes them |
//! | `output` | box, csv, json, list |
//! | `report` | error messages with line and caret |
//! | `suggest` | did you mean |
//! | `demo` | the music library |
//!
//! Exit status: 0, or 1 when anything failed (2 for a command line that makes no sense).

#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod arguments;
mod demo;
mod dot;
mod import;
mod keywords;
mod output;
mod quote;
mod report;
mod session;
mod shell;
mod splitter;
mod suggest;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use drystone::{Connection, OpenOptions};

use arguments::{Command, Run};
use output::{Mode, Style};
use session::Session;
use shell::Shell;

fn main() -> ExitCode {
    let command = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("drystone: {message}");
            return ExitCode::from(2);
        }
    };
    let done = match command {
        Command::Print(text) => io::stdout().write_all(text.as_bytes()).map(|()| true),
        Command::Demo(options) => demo::run(&options),
        Command::Run(options) => run(&options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Whoever closed the pipe has read enough.
            if error.kind() != io::ErrorKind::BrokenPipe {
                eprintln!("drystone: cannot write: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Executes what the command line asks for; true when nothing failed.
fn run(options: &Run) -> io::Result<bool> {
    let stdin = io::stdin();
    let interactive = options.inputs.is_empty()
        && options.interactive.unwrap_or_else(|| stdin.is_terminal() && io::stdout().is_terminal());
    let default_mode = if io::stdout().is_terminal() { Mode::Box } else { Mode::List };
    let style = Style {
        mode: options.mode.unwrap_or(default_mode),
        header: options.header,
        separator: options.separator.clone(),
        null: options.null.clone(),
    };
    let Some(connection) = open(options.file.as_deref(), options.read_only) else {
        return Ok(false);
    };
    let mut shell = Shell::new(Session::new(connection, style, options.bail));
    if interactive {
        let name = options.file.as_deref().map_or_else(
            || String::from("a database in memory, gone at the end"),
            |file| file.display().to_string(),
        );
        writeln!(shell.session.out, "Drystone {} on {name}", env!("CARGO_PKG_VERSION"))?;
        writeln!(shell.session.out, "SQL ends with a semicolon; .help lists the commands, .quit leaves.")?;
    }
    if options.inputs.is_empty() {
        shell.run_input(&mut stdin.lock(), None, interactive)?;
    }
    for (at, text) in options.inputs.iter().enumerate() {
        let name = format!("argument {}", at + 1);
        if !shell.run_argument(text, &name)? {
            break;
        }
    }
    let failed = shell.failed;
    Ok(shell.session.close()? && !failed)
}

/// Opens the database, or says in one line why it cannot be opened.
fn open(file: Option<&Path>, read_only: bool) -> Option<Connection> {
    let opened = match file {
        None => Connection::open_in_memory(),
        Some(path) => {
            let options = OpenOptions { create: !read_only, read_only, ..OpenOptions::default() };
            Connection::open_with(path, options)
        }
    };
    opened
        .map_err(|error| {
            let name = file.map_or_else(|| String::from(":memory:"), |path| path.display().to_string());
            let hint = error.hint_text().map(|hint| format!("; {hint}")).unwrap_or_default();
            eprintln!("drystone: cannot open {name}: {}{hint}", error.message());
        })
        .ok()
}
