//! TPC-H: its tables in both engines, and its 22 queries compared.
//!
//! Rows are equal when texts are and numbers differ by at most a millionth: Drystone's decimals are
//! exact, SQLite's numbers are not.

use std::io::Write;
use std::time::{Duration, Instant};

pub mod data;

use data::TABLES;

/// How much numbers may differ, relative to the larger.
const RELATIVE_MAX: f64 = 1e-6;
/// What a query may take in Drystone.
const TIME_MAX: Duration = Duration::from_secs(10);

type Failure = Box<dyn std::error::Error>;

/// Makes the data at a scale, runs the queries, prints a line for each; how many of them fail.
///
/// # Errors
/// When the data cannot be put into an engine, or the output cannot be written.
pub fn run(scale: f64, only: Option<usize>, out: &mut dyn Write) -> Result<usize, Failure> {
    let (drystone, sqlite) =
        (drystone::Connection::open_in_memory()?, rusqlite::Connection::open_in_memory()?);
    sqlite.execute_batch("PRAGMA case_sensitive_like = ON")?;
    let times = fill(&drystone, &sqlite, scale)?;
    writeln!(
        out,
        "loaded: Drystone {:.1} s, SQLite {:.1} s",
        times[0].as_secs_f64(),
        times[1].as_secs_f64()
    )?;
    // SQLite makes indexes of its own for a query, but better ones with these.
    sqlite.execute_batch("CREATE INDEX l_part ON lineitem (l_partkey, l_suppkey); ANALYZE")?;
    let mut failed = 0;
    let (ours, theirs) = (data::queries(scale, true), data::queries(scale, false));
    for ((number, query), (_, query_of_sqlite)) in ours.into_iter().zip(theirs) {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let start = Instant::now();
        let got = rows_of_drystone(&drystone, &query);
        let time = start.elapsed();
        let wanted = rows_of_sqlite(&sqlite, &query_of_sqlite)?;
        let sqlite_time = start.elapsed().saturating_sub(time);
        let problem = match got {
            Err(error) => Some(error.to_string()),
            Ok(got) => difference(&wanted, &got).or_else(|| (time > TIME_MAX).then(|| "too slow".to_owned())),
        };
        failed += usize::from(problem.is_some());
        let verdict = problem.map_or("equal".to_owned(), |problem| format!("FAILED: {problem}"));
        let (ours, theirs) = (time.as_millis(), sqlite_time.as_millis());
        writeln!(out, "Q{number}: {} rows, {ours} ms (SQLite {theirs} ms), {verdict}", wanted.len())?;
    }
    Ok(failed)
}

fn fill(
    drystone: &drystone::Connection,
    sqlite: &rusqlite::Connection,
    scale: f64,
) -> Result<[Duration; 2], Failure> {
    drystone.execute_batch(TABLES)?;
    sqlite.execute_batch(TABLES)?;
    drystone.execute_batch("BEGIN")?;
    sqlite.execute_batch("BEGIN")?;
    let mut times = [Duration::ZERO; 2];
    data::inserts(scale, |insert| -> Result<(), Failure> {
        let start = Instant::now();
        drystone.execute_batch(insert)?;
        let middle = Instant::now();
        sqlite.execute_batch(insert)?;
        times[0] += middle - start;
        times[1] += middle.elapsed();
        Ok(())
    })?;
    drystone.execute_batch("COMMIT")?;
    sqlite.execute_batch("COMMIT")?;
    Ok(times)
}

#[derive(Debug)]
enum Cell {
    Null,
    Number(f64),
    Text(String),
}

fn rows_of_drystone(connection: &drystone::Connection, sql: &str) -> Result<Vec<Vec<Cell>>, drystone::Error> {
    use drystone::types::Value as V;
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), |row| {
        let cells = row.values().iter().map(|value| match value {
            V::Null => Cell::Null,
            V::Integer(value) => Cell::Number(*value as f64),
            V::Double(value) => Cell::Number(*value),
            V::Decimal(value) => Cell::Number(value.to_f64()),
            other => Cell::Text(other.to_string()),
        });
        Ok(cells.collect())
    })?;
    rows.collect()
}

fn rows_of_sqlite(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<Vec<Cell>>> {
    use rusqlite::types::Value as V;
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns)
            .map(|column| {
                Ok(match row.get(column)? {
                    V::Null => Cell::Null,
                    V::Integer(value) => Cell::Number(value as f64),
                    V::Real(value) => Cell::Number(value),
                    V::Text(text) => Cell::Text(text),
                    V::Blob(bytes) => Cell::Text(format!("{bytes:?}")),
                })
            })
            .collect()
    })?;
    rows.collect()
}

fn difference(wanted: &[Vec<Cell>], got: &[Vec<Cell>]) -> Option<String> {
    if wanted.len() != got.len() {
        return Some(format!("{} rows instead of {}", got.len(), wanted.len()));
    }
    let equal = |pair: (&Cell, &Cell)| match pair {
        (Cell::Null, Cell::Null) => true,
        (Cell::Number(a), Cell::Number(b)) => (a - b).abs() <= RELATIVE_MAX * a.abs().max(b.abs()),
        (Cell::Text(a), Cell::Text(b)) => a == b,
        _ => false,
    };
    let differs = |pair: &(&Vec<Cell>, &Vec<Cell>)| {
        pair.0.len() != pair.1.len() || !pair.0.iter().zip(pair.1.iter()).all(equal)
    };
    let (wanted, got) = wanted.iter().zip(got).find(differs)?;
    Some(format!("{got:?} instead of {wanted:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_differ() {
        let row = |number| vec![vec![Cell::Number(number), Cell::Text("a".into()), Cell::Null]];
        assert_eq!(difference(&row(1000.0), &row(1000.0005)), None);
        assert!(difference(&row(1000.0), &row(1000.5)).is_some());
        assert!(difference(&row(1000.0), &[]).is_some());
    }
}
