//! Statements with words lost, doubled, exchanged: an answer or an error, never a panic, and the
//! database stays whole.
//!
//! `DRYSTONE_SEED` and `DRYSTONE_ROUNDS` choose another run.

mod support;

use drystone::Connection;
use drystone_platform_sim::Random;
use support::{database, run};

const STATEMENTS: &[&str] = &[
    "SELECT a , b FROM t WHERE a > 1 AND b LIKE 'x%' ORDER BY a DESC LIMIT 2 OFFSET 1",
    "SELECT t . a , u . c FROM t LEFT JOIN u ON u . a = t . a WHERE u . c IS NULL OR t . b IN ( 'x' , 'y' )",
    "SELECT b , COUNT ( * ) , SUM ( a ) AS s FROM t GROUP BY b HAVING COUNT ( * ) > 0 ORDER BY s",
    "SELECT * FROM t WHERE EXISTS ( SELECT 1 FROM u WHERE u . a = t . a ) AND a NOT IN ( SELECT a FROM u )",
    "WITH q AS ( SELECT a + 1 AS n FROM t ) SELECT MAX ( n ) , ( SELECT MIN ( c ) FROM u ) FROM q",
    "SELECT a FROM t UNION ALL SELECT a FROM u EXCEPT SELECT 3 ORDER BY 1",
    "SELECT CASE WHEN a = 1 THEN 'one' ELSE b END , CAST ( a AS TEXT ) || b , COALESCE ( b , 'z' ) FROM t",
    "SELECT DATE '2024-02-29' + INTERVAL '1 year' , EXTRACT ( YEAR FROM TIMESTAMP '2024-01-01 10:00:00' )",
    "SELECT ROUND ( d * 1.5 , 1 ) , d / 3 , - d , a % 2 , ABS ( a ) , 7 / a FROM t",
    "SELECT DISTINCT b , a BETWEEN 1 AND 3 , NOT a = 2 FROM t , u WHERE t . a = u . a AND ( t . a , u . c ) = ( 1 , 10 )",
    "INSERT INTO t VALUES ( 9 , 'q' , 1.5 ) , ( NULL , 'r' , NULL )",
    "INSERT INTO t ( a , b ) SELECT a + 10 , 'n' FROM u ON CONFLICT ( a ) DO UPDATE SET b = excluded . b",
    "INSERT OR REPLACE INTO u ( id , a , c ) VALUES ( 1 , 2 , 3 ) RETURNING id , c + 1",
    "UPDATE t SET b = b || '!' , d = d + 1 WHERE a IN ( 1 , 2 ) RETURNING *",
    "UPDATE u SET a = ( SELECT MAX ( a ) FROM t ) WHERE id > 1",
    "DELETE FROM u WHERE c > ( SELECT AVG ( c ) FROM u )",
    "CREATE TABLE v ( x INTEGER PRIMARY KEY , y TEXT DEFAULT 'k' NOT NULL , z NUMERIC ( 6 , 2 ) CHECK ( z > 0 ) , UNIQUE ( y , z ) )",
    "CREATE UNIQUE INDEX iv ON t ( b DESC , a )",
    "DROP TABLE IF EXISTS v",
    "UPDATE t SET d = u . c , ( a , b ) = ( t . a + 100 , 'm' ) FROM u WHERE u . a = t . a RETURNING t . a",
    "DELETE FROM t USING u WHERE u . a = t . a AND u . c IS 10 RETURNING b",
    "DELETE FROM t WHERE a < 3",
    "UPDATE t SET a = a + 1",
    "WITH q AS ( SELECT a FROM t ) UPDATE u SET c = 5 WHERE a IN ( SELECT a FROM q )",
    "CREATE VIEW w AS SELECT b , COUNT ( * ) AS n FROM t GROUP BY b",
    "CREATE TEMP VIEW w ( p , q ) AS SELECT a , c FROM u",
    "SELECT * FROM w , ( SELECT name FROM sqlite_schema ) AS s",
    "DROP VIEW w",
    "ALTER TABLE u ADD COLUMN e INTEGER NOT NULL DEFAULT 4 CHECK ( e > 0 )",
    "ALTER TABLE u RENAME COLUMN c TO g",
    "ALTER TABLE t RENAME TO tt",
    "ALTER TABLE u DROP COLUMN c",
    "CREATE TABLE v AS SELECT a , b , SUM ( d ) AS s FROM t GROUP BY a , b",
    "PRAGMA table_info ( t )",
    "PRAGMA user_version = 5",
    "SELECT column_name , data_type FROM information_schema . columns WHERE table_name = 'u'",
    "SHOW ALL",
    "SET division_by_zero = 'null'",
    "SELECT printf ( '%5.2f|%s|%d' , d , b , a ) , concat_ws ( ',' , b , a ) , initcap ( b ) , translate ( b , 'xy' , 'z' ) FROM t",
    "SELECT date ( '2024-01-31' , '+1 month' ) , to_char ( DATE '2024-02-03' , 'FMDay DD Mon YYYY' ) , to_date ( '03/02/24' , 'DD/MM/YY' )",
    "SELECT to_char ( d , 'FM9,990.00' ) , age ( TIMESTAMP '2024-03-01' , TIMESTAMP '2023-01-31' ) , strftime ( '%Y-%j' , 'now' ) FROM t",
    "SELECT '{\"a\":[1,{\"b\":2}]}' -> 'a' ->> -1 , json_set ( '[1]' , '$[#]' , a ) , json_group_array ( b ) FROM t GROUP BY a",
    "SELECT json_extract ( '{\"x\":[1,2]}' , '$.x[1]' ) , json_object ( 'k' , b ) , encode ( X'0102' , 'base64' ) , gcd ( a , 6 ) FROM t",
    "SELECT variance ( a ) , bit_xor ( a ) , stddev_pop ( d ) , b GLOB '[a-x]*' FROM t GROUP BY b",
    "DROP INDEX IF EXISTS iv",
    "BEGIN",
    "SAVEPOINT s",
    "ROLLBACK TO s",
    "RELEASE s",
    "COMMIT",
    "ROLLBACK",
];

