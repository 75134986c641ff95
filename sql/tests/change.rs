//! INSERT, UPDATE, DELETE, their conflict clauses and RETURNING.

mod support;

use drystone::types::{Decimal, Value};
use drystone::{named_params, params};
use support::{check, database, error, fails, run};

const STOCK: &str =
    "CREATE TABLE stock (id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER DEFAULT 1, price NUMERIC(8,2));
    INSERT INTO stock VALUES (1, 'ash', 5, 1.50), (2, 'oak', 7, 2.25), (3, 'elm', 0, NULL)";

#[test]
fn insert_in_all_forms() {
    let db = database(STOCK);
    assert_eq!(
        db.execute("INSERT INTO stock (name, id) VALUES ('yew', 9), ('fir', DEFAULT)", ()).expect("insert"),
        2
    );
    assert_eq!(db.execute("INSERT INTO stock DEFAULT VALUES", ()).expect("insert"), 1);
    check(&db, "SELECT * FROM stock WHERE id > 3", &["9|yew|1|NULL", "10|fir|1|NULL", "11|NULL|1|NULL"]);
    let copied =
        db.execute("INSERT INTO stock (name, n) SELECT name || '2', n * 2 FROM stock WHERE n > 1", ());
    assert_eq!(copied.expect("insert"), 2);
    check(&db, "SELECT id, name, n FROM stock WHERE id > 11", &["12|ash2|10", "13|oak2|14"]);
    fails(&db, "INSERT INTO stock VALUES (1, 'x')", "42601");
    fails(&db, "INSERT INTO stock (id, id) VALUES (1, 2)", "42701");
    fails(&db, "INSERT INTO stock (nope) VALUES (1)", "42703");
    fails(&db, "INSERT INTO stock (n) VALUES ('many')", "22P02");
    // A statement does not see its own rows.
    run(&db, "CREATE TABLE r (v INTEGER); INSERT INTO r VALUES (1), (2); INSERT INTO r SELECT v + 2 FROM r");
    check(&db, "SELECT * FROM r", &["1", "2", "3", "4"]);
}

#[test]
fn numbers_and_texts_become_what_the_column_is() {
    let db = database(
        "CREATE TABLE t (i INTEGER, n NUMERIC(6,2), d DOUBLE PRECISION, s TEXT, ts TIMESTAMP, b BLOB)",
    );
    run(&db, "INSERT INTO t VALUES (2.5, 3, 1, 42, '2024-05-06', X'00ff')");
    check(&db, "SELECT * FROM t", &["3|3.00|1.0|42|2024-05-06 00:00:00|\\x00ff"]);
    db.execute(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)",
        params![1, 2.5, 3, "x", "2024-01-01 10:00", vec![1u8]],
    )
    .expect("insert");
    check(&db, "SELECT * FROM t WHERE s = 'x'", &["1|2.50|3.0|x|2024-01-01 10:00:00|\\x01"]);
}

#[test]
fn update_and_delete() {
    let db = database(STOCK);
    assert_eq!(
        db.execute("UPDATE stock SET n = n + 1, price = price * 2 WHERE n > 0", ()).expect("update"),
        2
    );
    check(&db, "SELECT id, n, price FROM stock", &["1|6|3.00", "2|8|4.50", "3|0|NULL"]);
    // Keys may move among the rows of one statement.
    run(&db, "UPDATE stock SET id = 4 - id");
    check(&db, "SELECT id, name FROM stock", &["1|elm", "2|oak", "3|ash"]);
    run(&db, "UPDATE stock SET id = id + 1");
    check(&db, "SELECT id, name FROM stock", &["2|elm", "3|oak", "4|ash"]);
    run(
        &db,
        "UPDATE stock AS s SET n = (SELECT count(*) FROM stock o WHERE o.id < s.id), name = DEFAULT WHERE id = 4",
    );
    check(&db, "SELECT * FROM stock WHERE id = 4", &["4|NULL|2|3.00"]);
    fails(&db, "UPDATE stock SET n = 1, n = 2", "42701");
    fails(&db, "UPDATE stock SET name = 'oak' WHERE id = 2", "23505");
    run(&db, "UPDATE stock SET (n, name) = (n + 1, 'new') WHERE id = 4");
    check(&db, "SELECT n, name FROM stock WHERE id = 4", &["3|new"]);
    assert_eq!(
        db.execute("DELETE FROM stock WHERE id IN (SELECT id FROM stock WHERE n = 0)", ()).expect("delete"),
        1
    );
    assert_eq!(db.execute("DELETE FROM stock WHERE FALSE", ()).expect("delete"), 0);
    assert_eq!(db.execute("DELETE FROM stock", ()).expect("delete"), 2);
    check(&db, "SELECT count(*) FROM stock", &["0"]);
}

