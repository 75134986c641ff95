//! CREATE and DROP, constraints, and what survives reopening.

mod support;

use drystone::{Connection, Database};
use support::{check, database, error, fails, rows, run};

#[test]
fn tables_come_and_go() {
    let db = database("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT DEFAULT 'x' NOT NULL)");
    fails(&db, "CREATE TABLE T (a INTEGER)", "42P07");
    run(&db, "CREATE TABLE IF NOT EXISTS t (z INTEGER)");
    assert_eq!(db.tables().expect("tables"), ["t"]);
    run(&db, "INSERT INTO t (a) VALUES (5); INSERT INTO t (b) VALUES ('y')");
    check(&db, "SELECT * FROM T ORDER BY A", &["5|x", "6|y"]);
    assert_eq!(db.last_insert_rowid(), 6);
    run(&db, "DROP TABLE t; DROP TABLE IF EXISTS t");
    fails(&db, "DROP TABLE t", "42P01");
    fails(&db, "SELECT * FROM t", "42P01");
}

#[test]
fn definitions_are_checked() {
    let db = database("CREATE TABLE p (id INTEGER PRIMARY KEY)");
    for (sql, code) in [
        ("CREATE TABLE t (a INTEGER, A TEXT)", "42701"),
        ("CREATE TABLE t (a INTEGER, PRIMARY KEY (b))", "42703"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER PRIMARY KEY)", "42P16"),
        ("CREATE TABLE t (a WIDGET)", "42704"),
        ("CREATE TABLE t (a)", "42601"),
        ("CREATE TABLE t (a INTEGER DEFAULT 'x')", "22P02"),
        ("CREATE TABLE t (a INTEGER DEFAULT b)", "42703"),
        ("CREATE TABLE t (a INTEGER CHECK (b > 1))", "42703"),
        ("CREATE TABLE t (a INTEGER CHECK (a))", "42804"),
        ("CREATE TABLE t (a INTEGER UNIQUE DEFERRABLE INITIALLY DEFERRED)", "0A000"),
        ("CREATE TABLE t (a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES p (id))", "42830"),
        ("CREATE INDEX i ON p (nothing)", "42703"),
        ("CREATE INDEX i ON nowhere (id)", "42P01"),
        ("CREATE TABLE t (a NUMERIC(50, 2))", "22003"),
    ] {
        fails(&db, sql, code);
    }
    assert_eq!(db.tables().expect("tables"), ["p"]);
}

#[test]
fn primary_keys_of_every_kind() {
    let db = database(
        "CREATE TABLE i (id INTEGER PRIMARY KEY, v TEXT);
         CREATE TABLE t (name TEXT PRIMARY KEY, v INTEGER);
         CREATE TABLE c (a INTEGER, b TEXT, v INTEGER, PRIMARY KEY (a, b));
         CREATE TABLE n (v INTEGER);
         CREATE TABLE s (id SERIAL PRIMARY KEY, v TEXT);
         CREATE TABLE au (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
         INSERT INTO i VALUES (-5, 'm'), (NULL, 'one'), (10, 'ten'), (NULL, 'eleven');
         INSERT INTO t VALUES ('b', 2), ('a', 1), ('', 0);
         INSERT INTO c VALUES (2, 'x', 1), (1, 'y', 2), (1, 'x', 3);
         INSERT INTO n VALUES (3), (3), (NULL);
         INSERT INTO s (v) VALUES ('p'), ('q');
         INSERT INTO au (v) VALUES ('p'), ('q')",
    );
    check(&db, "SELECT * FROM i", &["-5|m", "1|one", "10|ten", "11|eleven"]);
    check(&db, "SELECT * FROM t", &["|0", "a|1", "b|2"]);
    check(&db, "SELECT * FROM c", &["1|x|3", "1|y|2", "2|x|1"]);
    check(&db, "SELECT * FROM n", &["3", "3", "NULL"]);
    check(&db, "SELECT * FROM s", &["1|p", "2|q"]);
    fails(&db, "INSERT INTO i VALUES (10, 'again')", "23505");
    fails(&db, "INSERT INTO t VALUES ('a', 9)", "23505");
    fails(&db, "INSERT INTO c VALUES (1, 'y', 9)", "23505");
    fails(&db, "INSERT INTO t VALUES (NULL, 9)", "23502");
    fails(&db, "INSERT INTO c (a, v) VALUES (1, 9)", "23502");
    let message = error(&db, "INSERT INTO c VALUES (1, 'y', 9)");
    assert_eq!(message.message(), "the table c has a row with a, b = 1, 'y' already");
    // Keys at the ends of the range.
    run(&db, "INSERT INTO i VALUES (9223372036854775807, 'last'), (-9223372036854775808, 'first')");
    check(&db, "SELECT v FROM i WHERE id < -5 OR id > 11", &["first", "last"]);
    fails(&db, "INSERT INTO i (v) VALUES ('beyond')", "22003");
}

#[test]
fn numbers_of_autoincrement_are_never_given_twice() {
    let db = database(
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, v TEXT);
         CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
         INSERT INTO plain VALUES (7, 'a'); INSERT INTO auto VALUES (7, 'a');
         INSERT INTO plain (v) VALUES ('b'); INSERT INTO auto (v) VALUES ('b');
         DELETE FROM plain WHERE id = 8; DELETE FROM auto WHERE id >= 7;
         INSERT INTO plain (v) VALUES ('c'); INSERT INTO auto (v) VALUES ('c')",
    );
    check(&db, "SELECT * FROM plain", &["7|a", "8|c"]);
    check(&db, "SELECT * FROM auto", &["9|c"]);
}

