//! What a user does every day: SQL from arguments and standard input, modes, dot commands.

mod program;

use program::{Folder, Running, run, sql};

const LIBRARY: &str = "
CREATE TABLE artist (id INTEGER PRIMARY KEY, name TEXT NOT NULL, rating NUMERIC(3,1));
INSERT INTO artist VALUES (1, 'Iron, \"Walls\"', 4.5), (2, '', NULL);
";

#[test]
fn arguments_and_a_file() {
    let folder = Folder::new("arguments");
    let file = folder.join("my.db");
    let file = file.to_str().expect("UTF-8");
    run(&[file, LIBRARY], "").ok();
    assert_eq!(run(&[file, "SELECT COUNT(*) FROM artist", "SELECT 7;"], "").ok(), "2\n7\n");
    assert_eq!(run(&[file, ".tables"], "").ok(), "artist\n");
    let schema = run(&[file, ".schema"], "").ok();
    assert!(schema.contains("CREATE TABLE artist") && schema.trim_end().ends_with(';'), "{schema}");
    run(&[file, ".checkpoint", ".check"], "").ok();
    assert!(!run(&[file, ".stats"], "").ok().is_empty());
    // What stands in the schema builds the same tables again.
    assert_eq!(run(&[":memory:", &schema, ".schema"], "").ok(), schema);
}

#[test]
fn memory_without_a_file() {
    assert_eq!(
        run::<&str>(&[], "CREATE TABLE t (a INT); INSERT INTO t VALUES (1); SELECT * FROM t").ok(),
        "1\n"
    );
}

#[test]
fn modes() {
    let query = |mode: &str| run(&[mode, ":memory:", LIBRARY, "SELECT * FROM artist ORDER BY id"], "").ok();
    assert_eq!(query("-list"), "1|Iron, \"Walls\"|4.5\n2||\n");
    assert_eq!(query("--csv"), "1,\"Iron, \"\"Walls\"\"\",4.5\n2,\"\",\n");
    assert_eq!(
        query("-json"),
        "[{\"id\":1,\"name\":\"Iron, \\\"Walls\\\"\",\"rating\":4.5},\n{\"id\":2,\"name\":\"\",\"rating\":null}]\n"
    );
    let boxed = query("-box");
    assert_eq!(boxed.lines().count(), 6, "{boxed}");
    assert!(boxed.contains(" rating ") && boxed.contains(" NULL "), "{boxed}");
    let header = run(&["-header", "-separator", ";", ":memory:", "SELECT 1 AS a, 2 AS b"], "").ok();
    assert_eq!(header, "a;b\n1;2\n");
    let dots = ".mode csv\n.headers on\nSELECT 1 AS a;\n.mode\n.mode json\nSELECT 2 AS b;\n";
    assert_eq!(run::<&str>(&[], dots).ok(), "a\n1\ncsv\n[{\"b\":2}]\n");
}

#[test]
fn each_statement_is_answered_before_the_next_is_read() {
    let folder = Folder::new("answers");
    let mut running = Running::start(&folder.join("my.db"));
    running.send("CREATE TABLE t (a INTEGER);\nINSERT INTO t VALUES (1); SELECT COUNT(*) FROM t;");
    assert_eq!(running.line(), "1");
    running.send("SELECT 'a;\n");
    running.send("b' || ");
    running.send("'c' -- ;\n;");
    assert_eq!([running.line(), running.line()], ["a;", "bc"]);
    running.send("\n.tables\n");
    assert_eq!(running.line(), "t");
    running.send("SELECT 2");
    assert_eq!(running.end().ok(), "2\n");
}

#[test]
fn errors_do_not_end_the_input_unless_asked() {
    let input = "SELECT 1;\nSELECT nonsense;\nSELECT 2;\n";
    let ran = run::<&str>(&[], input).fails_with(&["line 2", "nonsense"]);
    assert_eq!(ran.out, "1\n2\n");
    assert_eq!(run(&["-bail"], input).fails_with(&["line 2"]).out, "1\n");
    assert_eq!(run(&[":memory:", "SELECT x", "SELECT 2"], "").fails_with(&["argument 1"]).out, "");
}

#[test]
fn a_failed_statement_undoes_itself_alone() {
    let input = "CREATE TABLE t (a INTEGER PRIMARY KEY);
BEGIN;
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2), (1);
INSERT INTO t VALUES (3);
COMMIT;
SELECT * FROM t ORDER BY a;
";
    assert_eq!(run::<&str>(&[], input).fails_with(&["line 4"]).out, "1\n3\n");
}

#[test]
fn leaving_inside_a_transaction_is_said() {
    let folder = Folder::new("open-transaction");
    let file = folder.join("my.db");
    sql(&file, "CREATE TABLE t (a INTEGER);").ok();
    let ran = sql(&file, "BEGIN; INSERT INTO t VALUES (1);");
    assert!(ran.err.contains("rolled back"), "{}", ran.err);
    assert_eq!(sql(&file, "SELECT COUNT(*) FROM t").ok(), "0\n");
}

#[test]
fn scripts_read_scripts() {
    let folder = Folder::new("read");
    std::fs::write(folder.join("good.sql"), "SELECT 1;\n").expect("written");
    std::fs::write(folder.join("bad.sql"), "SELECT 2;\n\nSELECT nonsense;\n").expect("written");
    let name = |file: &str| folder.join(file).display().to_string();
    assert_eq!(run::<&str>(&[], &format!(".read '{}'\n", name("good.sql"))).ok(), "1\n");
    let ran = run::<&str>(&[], &format!(".read '{}'\nSELECT 3;\n", name("bad.sql")));
    assert_eq!(ran.fails_with(&["line 3", "bad.sql", "nonsense"]).out, "2\n3\n");
    std::fs::write(folder.join("self.sql"), format!(".read '{}'\n", name("self.sql"))).expect("written");
    run::<&str>(&[], &format!(".read '{}'\n", name("self.sql"))).fails_with_a_line(&["scripts"]);
    run::<&str>(&[], ".read /nowhere/at/all\n").fails_with_a_line(&["/nowhere/at/all"]);
}

#[test]
fn help_version_and_slips() {
    assert!(run(&["-help"], "").ok().starts_with("Usage: drystone"));
    assert!(run(&["--version"], "").ok().starts_with("drystone 0."));
    assert!(run(&[":memory:", ".help"], "").ok().contains(".checkpoint"));
    let ran = run(&["-cvs"], "");
    assert_eq!((ran.status, ran.err.contains("did you mean -csv?")), (2, true), "{}", ran.err);
    run(&[":memory:", ".tabels"], "").fails_with_a_line(&["did you mean .tables?"]);
    run::<&str>(&[], "\n.mode bax\n").fails_with_a_line(&["line 2", "did you mean box?"]);
}
