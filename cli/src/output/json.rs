//! An array of objects, one a line. Text is escaped after RFC 8259; numbers, booleans and JSON
//! values stand as they are.

use std::io::{self, Write};

use super::cell::{Cell, CellKind, Writer};

/// Writes rows as JSON objects.
pub struct JsonWriter {
    /// The names, quoted, with their colon.
    names: Vec<String>,
    begun: bool,
}

impl JsonWriter {
    /// Begins a result.
    pub fn new(columns: &[String]) -> Self {
        let names = columns.iter().map(|name| quoted(name) + ":").collect();
        JsonWriter { names, begun: false }
    }
}

impl Writer for JsonWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        out.write_all(if self.begun { b",\n{" } else { b"[{" })?;
        self.begun = true;
        for (at, (name, cell)) in self.names.iter().zip(cells).enumerate() {
            if at > 0 {
                out.write_all(b",")?;
            }
            out.write_all(name.as_bytes())?;
            match cell.kind {
                CellKind::Null => out.write_all(b"null")?,
                CellKind::Text => out.write_all(quoted(&cell.text).as_bytes())?,
                CellKind::Number | CellKind::Boolean | CellKind::Json => {
                    out.write_all(cell.text.as_bytes())?;
                }
            }
        }
        out.write_all(b"}")
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
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