#[test]
fn tables_without_a_key_change_too() {
    let db = database(
        "CREATE TABLE t (a INTEGER, b TEXT); CREATE INDEX ta ON t (a); INSERT INTO t VALUES (1,'x'),(1,'x'),(2,'y')",
    );
    run(&db, "UPDATE t SET a = 3 WHERE b = 'y'; DELETE FROM t WHERE a = 1; INSERT INTO t VALUES (4, 'z')");
    check(&db, "SELECT * FROM t", &["3|y", "4|z"]);
    check(&db, "SELECT b FROM t WHERE a = 3", &["y"]);
}

#[test]
fn conflicts_are_resolved() {
    let db = database(STOCK);
    run(&db, "INSERT INTO stock (id, name) VALUES (1, 'new'), (8, 'oak'), (9, 'new') ON CONFLICT DO NOTHING");
    run(&db, "INSERT OR IGNORE INTO stock (id, name) VALUES (9, 'again')");
    check(&db, "SELECT id, name FROM stock WHERE n = 1", &["9|new"]);
    run(&db, "INSERT OR REPLACE INTO stock (id, name) VALUES (1, 'oak')");
    check(&db, "SELECT id, name, n FROM stock", &["1|oak|1", "3|elm|0", "9|new|1"]);
    run(&db, "REPLACE INTO stock VALUES (3, 'elm', 12, 1)");
    check(&db, "SELECT * FROM stock WHERE id = 3", &["3|elm|12|1.00"]);
    let upsert = "INSERT INTO stock (id, name, n) VALUES (3, 'x', 5), (4, 'y', 6)
                  ON CONFLICT (id) DO UPDATE SET n = stock.n + excluded.n, price = n WHERE excluded.n < 100";
    assert_eq!(db.execute(upsert, ()).expect("upsert"), 2);
    check(&db, "SELECT * FROM stock WHERE id IN (3, 4)", &["3|elm|17|12.00", "4|y|6|NULL"]);
    run(
        &db,
        "INSERT INTO stock (name, n) VALUES ('y', 1) ON CONFLICT (name) DO UPDATE SET n = 0 WHERE stock.n > 99",
    );
    check(&db, "SELECT n FROM stock WHERE name = 'y'", &["6"]);
    fails(
        &db,
        "INSERT INTO stock (id, name) VALUES (3, 'y') ON CONFLICT (id) DO UPDATE SET name = 'y'",
        "23505",
    );
    fails(&db, "INSERT INTO stock (id) VALUES (3) ON CONFLICT (n) DO NOTHING", "42P10");
    assert!(db.check().expect("check").ok);
}

#[test]
fn returning_gives_rows() {
    let db = database(STOCK);
    check(
        &db,
        "INSERT INTO stock (name) VALUES ('yew'), ('fir') RETURNING id, upper(name) AS big",
        &["4|YEW", "5|FIR"],
    );
    check(&db, "UPDATE stock SET n = n + 1 WHERE id < 3 RETURNING *", &["1|ash|6|1.50", "2|oak|8|2.25"]);
    check(&db, "DELETE FROM stock WHERE id = 2 RETURNING n", &["8"]);
    let mut statement = db.prepare("INSERT INTO stock (name) VALUES (?) RETURNING id").expect("prepare");
    let id: i64 = statement.query_row(["box"], |row| row.get("id")).expect("row");
    assert_eq!((id, db.last_insert_rowid(), db.changes()), (6, 6, 1));
}

