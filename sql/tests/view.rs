//! Views, those of one connection too.

mod support;

use drystone::Database;
use support::{check, database, error, fails, rows, run};

const SALES: &str = "CREATE TABLE sale (id INTEGER PRIMARY KEY, item TEXT, n INTEGER, price NUMERIC(8,2));
    INSERT INTO sale VALUES (1, 'nail', 100, 0.05), (2, 'plank', 3, 12.50), (3, 'nail', 50, 0.04)";

#[test]
fn views_are_queries_with_a_name() {
    let db = database(SALES);
    run(
        &db,
        "CREATE VIEW total AS SELECT item, sum(n * price) AS amount FROM sale GROUP BY item;
         CREATE VIEW big (what, value) AS SELECT item, amount FROM total WHERE amount > 10",
    );
    check(&db, "SELECT * FROM total ORDER BY item", &["nail|7.00", "plank|37.50"]);
    check(&db, "SELECT what, value FROM big", &["plank|37.50"]);
    check(
        &db,
        "SELECT s.id, t.amount FROM sale s JOIN total AS t ON t.item = s.item WHERE t.amount < 10 ORDER BY s.id",
        &["1|7.00", "3|7.00"],
    );
    check(&db, "SELECT v.b FROM big AS v (a, b)", &["37.50"]);
    // They follow their tables.
    run(&db, "INSERT INTO sale VALUES (4, 'saw', 1, 30)");
    check(&db, "SELECT count(*) FROM big", &["2"]);
    // WITH in a view and around it do not see each other.
    run(&db, "CREATE VIEW w AS WITH total AS (SELECT 1 AS one) SELECT one FROM total");
    check(&db, "WITH sale AS (SELECT 'x' AS item) SELECT count(*) FROM total, sale", &["3"]);
    check(&db, "SELECT one FROM w", &["1"]);
    assert_eq!(db.views().expect("views"), ["big", "total", "w"]);
    assert_eq!(db.schema_sql("w").expect("sql").len(), 1);
}

#[test]
fn a_view_is_not_a_table() {
    let db = database(SALES);
    run(&db, "CREATE VIEW v AS SELECT item FROM sale");
    for (sql, code) in [
        ("INSERT INTO v VALUES ('x')", "42809"),
        ("UPDATE v SET item = 'x'", "42809"),
        ("DELETE FROM v", "42809"),
        ("DROP TABLE v", "42809"),
        ("DROP VIEW sale", "42809"),
        ("CREATE INDEX i ON v (item)", "42809"),
        ("CREATE TABLE v (a INTEGER)", "42P07"),
        ("CREATE VIEW sale AS SELECT 1", "42P07"),
        ("CREATE VIEW v AS SELECT 1", "42P07"),
        ("CREATE VIEW u AS SELECT nothing FROM sale", "42703"),
        ("CREATE VIEW u AS SELECT * FROM u", "42P01"),
        ("CREATE VIEW u (a, b) AS SELECT 1", "42601"),
        ("CREATE VIEW u AS SELECT ?", "07001"),
        ("DROP VIEW nothing", "42P01"),
    ] {
        fails(&db, sql, code);
    }
    run(&db, "CREATE VIEW IF NOT EXISTS v AS SELECT 1; DROP VIEW IF EXISTS nothing");
    check(&db, "SELECT count(*) FROM v", &["3"]);
    run(&db, "CREATE OR REPLACE VIEW v AS SELECT 1 AS one");
    check(&db, "SELECT * FROM v", &["1"]);
    run(&db, "DROP VIEW v");
    fails(&db, "SELECT * FROM v", "42P01");
}

#[test]
fn what_a_view_needs_may_go_and_come_back() {
    let db = database(SALES);
    run(&db, "CREATE VIEW v AS SELECT item FROM sale; CREATE VIEW u AS SELECT * FROM v; DROP TABLE sale");
    let missing = error(&db, "SELECT 1,\n * FROM v");
    assert_eq!(missing.code(), "42P01");
    assert_eq!(missing.message(), "in the view v: there is no table sale");
    assert_eq!(missing.position().map(|at| (at.line, at.column)), Some((2, 9)));
    run(&db, "CREATE TABLE sale (item BLOB); INSERT INTO sale VALUES (X'07')");
    check(&db, "SELECT * FROM u", &["\\x07"]);
    run(&db, "DROP VIEW v");
    fails(&db, "SELECT * FROM u", "42P01");
}

