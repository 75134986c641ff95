//! What an engine must do to take part, and the answers by which engines are compared.
//!
//! There are two kinds. SQL engines run statements, key-value engines put and read keys of 8 bytes.
//! Everything an engine reads goes into an [`Answer`], on every side the same work, so that nothing
//! is left out unnoticed and the answers can be compared.

use std::error::Error;
use std::path::Path;

/// What can go wrong in any engine.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What all engines are given alike.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Bytes of the page cache.
    pub cache_bytes: usize,
    /// Bytes a statement may use for sorting, grouping and joining.
    pub memory_limit: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self { cache_bytes: 128 << 20, memory_limit: 256 << 20 }
    }
}

/// How to open a database in a folder of its own.
#[derive(Clone, Copy)]
pub enum Open {
    /// As an SQL engine.
    Sql(fn(&Path, &Setup) -> Result<Box<dyn Sql>>),
    /// As a key-value engine.
    KeyValue(fn(&Path, &Setup) -> Result<Box<dyn KeyValue>>),
}

/// An engine that can take part.
pub struct Engine {
    /// What it is called in options and reports.
    pub name: &'static str,
    /// Its version.
    pub version: fn() -> String,
    /// What was set, for the report.
    pub settings: fn(&Setup) -> String,
    /// How to open it.
    pub open: Open,
    /// Whether it takes part only in queries over whole tables.
    pub is_analytic: bool,
}

impl Engine {
    /// Whether it speaks SQL.
    #[must_use]
    pub fn is_sql(&self) -> bool {
        matches!(self.open, Open::Sql(_))
    }

    /// Opens it for SQL.
    ///
    /// # Errors
    /// When it cannot be opened, or speaks no SQL.
    pub fn sql(&self, folder: &Path, setup: &Setup) -> Result<Box<dyn Sql>> {
        match self.open {
            Open::Sql(open) => open(folder, setup),
            Open::KeyValue(_) => Err(format!("{} speaks no SQL", self.name).into()),
        }
    }

    /// Opens it for keys and values.
    ///
    /// # Errors
    /// When it cannot be opened, or speaks SQL only.
    pub fn key_value(&self, folder: &Path, setup: &Setup) -> Result<Box<dyn KeyValue>> {
        match self.open {
            Open::KeyValue(open) => open(folder, setup),
            Open::Sql(_) => Err(format!("{} speaks only SQL", self.name).into()),
        }
    }
}

/// A parameter of a statement.
#[derive(Debug, Clone, Copy)]
pub enum Param<'a> {
    /// A number.
    Integer(i64),
    /// A text.
    Text(&'a str),
}

/// What is done with a prepared statement.
pub type WithPrepared<'a> = &'a mut dyn FnMut(&mut dyn Prepared) -> Result<()>;

/// A connection to an SQL engine, durable at each commit.
pub trait Sql {
    /// Runs statements without results.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn script(&mut self, sql: &str) -> Result<()>;

    /// Prepares a statement and lends it.
    ///
    /// # Errors
    /// What goes wrong in the engine or in `body`.
    fn prepared(&mut self, sql: &str, body: WithPrepared<'_>) -> Result<()>;

    /// Another connection to the same database; none where its lock allows only one.
    fn another(&self) -> Option<Result<Box<dyn Sql + Send>>>;

    /// Closes the database as the engine closes it at its best.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn close(self: Box<Self>) -> Result<()>;
}

/// A prepared statement.
pub trait Prepared {
    /// Runs a statement without results; how many rows it changed.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn execute(&mut self, params: &[Param<'_>]) -> Result<u64>;

    /// Runs a query to its end.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn query(&mut self, params: &[Param<'_>], answer: &mut Answer) -> Result<()>;

