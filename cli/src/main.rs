//! The drystone program: SQL from arguments or standard input, dot commands, a demonstration.
//!
//! | file | what |
//! |---|---|
//! | `arguments` | the command line |
//! | `splitter` | input to statements, as it comes |
//! | `session` | an open database and where results go |
//! | `shell` | executes pieces of input, one after the other |
//! | `terminal`, `interrupt` | line editing, history, completion; Ctrl-C |
//! | `dot` | dot commands |
//! | `habits` | what users of other shells type |
//! | `import` | files of separated values into tables |
//! | `keywords`, `quote` | the words of SQL; names as SQL writes them |
//! | `dump`, `backup` | a database as SQL; a copy of it |
//! | `output`, `sink` | box, csv, json ...; where results go |
//! | `progress` | how long a statement has been running |
//! | `report` | error messages with line and caret |
//! | `suggest` | did you mean |
//! | `demo` | the music library |
//!
//! Exit status: 0, or 1 when anything failed (2 for a command line that makes no sense).

#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod arguments;
mod backup;
mod demo;
mod dot;
mod dump;
mod habits;
mod import;
mod interrupt;
mod keywords;
mod output;
mod progress;
mod quote;
mod report;
mod session;
mod shell;
mod sink;
mod splitter;
mod suggest;
mod terminal;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use arguments::{Command, Run};
use output::{Mode, Style};
use session::{Session, connect};
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
    let interactive = options.reads_standard_input()
        && options.interactive.unwrap_or_else(|| stdin.is_terminal() && io::stdout().is_terminal());
    let default_mode = if io::stdout().is_terminal() { Mode::Box } else { Mode::List };
    let mut style = Style::new(options.mode.unwrap_or(default_mode));
    (style.header, style.separator, style.null) =
        (options.header, options.separator.clone(), options.null.clone());
    let connection = match connect(options.file.as_deref(), options.access()) {
        Ok(connection) => connection,
        Err(message) => {
            eprintln!("drystone: {message}");
            return Ok(false);
        }
    };
    let mut shell = Shell::new(Session::new(connection, style, options.bail));
    (shell.session.file, shell.session.read_only) = (options.file.clone(), options.access().is_read_only());
    shell.session.interactive = interactive;
    if interactive {
        let place = shell.session.place();
        writeln!(shell.session.out, "Drystone {} on {place}", env!("CARGO_PKG_VERSION"))?;
        writeln!(shell.session.out, "SQL ends with a semicolon; .help lists the commands, .quit leaves.")?;
    }
    execute(&mut shell, options)?;
    let failed = shell.failed;
    Ok(shell.session.close()? && !failed)
}

/// Executes what is to come first, then scripts and arguments or, without any, standard input. An
/// error ends it, save that somebody who sits there may go on by hand.
fn execute(shell: &mut Shell, options: &Run) -> io::Result<()> {
    let mut go_on = true;
    for path in &options.init {
        go_on = go_on && shell.run_script(path)?;
    }
    for (at, text) in options.commands.iter().enumerate() {
        go_on = go_on && shell.run_argument(text, &format!("command {}", at + 1))?;
    }
    if !(go_on || shell.may_go_on()) {
        return Ok(());
    }
    if options.reads_standard_input() {
        let interactive = shell.session.interactive;
        if interactive && io::stdin().is_terminal() && io::stdout().is_terminal() {
            return terminal::run(shell);
        }
        return shell.run_input(&mut io::stdin().lock(), None, interactive);
    }
    for path in &options.scripts {
        go_on = go_on && shell.run_script(path)?;
    }
    for (at, text) in options.inputs.iter().enumerate() {
        go_on = go_on && shell.run_argument(text, &format!("argument {}", at + 1))?;
    }
    Ok(())
}