#[test]
fn a_failed_statement_takes_no_number() {
    let db = database(
        "CREATE TABLE q (id INTEGER PRIMARY KEY);
         CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, r INTEGER REFERENCES q); BEGIN",
    );
    fails(&db, "INSERT INTO p (r) VALUES (7)", "23503");
    fails(&db, "INSERT INTO p (r) VALUES (NULL) RETURNING 1 / (id - 1)", "22012");
    check(&db, "INSERT INTO p (r) VALUES (NULL) RETURNING id", &["1"]);
    run(&db, "COMMIT; DELETE FROM p");
    check(&db, "INSERT INTO p (r) VALUES (NULL) RETURNING id", &["2"]);
}

#[test]
fn unique_and_not_null_and_check() {
    let db = database(
        "CREATE TABLE t (a INTEGER UNIQUE, b TEXT NOT NULL, c INTEGER CONSTRAINT positive CHECK (c > 0), UNIQUE (b, c));
         INSERT INTO t VALUES (1, 'x', 1), (NULL, 'y', NULL), (NULL, 'y', NULL)",
    );
    fails(&db, "INSERT INTO t VALUES (1, 'z', 2)", "23505");
    fails(&db, "INSERT INTO t VALUES (2, 'x', 1)", "23505");
    fails(&db, "INSERT INTO t VALUES (2, NULL, 1)", "23502");
    fails(&db, "INSERT INTO t VALUES (2, 'q', 0)", "23514");
    assert!(error(&db, "INSERT INTO t VALUES (2, 'q', 0)").message().contains("positive"));
    fails(&db, "UPDATE t SET c = -1 WHERE a = 1", "23514");
    fails(&db, "UPDATE t SET b = NULL", "23502");
    check(&db, "SELECT count(*) FROM t", &["3"]);
    // The failed row of several leaves nothing.
    fails(&db, "INSERT INTO t VALUES (7, 'p', 1), (8, 'q', 1), (7, 'r', 1)", "23505");
    check(&db, "SELECT count(*) FROM t", &["3"]);
}

#[test]
fn lengths_and_ranges_are_checked() {
    let db = database("CREATE TABLE t (v VARCHAR(3), s SMALLINT, i INT4, n NUMERIC(5, 2), d DATE)");
    run(&db, "INSERT INTO t VALUES ('h\u{e9}y', 32767, -2147483648, 999.994, '2024-02-29')");
    check(&db, "SELECT * FROM t", &["h\u{e9}y|32767|-2147483648|999.99|2024-02-29"]);
    fails(&db, "INSERT INTO t (v) VALUES ('four')", "22001");
    fails(&db, "INSERT INTO t (s) VALUES (32768)", "22003");
    fails(&db, "INSERT INTO t (i) VALUES (2147483648)", "22003");
    fails(&db, "INSERT INTO t (n) VALUES (999.995)", "22003");
    fails(&db, "INSERT INTO t (d) VALUES ('2023-02-29')", "22007");
    fails(&db, "INSERT INTO t (d) VALUES ('soon')", "22007");
    fails(&db, "INSERT INTO t (s) VALUES (TRUE)", "42804");
}

