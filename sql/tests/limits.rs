//! Long, deep and concurrent use: an error or an answer, never a crash.

mod support;

use drystone::{Connection, Database};
use support::{check, database, error, fails, rows, run};

/// Runs on a stack as small as a thread's usual one.
fn small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(test).expect("thread").join().expect("no panic");
}

#[test]
fn deep_and_long_statements() {
    small_stack(|| {
        let db = database(
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y')",
        );
        let nested =
            |open: &str, close: &str, n: usize| format!("SELECT {}1{}", open.repeat(n), close.repeat(n));
        for sql in [
            nested("(", ")", 55),
            nested("abs(", ")", 50),
            nested("- ", "", 50),
            nested("1 + ", "", 150),
            nested("CASE WHEN TRUE THEN ", " END", 50),
            nested("(SELECT ", ")", 30),
            format!("SELECT 1 WHERE {}", vec!["1 = 1"; 900].join(" AND ")),
            format!("SELECT a FROM t WHERE {}", vec!["a = 1"; 900].join(" OR ")),
            format!("SELECT a FROM t WHERE a IN ({})", vec!["1"; 20_000].join(", ")),
            format!("SELECT 1 {}", "UNION SELECT 1 ".repeat(60)),
            format!(
                "SELECT count(*) FROM t AS t0 {}",
                (1..12).map(|i| format!("JOIN t AS t{i} ON t{i}.a = t0.a ")).collect::<String>()
            ),
        ] {
            assert!(!rows(&db, &sql).is_empty(), "{}", &sql[..60]);
        }
        for sql in [
            nested("(", ")", 5_000),
            nested("abs(", ")", 5_000),
            nested("- ", "", 5_000),
            nested("NOT ", "", 5_000),
            nested("CASE WHEN TRUE THEN ", " END", 5_000),
            nested("1 + ", "", 50_000),
            nested("(SELECT ", ")", 500),
            format!("SELECT 1 {}", "UNION SELECT 1 ".repeat(3_000)),
            format!(
                "SELECT 1 FROM t AS t0 {}",
                (1..300).map(|i| format!("JOIN t AS t{i} ON t{i}.a = t0.a ")).collect::<String>()
            ),
            format!("SELECT CAST(1 AS {}INT{})", "STRUCT<a ".repeat(2_000), ">".repeat(2_000)),
            format!("SELECT '{}'", "x".repeat(17 << 20)),
        ] {
            let error = error(&db, &sql);
            assert!(["54000", "42601", "0A000"].contains(&error.code()), "{error}");
        }
        // Close to the limits either answer is right.
        for sql in [nested("(", ")", 59), nested("1 + ", "", 1_900), nested("(SELECT ", ")", 40)] {
            let _ = db.execute_batch(&sql);
        }
        let values: Vec<String> = (3..20_000).map(|a| format!("({a}, NULL)")).collect();
        run(&db, &format!("INSERT INTO t VALUES {}", values.join(", ")));
        // WITH queries that double each other.
        let mut sql = "WITH c0 AS (SELECT 1 AS x)".to_owned();
        for i in 1..40 {
            sql += &format!(", c{i} AS (SELECT l.x FROM c{0} AS l, c{0} AS r)", i - 1);
        }
        assert_eq!(error(&db, &format!("{sql} SELECT * FROM c39")).code(), "54000");
    });
}

#[test]
fn many_threads_use_one_database() {
    fn assert_send<T: Send>() {}
    fn assert_sync<T: Sync>() {}
    assert_send::<Connection>();
    assert_send::<Database>();
    assert_sync::<Database>();
    let database = Database::open_in_memory().expect("open");
    let db = database.connect();
    run(&db, "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)");
    run(&db, "INSERT INTO account VALUES (1, 1000), (2, 1000), (3, 1000)");
    std::thread::scope(|scope| {
        for thread in 0..3_i64 {
            let connection = database.connect();
            scope.spawn(move || {
                for step in 0..40_i64 {
                    let (from, to) = (1 + thread, 1 + (thread + 1 + step % 2) % 3);
                    run(&connection, "BEGIN IMMEDIATE");
                    let moved = (from, to);
                    connection
                        .execute("UPDATE account SET balance = balance - 7 WHERE id = ?", [moved.0])
                        .expect("update");
                    connection
                        .execute("UPDATE account SET balance = balance + 7 WHERE id = ?", [moved.1])
                        .expect("update");
                    run(&connection, if step % 5 == 0 { "ROLLBACK" } else { "COMMIT" });
                }
            });
            let connection = database.connect();
            scope.spawn(move || {
                for _ in 0..100 {
                    check(&connection, "SELECT sum(balance), count(*) FROM account", &["3000|3"]);
                }
            });
        }
    });
    check(&db, "SELECT sum(balance) FROM account", &["3000"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn memory_has_a_limit() {
    let folder = std::env::temp_dir().join(format!("drystone-limits-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let options = drystone::OpenOptions { memory_limit: 1 << 20, ..Default::default() };
    let db = Connection::open_with(folder.join("a.db"), options).expect("open");
    run(&db, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)");
    let values: Vec<String> = (0..1_000).map(|i| format!("({i}, '{}')", "stone ".repeat(50))).collect();
    run(&db, &format!("INSERT INTO t VALUES {}", values.join(", ")));
    let distinct = "SELECT count(DISTINCT y.b || y.a || x.a) FROM t AS x, t AS y WHERE x.a < 100";
    assert_eq!(error(&db, distinct).code(), "53200");
    check(&db, "SELECT count(*) FROM t", &["1000"]);
    drop(db);
    std::fs::remove_dir_all(&folder).expect("remove");
}

#[test]
fn texts_made_of_little_are_limited() {
    let db = database("SET memory_limit = '1MB'");
    for made in [
        "repeat('x', 10000000 + g)",
        "repeat('x', 10000 + g)",
        "lpad('', 100000 + g, 'ab')",
        "replace(repeat('x', 500 + g), 'x', 'yyyyy')",
        "zeroblob(100000 + g)",
        "randomblob(100000 + g)",
    ] {
        fails(&db, &format!("SELECT max(length({made})) FROM generate_series(1, 1000) AS s (g)"), "53200");
    }
    // It is not a limit of all rows together.
    let all = "SELECT sum(length(repeat('x', 900 + g % 2))) FROM generate_series(1, 100000) AS s (g)";
    check(&db, all, &["90050000"]);
}
