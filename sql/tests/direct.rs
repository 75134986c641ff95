//! Statements about one row or a range of keys take a way of their own: it does what the general one
//! does, to the word of every error.

mod support;

use drystone::types::{Decimal, Value};
use drystone::{Connection, Database, Statement};
use drystone_platform_sim::Random;
use support::{check, database, fails, rows, run};

const SCHEMA: &str = "
    CREATE TABLE numbered (k INTEGER PRIMARY KEY, name TEXT NOT NULL, s SMALLINT, v VARCHAR(5),
        d DECIMAL(6, 2) DEFAULT 1.5, f DOUBLE);
    CREATE TABLE plain (n INTEGER, t TEXT, b BLOB);
    CREATE TABLE keyed (t TEXT, s SMALLINT, at TIMESTAMP, u BOOLEAN DEFAULT true, PRIMARY KEY (t, s));
    CREATE TABLE indexed (k INTEGER PRIMARY KEY, u INTEGER UNIQUE, t TEXT, d DATE, w TEXT);
    CREATE INDEX indexed_t ON indexed (t DESC, d);
    CREATE UNIQUE INDEX indexed_w ON indexed (w);
    CREATE TABLE counted (k INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT);
    CREATE TABLE checked (k INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0));
    CREATE TABLE parent (k INTEGER PRIMARY KEY, t TEXT);
    CREATE TABLE child (k INTEGER PRIMARY KEY, p INTEGER REFERENCES parent ON DELETE CASCADE, t TEXT)";

const TABLES: [&str; 8] = ["numbered", "plain", "keyed", "indexed", "counted", "checked", "parent", "child"];

const STATEMENTS: &[&str] = &[
    "INSERT INTO numbered VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT INTO numbered (name, s) VALUES (?, ?)",
    "INSERT INTO numbered (v, name, k) VALUES (?, 'constant', ?)",
    "INSERT INTO numbered VALUES (?1, ?2, ?1, ?2, ?1, ?1)",
    "INSERT INTO plain VALUES (?, ?, ?)",
    "INSERT INTO plain (t) VALUES (?)",
    "INSERT INTO keyed VALUES (?, ?, ?, ?)",
    "INSERT INTO keyed (s, t) VALUES (?, ?)",
    "INSERT INTO indexed VALUES (?, ?, ?, ?, ?)",
    "INSERT INTO indexed (u, w) VALUES (?, ?)",
    "INSERT INTO counted (t) VALUES (?)",
    "INSERT INTO counted VALUES (?, ?)",
    "INSERT INTO checked VALUES (?, ?)",
    "INSERT INTO parent VALUES (?, ?)",
    "INSERT INTO child VALUES (?, ?, ?)",
    "INSERT INTO numbered VALUES (?, ?, NULL, NULL, NULL, NULL) ON CONFLICT DO NOTHING",
    "INSERT INTO plain VALUES (?, ?, NULL), (2, ?, NULL)",
    "INSERT INTO parent VALUES (?, ?) RETURNING k, t",
    "UPDATE numbered SET name = ? WHERE k = ?",
    "UPDATE numbered SET s = ?, f = ? WHERE k = ?",
    "UPDATE numbered SET v = ?2, d = ?2 WHERE k = ?1",
    "UPDATE numbered SET s = NULL WHERE k = ?",
    "UPDATE numbered SET k = ? WHERE k = ?",
    "UPDATE numbered SET s = s + 1 WHERE k = ?",
    "UPDATE numbered SET s = ? WHERE k = ? AND v = 'x'",
    "UPDATE plain SET t = ? WHERE rowid = ?",
    "UPDATE keyed SET u = ?, at = ? WHERE t = ? AND s = ?",
    "UPDATE keyed SET u = ? WHERE s = ? AND t = ?",
    "UPDATE keyed SET u = ? WHERE t = ?",
    "UPDATE indexed SET t = ? WHERE k = ?",
    "UPDATE indexed SET u = ?, w = ? WHERE k = ?",
    "UPDATE checked SET n = ? WHERE k = ?",
    "UPDATE parent SET t = ? WHERE k = ?",
    "UPDATE child SET t = ? WHERE k = ?",
    "UPDATE child SET p = ? WHERE k = ?",
    "DELETE FROM numbered WHERE k = ?",
    "DELETE FROM plain WHERE rowid = ?",
    "DELETE FROM keyed WHERE t = ? AND s = ?",
    "DELETE FROM indexed WHERE k = ?",
    "DELETE FROM parent WHERE k = ?",
    "DELETE FROM child WHERE k = ?",
    "SELECT * FROM numbered WHERE k = ?",
    "SELECT v, k, name, k FROM numbered WHERE ? = k",
    "SELECT f, d FROM numbered WHERE k = ? LIMIT 1",
    "SELECT k, v, name FROM numbered WHERE k BETWEEN ? AND ?",
    "SELECT k FROM numbered WHERE k > ? AND k < ?",
    "SELECT name, d FROM numbered WHERE k >= ? ORDER BY k DESC",
    "SELECT name FROM numbered WHERE k <= ? ORDER BY k",
    "SELECT * FROM numbered",
    "SELECT rowid, t FROM plain WHERE rowid = ?",
    "SELECT t, b FROM plain WHERE rowid < ?",
    "SELECT * FROM keyed WHERE t = ? AND s = ?",
    "SELECT * FROM keyed WHERE t = ?",
    "SELECT at FROM keyed",
    "SELECT k, w, d FROM indexed WHERE k = ?",
    "SELECT k FROM indexed WHERE u = ?",
    "SELECT 1 FROM numbered WHERE k = ?",
    "SELECT count(*) FROM numbered WHERE k BETWEEN ? AND ?",
];