#[test]
fn indexes_are_filled_and_kept() {
    let db = database(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT);
         INSERT INTO t VALUES (1, 3, 'x'), (2, 1, 'y'), (3, NULL, 'z'), (4, 3, 'w')",
    );
    fails(&db, "CREATE UNIQUE INDEX u ON t (a)", "23505");
    run(&db, "CREATE INDEX ta ON t (a DESC, b)");
    fails(&db, "CREATE INDEX TA ON t (b)", "42P07");
    run(&db, "CREATE INDEX IF NOT EXISTS ta ON t (b)");
    let plan = rows(&db, "EXPLAIN SELECT id FROM t WHERE a = 3").join("\n");
    assert!(plan.contains("by index ta"), "{plan}");
    check(&db, "SELECT id FROM t WHERE a = 3 ORDER BY id", &["1", "4"]);
    check(&db, "SELECT id FROM t WHERE a = 3 AND b > 'w'", &["1"]);
    run(&db, "UPDATE t SET a = 9 WHERE id = 4; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (5, 3, 'n')");
    check(&db, "SELECT id FROM t WHERE a = 3", &["5"]);
    check(&db, "SELECT id FROM t WHERE a = 9", &["4"]);
    run(&db, "DROP INDEX ta");
    fails(&db, "DROP INDEX ta", "42P01");
    check(&db, "SELECT id FROM t WHERE a = 3", &["5"]);
    assert_eq!(db.schema_sql("t").expect("schema").len(), 1);
    assert!(db.check().expect("check").ok);
}

#[test]
fn foreign_keys_hold_on_both_sides() {
    let db = database(
        "CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id), k TEXT,
                             CONSTRAINT by_name FOREIGN KEY (k) REFERENCES parent (name));
         CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE, boss INTEGER REFERENCES parent);
         INSERT INTO parent VALUES (1, 'a', 2), (2, 'b', NULL);
         INSERT INTO child VALUES (1, 1, 'b'), (2, NULL, NULL)",
    );
    fails(&db, "INSERT INTO child VALUES (3, 7, NULL)", "23503");
    fails(&db, "INSERT INTO child VALUES (3, 1, 'zz')", "23503");
    fails(&db, "UPDATE child SET p = 9 WHERE id = 2", "23503");
    fails(&db, "DELETE FROM parent WHERE id = 1", "23503");
    fails(&db, "UPDATE parent SET id = 5 WHERE id = 1", "23503");
    fails(&db, "UPDATE parent SET name = 'q' WHERE id = 2", "23503");
    fails(&db, "DELETE FROM parent WHERE id = 2", "23503");
    run(&db, "UPDATE parent SET name = 'q' WHERE id = 1");
    run(&db, "CREATE INDEX cp ON child (p)");
    fails(&db, "DELETE FROM parent WHERE id = 1", "23503");
    fails(&db, "DROP TABLE parent", "2BP01");
    run(&db, "DELETE FROM child; DELETE FROM parent WHERE id = 1; DELETE FROM parent");
    check(&db, "SELECT count(*) FROM parent", &["0"]);
    // Rows of one statement may refer to each other.
    run(
        &db,
        "INSERT INTO parent VALUES (1, 'x', 2), (2, 'y', 1); UPDATE parent SET boss = id; DELETE FROM parent",
    );
    let db = database("CREATE TABLE c (p INTEGER REFERENCES nowhere (id))");
    let found = error(&db, "INSERT INTO c VALUES (1)");
    assert!(found.message().contains("nowhere"), "{found}");
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = std::env::temp_dir().join(format!("drystone-schema-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let file = folder.join("a.db");
    {
        let db = Connection::open(&file).expect("open");
        run(
            &db,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE); CREATE INDEX i ON t (a, id);
             INSERT INTO t VALUES (1, 'x'), (2, 'y')",
        );
        let locked = Connection::open(&file).expect_err("locked");
        assert_eq!(locked.code(), "55P03", "{locked}");
        db.close().expect("close");
    }
    {
        // Dropped without a close.
        let db = Connection::open(&file).expect("open again");
        run(&db, "INSERT INTO t VALUES (3, 'z'); CREATE TABLE u (v INTEGER); DROP INDEX i");
        run(&db, "BEGIN; INSERT INTO t VALUES (4, 'lost')");
    }
    let database = Database::open(&file).expect("open a third time");
    let db = database.connect();
    check(&db, "SELECT id, a FROM t ORDER BY a", &["1|x", "2|y", "3|z"]);
    fails(&db, "INSERT INTO t VALUES (9, 'z')", "23505");
    assert_eq!(db.tables().expect("tables"), ["t", "u"]);
    assert!(db.check().expect("check").ok);
    drop(db);
    drop(database);
    let options = drystone::OpenOptions { read_only: true, ..Default::default() };
    let db = Connection::open_with(&file, options).expect("open for reading");
    check(&db, "SELECT count(*) FROM t", &["3"]);
    fails(&db, "INSERT INTO t VALUES (9, 'q')", "25006");
    drop(db);
    std::fs::remove_dir_all(&folder).expect("remove");
}
