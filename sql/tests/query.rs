//! Queries and their rows: expressions, joins, grouping, subqueries, set operations, order.
//!
//! Each case is a query and its rows as text: columns apart by a space, rows by a comma, NULL as
//! `-`; or `error` and the SQLSTATE.

use drystone::Connection;
use drystone::types::Value;

const SETUP: &str = "
CREATE TABLE mason (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE, chief INTEGER, wage NUMERIC(8,2));
CREATE TABLE wall (id INTEGER PRIMARY KEY, mason INTEGER REFERENCES mason, length DOUBLE PRECISION, stone TEXT);
CREATE TABLE visit (wall INTEGER, day DATE, note TEXT, PRIMARY KEY (wall, day));
CREATE INDEX wall_mason ON wall (mason);
CREATE INDEX wall_stone ON wall (stone DESC, length);
INSERT INTO mason VALUES (1, 'Ada', '1815-12-10', NULL, 100.50), (2, 'Bo', '1900-02-28', 1, 80),
    (3, 'Cy', NULL, 1, NULL), (4, 'Di', '1999-12-31', 2, 80.25);
INSERT INTO wall VALUES (10, 1, 2.5, 'slate'), (11, 1, 7.5, 'granite'), (12, 2, 1.0, 'slate'),
    (13, 4, 3.25, NULL), (14, NULL, 9.0, 'flint');
INSERT INTO visit VALUES (10, '2021-03-01', 'fine'), (10, '2021-03-02', NULL), (12, '2021-03-01', 'leans'),
    (14, '2022-01-01', 'new');
";

fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SETUP).unwrap();
    connection
}

fn answer(connection: &Connection, sql: &str) -> String {
    let run = || -> drystone::Result<String> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query(())?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let cell = |value: &Value| if value.is_null() { "-".to_owned() } else { value.to_string() };
            lines.push(row.values().iter().map(cell).collect::<Vec<_>>().join(" "));
        }
        Ok(lines.join(", "))
    };
    run().unwrap_or_else(|error| format!("error {}", error.code()))
}

fn check(cases: &[(&str, &str)]) {
    let connection = connection();
    for (sql, expected) in cases {
        assert_eq!(answer(&connection, sql), *expected, "{sql}");
    }
}

#[test]
fn expressions() {
    check(&[
        ("SELECT 1 + 2 * 3, (1 + 2) * 3, -7 / 2, -7 % 2, 7.0 / 2", "7 9 -3 -1 3.5000000000000000"),
        ("SELECT 10 - 4 - 3, 2 - -1, 1 - 2 + 3", "3 3 2"),
        ("SELECT 1 < 2, 'a' || 'b' || 1, NOT 1 = 2, 1 = 1 AND 2 = 3 OR 4 = 4", "true ab1 true true"),
        ("SELECT NULL = NULL, NULL IS NULL, 1 IS NOT NULL, NULL IS DISTINCT FROM 1", "- true true true"),
        ("SELECT NULL AND 1 = 2, NULL OR 1 = 1, NULL AND 1 = 1", "false true -"),
        ("SELECT 5 BETWEEN 1 AND 5, 5 NOT BETWEEN 6 AND 9, 5 BETWEEN NULL AND 4", "true true false"),
        ("SELECT 2 IN (1, 2), 3 IN (1, NULL), 3 NOT IN (1, 2), 1 IN ()", "true - true false"),
        (
            "SELECT 'Live' LIKE '%iv_', 'Live' LIKE 'live', 'Live' ILIKE 'live', 'a%' LIKE 'a!%' ESCAPE '!'",
            "true false true true",
        ),
        ("SELECT CASE WHEN 1 = 2 THEN 'a' END, CASE 3 WHEN 3 THEN 'three' ELSE 'more' END", "- three"),
        ("SELECT CASE WHEN id = 1 THEN 0 ELSE 10 / (id - 1) END FROM mason", "0, 10, 5, 3"),
        ("SELECT 0.1 + 0.2 = 0.3, 1e0 / 3 > 0.33, 1.50 = 1.5", "true true true"),
        ("SELECT coalesce(NULL, 2, 1 / 0), nullif(3, 3), ifnull(NULL, 'x'), iif(1 < 2, 'y', 'n')", "2 - x y"),
        ("SELECT greatest(1, NULL, 3), least('b', 'a'), abs(-5), sign(-2.5)", "3 a 5 -1"),
        ("SELECT round(2.345, 2), round(-2.5), round(1234, -2), ceil(1.2), floor(-1.2)", "2.35 -3 1200 2 -2"),
        (
            "SELECT upper('h\u{e9}'), length('h\u{e9}'), substr('stone', 2, 3), replace('aXa', 'X', '-')",
            "H\u{c9} 2 ton a-a",
        ),
        (
            "SELECT trim('  x '), ltrim('xxa', 'x'), instr('wall', 'l'), left('wall', 2), right('wall', 2)",
            "x a 3 wa ll",
        ),
        (
            "SELECT typeof(1), typeof(1.5), typeof('a'), typeof(NULL), typeof(1e0)",
            "integer numeric text null double precision",
        ),
        ("SELECT 9223372036854775807 + 1", "error 22003"),
        ("SELECT 1 / 0", "error 22012"),
        ("SELECT 'a' + 1", "error 22P02"),
        ("SELECT name + 1 FROM mason", "error 42883"),
        ("SELECT 1 = 1 + 1 = 2", "error 42883"),
        ("SELECT nosuch(1)", "error 42883"),
    ]);
}

