//! ALTER TABLE and CREATE TABLE AS.

mod support;

use drystone::Connection;
use support::{check, database, error, fails, rows, run};

const TREES: &str = "CREATE TABLE tree (id INTEGER PRIMARY KEY, -- its number
       name TEXT UNIQUE, height REAL CHECK (height > 0 AND tree.height < 200), park TEXT DEFAULT 'none');
    CREATE INDEX tree_height ON tree (height DESC, name);
    CREATE TABLE leaf (tree TEXT REFERENCES tree (name), n INTEGER);
    INSERT INTO tree VALUES (1, 'oak', 30, 'a'), (2, 'elm', 25.5, 'b'); INSERT INTO leaf VALUES ('oak', 7)";

#[test]
fn columns_are_added() {
    let db = database(TREES);
    run(&db, "ALTER TABLE tree ADD COLUMN age INTEGER");
    run(
        &db,
        "ALTER TABLE tree ADD planted DATE NOT NULL DEFAULT '2000-01-01' CHECK (planted > '1900-01-01')",
    );
    check(&db, "SELECT id, age, planted, park FROM tree", &["1|NULL|2000-01-01|a", "2|NULL|2000-01-01|b"]);
    run(&db, "INSERT INTO tree (name, height) VALUES ('yew', 3)");
    check(&db, "SELECT * FROM tree WHERE id = 3", &["3|yew|3.0|none|NULL|2000-01-01"]);
    fails(&db, "UPDATE tree SET planted = '1800-01-01'", "23514");
    run(&db, "UPDATE tree SET age = id * 100 WHERE id < 3");
    check(&db, "SELECT sum(age) FROM tree", &["300"]);
    run(&db, "ALTER TABLE tree ADD COLUMN IF NOT EXISTS age TEXT");
    run(&db, "ALTER TABLE tree ADD COLUMN \"the end\" BLOB");
    check(&db, "SELECT \"the end\" FROM tree WHERE id = 1", &["NULL"]);
    for (sql, code) in [
        ("ALTER TABLE tree ADD COLUMN age INTEGER", "42701"),
        ("ALTER TABLE tree ADD COLUMN x INTEGER NOT NULL", "23502"),
        ("ALTER TABLE tree ADD COLUMN x INTEGER UNIQUE", "0A000"),
        ("ALTER TABLE tree ADD COLUMN x INTEGER PRIMARY KEY", "0A000"),
        ("ALTER TABLE tree ADD COLUMN x INTEGER DEFAULT 'x'", "22P02"),
        ("ALTER TABLE tree ADD COLUMN x INTEGER DEFAULT 1 CHECK (x > 1)", "23514"),
        ("ALTER TABLE tree ADD COLUMN x INTEGER CHECK (nothing > 1)", "42703"),
        ("ALTER TABLE tree ADD COLUMN x TEXT DEFAULT 'y' REFERENCES tree (name)", "23503"),
        ("ALTER TABLE nothing ADD COLUMN x TEXT", "42P01"),
    ] {
        fails(&db, sql, code);
    }
    assert_eq!(rows(&db, "PRAGMA table_info(tree)").len(), 7);
    run(&db, "ALTER TABLE IF EXISTS nothing ADD COLUMN x TEXT");
    run(&db, "CREATE UNIQUE INDEX tree_age ON tree (age)");
    assert!(db.check().expect("check").ok);
}

