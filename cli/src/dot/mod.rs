//! Dot commands: what the shell can do beside SQL.
//!
//! | file | what |
//! |---|---|
//! | `mod` | the list of them, and how their words are cut |
//! | `setting` | how results are written, when the shell stops |
//! | `look` | what is in the database and how it is |
//! | `file` | scripts, output, import and export, other databases |

mod file;
mod look;
mod setting;

use std::io::Write;

use crate::habits;
use crate::session::{Failure, Session};
use crate::suggest::nearest;

/// What is to be done after a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    Go,
    /// Execute this script.
    Read(String),
    /// Leave.
    Leave,
}

struct Command {
    name: &'static str,
    usage: &'static str,
    help: &'static str,
    run: fn(&mut Session, &[String]) -> Result<Next, Failure>,
}

const COMMANDS: [Command; 28] = [
    Command {
        name: "backup",
        usage: "FILE",
        help: "write a copy of the database to a new file",
        run: file::backup,
    },
    Command { name: "bail", usage: "on|off", help: "stop at the first error", run: setting::bail },
    Command { name: "check", usage: "", help: "verify every page of the database", run: look::check },
    Command {
        name: "checkpoint",
        usage: "",
        help: "write the log's changes to the database file",
        run: look::checkpoint,
    },
    Command { name: "databases", usage: "", help: "print the file that is open", run: look::databases },
    Command {
        name: "dump",
        usage: "[NAME ...]",
        help: "print the SQL that builds the database, or some tables",
        run: file::dump,
    },
    Command { name: "exit", usage: "", help: "leave", run: quit },
    Command {
        name: "export",
        usage: "FILE TABLE|SELECT",
        help: "write a table, or the rows of a query, to a file",
        run: file::export,
    },
    Command { name: "headers", usage: "on|off", help: "column names before the rows", run: setting::headers },
    Command { name: "help", usage: "[COMMAND]", help: "print this", run: help },
    Command {
        name: "import",
        usage: "[OPTIONS] FILE TABLE",
        help: "rows of a CSV file into a table; --sqlite FILE: a whole SQLite file",
        run: file::import,
    },
    Command { name: "indexes", usage: "[TABLE]", help: "list the indexes", run: look::indexes },
    Command { name: "mode", usage: "[MODE [TABLE]]", help: "how results are written", run: setting::mode },
    Command { name: "nullvalue", usage: "TEXT", help: "what stands for NULL", run: setting::null_value },
    Command { name: "once", usage: "FILE", help: "what comes next goes to a file", run: file::once },
    Command {
        name: "open",
        usage: "[--readonly] [FILE]",
        help: "close this database and open another",
        run: file::open,
    },
    Command {
        name: "output",
        usage: "[FILE]",
        help: "results go to a file, or to the screen again",
        run: file::output,
    },
    Command { name: "print", usage: "[TEXT ...]", help: "print a line", run: setting::print },
    Command { name: "quit", usage: "", help: "leave", run: quit },
    Command { name: "read", usage: "FILE", help: "execute a script", run: file::read },
    Command {
        name: "recover",
        usage: "",
        help: "print the SQL of all that can be read of a damaged database",
        run: file::recover,
    },
    Command { name: "schema", usage: "[NAME]", help: "print the CREATE statements", run: look::schema },
    Command {
        name: "separator",
        usage: "TEXT",
        help: "between the values of list and csv",
        run: setting::separator,
    },
    Command { name: "show", usage: "", help: "print the settings", run: setting::show },
    Command { name: "stats", usage: "", help: "print the engine's counters", run: look::stats },
    Command { name: "tables", usage: "", help: "list the tables and views", run: look::tables },
    Command {
        name: "timer",
        usage: "on|off",
        help: "print how long each statement took",
        run: setting::timer,
    },
    Command {
        name: "width",
        usage: "[N ...]",
        help: "widths of columns; 0: as needed; -N: to the right",
        run: setting::width,
    },
];

/// Other names that SQLite's shell has for them.
const ALIASES: [(&str, &str); 4] =
    [("header", "headers"), ("indices", "indexes"), ("save", "backup"), ("separators", "separator")];

/// Executes a line that begins with a dot.
pub fn run(session: &mut Session, line: &str) -> Result<Next, Failure> {
    let line = line.trim();
    // A semicolon that stands apart is an argument, as in `.separator ;`.
    let line = line.strip_suffix(';').filter(|line| !line.ends_with(char::is_whitespace)).unwrap_or(line);
    let words = match (line.strip_prefix('\\'), line.strip_prefix('.')) {
        (Some(command), _) => words(&habits::dot_command(command)?)?,
        (None, Some(command)) => words(command)?,
        (None, None) => words(&line.to_lowercase())?,
    };
    let Some((name, arguments)) = words.split_first().map(|(name, rest)| (name.as_str(), rest)) else {
        return Err(Failure::Text(String::from("a dot command needs a name; .help lists them")));
    };
    let command =
        COMMANDS.iter().find(|command| command.name == name || ALIASES.contains(&(name, command.name)));
    let Some(command) = command else {
        return Err(unknown(name));
    };
    if command.usage.is_empty() && !arguments.is_empty() {
        return Err(Failure::Text(format!(".{name} takes no arguments")));
    }
    (command.run)(session, arguments)
}

fn unknown(name: &str) -> Failure {
    Failure::Text(match nearest(name, names()) {
        Some(known) => format!("unknown command .{name}; did you mean .{known}?"),
        None => format!("unknown command .{name}; .help lists the commands"),
    })
}

/// Words between white space; '...' and "..." hold white space together.
fn words(line: &str) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(Failure::Text(String::from("a quote is not closed")));
    }
    words.extend(word);
    Ok(words)
}

fn one<'a>(arguments: &'a [String], usage: &str) -> Result<&'a str, Failure> {
    match arguments {
        [argument] => Ok(argument),
        _ => Err(Failure::Text(format!("usage: {usage}"))),
    }
}

fn switch(arguments: &[String], usage: &str) -> Result<bool, Failure> {
    match one(arguments, usage)? {
        "on" | "yes" | "1" => Ok(true),
        "off" | "no" | "0" => Ok(false),
        _ => Err(Failure::Text(format!("usage: {usage}"))),
    }
}

fn quit(_session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    Ok(Next::Leave)
}

fn help(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let asked = arguments.first().map(|name| name.trim_start_matches('.'));
    let found: Vec<&Command> =
        COMMANDS.iter().filter(|command| asked.is_none_or(|name| command.name.starts_with(name))).collect();
    if found.is_empty() {
        return Err(unknown(asked.unwrap_or_default()));
    }
    for command in found {
        let usage = format!(".{} {}", command.name, command.usage);
        writeln!(session.out, "{usage:<29} {}", command.help)?;
    }
    Ok(Next::Go)
}

/// The names of the commands, for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_in_order_and_words_are_cut() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
        let cut = |line| words(line).unwrap();
        assert_eq!(cut(" mode  csv "), ["mode", "csv"]);
        assert_eq!(cut("x 'a b' \"\" c\"d\"e"), ["x", "a b", "", "cde"]);
        assert!(matches!(words("x 'a"), Err(Failure::Text(_))));
    }
}
