//! A prepared statement about one row allocates nothing once it has run, and a short range neither.

mod sys;

use drystone::{Connection, Row, Statement, params};

#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

/// Runs something a few times, then counts the allocations of many runs.
fn count(mut run: impl FnMut(i64)) -> u64 {
    (0..64).for_each(&mut run);
    let before = sys::allocations();
    (64..512).for_each(run);
    sys::allocations() - before
}

fn database() -> Connection {
    let db = Connection::open_in_memory().expect("open");
    let script = "CREATE TABLE t (k INTEGER PRIMARY KEY, name TEXT NOT NULL, n INTEGER, more TEXT);
        CREATE TABLE u (a TEXT, b INTEGER, v TEXT, PRIMARY KEY (a, b));
        CREATE TABLE w (k INTEGER PRIMARY KEY, n INTEGER, t TEXT);
        CREATE INDEX wn ON w (n);
        CREATE UNIQUE INDEX wt ON w (t, n);
        INSERT INTO t SELECT value, 'name of ' || value, value * 7, 'more' FROM generate_series(0, 9999);
        INSERT INTO u SELECT 'a' || value, value, 'v' FROM generate_series(0, 999)";
    db.execute_batch(script).expect("script");
    db
}

fn prepared<'c>(db: &'c Connection, sql: &str) -> Statement<'c> {
    db.prepare(sql).expect("prepare")
}

#[test]
fn the_count_counts() {
    assert!(count(|number| drop(std::hint::black_box(vec![number]))) > 0);
}

#[test]
fn reading() {
    let db = database();
    let mut point = prepared(&db, "SELECT name, n, more FROM t WHERE k = ?");
    let mut keyed = prepared(&db, "SELECT v, b FROM u WHERE a = ? AND b = ?");
    let mut range = prepared(&db, "SELECT k, name, n FROM t WHERE k BETWEEN ? AND ?");
    let mut backwards = prepared(&db, "SELECT name FROM t WHERE k < ? ORDER BY k DESC");
    let texts: Vec<String> = (0..1000).map(|number| format!("a{number}")).collect();
    for begin in [false, true] {
        if begin {
            db.execute_batch("BEGIN").expect("begin");
        }
        let length = |row: &Row| match row.get_ref(0)? {
            drystone::types::Value::Text(text) => Ok(text.len()),
            other => panic!("{other:?}"),
        };
        let points = count(|k| assert!(point.query_row([k], length).expect("row") > 0));
        let keys = count(|k| assert!(keyed.exists(params![texts[k as usize], k]).expect("row")));
        let ranges = count(|k| {
            let mut rows = range.query([k * 3, k * 3 + 99]).expect("query");
            let mut found = 0;
            while rows.next().expect("row").is_some() {
                found += 1;
            }
            assert_eq!(found, 100);
        });
        let last = count(|k| assert!(backwards.exists([k % 2 + 1_000]).expect("row")));
        assert_eq!([points, keys, ranges, last], [0; 4], "in a transaction: {begin}");
    }
}

#[test]
fn writing() {
    let db = database();
    let mut update = prepared(&db, "UPDATE t SET n = ?, more = ? WHERE k = ?");
    let mut insert = prepared(&db, "INSERT INTO t VALUES (?, ?, ?, NULL)");
    let mut indexed = prepared(&db, "INSERT INTO w VALUES (?, ?, ?)");
    let mut delete = prepared(&db, "DELETE FROM t WHERE k = ?");
    for begin in [false, true] {
        let first = if begin { 20_000 } else { 30_000 };
        if begin {
            db.execute_batch("BEGIN").expect("begin");
        }
        let one = |changed: drystone::Result<usize>| assert_eq!(changed.expect("change"), 1);
        let updates = count(|k| one(update.execute(params![k * 9, "other", k])));
        let inserts = count(|k| one(insert.execute(params![first + k, "a name", -k])));
        let with_indexes = count(|k| one(indexed.execute(params![first + k, first + k, "text"])));
        let deletes = count(|k| one(delete.execute([first + k])));
        assert_eq!([updates, inserts, with_indexes, deletes], [0; 4], "in a transaction: {begin}");
    }
}
