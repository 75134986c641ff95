//! Transactions, savepoints, several connections, statements that outlive a change of the schema.

mod support;

use drystone::{Connection, Database};
use std::time::Duration;
use support::{check, database, fails, rows, run};

const T: &str = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)";

#[test]
fn commit_and_rollback() {
    let db = database(T);
    run(&db, "BEGIN; INSERT INTO t VALUES (1, 'x')");
    assert!(!db.is_autocommit());
    check(&db, "SELECT a FROM t", &["1"]);
    run(&db, "ROLLBACK");
    check(&db, "SELECT a FROM t", &[]);
    run(&db, "BEGIN TRANSACTION; INSERT INTO t VALUES (1, 'x'); END");
    run(&db, "BEGIN IMMEDIATE; INSERT INTO t VALUES (2, 'y'); COMMIT TRANSACTION");
    check(&db, "SELECT a FROM t", &["1", "2"]);
    fails(&db, "COMMIT", "25000");
    fails(&db, "ROLLBACK", "25000");
    run(&db, "BEGIN EXCLUSIVE");
    fails(&db, "BEGIN", "25000");
    assert_eq!(db.check().expect_err("writing").code(), "25000");
    assert_eq!(db.checkpoint().expect_err("writing").code(), "25000");
    run(&db, "ROLLBACK");
    assert!(db.is_autocommit());
}

#[test]
fn a_failed_statement_is_rolled_back_alone() {
    let db = database(T);
    run(&db, "BEGIN; INSERT INTO t VALUES (1, 'x')");
    fails(&db, "INSERT INTO t VALUES (2, 'y'), (3, 'z'), (1, 'again')", "23505");
    fails(&db, "UPDATE t SET a = 1 / 0", "22012");
    fails(&db, "CREATE TABLE t (z INTEGER)", "42P07");
    run(&db, "INSERT INTO t VALUES (4, 'w'); COMMIT");
    check(&db, "SELECT a FROM t", &["1", "4"]);
}

#[test]
fn savepoints_nest() {
    let db = database(T);
    run(
        &db,
        "BEGIN; SAVEPOINT early; INSERT INTO t VALUES (1, 'x'); SAVEPOINT one; INSERT INTO t VALUES (2, 'y')",
    );
    run(&db, "SAVEPOINT two; INSERT INTO t VALUES (3, 'z'); ROLLBACK TO two; ROLLBACK TO SAVEPOINT two");
    check(&db, "SELECT a FROM t", &["1", "2"]);
    run(&db, "RELEASE two; ROLLBACK TO one");
    check(&db, "SELECT a FROM t", &["1"]);
    fails(&db, "ROLLBACK TO two", "3B001");
    run(&db, "INSERT INTO t VALUES (5, 'v'); RELEASE SAVEPOINT one; COMMIT");
    check(&db, "SELECT a FROM t", &["1", "5"]);
    // One made before the first write goes back to before it.
    run(&db, "BEGIN; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; COMMIT");
    check(&db, "SELECT a FROM t", &["1", "5"]);
    // Outside a transaction a savepoint opens one.
    run(&db, "SAVEPOINT s; DELETE FROM t WHERE a = 1; RELEASE s");
    assert!(db.is_autocommit());
    check(&db, "SELECT a FROM t", &["5"]);
    run(&db, "SAVEPOINT s; DELETE FROM t; ROLLBACK");
    check(&db, "SELECT a FROM t", &["5"]);
}

