//! The 22 queries of TPC-H on generated data, compared with the rows SQLite 3.40 gives for them.
//!
//! At the scale of `DRYSTONE_TPCH_SCALE` (0.01 where it is not set; the answers are for that one
//! alone, at others only the times count). Each query must take less than 10 seconds of this thread's
//! processor, whatever else the machine does.

mod support;

use drystone::Connection;
use drystone::types::Value;
use rustix::time::{ClockId, clock_gettime};
use support::{rows, run};
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};

const SCHEMA: &str = include_str!("tpch/schema.sql");
const QUERIES: &str = include_str!("tpch/queries.sql");
const ANSWERS: &str = include_str!("tpch/answers.txt");

fn load(db: &Connection, table: &str, lines: impl Iterator<Item = String>) {
    let mut insert = None;
    for line in lines {
        let line = line.strip_suffix('|').unwrap_or(&line);
        let values: Vec<Value> = line.split('|').map(|field| Value::Text(field.to_owned())).collect();
        let insert = insert.get_or_insert_with(|| {
            let places = vec!["?"; values.len()].join(", ");
            db.prepare(&format!("INSERT INTO {table} VALUES ({places})")).expect("prepare")
        });
        insert.execute(values).expect("insert");
    }
}

fn filled(scale: f64) -> Connection {
    let db = Connection::open_in_memory().expect("open");
    run(&db, SCHEMA);
    run(&db, "BEGIN");
    load(&db, "region", RegionGenerator::default().iter().map(|row| row.to_string()));
    load(&db, "nation", NationGenerator::default().iter().map(|row| row.to_string()));
    load(&db, "part", PartGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()));
    load(&db, "supplier", SupplierGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()));
    load(&db, "partsupp", PartSuppGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()));
    load(&db, "customer", CustomerGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()));
    load(&db, "orders", OrderGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()));
    load(&db, "lineitem", LineItemGenerator::new(scale, 1, 1).iter().map(|row| row.to_string()));
    run(&db, "COMMIT");
    db
}

/// Seconds that this thread had a processor.
fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The pieces of a text behind lines like `-- 7`.
fn numbered(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for line in text.lines() {
        if line == format!("-- {}", pieces.len() + 1) {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.extend([line, "\n"]);
        }
    }
    pieces
}

/// A query for Drystone: the first of each `[[a|b]]`; query 11 with a fraction that keeps many rows.
fn ours(query: &str) -> String {
    let mut parts = query.split("[[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (choice, rest) = part.split_once("]]").expect("an end");
        text.push_str(choice.split_once('|').expect("two choices").0);
        text.push_str(rest);
    }
    text.trim().trim_end_matches(';').replace("{fraction}", "0.0001")
}

/// Numbers may differ by rounding.
fn same(found: &str, expected: &str) -> bool {
    let (found, expected): (Vec<&str>, Vec<&str>) =
        (found.split('|').collect(), expected.split('|').collect());
    found.len() == expected.len()
        && found.iter().zip(&expected).all(|(found, expected)| {
            match (found.parse::<f64>(), expected.parse::<f64>()) {
                (Ok(found), Ok(expected)) => (found - expected).abs() <= 1e-6 * expected.abs().max(1e-9),
                _ => found == expected || (*found == "NULL" && expected.is_empty()),
            }
        })
}

#[test]
fn the_queries_of_tpch() {
    let scale = std::env::var("DRYSTONE_TPCH_SCALE").ok().and_then(|scale| scale.parse().ok());
    let db = filled(scale.unwrap_or(0.01));
    let (queries, answers) = (numbered(QUERIES), numbered(ANSWERS));
    assert_eq!((queries.len(), answers.len()), (22, 22));
    let mut slow = Vec::new();
    for (index, (query, answer)) in queries.iter().zip(&answers).enumerate() {
        let sql = ours(query);
        let start = seconds();
        let found = rows(&db, &sql);
        let seconds = seconds() - start;
        println!("query {}: {} rows in {seconds:.3} s", index + 1, found.len());
        if seconds > 10.0 {
            slow.push(index + 1);
        }
        if std::env::var_os("DRYSTONE_EXPLAIN").is_some() {
            println!("{}", rows(&db, &format!("EXPLAIN {sql}")).join("\n"));
        }
        if scale.is_none() {
            let expected: Vec<&str> = answer.lines().collect();
            assert_eq!(found.len(), expected.len(), "query {}", index + 1);
            for (found, expected) in found.iter().zip(expected) {
                assert!(same(found, expected), "query {}\n   found {found}\nexpected {expected}", index + 1);
            }
        }
    }
    assert!(slow.is_empty(), "slow queries: {slow:?}");
}
