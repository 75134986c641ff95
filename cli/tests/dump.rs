//! `.dump` and `.backup`: what they write builds the same database again.

mod program;

use std::fs;

use program::{Folder, data, run, sql};

/// Everything that is easy to get wrong: names, values, circles, views of views.
const AWKWARD: &str = "
PRAGMA user_version = 7;
CREATE TABLE \"order\" (\"group\" INTEGER PRIMARY KEY, \"it's\" TEXT NOT NULL DEFAULT 'a;''b');
CREATE TABLE kinds (i SMALLINT, d DOUBLE PRECISION, n NUMERIC(20,4), b BOOLEAN, t TEXT, x BLOB, da DATE,
    ti TIME, ts TIMESTAMP, iv INTERVAL, u UUID, j JSON);
INSERT INTO kinds VALUES (1, 1e300, 12345678901234.5678, TRUE, 'it''s
two; lines -- no comment', X'00ff27', '2024-02-29', '23:59:59.5', '1969-12-31 23:59:59.000001',
    INTERVAL '1 month 2 days', '550e8400-e29b-41d4-a716-446655440000', '{\"a\": \"it''s\"}'),
  (-32768, 0.1, -0.0001, FALSE, '', X'', '0001-01-01', '00:00:00', '2000-01-01 00:00:00', NULL, NULL, '[]'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO kinds (d) VALUES (CAST('Infinity' AS DOUBLE PRECISION)), (-0.0), (2.0);
INSERT INTO \"order\" VALUES (2, 'x'), (-1, '\u{e9}\u{1F600}');
CREATE TABLE child (id INTEGER PRIMARY KEY, up INTEGER REFERENCES child, p INTEGER REFERENCES parent);
CREATE TABLE parent (id INTEGER PRIMARY KEY, best INTEGER REFERENCES child);
BEGIN;
PRAGMA defer_foreign_keys = ON;
INSERT INTO child VALUES (1, 2, 10), (2, NULL, NULL);
INSERT INTO parent VALUES (10, 2);
COMMIT;
CREATE VIEW zero AS SELECT 0 AS z;
CREATE VIEW first AS SELECT z FROM zero;
DROP VIEW zero;
CREATE VIEW zero AS SELECT up AS z FROM child;
CREATE UNIQUE INDEX \"an index\" ON kinds (t DESC, i);
";

#[test]
fn a_dump_builds_the_same_again() {
    let folder = Folder::new("dump");
    let file = folder.join("my.db");
    let name = file.display().to_string();
    sql(&file, AWKWARD).ok();
    let dump = run(&[&name, ".dump"], "").ok();
    assert!(dump.starts_with("BEGIN;\n") && dump.ends_with("COMMIT;\n"), "{dump}");
    assert!(dump.contains("user_version = 7"), "{dump}");
    let again = folder.join("again.db");
    sql(&again, &dump).ok();
    let again_name = again.display().to_string();
    assert_eq!(run(&[&again_name, ".dump"], "").ok(), dump);
    run(&[&again_name, ".check"], "").ok();
    let all = "SELECT * FROM kinds; SELECT * FROM \"order\"; SELECT * FROM child; SELECT * FROM first;";
    assert_eq!(sql(&again, all).ok(), sql(&file, all).ok());
    // In a transaction its own changes are dumped, and it stays open.
    let inside = "BEGIN;\nDELETE FROM kinds;\n.dump kinds\nROLLBACK;\nSELECT COUNT(*) FROM kinds;\n";
    let inside = sql(&file, inside).ok();
    assert!(
        !inside.contains("INSERT") && inside.contains("an index") && inside.ends_with("\n6\n"),
        "{inside}"
    );
    run(&[&name, ".dump nothing"], "").fails_with(&["nothing"]);
}

#[test]
fn a_backup_is_a_database() {
    let folder = Folder::new("backup");
    let file = folder.join("my.db");
    let name = file.display().to_string();
    sql(&file, AWKWARD).ok();
    let copy = folder.join("copy.db").display().to_string();
    run(&[&name, &format!(".backup '{copy}'")], "").ok();
    assert_eq!(run(&[&copy, ".dump"], "").ok(), run(&[&name, ".dump"], "").ok());
    run(&[&name, &format!(".backup '{copy}'")], "").fails_with_a_line(&["copy.db", "exists"]);
    run(&[&name, ".backup /no/such/folder/x.db"], "").fails_with_a_line(&["/no/such/folder/x.db"]);
}

#[test]
fn many_rows_that_refer_forward() {
    let folder = Folder::new("dump-many");
    let file = folder.join("my.db");
    sql(
        &file,
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER REFERENCES t, c TEXT);
BEGIN; PRAGMA defer_foreign_keys = ON;
INSERT INTO t SELECT n, n % 5000 + 1, 'number ' || n FROM generate_series(1, 5000) AS s(n); COMMIT;",
    )
    .ok();
    let name = file.display().to_string();
    let dump = run(&[&name, ".dump"], "").ok();
    assert!(dump.matches("INSERT INTO").count() > 3);
    assert_eq!(run::<&str>(&[], &format!("{dump}\n.dump\n")).ok(), dump);
}

#[test]
fn chinook() {
    let Some(data) = data("chinook.sql") else { return };
    let folder = Folder::new("dump-chinook");
    let file = folder.join("chinook.db");
    sql(&file, &fs::read_to_string(data.join("chinook.sql")).expect("UTF-8")).ok();
    let dump = run(&[file.display().to_string().as_str(), ".dump"], "").ok();
    let again = folder.join("again.db");
    sql(&again, &dump).ok();
    let again_name = again.display().to_string();
    assert_eq!(run(&[&again_name, ".dump"], "").ok(), dump);
    for table in run(&[&again_name, ".tables"], "").ok().lines() {
        let rows = format!("SELECT * FROM \"{table}\";");
        assert_eq!(sql(&again, &rows).ok(), sql(&file, &rows).ok(), "{table}");
    }
}
