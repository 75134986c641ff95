//! The forms of queries: joins of every kind, recursion, quantified comparisons, rows of values,
//! ordered aggregates, series, collations. Expected rows were compared with PostgreSQL's and
//! SQLite's documentation.

mod support;

use drystone::Connection;
use support::{check, database, fails};

fn walls() -> Connection {
    database(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, k INTEGER, t TEXT);
         CREATE TABLE b (id INTEGER PRIMARY KEY, k INTEGER, u TEXT);
         INSERT INTO a VALUES (1, 10, 'one'), (2, 20, 'two'), (3, NULL, 'three'), (4, 20, 'four');
         INSERT INTO b VALUES (5, 20, 'five'), (6, 30, 'six'), (7, NULL, 'seven');",
    )
}

#[test]
fn right_and_full_joins() {
    let db = walls();
    check(
        &db,
        "SELECT a.id, b.id FROM a RIGHT JOIN b ON a.k = b.k ORDER BY 1, 2",
        &["2|5", "4|5", "NULL|6", "NULL|7"],
    );
    check(
        &db,
        "SELECT a.id, b.id FROM a FULL JOIN b ON a.k = b.k ORDER BY 1, 2",
        &["1|NULL", "2|5", "3|NULL", "4|5", "NULL|6", "NULL|7"],
    );
    check(
        &db,
        "SELECT a.id, b.id FROM a FULL OUTER JOIN b ON a.k < b.k ORDER BY 1, 2",
        &["1|5", "1|6", "2|6", "3|NULL", "4|6", "NULL|7"],
    );
    check(&db, "SELECT k FROM a RIGHT JOIN b USING (k) ORDER BY b.id", &["20", "20", "30", "NULL"]);
    check(&db, "SELECT k FROM a FULL JOIN b USING (k) ORDER BY 1", &["10", "20", "20", "30", "NULL", "NULL"]);
    check(&db, "SELECT a.k, b.k FROM a FULL JOIN b USING (k) WHERE b.u = 'six'", &["NULL|30"]);
    check(
        &db,
        "SELECT a.id FROM a FULL JOIN b ON a.k = b.k WHERE a.id IS NOT NULL ORDER BY 1",
        &["1", "2", "3", "4"],
    );
    check(
        &db,
        "SELECT b.id FROM a FULL JOIN b ON a.k = b.k WHERE b.id > 0 AND a.id > 0 ORDER BY 1",
        &["5", "5"],
    );
    check(
        &db,
        "SELECT * FROM a NATURAL LEFT JOIN (SELECT k, u FROM b) AS q ORDER BY id",
        &["1|10|one|NULL", "2|20|two|five", "3|NULL|three|NULL", "4|20|four|five"],
    );
    check(&db, "SELECT count(*) FROM a FULL JOIN b ON 1 = 0", &["7"]);
    check(&db, "SELECT count(*), count(a.id), count(b.id) FROM a FULL JOIN b ON 1 = 1", &["12|12|12"]);
    check(
        &db,
        "SELECT u, count(t) FROM a RIGHT JOIN b ON a.k = b.k GROUP BY u ORDER BY u",
        &["five|2", "seven|0", "six|0"],
    );
    check(
        &db,
        "SELECT x.k, count(*) FROM (a FULL JOIN b USING (k)) FULL JOIN (SELECT 30 AS k) AS x USING (k) GROUP BY x.k ORDER BY 1",
        &["30|1", "NULL|5"],
    );
}