#[test]
fn casts_dates_and_times() {
    check(&[
        (
            "SELECT CAST('12' AS INTEGER), CAST(2.5 AS INTEGER), CAST('1.005' AS NUMERIC(5,2)), '7'::int",
            "12 3 1.01 7",
        ),
        ("SELECT CAST('x' AS INTEGER)", "error 22P02"),
        ("SELECT CAST(70000 AS SMALLINT)", "error 22003"),
        ("SELECT CAST('stone' AS VARCHAR(3)), CAST(1 AS BOOLEAN), CAST('yes' AS BOOLEAN)", "sto true true"),
        ("SELECT DATE '2021-02-28' + 1, DATE '2021-03-01' - DATE '2021-02-01'", "2021-03-01 28"),
        (
            "SELECT DATE '2021-01-31' + INTERVAL '1 month', TIMESTAMP '2021-01-01 12:00:00' - INTERVAL '90 minutes'",
            "2021-02-28 00:00:00 2021-01-01 10:30:00",
        ),
        ("SELECT CAST('2021-02-29' AS DATE)", "error 22007"),
        ("SELECT EXTRACT(YEAR FROM born), EXTRACT(DOW FROM born) FROM mason WHERE id = 4", "1999 5"),
        (
            "SELECT strftime('%d.%m.%Y', born), date_trunc('month', born) FROM mason WHERE id = 2",
            "28.02.1900 1900-02-01 00:00:00",
        ),
        ("SELECT name FROM mason WHERE born < '1900-03-01' ORDER BY born", "Ada, Bo"),
        ("SELECT name FROM mason WHERE born = 'yesterday'", "error 22007"),
        ("SELECT day FROM visit WHERE day BETWEEN '2021-03-02' AND '2021-12-31'", "2021-03-02"),
        ("SELECT CAST(NULL AS DATE), CAST(X'00FF' AS TEXT)", "- \\x00ff"),
    ]);
}