const CONTROL: [&str; 8] =
    ["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s", "RELEASE s"];

fn value(random: &mut Random) -> Value {
    match random.below(16) {
        0 => Value::Null,
        1 => Value::Integer([i64::MIN, i64::MAX, 40_000, -1][random.index(4)]),
        2 => Value::Text(random.below(9).to_string()),
        3 => Value::Text("stone ".repeat(random.index(60))),
        4 => Value::Text("2024-02-29".to_owned()),
        5 => Value::Double(random.below(40) as f64 / 4.0),
        6 => Value::Boolean(random.below(2) == 0),
        7 => Value::Blob(vec![7; random.index(20)]),
        8 => Value::Decimal(Decimal { unscaled: 325, scale: 2 }),
        9 | 10 => Value::Text(["x", "", "yy", "\u{fc}ber"][random.index(4)].to_owned()),
        _ => Value::Integer(random.below(12) as i64),
    }
}

/// Everything a program can see of a statement's run.
fn outcome(statement: &mut Statement<'_>, parameters: &[Value]) -> Result<String, String> {
    let told = |error: drystone::Error| {
        format!("{} {error} {:?} {:?}", error.code(), error.position(), error.hint_text())
    };
    if statement.column_count() == 0 {
        return statement.execute(parameters).map(|count| count.to_string()).map_err(told);
    }
    let mut all = String::new();
    let mut rows = statement.query(parameters).map_err(told)?;
    while let Some(row) = rows.next().map_err(told)? {
        all += &format!("{:?}\n", row.values());
    }
    Ok(all)
}

fn open() -> Connection {
    let db = Database::open_in_memory().expect("open").connect();
    run(&db, SCHEMA);
    db
}