#[test]
fn recursive_queries() {
    let db = database(
        "CREATE TABLE part (id INTEGER PRIMARY KEY, above INTEGER, name TEXT);
         INSERT INTO part VALUES (1, NULL, 'wall'), (2, 1, 'foot'), (3, 1, 'cope'), (4, 2, 'stone'), (5, 4, 'grain');",
    );
    check(
        &db,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT * FROM n",
        &["1", "2", "3", "4", "5"],
    );
    check(
        &db,
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i * 2 FROM n LIMIT 4) SELECT i FROM n",
        &["1", "2", "4", "8"],
    );
    check(
        &db,
        "WITH RECURSIVE tree(id, path, depth) AS (
             SELECT id, name, 0 FROM part WHERE above IS NULL
             UNION ALL SELECT p.id, t.path || '/' || p.name, depth + 1 FROM tree t JOIN part p ON p.above = t.id
         ) SELECT path, depth FROM tree ORDER BY path",
        &["wall|0", "wall/cope|1", "wall/foot|1", "wall/foot/stone|2", "wall/foot/stone/grain|3"],
    );
    // A cycle ends where each row counts once.
    check(
        &db,
        "WITH RECURSIVE edge(f, t) AS (VALUES (1, 2), (2, 3), (3, 1)),
              reach(x) AS (SELECT 1 UNION SELECT t FROM reach JOIN edge ON f = x) SELECT x FROM reach ORDER BY x",
        &["1", "2", "3"],
    );
    check(
        &db,
        "WITH RECURSIVE fib(a, b) AS (SELECT 0, 1 UNION ALL SELECT b, a + b FROM fib WHERE b < 50) SELECT max(a) FROM fib",
        &["34"],
    );
    // Used twice, and inside a subquery that uses the row around it.
    check(
        &db,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT a.i, b.i FROM n a, n b WHERE a.i > b.i ORDER BY 1, 2",
        &["2|1", "3|1", "3|2"],
    );
    check(
        &db,
        "SELECT id, (WITH RECURSIVE up(x) AS (SELECT p.above UNION ALL SELECT above FROM part JOIN up ON id = x)
                     SELECT count(x) FROM up) FROM part p ORDER BY id",
        &["1|0", "2|1", "3|1", "4|2", "5|3"],
    );
    check(
        &db,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT max(id) FROM part)) SELECT sum(i) FROM n",
        &["15"],
    );
    // A step with a subquery over the rows of the round.
    check(
        &db,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT (SELECT max(i) FROM n) + 1 FROM n WHERE i < 4) SELECT i FROM n",
        &["1", "2", "3", "4"],
    );
    check(
        &db,
        "WITH RECURSIVE plain AS (SELECT 1 AS x UNION SELECT 2) SELECT x FROM plain ORDER BY x",
        &["1", "2"],
    );
    check(
        &db,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 3",
        &["1", "2", "3"],
    );
    fails(&db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i * 1.5 FROM n) SELECT i FROM n", "42804");
    fails(&db, "WITH RECURSIVE n(i) AS (SELECT i FROM n) SELECT i FROM n", "42P01");
}