#[test]
fn rows_are_found_by_keys_and_indexes() {
    check(&[
        ("SELECT name FROM mason WHERE id = 3", "Cy"),
        ("SELECT name FROM mason WHERE id = NULL", ""),
        ("SELECT id FROM mason WHERE id > 1 AND id <= 3", "2, 3"),
        ("SELECT id FROM mason WHERE id IN (4, 2, 9)", "2, 4"),
        ("SELECT id FROM wall WHERE stone = 'slate' AND length > 1", "10"),
        ("SELECT id FROM wall WHERE stone > 'flint' ORDER BY id", "10, 11, 12"),
        ("SELECT id FROM wall WHERE stone LIKE 'g%'", "11"),
        ("SELECT id FROM wall WHERE stone IS NULL", "13"),
        ("SELECT id FROM wall WHERE mason IN (4, 1, NULL, 1) ORDER BY id", "10, 11, 13"),
        ("SELECT id FROM wall WHERE mason NOT IN (4, 1)", "12"),
        ("SELECT name FROM mason WHERE id IN (2, 1.5, 4)", "Bo, Di"),
        ("SELECT day FROM visit WHERE wall = 10 AND day IN ('2021-03-02', '2020-01-01')", "2021-03-02"),
        ("SELECT note FROM visit WHERE wall IN (14, 12)", "leans, new"),
        ("SELECT note FROM visit WHERE wall = 10 AND day = '2021-03-01'", "fine"),
        ("SELECT day FROM visit WHERE wall = 10 ORDER BY day DESC", "2021-03-02, 2021-03-01"),
        ("SELECT id FROM mason WHERE wage = 80.0", "2"),
        ("SELECT id FROM mason WHERE wage > 80.1 ORDER BY wage", "4, 1"),
        ("SELECT id FROM wall WHERE mason = 1 AND length < 5.0", "10"),
        ("SELECT id FROM wall WHERE mason = '1' ORDER BY id DESC", "11, 10"),
    ]);
}

#[test]
fn joins() {
    check(&[
        (
            "SELECT m.name, w.id FROM mason m JOIN wall w ON w.mason = m.id ORDER BY w.id",
            "Ada 10, Ada 11, Bo 12, Di 13",
        ),
        (
            "SELECT m.name, w.id FROM mason m LEFT JOIN wall w ON w.mason = m.id AND w.length > 2 ORDER BY m.id, w.id",
            "Ada 10, Ada 11, Bo -, Cy -, Di 13",
        ),
        ("SELECT w.id, m.name FROM wall w LEFT JOIN mason m ON m.id = w.mason WHERE m.id IS NULL", "14 -"),
        (
            "SELECT a.name, b.name FROM mason a JOIN mason b ON a.chief = b.id ORDER BY a.id",
            "Bo Ada, Cy Ada, Di Bo",
        ),
        ("SELECT count(*) FROM mason, wall", "20"),
        ("SELECT count(*) FROM mason CROSS JOIN wall WHERE mason.id = wall.mason", "4"),
        (
            "SELECT m.name, v.note FROM mason m JOIN wall w ON w.mason = m.id JOIN visit v ON v.wall = w.id ORDER BY 1, v.day",
            "Ada fine, Ada -, Bo leans",
        ),
        (
            "SELECT m.id, w.id FROM mason m JOIN wall w ON w.length > m.id * 2 ORDER BY 1, 2",
            "1 10, 1 11, 1 13, 1 14, 2 11, 2 14, 3 11, 3 14, 4 14",
        ),
        ("SELECT id FROM mason JOIN wall ON wall.mason = mason.id", "error 42702"),
        ("SELECT count(*) FROM wall JOIN visit ON wall.id = visit.wall AND visit.note IS NOT NULL", "3"),
        (
            "SELECT w.id, v.note FROM wall w LEFT JOIN visit v ON v.wall = w.id AND v.day = DATE '2021-03-01' ORDER BY w.id",
            "10 fine, 11 -, 12 leans, 13 -, 14 -",
        ),
    ]);
}

