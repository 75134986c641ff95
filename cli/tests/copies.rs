//! Copies of a database and files of its rows: what `.backup` and `.export` refuse, and what is left then.

mod program;

use std::fs;

use program::{Folder, Running, log_of, run, sql};

const MADE: &str = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL);
INSERT INTO t SELECT i, 'text ' || i FROM generate_series(1, 5000) AS g(i);\n";

#[test]
fn a_copy_is_whole_or_not_there() {
    let folder = Folder::new("copies");
    let (empty, full, unmade) = (folder.join("empty.db"), folder.join("full"), folder.join("unmade.db"));
    fs::write(&empty, "").expect("written");
    fs::write(&full, "Dear diary,\n").expect("written");
    let backup = |file: &std::path::Path| format!(".backup '{}'\n", file.display());
    // A database in memory is kept like this, and an empty file is no loss.
    run::<&str>(&[], &format!("{MADE}{}", backup(&empty))).ok();
    assert_eq!(
        sql(&empty, "SELECT COUNT(*), MAX(b) FROM t;\n.check\n").ok().lines().next(),
        Some("5000|text 999")
    );
    run::<&str>(&[], &format!("{MADE}{}", backup(&full))).fails_with_a_line(&["full", "exists"]);
    assert_eq!(fs::read(&full).expect("a file"), b"Dear diary,\n");
    run::<&str>(&[], &format!("{MADE}BEGIN;\n{}", backup(&unmade))).fails_with(&["transaction is open"]);
    let folder_itself = run::<&str>(&[], &format!("{MADE}{}", backup(folder.path())));
    folder_itself.fails_with_a_line(&["exists"]);
    assert!(!unmade.exists() && !log_of(&unmade).exists());
}

#[test]
fn the_copy_of_a_file_is_exact_and_of_its_own() {
    let folder = Folder::new("copies-file");
    let (file, copy, second) = (folder.join("my.db"), folder.join("copy.db"), folder.join("second.db"));
    let made = "CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT);
INSERT INTO n VALUES (100);\nDELETE FROM n;\n";
    sql(&file, &format!("{MADE}{made}")).ok();
    // What was committed a moment ago is in it; what comes later is not.
    let script =
        format!("UPDATE t SET b = 'new' WHERE a = 1;\n.backup '{}'\nDELETE FROM t;\n", copy.display());
    sql(&file, &script).ok();
    let query = "INSERT INTO n DEFAULT VALUES;\nSELECT COUNT(*), MIN(b), (SELECT MAX(id) FROM n) FROM t;\n";
    assert_eq!(sql(&copy, query).ok(), "5000|new|101\n");
    assert_eq!(sql(&file, "SELECT COUNT(*) FROM t;").ok(), "0\n");
    // A database that may only be read can be copied too, with what stands in its log alone.
    let mut running = Running::start(&copy);
    running.send("DELETE FROM t WHERE a > 10;\nSELECT 'done';\n");
    assert_eq!(running.line(), "done");
    running.kill();
    let name = copy.display().to_string();
    run(&["-readonly", &name, &format!(".backup '{}'", second.display())], "").ok();
    assert_eq!(sql(&second, "SELECT COUNT(*) FROM t;").ok(), "10\n");
    fs::remove_file(&second).expect("removed");
    sql(&file, &format!(".backup '{}'\n", second.display())).fails_with_a_line(&["second.db-log", "exists"]);
    assert!(!second.exists());
}

#[test]
fn queries_are_exported() {
    let folder = Folder::new("export-query");
    let file = folder.join("x.csv");
    let export = |what: &str| run::<&str>(&[], &format!("{MADE}.export '{}' {what}\n", file.display()));
    export("\"SELECT a, b FROM t WHERE b = 'text 7' OR a = 9 ORDER BY a DESC\"").ok();
    assert_eq!(fs::read_to_string(&file).expect("a file"), "a,b\n9,text 9\n7,text 7\n");
    fs::remove_file(&file).expect("removed");
    export("SELECT a FROM t").fails_with_a_line(&["usage: .export", "quotes"]);
    export("'SELECT x FROM t'").fails_with(&["no column x"]);
    export("'SELECT 1 / (a - 4000) AS x FROM t'").fails_with(&["division by zero"]);
    assert!(!file.exists(), "no half of a file is left");
}