#[test]
fn any_all_and_rows() {
    let db = walls();
    check(&db, "SELECT id FROM a WHERE k = ANY (SELECT k FROM b) ORDER BY id", &["2", "4"]);
    check(&db, "SELECT id FROM a WHERE k > ANY (SELECT k - 15 FROM b) ORDER BY id", &["1", "2", "4"]);
    check(
        &db,
        "SELECT id FROM a WHERE k >= ALL (SELECT k FROM a WHERE k IS NOT NULL) ORDER BY id",
        &["2", "4"],
    );
    check(
        &db,
        "SELECT 1 < ALL (SELECT 2 UNION SELECT NULL), 3 < ALL (SELECT 2 UNION SELECT NULL)",
        &["NULL|false"],
    );
    check(
        &db,
        "SELECT 1 < SOME (SELECT 2 UNION SELECT NULL), 3 < ANY (SELECT 2 UNION SELECT NULL)",
        &["true|NULL"],
    );
    check(
        &db,
        "SELECT 1 <> ALL (SELECT 2), 1 <> ANY (SELECT 1), 1 <> ANY (SELECT 1 UNION SELECT 2)",
        &["true|false|true"],
    );
    check(
        &db,
        "SELECT 1 = ALL (SELECT 1), 1 = ALL (SELECT 1 UNION SELECT 2), 1 > ALL (SELECT 1 WHERE 1 = 0)",
        &["true|false|true"],
    );
    check(
        &db,
        "SELECT 1 > ANY (SELECT 1 WHERE 1 = 0), NULL = ANY (SELECT 1), NULL > ALL (SELECT 1 WHERE 1 = 0)",
        &["false|NULL|true"],
    );
    check(
        &db,
        "SELECT id FROM a x WHERE id > ALL (SELECT id FROM a y WHERE y.k = x.k AND y.id <> x.id) ORDER BY id",
        &["1", "3", "4"],
    );
    check(
        &db,
        "SELECT 'b' > ALL (SELECT t FROM a WHERE id > 9), 'p' < ANY (SELECT t FROM a)",
        &["true|true"],
    );
    check(
        &db,
        "SELECT (1, 2) < (1, 3), (1, 2) < (1, 2), (1, 2) <= (1, 2), (2, 1) > (1, 9)",
        &["true|false|true|true"],
    );
    check(&db, "SELECT (1, NULL) < (2, 1), (1, NULL) < (1, 1), (1, NULL) = (2, NULL)", &["true|NULL|false"]);
    check(
        &db,
        "SELECT (1, 2) = (SELECT 1, 2), (1, 2) = (SELECT 1, 2 WHERE 1 = 0), (1, 2) < (SELECT 1, 3)",
        &["true|NULL|true"],
    );
    check(&db, "SELECT id FROM a WHERE (id, k) IN (SELECT 2, 20 UNION SELECT 1, NULL) ORDER BY id", &["2"]);
    check(
        &db,
        "SELECT id FROM a WHERE (id, k) NOT IN (SELECT 2, 20 UNION SELECT 1, NULL) ORDER BY id",
        &["3", "4"],
    );
    check(&db, "SELECT id FROM a WHERE (id, k) NOT IN ((2, 20), (1, NULL)) ORDER BY id", &["3", "4"]);
    check(&db, "SELECT id FROM a WHERE (k, id) > (10, 1) ORDER BY id LIMIT 1", &["2"]);
    fails(&db, "SELECT id FROM a WHERE id IN b", "42601");
}

#[test]
fn tables_as_queries() {
    let db = database("CREATE TABLE n (x INTEGER); INSERT INTO n VALUES (3), (1), (2)");
    check(&db, "SELECT 2 IN (TABLE main.n)", &["true"]);
    fails(&db, "SELECT 2 IN (TABLE n LIMIT 0)", "0A000");
    check(&db, "SELECT 2 IN n, 9 NOT IN n", &["true|true"]);
    check(&db, "VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC", &["2|NULL", "1|a"]);
    check(&db, "SELECT x FROM n ORDER BY x FETCH FIRST ROW ONLY", &["1"]);
    check(&db, "SELECT x FROM n ORDER BY x OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", &["2"]);
    check(&db, "SELECT x FROM n UNION ALL VALUES (9) ORDER BY x DESC LIMIT 2", &["9", "3"]);
    check(&db, "SELECT x FROM n INTERSECT ALL VALUES (3), (3), (2)", &["3", "2"]);
    check(&db, "VALUES (1), (1), (2) EXCEPT ALL VALUES (1)", &["1", "2"]);
}

#[test]
fn series() {
    let db = database("CREATE TABLE n (x INTEGER); INSERT INTO n VALUES (3)");
    check(&db, "SELECT * FROM generate_series(2, 4)", &["2", "3", "4"]);
    check(&db, "SELECT value FROM generate_series(5, 1, -2)", &["5", "3", "1"]);
    check(&db, "SELECT i * i FROM generate_series(1, 3) AS i", &["1", "4", "9"]);
    check(&db, "SELECT s.i FROM generate_series(1, 2) AS s(i) ORDER BY i DESC", &["2", "1"]);
    check(&db, "SELECT count(*), sum(i) FROM generate_series(1, 100000) AS i", &["100000|5000050000"]);
    check(&db, "SELECT count(*) FROM generate_series(9223372036854775806, 9223372036854775807)", &["2"]);
    check(&db, "SELECT count(*) FROM generate_series(1, NULL)", &["0"]);
    check(&db, "SELECT count(*) FROM generate_series(3, 1)", &["0"]);
    check(&db, "SELECT x, i FROM n JOIN generate_series(1, 5) AS i ON i > x ORDER BY i", &["3|4", "3|5"]);
    check(&db, "SELECT (SELECT sum(i) FROM generate_series(1, x) AS i) FROM n", &["6"]);
    check(
        &db,
        "SELECT d FROM generate_series(DATE '2024-01-31', DATE '2024-03-31', INTERVAL '1 month') AS d",
        &["2024-01-31 00:00:00", "2024-02-29 00:00:00", "2024-03-29 00:00:00"],
    );
    fails(&db, "SELECT * FROM generate_series(1, 5, 0)", "22023");
    fails(&db, "SELECT * FROM generate_series(1)", "42883");
    fails(&db, "SELECT * FROM nosuch(1)", "42883");
}

