//! The format of sqllogictest: a text is taken apart into records.
//!
//! ```text
//! # comment
//! hash-threshold 8              results of more values are given as a hash
//!
//! skipif mysql                  conditions before a record; they must all let it through
//! statement ok                  or "statement error", or "statement error 23505"
//! INSERT INTO t VALUES (1)
//!
//! query IT rowsort label        a letter a column; how rows are sorted; equal labels, equal rows
//! SELECT a, b FROM t
//! ----
//! 1
//! (empty)
//!
//! onlyif mssql
//! halt                          nothing behind this
//! ```
//!
//! An empty line ends a record. A line ends with LF or CRLF.

use std::fmt;

/// A record and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// The line of its first word, from 1; conditions stand before it.
    pub line: usize,
    /// Does a condition keep it from an engine of the name asked for?
    pub skipped: bool,
    /// What is to be done.
    pub kind: Kind,
}

/// What a record asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text to run.
    Statement {
        /// The text.
        sql: String,
        /// What is to come of it.
        expected: Outcome,
    },
    /// A query and its rows.
    Query(Query),
    /// The end of the script.
    Halt,
    /// Results of more values are given as a hash; 0 means never.
    HashThreshold(usize),
}

/// What is to come of a statement.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeds.
    Ok,
    /// It fails, with this SQLSTATE where one is given.
    Error(Option<String>),
}

/// A query and its rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    /// The text.
    pub sql: String,
    /// A letter a column.
    pub letters: String,
    /// How the rows are sorted before they are compared.
    pub sort: Sort,
    /// Queries of one label have the same rows.
    pub label: Option<String>,
    /// The lines behind `----`; none where that is missing, and only success is asked for.
    pub expected: Option<Vec<String>>,
}

/// How rows are sorted before they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Not at all.
    None,
    /// Row by row.
    Rows,
    /// Each value on its own.
    Values,
}

/// What is wrong with a script.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)
    }
}

/// The lines of a text, one taken after the other.
struct Lines<'t> {
    rest: std::iter::Peekable<std::iter::Enumerate<std::str::Lines<'t>>>,
    last: usize,
}

impl<'t> Lines<'t> {
    /// The next line and its number.
    fn next(&mut self) -> Option<(usize, &'t str)> {
        let (index, line) = self.rest.next()?;
        self.last = index + 1;
        Some((index + 1, line))
    }

    /// The lines up to an empty one or `end`, which is taken too; whether it was `end`.
    fn block(&mut self, end: Option<&str>) -> (Vec<&'t str>, bool) {
        let mut block = Vec::new();
        while let Some((_, line)) = self.next() {
            if line.is_empty() {
                return (block, false);
            }
            if Some(line) == end {
                return (block, true);
            }
            block.push(line);
        }
        (block, false)
    }

    fn malformed(&self, message: impl Into<String>) -> Malformed {
        Malformed { line: self.last, message: message.into() }
    }
}

/// Takes a script apart, as an engine of this name would see it.
///
/// # Errors
/// The first line that is no part of the format.
pub fn parse(text: &str, engine: &str) -> Result<Vec<Record>, Malformed> {
    let mut lines = Lines { rest: text.lines().enumerate().peekable(), last: 0 };
    let mut records = Vec::new();
    let mut skipped = false;
    while let Some((line, content)) = lines.next() {
        let mut words = content.split_whitespace().take_while(|word| !word.starts_with('#'));
        let Some(first) = words.next() else { continue };
        let words: Vec<&str> = words.collect();
        let second = words.first().copied();
        let kind = match first {
            "skipif" | "onlyif" => {
                let Some(name) = second else { return Err(lines.malformed(format!("{first} whom?"))) };
                skipped |= name.eq_ignore_ascii_case(engine) == (first == "skipif");
                continue;
            }
            "halt" => Kind::Halt,
            "hash-threshold" => match second.and_then(|number| number.parse().ok()) {
                Some(threshold) => Kind::HashThreshold(threshold),
                None => return Err(lines.malformed("hash-threshold wants a number")),
            },
            "statement" => statement(&words, &mut lines)?,
            "query" => Kind::Query(query(&words, &mut lines)?),
            _ => return Err(lines.malformed(format!("{first:?} begins no record"))),
        };
        records.push(Record { line, skipped, kind });
        skipped = false;
    }
    Ok(records)
}

fn statement(words: &[&str], lines: &mut Lines<'_>) -> Result<Kind, Malformed> {
    let expected = match words {
        ["ok"] => Outcome::Ok,
        ["error"] => Outcome::Error(None),
        ["error", state] => Outcome::Error(Some((*state).to_owned())),
        _ => return Err(lines.malformed("a statement is \"ok\", \"error\" or \"error SQLSTATE\"")),
    };
    let (block, _) = lines.block(None);
    Ok(Kind::Statement { sql: block.join("\n"), expected })
}

fn query(words: &[&str], lines: &mut Lines<'_>) -> Result<Query, Malformed> {
    let (letters, rest) = words.split_first().ok_or_else(|| lines.malformed("a query wants letters"))?;
    if !letters.chars().all(|letter| matches!(letter, 'I' | 'R' | 'T')) {
        return Err(lines.malformed(format!("{letters} are not all I, R or T")));
    }
    let sort = match rest.first().copied() {
        None | Some("nosort") => Sort::None,
        Some("rowsort") => Sort::Rows,
        Some("valuesort") => Sort::Values,
        Some(other) => return Err(lines.malformed(format!("{other} is no way to sort"))),
    };
    let label = rest.get(1).map(|label| (*label).to_owned());
    let (block, results) = lines.block(Some("----"));
    let expected = results.then(|| lines.block(None).0.into_iter().map(str::to_owned).collect());
    Ok(Query { sql: block.join("\n"), letters: (*letters).to_owned(), sort, label, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let text = "# nothing\nhash-threshold 8\r\n\r\nskipif mysql # why\nonlyif sqlite\nstatement ok\r\nSELECT\n1\n\n\
                    onlyif mssql\nquery IT rowsort x\nSELECT 1, 'a'\n----\n1\na\n\nquery I\nSELECT 2\n\nhalt\n";
        let records = parse(text, "sqlite").unwrap();
        let lines: Vec<(usize, bool)> = records.iter().map(|record| (record.line, record.skipped)).collect();
        assert_eq!(lines, [(2, false), (6, false), (11, true), (17, false), (20, false)]);
        assert_eq!(records[1].kind, Kind::Statement { sql: "SELECT\n1".into(), expected: Outcome::Ok });
        let Kind::Query(query) = &records[2].kind else { panic!("{records:?}") };
        assert_eq!((query.sort, query.label.as_deref()), (Sort::Rows, Some("x")));
        assert_eq!(query.expected, Some(vec!["1".to_owned(), "a".to_owned()]));
        let Kind::Query(query) = &records[3].kind else { panic!("{records:?}") };
        assert_eq!((query.sort, &query.expected), (Sort::None, &None));
        assert_eq!(records[4].kind, Kind::Halt);
    }

    #[test]
    fn what_is_no_record() {
        for (text, line) in [
            ("select 1", 1),
            ("\nstatement maybe\nSELECT 1\n", 2),
            ("query X\nSELECT 1\n----\n", 1),
            ("query I sorted\nSELECT 1\n----\n", 1),
            ("hash-threshold many", 1),
            ("skipif", 1),
        ] {
            assert_eq!(parse(text, "sqlite").unwrap_err().line, line, "{text}");
        }
    }
}