fn compare(seed: u64) {
    let mut random = Random::new(seed);
    let (direct, general) = (open(), open());
    general.run_directly(false);
    let prepare = |db: &'static Connection| -> Vec<Statement<'static>> {
        STATEMENTS.iter().map(|sql| db.prepare(sql).unwrap_or_else(|e| panic!("{}", e.render(sql)))).collect()
    };
    // They live as long as the test.
    let (direct, general): (&'static Connection, &'static Connection) =
        (Box::leak(Box::new(direct)), Box::leak(Box::new(general)));
    let (mut fast, mut slow) = (prepare(direct), prepare(general));
    for step in 0..3_000 {
        if random.below(40) == 0 {
            let sql = CONTROL[random.index(CONTROL.len())];
            let (a, b) = (direct.execute_batch(sql), general.execute_batch(sql));
            assert_eq!(a.map_err(|e| e.to_string()), b.map_err(|e| e.to_string()), "{sql} seed {seed}");
            continue;
        }
        if step == 1_000 {
            for db in [direct, general] {
                let _ = db.execute_batch("COMMIT");
                run(
                    db,
                    "ALTER TABLE numbered ADD COLUMN more TEXT; ALTER TABLE plain ADD COLUMN more INTEGER",
                );
            }
            (fast, slow) = (vec![], vec![]);
            for (at, sql) in STATEMENTS.iter().enumerate() {
                let wider =
                    if at == 0 { "INSERT INTO numbered VALUES (?, ?, ?, ?, ?, ?, 'more')" } else { sql };
                let wider = wider.replace("plain VALUES (?, ?, ?)", "plain VALUES (?, ?, ?, 8)");
                let (a, b) = (direct.prepare(&wider), general.prepare(&wider));
                if let (Ok(a), Ok(b)) = (a, b) {
                    fast.push(a);
                    slow.push(b);
                }
            }
        }
        let at = random.index(fast.len());
        let parameters: Vec<Value> = (0..fast[at].parameter_count()).map(|_| value(&mut random)).collect();
        let (a, b) = (outcome(&mut fast[at], &parameters), outcome(&mut slow[at], &parameters));
        assert_eq!(a, b, "{:?} {parameters:?} seed {seed} step {step}", fast[at]);
        let numbers = |db: &Connection| (db.last_insert_rowid(), db.changes(), db.total_changes());
        assert_eq!(numbers(direct), numbers(general), "{:?} {parameters:?} seed {seed}", fast[at]);
        if step % 500 == 0 {
            for table in TABLES {
                let all = format!("SELECT * FROM {table}");
                assert_eq!(rows(direct, &all), rows(general, &all), "{table} seed {seed} step {step}");
            }
        }
    }
    for db in [direct, general] {
        let _ = db.execute_batch("COMMIT");
        let report = db.check().expect("check");
        assert!(report.ok, "{report:?}");
    }
}

#[test]
fn both_ways_agree() {
    for seed in 1..=6 {
        compare(seed);
    }
}

#[test]
fn ranges_longer_than_what_is_read_at_once() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)");
    run(&db, "BEGIN");
    let mut insert = db.prepare("INSERT INTO t VALUES (?, ?)").expect("prepare");
    for k in 0..5_000_i64 {
        let length = if k % 97 == 0 { 9_000 } else { k as usize % 40 };
        insert.execute((k * 3, "v".repeat(length))).expect("insert");
    }
    run(&db, "COMMIT");
    for (sql, reverse) in [
        ("SELECT k, length(v), v FROM t WHERE k BETWEEN ? AND ?", false),
        ("SELECT k, v FROM t WHERE k BETWEEN ? AND ?", false),
        ("SELECT k, v FROM t WHERE k BETWEEN ? AND ? ORDER BY k DESC", true),
    ] {
        let mut statement = db.prepare(sql).expect("prepare");
        for (from, to) in [(0, 20_000), (7, 7), (9, 9), (10, 9), (-5, 14_000), (14_000, 99_999), (300, 301)] {
            let keys = statement.query_map((from, to), |row| row.get::<_, i64>(0)).expect("query");
            let keys: Vec<i64> = keys.collect::<Result<_, _>>().expect("rows");
            let mut expected: Vec<i64> =
                (0..5_000).map(|k| k * 3).filter(|k| (from..=to).contains(k)).collect();
            if reverse {
                expected.reverse();
            }
            assert_eq!(keys, expected, "{sql} {from} {to}");
        }
    }
}

#[test]
fn rows_are_of_the_moment_the_query_began() {
    let db = Database::open_in_memory().expect("open");
    let (reader, writer) = (db.connect(), db.connect());
    run(&writer, "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)");
    run(&writer, "INSERT INTO t SELECT value, 'old' FROM generate_series(1, 20000)");
    let mut statement = reader.prepare("SELECT k, v FROM t WHERE k > ?").expect("prepare");
    let mut rows = statement.query([0]).expect("query");
    assert!(rows.next().expect("row").is_some());
    run(&writer, "UPDATE t SET v = 'new'; DELETE FROM t WHERE k % 2 = 0; DROP TABLE t");
    let mut count = 1;
    while let Some(row) = rows.next().expect("row") {
        assert_eq!(row.get::<_, String>(1).expect("text"), "old");
        count += 1;
    }
    assert_eq!(count, 20_000);
    drop(rows);
    fails(&reader, "SELECT k, v FROM t WHERE k > 0", "42P01");
    assert_eq!(statement.query([0]).expect_err("no table").code(), "42P01");
}

