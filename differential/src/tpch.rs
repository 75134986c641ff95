//! TPC-H: its tables in both engines, and its 22 queries compared.
//!
//! Rows are equal when texts are and numbers differ by at most a millionth: Drystone's decimals are
//! exact, SQLite's numbers are not.

use std::fmt::Write as _;
use std::io::Write;
use std::time::{Duration, Instant};
use tpchgen::generators as tpch;

const TABLES: &str = include_str!("../../sql/tests/tpch/schema.sql");
const QUERIES: &str = include_str!("../../sql/tests/tpch/queries.sql");
/// How many queries there are.
pub const QUERY_COUNT: usize = 22;
/// How much numbers may differ, relative to the larger.
const RELATIVE_MAX: f64 = 1e-6;
/// Rows an INSERT.
const ROWS: usize = 200;
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
    for (number, query) in queries(scale) {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let start = Instant::now();
        let got = rows_of_drystone(&drystone, &chosen(&query, true));
        let time = start.elapsed();
        let wanted = rows_of_sqlite(&sqlite, &chosen(&query, false))?;
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
    let mut put = |table: &str, rows: &mut dyn Iterator<Item = String>| -> Result<(), Failure> {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let mut sql = format!("INSERT INTO {table} VALUES ");
            for (at, row) in rows.by_ref().take(ROWS).enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                let fields: Vec<String> = row
                    .trim_end_matches('|')
                    .split('|')
                    .map(|f| format!("'{}'", f.replace('\'', "''")))
                    .collect();
                write!(sql, "{comma}({})", fields.join(", "))?;
            }
            let start = Instant::now();
            drystone.execute_batch(&sql)?;
            let middle = Instant::now();
            sqlite.execute_batch(&sql)?;
            times[0] += middle - start;
            times[1] += middle.elapsed();
        }
        Ok(())
    };
    put("region", &mut tpch::RegionGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    put("nation", &mut tpch::NationGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    put("part", &mut tpch::PartGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    put("supplier", &mut tpch::SupplierGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    put("partsupp", &mut tpch::PartSuppGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    put("customer", &mut tpch::CustomerGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    put("orders", &mut tpch::OrderGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    put("lineitem", &mut tpch::LineItemGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    drystone.execute_batch("COMMIT")?;
    sqlite.execute_batch("COMMIT")?;
    Ok(times)
}

/// The queries and their numbers.
fn queries(scale: f64) -> Vec<(usize, String)> {
    let fraction = format!("{:.10}", 0.0001 / scale);
    let parts = QUERIES.split("\n-- ").skip(1).filter_map(|part| {
        let (number, query) = part.split_once('\n')?;
        Some((
            number.trim().parse().ok()?,
            query.trim().trim_end_matches(';').replace("{fraction}", &fraction),
        ))
    });
    parts.collect()
}

/// The text for one of the engines.
fn chosen(query: &str, first: bool) -> String {
    let mut out = String::new();
    let mut rest = query;
    while let Some((before, after)) = rest.split_once("[[") {
        out.push_str(before);
        let (choice, behind) = after.split_once("]]").unwrap_or((after, ""));
        let (a, b) = choice.split_once('|').unwrap_or((choice, choice));
        out.push_str(if first { a } else { b });
        rest = behind;
    }
    out + rest
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
    fn queries_of_both() {
        let all = queries(0.01);
        assert_eq!(all.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (1..=22).collect::<Vec<_>>());
        assert_eq!(chosen("a [[b|c]] d [[|e]]", true), "a b d ");
        assert_eq!(chosen("a [[b|c]] d [[|e]]", false), "a c d e");
        assert!(all[10].1.contains("* 0.0100000000"));
    }

    #[test]
    fn rows_differ() {
        let row = |number| vec![vec![Cell::Number(number), Cell::Text("a".into()), Cell::Null]];
        assert_eq!(difference(&row(1000.0), &row(1000.0005)), None);
        assert!(difference(&row(1000.0), &row(1000.5)).is_some());
        assert!(difference(&row(1000.0), &[]).is_some());
    }
}
