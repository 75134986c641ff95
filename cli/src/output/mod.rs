//! Output modes: how the rows of a result are written.
//!
//! | mode | for |
//! |---|---|
//! | `box` | people: a table with a header |
//! | `list` | shell pipelines: values with `|` between them |
//! | `csv` | spreadsheets (RFC 4180): NULL is nothing, an empty text is `""` |
//! | `json` | programs: an array of objects |
//!
//! A result is written as it comes; only `box` holds some rows back, to measure its columns.

mod boxed;
mod cell;
mod json;
mod separated;

use std::io::{self, Write};

pub use cell::{Cell, CellKind, Writer};
use separated::SeparatedWriter;

/// The name of a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A table of box-drawing characters.
    Box,
    /// Comma-separated values.
    Csv,
    /// An array of objects.
    Json,
    /// Values with a separator between them.
    List,
}

impl Mode {
    /// All, with their names.
    pub const ALL: [(&'static str, Mode); 4] =
        [("box", Mode::Box), ("csv", Mode::Csv), ("json", Mode::Json), ("list", Mode::List)];

    /// The mode of that name.
    pub fn named(name: &str) -> Option<Mode> {
        Mode::ALL.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Mode::ALL.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }
}

/// How results are written.
#[derive(Debug, Clone)]
pub struct Style {
    /// The mode.
    pub mode: Mode,
    /// Column names before the rows; `None`: where the mode always has them.
    pub header: Option<bool>,
    /// Between the values of a row in `list` and `csv`; `None`: `|` and `,`.
    pub separator: Option<String>,
    /// What stands for NULL in `box`, `list` and `csv`.
    pub null: Option<String>,
}

/// Begins a result with these columns.
pub fn begin(style: &Style, columns: Vec<String>, out: &mut dyn Write) -> io::Result<Box<dyn Writer>> {
    let header = style.header.unwrap_or(style.mode == Mode::Box);
    let (quotes, separator) = match style.mode {
        Mode::Box => return Ok(Box::new(boxed::BoxWriter::new(columns, header, style.null.clone()))),
        Mode::Json => return Ok(Box::new(json::JsonWriter::new(&columns))),
        Mode::Csv => (true, ","),
        Mode::List => (false, "|"),
    };
    let separator = style.separator.clone().unwrap_or_else(|| separator.to_owned());
    let writer = SeparatedWriter { quotes, separator, null: style.null.clone().unwrap_or_default() };
    if header {
        writer.header(out, &columns)?;
    }
    Ok(Box::new(writer))
}

#[cfg(test)]
mod tests;
