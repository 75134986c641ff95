//! Lookups and joins on a key touch a few pages a row, however large the table is.

mod support;

use drystone::Connection;
use support::{database, rows, run};

/// Pages looked at by a statement, wherever they came from.
fn pages(db: &Connection, sql: &str) -> u64 {
    let count = || {
        db.stats()
            .iter()
            .filter(|(name, _)| name.starts_with("page_hits") || *name == "page_reads")
            .map(|(_, n)| n)
            .sum::<u64>()
    };
    // Once without counting: the plan is made.
    rows(db, sql);
    let before = count();
    rows(db, sql);
    count() - before
}

fn filled(tracks: i64) -> Connection {
    let db = database(
        "CREATE TABLE album (id INTEGER PRIMARY KEY, title TEXT);
         CREATE TABLE track (id INTEGER PRIMARY KEY, album INTEGER REFERENCES album (id), name TEXT UNIQUE, n INTEGER);
         CREATE INDEX track_album ON track (album)",
    );
    run(&db, "BEGIN");
    let mut album = db.prepare("INSERT INTO album VALUES (?, ?)").expect("prepare");
    let mut track = db.prepare("INSERT INTO track VALUES (?, ?, ?, ?)").expect("prepare");
    for id in 0..tracks / 10 {
        album.execute((id, format!("album {id}"))).expect("insert");
    }
    for id in 0..tracks {
        // Tracks of an album lie far apart.
        track.execute((id, id % (tracks / 10), format!("track number {id}"), id * 7 % 1000)).expect("insert");
    }
    run(&db, "COMMIT");
    db
}

#[test]
fn lookups_touch_the_height_of_the_tree() {
    let (small, large) = (filled(1_000), filled(30_000));
    for (sql, per_row, rows) in [
        ("SELECT name FROM track WHERE id = 777", 1, 1),
        ("SELECT id FROM track WHERE name = 'track number 777'", 2, 1),
        ("SELECT name FROM track WHERE album = 77", 2, 10),
        ("SELECT name FROM track WHERE id BETWEEN 500 AND 520", 1, 1),
        (
            "SELECT count(*) FROM track t JOIN album a ON a.id = t.album WHERE t.id IN (SELECT 5 UNION SELECT 6)",
            4,
            2,
        ),
        ("SELECT t.name FROM album a JOIN track t ON t.album = a.id WHERE a.id = 7", 2, 11),
        ("SELECT a.title FROM track t LEFT JOIN album a ON a.id = t.album WHERE t.id = 321", 2, 1),
        (
            "SELECT title FROM album a WHERE a.id = 5 AND EXISTS (SELECT 1 FROM track t WHERE t.album = a.id)",
            3,
            10,
        ),
    ] {
        let (few, many) = (pages(&small, sql), pages(&large, sql));
        println!(
            "{sql}: {few} and {many} pages\n{}",
            support::rows(&large, &format!("EXPLAIN {sql}")).join("\n")
        );
        // Trees of this size have up to three levels; beside them the catalog is looked at.
        let limit = 12 + rows * per_row * 4;
        assert!(many <= limit, "{sql}: {many} pages, at most {limit}");
        assert!(many <= few * 2 + 6, "{sql}: {many} pages where a small table took {few}");
    }
}

#[test]
fn changes_touch_the_height_of_the_trees() {
    let db = filled(30_000);
    let count = || {
        db.stats()
            .iter()
            .filter(|(name, _)| *name == "page_hits" || *name == "page_reads")
            .map(|(_, n)| n)
            .sum::<u64>()
    };
    for sql in [
        "UPDATE track SET n = n + 1 WHERE id = 12345",
        "UPDATE track SET album = 9 WHERE id = 12346",
        "DELETE FROM track WHERE id = 12347",
        "INSERT INTO track VALUES (100000, 5, 'new one', 1)",
    ] {
        let mut statement = db.prepare(sql).expect("prepare");
        let before = count();
        assert_eq!(statement.execute(()).expect("change"), 1);
        let pages = count() - before;
        println!("{sql}: {pages} pages");
        assert!(pages <= 80, "{sql}: {pages} pages");
    }
}
