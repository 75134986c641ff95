//! Chinook, unchanged, through the program: `drystone chinook.db < chinook.sql`, then twelve
//! queries, whose rows are known (numbers compared by value).
//!
//! In a release build the load must end within 5 s and each query within 0.2 s.

mod program;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use program::{Folder, data, run, sql};

/// The fields of a CSV text, row by row.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.trim_end().chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().expect("a row");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                row.last_mut().expect("a field").push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            '\r' if !quoted => {}
            c => row.last_mut().expect("a field").push(c),
        }
    }
    rows
}

fn same(found: &str, expected: &str) -> bool {
    match (found.parse::<f64>(), expected.parse::<f64>()) {
        (Ok(found), Ok(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        _ => found == expected,
    }
}

fn compare(name: &str, found: &str, expected: &str) {
    let (found, expected) = (csv(found), csv(expected));
    let fields = |rows: &[Vec<String>]| rows.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(fields(&found), fields(&expected), "{name}: rows and columns");
    for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
        for (found, expected) in found.iter().zip(expected) {
            assert!(same(found, expected), "{name}, row {row}: '{found}' instead of '{expected}'");
        }
    }
}

#[test]
fn loads_unchanged_and_answers_twelve_queries() {
    let Some(data) = data("chinook.sql") else { return };
    let folder = Folder::new("chinook");
    let file = folder.join("chinook.db");
    let script = fs::read_to_string(data.join("chinook.sql")).expect("UTF-8");
    let begun = Instant::now();
    sql(&file, &script).ok();
    let load = begun.elapsed();
    let name = file.display().to_string();
    run(&[name.as_str(), ".check"], "").ok();

    let mut slowest = Duration::ZERO;
    let queries = fs::read_dir(data.join("chinook_queries")).expect("a folder");
    let mut queries: Vec<PathBuf> = queries.map(|entry| entry.expect("an entry").path()).collect();
    queries.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    queries.sort();
    assert_eq!(queries.len(), 12);
    for path in &queries {
        let query = fs::read_to_string(path).expect("UTF-8");
        let expected = fs::read_to_string(path.with_extension("csv")).expect("UTF-8");
        let begun = Instant::now();
        let found = run(&["-csv", "-header", &name], &query).ok();
        slowest = slowest.max(begun.elapsed());
        compare(&path.display().to_string(), &found, &expected);
    }
    println!("loaded in {load:.2?}, slowest query {slowest:.2?}");
    if !cfg!(debug_assertions) {
        assert!(load < Duration::from_secs(5), "the load took {load:?}");
        assert!(slowest < Duration::from_millis(200), "a query took {slowest:?}");
    }
}
