//! `.import`: files of separated values into tables, and what is said about wrong ones.

mod program;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use program::{Folder, data, run, sql};

/// A file of its own in the folder.
fn file(folder: &Folder, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, content).expect("written");
    path.display().to_string()
}

#[test]
fn a_missing_table_is_made() {
    let folder = Folder::new("import-new");
    let rows: String = (1..=3000)
        .map(|n| {
            let price = if n % 7 == 0 { String::from("NA") } else { format!("{}.25", n % 100) };
            format!("{n},\"stone, no. {n}\",{price},2024-01-{:02},{:03}\r\n", n % 28 + 1, n % 1000)
        })
        .collect();
    let stones = file(&folder, "stones.csv", format!("id,Full name,price,found,order\r\n{rows}"));
    let script = format!(
        ".import --csv --null NA '{stones}' stone
.schema stone
SELECT COUNT(*), COUNT(price), SUM(price), MIN(\"Full name\"), MAX(found), MAX(\"order\") FROM stone;
"
    );
    let schema = "CREATE TABLE stone (
  id INTEGER,
  \"Full name\" TEXT,
  price REAL,
  found DATE,
  \"order\" TEXT
);
";
    let prices: f64 = (1..=3000).filter(|n| n % 7 != 0).map(|n| f64::from(n % 100) + 0.25).sum();
    let row = format!("3000|2572|{prices:?}|stone, no. 1|2024-01-28|999\n");
    assert_eq!(run::<&str>(&[], &script).ok(), format!("{schema}{row}"));
}

#[test]
fn into_a_table_that_is_there() {
    let folder = Folder::new("import-there");
    let db = folder.join("my.db");
    sql(&db, "CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR(3) NOT NULL DEFAULT 'x', c DECIMAL(6,2));")
        .ok();
    let plain = file(&folder, "plain", "1|one|1.5\n2|two|\n");
    let named = file(&folder, "named.csv", "c,A\n-7.25,3\n\"8\",4\n");
    let tabs = file(&folder, "t.tsv", "skip me\n5\t\"\"\t0\n");
    let script = format!(
        ".import '{plain}' t\n.import --header '{named}' t\n.import --skip 1 '{tabs}' t\nSELECT * FROM t ORDER BY a;\n"
    );
    assert_eq!(sql(&db, &script).ok(), "1|one|1.50\n2|two|\n3|x|-7.25\n4|x|8.00\n5||0.00\n");
}

