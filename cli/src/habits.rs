//! Habits from other shells: what their users type, and what it is called here.
//!
//! | typed | done |
//! |---|---|
//! | `exit`, `quit` or `help` alone on a line | the dot command |
//! | `\q`, `\dt`, `\d NAME` and other commands of psql | the dot command |
//! | a SQLite file or a script in place of a database | refused, with a hint |
//! | `SHOW TABLES`, `DESCRIBE t`, `USE x` ... | refused, with a hint |

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::session::Failure;

/// What a SQLite database begins with.
pub const SQLITE_HEAD: &[u8] = b"SQLite format 3\0";

/// Commands that need no dot when they stand alone on a line.
const ALONE: [&str; 3] = ["exit", "help", "quit"];

/// Commands of psql, and the dot commands that do the same.
const BACKSLASH: [(&str, &str); 13] = [
    ("?", "help"),
    ("c", "open"),
    ("connect", "open"),
    ("d", "tables"),
    ("di", "indexes"),
    ("dt", "tables"),
    ("dv", "tables"),
    ("echo", "print"),
    ("h", "help"),
    ("i", "read"),
    ("o", "output"),
    ("q", "quit"),
    ("timing", "timer"),
];

/// Beginnings of statements of other databases, and what to do instead.
const STATEMENTS: [(&str, &str); 15] = [
    ("attach", "a session works on one database; .open FILE opens another"),
    ("copy", ".import reads a CSV file into a table, .export writes one"),
    ("desc", ".schema NAME prints how a table was made"),
    ("describe", ".schema NAME prints how a table was made"),
    ("load data", ".import reads a CSV file into a table"),
    ("show columns", ".schema NAME prints how a table was made"),
    ("show create", ".schema NAME prints how a table was made"),
    ("show databases", "each file is one database; .open FILE opens another"),
    ("show fields", ".schema NAME prints how a table was made"),
    ("show index", ".schema NAME prints how a table and its indexes were made"),
    ("show indexes", ".schema NAME prints how a table and its indexes were made"),
    ("show tables", ".tables lists the tables"),
    ("source", ".read FILE executes a script"),
    ("use", "each file is one database; .open FILE opens another"),
    ("vacuum into", ".backup FILE writes a copy"),
];

/// Whether a text is a command without its dot.
pub fn is_command(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let word = text.strip_suffix(b";").unwrap_or(text).trim_ascii_end();
    ALONE.iter().any(|alone| word.eq_ignore_ascii_case(alone.as_bytes()))
}

/// The dot command that does what a command with a backslash asks for.
pub fn dot_command(line: &str) -> Result<String, Failure> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let command = match BACKSLASH.iter().find(|(known, _)| *known == name) {
        Some((_, "tables")) if !rest.is_empty() => "schema",
        Some((_, command)) => command,
        None => {
            let message = format!("there is no command \\{name}; .help lists the commands");
            return Err(Failure::Text(message));
        }
    };
    Ok(format!("{command} {rest}"))
}

/// What to do with a file that is no database.
pub fn file_hint(path: &Path) -> Option<String> {
    if begins_as_sqlite(path).unwrap_or(false) {
        let path = path.display();
        return Some(format!("it is a SQLite database, which .import --sqlite '{path}' brings in"));
    }
    let script = path.is_file() && path.extension().is_some_and(|extension| extension == "sql");
    script.then(|| format!("-f {} executes a script", path.display()))
}

/// Whether a file begins as a SQLite database does.
pub fn begins_as_sqlite(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(SQLITE_HEAD.len() as u64).read_to_end(&mut head)?;
    Ok(head == SQLITE_HEAD)
}

/// What to do instead of a statement that only other databases have.
pub fn hint(sql: &str) -> Option<&'static str> {
    let words = sql.trim_end().trim_end_matches(';').split_whitespace().take(2).collect::<Vec<_>>();
    let words = words.join(" ").to_lowercase();
    let begins =
        |known: &str| words.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    STATEMENTS.iter().find(|(known, _)| begins(known)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_without_a_dot() {
        for text in ["exit", " quit;\r\n", "HELP ;"] {
            assert!(is_command(text.as_bytes()), "{text}");
        }
        for text in ["exit now", "", ";", "exit;;", "help me"] {
            assert!(!is_command(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn backslashes() {
        for (line, expected) in [
            ("q", "quit "),
            ("dt", "tables "),
            ("d", "tables "),
            ("d  t ", "schema t"),
            ("i a b", "read a b"),
        ] {
            assert_eq!(dot_command(line).unwrap(), expected, "{line}");
        }
        assert!(matches!(dot_command("x"), Err(Failure::Text(_))));
    }

    #[test]
    fn hints() {
        for (sql, expected) in [
            ("SHOW TABLES;", Some(".tables")),
            ("desc\n t", Some(".schema")),
            ("Describe t", Some(".schema")),
            ("show create table t;", Some(".schema")),
            ("descend", None),
            ("SHOW x", None),
            ("", None),
        ] {
            let found = hint(sql).and_then(|hint| hint.split(' ').next());
            assert_eq!(found, expected, "{sql}");
        }
        assert!(STATEMENTS.is_sorted() && BACKSLASH.is_sorted());
    }
}
