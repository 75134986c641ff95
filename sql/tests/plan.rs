//! Which plans are made: EXPLAIN is compared, and the rows with them.

mod support;

use drystone::Connection;
use support::{check, database, rows, run};

fn filled() -> Connection {
    let db = database(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c INTEGER);
         CREATE INDEX tab ON t (a, b);
         CREATE INDEX tc ON t (c DESC);
         CREATE TABLE p (x INTEGER, y TEXT, v INTEGER, PRIMARY KEY (x, y))",
    );
    run(&db, "BEGIN");
    for id in 0..4_000 {
        let (a, b, c) = (
            id % 50,
            id * 7919 % 1_000,
            if id % 10 == 0 { "NULL".to_owned() } else { (id % 777).to_string() },
        );
        run(&db, &format!("INSERT INTO t VALUES ({id}, {a}, 'b{b:03}', {c})"));
        if id < 500 {
            run(&db, &format!("INSERT INTO p VALUES ({}, 'y{:02}', {id})", id % 20, id / 20));
        }
    }
    run(&db, "COMMIT");
    db
}

fn plan(db: &Connection, sql: &str) -> String {
    rows(db, &format!("EXPLAIN {sql}")).join("\n")
}

#[test]
fn sorts_are_left_out_where_a_key_has_the_order() {
    let db = filled();
    for (sql, sorted) in [
        ("SELECT id FROM t ORDER BY id", false),
        ("SELECT id, b FROM t ORDER BY id DESC LIMIT 3", false),
        ("SELECT a AS q, id FROM t WHERE id > 100 ORDER BY 2 DESC", false),
        ("SELECT id, a FROM t ORDER BY id, a", false),
        ("SELECT b FROM t WHERE a = 7 ORDER BY b", false),
        ("SELECT b FROM t WHERE a = 7 ORDER BY a, b DESC", false),
        ("SELECT b FROM t WHERE a = 7 ORDER BY b, id", true),
        ("SELECT b FROM t WHERE a = 7 ORDER BY b NULLS FIRST", true),
        ("SELECT c FROM t WHERE c BETWEEN 771 AND 999 ORDER BY c DESC", false),
        ("SELECT c FROM t WHERE c BETWEEN 771 AND 999 ORDER BY c", false),
        ("SELECT x, y FROM p ORDER BY x, y", false),
        ("SELECT x, y FROM p ORDER BY x DESC, y DESC", false),
        ("SELECT x, y FROM p ORDER BY x, y DESC", true),
        ("SELECT y FROM p WHERE x = 3 ORDER BY y DESC", false),
        ("SELECT id + 1 FROM t ORDER BY id + 1", true),
        (
            "SELECT t.id, p.y FROM t JOIN p ON p.x = t.a AND p.y = 'y03' WHERE t.id IN (3, 9, 11) ORDER BY t.id",
            false,
        ),
        ("SELECT a, count(*) FROM t GROUP BY a ORDER BY a", true),
    ] {
        let plan = plan(&db, sql);
        assert_eq!(plan.contains("Sort"), sorted, "{sql}\n{plan}");
        // The same rows in the same order as with a sort that cannot be left out.
        let (inner, order) = sql.split_once(" ORDER BY ").expect("ordered");
        if !order.contains("LIMIT") && !order.contains('.') {
            let numbered =
                format!("SELECT * FROM ({inner}) AS q UNION ALL SELECT * FROM ({inner} LIMIT 0) AS r");
            let mut expected = rows(&db, &numbered);
            let mut found = rows(&db, sql);
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{sql}");
        }
    }
    check(&db, "SELECT id FROM t ORDER BY id DESC LIMIT 3", &["3999", "3998", "3997"]);
    check(&db, "SELECT id FROM t WHERE id > 3990 ORDER BY id DESC LIMIT 2 OFFSET 1", &["3998", "3997"]);
    check(&db, "SELECT c FROM t WHERE c >= 775 ORDER BY c DESC LIMIT 2", &["776", "776"]);
    check(&db, "SELECT x, y, v FROM p WHERE x = 3 ORDER BY y DESC LIMIT 2", &["3|y24|483", "3|y23|463"]);
    check(&db, "SELECT b FROM t WHERE a = 7 ORDER BY b DESC LIMIT 1", &["b983"]);
}

#[test]
fn lists_are_looked_up() {
    let db = filled();
    let plan_of = plan(&db, "SELECT b FROM t WHERE id IN (5, 3, 5, NULL, 99999)");
    assert!(plan_of.contains("Scan t by primary key (0 fixed, 5 in a list)"), "{plan_of}");
    check(&db, "SELECT id FROM t WHERE id IN (5, 3, 5, NULL, 99999) ORDER BY id", &["3", "5"]);
    check(&db, "SELECT id FROM t WHERE id IN (5)", &["5"]);
    check(&db, "SELECT id FROM t WHERE id IN ()", &[]);
    check(
        &db,
        "SELECT id FROM t WHERE id NOT IN (5, 6) AND id < 8 ORDER BY id",
        &["0", "1", "2", "3", "4", "7"],
    );
    check(&db, "SELECT count(*) FROM t WHERE a IN (1, 2) AND c IN (3, 4, 5)", &["0"]);
    check(&db, "SELECT count(*) FROM p WHERE x IN (1, 2, 3) AND y IN ('y01', 'y02')", &["6"]);
    run(&db, "UPDATE t SET c = -1 WHERE id IN (1, 2, 3, 3); DELETE FROM t WHERE id IN (2, 3)");
    check(&db, "SELECT id FROM t WHERE c = -1", &["1"]);
    let mut statement = db.prepare("SELECT b FROM t WHERE id IN (?, ?) ORDER BY id").expect("prepare");
    let found: Vec<String> =
        statement.query_map((10, 20), |row| row.get(0)).and_then(Iterator::collect).expect("rows");
    assert_eq!(found.len(), 2);
}