#[test]
fn views_in_views_have_a_limit() {
    let db = database("CREATE TABLE t (a INTEGER); CREATE VIEW v0 AS SELECT a FROM t");
    for number in 1..=31 {
        run(&db, &format!("CREATE VIEW v{number} AS SELECT a FROM v{}", number - 1));
    }
    check(&db, "SELECT count(*) FROM v31", &["0"]);
    fails(&db, "CREATE VIEW v32 AS SELECT a FROM v31", "54000");
    // Doubling at each step.
    run(&db, "CREATE VIEW d0 AS SELECT a FROM t");
    let mut refused = false;
    for number in 1..=30 {
        let sql = format!("CREATE VIEW d{number} AS SELECT x.a FROM d{0} x, d{0} y", number - 1);
        refused |= db.execute(&sql, ()).is_err();
    }
    assert!(refused);
}

#[test]
fn temporary_views_belong_to_their_connection() {
    let database = Database::open_in_memory().expect("open");
    let (one, two) = (database.connect(), database.connect());
    run(&one, SALES);
    run(&one, "CREATE TEMP VIEW mine AS SELECT id FROM sale WHERE n > 10");
    check(&one, "SELECT * FROM mine", &["1", "3"]);
    fails(&two, "SELECT * FROM mine", "42P01");
    run(&two, "CREATE TEMPORARY VIEW mine AS SELECT item FROM sale WHERE id = 2");
    check(&two, "SELECT * FROM mine", &["plank"]);
    // It goes on when others change the schema.
    run(&two, "CREATE TABLE other (a INTEGER); INSERT INTO sale VALUES (9, 'bolt', 11, 1)");
    check(&one, "SELECT * FROM mine", &["1", "3", "9"]);
    run(&one, "INSERT INTO other SELECT id FROM mine");
    check(&one, "SELECT count(*) FROM other", &["3"]);
    run(&one, "DROP VIEW mine");
    fails(&one, "SELECT * FROM mine", "42P01");
    check(&two, "SELECT * FROM mine", &["plank"]);
}

#[test]
fn views_are_part_of_the_transaction() {
    let db = database(SALES);
    run(&db, "CREATE TEMP VIEW a AS SELECT 1 AS x; BEGIN; CREATE TEMP VIEW b AS SELECT 2 AS x");
    run(&db, "CREATE VIEW c AS SELECT 3 AS x; SAVEPOINT s; DROP VIEW a; DROP VIEW c");
    fails(&db, "SELECT * FROM a", "42P01");
    run(&db, "ROLLBACK TO s");
    assert_eq!(
        rows(&db, "SELECT * FROM a UNION ALL SELECT * FROM b UNION ALL SELECT * FROM c"),
        ["1", "2", "3"]
    );
    run(&db, "ROLLBACK");
    check(&db, "SELECT * FROM a", &["1"]);
    fails(&db, "SELECT * FROM b", "42P01");
    fails(&db, "SELECT * FROM c", "42P01");
}

#[test]
fn views_survive_in_the_file() {
    let file = std::env::temp_dir().join(format!("drystone-view-{}.db", std::process::id()));
    {
        let db = drystone::Connection::open(&file).expect("open");
        run(&db, SALES);
        run(&db, "CREATE VIEW v AS SELECT count(*) AS n FROM sale; CREATE TEMP VIEW t AS SELECT 1");
        db.close().expect("close");
    }
    let db = drystone::Connection::open(&file).expect("open");
    check(&db, "SELECT n FROM v", &["3"]);
    fails(&db, "SELECT * FROM t", "42P01");
    drop(db);
    for end in ["", "-log"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

#[test]
fn definitions_have_no_parameters() {
    let db = database("");
    for sql in [
        "CREATE VIEW v AS SELECT ?",
        "CREATE TEMP VIEW v AS SELECT ?",
        "CREATE TABLE t (a INTEGER DEFAULT ?)",
    ] {
        let refused = db.execute(sql, [1]).expect_err(sql);
        assert_eq!(refused.code(), "42P02", "{sql}");
    }
}
