//! Statements that are stopped at any point: by an interrupt, or because they get no more memory.
//! Nothing of such a statement is left, and the database goes on.

mod support;

use drystone::Connection;
use support::{database, rows, run};

const SCHEMA: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, g INTEGER, t TEXT UNIQUE, d NUMERIC(9,2) DEFAULT 1);
    CREATE TABLE b (x INTEGER, y TEXT, a INTEGER REFERENCES a (id) ON DELETE CASCADE ON UPDATE CASCADE, PRIMARY KEY (x, y));
    CREATE INDEX b_a ON b (a); CREATE INDEX a_g ON a (g DESC, t);
    CREATE VIEW v AS SELECT g, count(*) AS n, sum(d) AS s FROM a GROUP BY g";

/// Statements of all kinds; each is valid on the data below.
const STATEMENTS: [&str; 54] = [
    "SELECT * FROM a",
    "SELECT * FROM a ORDER BY t DESC",
    "SELECT DISTINCT g FROM a",
    "SELECT g, count(*), avg(d), string_agg(t, ',') FROM a GROUP BY g HAVING count(*) > 1 ORDER BY g",
    "SELECT count(DISTINCT t), max(d) FROM a",
    "SELECT * FROM a JOIN b ON b.a = a.id",
    "SELECT * FROM a LEFT JOIN b ON b.a = a.id AND b.x > 3 ORDER BY b.y",
    "SELECT * FROM a, b WHERE a.g < b.x ORDER BY a.id + b.x LIMIT 5",
    "SELECT * FROM a WHERE id IN (SELECT a FROM b WHERE x > 2)",
    "SELECT * FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.a = a.id)",
    "SELECT id, (SELECT max(y) FROM b WHERE b.a = a.id) FROM a",
    "SELECT * FROM a WHERE (g, t) IN (SELECT x, y FROM b)",
    "SELECT g FROM a UNION SELECT x FROM b",
    "SELECT g FROM a INTERSECT SELECT x FROM b",
    "SELECT g FROM a EXCEPT ALL SELECT x FROM b",
    "SELECT t FROM a UNION ALL SELECT y FROM b ORDER BY 1 LIMIT 3 OFFSET 2",
    "WITH c AS (SELECT g, sum(d) AS s FROM a GROUP BY g) SELECT * FROM c JOIN c AS e ON c.g = e.g",
    "SELECT * FROM v WHERE n > 1 ORDER BY s",
    "VALUES (1, 'x'), (2, 'y') ORDER BY 2 DESC",
    "SELECT * FROM (SELECT t FROM a ORDER BY id LIMIT 4) AS s WHERE t LIKE 't%'",
    "SELECT a.t, o.t FROM a JOIN a AS o USING (g) WHERE a.id < o.id",
    "EXPLAIN SELECT * FROM a JOIN b ON b.a = a.id ORDER BY y",
    "SELECT name FROM sqlite_schema ORDER BY name",
    "SELECT column_name FROM information_schema.columns ORDER BY 1",
    "PRAGMA table_info(a)",
    "INSERT INTO a (t) VALUES ('new')",
    "INSERT INTO a (g, t) SELECT g + 1, t || '+' FROM a",
    "INSERT INTO a (id, t) VALUES (1, 't1'), (99, 'z') ON CONFLICT DO NOTHING",
    "INSERT INTO a (id, t) VALUES (1, 'over') ON CONFLICT (id) DO UPDATE SET t = excluded.t, g = a.g + 1",
    "INSERT OR REPLACE INTO a (id, t) VALUES (2, 't1')",
    "INSERT INTO b SELECT id + 50, t, id FROM a WHERE g = 1 RETURNING *",
    "INSERT INTO a DEFAULT VALUES",
    "UPDATE a SET d = d * 2",
    "UPDATE a SET id = id + 100",
    "UPDATE a SET t = 'u' || t, g = (SELECT count(*) FROM b WHERE b.a = a.id) WHERE id > 2",
    "UPDATE a SET g = b.x FROM b WHERE b.a = a.id RETURNING a.id",
    "UPDATE b SET y = y || y",
    "DELETE FROM b",
    "DELETE FROM a WHERE g = 1",
    "DELETE FROM a",
    "DELETE FROM a USING b WHERE b.a = a.id AND b.x < 4 RETURNING t",
    "WITH w AS (SELECT id FROM a WHERE g = 2) DELETE FROM a WHERE id IN (SELECT id FROM w)",
    "CREATE TABLE c (p INTEGER PRIMARY KEY, q TEXT CHECK (q <> ''), UNIQUE (q))",
    "CREATE TABLE c AS SELECT g, sum(d) AS s FROM a GROUP BY g",
    "CREATE INDEX i ON a (d, t)",
    "CREATE UNIQUE INDEX i ON b (y, x)",
    "CREATE VIEW w AS SELECT * FROM a JOIN v USING (g)",
    "DROP VIEW v",
    "DROP INDEX b_a",
    "DROP TABLE b",
    "ALTER TABLE a ADD COLUMN e INTEGER DEFAULT 5",
    "ALTER TABLE b RENAME COLUMN y TO z",
    "ALTER TABLE b RENAME TO bb",
    "PRAGMA user_version = 3",
];

