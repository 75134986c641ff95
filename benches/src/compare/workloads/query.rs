//! Single queries over whole tables, once a round each.

use super::{read, shop};
use crate::compare::bench::{Bench, agree};
use crate::compare::engine::{Answer, Result, Setup, Sql};
use crate::compare::results::Unit;
use crate::compare::turns::Side;
use std::time::Instant;

/// The least cache and memory limit of a run with little of both.
const LEAST: usize = 1 << 20;

/// Reads all of `item`.
pub fn scan(bench: &mut Bench) -> Result<()> {
    item(bench, "scan", "SELECT id, name, bucket, amount, note FROM item")
}

/// Three aggregates.
pub fn aggregate(bench: &mut Bench) -> Result<()> {
    item(bench, "aggregate", "SELECT count(*), sum(amount), avg(amount) FROM item")
}

/// A hundred groups.
pub fn group(bench: &mut Bench) -> Result<()> {
    item(bench, "group-by", "SELECT bucket, count(*), sum(amount) FROM item GROUP BY bucket")
}

/// Text that contains a text.
pub fn like(bench: &mut Bench) -> Result<()> {
    item(bench, "like", "SELECT count(*) FROM item WHERE name LIKE '%abc%'")
}

const SORT: &str = "SELECT id, name FROM item ORDER BY name, id";

/// All rows by a text without an index.
pub fn sort(bench: &mut Bench) -> Result<()> {
    item(bench, "sort", SORT)
}

/// The same with a tenth of the memory the rows take.
pub fn sort_in_little(bench: &mut Bench) -> Result<()> {
    with_little(bench, |bench| item(bench, "sort-in-little", SORT))
}

/// Single rows with a cache of a tenth of the rows.
pub fn point_in_little(bench: &mut Bench) -> Result<()> {
    with_little(bench, read::point_in_little)
}

fn with_little(bench: &mut Bench, run: impl Fn(&mut Bench) -> Result<()>) -> Result<()> {
    let bytes = (bench.options.rows * 5).max(LEAST);
    let before = std::mem::replace(&mut bench.setup, Setup { cache_bytes: bytes, memory_limit: bytes });
    let result = run(bench);
    bench.setup = before;
    result
}

/// All orders with their users, by city.
pub fn join(bench: &mut Bench) -> Result<()> {
    let query = "SELECT users.city_id, count(*), sum(orders.amount) FROM orders \
        JOIN users ON users.id = orders.user_id GROUP BY users.city_id";
    let engines = bench.analytic_engines();
    let mut sides = shop::open(bench, engines)?;
    run(bench, "join", query, &mut sides)
}

/// Five tables.
pub fn join_five(bench: &mut Bench) -> Result<()> {
    let query = "SELECT category.name, city.name, count(*), sum(orders.amount) FROM orders \
        JOIN users ON users.id = orders.user_id JOIN city ON city.id = users.city_id \
        JOIN product ON product.id = orders.product_id JOIN category ON category.id = product.category_id \
        WHERE orders.amount < 20000 GROUP BY category.name, city.name";
    let engines = bench.analytic_engines();
    let mut sides = shop::open(bench, engines)?;
    run(bench, "join-five", query, &mut sides)
}

fn item(bench: &mut Bench, workload: &'static str, query: &str) -> Result<()> {
    // Those others get their result row by row through a pipe.
    let is_large = !query.contains("count");
    let engines = if is_large { bench.sql_engines(0) } else { bench.analytic_engines() };
    let mut sides = read::open_loaded(bench, engines)?;
    run(bench, workload, query, &mut sides)
}

fn run(
    bench: &mut Bench,
    workload: &'static str,
    query: &str,
    sides: &mut [Side<Box<dyn Sql>>],
) -> Result<()> {
    for round in 0..bench.options.rounds {
        let (mut answers, count) = (Vec::new(), sides.len());
        for step in 0..count {
            let side = &mut sides[(step + round) % count];
            bench.progress(workload, round, side.name);
            let mut answer = Answer::default();
            let mut ms = 0.0;
            side.open.prepared(query, &mut |statement| {
                let start = Instant::now();
                statement.query(&[], &mut answer)?;
                ms = start.elapsed().as_secs_f64() * 1000.0;
                Ok(())
            })?;
            bench.results.add(workload, side.name, "time", Unit::Milliseconds, ms);
            answers.push((side.name, answer));
        }
        agree(workload, &answers)?;
        if query.contains("ORDER BY") && answers.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            return Err("the engines sort differently".into());
        }
    }
    Ok(())
}
