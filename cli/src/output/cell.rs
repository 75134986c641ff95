//! A value as it is shown, and what every mode can do with rows of them.

use std::fmt::Write as _;
use std::io::{self, Write};

use drystone::types::Value;

/// A value as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// What it is.
    pub kind: CellKind,
    /// Its text form; empty for NULL.
    pub text: String,
}

impl Cell {
    /// Becomes the cell of a value.
    pub fn set(&mut self, value: &Value) -> io::Result<()> {
        self.text.clear();
        self.kind = match value {
            Value::Null => CellKind::Null,
            Value::Boolean(_) => CellKind::Boolean,
            Value::Integer(_) | Value::Decimal(_) => CellKind::Number,
            Value::Double(number) if number.is_finite() => CellKind::Number,
            Value::Json(_) => CellKind::Json,
            Value::Blob(_) => CellKind::Blob,
            _ => CellKind::Text,
        };
        match value {
            Value::Null => Ok(()),
            Value::Text(text) => {
                self.text.push_str(text);
                Ok(())
            }
            value => write!(self.text, "{value}").map_err(io::Error::other),
        }
    }

    /// The value as SQL writes it.
    pub fn literal(&self) -> String {
        match self.kind {
            CellKind::Null => String::from("NULL"),
            CellKind::Number => self.text.clone(),
            CellKind::Boolean => self.text.to_uppercase(),
            CellKind::Blob => format!("X'{}'", self.text.trim_start_matches("\\x")),
            CellKind::Json | CellKind::Text => format!("'{}'", self.text.replace('\'', "''")),
        }
    }
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
    /// Bytes, as `\x` and hexadecimal digits.
    Blob,
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
