//! `.recover` and `-salvage`: what can be had of a damaged database, and that nothing else is lost.

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Folder, Ran, Running, log_of, run, sql};

const ROWS: usize = 40;

fn name(file: &Path) -> String {
    file.display().to_string()
}

fn recover(file: &Path) -> Ran {
    run(&[name(file).as_str(), ".recover"], "")
}

/// What a recovery printed, as a database.
fn rebuilt(folder: &Folder, script: &str) -> PathBuf {
    let file = folder.join("rebuilt.db");
    for file in [&file, &log_of(&file)] {
        let _ = fs::remove_file(file);
    }
    sql(&file, script).ok();
    file
}

fn answer(file: &Path, query: &str) -> String {
    sql(file, query).ok()
}

/// A database whose process was killed: its log holds a commit a row.
fn killed(folder: &Folder) -> PathBuf {
    let file = folder.join("my.db");
    sql(&file, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);").ok();
    let mut running = Running::start(&file);
    for a in 1..=ROWS {
        running.send(&format!("INSERT INTO t VALUES ({a}, 'text number {a:03}.'); SELECT {a};\n"));
        assert_eq!(running.line(), a.to_string());
    }
    running.kill();
    file
}

/// Turns a bit of the first of these bytes in a file.
fn damage(file: &Path, text: &str) {
    let mut bytes = fs::read(file).expect("a file");
    let at = bytes.windows(text.len()).position(|bytes| bytes == text.as_bytes()).expect("the text");
    bytes[at] ^= 1;
    fs::write(file, bytes).expect("written");
}

#[test]
fn a_damaged_log() {
    let folder = Folder::new("recover-log");
    let file = killed(&folder);
    damage(&log_of(&file), "text number 020.");
    let files = || (fs::read(&file).expect("a file"), fs::read(log_of(&file)).expect("a log"));
    let before = files();
    sql(&file, "SELECT COUNT(*) FROM t;").fails_with_a_line(&["damaged", ".recover", "-salvage"]);
    run(&["-readonly", name(&file).as_str()], "SELECT 1;").fails_with_a_line(&["damaged", ".recover"]);

    let ran = recover(&file);
    assert_eq!((ran.status, ran.err.lines().count()), (0, 1), "{}", ran.err);
    assert!(ran.err.starts_with("note: the log ends at LSN ") && ran.err.contains("left out"), "{}", ran.err);
    assert!(files() == before, "nothing is written");
    let copy = rebuilt(&folder, &ran.out);
    assert_eq!(answer(&copy, "SELECT COUNT(*), MAX(a) FROM t;"), "19|19\n");

    let ran = run(&["-salvage", name(&file).as_str(), "SELECT COUNT(*), MAX(b) FROM t;"], "");
    assert_eq!((ran.status, ran.out.as_str()), (0, "19|text number 019.\n"));
    assert!(ran.err.contains("dropped") && ran.err.lines().count() == 1, "{}", ran.err);
    run(&[name(&file).as_str(), ".check"], "").ok();
    assert_eq!(answer(&file, "INSERT INTO t VALUES (20, 'anew'); SELECT COUNT(*) FROM t;"), "20\n");
    // There is nothing left to be dropped.
    let ran = run(&["-salvage", name(&file).as_str(), "SELECT COUNT(*) FROM t;"], "");
    assert_eq!(ran.ok(), "20\n");
}

#[test]
fn a_log_that_is_gone() {
    let folder = Folder::new("recover-no-log");
    let file = killed(&folder);
    fs::remove_file(log_of(&file)).expect("removed");
    sql(&file, "SELECT 1;").fails_with_a_line(&["log", ".recover", "-salvage"]);
    let ran = recover(&file);
    assert_eq!((ran.status, ran.err.lines().count()), (0, 1), "{}", ran.err);
    assert!(!log_of(&file).exists());
    assert_eq!(answer(&rebuilt(&folder, &ran.out), "SELECT COUNT(*) FROM t;"), "0\n");
    let ran = run(&["-salvage", name(&file).as_str(), "INSERT INTO t VALUES (1, 'x')"], "");
    assert!(ran.status == 0 && ran.err.contains("dropped"), "{}", ran.err);
    assert_eq!(answer(&file, "SELECT COUNT(*) FROM t;"), "1\n");
}