fn filled() -> Connection {
    let db = database(SCHEMA);
    for id in 1..=12 {
        db.execute("INSERT INTO a (id, g, t) VALUES (?1, ?1 % 4, 't' || ?1)", [id]).expect("insert");
        db.execute("INSERT INTO b VALUES (?1 / 2, 'y' || ?1, ?1)", [id]).expect("insert");
    }
    db
}

/// All there is in the database, as text.
fn content(db: &Connection) -> Vec<String> {
    let mut all = rows(db, "SELECT name, sql FROM sqlite_schema ORDER BY name");
    for table in db.tables().expect("tables") {
        all.extend(rows(db, &format!("SELECT * FROM \"{table}\"")));
    }
    all.extend(rows(db, "PRAGMA user_version"));
    all
}

fn attempt(db: &Connection, sql: &str) -> Result<(), drystone::Error> {
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query(())?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// Stops a statement at every point there is; gives the number of points.
fn stop_everywhere(sql: &str, code: &str, stop: impl Fn(&Connection, u64)) -> u64 {
    for point in 0..10_000 {
        let db = filled();
        let before = content(&db);
        stop(&db, point);
        let alone = attempt(&db, sql);
        db.fail_after(None, None);
        let Err(error) = alone else { return point };
        assert_eq!(error.code(), code, "{sql}: {error}");
        assert_eq!(content(&db), before, "{sql} stopped at {point}");

        run(&db, "BEGIN; INSERT INTO a (id, g, t) VALUES (500, 1, 'mine')");
        let before = content(&db);
        stop(&db, point);
        let inside = attempt(&db, sql);
        db.fail_after(None, None);
        if inside.is_err() {
            assert_eq!(content(&db), before, "{sql} stopped at {point} in a transaction");
        }
        run(&db, "UPDATE a SET g = 77 WHERE id = 500; COMMIT");
        assert_eq!(
            rows(&db, "SELECT g FROM a WHERE id = 500 OR id = 600").len(),
            usize::from(!sql.starts_with("DELETE FROM a") || inside.is_err()),
            "{sql}"
        );
        assert!(db.check().expect("check").ok, "{sql} stopped at {point}");
        if inside.is_err() {
            attempt(&db, sql)
                .unwrap_or_else(|error| panic!("{sql} after it was stopped at {point}: {error}"));
        }
    }
    panic!("{sql} has no end");
}

#[test]
fn interrupted_anywhere() {
    let mut points = 0;
    for sql in STATEMENTS {
        points += stop_everywhere(sql, "57014", |db, point| db.fail_after(Some(point), None));
    }
    assert!(points >= 60, "only {points} points");
}

#[test]
fn out_of_memory_anywhere() {
    let mut points = 0;
    for sql in STATEMENTS {
        points += stop_everywhere(sql, "53200", |db, point| db.fail_after(None, Some(point)));
    }
    assert!(points >= 40, "only {points} points");
}
