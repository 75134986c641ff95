//! Completion: dot commands and their arguments; keywords, tables, views and columns.

use std::borrow::Cow;

use drystone::Connection;
use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::highlight::coloured;
use crate::dot;
use crate::keywords::KEYWORDS;
use crate::output::Mode;
use crate::quote::identifier;

/// Commands whose argument is a file.
const OF_FILES: [&str; 7] = ["backup", "export", "import", "once", "open", "output", "read"];
/// Commands whose argument is a table, a view or an index.
const OF_TABLES: [&str; 3] = ["dump", "indexes", "schema"];
const OF_SWITCHES: [&str; 3] = ["bail", "headers", "timer"];

/// The names in a schema.
#[derive(Debug, Default)]
pub struct Names {
    /// Tables and views.
    tables: Vec<String>,
    columns: Vec<String>,
}

impl Names {
    /// The names of now; none where they cannot be read.
    pub fn of(connection: &Connection) -> Names {
        let list = |sql: &str| -> drystone::Result<Vec<String>> {
            connection.prepare(sql)?.query_map((), |row| row.get(0))?.collect()
        };
        let mut tables = connection.tables().unwrap_or_default();
        tables.extend(connection.views().unwrap_or_default());
        let columns = list("SELECT DISTINCT column_name FROM information_schema.columns ORDER BY 1");
        Names { tables, columns: columns.unwrap_or_default() }
    }
}

/// What helps with typing.
#[derive(Default)]
pub struct Assistant {
    /// The names to complete.
    pub names: Names,
    /// A statement has begun in a line before.
    pub inside: bool,
    files: FilenameCompleter,
}

impl Assistant {
    /// What can stand at the end of a text: where it begins, and what it can be. None: a file.
    fn candidates(&self, before: &str) -> Option<(usize, Vec<String>)> {
        if before.starts_with('.') && !self.inside {
            return self.of_command(before);
        }
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| {
            at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let (lead, word) = before.split_at(start);
        let in_text = lead.matches('\'').count() % 2 == 1;
        if word.is_empty() && !lead.ends_with('.') || in_text {
            return Some((start, Vec::new()));
        }
        let mut found = Vec::new();
        if !lead.ends_with('.') {
            let lower = word.to_lowercase();
            let upper = word.chars().any(char::is_uppercase);
            let keywords = KEYWORDS.iter().filter(|keyword| keyword.starts_with(&lower));
            found.extend(
                keywords.map(|keyword| if upper { keyword.to_uppercase() } else { (*keyword).to_owned() }),
            );
            found.extend(beginning(&self.names.tables, word));
        }
        found.extend(beginning(&self.names.columns, word));
        let mut known = std::collections::HashSet::new();
        found.retain(|name| known.insert(name.to_lowercase()));
        Some((start, found))
    }

    fn of_command(&self, before: &str) -> Option<(usize, Vec<String>)> {
        let Some((command, _)) = before.split_once(char::is_whitespace) else {
            let names = dot::names().map(|name| format!(".{name}"));
            return Some((0, names.filter(|name| name.starts_with(before)).collect()));
        };
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = before.get(start..).unwrap_or_default();
        let command = command.trim_start_matches('.');
        let second = before.get(..start).unwrap_or_default().split_whitespace().count() > 1;
        let starting = |names: &[&str]| {
            names.iter().filter(|name| name.starts_with(word)).map(|name| (*name).to_owned()).collect()
        };
        let names = match command {
            "mode" => starting(&Mode::ALL.map(|(name, _)| name)),
            "help" => starting(&dot::names().collect::<Vec<_>>()),
            _ if OF_SWITCHES.contains(&command) => starting(&["on", "off"]),
            _ if OF_TABLES.contains(&command) => beginning(&self.names.tables, word).collect(),
            "import" | "export" if second && !self.names.tables.is_empty() && !word.contains(['/', '.']) => {
                let tables: Vec<String> = beginning(&self.names.tables, word).collect();
                if tables.is_empty() {
                    return None;
                }
                tables
            }
            _ if OF_FILES.contains(&command) => return None,
            _ => Vec::new(),
        };
        Some((start, names))
    }
}

fn beginning<'n>(names: &'n [String], word: &'n str) -> impl Iterator<Item = String> + 'n {
    let lower = word.to_lowercase();
    names.iter().filter(move |name| name.to_lowercase().starts_with(&lower)).map(|name| identifier(name))
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        match self.candidates(line.get(..at).unwrap_or_default()) {
            None => self.files.complete(line, at, context),
            Some((start, found)) => {
                let pair = |name: String| Pair { display: name.clone(), replacement: name };
                Ok((start, found.into_iter().map(pair).collect()))
            }
        }
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _at: usize) -> Cow<'l, str> {
        Cow::Owned(coloured(line, self.inside))
    }

    fn highlight_char(&self, _line: &str, _at: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Validator for Assistant {}

impl Helper for Assistant {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_stand_there() {
        let names = Names {
            tables: vec![String::from("artist"), String::from("Odd name")],
            columns: vec![String::from("artist_id"), String::from("name")],
        };
        let assistant = Assistant { names, ..Assistant::default() };
        for (before, start, expected) in [
            (".sch", 0, &[".schema"][..]),
            (".schema ar", 8, &["artist"]),
            (".mode m", 6, &["markdown"]),
            (".headers o", 9, &["on", "off"]),
            ("SELECT na", 7, &["natural", "name"]),
            ("SELECT NAT", 7, &["NATURAL"]),
            ("SELECT a.n", 9, &["name"]),
            ("SELECT a.", 9, &["artist_id", "name"]),
            ("SELECT * FROM od", 14, &["\"Odd name\""]),
            ("SELECT 'na", 8, &[]),
            ("SELECT ", 7, &[]),
        ] {
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(assistant.candidates(before), Some((start, expected)), "{before}");
        }
        assert_eq!(assistant.candidates(".read "), None);
    }
}
