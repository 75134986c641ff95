//! Modes that write a row for itself: `line`, `html`, `insert` and `quote`.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::cell::{Cell, CellKind, Writer};

/// One value a line, with its name.
pub struct LineWriter {
    names: Vec<String>,
    null: String,
    begun: bool,
}

impl LineWriter {
    /// Begins a result.
    pub fn new(columns: &[String], null: String) -> Self {
        let width = columns.iter().map(|name| name.width()).max().unwrap_or(0);
        let aligned = |name: &String| format!("{}{name}", " ".repeat(width - name.width().min(width)));
        LineWriter { names: columns.iter().map(aligned).collect(), null, begun: false }
    }
}

impl Writer for LineWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            writeln!(out)?;
        }
        for (name, cell) in self.names.iter().zip(cells) {
            let text = if cell.kind == CellKind::Null { &self.null } else { &cell.text };
            writeln!(out, "{name} = {text}")?;
        }
        Ok(())
    }

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// The rows of an HTML table, without the table around them.
pub struct HtmlWriter {
    null: String,
}

impl HtmlWriter {
    /// Begins a result.
    pub fn begin(out: &mut dyn Write, columns: &[String], header: bool, null: String) -> io::Result<Self> {
        if header {
            let names = columns.iter().map(|name| format!("<th>{}</th>", escaped(name)));
            writeln!(out, "<tr>{}</tr>", names.collect::<String>())?;
        }
        Ok(HtmlWriter { null })
    }
}

impl Writer for HtmlWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        let text = |cell: &Cell| escaped(if cell.kind == CellKind::Null { &self.null } else { &cell.text });
        let cells = cells.iter().map(|cell| format!("<td>{}</td>", text(cell)));
        writeln!(out, "<tr>{}</tr>", cells.collect::<String>())
    }

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Values as SQL writes them, with something around each row.
pub struct LiteralWriter {
    /// Before and behind the values of a row.
    pub around: (String, &'static str),
}

impl LiteralWriter {
    /// The values of a row and what is around them.
    fn line(&self, out: &mut dyn Write, values: impl Iterator<Item = String>) -> io::Result<()> {
        let (before, behind) = &self.around;
        writeln!(out, "{before}{}{behind}", values.collect::<Vec<_>>().join(","))
    }

    /// The names of the columns as a row.
    pub fn header(&self, out: &mut dyn Write, columns: &[String]) -> io::Result<()> {
        self.line(out, columns.iter().map(|name| format!("'{}'", name.replace('\'', "''"))))
    }
}

impl Writer for LiteralWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        self.line(out, cells.iter().map(Cell::literal))
    }

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
