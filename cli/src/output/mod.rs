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
mod csv;
mod json;

use std::io::{self, Write};

/// A value as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it is.
    pub kind: CellKind,
    /// Its text form; empty for NULL.
    pub text: String,
}

/// What the modes have to tell apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CellKind {
    /// No value.
    #[default]
    Null,
    /// A number whose text is also a JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// JSON.
    Json,
    /// Everything else.
    Text,
}

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

/// Writes one result.
pub trait Writer {
    /// Writes one row; it has as many cells as there are columns.
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()>;

    /// Writes what is left after the last row.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// Begins a result with these columns.
pub fn begin(style: &Style, columns: Vec<String>, out: &mut dyn Write) -> io::Result<Box<dyn Writer>> {
    let header = style.header.unwrap_or(style.mode == Mode::Box);
    let null = style.null.clone();
    let separator = |default: &str| style.separator.clone().unwrap_or_else(|| default.to_owned());
    Ok(match style.mode {
        Mode::Box => Box::new(boxed::BoxWriter::new(columns, header, null)),
        Mode::Json => Box::new(json::JsonWriter::new(&columns)),
        Mode::Csv => Box::new(csv::CsvWriter::begin(out, &columns, header, separator(","), null)?),
        Mode::List => Box::new(ListWriter::begin(out, &columns, header, separator("|"), null)?),
    })
}

struct ListWriter {
    separator: String,
    null: String,
}

impl ListWriter {
    fn begin(
        out: &mut dyn Write,
        columns: &[String],
        header: bool,
        separator: String,
        null: Option<String>,
    ) -> io::Result<Self> {
        if header {
            writeln!(out, "{}", columns.join(&separator))?;
        }
        Ok(ListWriter { separator, null: null.unwrap_or_default() })
    }
}

impl Writer for ListWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                out.write_all(self.separator.as_bytes())?;
            }
            let text = if cell.kind == CellKind::Null { &self.null } else { &cell.text };
            out.write_all(text.as_bytes())?;
        }
        out.write_all(b"\n")
    }

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
