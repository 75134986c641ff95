//! SET and SHOW; limits of time and memory; interrupts.

mod support;

use drystone::{Connection, ErrorKind};
use std::time::{Duration, Instant};
use support::{check, database, error, fails, run};

#[test]
fn settings_are_set_shown_and_reset() {
    let db = database("SET statement_timeout = '2s'; set memory_limit to '64MB'");
    check(&db, "SHOW statement_timeout", &["2000"]);
    check(&db, "SHOW memory_limit", &["67108864"]);
    run(&db, "SET statement_timeout = 250; RESET memory_limit");
    check(&db, "SHOW statement_timeout", &["250"]);
    check(&db, "SHOW memory_limit", &["268435456"]);
    run(&db, "SET SESSION statement_timeout TO DEFAULT");
    check(&db, "SHOW statement_timeout", &["0"]);
    assert_eq!(support::rows(&db, "SHOW ALL").len(), 3);
    for (sql, code) in [
        ("SET nothing = 1", "42704"),
        ("SHOW nothing", "42704"),
        ("SET statement_timeout = 'soon'", "22023"),
        ("SET memory_limit = 0", "22023"),
        ("SET memory_limit = -1", "22023"),
        ("SET division_by_zero = perhaps", "22023"),
        ("SET memory_limit", "42601"),
        ("SET memory_limit = 1 2", "42601"),
    ] {
        fails(&db, sql, code);
    }
    let wrong = error(&db, "SET memory_limt = 1");
    assert_eq!(wrong.hint_text(), Some("is memory_limit meant?"));
    assert_eq!(wrong.position().map(|at| at.column), Some(5));
}

#[test]
fn division_by_zero_is_an_error_or_null() {
    let db = database("");
    fails(&db, "SELECT 1 / 0", "22012");
    run(&db, "SET division_by_zero = 'null'");
    check(&db, "SELECT 1 / 0, 1 % 0, 1.5 / 0, 1e0 / 0", &["NULL|NULL|NULL|NULL"]);
    run(&db, "SET division_by_zero = error");
    fails(&db, "SELECT 1 / 0", "22012");
}

const SLOW: &str = "SELECT count(*) FROM n a, n b, n c, n d WHERE a.v + b.v + c.v + d.v < 0";

fn slow_database() -> Connection {
    let db = database("CREATE TABLE n (v INTEGER)");
    for _ in 0..300 {
        run(&db, "INSERT INTO n VALUES (1)");
    }
    db
}

#[test]
fn statements_end_in_time() {
    let db = slow_database();
    run(&db, "SET statement_timeout = 50");
    let start = Instant::now();
    let late = error(&db, SLOW);
    assert_eq!((late.code(), late.kind()), ("57014", ErrorKind::Limit));
    assert_eq!(late.message(), "the statement took longer than its time limit");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    fails(&db, &format!("INSERT INTO n {SLOW}"), "57014");
    check(&db, "SELECT count(*) FROM n", &["300"]);
    db.set_statement_timeout(None).expect("set");
    check(&db, "SHOW statement_timeout", &["0"]);
}

#[test]
fn another_thread_interrupts() {
    let db = slow_database();
    let handle = db.interrupt_handle();
    // What is not running is not interrupted.
    handle.interrupt();
    check(&db, "SELECT count(*) FROM n", &["300"]);
    run(&db, "BEGIN; INSERT INTO n VALUES (2)");
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        handle.interrupt();
    });
    let stopped = error(&db, &format!("INSERT INTO n {SLOW}"));
    stopper.join().expect("thread");
    assert_eq!((stopped.code(), stopped.message()), ("57014", "the statement was interrupted"));
    // The transaction goes on without that statement.
    run(&db, "INSERT INTO n VALUES (3); COMMIT");
    check(&db, "SELECT count(*), sum(v) FROM n", &["302|305"]);
}

#[test]
fn memory_is_limited() {
    let db = slow_database();
    run(&db, "SET memory_limit = '1kB'");
    let much = error(&db, "SELECT a.v, b.v FROM n a CROSS JOIN n b ORDER BY a.v * random()");
    assert_eq!((much.code(), much.kind()), ("53200", ErrorKind::Limit));
    assert_eq!(much.message(), "the statement needs more than its limit of 1024 bytes of memory");
    run(&db, "RESET memory_limit");
    check(&db, "SELECT count(*) FROM n", &["300"]);
}
