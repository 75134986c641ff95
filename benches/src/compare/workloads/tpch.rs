//! The 22 queries of TPC-H, at a scale of 0.05 in a full run. That the engines' rows are equal is
//! checked by `drystone-differential`; here their number and the sum of their numbers.

use crate::compare::bench::Bench;
use crate::compare::engine::{Answer, Engine, Result, Sql};
use crate::compare::engines::DRYSTONE;
use crate::compare::results::Unit;
use drystone_differential::tpch::data;
use std::path::PathBuf;
use std::time::Instant;

const NAMES: [&str; data::QUERY_COUNT] = [
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
/// Rounds at most.
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
        let texts = data::queries(scale, true).into_iter().zip(data::queries(scale, false));
        for (name, ((_, ours), (_, others))) in NAMES.into_iter().zip(texts) {
            let mut first: Option<Answer> = None;
            for (engine, sql) in &mut open {
                bench.progress("tpc-h", round, engine.name);
                let query = if engine.name == DRYSTONE { &ours } else { &others };
                let mut answer = Answer::default();
                let start = Instant::now();
                sql.prepared(query, &mut |statement| statement.query(&[], &mut answer))?;
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
    sql.script(data::TABLES)?;
    sql.script("BEGIN")?;
    data::inserts(scale, |insert| sql.script(insert))?;
    sql.script("COMMIT")?;
    sql.script(INDEX)?;
    if engine.name != DRYSTONE {
        sql.script(OF_SQLITE)?;
    }
    Ok(sql)
}
