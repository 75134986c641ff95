//! A shop: tables that are joined.
//!
//! | table | rows | columns |
//! |---|---|---|
//! | `city` | 100 | id, name |
//! | `users` | a tenth of the orders | id, name, city_id |
//! | `category` | 20 | id, name |
//! | `product` | 1,000 | id, name, category_id |
//! | `orders` | all rows | id, user_id (with an index), product_id, amount |

use crate::compare::bench::{Bench, agree, ask};
use crate::compare::data::stream;
use crate::compare::engine::{Engine, Param, Prepared, Result, Sql};
use crate::compare::turns::{Pace, Side, by_turns};
use crate::statistics::nanoseconds;
use drystone_platform_sim::Random;
use std::path::PathBuf;
use std::time::Instant;

const CREATE: &str = "CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city_id INTEGER NOT NULL);
    CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category_id INTEGER NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, product_id INTEGER NOT NULL,
        amount INTEGER NOT NULL);";
const INDEX: &str = "CREATE INDEX orders_user ON orders (user_id)";
const CITIES: usize = 100;
const CATEGORIES: usize = 20;
const PRODUCTS: usize = 1000;
const AMOUNTS: u64 = 100_000;

const JOINED: &str = "SELECT users.name, orders.amount FROM orders JOIN users ON users.id = orders.user_id \
    WHERE orders.id = ?1";
const OF_USER: &str = "SELECT count(*), sum(amount) FROM orders WHERE user_id = ?1";

/// These engines with the shop, each table read once.
pub fn open(bench: &mut Bench, engines: Vec<&'static Engine>) -> Result<Vec<Side<Box<dyn Sql>>>> {
    let mut sides = Vec::new();
    for engine in engines {
        let path = filled(bench, engine)?;
        sides.push(Side { name: engine.name, open: engine.sql(&path, &bench.setup)? });
    }
    for table in ["city", "users", "category", "product", "orders"] {
        let mut answers = Vec::new();
        for side in &mut sides {
            answers.push((side.name, ask(&mut *side.open, &format!("SELECT * FROM {table}"))?));
        }
        agree(table, &answers)?;
    }
    Ok(sides)
}

/// A closed database with the shop.
fn filled(bench: &Bench, engine: &Engine) -> Result<PathBuf> {
    let path = bench.folder().join(format!("shop-{}", engine.name));
    if path.exists() {
        return Ok(path);
    }
    let path = bench.fresh("shop", engine)?;
    let mut sql = engine.sql(&path, &bench.setup)?;
    sql.script(CREATE)?;
    let (orders, mut random) = (bench.options.rows, Random::new(0x5409));
    let users = orders / 10;
    let mut named = |table: &str, rows: usize, of: Option<usize>| {
        let more = if of.is_some() { ", ?3" } else { "" };
        sql.prepared(&format!("INSERT INTO {table} VALUES (?1, ?2{more})"), &mut |statement| {
            in_one(statement, rows, &mut |statement, number| {
                let name = format!("{table} {number}");
                let parent = 1 + random.index(of.unwrap_or(1)) as i64;
                let params = [Param::Integer(number as i64), Param::Text(&name), Param::Integer(parent)];
                statement.execute(&params[..if of.is_some() { 3 } else { 2 }])
            })
        })
    };
    named("city", CITIES, None)?;
    named("users", users, Some(CITIES))?;
    named("category", CATEGORIES, None)?;
    named("product", PRODUCTS, Some(CATEGORIES))?;
    sql.prepared("INSERT INTO orders VALUES (?1, ?2, ?3, ?4)", &mut |statement| {
        in_one(statement, orders, &mut |statement, number| {
            statement.execute(&[
                Param::Integer(number as i64),
                Param::Integer(1 + random.index(users) as i64),
                Param::Integer(1 + random.index(PRODUCTS) as i64),
                Param::Integer(random.below(AMOUNTS) as i64),
            ])
        })
    })?;
    sql.script(INDEX)?;
    sql.close()?;
    Ok(path)
}

type Insert<'a> = &'a mut dyn FnMut(&mut dyn Prepared, usize) -> Result<u64>;

/// Rows 1, 2, 3, ... in one transaction.
fn in_one(statement: &mut dyn Prepared, rows: usize, insert: Insert<'_>) -> Result<()> {
    statement.control("BEGIN")?;
    for number in 1..=rows {
        insert(statement, number)?;
    }
    statement.control("COMMIT")
}

/// One order with its user.
pub fn point_join(bench: &mut Bench) -> Result<()> {
    run(bench, "join-point", JOINED, 10_000, Pace { turns: 4, operations: 5_000 })
}

/// The orders of one user.
pub fn of_user(bench: &mut Bench) -> Result<()> {
    let users = bench.options.rows as u64 / 10;
    run(bench, "sum-of-user", OF_USER, users, Pace { turns: 4, operations: 5_000 })
}

/// A query with a random number from 1 to `most`.
fn run(bench: &mut Bench, workload: &'static str, query: &str, most: u64, pace: Pace) -> Result<()> {
    let engines = bench.sql_engines(0);
    let mut sides = open(bench, engines)?;
    by_turns(bench, workload, &mut sides, pace, |sql, turn| {
        let mut random = stream(turn.round, turn.number);
        sql.prepared(query, &mut |statement| {
            for _ in 0..turn.operations {
                let id = Param::Integer(1 + random.below(most) as i64);
                let start = Instant::now();
                statement.query(&[id], &mut turn.answer)?;
                turn.times.push(nanoseconds(start));
            }
            Ok(())
        })
    })
}
