//! Error messages: what, where in the whole input (line, caret), and what to do.
//!
//! ```text
//! error in line 40, column 8: there is no column nmae (42703)
//!   SELECT nmae FROM artist
//!          ^
//! hint: is name meant?
//! ```

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::splitter::Lead;

/// Longest part of a source line that is shown, in columns.
const SHOWN_MAX: usize = 76;

/// What went wrong, as the engine tells it.
#[derive(Debug, Default)]
pub struct Problem<'a> {
    /// One sentence.
    pub message: &'a str,
    /// SQLSTATE.
    pub code: Option<&'a str>,
    /// Byte offset in the statement.
    pub offset: Option<usize>,
    /// What to do.
    pub hint: Option<&'a str>,
}

/// Where the statement stands in the input.
#[derive(Debug)]
pub struct Place<'a> {
    /// What is read: "argument 2", "script.sql"; nothing for standard input.
    pub input: Option<&'a str>,
    /// Line of the statement's first byte, from 1.
    pub line: usize,
    /// What stands before it in that line.
    pub lead: &'a Lead,
    /// The statement.
    pub sql: &'a str,
}

/// The whole message, with a newline at the end.
pub fn render(problem: &Problem<'_>, place: &Place<'_>) -> String {
    let mut text = String::from("error");
    let found = problem.offset.map(|offset| locate(place, offset));
    match &found {
        Some(found) => {
            let _ = write!(text, " in line {}, column {}", found.line, found.column);
        }
        None => {
            let _ = write!(text, " in line {}", place.line);
        }
    }
    if let Some(input) = place.input {
        let _ = write!(text, " of {input}");
    }
    let _ = write!(text, ": {}", problem.message);
    if let Some(code) = problem.code {
        let _ = write!(text, " ({code})");
    }
    text.push('\n');
    if let Some(found) = found {
        let _ = writeln!(text, "  {}", found.shown);
        let _ = writeln!(text, "  {:>1$}", "^", found.caret + 1);
    }
    if let Some(hint) = problem.hint {
        let _ = writeln!(text, "hint: {hint}");
    }
    text
}

struct Found {
    line: usize,
    column: usize,
    shown: String,
    /// Columns before the caret.
    caret: usize,
}

fn locate(place: &Place<'_>, offset: usize) -> Found {
    let mut offset = offset.min(place.sql.len());
    while !place.sql.is_char_boundary(offset) {
        offset -= 1;
    }
    let (before, after) = place.sql.split_at(offset);
    let first_lead = String::from_utf8_lossy(&place.lead.text);
    let (lead, lead_columns, line_before) = match before.rsplit_once('\n') {
        Some((_, rest)) => ("", 0, rest),
        None => (&*first_lead, place.lead.columns, before),
    };
    let line = place.line + before.matches('\n').count();
    let column = lead_columns + lead.chars().count() + line_before.chars().count() + 1;
    let printable =
        |text: &str| -> String { text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect() };
    let mut left = printable(&format!("{lead}{line_before}"));
    let right = printable(after.split('\n').next().unwrap_or_default().trim_end());
    // A long line is shown around the caret.
    if left.width() > SHOWN_MAX / 2 && left.width() + right.width() > SHOWN_MAX {
        left = format!("...{}", last_columns(&left, SHOWN_MAX / 2));
    }
    let caret = left.width();
    let room = SHOWN_MAX.saturating_sub(caret);
    let shown = match first_columns(&right, room) {
        part if part.len() == right.len() => left + part,
        part => left + part + "...",
    };
    Found { line, column, shown, caret }
}

fn first_columns(text: &str, columns_max: usize) -> &str {
    let mut columns = 0;
    for (at, c) in text.char_indices() {
        columns += c.width().unwrap_or(0);
        if columns > columns_max {
            return text.split_at(at).0;
        }
    }
    text
}

fn last_columns(text: &str, columns_max: usize) -> &str {
    let mut columns = 0;
    for (at, c) in text.char_indices().rev() {
        columns += c.width().unwrap_or(0);
        if columns > columns_max {
            return text.split_at(at + c.len_utf8()).1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(offset: Option<usize>) -> Problem<'static> {
        Problem {
            message: "no such column: b",
            code: Some("42703"),
            offset,
            hint: Some("did you mean \"a\"?"),
        }
    }

    #[test]
    fn caret_counts_what_stands_before_the_statement() {
        let lead = Lead { columns: 0, text: b"SELECT 1; ".to_vec() };
        let place = Place { input: None, line: 40, lead: &lead, sql: "SELECT b;" };
        assert_eq!(
            render(&problem(Some(7)), &place),
            "error in line 40, column 18: no such column: b (42703)\n  SELECT 1; SELECT b;\n                   ^\nhint: did you mean \"a\"?\n"
        );
        let place = Place { input: Some("x.sql"), line: 40, lead: &lead, sql: "SELECT\n\u{e9}, b\nFROM t;" };
        let text = render(&problem(Some(11)), &place);
        assert!(text.starts_with("error in line 41, column 4 of x.sql: "), "{text}");
        assert!(text.contains("\n  \u{e9}, b\n     ^\n"), "{text}");
        assert!(render(&problem(None), &place).starts_with("error in line 40 of x.sql: no"));
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let lead = Lead { columns: 500, text: vec![b' '; 100] };
        let sql = format!("SELECT {} b {};", "x,".repeat(500), "y ".repeat(500));
        let place = Place { input: None, line: 1, lead: &lead, sql: &sql };
        let text = render(&problem(Some(1008)), &place);
        assert!(text.starts_with("error in line 1, column 1609: "), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].len() < 100 && lines[1].ends_with("..."), "{text}");
        assert_eq!(lines[1].as_bytes()[lines[2].len() - 1], b'b', "{text}");
        // An offset past the end or inside a character does not panic.
        for offset in [0, 8, 100_000] {
            render(
                &problem(Some(offset)),
                &Place { input: None, line: 1, lead: &lead, sql: "SELECT \u{e9}" },
            );
        }
    }
}