#[test]
fn groups_and_aggregates() {
    check(&[
        (
            "SELECT count(*), count(born), sum(wage), avg(wage), min(name), max(born) FROM mason",
            "4 3 260.75 86.9166666666666667 Ada 1999-12-31",
        ),
        (
            "SELECT stone, count(*), sum(length) FROM wall GROUP BY stone ORDER BY stone",
            "flint 1 9.0, granite 1 7.5, slate 2 3.5, - 1 3.25",
        ),
        ("SELECT stone, count(*) AS n FROM wall GROUP BY 1 HAVING n > 1", "slate 2"),
        ("SELECT count(*), sum(id), max(id) FROM wall WHERE id > 99", "0 - -"),
        ("SELECT chief, count(*) FROM mason WHERE id > 99 GROUP BY chief", ""),
        ("SELECT count(DISTINCT stone), count(*) FILTER (WHERE length > 3) FROM wall", "3 3"),
        ("SELECT group_concat(name), string_agg(name, '; ') FROM mason WHERE id < 3", "Ada,Bo Ada; Bo"),
        ("SELECT total(wage), avg(id), sum(id) FROM mason WHERE id = 3", "0.0 3.0 3"),
        ("SELECT length > 3 AS long, count(*) FROM wall GROUP BY long ORDER BY long", "false 2, true 3"),
        ("SELECT mason % 2, sum(length) FROM wall GROUP BY mason % 2 ORDER BY 1", "0 4.25, 1 10.0, - 9.0"),
        ("SELECT name, count(*) FROM mason", "error 42803"),
        ("SELECT sum(count(*)) FROM mason", "error 42803"),
        ("SELECT count(*) FROM mason WHERE count(*) > 1", "error 42803"),
        ("SELECT sum(name) FROM mason", "error 42883"),
        ("SELECT DISTINCT stone FROM wall WHERE stone > 'a' ORDER BY stone DESC", "slate, granite, flint"),
        ("SELECT DISTINCT chief FROM mason ORDER BY chief", "1, 2, -"),
    ]);
}

#[test]
fn subqueries() {
    check(&[
        ("SELECT name FROM mason WHERE wage > (SELECT avg(wage) FROM mason)", "Ada"),
        (
            "SELECT name, (SELECT count(*) FROM wall w WHERE w.mason = m.id) FROM mason m ORDER BY m.id",
            "Ada 2, Bo 1, Cy 0, Di 1",
        ),
        (
            "SELECT name FROM mason m WHERE EXISTS (SELECT 1 FROM wall WHERE mason = m.id AND length > 3) ORDER BY name",
            "Ada, Di",
        ),
        ("SELECT name FROM mason m WHERE NOT EXISTS (SELECT 1 FROM wall w WHERE w.mason = m.id)", "Cy"),
        ("SELECT name FROM mason WHERE id IN (SELECT mason FROM wall) ORDER BY id", "Ada, Bo, Di"),
        ("SELECT name FROM mason WHERE id NOT IN (SELECT mason FROM wall)", ""),
        ("SELECT name FROM mason WHERE id NOT IN (SELECT mason FROM wall WHERE mason IS NOT NULL)", "Cy"),
        (
            "SELECT name FROM mason WHERE id NOT IN (SELECT mason FROM wall WHERE id > 99) ORDER BY id",
            "Ada, Bo, Cy, Di",
        ),
        ("SELECT (SELECT name FROM mason)", "error 21000"),
        ("SELECT (SELECT name FROM mason WHERE id = 99)", "-"),
        (
            "SELECT q.stone, q.n FROM (SELECT stone, count(*) AS n FROM wall GROUP BY stone) q WHERE q.n > 1",
            "slate 2",
        ),
        (
            "WITH long AS (SELECT * FROM wall WHERE length > 3) SELECT m.name FROM long JOIN mason m ON m.id = long.mason ORDER BY 1",
            "Ada, Di",
        ),
        ("WITH a(x) AS (SELECT 1), b AS (SELECT x + 1 AS y FROM a) SELECT x, y FROM a, b", "1 2"),
        (
            "SELECT name FROM mason m WHERE 2 <= (SELECT count(*) FROM wall w WHERE w.mason = m.id AND EXISTS \
          (SELECT 1 FROM mason c WHERE c.id = w.mason AND c.name = m.name))",
            "Ada",
        ),
    ]);
}