#[test]
fn rotten_pages() {
    let folder = Folder::new("recover-pages");
    let file = folder.join("my.db");
    let rows = |from: usize| -> String {
        (from..from + 3000).map(|a| format!("({a}, 'text number {a}.')")).collect::<Vec<_>>().join(", ")
    };
    let long = "x".repeat(20_000);
    sql(
        &file,
        &format!(
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES {};
             CREATE TABLE u (a INTEGER, b TEXT); INSERT INTO u VALUES {}; CREATE INDEX i ON u (b);
             CREATE TABLE v (k TEXT PRIMARY KEY, b TEXT); INSERT INTO v VALUES ('long', '{long}y'), ('short', 'z');
             CREATE TABLE w (a INTEGER REFERENCES t (a)); INSERT INTO w VALUES (100), (2999);",
            rows(1),
            rows(10_001)
        ),
    )
    .ok();
    let whole = fs::read(&file).expect("a file");
    damage(&file, "text number 100.");
    damage(&file, "text number 2000.");
    damage(&file, &long[..200]);
    run(&[name(&file).as_str(), ".dump"], "").fails_with(&["damaged", ".recover"]);
    let ran = recover(&file);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let notes: Vec<&str> = ran.err.lines().collect();
    assert!(notes.len() == 2 && notes.iter().any(|note| note.starts_with("note: t: ")), "{}", ran.err);
    assert!(notes.iter().any(|note| note.starts_with("note: v: ")), "{}", ran.err);
    // A row that refers to a lost one is refused, and only that.
    let copy = folder.join("copy.db");
    sql(&copy, &ran.out).fails_with(&["23503"]);
    let count: usize = answer(&copy, "SELECT COUNT(*) FROM t;").trim().parse().expect("a number");
    assert!((2400..3000).contains(&count), "{count} rows");
    let query =
        "SELECT COUNT(*) FROM t WHERE a IN (500, 1000, 3000); SELECT COUNT(*) FROM u; SELECT a FROM w;
                 SELECT k FROM v;";
    assert_eq!(answer(&copy, query), "3\n3000\n2999\nshort\n");

    // A file that was cut short: what is needed to find the tables may have been at its end.
    let mut rescued = 0;
    for pages in [1, 3, 5, 10, 20, 30] {
        fs::write(&file, &whole[..whole.len() - pages * 4096]).expect("written");
        let refused = sql(&file, "SELECT 1;");
        if refused.status == 0 {
            continue; // Nothing was there.
        }
        refused.fails_with_a_line(&["cut short", ".recover"]);
        let ran = recover(&file);
        match ran.status {
            0 => {
                let rows = ran.out.matches("INSERT INTO").count();
                assert!(ran.err.lines().count() <= 4 && rows > 1000, "{rows}: {}", ran.err);
                assert!(rows == 6004 || !ran.err.is_empty(), "{rows}");
                rescued += 1;
            }
            _ => drop(ran.fails_with(&[])),
        }
    }
    assert!(rescued > 0);
}

#[test]
fn nothing_is_wrong() {
    let folder = Folder::new("recover-whole");
    let file = killed(&folder);
    let script = recover(&file).ok();
    assert_eq!(script.matches("INSERT INTO").count(), ROWS);
    let dump = |file: &Path| run(&[name(file).as_str(), ".dump"], "").ok();
    assert_eq!(dump(&rebuilt(&folder, &script)), dump(&file));
    // Among other commands it reads what is open.
    assert_eq!(run(&[name(&file).as_str(), "SELECT 1", ".recover"], "").ok(), format!("1\n{script}"));

    let nothing = folder.join("nothing.db");
    recover(&nothing).fails_with_a_line(&["nothing.db"]);
    assert!(!nothing.exists());
    let ran = run(&["-salvage", name(&nothing).as_str(), "SELECT 1"], "");
    ran.fails_with_a_line(&["nothing.db"]);
    assert!(!nothing.exists());
}
