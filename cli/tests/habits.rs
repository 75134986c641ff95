//! What users of other shells type.

mod program;

use std::fs;

use program::{Folder, run, sql};

#[test]
fn leaving_without_a_dot() {
    for leave in ["exit", "quit", "EXIT;", "\\q", ".quit", "  quit  "] {
        let input = format!("SELECT 1;\n{leave}\nSELECT 2;\n");
        assert_eq!(run::<&str>(&[], &input).ok(), "1\n", "{leave}");
    }
    assert_eq!(run(&[":memory:", "SELECT 1", "exit", "SELECT 2"], "").ok(), "1\n");
}

#[test]
fn backslashes_and_help() {
    let input = "CREATE TABLE t (a INTEGER);\n\\dt\n\\d t\n";
    assert_eq!(run::<&str>(&[], input).ok(), "t\nCREATE TABLE t (a INTEGER);\n");
    assert_eq!(run::<&str>(&[], "help\n").ok(), run(&[":memory:", ".help"], "").ok());
    run(&[":memory:", "\\w"], "").fails_with_a_line(&["\\w", ".help"]);
}

#[test]
fn files_that_are_no_database() {
    let folder = Folder::new("habits-files");
    let (sqlite, script) = (folder.join("x.db"), folder.join("x.sql"));
    fs::write(&sqlite, b"SQLite format 3\0 and more").expect("written");
    fs::write(&script, "SELECT 1;\n").expect("written");
    sql(&sqlite, "SELECT 1;").fails_with_a_line(&["x.db", "not a Drystone database", ".import --sqlite"]);
    sql(&script, "SELECT 1;").fails_with_a_line(&["x.sql", "not a Drystone database", "-f "]);
    let missing = sql(&folder.join("no/x.db"), "SELECT 1;").fails_with_a_line(&["no/x.db"]);
    assert_eq!(missing.err.matches("cannot open").count(), 1, "{}", missing.err);
    let export = run(&[":memory:", ".export x.csv nothing"], "").fails_with_a_line(&["no table nothing"]);
    assert!(!export.err.contains("column"), "{}", export.err);
    assert_eq!(run(&["-c", "SELECT 1"], "").err, "drystone: unknown option -c; -help lists the options\n");
}

#[test]
fn statements_of_other_databases() {
    for (sql, hint) in [
        ("SHOW TABLES;", "hint: .tables lists"),
        ("DESCRIBE t;", "hint: .schema NAME"),
        ("DESC t;", "hint: .schema NAME"),
        ("USE shop;", "hint: each file is one database"),
        ("COPY t FROM 'x.csv';", "hint: .import"),
        ("SELEC 1;", "hint: is SELECT meant?"),
        ("SELECT * FORM t;", "hint: is FROM meant?"),
    ] {
        let ran = run::<&str>(&[], &format!("CREATE TABLE t (a INTEGER);\n{sql}\n")).fails_with(&[hint]);
        assert!(ran.err.starts_with("error in line 2"), "{sql}: {}", ran.err);
        assert_eq!(ran.err.matches("hint").count(), 1, "{sql}: {}", ran.err);
    }
}
