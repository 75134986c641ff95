//! The schema as tables: sqlite_schema, information_schema, PRAGMA.

mod support;

use drystone::Connection;
use support::{check, database, error, fails, rows, run};

const SHOP: &str =
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL DEFAULT 'nobody');
    CREATE TABLE line (customer INTEGER REFERENCES customer (id) ON DELETE CASCADE, no SMALLINT,
        price NUMERIC(8,2) DEFAULT 1 + 1, at TIMESTAMP, PRIMARY KEY (customer, no), UNIQUE (no, price));
    CREATE INDEX line_price ON line (price DESC, no);
    CREATE VIEW dear AS SELECT customer, price FROM line WHERE price > 100";

#[test]
fn sqlite_schema_lists_everything() {
    let db = database(SHOP);
    check(
        &db,
        "SELECT type, name, tbl_name, rootpage > 0 FROM sqlite_schema",
        &[
            "table|customer|customer|true",
            "table|line|line|true",
            "index|line_no_price_key|line|true",
            "index|line_price|line|true",
            "view|dear|dear|false",
        ],
    );
    check(
        &db,
        "SELECT sql FROM sqlite_master WHERE name = 'line_price'",
        &["CREATE INDEX line_price ON line (price DESC, no)"],
    );
    run(&db, "CREATE TEMP VIEW t AS SELECT 1");
    check(&db, "SELECT count(*) FROM main.sqlite_master", &["5"]);
    check(&db, "SELECT name FROM sqlite_temp_schema", &["t"]);
    run(&db, "DROP INDEX line_price");
    check(&db, "SELECT count(*) FROM sqlite_master", &["4"]);
    for (sql, code) in [
        ("INSERT INTO sqlite_master VALUES (1)", "42P01"),
        ("CREATE TABLE sqlite_mine (a INTEGER)", "42939"),
        ("DROP TABLE sqlite_schema", "42P01"),
    ] {
        fails(&db, sql, code);
    }
}

#[test]
fn the_information_schema() {
    let db = database(SHOP);
    check(
        &db,
        "SELECT table_name, table_type FROM information_schema.tables ORDER BY 1",
        &["customer|BASE TABLE", "dear|VIEW", "line|BASE TABLE"],
    );
    check(
        &db,
        "SELECT column_name, ordinal_position, column_default, is_nullable, data_type,
                character_maximum_length, numeric_precision, numeric_scale
         FROM information_schema.columns WHERE table_name IN ('customer', 'line')",
        &[
            "id|1|NULL|NO|bigint|NULL|NULL|NULL",
            "name|2|'nobody'|NO|character varying|40|NULL|NULL",
            "customer|1|NULL|NO|bigint|NULL|NULL|NULL",
            "no|2|NULL|NO|smallint|NULL|NULL|NULL",
            "price|3|1 + 1|YES|numeric|NULL|8|2",
            "at|4|NULL|YES|timestamp without time zone|NULL|NULL|NULL",
        ],
    );
    check(
        &db,
        "SELECT c.column_name, columns.table_name FROM information_schema.columns
         JOIN information_schema.columns AS c ON c.table_name = columns.table_name
         WHERE columns.table_name = 'dear' AND columns.column_name = 'price'",
        &["customer|dear", "price|dear"],
    );
    fails(&db, "SELECT * FROM information_schema.nothing", "42P01");
}

#[test]
fn pragmas_describe_tables() {
    let db = database(SHOP);
    check(
        &db,
        "PRAGMA table_info(line)",
        &[
            "0|customer|INTEGER|0|NULL|1",
            "1|no|SMALLINT|0|NULL|2",
            "2|price|NUMERIC(8,2)|0|1 + 1|0",
            "3|at|TIMESTAMP|0|NULL|0",
        ],
    );
    check(
        &db,
        "PRAGMA table_info('customer')",
        &["0|id|INTEGER|0|NULL|1", "1|name|VARCHAR(40)|1|'nobody'|0"],
    );
    check(
        &db,
        "PRAGMA main.table_info = dear",
        &["0|customer|INTEGER|0|NULL|0", "1|price|NUMERIC(8,2)|0|NULL|0"],
    );
    check(&db, "PRAGMA table_info(nothing)", &[]);
    check(
        &db,
        "PRAGMA table_list",
        &["main|customer|table|2|0|1", "main|line|table|4|1|1", "main|dear|view|2|0|1"],
    );
    check(&db, "PRAGMA index_list(line)", &["0|line_no_price_key|1|u|0", "1|line_price|0|c|0"]);
    check(&db, "PRAGMA index_info(line_price)", &["0|2|price", "1|1|no"]);
    check(&db, "PRAGMA index_xinfo(line_price)", &["0|2|price|1|BINARY|1", "1|1|no|0|BINARY|1"]);
    check(&db, "PRAGMA foreign_key_list(line)", &["0|0|customer|customer|id|NO ACTION|CASCADE|NONE"]);
    let statement = db.prepare("PRAGMA table_info(line)").expect("prepare");
    assert_eq!(statement.column_names(), ["cid", "name", "type", "notnull", "dflt_value", "pk"]);
}

#[test]
fn pragmas_about_the_file() {
    let db = database("CREATE TABLE t (a INTEGER)");
    check(&db, "PRAGMA user_version", &["0"]);
    run(&db, "PRAGMA user_version = 7; BEGIN; PRAGMA user_version = 8; ROLLBACK");
    check(&db, "PRAGMA user_version", &["7"]);
    check(&db, "PRAGMA foreign_keys", &["1"]);
    run(&db, "PRAGMA foreign_keys = ON");
    fails(&db, "PRAGMA foreign_keys = OFF", "0A000");
    check(&db, "PRAGMA integrity_check", &["ok"]);
    check(&db, "PRAGMA encoding", &["UTF-8"]);
    check(&db, "PRAGMA page_size", &["4096"]);
    let version = rows(&db, "PRAGMA schema_version");
    run(&db, "CREATE TABLE u (a INTEGER)");
    assert_ne!(rows(&db, "PRAGMA schema_version"), version);
    let wrong = error(&db, "PRAGMA user_versoin");
    assert_eq!((wrong.code(), wrong.hint_text()), ("0A000", Some("is user_version meant?")));
    fails(&db, "PRAGMA journal_mode = WAL", "0A000");
    fails(&db, "PRAGMA user_version = 99999999999", "22003");
    fails(&db, "PRAGMA", "42601");
}

#[test]
fn the_users_version_stays_in_the_file() {
    let file = std::env::temp_dir().join(format!("drystone-mark-{}.db", std::process::id()));
    let db = Connection::open(&file).expect("open");
    run(&db, "PRAGMA user_version = 12");
    db.close().expect("close");
    let db = Connection::open(&file).expect("open");
    check(&db, "PRAGMA user_version", &["12"]);
    drop(db);
    for end in ["", "-log"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

#[test]
fn pragmas_in_from() {
    let db = database(SHOP);
    check(
        &db,
        "SELECT name, pk FROM pragma_table_info('line') WHERE pk > 0 ORDER BY pk",
        &["customer|1", "no|2"],
    );
    check(
        &db,
        "SELECT m.name, i.name FROM pragma_index_list('line') AS m, pragma_index_info('line_price') AS i (n, c, name)
         WHERE m.\"unique\" = 0 ORDER BY i.n",
        &["line_price|price", "line_price|no"],
    );
    fails(&db, "SELECT * FROM pragma_nothing('x')", "42883");
    fails(&db, "SELECT * FROM pragma_table_info(1)", "0A000");
}
