//! One statement over many rows of parameters.

mod support;

use drystone::types::Value;
use support::{check, database, fails, run};

#[test]
fn rows_in_any_order() {
    let db = database("CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER)");
    let mut insert = db.prepare("INSERT INTO t VALUES (?, ?)").expect("prepare");
    // 7919 and 10007 have no common divisor: every number once.
    let rows = (0..10_007).map(|i| (format!("k{:05}", i * 7919 % 10_007), i));
    assert_eq!(insert.execute_many(rows).expect("batch"), 10_007);
    assert_eq!((db.changes(), db.total_changes()), (10_007, 10_007));
    check(&db, "SELECT count(*), min(k), max(k), sum(n) FROM t", &["10007|k00000|k10006|50065021"]);
    assert!(db.is_autocommit());
    assert!(db.check().expect("check").ok);
    assert_eq!(insert.execute_many(std::iter::empty::<(&str, i64)>()).expect("empty"), 0);
}

#[test]
fn all_or_nothing() {
    let db = database(
        "CREATE TABLE t (k INTEGER PRIMARY KEY, n INTEGER CHECK (n < 5)); INSERT INTO t VALUES (7, 0)",
    );
    let mut insert = db.prepare("INSERT INTO t VALUES (?, ?)").expect("prepare");
    assert_eq!(insert.execute_many([(1, 1), (2, 9)]).expect_err("check").code(), "23514");
    assert_eq!(insert.execute_many([(3, 1), (7, 1)]).expect_err("key").code(), "23505");
    assert_eq!(db.total_changes(), 1);
    assert!(db.is_autocommit());
    check(&db, "SELECT k FROM t", &["7"]);
    run(&db, "BEGIN; INSERT INTO t VALUES (8, 1)");
    assert!(insert.execute_many([(1, 1), (1, 1)]).is_err());
    assert_eq!(insert.execute_many([(5, 1), (4, 1)]).expect("batch"), 2);
    run(&db, "COMMIT");
    check(&db, "SELECT k FROM t ORDER BY k", &["4", "5", "7", "8"]);
    run(&db, "BEGIN");
    insert.execute_many([(9, 1)]).expect("batch");
    run(&db, "ROLLBACK");
    check(&db, "SELECT count(*) FROM t", &["4"]);
}

#[test]
fn the_order_stays_where_it_counts() {
    let db = database(
        "CREATE TABLE auto (id INTEGER PRIMARY KEY, v TEXT);
         CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node);
         CREATE TABLE last (k INTEGER PRIMARY KEY, v TEXT)",
    );
    db.prepare("INSERT INTO auto (v) VALUES (?)")
        .expect("prepare")
        .execute_many([["z"], ["a"]])
        .expect("batch");
    check(&db, "SELECT * FROM auto ORDER BY id", &["1|z", "2|a"]);
    let mut nodes = db.prepare("INSERT INTO node VALUES (?, ?)").expect("prepare");
    nodes.execute_many([(9, None), (1, Some(9)), (5, Some(1))]).expect("parents first");
    let mut upsert = db
        .prepare("INSERT INTO last VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET v = last.v || excluded.v")
        .expect("prepare");
    upsert.execute_many([(2, "b"), (1, "a"), (2, "c")]).expect("batch");
    check(&db, "SELECT v FROM last ORDER BY k", &["a", "bc"]);
    let mut update = db.prepare("UPDATE last SET v = v || ?2 WHERE k = ?1").expect("prepare");
    assert_eq!(update.execute_many([(2, "d"), (3, "-"), (2, "e")]).expect("batch"), 2);
    check(&db, "SELECT v FROM last WHERE k = 2", &["bcde"]);
}

#[test]
fn wrong_uses() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY)");
    assert_eq!(
        db.prepare("SELECT ?").expect("prepare").execute_many([[1]]).expect_err("rows").code(),
        "07001"
    );
    let mut insert = db.prepare("INSERT INTO t VALUES (?)").expect("prepare");
    assert_eq!(
        insert
            .execute_many([vec![Value::Integer(1)], vec![Value::Null, Value::Null]])
            .expect_err("count")
            .code(),
        "07001"
    );
    assert_eq!(insert.execute_many(["1", "x"].map(|text| [text])).expect_err("type").code(), "22P02");
    assert!(insert.execute_many([[None::<i64>], [None]]).is_ok());
    check(&db, "SELECT k FROM t", &["1", "2"]);
    fails(&db, "COMMIT", "25000");
}

#[test]
fn keys_that_number_themselves_keep_the_order() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)");
    let mut insert = db.prepare("INSERT INTO t VALUES (?, ?)").expect("prepare");
    assert_eq!(insert.execute_many([(Some(1), "a"), (None, "b")]).expect("batch"), 2);
    assert_eq!(insert.execute_many([(Some(9), "c"), (None, "d"), (Some(5), "e")]).expect("batch"), 3);
    check(&db, "SELECT * FROM t", &["1|a", "2|b", "5|e", "9|c", "10|d"]);
}