#[test]
fn aggregates_in_order() {
    let db = walls();
    check(&db, "SELECT string_agg(t, ',' ORDER BY t) FROM a", &["four,one,three,two"]);
    check(&db, "SELECT string_agg(t, ',' ORDER BY k DESC NULLS LAST, id) FROM a", &["two,four,one,three"]);
    check(
        &db,
        "SELECT k, group_concat(t, '+' ORDER BY id DESC) FROM a GROUP BY k ORDER BY k",
        &["10|one", "20|four+two", "NULL|three"],
    );
    check(
        &db,
        "SELECT string_agg(DISTINCT u, ',' ORDER BY u DESC) FILTER (WHERE id < 7) FROM b",
        &["six,five"],
    );
    check(&db, "SELECT sum(k ORDER BY id), count(DISTINCT k), sum(DISTINCT k) FROM a", &["50|2|30"]);
    check(&db, "SELECT string_agg(t, ',' ORDER BY t) FROM a WHERE id > 9", &["NULL"]);
    check(
        &db,
        "SELECT string_agg(t, ';' ORDER BY length(t), t), string_agg(t, ';' ORDER BY id) FROM a",
        &["one;two;four;three|one;two;three;four"],
    );
    fails(&db, "SELECT string_agg(DISTINCT t, ',' ORDER BY id) FROM a", "42P10");
}

#[test]
fn first_of_each() {
    let db = walls();
    check(&db, "SELECT DISTINCT ON (k) k, id FROM a ORDER BY k, id DESC", &["10|1", "20|4", "NULL|3"]);
    check(&db, "SELECT DISTINCT ON (k) t FROM a ORDER BY k DESC NULLS LAST, t", &["four", "one", "three"]);
    check(
        &db,
        "SELECT * FROM (SELECT DISTINCT ON (k) k, id FROM a ORDER BY k, id) AS q WHERE id > 2",
        &["NULL|3"],
    );
    fails(&db, "SELECT DISTINCT ON (k) k FROM a ORDER BY id", "42P10");
}

#[test]
fn collations() {
    let db = database("CREATE TABLE n (t TEXT); INSERT INTO n VALUES ('b'), ('A'), ('a  '), ('B'), ('C')");
    check(&db, "SELECT 'Abc' = 'aBC' COLLATE NOCASE, 'Abc' COLLATE \"C\" = 'abc'", &["true|false"]);
    check(&db, "SELECT t FROM n WHERE t COLLATE NOCASE = 'B' ORDER BY t", &["B", "b"]);
    check(&db, "SELECT t FROM n WHERE t COLLATE RTRIM IN ('a', 'C') ORDER BY t", &["C", "a  "]);
    check(&db, "SELECT t FROM n ORDER BY t COLLATE NOCASE DESC, t", &["C", "B", "b", "a  ", "A"]);
    check(&db, "SELECT count(*) FROM n GROUP BY t COLLATE NOCASE ORDER BY 1", &["1", "1", "1", "2"]);
    check(&db, "SELECT t FROM n WHERE t COLLATE NOCASE BETWEEN 'B' AND 'C' ORDER BY t", &["B", "C", "b"]);
    check(&db, "SELECT CASE 'x' COLLATE NOCASE WHEN 'X' THEN 1 ELSE 2 END", &["1"]);
    fails(&db, "SELECT t FROM n ORDER BY t COLLATE nosuch", "42704");
    fails(&db, "SELECT max(t COLLATE NOCASE) FROM n", "0A000");
}

