//! TPC-H as SQL: its tables, its rows as INSERT statements, its 22 queries.

use std::fmt::Write;
use tpchgen::generators as tpch;

/// The CREATE statements.
pub const TABLES: &str = include_str!("../../../sql/tests/tpch/schema.sql");
const QUERIES: &str = include_str!("../../../sql/tests/tpch/queries.sql");
/// How many queries there are.
pub const QUERY_COUNT: usize = 22;
/// Rows an INSERT.
const ROWS: usize = 200;

/// Hands the rows at a scale to `put`, some in each INSERT.
///
/// # Errors
/// Those of `put`.
pub fn inserts<E>(scale: f64, mut put: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    let mut all = |table: &str, rows: &mut dyn Iterator<Item = String>| {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let mut insert = format!("INSERT INTO {table} VALUES ");
            for (at, row) in rows.by_ref().take(ROWS).enumerate() {
                let fields = row.trim_end_matches('|').replace('\'', "''").replace('|', "', '");
                // A String takes everything.
                let _ = write!(insert, "{}('{fields}')", if at == 0 { "" } else { ", " });
            }
            put(&insert)?;
        }
        Ok(())
    };
    all("region", &mut tpch::RegionGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    all("nation", &mut tpch::NationGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    all("part", &mut tpch::PartGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    all("supplier", &mut tpch::SupplierGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    all("partsupp", &mut tpch::PartSuppGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    all("customer", &mut tpch::CustomerGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    all("orders", &mut tpch::OrderGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))?;
    all("lineitem", &mut tpch::LineItemGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()))
}

/// The queries and their numbers, for Drystone or for another engine.
pub fn queries(scale: f64, is_drystone: bool) -> Vec<(usize, String)> {
    let fraction = format!("{:.10}", 0.0001 / scale);
    // What stands before a query is its number alone; other comments are none.
    let parts = QUERIES.split("\n-- ").filter_map(|part| {
        let (number, query) = part.split_once('\n')?;
        let query = query.trim().trim_end_matches(';').replace("{fraction}", &fraction);
        Some((number.trim().parse().ok()?, chosen(&query, is_drystone)))
    });
    parts.collect()
}

/// The text for one of the engines: `[[Drystone's|the other's]]`.
fn chosen(query: &str, is_drystone: bool) -> String {
    let (mut out, mut rest) = (String::new(), query);
    while let Some((before, after)) = rest.split_once("[[") {
        let (choice, behind) = after.split_once("]]").unwrap_or((after, ""));
        let (ours, others) = choice.split_once('|').unwrap_or((choice, choice));
        out += before;
        out += if is_drystone { ours } else { others };
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_of_both() {
        for is_drystone in [true, false] {
            let all = queries(0.01, is_drystone);
            let numbers: Vec<usize> = all.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, (1..=QUERY_COUNT).collect::<Vec<_>>());
            assert!(all[10].1.contains("* 0.0100000000"));
            assert!(all.iter().all(|(_, query)| !query.contains("[[")));
        }
        assert_eq!(chosen("a [[b|c]] d [[|e]]", true), "a b d ");
        assert_eq!(chosen("a [[b|c]] d [[|e]]", false), "a c d e");
    }
}