#[test]
fn the_schema_rolls_back_too() {
    let db = database(T);
    run(&db, "BEGIN; CREATE TABLE u (v INTEGER); INSERT INTO u VALUES (1); CREATE INDEX i ON t (b)");
    assert_eq!(db.tables().expect("tables"), ["t", "u"]);
    check(&db, "SELECT * FROM u", &["1"]);
    run(&db, "ROLLBACK");
    assert_eq!(db.tables().expect("tables"), ["t"]);
    fails(&db, "SELECT * FROM u", "42P01");
    run(
        &db,
        "BEGIN; CREATE TABLE u (v TEXT); SAVEPOINT s; DROP TABLE t; ROLLBACK TO s; INSERT INTO t VALUES (1, 'x')",
    );
    run(&db, "COMMIT; INSERT INTO u VALUES ('y')");
    check(&db, "SELECT b, v FROM t, u", &["x|y"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn dropping_a_transaction_rolls_it_back() {
    let mut db = database(T);
    {
        let transaction = db.transaction().expect("begin");
        transaction.execute("INSERT INTO t VALUES (1, 'x')", ()).expect("insert");
    }
    check(&db, "SELECT a FROM t", &[]);
    let transaction = db.transaction().expect("begin");
    transaction.execute("INSERT INTO t VALUES (1, 'x')", ()).expect("insert");
    transaction.commit().expect("commit");
    let transaction = db.transaction().expect("begin");
    run(&transaction, "DELETE FROM t");
    transaction.rollback().expect("rollback");
    check(&db, "SELECT a FROM t", &["1"]);
}

#[test]
fn connections_see_what_is_committed() {
    let database = Database::open_in_memory().expect("open");
    let (one, two) = (database.connect(), database.connect());
    run(&one, T);
    run(&one, "BEGIN; INSERT INTO t VALUES (1, 'x')");
    check(&two, "SELECT a FROM t", &[]);
    run(&two, "BEGIN");
    check(&two, "SELECT a FROM t", &[]);
    run(&one, "COMMIT");
    // Two's snapshot stays, and its write comes too late.
    check(&two, "SELECT a FROM t", &[]);
    fails(&two, "INSERT INTO t VALUES (2, 'y')", "40001");
    run(&two, "ROLLBACK");
    check(&two, "SELECT a FROM t", &["1"]);
    run(&two, "BEGIN; SELECT * FROM t; INSERT INTO t VALUES (2, 'y'); COMMIT");
    check(&one, "SELECT a FROM t", &["1", "2"]);
    // Rows go on from their own snapshot.
    let mut statement = one.prepare("SELECT a FROM t").expect("prepare");
    let mut open = statement.query(()).expect("query");
    run(&two, "DELETE FROM t");
    let mut seen = vec![];
    while let Some(row) = open.next().expect("row") {
        seen.push(row.get::<_, i64>(0).expect("value"));
    }
    assert_eq!(seen, [1, 2]);
}

#[test]
fn checkpoints_and_rollbacks_disturb_no_transaction() {
    let database = Database::open_in_memory().expect("open");
    let (one, two) = (database.connect(), database.connect());
    run(&one, T);
    for step in 0..5 {
        run(&two, "BEGIN");
        check(&two, "SELECT count(*) FROM t", &[&step.to_string()]);
        run(&one, "BEGIN; DELETE FROM t; CREATE TABLE u (a INTEGER); ROLLBACK");
        one.checkpoint().expect("checkpoint");
        run(&two, &format!("INSERT INTO t VALUES ({step}, 'x'); COMMIT"));
        check(&one, "SELECT count(*) FROM t", &[&(step + 1).to_string()]);
    }
    assert!(one.check().expect("check").ok);
}

#[test]
fn the_first_transaction_after_opening_may_read_and_then_write() {
    let folder = std::env::temp_dir().join(format!("drystone-first-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    for step in 0..4 {
        let db = Connection::open(folder.join("a.db")).expect("open");
        run(&db, "CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b TEXT)");
        drop(db);
        let db = Connection::open(folder.join("a.db")).expect("open again");
        run(&db, "BEGIN");
        check(&db, "SELECT count(*) FROM t", &[&step.to_string()]);
        run(&db, &format!("INSERT INTO t VALUES ({step}, 'x'); COMMIT"));
    }
    std::fs::remove_dir_all(&folder).expect("remove");
}

#[test]
fn a_large_transaction_commits_past_the_log() {
    let db = database("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX i ON t (b)");
    run(&db, "BEGIN");
    {
        let mut insert = db.prepare("INSERT INTO t VALUES (?, ?)").expect("prepare");
        for id in 0..20_000_i64 {
            insert
                .execute((id, format!("a value that takes some room {:06}", id * 7919 % 20_000)))
                .expect("insert");
        }
    }
    run(
        &db,
        "SAVEPOINT s; DELETE FROM t WHERE a % 2 = 0; ROLLBACK TO s; DELETE FROM t WHERE a >= 19990; COMMIT",
    );
    check(&db, "SELECT count(*), min(b) FROM t", &["19990|a value that takes some room 000000"]);
    run(&db, "BEGIN; UPDATE t SET b = b || '!'; ROLLBACK");
    check(&db, "SELECT count(*) FROM t WHERE b LIKE '%!'", &["0"]);
    assert!(db.check().expect("check").ok);
}

#[test]
fn a_writer_waits_for_another_and_gives_up() {
    let folder = std::env::temp_dir().join(format!("drystone-busy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("folder");
    let options = drystone::OpenOptions { busy_timeout: Duration::from_millis(30), ..Default::default() };
    let database = Database::open_with(folder.join("a.db"), options).expect("open");
    let (one, two) = (database.connect(), database.connect());
    run(&one, T);
    run(&one, "BEGIN IMMEDIATE");
    fails(&two, "INSERT INTO t VALUES (1, 'x')", "55P03");
    check(&two, "SELECT count(*) FROM t", &["0"]);
    let waiting = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        run(&one, "INSERT INTO t VALUES (1, 'x'); COMMIT");
    });
    std::thread::sleep(Duration::from_millis(1));
    // It waits, as long as the timeout is.
    let result = two.execute("INSERT INTO t VALUES (2, 'y')", ());
    waiting.join().expect("thread");
    if result.is_err() {
        run(&two, "INSERT INTO t VALUES (2, 'y')");
    }
    check(&two, "SELECT a FROM t", &["1", "2"]);
    drop((two, database));
    std::fs::remove_dir_all(&folder).expect("remove");
}

#[test]
fn statements_are_planned_anew_when_the_schema_changes() {
    let db = database(T);
    run(&db, "INSERT INTO t VALUES (1, 'x'), (2, 'y')");
    let mut statement = db.prepare("SELECT a FROM t WHERE b = ?").expect("prepare");
    let mut find = |b: &str| statement.query_row([b], |row| row.get::<_, i64>(0)).expect("row");
    assert_eq!(find("y"), 2);
    run(&db, "CREATE INDEX i ON t (b)");
    assert_eq!(find("x"), 1);
    run(&db, "DROP TABLE t; CREATE TABLE t (b TEXT, a INTEGER); INSERT INTO t VALUES ('x', 7)");
    assert_eq!(find("x"), 7);
    run(&db, "DROP TABLE t");
    assert_eq!(statement.query_row(["x"], |_| Ok(())).expect_err("no table").code(), "42P01");
}

#[test]
fn errors_in_a_script_say_where() {
    let db = database(T);
    let script =
        "INSERT INTO t VALUES (1, 'x');\n\n  SELECT a,\n   nope FROM t;\nINSERT INTO t VALUES (2, 'y')";
    let error = db.execute_batch(script).expect_err("error");
    let at = error.position().expect("place");
    assert_eq!((at.line, at.column), (4, 4));
    assert_eq!(&script[at.offset..at.offset + 4], "nope");
    assert_eq!(rows(&db, "SELECT a FROM t"), ["1"]);
    assert!(error.render(script).contains("   nope FROM t;\n           ^"), "{}", error.render(script));
}

#[test]
fn the_schema_is_the_one_that_is_seen() {
    let db = Database::open_in_memory().unwrap();
    let (writer, other, reader) = (db.connect(), db.connect(), db.connect());
    let columns = |db: &Connection| {
        let statement = db.prepare("SELECT * FROM t");
        statement.map_or_else(|error| error.code().to_owned(), |s| s.column_count().to_string())
    };
    run(&writer, "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
    assert_eq!([columns(&writer), columns(&other), columns(&reader)], ["1", "1", "1"]);
    run(&reader, "BEGIN; SELECT * FROM t");
    // Changed and seen by nobody else, taken back in part, then whole.
    run(&writer, "BEGIN; ALTER TABLE t ADD COLUMN b TEXT; SAVEPOINT s; ALTER TABLE t ADD COLUMN c TEXT");
    assert_eq!([columns(&writer), columns(&other), columns(&reader)], ["3", "1", "1"]);
    run(&writer, "ROLLBACK TO s");
    assert_eq!([columns(&writer), columns(&other)], ["2", "1"]);
    run(&writer, "INSERT INTO t VALUES (2, 'two'); ROLLBACK");
    assert_eq!([columns(&writer), columns(&other), columns(&reader)], ["1", "1", "1"]);
    // Committed: others see it, a snapshot from before does not.
    run(&writer, "BEGIN; ALTER TABLE t ADD COLUMN d TEXT; INSERT INTO t VALUES (3, 'three'); COMMIT");
    assert_eq!([columns(&writer), columns(&other), columns(&reader)], ["2", "2", "1"]);
    run(&other, "UPDATE t SET d = 'x' WHERE a = 3; DROP TABLE t; CREATE TABLE t (a TEXT, b TEXT, c TEXT)");
    assert_eq!([columns(&writer), columns(&other), columns(&reader)], ["3", "3", "1"]);
    check(&reader, "SELECT * FROM t", &["1"]);
    run(&reader, "COMMIT");
    assert_eq!(columns(&reader), "3");
}

#[test]
fn a_schema_that_changes_while_others_read() {
    let db = Database::open_in_memory().unwrap();
    run(&db.connect(), "CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER); INSERT INTO t VALUES (1, 0)");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (connection, mut last) = (db.connect(), 0);
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let row = |row: &drystone::Row| Ok((row.values().len(), row.get::<_, usize>(1)?));
                    let (columns, number) = connection.query_row("SELECT * FROM t", (), row).unwrap();
                    // The table says how many columns it has.
                    assert_eq!(columns, 2 + number % 2);
                    assert!(number >= last);
                    last = number;
                }
            });
        }
        let writer = db.connect();
        for number in 1..200 {
            let change = if number % 2 == 0 { "DROP COLUMN c" } else { "ADD COLUMN c TEXT" };
            run(&writer, &format!("BEGIN; ALTER TABLE t {change}"));
            run(&writer, &format!("UPDATE t SET b = {number}; COMMIT"));
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn what_changes_nothing_disturbs_no_transaction() {
    let db = Database::open_in_memory().expect("open");
    let (one, other) = (db.connect(), db.connect());
    run(
        &one,
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, u INTEGER UNIQUE); INSERT INTO t VALUES (1, 'x', 1)",
    );
    for directly in [true, false] {
        other.run_directly(directly);
        for sql in
            ["DELETE FROM t WHERE a = 9", "UPDATE t SET b = 'y' WHERE a = 9", "DELETE FROM t WHERE b = 'z'"]
        {
            run(&one, "BEGIN");
            check(&one, "SELECT a FROM t", &["1"]);
            run(&other, sql);
            run(&other, "BEGIN IMMEDIATE");
            fails(&other, "INSERT INTO t VALUES (1, 'again', 2)", "23505");
            run(&other, &format!("{sql}; COMMIT"));
            run(&one, "UPDATE t SET b = 'y' WHERE a = 1; ROLLBACK");
        }
    }
}