#[test]
fn subqueries_become_joins() {
    let db = database(
        "CREATE TABLE o (id INTEGER PRIMARY KEY, k INTEGER, m INTEGER);
         CREATE TABLE i (id INTEGER PRIMARY KEY, k INTEGER, x NUMERIC(8,2));
         INSERT INTO o SELECT n, n % 7, CASE WHEN n % 5 = 0 THEN NULL ELSE n % 3 END FROM generate_series(1, 40) AS n;
         INSERT INTO i SELECT n, CASE WHEN n % 4 = 0 THEN NULL ELSE n % 6 END, n FROM generate_series(1, 60) AS n",
    );
    let queries = [
        "SELECT o.id, (SELECT sum(x) FROM i WHERE i.k = o.k) FROM o ORDER BY o.id",
        "SELECT o.id, (SELECT count(*) FROM i WHERE i.k = o.k AND i.x > 20) + 1 FROM o ORDER BY o.id",
        "SELECT o.id, (SELECT coalesce(max(x), -1) * o.m FROM i WHERE i.k = o.k) FROM o ORDER BY o.id",
        "SELECT o.id FROM o WHERE o.id > (SELECT avg(x) FROM i WHERE i.k = o.k) ORDER BY o.id",
        "SELECT o.id FROM o WHERE 0 = (SELECT count(x) FROM i WHERE i.k = o.k AND o.m = i.k) ORDER BY o.id",
        "SELECT o.id FROM o WHERE (SELECT min(x) FROM i WHERE i.k = o.m) IS NULL ORDER BY o.id",
        "SELECT o.id FROM o WHERE o.id BETWEEN (SELECT min(x) FROM i WHERE i.k = o.k) AND 30 ORDER BY o.id",
        "SELECT q.id FROM (SELECT id, k FROM o UNION ALL SELECT m, m FROM o) q WHERE EXISTS (SELECT 1 FROM i WHERE i.k = q.k) ORDER BY q.id",
        "SELECT m, (SELECT count(*) FROM i WHERE i.k = o.m) FROM o GROUP BY m ORDER BY m",
        "SELECT o.id FROM o WHERE o.k > (SELECT count(*) FROM i WHERE i.k = o.k AND EXISTS (SELECT 1 FROM o p WHERE p.id = i.id)) ORDER BY 1",
    ];
    let alone: Vec<Vec<String>> = queries.iter().map(|sql| support::rows(&db, sql)).collect();
    let plan = support::rows(&db, &format!("EXPLAIN {}", queries[0])).join("\n");
    assert!(plan.contains("Hash join") && !plan.contains("Subquery"), "{plan}");
    // With an index the rows of one outer row are looked up, and the answers are the same.
    support::run(&db, "CREATE INDEX i_k ON i (k)");
    let plan = support::rows(&db, &format!("EXPLAIN {}", queries[0])).join("\n");
    assert!(plan.contains("Subquery"), "{plan}");
    for (sql, expected) in queries.iter().zip(alone) {
        assert_eq!(support::rows(&db, sql), expected, "{sql}");
        assert!(!expected.is_empty(), "{sql}");
    }
    check(
        &db,
        "SELECT count(*) FROM o, i WHERE (o.k = i.k AND o.id < 9) OR (i.x > 50 AND o.k = i.k)",
        &["88"],
    );
    let sql = "SELECT count(*) FROM o, i WHERE (o.k = i.id AND o.id < 9) OR (i.x > 50 AND o.k = i.id)";
    let plan = support::rows(&db, &format!("EXPLAIN {sql}")).join("\n");
    assert!(!plan.contains("Loop"), "{plan}");
}

/// 200 rows.
fn many() -> Connection {
    database(
        "CREATE TABLE o (id INTEGER PRIMARY KEY);
         INSERT INTO o SELECT i FROM generate_series(1, 200) AS i;",
    )
}

