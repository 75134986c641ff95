//! What users of other shells type.

mod program;

use program::run;

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
