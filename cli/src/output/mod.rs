//! Output modes: how the rows of a result are written.
//!
//! | mode | for |
//! |---|---|
//! | `box`, `table`, `column` | people: a table with a header, in three ways |
//! | `line` | people: rows with too many columns for a line |
//! | `list`, `tabs` | shell pipelines: values with `|` or a tab between them |
//! | `csv` | spreadsheets (RFC 4180): NULL is nothing, an empty text is `""` |
//! | `json`, `jsonl` | programs: an array of objects, or an object a line |
//! | `markdown`, `html` | documents |
//! | `insert`, `quote` | SQL: INSERT statements, or literals |
//!
//! A result is written as it comes; only the first group holds some rows back, to measure columns.

mod cell;
mod grid;
mod json;
mod listed;
mod separated;

use std::io::{self, Write};

pub use cell::{Cell, Writer};
use grid::{Frame, GridWriter, Look};
use json::JsonWriter;
use listed::{HtmlWriter, LineWriter, LiteralWriter};
use separated::SeparatedWriter;

use crate::quote::{identifier, names};

/// The name of a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A table of box-drawing characters.
    Box,
    /// Columns without lines.
    Column,
    /// Comma-separated values.
    Csv,
    /// Rows of an HTML table.
    Html,
    /// INSERT statements.
    Insert,
    /// An array of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// A value a line.
    Line,
    /// Values with a separator between them.
    List,
    /// A table in Markdown.
    Markdown,
    /// Values as SQL writes them.
    Quote,
    /// A table of ASCII characters.
    Table,
    /// Values with tabs between them.
    Tabs,
}

impl Mode {
    /// All, with their names.
    pub const ALL: [(&'static str, Mode); 13] = [
        ("box", Mode::Box),
        ("column", Mode::Column),
        ("csv", Mode::Csv),
        ("html", Mode::Html),
        ("insert", Mode::Insert),
        ("json", Mode::Json),
        ("jsonl", Mode::Jsonl),
        ("line", Mode::Line),
        ("list", Mode::List),
        ("markdown", Mode::Markdown),
        ("quote", Mode::Quote),
        ("table", Mode::Table),
        ("tabs", Mode::Tabs),
    ];

    /// The mode of that name.
    pub fn named(name: &str) -> Option<Mode> {
        Mode::ALL.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Mode::ALL.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }

    fn frame(self) -> Option<Frame> {
        match self {
            Mode::Box => Some(grid::BOX),
            Mode::Column => Some(grid::COLUMN),
            Mode::Markdown => Some(grid::MARKDOWN),
            Mode::Table => Some(grid::TABLE),
            _ => None,
        }
    }
}

/// How results are written.
#[derive(Debug, Clone)]
pub struct Style {
    /// The mode.
    pub mode: Mode,
    /// Column names before the rows; `None`: where the mode always has them.
    pub header: Option<bool>,
    /// Between the values of a row in `list`, `tabs` and `csv`; `None`: as they are wont to.
    pub separator: Option<String>,
    /// What stands for NULL, save where there is a word for it.
    pub null: Option<String>,
    /// Widths of the first columns of a grid; 0: as needed; below 0: to the right.
    pub widths: Vec<i16>,
    /// The table that `insert` names.
    pub table: String,
}

impl Style {
    /// A mode as it is without anything said.
    pub fn new(mode: Mode) -> Style {
        Style {
            mode,
            header: None,
            separator: None,
            null: None,
            widths: vec![],
            table: String::from("table"),
        }
    }
}

/// Begins a result with these columns. `fit` is the width of the terminal, if it goes to one.
pub fn begin(
    style: &Style,
    columns: &[String],
    fit: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<Box<dyn Writer>> {
    let null = style.null.clone();
    if let Some(frame) = style.mode.frame() {
        let null = null.unwrap_or_else(|| String::from("NULL"));
        let (header, widths) = (style.header.unwrap_or(true), style.widths.clone());
        return Ok(Box::new(GridWriter::new(columns, Look { frame, header, null, widths, fit })));
    }
    let header = style.header.unwrap_or(false);
    let null = null.unwrap_or_default();
    let (quotes, separator) = match style.mode {
        Mode::Json => return Ok(Box::new(JsonWriter::new(columns, false))),
        Mode::Jsonl => return Ok(Box::new(JsonWriter::new(columns, true))),
        Mode::Line => return Ok(Box::new(LineWriter::new(columns, null))),
        Mode::Html => return Ok(Box::new(HtmlWriter::begin(out, columns, header, null)?)),
        Mode::Insert => {
            let names = if header { format!(" ({})", names(columns)) } else { String::new() };
            let before = format!("INSERT INTO {}{names} VALUES (", identifier(&style.table));
            return Ok(Box::new(LiteralWriter { around: (before, ");") }));
        }
        Mode::Quote => {
            let writer = LiteralWriter { around: (String::new(), "") };
            if header {
                writer.header(out, columns)?;
            }
            return Ok(Box::new(writer));
        }
        Mode::Csv => (true, ","),
        Mode::Tabs => (false, "\t"),
        _ => (false, "|"),
    };
    let separator = style.separator.clone().unwrap_or_else(|| separator.to_owned());
    let writer = SeparatedWriter { quotes, separator, null };
    if header {
        writer.header(out, columns)?;
    }
    Ok(Box::new(writer))
}

#[cfg(test)]
mod tests;