#[test]
fn random_values_are_computed_once() {
    let db = many();
    for (value, conditions) in [
        ("random(1, 2)", "c = 1 AND c = 2"),
        ("random() & 1", "c = 1 AND c = 0"),
        ("random(1, 2) + 0", "c IN (1, 3) AND c IN (2, 3)"),
        ("hex(randomblob(1))", "c < '80' AND c >= '80'"),
        ("CAST(gen_random_uuid() AS TEXT)", "c < '8' AND c >= '8'"),
        ("CAST(uuid() AS TEXT)", "c < '8' AND c >= '8'"),
    ] {
        for inner in [
            format!("SELECT {value} AS c FROM o"),
            format!("SELECT {value} AS c FROM o GROUP BY {value}, id"),
            format!("SELECT {value} AS c, count(*) AS n FROM o GROUP BY 1, id"),
            format!("SELECT DISTINCT id, {value} AS c FROM o"),
            format!("SELECT c FROM (SELECT id, {value} AS c FROM o) AS y JOIN o USING (id)"),
        ] {
            check(&db, &format!("SELECT count(*) FROM ({inner}) AS z WHERE {conditions}"), &["0"]);
        }
    }
    check(&db, "SELECT count(*) FROM (SELECT random(1, 9) AS c FROM o) AS z WHERE c <> c", &["0"]);
    check(
        &db,
        "SELECT count(*) FROM o AS x WHERE EXISTS (SELECT 1 FROM (SELECT random(1, 2) AS c FROM o WHERE id = x.id) AS z
             WHERE c = 1 AND c = 2)",
        &["0"],
    );
    check(
        &db,
        "SELECT count(*) FROM (SELECT id, (SELECT c - c FROM (SELECT random(1, 9) + max(y.id) AS c FROM o AS y
             WHERE y.id + 0 = x.id) AS z) AS d FROM o AS x) AS q WHERE d <> 0",
        &["0"],
    );
}

#[test]
fn random_conditions_stay_where_they_stand() {
    let db = many();
    // A row of either table is left out with a probability of 1 to 400 thousand millions.
    for from in [
        "o AS x JOIN o AS y ON random() & 7 = 0",
        "o AS x, o AS y WHERE random(0, 7) = 0",
        "o AS x LEFT JOIN o AS y ON random(0, 7) = 0",
        "o AS x LEFT JOIN o AS y ON 1 = 1 WHERE random(0, 7) = 0",
    ] {
        check(&db, &format!("SELECT count(DISTINCT x.id), count(DISTINCT y.id) FROM {from}"), &["200|200"]);
    }
    check(
        &db,
        "SELECT count(*) % 10 FROM (o AS x JOIN o AS y ON random(0, 1) = 0) CROSS JOIN generate_series(1, 10)",
        &["0"],
    );
    let (mut absent, mut others) = (0, 0);
    for _ in 0..40 {
        let grouped = "SELECT n FROM (SELECT 1 AS one, count(*) AS n FROM o GROUP BY id / 1000) AS z";
        let found = support::rows(&db, &format!("{grouped} WHERE random(0, 1) = 0"));
        assert!(found.is_empty() || found == ["200"], "{found:?}");
        let distinct = "SELECT 1 FROM (SELECT DISTINCT id / 1000 FROM o) AS z WHERE random(0, 1) = 0";
        absent += i32::from(support::rows(&db, distinct).is_empty());
        others += i32::from(support::rows(&db, "SELECT 1 FROM o WHERE id = random(1, 200)").len() != 1);
    }
    assert!(absent > 0 && others > 0, "{absent} {others}");
    // What is the same for all of a statement still finds rows by a key.
    for fixed in ["last_insert_rowid()", "changes()", "CAST(extract(day FROM now()) AS INTEGER)"] {
        let plan = support::rows(&db, &format!("EXPLAIN SELECT 1 FROM o WHERE id = {fixed}")).join("\n");
        assert!(plan.contains("by primary key (1 fixed)"), "{fixed}: {plan}");
    }
}

