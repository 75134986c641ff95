//! Conditions over derived tables, views and CTEs: they go down, but never before what keeps rows
//! from them, and with the columns they need.

mod support;

use drystone::Connection;
use support::{check, database};

fn numbers() -> Connection {
    database(
        "CREATE TABLE q (a INTEGER PRIMARY KEY, b INTEGER);
         INSERT INTO q VALUES (0, 5), (1, 6), (2, 7);
         CREATE TABLE tt (k INTEGER PRIMARY KEY, s TEXT);
         INSERT INTO tt VALUES (1, '1'), (2, 'z'), (3, '3');
         CREATE VIEW whole AS SELECT k, s::INTEGER AS n FROM tt WHERE s <> 'z';",
    )
}

#[test]
fn a_condition_above_limit_has_its_columns() {
    let db = numbers();
    let first = "FROM (SELECT a, a + 1 AS c FROM q ORDER BY a LIMIT 3) x";
    check(&db, &format!("SELECT a {first} WHERE c > 1"), &["1", "2"]);
    check(&db, &format!("SELECT count(*) {first} WHERE c > 1"), &["2"]);
    check(&db, "SELECT a FROM (SELECT a, b FROM q ORDER BY b DESC LIMIT 2) x WHERE b < 7", &["1"]);
}

#[test]
fn a_limit_and_an_offset_may_be_the_largest_numbers() {
    let db = numbers();
    check(&db, "SELECT a FROM q ORDER BY b LIMIT 9223372036854775807 OFFSET 1", &["1", "2"]);
    check(&db, "SELECT a FROM q ORDER BY b DESC LIMIT 1 OFFSET 9223372036854775807", &[]);
    check(&db, "SELECT a FROM q ORDER BY b DESC LIMIT 1 OFFSET 1", &["1"]);
    check(&db, "SELECT a FROM q ORDER BY b LIMIT NULL OFFSET 2", &["2"]);
}

#[test]
fn exists_and_in_over_what_uses_the_outer_row() {
    let db = numbers();
    let both = "(SELECT o.a + t.a AS y FROM q t)";
    check(&db, &format!("SELECT a FROM q o WHERE EXISTS (SELECT 1 FROM {both} s WHERE s.y > 3)"), &["2"]);
    check(
        &db,
        &format!("SELECT a FROM q o WHERE NOT EXISTS (SELECT 1 FROM {both} s WHERE s.y > 3) ORDER BY a"),
        &["0", "1"],
    );
    check(&db, &format!("SELECT a FROM q o WHERE 4 IN (SELECT y FROM {both} s WHERE y > 3)"), &["2"]);
}

#[test]
fn a_filter_below_keeps_rows_from_conditions_above() {
    let db = numbers();
    let safe = "(SELECT 10 / a AS v, a FROM q WHERE a <> 0)";
    check(&db, &format!("SELECT v FROM {safe} s WHERE v > 1 ORDER BY v"), &["5", "10"]);
    check(&db, &format!("SELECT v FROM (SELECT DISTINCT * FROM {safe} s) s WHERE v > 5"), &["10"]);
    check(&db, &format!("WITH s AS {safe} SELECT v FROM s WHERE v > 5"), &["10"]);
    check(
        &db,
        &format!("SELECT v FROM (SELECT v FROM {safe} s UNION ALL SELECT a FROM q) u WHERE v > 5"),
        &["10"],
    );
    check(&db, &format!("SELECT s.v FROM {safe} s JOIN q ON q.a = s.a WHERE s.v > 5"), &["10"]);
    check(
        &db,
        &format!("SELECT a FROM q WHERE EXISTS (SELECT 1 FROM {safe} s WHERE s.v > 5 AND s.a = q.a)"),
        &["1"],
    );
    check(&db, "SELECT k FROM whole WHERE n = 1", &["1"]);
    check(&db, "SELECT whole.k FROM whole, q WHERE n = q.a + 1 AND q.b = 7", &["3"]);
    check(&db, "SELECT n FROM (SELECT n, count(*) AS c FROM whole GROUP BY n) g WHERE n > 1", &["3"]);
}