    /// Runs another statement on the same connection: a beginning or an end of a transaction.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn control(&mut self, sql: &str) -> Result<()>;
}

/// A key, a big-endian number.
pub type Key = [u8; 8];

/// What is done with a snapshot.
pub type WithReader<'a> = &'a mut dyn FnMut(&mut dyn Reader) -> Result<()>;

/// A key-value engine, durable at each commit.
pub trait KeyValue {
    /// Puts entries in one durable transaction.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn put(&mut self, entries: &mut dyn Iterator<Item = (Key, [u8; 40])>) -> Result<()>;

    /// Lends a snapshot.
    ///
    /// # Errors
    /// What goes wrong in the engine or in `body`.
    fn read(&mut self, body: WithReader<'_>) -> Result<()>;

    /// Closes the database as the engine closes it at its best.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn close(self: Box<Self>) -> Result<()>;
}

/// A snapshot of a key-value engine.
pub trait Reader {
    /// Reads one value.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn get(&mut self, key: Key, answer: &mut Answer) -> Result<()>;

    /// Reads up to `rows` entries from `from` on.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    fn range(&mut self, from: Key, rows: usize, answer: &mut Answer) -> Result<()>;
}

/// What was read, as a checksum of all values: of the rows in any order, and in their order.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Rows so far.
    pub rows: u64,
    row: u64,
    sum: u64,
    order: u64,
    /// The sum of all numbers.
    total: f64,
}

fn mix(state: u64, value: u64) -> u64 {
    (state.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Answer {
    /// A value of the row: an integer.
    pub fn integer(&mut self, value: i64) {
        self.row = mix(self.row, value.wrapping_mul(1000) as u64);
        self.total += value as f64;
    }

    /// A value of the row: another number. Engines differ in type and last digits, so three digits
    /// after the point count, and a whole number is one of any type.
    pub fn real(&mut self, value: f64) {
        self.row = mix(self.row, (value * 1000.0).round() as i64 as u64);
        self.total += value;
    }

    /// A value of the row: text or bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.row = mix(self.row, u64::from_le_bytes(*chunk));
        }
        let rest = rest.iter().fold(bytes.len() as u64, |rest, byte| rest << 8 | u64::from(*byte));
        self.row = mix(self.row, rest);
    }

    /// A value of the row: NULL.
    pub fn null(&mut self) {
        self.row = mix(self.row, 0x4E55_4C4C);
    }

    /// Ends a row.
    pub fn end_row(&mut self) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(self.row ^ self.row >> 29);
        self.order = mix(self.order, self.row);
        self.row = 0;
    }

    /// Another number of rows, or a sum of all numbers that differs by more than a part of it.
    #[must_use]
    pub fn is_far_from(&self, other: &Answer, relative: f64) -> bool {
        let most = relative * self.total.abs().max(other.total.abs());
        self.rows != other.rows || (self.total - other.total).abs() > most
    }

    /// The same rows, in any order.
    #[must_use]
    pub fn same_rows(&self, other: &Answer) -> bool {
        (self.rows, self.sum) == (other.rows, other.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    fn answer(rows: &[(i64, &str)]) -> Answer {
        let mut answer = Answer::default();
        for (number, text) in rows {
            answer.integer(*number);
            answer.bytes(text.as_bytes());
            answer.end_row();
        }
        answer
    }

    #[test]
    fn differ_by_values_and_by_order() {
        let one = answer(&[(1, "a stone"), (2, "two heavy stones")]);
        assert_eq!(one, answer(&[(1, "a stone"), (2, "two heavy stones")]));
        let turned = answer(&[(2, "two heavy stones"), (1, "a stone")]);
        assert!(one.same_rows(&turned) && one != turned);
        for other in [&[(1, "a stone"), (2, "two heavy stonez")][..], &[(1, "a stone")], &[(1, "a ston")]] {
            assert!(!one.same_rows(&answer(other)));
        }
    }

    #[test]
    fn whole_numbers_are_the_same_of_any_type() {
        let (mut integer, mut real) = (Answer::default(), Answer::default());
        integer.integer(-7);
        real.real(-7.0);
        assert_eq!(integer, real);
    }
}