#[test]
fn columns_are_dropped() {
    let db = database(TREES);
    run(&db, "ALTER TABLE tree DROP COLUMN park");
    check(&db, "SELECT * FROM tree", &["1|oak|30.0", "2|elm|25.5"]);
    run(&db, "INSERT INTO tree VALUES (3, 'fir', 1)");
    run(&db, "ALTER TABLE leaf DROP tree; ALTER TABLE leaf ADD COLUMN tree INTEGER");
    check(&db, "SELECT * FROM leaf", &["7|NULL"]);
    run(&db, "ALTER TABLE tree DROP COLUMN IF EXISTS nothing");
    for (sql, code) in [
        ("ALTER TABLE tree DROP COLUMN id", "2BP01"),
        ("ALTER TABLE tree DROP COLUMN name", "2BP01"),
        ("ALTER TABLE tree DROP COLUMN height", "2BP01"),
        ("ALTER TABLE tree DROP COLUMN nothing", "42703"),
    ] {
        fails(&db, sql, code);
    }
    run(&db, "DROP INDEX tree_height; ALTER TABLE tree DROP COLUMN height");
    check(&db, "SELECT * FROM tree ORDER BY name", &["2|elm", "3|fir", "1|oak"]);
    fails(&db, "CREATE TABLE one (a INTEGER); ALTER TABLE one DROP COLUMN a", "42601");
    run(&db, "CREATE TABLE pair (a INTEGER, b INTEGER, c INTEGER, CONSTRAINT less CHECK (a < b))");
    run(&db, "INSERT INTO pair VALUES (1, 2, 3)");
    let used = error(&db, "ALTER TABLE pair DROP COLUMN b");
    assert_eq!(used.code(), "42703", "{used}");
    run(&db, "ALTER TABLE pair DROP COLUMN c");
    check(&db, "SELECT * FROM pair", &["1|2"]);
    fails(&db, "ALTER TABLE pair DROP COLUMN a", "42703");
    check(&db, "SELECT * FROM pair", &["1|2"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn many_rows_lose_a_column() {
    let db = database("CREATE TABLE t (a TEXT PRIMARY KEY, b INTEGER, c TEXT); BEGIN");
    for number in 0..2_000 {
        db.execute("INSERT INTO t VALUES ('k' || ?1, ?1, 'x')", [number]).expect("insert");
    }
    run(&db, "COMMIT; ALTER TABLE t DROP COLUMN b");
    check(&db, "SELECT count(*), min(a), max(c) FROM t", &["2000|k0|x"]);
}

#[test]
fn columns_are_renamed_everywhere() {
    let db = database(TREES);
    run(&db, "ALTER TABLE tree RENAME COLUMN height TO \"how high\"; ALTER TABLE tree RENAME name TO title");
    check(&db, "SELECT title, \"how high\" FROM tree ORDER BY \"how high\" DESC", &["oak|30.0", "elm|25.5"]);
    fails(&db, "UPDATE tree SET \"how high\" = -1", "23514");
    fails(&db, "INSERT INTO leaf VALUES ('none', 1)", "23503");
    fails(&db, "INSERT INTO tree (title) VALUES ('oak')", "23505");
    check(
        &db,
        "SELECT sql FROM sqlite_schema WHERE name IN ('leaf', 'tree_height')",
        &[
            "CREATE INDEX tree_height ON tree (\"how high\" DESC, title)",
            "CREATE TABLE leaf (tree TEXT REFERENCES tree (title), n INTEGER)",
        ],
    );
    // What is around the names stays as it was written.
    let sql = rows(&db, "SELECT sql FROM sqlite_schema WHERE name = 'tree'").join("");
    assert!(sql.contains("-- its number\n       title TEXT UNIQUE"), "{sql}");
    assert!(sql.contains("CHECK (\"how high\" > 0 AND tree.\"how high\" < 200)"), "{sql}");
    for (sql, code) in [
        ("ALTER TABLE tree RENAME COLUMN title TO park", "42701"),
        ("ALTER TABLE tree RENAME COLUMN nothing TO x", "42703"),
    ] {
        fails(&db, sql, code);
    }
    run(&db, "ALTER TABLE tree RENAME COLUMN title TO TITLE");
}

#[test]
fn a_type_is_no_column() {
    let db = database("CREATE TABLE t (date DATE DEFAULT '2024-01-01', text TEXT, UNIQUE (text, date))");
    run(&db, "ALTER TABLE t RENAME COLUMN date TO day; ALTER TABLE t RENAME COLUMN text TO \"select\"");
    check(
        &db,
        "SELECT sql FROM sqlite_schema WHERE type = 'table'",
        &["CREATE TABLE t (day DATE DEFAULT '2024-01-01', \"select\" TEXT, UNIQUE (\"select\", day))"],
    );
}

#[test]
fn tables_are_renamed_everywhere() {
    let db = database(TREES);
    run(&db, "CREATE TABLE self (id INTEGER PRIMARY KEY, up INTEGER REFERENCES self (id))");
    run(&db, "ALTER TABLE tree RENAME TO plant; ALTER TABLE self RENAME TO me; ALTER TABLE me RENAME TO ME");
    check(&db, "SELECT name FROM plant ORDER BY height", &["elm", "oak"]);
    fails(&db, "SELECT * FROM tree", "42P01");
    fails(&db, "INSERT INTO leaf VALUES ('none', 1)", "23503");
    fails(&db, "INSERT INTO me VALUES (1, 2)", "23503");
    fails(&db, "UPDATE plant SET height = 200", "23514");
    fails(&db, "ALTER TABLE plant RENAME TO leaf", "42P07");
    check(
        &db,
        "SELECT sql FROM sqlite_schema WHERE name = 'tree_height'",
        &["CREATE INDEX tree_height ON plant (height DESC, name)"],
    );
    assert!(db.check().expect("check").ok);
}

#[test]
fn what_a_view_names_stays() {
    let db = database(TREES);
    run(
        &db,
        "CREATE VIEW tall AS SELECT name FROM tree WHERE height > 20; CREATE TEMP VIEW v AS SELECT * FROM tall",
    );
    for sql in [
        "ALTER TABLE tree RENAME TO plant",
        "ALTER TABLE tree RENAME COLUMN height TO h",
        "ALTER TABLE tree DROP COLUMN name",
    ] {
        fails(&db, sql, "2BP01");
    }
    run(&db, "ALTER TABLE tree RENAME COLUMN park TO place");
    check(&db, "SELECT count(*) FROM v", &["2"]);
}

#[test]
fn altering_is_part_of_the_transaction() {
    let file = std::env::temp_dir().join(format!("drystone-alter-{}.db", std::process::id()));
    let db = Connection::open(&file).expect("open");
    run(&db, TREES);
    run(&db, "BEGIN; ALTER TABLE tree ADD COLUMN x INTEGER DEFAULT 5; UPDATE tree SET x = 6 WHERE id = 1");
    fails(&db, "ALTER TABLE tree ADD COLUMN y INTEGER DEFAULT 1 CHECK (y = 2)", "23514");
    check(&db, "SELECT id, x FROM tree", &["1|6", "2|5"]);
    run(&db, "ROLLBACK");
    fails(&db, "SELECT x FROM tree", "42703");
    run(
        &db,
        "ALTER TABLE tree DROP COLUMN park; ALTER TABLE tree ADD COLUMN z INTEGER; ALTER TABLE tree RENAME TO t",
    );
    db.close().expect("close");
    let db = Connection::open(&file).expect("open");
    check(&db, "SELECT * FROM t", &["1|oak|30.0|NULL", "2|elm|25.5|NULL"]);
    drop(db);
    for end in ["", "-log"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

#[test]
fn tables_from_queries() {
    let db = database(TREES);
    run(&db, "CREATE TEMP VIEW v AS SELECT name, height * 2 AS twice FROM tree");
    run(
        &db,
        "CREATE TABLE copy AS SELECT id, name, CAST(height AS NUMERIC(6,1)) AS \"h t\", twice, NULL AS nothing FROM tree JOIN v USING (name)",
    );
    check(&db, "SELECT * FROM copy ORDER BY id", &["1|oak|30.0|60.0|NULL", "2|elm|25.5|51.0|NULL"]);
    check(
        &db,
        "SELECT sql FROM sqlite_schema WHERE name = 'copy'",
        &[
            "CREATE TABLE copy (id INTEGER, name TEXT, \"h t\" NUMERIC(6,1), twice DOUBLE PRECISION, nothing TEXT)",
        ],
    );
    run(&db, "CREATE TABLE IF NOT EXISTS copy AS SELECT 1");
    for (sql, code) in [
        ("CREATE TABLE copy AS SELECT 1", "42P07"),
        ("CREATE TABLE other AS SELECT 1 AS a, 2 AS a", "42701"),
        ("CREATE TABLE other AS SELECT 1 / 0", "22012"),
        ("CREATE TABLE other AS SELECT * FROM other", "42P01"),
        ("SELECT * FROM other", "42P01"),
    ] {
        fails(&db, sql, code);
    }
}
