//! Where errors say they are, those at run time too.

mod support;

use support::{database, error};

/// The part of the text an error points at the start of, up to the next space.
fn place(db: &drystone::Connection, sql: &str) -> String {
    let error = error(db, sql);
    let at = error.position().unwrap_or_else(|| panic!("{sql}: {error} has no place"));
    let line = sql.lines().nth(at.line as usize - 1).expect("line");
    let byte = line.char_indices().nth(at.column as usize - 1).map_or(line.len(), |(byte, _)| byte);
    assert_eq!(
        &sql[at.offset..],
        &sql[sql.find(line).expect("line") + byte..],
        "{sql}: offset and line differ"
    );
    sql[at.offset..].split_whitespace().next().unwrap_or("").to_owned()
}

#[test]
fn errors_at_run_time_have_a_place() {
    let db = database(
        "CREATE TABLE t (a INTEGER, s TEXT, d NUMERIC(6,2));
         INSERT INTO t VALUES (0, 'x', 5), (9223372036854775807, '7', 1)",
    );
    for (sql, at) in [
        ("SELECT s,\n  10 / a FROM t", "10"),
        ("SELECT s FROM t WHERE length(s) > 0 AND a + 1 > 0", "a"),
        ("SELECT s FROM t WHERE 1 = 1 ORDER BY CAST(s AS INTEGER)", "s"),
        ("SELECT max(a) FROM t GROUP BY s HAVING 1 / min(a) > 0", "1"),
        ("UPDATE t SET d = 1, a = a / (a - a)", "a"),
        ("INSERT INTO t SELECT 1, 'h\u{e9}', 5 % a FROM t", "5"),
        ("SELECT (SELECT a FROM t) FROM t", "SELECT"),
        ("DELETE FROM t WHERE CAST(s AS DATE) > '2024-01-01'", "s"),
        ("SELECT a FROM t WHERE CASE WHEN s = 'x' THEN sqrt(a - 1) ELSE 1 END > 0", "sqrt(a"),
        ("INSERT INTO t (a) VALUES (1), (1 / 0)", "1"),
        ("SELECT repeat('x', 5), substr(s, 1, -1) FROM t", "s,"),
    ] {
        assert!(place(&db, sql).starts_with(at), "{sql}: {}", place(&db, sql));
    }
}

#[test]
fn errors_in_other_texts_have_none_of_their_places() {
    let db = database(
        "CREATE TABLE t (a INTEGER CHECK (10 / a > 0)); CREATE TABLE n (a INTEGER); INSERT INTO n VALUES (0);
         CREATE VIEW v AS SELECT 1,
            1 / a AS x FROM n",
    );
    for sql in ["SELECT x FROM v", "INSERT INTO t VALUES (0)"] {
        let error = error(&db, sql);
        assert_eq!((error.code(), error.position()), ("22012", None), "{sql}");
    }
    support::run(&db, "CREATE VIEW w AS SELECT a AS x FROM n");
    assert_eq!(place(&db, "SELECT 1,\n 5 + 10 / x FROM w"), "10");
}

#[test]
fn a_parameter_of_the_wrong_type_is_named() {
    let db =
        database("CREATE TABLE t (a INTEGER PRIMARY KEY, d DATE); INSERT INTO t VALUES (1, '2024-01-01')");
    for sql in [
        "SELECT a FROM t WHERE d > ?1 AND a = ?2",
        "UPDATE t SET a = ?2, d = ?1",
        "INSERT INTO t (d, a) VALUES (?1, ?2)",
    ] {
        let wrong = db.prepare(sql).and_then(|mut statement| {
            let mut rows = statement.query(("2024-01-01", "many"))?;
            while rows.next()?.is_some() {}
            Ok(())
        });
        let wrong = wrong.expect_err(sql);
        assert_eq!(wrong.code(), "22P02", "{sql}");
        assert!(wrong.message().starts_with("parameter 2: "), "{sql}: {wrong}");
    }
}