#[test]
fn subqueries_fail_only_where_they_are_asked() {
    let db = database(
        "CREATE TABLE o (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER);
         CREATE TABLE none (a INTEGER);
         CREATE TABLE tt (k INTEGER, x INTEGER, n NUMERIC, t TEXT);
         INSERT INTO o VALUES (1, 1, 0), (2, 2, 5), (3, 3, 0);
         INSERT INTO tt VALUES (1, 10, 1, '1'), (9, 9223372036854775807, 9999999999999999999999999999, 'x'),
             (9, 9223372036854775807, 9999999999999999999999999999, 'y'), (8, 0, 0, '');",
    );
    let each =
        |value: &str| format!("SELECT id, (SELECT {value} FROM tt WHERE tt.k = o.a) FROM o ORDER BY id");
    check(&db, &each("sum(x)"), &["1|10", "2|NULL", "3|NULL"]);
    check(&db, &each("sum(x) + 1"), &["1|11", "2|NULL", "3|NULL"]);
    check(&db, &each("typeof(sum(x))"), &["1|integer", "2|null", "3|null"]);
    check(&db, &each("count(*) + coalesce(sum(DISTINCT x), 0)"), &["1|11", "2|0", "3|0"]);
    check(&db, &each("sum(x + 1)"), &["1|11", "2|NULL", "3|NULL"]);
    check(&db, &each("sum(100 / x)"), &["1|10", "2|NULL", "3|NULL"]);
    check(&db, &each("max(CAST(t AS INTEGER))"), &["1|1", "2|NULL", "3|NULL"]);
    check(&db, &each("count(*) FILTER (WHERE 10 / x > 0)"), &["1|1", "2|0", "3|0"]);
    check(&db, &each("sum(n * 10000000000)"), &["1|10000000000.0000000000", "2|NULL", "3|NULL"]);
    // Asked for, the joined sum fails at the place of the subquery.
    let failed = support::error(&db, "SELECT (SELECT sum(x) FROM tt WHERE tt.k = u.k) FROM tt AS u");
    assert_eq!((failed.code(), failed.position().map(|at| at.column)), ("22003", Some(9)), "{failed}");
    for (condition, expected) in [
        ("tt.k = o.a AND 10 / tt.x > 0", ["1|1", "2|0", "3|0"]),
        ("tt.k = o.a AND (SELECT 10 / tt.x) > 0", ["1|1", "2|0", "3|0"]),
        ("tt.k = o.a AND CAST(t AS INTEGER) = 1", ["1|1", "2|0", "3|0"]),
    ] {
        let counted = format!("SELECT count(*) FROM tt WHERE {condition}");
        check(&db, &format!("SELECT id, ({counted}) FROM o ORDER BY id"), &expected);
    }
    for condition in [
        "tt.k = o.a AND 10 / tt.x > 1",
        "10 / tt.x = o.a",
        "tt.k = 10 / (o.a - o.a)",
        "tt.k = o.a AND EXISTS (SELECT 1 FROM none WHERE 10 / tt.x > 1)",
    ] {
        let counted = format!("(SELECT count(*) FROM tt WHERE {condition})");
        check(&db, &format!("SELECT CASE WHEN o.a = 5 THEN {counted} END FROM o WHERE id = 1"), &["NULL"]);
        check(&db, &format!("SELECT {counted} FROM none AS o"), &[]);
        check(&db, &format!("SELECT 1 FROM none AS o WHERE {counted} > 1"), &[]);
        let joined =
            format!("(SELECT count(*) FROM (SELECT * FROM tt WHERE 10 / x > 0) AS tt WHERE {condition})");
        check(&db, &format!("SELECT {joined} FROM none AS o"), &[]);
    }
    check(
        &db,
        "SELECT CASE WHEN o.b > 0 THEN (SELECT count(*) FROM tt WHERE tt.k = 45 / o.b) END FROM o ORDER BY id",
        &["NULL", "2", "NULL"],
    );
}
