//! Comma-separated values after RFC 4180, with plain newlines.

use std::io::{self, Write};

use super::cell::{Cell, CellKind, Writer};

/// Writes rows of comma-separated values.
pub struct CsvWriter {
    separator: String,
    null: String,
}

impl CsvWriter {
    /// Begins a result; the header is quoted like the rows.
    pub fn begin(
        out: &mut dyn Write,
        columns: &[String],
        header: bool,
        separator: String,
        null: Option<String>,
    ) -> io::Result<Self> {
        let writer = CsvWriter { separator, null: null.unwrap_or_default() };
        if header {
            writer.line(out, columns.iter().map(|name| (CellKind::Text, name.as_str())))?;
        }
        Ok(writer)
    }

    fn line<'a>(
        &self,
        out: &mut dyn Write,
        fields: impl Iterator<Item = (CellKind, &'a str)>,
    ) -> io::Result<()> {
        for (at, (kind, text)) in fields.enumerate() {
            if at > 0 {
                out.write_all(self.separator.as_bytes())?;
            }
            if kind == CellKind::Null {
                out.write_all(self.null.as_bytes())?;
            } else if self.needs_quotes(text) {
                write!(out, "\"{}\"", text.replace('"', "\"\""))?;
            } else {
                out.write_all(text.as_bytes())?;
            }
        }
        out.write_all(b"\n")
    }

    /// An empty text is quoted too: nothing at all means NULL.
    fn needs_quotes(&self, text: &str) -> bool {
        text.is_empty()
            || text.contains(['"', '\n', '\r'])
            || text.contains(&self.separator)
            || text.starts_with(' ')
            || text.ends_with(' ')
    }
}

impl Writer for CsvWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        self.line(out, cells.iter().map(|cell| (cell.kind, cell.text.as_str())))
    }

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
