//! A table of box-drawing characters.
//!
//! The first rows are held back to measure the columns; a result with more rows than that goes on
//! with the widths found, so that memory stays bounded (a wider value then pushes its line out).

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::{Cell, CellKind, Writer};

/// Rows that are measured before the first is written.
const MEASURED_MAX: usize = 2000;

/// Widest column; a longer value goes on in the next line.
const WIDTH_MAX: usize = 80;

const LINE: char = '\u{2500}';
const BAR: char = '\u{2502}';
/// Left, between, right: of the first line, the one under the header, the last.
const TOP: [char; 3] = ['\u{250c}', '\u{252c}', '\u{2510}'];
const MIDDLE: [char; 3] = ['\u{251c}', '\u{253c}', '\u{2524}'];
const BOTTOM: [char; 3] = ['\u{2514}', '\u{2534}', '\u{2518}'];

/// Writes rows as a table.
pub struct BoxWriter {
    columns: Vec<String>,
    header: bool,
    null: String,
    widths: Vec<usize>,
    held: Vec<Vec<Cell>>,
    begun: bool,
}

impl BoxWriter {
    /// Begins a result. NULL is shown as `NULL` unless something else is asked for.
    pub fn new(columns: Vec<String>, header: bool, null: Option<String>) -> Self {
        let null = null.unwrap_or_else(|| String::from("NULL"));
        let columns: Vec<String> = columns.iter().map(|name| printable(name).join(" ")).collect();
        let measure = |name: &String| if header { name.width().max(1) } else { 1 };
        let widths = columns.iter().map(measure).collect();
        BoxWriter { columns, header, null, widths, held: Vec::new(), begun: false }
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begun = true;
        self.rule(out, TOP)?;
        if self.header {
            let header: Vec<Vec<&str>> = self.columns.iter().map(|name| vec![name.as_str()]).collect();
            self.lines(out, &header, &[])?;
            self.rule(out, MIDDLE)?;
        }
        for cells in std::mem::take(&mut self.held) {
            self.show(out, &cells)?;
        }
        Ok(())
    }

    fn rule(&self, out: &mut dyn Write, [left, between, right]: [char; 3]) -> io::Result<()> {
        let mut line = String::from(left);
        for (at, width) in self.widths.iter().enumerate() {
            if at > 0 {
                line.push(between);
            }
            line.extend(std::iter::repeat_n(LINE, width + 2));
        }
        line.push(right);
        writeln!(out, "{line}")
    }

    fn show(&self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        let texts: Vec<Vec<String>> = cells.iter().map(|cell| self.text(cell)).collect();
        let texts: Vec<Vec<&str>> =
            texts.iter().map(|lines| lines.iter().map(String::as_str).collect()).collect();
        let right: Vec<bool> = cells.iter().map(|cell| cell.kind == CellKind::Number).collect();
        self.lines(out, &texts, &right)
    }

    fn text(&self, cell: &Cell) -> Vec<String> {
        match cell.kind {
            CellKind::Null => vec![self.null.clone()],
            _ => printable(&cell.text),
        }
    }

    /// Writes one row, which is as many lines high as its highest cell.
    fn lines(&self, out: &mut dyn Write, cells: &[Vec<&str>], right: &[bool]) -> io::Result<()> {
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut text = String::new();
            for (at, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
                let part = cell.get(line).copied().unwrap_or_default();
                let fill = width.saturating_sub(part.width());
                let before = if right.get(at).copied().unwrap_or(false) { fill } else { 0 };
                text.push(BAR);
                text.extend(std::iter::repeat_n(' ', before + 1));
                text.push_str(part);
                text.extend(std::iter::repeat_n(' ', fill - before + 1));
            }
            writeln!(out, "{text}{BAR}")?;
        }
        Ok(())
    }
}

impl Writer for BoxWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        if self.begun {
            return self.show(out, cells);
        }
        let measured: Vec<usize> = cells
            .iter()
            .map(|cell| self.text(cell).iter().map(|line| line.width()).max().unwrap_or(0))
            .collect();
        for (width, needed) in self.widths.iter_mut().zip(measured) {
            *width = needed.max(*width);
        }
        self.held.push(cells.to_vec());
        if self.held.len() == MEASURED_MAX {
            self.begin(out)?;
        }
        Ok(())
    }

    /// A result without rows is not drawn.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.begun && self.held.is_empty() {
            return Ok(());
        }
        if !self.begun {
            self.begin(out)?;
        }
        self.rule(out, BOTTOM)
    }
}

/// The lines of a value, none too wide, with control characters made visible.
fn printable(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for c in text.chars() {
        let shown = match c {
            '\n' => {
                lines.push(String::new());
                width = 0;
                continue;
            }
            '\t' => ' ',
            // The control pictures show what would disturb the terminal.
            c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(' '),
            c if c.is_control() => '\u{fffd}',
            c => c,
        };
        let columns = shown.width().unwrap_or(0);
        if width + columns > WIDTH_MAX {
            lines.push(String::new());
            width = 0;
        }
        width += columns;
        if let Some(line) = lines.last_mut() {
            line.push(shown);
        }
    }
    lines
}
