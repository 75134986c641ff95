//! Both engines, and what they say in a form that can be compared.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What came of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its rows; none for a statement that gives none.
    Rows(Vec<Vec<String>>),
    /// What the engine said.
    Error(String),
}

/// An engine with an empty database in memory.
pub trait Engine {
    /// Runs one statement.
    fn run(&self, sql: &str) -> Outcome;
}

/// Drystone.
pub struct Drystone(drystone::Connection);

impl Drystone {
    /// An empty database.
    ///
    /// # Errors
    /// When there is too little memory.
    pub fn new() -> Result<Drystone, String> {
        let connection = drystone::Connection::open_in_memory().map_err(|error| error.to_string())?;
        // As in SQLite.
        connection.execute_batch("SET division_by_zero = 'null'").map_err(|error| error.to_string())?;
        Ok(Drystone(connection))
    }

    fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, drystone::Error> {
        let mut statement = self.0.prepare(sql)?;
        let mut rows = statement.query(())?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(row.values().iter().map(cell).collect());
        }
        Ok(out)
    }
}

impl Engine for Drystone {
    fn run(&self, sql: &str) -> Outcome {
        match catch_unwind(AssertUnwindSafe(|| self.rows(sql))) {
            Ok(Ok(rows)) => Outcome::Rows(rows),
            Ok(Err(error)) => Outcome::Error(format!("{} {error}", error.code())),
            Err(_) => Outcome::Error("it panicked".to_owned()),
        }
    }
}

fn cell(value: &drystone::types::Value) -> String {
    use drystone::types::Value as V;
    match value {
        V::Null => "NULL".to_owned(),
        V::Boolean(value) => number(f64::from(*value)),
        V::Integer(value) => integer(*value),
        V::Double(value) => number(*value),
        V::Decimal(value) => number(value.to_f64()),
        V::Text(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

/// SQLite.
pub struct Sqlite(rusqlite::Connection);

impl Sqlite {
    /// An empty database.
    ///
    /// # Errors
    /// When there is too little memory.
    pub fn new() -> Result<Sqlite, String> {
        let connection = rusqlite::Connection::open_in_memory().map_err(|error| error.to_string())?;
        let pragmas = "PRAGMA case_sensitive_like = ON; PRAGMA foreign_keys = ON";
        connection.execute_batch(pragmas).map_err(|error| error.to_string())?;
        Ok(Sqlite(connection))
    }

    fn rows(&self, sql: &str) -> rusqlite::Result<Vec<Vec<String>>> {
        use rusqlite::types::ValueRef as V;
        let mut statement = self.0.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let mut cells = Vec::with_capacity(columns);
            for column in 0..columns {
                cells.push(match row.get_ref(column)? {
                    V::Null => "NULL".to_owned(),
                    V::Integer(value) => integer(value),
                    V::Real(value) => number(value),
                    V::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
                    V::Blob(bytes) => format!("{bytes:?}"),
                });
            }
            out.push(cells);
        }
        Ok(out)
    }
}

impl Engine for Sqlite {
    fn run(&self, sql: &str) -> Outcome {
        match self.rows(sql) {
            Ok(rows) => Outcome::Rows(rows),
            Err(error) => Outcome::Error(error.to_string()),
        }
    }
}

/// Larger integers are no doubles.
const EXACT_MAX: u64 = 1 << 53;

fn integer(value: i64) -> String {
    if value.unsigned_abs() < EXACT_MAX { number(value as f64) } else { value.to_string() }
}

/// Nine digits: sums may be added up in another order.
fn number(value: f64) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    let text = format!("{value:.8e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    if exponent == "0" { digits.to_owned() } else { format!("{digits}e{exponent}") }
}

/// The rows, or the rows sorted where their order means nothing.
pub fn comparable(mut rows: Vec<Vec<String>>, ordered: bool) -> Vec<Vec<String>> {
    if !ordered {
        rows.sort_unstable();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(0.1 + 0.2), number(0.3));
        assert_ne!(number(0.300001), number(0.3));
        assert_eq!((number(-0.0), number(250.0), integer(25)), ("0".into(), "2.5e2".into(), "2.5e1".into()));
        assert_ne!(integer(i64::MAX), integer(i64::MAX - 1));
    }

    #[test]
    fn both_answer() {
        let sql = "SELECT 7 / 2, 'a', NULL, 1.5, 1 = 1, 1 / 0";
        let expected =
            Outcome::Rows(vec![["3", "'a'", "NULL", "1.5", "1", "NULL"].map(str::to_owned).to_vec()]);
        assert_eq!(Drystone::new().unwrap().run(sql), expected);
        assert_eq!(Sqlite::new().unwrap().run(sql), expected);
        assert!(matches!(Drystone::new().unwrap().run("SELECT x"), Outcome::Error(_)));
        assert!(matches!(Sqlite::new().unwrap().run("SELECT x"), Outcome::Error(_)));
    }
}