#[test]
fn parameters_in_all_forms() {
    let db = database(STOCK);
    let name = |sql: &str, id: i64| db.query_row(sql, [id], |row| row.get::<_, String>(0)).expect("row");
    assert_eq!(name("SELECT name FROM stock WHERE id = ?", 1), "ash");
    assert_eq!(name("SELECT name FROM stock WHERE id = $1", 2), "oak");
    assert_eq!(name("SELECT name FROM stock WHERE id = ?1 AND ?1 = id", 3), "elm");
    let mut named = db.prepare("SELECT name FROM stock WHERE n > :least AND id <> @id").expect("prepare");
    let found: String =
        named.query_row(named_params! {":least": 4, "@id": 1}, |row| row.get(0)).expect("row");
    assert_eq!(found, "oak");
    assert!(named.query(named_params! {":least": 4}).is_err());
    assert!(named.query(named_params! {":least": 4, "@id": 1, ":more": 2}).is_err());
    assert!(db.query_row("SELECT ?", (), |_| Ok(())).is_err());
    let none: Option<String> =
        db.query_row("SELECT name FROM stock WHERE n = ?", params![None::<i64>], |row| row.get(0)).ok();
    assert_eq!(none, None);
    let typed: (i64, Value) =
        db.query_row("SELECT ? + 1, ?", params![41, "x"], |row| Ok((row.get(0)?, row.get(1)?))).expect("row");
    assert_eq!(typed, (42, Value::Text("x".into())));
    assert_eq!(error(&db, "SELECT name FROM stock WHERE id = ?").code(), "07001");
    // A column that is only a parameter has the type of its value.
    let mut echo = db.prepare("SELECT ?").expect("prepare");
    assert_eq!(echo.query_row([7], |row| row.get::<_, i64>(0)).expect("row"), 7);
    assert_eq!(echo.query_row(["x"], |row| row.get::<_, String>(0)).expect("row"), "x");
    assert_eq!(echo.query_row([2.5], |row| row.get::<_, f64>(0)).expect("row"), 2.5);
    assert_eq!(echo.query_row([None::<i64>], |row| row.get::<_, Option<i64>>(0)).expect("row"), None);
}