/// Rows that refer to nothing.
const ORPHANS: [&str; 3] = [
    "SELECT 1 FROM u WHERE a IS NOT NULL AND NOT EXISTS (SELECT 1 FROM t WHERE t.a = u.a)",
    "SELECT 1 FROM x WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.a = x.t)",
    "SELECT 1 FROM x WHERE up IS NOT NULL AND NOT EXISTS (SELECT 1 FROM x AS p WHERE p.t = x.up)",
];

fn words(sql: &str) -> Vec<&str> {
    sql.split(' ').collect()
}

fn mutated(random: &mut Random) -> String {
    let mut out = words(STATEMENTS[random.index(STATEMENTS.len())]);
    for _ in 0..random.index(4) {
        let at = random.index(out.len());
        let other = words(STATEMENTS[random.index(STATEMENTS.len())]);
        match random.index(6) {
            0 if out.len() > 1 => {
                out.remove(at);
            }
            1 => out.insert(at, out[random.index(out.len())]),
            2 => out.insert(at, other[random.index(other.len())]),
            3 => out[at] = other[random.index(other.len())],
            4 => {
                let to = random.index(out.len());
                out.swap(at, to);
            }
            _ => {
                let from = random.index(other.len());
                let to = (from + 1 + random.index(6)).min(other.len());
                out.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    out.join(" ")
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn execute(db: &Connection, sql: &str) -> drystone::Result<usize> {
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query(vec![drystone::types::Value::Null; 0])?;
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
        if count > 5_000 {
            break;
        }
    }
    Ok(count)
}

#[test]
fn soup_is_answered_or_refused() {
    let seed = number("DRYSTONE_SEED", 1);
    let rounds = number("DRYSTONE_ROUNDS", 6_000);
    println!("DRYSTONE_SEED={seed} DRYSTONE_ROUNDS={rounds}");
    let schema = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, d NUMERIC(10,2));
         CREATE TABLE u (id INTEGER PRIMARY KEY, a INTEGER REFERENCES t (a) ON DELETE SET NULL ON UPDATE CASCADE, c INTEGER);
         CREATE TABLE x (t INTEGER PRIMARY KEY REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE, up INTEGER REFERENCES x ON DELETE CASCADE);
         INSERT INTO t (a) VALUES (50), (51); INSERT INTO x VALUES (50, NULL), (51, 50);
         CREATE INDEX ua ON u (a);
         INSERT INTO t VALUES (1, 'x', 1.25), (2, 'y', NULL), (3, NULL, 7), (4, 'xx', -2);
         INSERT INTO u VALUES (1, 1, 10), (2, 1, 20), (3, 3, NULL), (4, NULL, 5)";
    let mut random = Random::new(seed);
    let mut db = database(schema);
    let (mut answered, mut refused) = (0, 0);
    for round in 0..rounds {
        if round % 200 == 0 {
            if !db.is_autocommit() {
                run(&db, "ROLLBACK");
            }
            assert!(db.check().expect("check").ok, "round {round}");
            for orphans in ORPHANS {
                // Tables may have other names by now.
                assert!(execute(&db, orphans).unwrap_or(0) == 0, "round {round}: {orphans}");
            }
            db = database(schema);
        }
        let sql = mutated(&mut random);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| execute(&db, &sql)));
        match result {
            Ok(Ok(_)) => answered += 1,
            Ok(Err(error)) => {
                assert!(
                    !["XX000", "XX001"].contains(&error.code()),
                    "round {round}: {sql}\n{}",
                    error.render(&sql)
                );
                refused += 1;
            }
            Err(_) => panic!("round {round}: {sql}"),
        }
    }
    println!("{answered} answered, {refused} refused");
    assert!(answered > rounds / 10 && refused > rounds / 10);
}
