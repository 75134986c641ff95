//! Values with a separator between them: as they are, or as CSV after RFC 4180 with plain newlines.

use std::io::{self, Write};

use super::cell::{Cell, CellKind, Writer};

/// Writes rows as lines.
pub struct SeparatedWriter {
    /// Whether values are quoted where CSV asks for it.
    pub quotes: bool,
    /// Between the values.
    pub separator: String,
    /// What stands for NULL.
    pub null: String,
}

impl SeparatedWriter {
    /// A line of column names, quoted like the rows.
    pub fn header(&self, out: &mut dyn Write, columns: &[String]) -> io::Result<()> {
        self.line(out, columns.iter().map(|name| (CellKind::Text, name.as_str())))
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
        self.quotes
            && (text.is_empty()
                || text.contains(['"', '\n', '\r'])
                || text.contains(&self.separator)
                || text.starts_with(' ')
                || text.ends_with(' '))
    }
}

impl Writer for SeparatedWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        self.line(out, cells.iter().map(|cell| (cell.kind, cell.text.as_str())))
    }

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