#[test]
fn conditions_reach_the_tables() {
    let db = filled();
    let plan_of = plan(&db, "SELECT * FROM (SELECT id AS k, a + 1 AS n FROM t) AS q WHERE k = 77 AND n > 3");
    assert!(plan_of.contains("by primary key (1 fixed)"), "{plan_of}");
    let plan_of = plan(&db, "SELECT a, count(*) FROM t GROUP BY a HAVING a = 5");
    assert!(plan_of.contains("by index tab (1 fixed)"), "{plan_of}");
    let plan_of = plan(&db, "SELECT * FROM t LEFT JOIN p ON p.x = t.a WHERE p.y = 'y01' AND t.id = 3");
    assert!(!plan_of.contains("Left"), "{plan_of}");
    let plan_of = plan(&db, "SELECT * FROM t WHERE 1 = 1 AND id = 5 - 2");
    assert!(plan_of.contains("by primary key (1 fixed)") && !plan_of.contains("filtered"), "{plan_of}");
    let union = "SELECT id FROM t WHERE a = 1 UNION ALL SELECT v FROM p";
    let plan_of = plan(&db, &format!("SELECT * FROM ({union}) AS q WHERE id = 1"));
    assert!(plan_of.contains("Scan t by primary key"), "{plan_of}");
}

/// What stands behind a word in the notes of EXPLAIN ANALYZE, line by line.
fn noted(lines: &[String], word: &str) -> Vec<u64> {
    let after = |line: &String| {
        let rest = line.split_once(&format!("{word} "))?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    lines.iter().filter_map(after).collect()
}

#[test]
fn operators_hand_on_whole_batches() {
    const ROWS: u64 = 1_000_000;
    let db = database("CREATE TABLE big (id INTEGER PRIMARY KEY, v INTEGER)");
    run(&db, &format!("INSERT INTO big SELECT i, i % 100 FROM generate_series(1, {ROWS}) AS i"));
    let lines = rows(&db, "EXPLAIN ANALYZE SELECT sum(v) FROM big WHERE v >= 50");
    println!("{}", lines.join("\n"));
    let calls: u64 = noted(&lines, "calls").iter().sum();
    assert!(calls <= ROWS / 1024 + 10, "{calls} calls of operators");
    assert_eq!(noted(&lines, "rows"), [1, ROWS / 2, 1]);
    check(&db, "SELECT sum(v) FROM big WHERE v >= 50", &["37250000"]);
}

#[test]
fn what_operators_do_is_shown() {
    let db = filled();
    let sql = "EXPLAIN ANALYZE SELECT t.a, count(*) FROM t JOIN p ON p.x = t.a AND p.v > 100 WHERE t.id < 100 \
               AND t.c > (SELECT min(v) FROM p) GROUP BY t.a ORDER BY t.a LIMIT 3";
    let lines = rows(&db, sql);
    println!("{}", lines.join("\n"));
    for wanted in
        ["Limit [rows 3, calls 2", "Sort", "Aggregate", "Subquery 0", "In all: rows 3", " ms, pages "]
    {
        assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted} in\n{}", lines.join("\n"));
    }
    // Some pages were looked at, and a whole contains its parts.
    let pages = noted(&lines, "pages");
    assert!(pages[0] > 0 && pages[0] >= pages[1], "{pages:?}");
    // A change is carried out.
    let lines = rows(&db, "EXPLAIN ANALYZE DELETE FROM p WHERE v < 10");
    assert!(
        lines[0].starts_with("Delete from p") && lines.iter().any(|l| l.starts_with("In all: rows 10")),
        "{lines:?}"
    );
    check(&db, "SELECT count(*) FROM p", &["490"]);
    // And without ANALYZE nothing is.
    rows(&db, "EXPLAIN DELETE FROM p");
    check(&db, "SELECT count(*) FROM p", &["490"]);
}

#[test]
fn plans_are_as_written_down() {
    let db = database(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c INTEGER);
         CREATE INDEX tab ON t (a, b);
         CREATE TABLE p (x INTEGER, y TEXT, v INTEGER, PRIMARY KEY (x, y));
         CREATE TABLE q (k INTEGER, w INTEGER)",
    );
    for block in include_str!("plans.txt").split("\n\n") {
        let (sql, expected) = block.split_once('\n').expect("a query and its plan");
        let expected: Vec<&str> =
            expected.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
        assert_eq!(rows(&db, &format!("EXPLAIN {sql}")), expected, "{sql}");
    }
}