#[test]
fn many_rows_and_long_values() {
    let db = database("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w BLOB); CREATE INDEX tv ON t (w)");
    let long = "stone ".repeat(20_000);
    {
        let mut insert = db.prepare("INSERT INTO t VALUES (?, ?, ?)").expect("prepare");
        run(&db, "BEGIN");
        for id in 0..3_000_i64 {
            let value = if id % 1_000 == 7 { long.clone() } else { format!("value {id}") };
            insert.execute(params![id, value, id.to_le_bytes().to_vec()]).expect("insert");
        }
        run(&db, "COMMIT");
    }
    check(&db, "SELECT count(*), sum(length(v)) > 360000 FROM t", &["3000|true"]);
    let same: String = db.query_row("SELECT v FROM t WHERE id = 1007", (), |row| row.get(0)).expect("row");
    assert_eq!(same, long);
    check(&db, "SELECT count(*) FROM t WHERE length(v) > 100000", &["3"]);
    let key = format!("INSERT INTO t VALUES (9999, '', X'{}')", "ab".repeat(2_000));
    fails(&db, &key, "54000");
    check(&db, "SELECT count(*) FROM t", &["3000"]);
    run(&db, "DELETE FROM t WHERE id % 2 = 0");
    check(&db, "SELECT count(*), min(id), max(id) FROM t", &["1500|1|2999"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn changes_look_into_other_tables() {
    let db = database(STOCK);
    run(
        &db,
        "CREATE TABLE delivery (stock INTEGER, n INTEGER, note TEXT);
         INSERT INTO delivery VALUES (1, 10, 'a'), (3, 30, 'b'), (3, 31, 'c'), (9, 90, 'd')",
    );
    let changed = db.execute(
        "UPDATE stock SET n = stock.n + d.n FROM delivery AS d WHERE d.stock = stock.id AND d.note <> 'c'",
        (),
    );
    assert_eq!(changed.expect("update"), 2);
    check(&db, "SELECT id, n FROM stock ORDER BY id", &["1|15", "2|7", "3|30"]);
    // A row with two partners changes once.
    let twice = db.execute("UPDATE stock s SET n = 0 FROM delivery d WHERE d.stock = s.id", ());
    assert_eq!(twice.expect("update"), 2);
    check(
        &db,
        "UPDATE stock SET n = x.total FROM (SELECT stock, sum(n) AS total FROM delivery GROUP BY stock) AS x
         WHERE x.stock = id RETURNING id, stock.n",
        &["1|10", "3|61"],
    );
    check(
        &db,
        "UPDATE stock SET n = d.n FROM delivery d JOIN stock o ON o.id = d.stock WHERE o.name = 'ash' AND stock.id = 2
         RETURNING *",
        &["2|oak|10|2.25"],
    );
    check(
        &db,
        "DELETE FROM delivery USING stock AS s WHERE s.id = delivery.stock AND s.name = 'elm' RETURNING note",
        &["b", "c"],
    );
    check(&db, "SELECT note FROM delivery", &["a", "d"]);
    fails(&db, "UPDATE stock SET n = 1 FROM stock", "42712");
    fails(&db, "UPDATE stock SET n = n FROM delivery", "42702");
    fails(&db, "DELETE FROM stock USING nothing", "42P01");
}

#[test]
fn a_query_gives_several_columns() {
    let db = database(STOCK);
    run(
        &db,
        "CREATE TABLE news (id INTEGER, n INTEGER, name TEXT); INSERT INTO news VALUES (1, 50, 'new ash'), (2, 70, 'new oak')",
    );
    run(&db, "UPDATE stock SET (n, name) = (SELECT n, name FROM news WHERE news.id = stock.id) WHERE id < 3");
    check(&db, "SELECT id, n, name FROM stock ORDER BY id", &["1|50|new ash", "2|70|new oak", "3|0|elm"]);
    fails(&db, "UPDATE stock SET (n, name) = (SELECT n FROM news)", "42601");
    fails(&db, "UPDATE stock SET (n, name) = (SELECT * FROM news)", "0A000");
    fails(&db, "UPDATE stock SET (n, name) = (SELECT n, name FROM news)", "21000");
    fails(&db, "UPDATE stock SET (n, name) = 5", "42601");
}

#[test]
fn truncate_deletes_all() {
    let db = database(STOCK);
    assert_eq!(db.execute("TRUNCATE TABLE stock", ()).expect("truncate"), 3);
    check(&db, "SELECT count(*) FROM stock", &["0"]);
    run(&db, "TRUNCATE stock");
    fails(&db, "TRUNCATE nothing", "42P01");
    fails(&db, "TRUNCATE stock CASCADE", "0A000");
    fails(&db, "TRUNCATE stock RESTART IDENTITY", "0A000");
}

#[test]
fn changes_have_with() {
    let db = database(STOCK);
    run(
        &db,
        "WITH more AS (SELECT 10 AS id, 'fir' AS name) INSERT INTO stock (id, name) SELECT id, name FROM more",
    );
    run(
        &db,
        "WITH few AS (SELECT id FROM stock WHERE n = 0) UPDATE stock SET n = 99 WHERE id IN (SELECT id FROM few)",
    );
    check(&db, "SELECT id, n FROM stock WHERE n = 99", &["3|99"]);
    check(
        &db,
        "WITH old AS (SELECT 10 AS id) DELETE FROM stock USING old WHERE stock.id = old.id RETURNING name",
        &["fir"],
    );
    fails(&db, "WITH x AS (SELECT 1) DELETE FROM stock USING y", "42P01");
}

#[test]
fn conflicts_by_the_name_of_a_constraint() {
    let db = database(
        "CREATE TABLE t (a INTEGER, b TEXT, CONSTRAINT whole PRIMARY KEY (a, b), c INTEGER, CONSTRAINT c_once UNIQUE (c));
         INSERT INTO t VALUES (1, 'x', 5)",
    );
    run(&db, "INSERT INTO t VALUES (1, 'x', 6) ON CONFLICT ON CONSTRAINT whole DO UPDATE SET c = excluded.c");
    run(&db, "INSERT INTO t VALUES (2, 'y', 6) ON CONFLICT ON CONSTRAINT c_once DO NOTHING");
    check(&db, "SELECT * FROM t", &["1|x|6"]);
    fails(&db, "INSERT INTO t VALUES (2, 'y', 6) ON CONFLICT ON CONSTRAINT nothing DO NOTHING", "42704");
}

#[test]
fn a_statement_does_not_see_the_rows_it_writes() {
    let fresh = || {
        database("CREATE TABLE u (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO u VALUES (1, 0), (2, 0)")
    };
    let db = fresh();
    run(
        &db,
        "INSERT INTO u VALUES (5, 0), (1, 0), (6, 0), (2, 0) ON CONFLICT (id) DO UPDATE SET n = (SELECT count(*) FROM u)",
    );
    check(&db, "SELECT * FROM u", &["1|2", "2|2", "5|0", "6|0"]);
    let db = fresh();
    run(
        &db,
        "INSERT INTO u VALUES (5, 0), (1, 0), (6, 0), (2, 0) ON CONFLICT (id) DO UPDATE SET n = n + 10
         WHERE excluded.id NOT IN (SELECT id FROM u WHERE n > 0) AND NOT EXISTS (SELECT 1 FROM u WHERE id = 5)",
    );
    check(&db, "SELECT * FROM u", &["1|10", "2|10", "5|0", "6|0"]);
    for (change, given) in [
        ("INSERT INTO u VALUES (5, 0), (6, 0)", ["5|2|2", "6|2|2"]),
        ("INSERT INTO u VALUES (5, 0), (1, 0) ON CONFLICT DO NOTHING", ["5|2|3", ""]),
        ("REPLACE INTO u VALUES (5, 0), (1, 0)", ["5|2|3", "1|2|1"]),
        ("UPDATE u SET id = id + 10", ["11|2|2", "12|2|2"]),
        ("DELETE FROM u", ["1|2|1", "2|2|2"]),
    ] {
        let returning =
            "RETURNING id, (SELECT count(*) FROM u), (SELECT count(*) FROM u AS o WHERE o.id <= u.id)";
        let given: Vec<&str> = given.into_iter().filter(|row| !row.is_empty()).collect();
        check(&fresh(), &format!("{change} {returning}"), &given);
    }
    let one = "INSERT INTO u VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET id = 3, n = (SELECT max(id) FROM u)
        RETURNING n, (SELECT max(id) FROM u)";
    check(&fresh(), one, &["2|2"]);
    // What is not asked does not fail.
    run(
        &fresh(),
        "INSERT INTO u VALUES (9, 0) ON CONFLICT (id) DO UPDATE SET n = (SELECT 1 / (n - n) FROM u)",
    );
    // Many rows, too.
    let all = "INSERT INTO u SELECT g, 0 FROM generate_series(10, 5000) AS s (g)
        RETURNING (SELECT count(*) FROM u AS o WHERE o.id < u.id)";
    assert_eq!(support::rows(&fresh(), all), vec!["2"; 4991]);
    // Where the row at hand is asked about, what was written before it is there.
    let db = fresh();
    run(
        &db,
        "INSERT INTO u VALUES (1, 7), (5, 0), (2, 7) ON CONFLICT (id)
         DO UPDATE SET n = (SELECT count(*) FROM u AS o WHERE o.id < excluded.n)",
    );
    check(&db, "SELECT * FROM u", &["1|2", "2|3", "5|0"]);
}

#[test]
fn numbers_go_on_behind_a_key_that_was_moved() {
    let db =
        database("CREATE TABLE nn (id INTEGER PRIMARY KEY, u INTEGER UNIQUE); INSERT INTO nn VALUES (1, 1)");
    run(&db, "INSERT INTO nn VALUES (NULL, 1), (NULL, 2) ON CONFLICT (u) DO UPDATE SET id = 2");
    check(&db, "SELECT * FROM nn", &["2|1", "3|2"]);
    run(&db, "INSERT INTO nn VALUES (NULL, 1), (NULL, 3) ON CONFLICT (u) DO UPDATE SET id = 9");
    check(&db, "SELECT * FROM nn", &["3|2", "9|1", "10|3"]);
}

#[test]
fn numbers_stay_in_the_range_of_the_key() {
    for (data_type, last) in [("SMALLINT", 32_767_i64), ("INT4", 2_147_483_647), ("BIGINT", i64::MAX)] {
        for rule in ["", " AUTOINCREMENT"] {
            let db = database(&format!("CREATE TABLE t (k {data_type} PRIMARY KEY{rule}, v TEXT)"));
            run(&db, &format!("INSERT INTO t VALUES ({}, 'a')", last - 2));
            fails(&db, "INSERT INTO t (v) VALUES ('b'), ('c'), ('d')", "22003");
            run(&db, "INSERT INTO t (v) VALUES ('b'), ('c')");
            for directly in [true, false] {
                db.run_directly(directly);
                fails(&db, "INSERT INTO t (v) VALUES ('d')", "22003");
                fails(&db, "INSERT INTO t SELECT NULL, 'd'", "22003");
            }
            check(&db, "SELECT max(k), count(*) FROM t", &[&format!("{last}|3")]);
            run(&db, "INSERT INTO t VALUES (7, 'e')");
        }
    }
}

#[test]
fn only_what_is_assigned_is_rounded() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY, n NUMERIC(10, 2), d DATE)");
    run(&db, "INSERT INTO t VALUES (1, 1.01, '2024-01-01'), (2, 2.5, '2024-01-02'), (3, 3, NULL)");
    let (half, fine) = (Value::Double(1.5), Value::Decimal(Decimal { unscaled: 1_005, scale: 3 }));
    let noon = Value::Timestamp(1_704_110_400_000_000);
    for directly in [true, false] {
        db.run_directly(directly);
        for (sql, value) in [
            ("SELECT k FROM t WHERE k = ?", &half),
            ("SELECT k FROM t WHERE k > ?", &half),
            ("SELECT k FROM t WHERE k BETWEEN ? AND 2", &half),
            ("SELECT k FROM t WHERE k IN (7, ?)", &half),
            ("SELECT k * ? FROM t", &half),
            ("SELECT k FROM t LIMIT ?", &half),
            ("SELECT k FROM t WHERE n = ?", &fine),
            ("SELECT n * ? FROM t", &fine),
            ("SELECT k FROM t WHERE d < ?", &noon),
            ("UPDATE t SET n = 0 WHERE k = ?", &half),
            ("DELETE FROM t WHERE k = ?", &half),
        ] {
            let mut statement = db.prepare(sql).expect("prepare");
            let mut run = || statement.query([value.clone()])?.next().map(drop);
            assert_eq!(run().expect_err(sql).code(), "22003", "{sql}");
        }
        for (sql, value, wanted) in [
            ("SELECT count(*) FROM t WHERE k = ?", Value::Double(2.0), "1"),
            ("SELECT count(*) FROM t WHERE n = ?", Value::Double(1.01), "1"),
            ("SELECT count(*) FROM t WHERE n > ?", Value::Double(0.1 + 0.2), "3"),
            ("SELECT count(*) FROM t WHERE k > CAST(? AS DOUBLE)", half.clone(), "2"),
            ("SELECT n * CAST(? AS NUMERIC(4, 3)) FROM t LIMIT 1", fine.clone(), "1.01505"),
            ("SELECT CAST(? AS INTEGER)", half.clone(), "2"),
            ("SELECT date(?)", noon.clone(), "2024-01-01"),
            ("SELECT count(*) FROM t WHERE d = ?", Value::Timestamp(1_704_067_200_000_000), "1"),
        ] {
            let found = db.query_row(sql, [value], |row| Ok(row.values()[0].to_string()));
            assert_eq!(found.expect(sql), wanted, "{sql}");
        }
        db.execute("INSERT INTO t VALUES (9, ?, ?)", (fine.clone(), noon.clone())).expect("insert");
        db.execute("UPDATE t SET n = ? WHERE k = 3", [fine.clone()]).expect("update");
        check(&db, "SELECT n, d FROM t WHERE k IN (3, 9) ORDER BY k", &["1.01|NULL", "1.01|2024-01-01"]);
        run(&db, "DELETE FROM t WHERE k = 9; UPDATE t SET n = 3 WHERE k = 3");
    }
    fails(&db, "SELECT k FROM t WHERE n = '1.005'", "22003");
    check(&db, "SELECT k FROM t WHERE n = '1.01'", &["1"]);
}
