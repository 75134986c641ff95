//! The scripts of our own, and the small ones of SQLite's corpus.
//!
//! The whole corpus is for `cargo run --release -p drystone-conformance -- PATH ...`.

use drystone_conformance::exceptions::{Exceptions, LIST};
use drystone_conformance::report::{self, Options};
use std::path::{Path, PathBuf};

fn holds(path: PathBuf) {
    let files = report::find(&[path]).unwrap();
    let mut out = Vec::new();
    let exceptions = Exceptions::parse(LIST).unwrap();
    let totals = report::run(&files, 2, &exceptions, &Options::default(), &mut out).unwrap();
    assert_eq!(totals.complaints, 0, "{}", String::from_utf8_lossy(&out));
    assert!(totals.passed > 0);
}

#[test]
fn our_own() {
    holds(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt"));
}

#[test]
fn evidence() {
    let data = std::env::var_os("DRYSTONE_DATA").map(PathBuf::from);
    let given = data.is_some();
    let data = data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    let corpus = data.join("sqllogictest/evidence");
    if !corpus.is_dir() {
        assert!(!given, "DRYSTONE_DATA is set, but {} is not there", corpus.display());
        println!("skipped: {} is not there", corpus.display());
        return;
    }
    holds(corpus);
}
