//! The 22 queries of TPC-H, at a scale of 0.05 in a full run. That the engines' rows are equal is
//! checked by `drystone-differential`; here their number and the sum of their numbers.

use crate::compare::bench::Bench;
use crate::compare::engine::{Answer, Engine, Result, Sql};
use crate::compare::engines::DRYSTONE;
use crate::compare::results::Unit;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;
use tpchgen::generators as tpch;

const TABLES: &str = include_str!("../../../../sql/tests/tpch/schema.sql");
const QUERIES: &str = include_str!("../../../../sql/tests/tpch/queries.sql");
const NAMES: [&str; 22] = [
    "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q10", "Q11", "Q12", "Q13", "Q14", "Q15", "Q16",
    "Q17", "Q18", "Q19", "Q20", "Q21", "Q22",
];
/// The index that two of the queries cannot do without.
const INDEX: &str = "CREATE INDEX l_part ON lineitem (l_partkey, l_suppkey)";
/// As LIKE is in the standard, and what the planner needs to know.
const OF_SQLITE: &str = "PRAGMA case_sensitive_like = ON; ANALYZE";
/// Rows of a run for each unit of scale.
const ROWS_OF_SCALE: f64 = 20_000_000.0;
/// With less the generator's part suppliers are not unique.
const SCALE_MIN: f64 = 0.01;
/// Rows an INSERT, and rounds at most.
const ROWS: usize = 200;
const ROUNDS: usize = 3;
/// How much sums may differ: one side's decimals are exact, the other's numbers are not.
const RELATIVE_MAX: f64 = 1e-6;

/// The workload.
pub fn run(bench: &mut Bench) -> Result<()> {
    let scale = (bench.options.rows as f64 / ROWS_OF_SCALE).max(SCALE_MIN);
    let mut open: Vec<(&'static Engine, Box<dyn Sql>)> = Vec::new();
    for engine in bench.sql_engines(0) {
        bench.progress("tpc-h", 0, engine.name);
        let path = bench.fresh("tpc-h", engine)?;
        open.push((engine, fill(bench, engine, path, scale)?));
    }
    for round in 0..bench.options.rounds.min(ROUNDS) {
        for (name, query) in NAMES.into_iter().zip(queries(scale)) {
            let mut first: Option<Answer> = None;
            for (engine, sql) in &mut open {
                bench.progress("tpc-h", round, engine.name);
                let mut answer = Answer::default();
                let start = Instant::now();
                let query = chosen(&query, engine.name == DRYSTONE);
                sql.prepared(&query, &mut |statement| statement.query(&[], &mut answer))?;
                let ms = start.elapsed().as_secs_f64() * 1000.0;
                bench.results.add("tpc-h", engine.name, name, Unit::Milliseconds, ms);
                if first.get_or_insert(answer).is_far_from(&answer, RELATIVE_MAX) {
                    return Err(format!("{name}: {} answers differently", engine.name).into());
                }
            }
        }
    }
    Ok(())
}

/// An open database with the tables.
fn fill(bench: &Bench, engine: &Engine, path: PathBuf, scale: f64) -> Result<Box<dyn Sql>> {
    let mut sql = engine.sql(&path, &bench.setup)?;
    sql.script(TABLES)?;
    sql.script("BEGIN")?;
    let mut put = |table: &str, rows: &mut dyn Iterator<Item = String>| -> Result<()> {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let mut insert = format!("INSERT INTO {table} VALUES ");
            for (at, row) in rows.by_ref().take(ROWS).enumerate() {
                let fields = row.trim_end_matches('|').replace('\'', "''").replace('|', "', '");
                write!(insert, "{}('{fields}')", if at == 0 { "" } else { ", " })?;
            }
            sql.script(&insert)?;
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
    sql.script("COMMIT")?;
    sql.script(INDEX)?;
    if engine.name != DRYSTONE {
        sql.script(OF_SQLITE)?;
    }
    Ok(sql)
}

/// The queries in their order.
fn queries(scale: f64) -> Vec<String> {
    let fraction = format!("{:.10}", 0.0001 / scale);
    // What stands before a query is its number alone; other comments are none.
    let parts = QUERIES.split("\n-- ").filter_map(|part| part.split_once('\n'));
    let parts = parts.filter(|(number, _)| number.trim().parse::<usize>().is_ok());
    parts.map(|(_, query)| query.trim().trim_end_matches(';').replace("{fraction}", &fraction)).collect()
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
    #[test]
    fn there_are_22() {
        assert_eq!(super::queries(0.05).len(), super::NAMES.len());
        assert_eq!(super::chosen("a [[b|c]] d", true), "a b d");
    }
}
