//! Rows in columns of equal width: box, table, column and markdown, which differ in their lines.
//!
//! The first rows are held back to measure the columns; a result with more rows than that goes on
//! with the widths found, so that memory stays bounded (a wider value then pushes its line out).
//! On a terminal the widest columns are made narrower until a line fits; what does not fit in a
//! column goes on in the next line. Too many columns for that are written as `line` writes them.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::{Cell, CellKind, Writer};
use super::listed::LineWriter;

/// Rows that are measured before the first is written.
const MEASURED_MAX: usize = 2000;

/// Widest column; a longer value goes on in the next line.
const WIDTH_MAX: usize = 80;

/// No column is made narrower than this to fit a line.
const WIDTH_MIN: usize = 10;

/// Left, what fills, between, right.
type Rule = [&'static str; 4];

/// The lines of a mode.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Above the first row, under the header, under the last row.
    rules: [Option<Rule>; 3],
    /// Left of, between and right of the values.
    bars: [&'static str; 3],
    /// A row is one line, and its bars are escaped.
    markdown: bool,
}

/// A table of box-drawing characters.
pub const BOX: Frame = Frame {
    rules: [
        Some(["\u{250c}", "\u{2500}", "\u{252c}", "\u{2510}"]),
        Some(["\u{251c}", "\u{2500}", "\u{253c}", "\u{2524}"]),
        Some(["\u{2514}", "\u{2500}", "\u{2534}", "\u{2518}"]),
    ],
    bars: ["\u{2502} ", " \u{2502} ", " \u{2502}"],
    markdown: false,
};

const PLAIN_RULE: Option<Rule> = Some(["+", "-", "+", "+"]);

/// The same in ASCII.
pub const TABLE: Frame =
    Frame { rules: [PLAIN_RULE, PLAIN_RULE, PLAIN_RULE], bars: ["| ", " | ", " |"], markdown: false };

/// Columns without lines.
pub const COLUMN: Frame =
    Frame { rules: [None, Some(["", "-", "  ", ""]), None], bars: ["", "  ", ""], markdown: false };

/// A table in Markdown.
pub const MARKDOWN: Frame =
    Frame { rules: [None, Some(["|", "-", "|", "|"]), None], bars: ["| ", " | ", " |"], markdown: true };

/// How a grid is drawn.
#[derive(Debug, Clone)]
pub struct Look {
    /// The lines.
    pub frame: Frame,
    /// Column names before the rows.
    pub header: bool,
    /// What stands for NULL.
    pub null: String,
    /// Widths asked for, for the first columns; 0: as needed; below 0: to the right.
    pub widths: Vec<i16>,
    /// Columns of the terminal.
    pub fit: Option<usize>,
}

/// Writes rows as a table.
pub struct GridWriter {
    look: Look,
    columns: Vec<String>,
    widths: Vec<usize>,
    /// Where the text of a column goes on in the next line.
    wraps: Vec<usize>,
    held: Vec<Vec<Cell>>,
    begun: bool,
    /// Writes the rows where no grid fits.
    lines: Option<LineWriter>,
}

impl GridWriter {
    /// Begins a result.
    pub fn new(columns: &[String], look: Look) -> Self {
        let columns: Vec<String> = columns.iter().map(|name| printable(name, WIDTH_MAX).join(" ")).collect();
        let mut writer = GridWriter {
            look,
            widths: Vec::new(),
            wraps: Vec::new(),
            columns,
            held: Vec::new(),
            begun: false,
            lines: None,
        };
        let header = writer.look.header;
        let least = if writer.look.frame.markdown { 3 } else { 1 };
        let measure = |name: &String| if header { name.width().max(least) } else { least };
        writer.widths = writer.columns.iter().map(measure).collect();
        for (width, asked) in writer.widths.iter_mut().zip(&writer.look.widths) {
            if *asked != 0 {
                *width = usize::from(asked.unsigned_abs());
            }
        }
        writer.wraps = (0..writer.widths.len())
            .map(|at| writer.asked(at).map_or(WIDTH_MAX, |n| usize::from(n.unsigned_abs())))
            .collect();
        writer
    }

    /// The width that was asked for.
    fn asked(&self, column: usize) -> Option<i16> {
        self.look.widths.get(column).copied().filter(|asked| *asked != 0)
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begun = true;
        if !self.fit() {
            self.lines = Some(LineWriter::new(&self.columns, self.look.null.clone()));
        }
        self.rule(out, 0)?;
        if self.look.header && self.lines.is_none() {
            let header: Vec<Vec<String>> =
                self.columns.iter().zip(&self.wraps).map(|(name, wrap)| self.wrapped(name, *wrap)).collect();
            self.lines(out, &header, &[])?;
            self.rule(out, 1)?;
        }
        for cells in std::mem::take(&mut self.held) {
            self.show(out, &cells)?;
        }
        Ok(())
    }

    /// Makes the widest columns narrower until a line fits the terminal; false: it cannot.
    fn fit(&mut self) -> bool {
        let Some(fit) = self.look.fit.filter(|_| !self.look.frame.markdown) else { return true };
        let [left, between, right] = self.look.frame.bars.map(|bar| bar.width());
        let bars = left + right + between * self.widths.len().saturating_sub(1);
        let mut line = bars + self.widths.iter().sum::<usize>();
        while line > fit {
            let free = (0..self.widths.len()).filter(|column| self.asked(*column).is_none());
            let Some(column) = free.max_by_key(|column| self.widths.get(*column).copied()) else {
                return true;
            };
            let (Some(width), Some(wrap)) = (self.widths.get_mut(column), self.wraps.get_mut(column)) else {
                return true;
            };
            if *width <= WIDTH_MIN {
                return false;
            }
            *width -= 1;
            *wrap = *width;
            line -= 1;
        }
        true
    }

    fn rule(&self, out: &mut dyn Write, which: usize) -> io::Result<()> {
        let rule = self.look.frame.rules.get(which).copied().flatten();
        let Some([left, fill, between, right]) = rule.filter(|_| self.lines.is_none()) else {
            return Ok(());
        };
        let beside = if left.is_empty() { 0 } else { 2 };
        let parts: Vec<String> = self.widths.iter().map(|width| fill.repeat(width + beside)).collect();
        writeln!(out, "{left}{}{right}", parts.join(between))
    }

    fn show(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        if let Some(lines) = &mut self.lines {
            return lines.row(out, cells);
        }
        let texts: Vec<Vec<String>> =
            cells.iter().zip(&self.wraps).map(|(cell, wrap)| self.text(cell, *wrap)).collect();
        let right: Vec<bool> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| self.asked(at).map_or(cell.kind == CellKind::Number, |asked| asked < 0))
            .collect();
        self.lines(out, &texts, &right)
    }

    fn text(&self, cell: &Cell, width: usize) -> Vec<String> {
        self.wrapped(if cell.kind == CellKind::Null { &self.look.null } else { &cell.text }, width)
    }

    fn wrapped(&self, text: &str, width: usize) -> Vec<String> {
        match self.look.frame.markdown {
            true => vec![printable(text, usize::MAX).join("<br>").replace('|', "\\|")],
            false => printable(text, width),
        }
    }

    /// Writes one row, which is as many lines high as its highest cell.
    fn lines(&self, out: &mut dyn Write, cells: &[Vec<String>], right: &[bool]) -> io::Result<()> {
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let [first, between, last] = self.look.frame.bars;
        for line in 0..height {
            let mut text = String::from(first);
            for (at, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
                let part = cell.get(line).map(String::as_str).unwrap_or_default();
                let fill = width.saturating_sub(part.width());
                let before = if right.get(at).copied().unwrap_or(false) { fill } else { 0 };
                if at > 0 {
                    text.push_str(between);
                }
                text.extend(std::iter::repeat_n(' ', before));
                text.push_str(part);
                text.extend(std::iter::repeat_n(' ', fill - before));
            }
            text.push_str(last);
            let text = if last.is_empty() { text.trim_end() } else { &text };
            writeln!(out, "{text}")?;
        }
        Ok(())
    }
}

impl Writer for GridWriter {
    fn row(&mut self, out: &mut dyn Write, cells: &[Cell]) -> io::Result<()> {
        if self.begun {
            return self.show(out, cells);
        }
        let measured: Vec<usize> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| match self.asked(at) {
                Some(_) => 0,
                None => self.text(cell, WIDTH_MAX).iter().map(|line| line.width()).max().unwrap_or(0),
            })
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
        self.rule(out, 2)
    }
}

/// The lines of a value, none too wide, with control characters made visible.
fn printable(text: &str, width_max: usize) -> Vec<String> {
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
        if width + columns > width_max && width > 0 {
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
