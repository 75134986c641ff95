//! A value as it is shown, and what every mode can do with rows of them.

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

/// Writes one result.
pub trait Writer {
    /// Writes one row; it has as many cells as there are columns.
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()>;

    /// Writes what is left after the last row.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}
