//! The runner tells right from wrong: scripts whose outcome is known.

use drystone_conformance::exceptions::Exceptions;
use drystone_conformance::report::{self, Options, Totals};
use std::path::PathBuf;

/// Runs one script with a list of exceptions; gives the totals and what was printed.
fn run(name: &str, script: &str, exceptions: &str) -> (Totals, String) {
    let dir = std::env::temp_dir().join(format!("drystone-conformance-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("one.test"), script).unwrap();
    let files = report::find(std::slice::from_ref(&dir)).unwrap();
    let mut out = Vec::new();
    let exceptions = Exceptions::parse(exceptions).unwrap();
    let totals = report::run(&files, 2, &exceptions, &Options::default(), &mut out).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    (totals, String::from_utf8(out).unwrap())
}

const SCRIPT: &str = "statement ok\nCREATE TABLE t (a INTEGER, b TEXT)\n\n\
    statement ok\nINSERT INTO t VALUES (2, 'x'), (1, ''), (NULL, 'y')\n\n";

#[test]
fn what_holds() {
    let script = format!(
        "{SCRIPT}query IT rowsort same\nSELECT a, b FROM t\n----\n1\n(empty)\n2\nx\nNULL\ny\n\n\
         query IT rowsort same\nSELECT a, b FROM t ORDER BY b\n\n\
         query IT valuesort\nSELECT a, b FROM t\n----\n(empty)\n1\n2\nNULL\nx\ny\n\n\
         hash-threshold 2\n\n\
         query I nosort\nSELECT a FROM t ORDER BY b\n----\n3 values hashing to HASH\n\n\
         query R\nSELECT 1 / 0\n----\nNULL\n\n\
         statement error 42P01\nSELECT * FROM missing\n\n\
         skipif sqlite\nstatement ok\nnot even SQL\n\n\
         onlyif mysql\nhalt\n\n\
         halt\n\nstatement ok\nnot run\n"
    );
    let script = script.replace("HASH", "947ac7611a144a747fd1ba4cb9205642");
    let (totals, out) = run("holds", &script, "");
    let expected = Totals { passed: 8, skipped: 2, ..Totals::default() };
    assert_eq!(totals, expected, "{out}");
    assert_eq!(out, "8 passed, 0 failed, 2 skipped\n");
}

#[test]
fn what_does_not() {
    for (name, record) in [
        ("fails", "statement ok\nSELECT * FROM missing\n"),
        ("succeeds", "statement error\nSELECT * FROM t\n"),
        ("state", "statement error 42601\nSELECT * FROM missing\n"),
        ("value", "query I\nSELECT 1\n----\n2\n"),
        ("less", "query I\nSELECT 1\n----\n1\n1\n"),
        ("more", "query I\nSELECT a FROM t\n----\n2\n"),
        ("columns", "query II\nSELECT 1\n----\n1\n"),
        ("order", "query I\nSELECT a FROM t ORDER BY a\n----\n2\n1\nNULL\n"),
        ("hash", "query I\nSELECT 1\n----\n1 values hashing to 00000000000000000000000000000000\n"),
        ("label", "query I nosort l\nSELECT 1\n----\n1\n\nquery I nosort l\nSELECT 2\n----\n2\n"),
        ("format", "query I\nSELECT 1\n----\n1\n\nquestion I\n"),
        ("error", "query I\nSELECT a FROM missing\n----\n"),
    ] {
        let (totals, out) = run(name, &format!("{SCRIPT}{record}"), "");
        assert_eq!((totals.failed, totals.complaints), (1, 1), "{name}: {out}");
        assert!(out.contains("one.test:"), "{name}: {out}");
    }
    let (totals, _) = run("none", "# nothing\n", "");
    assert_eq!((totals.failed, totals.complaints), (1, 1));
}

#[test]
fn exceptions() {
    let wrong = "query I\nSELECT 1\n----\n2\n\n";
    let (totals, out) = run("listed", wrong, "one.test:1 dynamic-typing");
    assert_eq!((totals.failed, totals.listed, totals.complaints), (1, 1, 0), "{out}");
    let (totals, out) = run("passes", "query I\nSELECT 1\n----\n1\n", "one.test:1 dynamic-typing");
    assert_eq!((totals.passed, totals.complaints), (1, 1), "{out}");
    let list: Vec<String> = (0..9).map(|n| format!("one.test:{} null-order\n", n * 5 + 1)).collect();
    let (totals, out) = run("many", &wrong.repeat(9), &list.concat());
    assert_eq!((totals.failed, totals.listed), (9, 9), "{out}");
    assert!(totals.complaints > 0, "{out}");
}

#[test]
fn paths() {
    assert!(report::find(&[PathBuf::from("/nowhere/at/all")]).is_err());
    let empty = std::env::temp_dir().join(format!("drystone-conformance-{}-empty", std::process::id()));
    std::fs::create_dir_all(&empty).unwrap();
    assert!(report::find(std::slice::from_ref(&empty)).is_err());
    std::fs::remove_dir_all(&empty).unwrap();
}
