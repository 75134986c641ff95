//! Values with a separator between them, as they are.

use std::io::{self, Write};

use super::cell::{Cell, CellKind, Writer};

/// Writes rows as lines.
pub struct ListWriter {
    separator: String,
    null: String,
}

impl ListWriter {
    /// Begins a result.
    pub fn begin(
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