#[test]
fn an_interrupted_statement_does_nothing() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a')");
    for sql in
        ["UPDATE t SET v = 'b' WHERE k = 1", "DELETE FROM t WHERE k = 1", "INSERT INTO t VALUES (2, '')"]
    {
        db.fail_after(Some(0), None);
        let error = db.execute(sql, ()).expect_err(sql);
        db.fail_after(None, None);
        assert_eq!(error.code(), "57014", "{sql}");
        check(&db, "SELECT * FROM t", &["1|a"]);
    }
}

#[test]
fn an_interrupt_ends_the_rows_of_a_range() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)");
    run(&db, "INSERT INTO t SELECT value, 'x' FROM generate_series(1, 5000)");
    let mut statement = db.prepare("SELECT * FROM t WHERE k > ?").expect("prepare");
    for _ in 0..2 {
        let mut rows = statement.query([0]).expect("query");
        rows.next().expect("a row");
        db.interrupt_handle().interrupt();
        let error = loop {
            match rows.next() {
                Ok(row) => assert!(row.is_some(), "it was not interrupted"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), "57014");
    }
    // An interrupt from before counts for nothing.
    let mut rows = statement.query([0]).expect("query");
    let mut count = 0;
    while rows.next().expect("row").is_some() {
        count += 1;
    }
    assert_eq!(count, 5_000);
}

#[test]
fn dates_outside_the_calendar_are_refused() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY, d DATE, at TIMESTAMP, c TIME)");
    for directly in [true, false] {
        db.run_directly(directly);
        for (column, value) in [
            ("d", Value::Date(i32::MAX)),
            ("d", Value::Date(-719_163)),
            ("at", Value::Timestamp(i64::MIN)),
            ("at", Value::Timestamp(i64::MAX)),
            ("c", Value::Time(-1)),
            ("c", Value::Time(i64::MAX)),
        ] {
            let sql = format!("INSERT INTO t ({column}) VALUES (?)");
            let error = db.execute(&sql, vec![value.clone()]).expect_err("refused");
            assert_eq!(error.code(), "22007", "{value:?}");
        }
        for (column, value) in
            [("d", Value::Date(-719_162)), ("d", Value::Date(2_932_896)), ("c", Value::Time(86_400_000_000))]
        {
            db.execute(&format!("INSERT INTO t ({column}) VALUES (?)"), vec![value]).expect("insert");
        }
        let error = db.query_row("SELECT CAST(? AS DATE)", [Value::Timestamp(i64::MAX)], |_| Ok(()));
        assert_eq!(error.expect_err("refused").code(), "22007");
    }
}

#[test]
fn rows_are_kept_by_a_clone() {
    let db = database("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT, n INTEGER)");
    run(&db, "INSERT INTO t SELECT value, 'v' || value, -value FROM generate_series(1, 700)");
    // A long text in between ends what is read ahead, and its memory goes with it.
    run(&db, "UPDATE t SET v = repeat('long', 40000) WHERE k IN (3, 60, 61, 300)");
    let mut statement = db.prepare("SELECT n, v, k FROM t WHERE k >= ?").expect("prepare");
    for from in [1, 2, 59, 690, 701] {
        let mut rows = statement.query([from]).expect("query");
        let mut kept = Vec::new();
        while let Some(row) = rows.next().expect("row") {
            assert_eq!(row.values().len(), 3);
            kept.push(row.clone());
        }
        drop(rows);
        assert_eq!(kept.len(), 701 - from as usize);
        for (row, k) in kept.iter().zip(from..) {
            let text = if [3, 60, 61, 300].contains(&k) { "long".repeat(40_000) } else { format!("v{k}") };
            assert_eq!(row.get::<_, i64>("k").expect("k"), k);
            assert_eq!(row.get_ref(1).expect("v"), &Value::Text(text));
            assert_eq!(row.values().first(), Some(&Value::Integer(-k)));
        }
    }
}