#[test]
fn set_operations_order_and_limit() {
    check(&[
        (
            "SELECT stone FROM wall UNION SELECT name FROM mason WHERE id = 1 ORDER BY 1",
            "Ada, flint, granite, slate, -",
        ),
        ("SELECT 1 UNION ALL SELECT 1 UNION ALL SELECT 2.5", "1.0, 1.0, 2.5"),
        ("SELECT id FROM mason INTERSECT SELECT mason FROM wall ORDER BY id", "1, 2, 4"),
        ("SELECT id FROM mason EXCEPT SELECT mason FROM wall", "3"),
        ("SELECT 1 UNION SELECT 'x'", "error 22P02"),
        ("SELECT 1, 2 UNION SELECT 3", "error 42601"),
        ("SELECT name FROM mason ORDER BY wage", "Bo, Di, Ada, Cy"),
        ("SELECT name FROM mason ORDER BY wage DESC", "Cy, Ada, Di, Bo"),
        ("SELECT name FROM mason ORDER BY wage DESC NULLS LAST, id", "Ada, Di, Bo, Cy"),
        ("SELECT name AS n FROM mason ORDER BY n DESC LIMIT 2", "Di, Cy"),
        ("SELECT id FROM wall ORDER BY length DESC LIMIT 2 OFFSET 1", "11, 13"),
        ("SELECT id FROM wall LIMIT 0", ""),
        ("SELECT id FROM wall ORDER BY id LIMIT NULL OFFSET 3", "13, 14"),
        ("SELECT id FROM wall LIMIT -1", "error 22023"),
        ("SELECT id FROM wall ORDER BY 7", "error 42601"),
        ("VALUES (1, 'a'), (2, 'b')", "1 a, 2 b"),
        ("SELECT * FROM (VALUES (1), (NULL)) v(x) ORDER BY x", "1, -"),
    ]);
}

#[test]
fn parameters_take_the_type_they_meet() {
    let connection = connection();
    let name = |sql: &str, id: Value| {
        connection.query_row(sql, vec![id], |row| row.get::<_, String>(0)).map_err(|error| error.code())
    };
    assert_eq!(name("SELECT name FROM mason WHERE id = ?", Value::Integer(2)).unwrap(), "Bo");
    assert_eq!(name("SELECT name FROM mason WHERE id = ?1", Value::Text("2".into())).unwrap(), "Bo");
    assert_eq!(
        name("SELECT name FROM mason WHERE born = $1", Value::Text("1999-12-31".into())).unwrap(),
        "Di"
    );
    assert_eq!(name("SELECT name FROM mason WHERE id = ?", Value::Null).unwrap_err(), "02000");
    assert_eq!(name("SELECT name FROM mason WHERE id = ?", Value::Text("two".into())).unwrap_err(), "22P02");
    let total: f64 = connection
        .query_row(
            "SELECT sum(length) FROM wall WHERE mason = :m",
            drystone::named_params! { ":m": 1 },
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(total, 10.0);
}

#[test]
fn a_big_join_sorts_and_groups() {
    let connection = connection();
    connection.execute_batch("CREATE TABLE n (i INTEGER PRIMARY KEY, k INTEGER, t TEXT)").unwrap();
    let rows: Vec<String> = (0..5000).map(|i| format!("({i}, {}, 't{}')", i * 7919 % 101, i % 13)).collect();
    connection.execute(&format!("INSERT INTO n VALUES {}", rows.join(",")), ()).unwrap();
    let cases = [
        ("SELECT count(*), sum(a.i) FROM n a JOIN n b ON a.k = b.i", "5000 12497500"),
        (
            "SELECT t, count(*), min(k), max(i) FROM n GROUP BY t ORDER BY count(*) DESC, t LIMIT 2",
            "t0 385 0 4992, t1 385 0 4993",
        ),
        ("SELECT i FROM n ORDER BY k DESC, i LIMIT 3", "32, 133, 234"),
        ("SELECT count(*) FROM (SELECT DISTINCT k, t FROM n) q", "1313"),
        ("SELECT count(*) FROM n WHERE k IN (SELECT i FROM n WHERE t = 't3')", "396"),
    ];
    for (sql, expected) in cases {
        assert_eq!(answer(&connection, sql), expected, "{sql}");
    }
}
