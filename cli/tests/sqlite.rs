//! `.import --sqlite`: whole SQLite files, and what is said about what cannot be brought in.
#![cfg(unix)]

mod program;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use program::{Folder, Ran, finish, program, run};

/// What a SQLite file begins with.
const HEAD: &str = "SQLite format 3\0";

/// Runs a script where `sqlite3` writes this dump, whatever it is asked.
fn with_dump(folder: &Folder, dump: &str, script: &str) -> Ran {
    fs::write(folder.join("dump"), dump).expect("written");
    fs::write(folder.join("x.sqlite"), HEAD).expect("written");
    let fake = folder.join("sqlite3");
    fs::write(&fake, "#!/bin/sh\nexec /bin/cat dump\n").expect("written");
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).expect("executable");
    let mut command = program();
    command.current_dir(folder.path()).env("PATH", folder.path());
    finish(command, &format!(".import --sqlite x.sqlite\n{script}"))
}

const DUMP: &str = r#"PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE c(id INTEGER PRIMARY KEY AUTOINCREMENT, p INT REFERENCES p(id), ok BOOLEAN, d DATE, f REAL, n NUMERIC(10,2), s TEXT, b BLOB);
INSERT INTO c VALUES(1,7,1,'2024-01-02',1.0,3.8900000000000001243,'a,(;''b',X'00ff');
INSERT INTO c VALUES(2,NULL,0,NULL,-2.5e+300,4,replace(replace('one\ntwo\r','\r',char(13)),'\n',char(10)),'text');
CREATE TABLE IF NOT EXISTS "p ""2"(id INTEGER PRIMARY KEY);
INSERT INTO "p ""2" VALUES(5);
CREATE TABLE p(id INTEGER PRIMARY KEY);
INSERT INTO p VALUES(7);
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 VALUES('p',NULL,'1');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('c',2);
CREATE INDEX ci ON c(p);
CREATE VIEW v AS SELECT c.id, p.id AS p FROM c JOIN p ON p.id = c.p;
COMMIT;
"#;

#[test]
fn values_take_the_types_of_their_columns() {
    let folder = Folder::new("sqlite-values");
    let script = "SELECT id, p, ok, d, f, n, s, b FROM c ORDER BY id;\nSELECT * FROM \"p \"\"2\";\nSELECT * FROM v;\n.tables\n";
    let expected = "1|7|true|2024-01-02|1.0|3.89|a,(;'b|\\x00ff\n2||false||-2.5e300|4.00|one\ntwo\r|\\x74657874\n5\n1|7\nc\np\np \"2\nv\n";
    assert_eq!(with_dump(&folder, DUMP, script).ok(), expected);
}

#[test]
fn what_cannot_be_brought_in_is_named_and_leaves_nothing() {
    let folder = Folder::new("sqlite-errors");
    for (line, texts) in [
        (
            "INSERT INTO p VALUES('x');",
            &["x.sqlite, line 10 of its dump", "column 1", "'x'", "VALUES('x')"][..],
        ),
        ("INSERT INTO p VALUES(7);", &["line 10", "7"]),
        ("INSERT INTO p VALUES(8,9);", &["line 10", "1 values"]),
        ("INSERT INTO q VALUES(8);", &["line 10", "no table q"]),
        ("CREATE TABLE q(a, b);", &["line 10", "data type"]),
        ("INSERT INTO c VALUES(3,70,0,NULL,0.5,1,'x',NULL);", &["c.p = 70", "foreign_key_check"]),
        ("INSERT INTO sqlite_schema(type)VALUES('table');", &["line 10", "virtual tables"]),
        ("ROLLBACK; -- due to errors", &["line 10", "damaged"]),
    ] {
        let dump = DUMP.replace("ANALYZE sqlite_schema;", line);
        let ran = with_dump(&folder, &dump, ".tables\n").fails_with_a_line(texts);
        assert_eq!(ran.out, "", "{line}: no table is left");
    }
    let dump =
        DUMP.replace("COMMIT;", "CREATE TRIGGER tr AFTER INSERT ON p BEGIN DELETE FROM c; END;\nCOMMIT;");
    let ran = with_dump(&folder, &dump, "SELECT COUNT(*) FROM c;");
    assert_eq!((ran.status, ran.out.as_str()), (0, "2\n"), "{}", ran.err);
    assert!(ran.err.contains("the trigger tr is left out"), "{}", ran.err);
}

#[test]
fn without_the_program_and_wrong_files() {
    let folder = Folder::new("sqlite-missing");
    let file = folder.join("x.sqlite");
    fs::write(&file, HEAD).expect("written");
    let command = format!(".import --sqlite '{}'\n", file.display());
    let mut without = program();
    without.env("PATH", "/no/such/folder");
    finish(without, &command).fails_with_a_line(&["sqlite3", "not installed", "apt install sqlite3"]);
    fs::write(&file, "Dear diary,\n").expect("written");
    run::<&str>(&[], &command).fails_with_a_line(&["x.sqlite is not a SQLite database"]);
    run::<&str>(&[], ".import --sqlite /no/such/file\n").fails_with_a_line(&["/no/such/file"]);
    run::<&str>(&[], ".import --sqlite\n").fails_with_a_line(&["usage: .import --sqlite FILE"]);
}

#[test]
fn the_real_program() {
    let folder = Folder::new("sqlite-real");
    let file = folder.join("x.sqlite").display().to_string();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)";
    let made = format!(
        "CREATE TABLE t (i INTEGER PRIMARY KEY, half REAL, s TEXT, b BLOB);
INSERT INTO t {rows} SELECT i, i / 2.0, 'row ' || char(10) || i, CAST(i AS BLOB) FROM n;
CREATE INDEX t_s ON t (s);"
    );
    let sqlite = Command::new("sqlite3").args([&file, &made]).stdin(Stdio::null()).status();
    if !sqlite.is_ok_and(|status| status.success()) {
        println!("skipped: no sqlite3 here");
        return;
    }
    let query = "SELECT COUNT(*), SUM(i), SUM(half), MAX(s), MIN(LENGTH(b)) FROM t;\n";
    let script = format!(".import --sqlite '{file}'\n{query}.indexes\n");
    assert_eq!(run::<&str>(&[], &script).ok(), "3000|4501500|2250750.0|row \n999|1\nt_s\n");
    // A damaged file is told by sqlite3, and nothing is left of it.
    let mut bytes = fs::read(&file).expect("a file");
    bytes.truncate(8192);
    fs::write(&file, bytes).expect("written");
    let ran = run::<&str>(&[], &format!(".import --sqlite '{file}'\n.tables\n")).fails_with(&["x.sqlite"]);
    assert_eq!(ran.out, "");
}
