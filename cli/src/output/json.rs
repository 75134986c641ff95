//! Objects, one a line, in an array or for themselves. Text is escaped after RFC 8259; numbers, booleans and JSON
//! values stand as they are.

use std::io::{self, Write};

use super::cell::{Cell, CellKind, Writer};

/// Writes rows as JSON objects.
pub struct JsonWriter {
    /// The names, quoted, with their colon.
    names: Vec<String>,
    /// No array around them.
    lines: bool,
    begun: bool,
}

impl JsonWriter {
    /// Begins a result.
    pub fn new(columns: &[String], lines: bool) -> Self {
        let names = columns.iter().map(|name| quoted(name) + ":").collect();
        JsonWriter { names, lines, begun: false }
    }
}

impl Writer for JsonWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        let before = match (self.lines, self.begun) {
            (true, _) => "{",
            (false, false) => "[{",
            (false, true) => ",\n{",
        };
        out.write_all(before.as_bytes())?;
        self.begun = true;
        for (at, (name, cell)) in self.names.iter().zip(cells).enumerate() {
            if at > 0 {
                out.write_all(b",")?;
            }
            out.write_all(name.as_bytes())?;
            match cell.kind {
                CellKind::Null => out.write_all(b"null")?,
                CellKind::Text | CellKind::Blob => out.write_all(quoted(&cell.text).as_bytes())?,
                CellKind::Number | CellKind::Boolean | CellKind::Json => {
                    out.write_all(cell.text.as_bytes())?;
                }
            }
        }
        out.write_all(if self.lines { b"}\n" } else { b"}" })
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.lines {
            return Ok(());
        }
        out.write_all(if self.begun { b"]\n" } else { b"[]\n" })
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c < ' ' || c == '\u{7f}' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
