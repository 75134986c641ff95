//! Sorting, grouping, DISTINCT and joins with more rows than the memory limit holds give the same
//! rows as with room for all, and leave no temporary file behind.

mod support;

use drystone::{Connection, Database};
use std::sync::{Mutex, MutexGuard, PoisonError};
use support::{rows, run};

const ROWS: i64 = 100_000;

fn connections() -> (Connection, Database) {
    let database = Database::open_in_memory().expect("open");
    let db = database.connect();
    run(
        &db,
        &format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER, s TEXT, d NUMERIC(10,2));
             INSERT INTO t SELECT i, i * 7919 % 1000003, CASE WHEN i % 11 = 0 THEN NULL ELSE 'text ' || (i * 31 % 9973) END,
                 CAST(i % 1000 AS NUMERIC(10,2)) / 4
             FROM generate_series(1, {ROWS}) AS i"
        ),
    );
    (db, database)
}

fn limited(db: &Connection, mebibytes: u64) {
    run(db, &format!("SET memory_limit = {}", mebibytes << 20));
}

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

fn digest(db: &Connection, sql: &str) -> (u64, u64, u64) {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut statement = db.prepare(sql).expect("prepare");
    let mut rows = statement.query(()).unwrap_or_else(|error| panic!("{}", error.render(sql)));
    let (mut count, mut hasher, mut peak) = (0, DefaultHasher::new(), 0);
    while let Some(row) = rows.next().unwrap_or_else(|error| panic!("{}", error.render(sql))) {
        format!("{:?}", row.values()).hash(&mut hasher);
        count += 1;
        if count % 50_000 == 0 {
            peak = peak.max(resident());
        }
    }
    (count, hasher.finish(), peak)
}

/// Memory and open files are the whole process's, so one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn with_little_memory_the_answers_are_the_same() {
    let _one = alone();
    let (db, database) = connections();
    let ordered = [
        "SELECT * FROM t ORDER BY k DESC, id",
        "SELECT s, d, id FROM t ORDER BY s NULLS FIRST, d DESC, id",
        "SELECT id FROM t ORDER BY s, id LIMIT 40000 OFFSET 10",
    ];
    let sets = [
        "SELECT k, count(*), sum(id), max(s) FROM t GROUP BY k",
        "SELECT DISTINCT k, s FROM t",
        "SELECT count(*), sum(a.id * 2 + b.id) FROM t a JOIN t b ON a.k = b.k AND a.s = b.s",
        "SELECT a.id, b.id FROM t a LEFT JOIN (SELECT k + 1 AS k, id FROM t WHERE id % 3 = 0) b ON a.k = b.k",
        "SELECT a.s, b.k FROM (SELECT k, s FROM t WHERE id % 2 = 0) a FULL JOIN (SELECT k, id FROM t WHERE id % 3 = 0) b ON a.k = b.k",
        "SELECT count(*) FROM t a WHERE NOT EXISTS (SELECT 1 FROM t b WHERE b.k = a.k + 1 AND b.id <> a.id)",
        "SELECT s, string_agg(CAST(id AS TEXT), ',' ORDER BY id DESC) FROM t WHERE id < 20000 GROUP BY s",
    ];
    let sorted = |sql: &str| {
        let width = if sql.contains("count(*) FROM") || sql.contains("SELECT count(*), sum(a") {
            "1"
        } else {
            "1, 2"
        };
        format!("SELECT * FROM ({sql}) AS q ORDER BY {width}")
    };
    for (sql, wide) in
        ordered.iter().map(|sql| ((*sql).to_owned(), 4)).chain(sets.iter().map(|sql| (sorted(sql), 8)))
    {
        limited(&db, wide);
        let before = resident();
        let (found, hash, peak) = digest(&db, &sql);
        limited(&db, 1024);
        let (count, expected, _) = digest(&db, &sql);
        println!("{sql}: {count} rows, {} MiB more", peak.saturating_sub(before) >> 20);
        assert_eq!((found, hash), (count, expected), "{sql}");
        assert!(peak <= before + (64 << 20), "{sql}: {} MiB more", (peak - before) >> 20);
    }
    drop(database);
}

/// Temporary files this process has open.
fn temporary_files() -> usize {
    let Ok(links) = std::fs::read_dir("/proc/self/fd") else { return 0 };
    let targets = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().ends_with("(deleted)")).count()
}

#[test]
fn a_million_rows_are_sorted_in_four_mebibytes() {
    let _one = alone();
    let db = Connection::open_in_memory().expect("open");
    let sql = "SELECT i, 'stone ' || i FROM generate_series(1, 1000000) AS i ORDER BY i * 7919 % 1000003";
    limited(&db, 4);
    let idle = resident();
    let mut statement = db.prepare(sql).expect("prepare");
    let mut rows = statement.query(()).expect("query");
    rows.next().expect("a row");
    assert!(temporary_files() > 0 || !cfg!(target_os = "linux"));
    drop(rows);
    assert_eq!(temporary_files(), 0);
    let (found, hash, peak) = digest(&db, sql);
    println!("{} MiB more than idle", peak.saturating_sub(idle) >> 20);
    assert!(peak <= idle + (64 << 20), "{} MiB more than idle", (peak - idle) >> 20);
    limited(&db, 1024);
    let (count, expected, _) = digest(&db, sql);
    assert_eq!((count, found, hash), (1_000_000, count, expected));
    assert_eq!(temporary_files(), 0);
}

#[test]
fn what_cannot_be_spread_says_so() {
    let _one = alone();
    let db = Connection::open_in_memory().expect("open");
    run(&db, "SET memory_limit = 1048576");
    support::fails(&db, "SELECT count(DISTINCT i) FROM generate_series(1, 1000000) AS i", "53200");
    support::fails(
        &db,
        "SELECT string_agg('0123456789', ',') FROM generate_series(1, 1000000) AS i",
        "53200",
    );
    // The connection goes on.
    assert_eq!(rows(&db, "SELECT 1"), ["1"]);
}