#[test]
fn what_csv_wrote_comes_back() {
    let folder = Folder::new("import-back");
    let made = "CREATE TABLE t (n INTEGER, s TEXT, b BLOB, d DOUBLE PRECISION, j JSON, i INTERVAL);
INSERT INTO t VALUES (1, 'a,\"b\"
c', X'00ff', 1e300, '{\"a\":[1]}', INTERVAL '1 day'), (NULL, '', X'', NULL, NULL, NULL), (2, NULL, NULL, -0.1, '1', NULL);
";
    let query = ".mode csv\n.headers on\nSELECT * FROM t;\n";
    let db = folder.join("my.db");
    let written = sql(&db, &format!("{made}{query}")).ok();
    let path = file(&folder, "t.csv", &written);
    let script = format!("DELETE FROM t;\n.import --header '{path}' t\n{query}");
    assert_eq!(sql(&db, &script).ok(), written);
}

#[test]
fn all_or_nothing_and_one_clear_error() {
    let folder = Folder::new("import-errors");
    let db = folder.join("my.db");
    let rows: String = (1..=5000).map(|n| format!("{n},n{n}\n")).collect();
    sql(&db, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL); INSERT INTO t VALUES (0, 'x');").ok();
    for (name, content, options, texts) in [
        ("type.csv", format!("{rows}x1,b\n"), "", &["type.csv, line 5001, column 1: a:", "x1"][..]),
        ("null.csv", format!("{rows}NA,b\n"), "", &["line 5001", "--null 'NA'"]),
        ("count.csv", format!("{rows}1\n"), "", &["line 5001", "1 values where there are 2 columns"]),
        ("twice.csv", format!("{rows}\n7,b\n"), "", &["twice.csv, line 5002", "7"]),
        ("need.csv", format!("{rows}6000,\n"), "", &["line 5001", "b", "NULL"]),
        ("quote.csv", format!("{rows}6000,\"b\n7,c\n"), "", &["line 5001, column 2", "not closed"]),
        ("name.csv", format!("a,c\n{rows}"), "--header", &["name.csv, line 1, column 2", "no column c"]),
        ("names.csv", format!("a,A\n{rows}"), "--header", &["names.csv, line 1, column 2", "twice"]),
        ("empty.csv", String::new(), "--header", &["empty.csv", "empty"]),
    ] {
        let path = file(&folder, name, content);
        sql(&db, &format!(".import {options} '{path}' t\n")).fails_with_a_line(texts);
        assert_eq!(sql(&db, "SELECT COUNT(*) FROM t;").ok(), "1\n", "{name}");
    }
    // Inside a transaction only the import is undone; a new table goes with it.
    let bad = folder.join("type.csv").display().to_string();
    let script = format!(
        "BEGIN;\nINSERT INTO t VALUES (-1, 'y');\n.import '{bad}' t\nCOMMIT;\nSELECT * FROM t ORDER BY a;\n"
    );
    assert_eq!(sql(&db, &script).fails_with(&["line 5001"]).out, "-1|y\n0|x\n");
    let path = file(&folder, "new.csv", "a,b\n1,2\n3\n");
    sql(&db, &format!(".import '{path}' new\n")).fails_with_a_line(&["new.csv, line 3"]);
    assert_eq!(sql(&db, ".tables").ok(), "t\n");
    for (line, text) in [
        (".import /nowhere.csv t", "/nowhere.csv"),
        (".import --cvs x t", "did you mean --csv?"),
        (".import x", "usage: .import"),
    ] {
        run(&[":memory:", line], "").fails_with_a_line(&[text]);
    }
}

/// The five tables of nycflights13 into a new file.
fn import_flights(data: &Path, db: &Path) -> Duration {
    let mut script = String::new();
    for (table, name) in [
        ("airlines", "airlines.csv"),
        ("airports", "airports.csv"),
        ("planes", "planes.csv"),
        ("weather", "weather.csv"),
        ("flights", "flights.csv.gz"),
    ] {
        let path = data.join("nycflights13").join(name);
        script.push_str(&format!(".import --csv --header --null NA '{}' {table}\n", path.display()));
    }
    let begun = Instant::now();
    sql(db, &script).ok();
    begun.elapsed()
}

#[test]
fn nycflights13() {
    let Some(data) = data("nycflights13") else { return };
    let folder = Folder::new("flights");
    let db = folder.join("flights.db");
    let time = import_flights(&data, &db);
    println!("imported in {time:.2?}");
    let counts = "SELECT (SELECT COUNT(*) FROM flights), (SELECT COUNT(*) FROM weather),
       (SELECT COUNT(*) FROM planes), (SELECT COUNT(*) FROM airports), (SELECT COUNT(*) FROM airlines);";
    assert_eq!(sql(&db, counts).ok(), "336776|26115|3322|1458|16\n");
    let flights = "SELECT COUNT(dep_time), SUM(distance), SUM(arr_delay), MIN(time_hour) FROM flights;";
    assert_eq!(sql(&db, flights).ok(), "328521|350217607|2257174|2013-01-01T10:00:00Z\n");
    let join = "SELECT a.name, COUNT(*), SUM(f.arr_delay), COUNT(p.tailnum), COUNT(w.temp)
FROM flights f JOIN airlines a ON a.carrier = f.carrier
     LEFT JOIN planes p ON p.tailnum = f.tailnum
     LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
     JOIN airports d ON d.faa = f.dest
GROUP BY a.name ORDER BY COUNT(*) DESC LIMIT 2;";
    let begun = Instant::now();
    let rows = sql(&db, join).ok();
    println!("all five joined in {:.2?}:\n{rows}", begun.elapsed());
    // As SQLite has them.
    let expected =
        "United Air Lines Inc.|57491|199690|55802|57192\nExpressJet Airlines Inc.|54173|807324|54173|53920\n";
    assert_eq!(rows, expected);
    if !cfg!(debug_assertions) {
        assert!(time < Duration::from_secs(10), "the import took {time:?}");
    }
}
