//! Dot commands: what the shell can do beside SQL.

use std::io::Write;
use std::time::Instant;

use crate::import::Request;
use crate::output::Mode;
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

const COMMANDS: [Command; 17] = [
    Command { name: "bail", usage: "on|off", help: "stop at the first error", run: bail },
    Command { name: "check", usage: "", help: "verify every page of the database", run: check },
    Command {
        name: "checkpoint",
        usage: "",
        help: "write the log's changes to the database file",
        run: checkpoint,
    },
    Command { name: "exit", usage: "", help: "leave", run: quit },
    Command { name: "headers", usage: "on|off", help: "column names before the rows", run: headers },
    Command { name: "help", usage: "", help: "print this", run: help },
    Command {
        name: "import",
        usage: "[OPTIONS] FILE TABLE",
        help: "rows of a CSV file into a table, made if it is missing",
        run: import,
    },
    Command { name: "mode", usage: "[box|csv|json|list]", help: "how results are written", run: mode },
    Command { name: "nullvalue", usage: "TEXT", help: "what stands for NULL", run: null_value },
    Command { name: "print", usage: "[TEXT ...]", help: "print a line", run: print },
    Command { name: "quit", usage: "", help: "leave", run: quit },
    Command { name: "read", usage: "FILE", help: "execute a script", run: read },
    Command { name: "schema", usage: "[NAME]", help: "print the CREATE statements", run: schema },
    Command { name: "separator", usage: "TEXT", help: "between the values of list and csv", run: separator },
    Command { name: "stats", usage: "", help: "print the engine's counters", run: stats },
    Command { name: "tables", usage: "", help: "list the tables", run: tables },
    Command { name: "timer", usage: "on|off", help: "print how long each statement took", run: timer },
];

/// Executes a line that begins with a dot.
pub fn run(session: &mut Session, line: &str) -> Result<Next, Failure> {
    let words = words(line.trim().trim_start_matches('.').trim_end_matches(';'))?;
    let Some((name, arguments)) = words.split_first() else {
        return Err(Failure::Text(String::from("a dot command needs a name; .help lists them")));
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Failure::Text(match nearest(name, COMMANDS.iter().map(|command| command.name)) {
            Some(known) => format!("unknown command .{name}; did you mean .{known}?"),
            None => format!("unknown command .{name}; .help lists the commands"),
        }));
    };
    if command.usage.is_empty() && !arguments.is_empty() {
        return Err(Failure::Text(format!(".{name} takes no arguments")));
    }
    (command.run)(session, arguments)
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

fn bail(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.bail = switch(arguments, ".bail on|off")?;
    Ok(Next::Go)
}

fn headers(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.style.header = Some(switch(arguments, ".headers on|off")?);
    Ok(Next::Go)
}

fn timer(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.timer = switch(arguments, ".timer on|off")?;
    Ok(Next::Go)
}

fn null_value(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.style.null = Some(one(arguments, ".nullvalue TEXT")?.to_owned());
    Ok(Next::Go)
}

fn separator(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.style.separator = Some(one(arguments, ".separator TEXT")?.replace("\\t", "\t"));
    Ok(Next::Go)
}

fn mode(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    if arguments.is_empty() {
        writeln!(session.out, "{}", session.style.mode.name())?;
        return Ok(Next::Go);
    }
    let name = one(arguments, ".mode [box|csv|json|list]")?;
    session.style.mode = Mode::named(name).ok_or_else(|| {
        let known = Mode::ALL.map(|(known, _)| known);
        Failure::Text(match nearest(name, known) {
            Some(near) => format!("unknown mode '{name}'; did you mean {near}?"),
            None => format!("unknown mode '{name}'; there are {}", known.join(", ")),
        })
    })?;
    Ok(Next::Go)
}

fn print(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    writeln!(session.out, "{}", arguments.join(" "))?;
    Ok(Next::Go)
}

fn read(_session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    Ok(Next::Read(one(arguments, ".read FILE")?.to_owned()))
}

fn quit(_session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    Ok(Next::Leave)
}

fn help(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    for command in &COMMANDS {
        let usage = format!(".{} {}", command.name, command.usage);
        writeln!(session.out, "{usage:<26} {}", command.help)?;
    }
    Ok(Next::Go)
}

fn import(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
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

fn tables(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    for name in session.connection.tables()? {
        writeln!(session.out, "{name}")?;
    }
    Ok(Next::Go)
}

fn schema(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let names = match arguments {
        [] => session.connection.tables()?,
        _ => vec![one(arguments, ".schema [NAME]")?.to_owned()],
    };
    for name in names {
        for sql in session.connection.schema_sql(&name)? {
            writeln!(session.out, "{};", sql.trim_end_matches(';'))?;
        }
    }
    Ok(Next::Go)
}

fn checkpoint(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    session.connection.checkpoint()?;
    Ok(Next::Go)
}

fn check(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    let report = session.connection.check()?;
    for line in &report.lines {
        writeln!(session.out, "{line}")?;
    }
    if report.ok { Ok(Next::Go) } else { Err(Failure::Text(String::from("the database is damaged"))) }
}

fn stats(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    for (name, count) in session.connection.stats() {
        writeln!(session.out, "{name:<24} {count:>14}")?;
    }
    Ok(Next::Go)
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
