//! Commands about files and settings: output, export, other databases, what is there.

mod program;

use std::fs;

use program::{Folder, run, sql};

#[test]
fn output_goes_where_it_is_sent() {
    let folder = Folder::new("output");
    let name = |file: &str| folder.join(file).display().to_string();
    let script = format!(
        "SELECT 1;\n.output '{}'\nSELECT 2;\n.tables\nSELECT 3;\n.output\nSELECT 4;\n.once '{}'\nSELECT 5;\nSELECT 6;\n",
        name("all"),
        name("once")
    );
    assert_eq!(run::<&str>(&[], &script).ok(), "1\n4\n6\n");
    let content = |file: &str| fs::read_to_string(folder.join(file)).expect("a file");
    assert_eq!([content("all"), content("once")], ["2\n3\n", "5\n"]);
    let missing = run::<&str>(&[], ".output /no/such/folder/x\nSELECT 1;\n").fails_with_a_line(&["/no/such"]);
    assert_eq!(missing.out, "1\n");
    if fs::metadata("/dev/full").is_ok() {
        let full = run::<&str>(&[], ".output /dev/full\nSELECT 1;\nSELECT 2;\n").fails_with(&["/dev/full"]);
        assert_eq!(full.out, "2\n");
    }
}

#[test]
fn tables_are_exported() {
    let folder = Folder::new("export");
    let made = "CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, NULL);";
    for (options, file, content) in [
        ("", "t.csv", "a,b\n1,x\n2,\n"),
        ("", "t.jsonl", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null}\n"),
        ("--json", "t.txt", "[{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":null}]\n"),
        ("", "t.sql", "INSERT INTO t VALUES (1,'x');\nINSERT INTO t VALUES (2,NULL);\n"),
    ] {
        let path = folder.join(file).display().to_string();
        run::<&str>(&[], &format!("{made}\n.export {options} '{path}' t\n")).ok();
        assert_eq!(fs::read_to_string(&path).expect("a file"), content, "{file}");
    }
    let nothing = folder.join("nothing.csv");
    run::<&str>(&[], &format!(".export '{}' nothing\n", nothing.display())).fails_with(&["nothing"]);
    assert!(!nothing.exists());
    run::<&str>(&[], ".export --cvs x t\n").fails_with_a_line(&["did you mean csv?"]);
}

#[test]
fn another_database() {
    let folder = Folder::new("open");
    let (one, two) = (folder.join("one.db"), folder.join("two.db"));
    sql(&one, "CREATE TABLE one (a INTEGER);").ok();
    let script = format!(
        "CREATE TABLE two (a INTEGER);\n.open '{}'\n.tables\n.databases\n.open --readonly '{}'\n.tables\n.open\n.tables\n",
        one.display(),
        two.display()
    );
    let ran = sql(&two, &script).ok();
    assert_eq!(ran, format!("one\nmain: {} r/w\ntwo\n", one.display()));
    let same =
        sql(&one, &format!(".open '{}'\n.tables\n", one.display())).fails_with_a_line(&["open already"]);
    assert_eq!(same.out, "one\n");
    let script = format!("BEGIN;\n.open '{}'\n", two.display());
    assert!(sql(&one, &script).err.contains("COMMIT or ROLLBACK"));
    let missing =
        sql(&one, ".open --readonly /no/such/file\n.tables\n").fails_with_a_line(&["/no/such/file"]);
    assert_eq!(missing.out, "one\n", "what is open stays open");
}

#[test]
fn what_is_there() {
    let made = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE); CREATE TABLE u (a INTEGER);
CREATE INDEX u_a ON u (a); CREATE VIEW v AS SELECT a FROM t; CREATE TEMP VIEW w AS SELECT 1 AS one;\n";
    let shown = |command: &str| run::<&str>(&[], &format!("{made}{command}\n")).ok();
    assert_eq!(shown(".tables"), "t\nu\nv\nw\n");
    assert_eq!(shown(".indexes u"), "u_a\n");
    assert_eq!(shown(".indexes").lines().count(), 2);
    assert!(shown(".schema").contains("CREATE VIEW v AS SELECT a FROM t;\n"));
    assert_eq!(shown(".schema v"), "CREATE VIEW v AS SELECT a FROM t;\n");
    run::<&str>(&[], &format!("{made}.indexes x\n")).fails_with(&["x"]);
    let settings = shown(".mode csv\n.nullvalue -\n.width 3 -4\n.show");
    for text in ["mode: csv\n", "nullvalue: \"-\"\n", "width: 3 -4\n", "output: (standard output)\n"] {
        assert!(settings.contains(text), "no '{text}' in {settings}");
    }
    assert_eq!(shown(".mode insert x\nSELECT a FROM u;\nSELECT 1, 'a';"), "INSERT INTO x VALUES (1,'a');\n");
    assert_eq!(shown(".help once").lines().count(), 1);
}
