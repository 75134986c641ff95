//! Random queries that check themselves, without another engine.
//!
//! - Three parts: for any condition, the rows for which it is true, false and NULL are together
//!   all rows, however differently the three queries are planned.
//! - No plan: a condition filters as many rows as the same expression, computed for every row and
//!   counted, says.
//!
//! Tables with keys and indexes are compared with copies that have none.

use drystone::Connection;
use drystone::types::Value;

struct Random(drystone_platform_sim::Random);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0.index(limit)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn integer(&mut self) -> String {
        if self.chance(12) { "NULL".to_owned() } else { self.below(10).to_string() }
    }

    fn text(&mut self) -> String {
        if self.chance(12) {
            "NULL".to_owned()
        } else {
            format!("'{}'", self.pick(&["", "a", "b", "ab", "B%"]))
        }
    }

    /// A number over the columns `x` and `y` of alias `t`.
    fn number(&mut self, t: &str, depth: usize) -> String {
        if depth == 0 || self.chance(45) {
            return if self.chance(70) { format!("{t}.{}", self.pick(&["x", "y"])) } else { self.integer() };
        }
        let (a, b) = (self.number(t, depth - 1), self.number(t, depth - 1));
        match self.below(5) {
            0 => format!("({a} + {b})"),
            1 => format!("({a} - {b})"),
            2 => format!("coalesce({a}, {b})"),
            3 => format!("CASE WHEN {} THEN {a} ELSE {b} END", self.condition(t, depth - 1)),
            _ => format!("nullif({a}, {b})"),
        }
    }

    fn condition(&mut self, t: &str, depth: usize) -> String {
        if depth == 0 {
            let sign = self.pick(&["=", "<", ">", "<=", ">=", "<>", "IS DISTINCT FROM"]);
            return format!("{} {sign} {}", self.number(t, 0), self.number(t, 0));
        }
        match self.below(10) {
            0 => format!("({} AND {})", self.condition(t, depth - 1), self.condition(t, depth - 1)),
            1 => format!("({} OR {})", self.condition(t, depth - 1), self.condition(t, depth - 1)),
            2 => format!("NOT ({})", self.condition(t, depth - 1)),
            3 => format!("{} BETWEEN {} AND {}", self.number(t, 0), self.number(t, 1), self.integer()),
            4 => format!("{t}.x IN ({}, {}, {})", self.integer(), self.integer(), self.integer()),
            5 => format!("{t}.z {} {}", self.pick(&["=", "<", ">", "LIKE"]), self.text()),
            6 => format!("{t}.z IS {}NULL", self.pick(&["", "NOT "])),
            7 => {
                let (not, inner) = (self.pick(&["", "NOT "]), self.condition("s", depth - 1));
                format!("{t}.y {not}IN (SELECT s.x FROM side s WHERE {inner})")
            }
            8 => {
                let (not, inner) = (self.pick(&["", "NOT "]), self.condition("s", depth - 1));
                format!("{not}EXISTS (SELECT 1 FROM side s WHERE s.x = {t}.y AND {inner})")
            }
            _ => {
                let inner = self.condition("s", depth - 1);
                format!("{t}.x >= (SELECT min(s.y) FROM side s WHERE s.x <= {t}.y AND {inner})")
            }
        }
    }
}

fn filled(random: &mut Random) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let mut script = String::from(
        "CREATE TABLE main (k INTEGER PRIMARY KEY, x INTEGER, y INTEGER, z TEXT);
         CREATE INDEX main_xy ON main (x, y DESC);
         CREATE INDEX main_z ON main (z);
         CREATE TABLE copy (k INTEGER, x INTEGER, y INTEGER, z TEXT);
         CREATE TABLE side (x INTEGER, y INTEGER, z TEXT);
         CREATE INDEX side_x ON side (x);",
    );
    for k in 0..40 {
        let row = format!("({k}, {}, {}, {})", random.integer(), random.integer(), random.text());
        script += &format!("INSERT INTO main VALUES {row}; INSERT INTO copy VALUES {row};");
    }
    for _ in 0..random.below(15) {
        script += &format!(
            "INSERT INTO side VALUES ({}, {}, {});",
            random.integer(),
            random.integer(),
            random.text()
        );
    }
    connection.execute_batch(&script).unwrap();
    connection
}

/// The rows in any order, or the SQLSTATE.
fn rows(connection: &Connection, sql: &str) -> Result<Vec<String>, String> {
    let run = || -> drystone::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query(())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(row.values().iter().map(Value::to_string).collect::<Vec<_>>().join("|"));
        }
        found.sort();
        Ok(found)
    };
    run().map_err(|error| format!("{} {error}", error.code()))
}

fn check(connection: &Connection, random: &mut Random) {
    let (from, other) = match random.below(4) {
        0 => ("main t", "copy t"),
        1 => ("main t JOIN side j ON j.x = t.x", "copy t JOIN side j ON j.x = t.x"),
        2 => (
            "main t LEFT JOIN side j ON j.x = t.y AND j.y > 3",
            "copy t LEFT JOIN side j ON j.x = t.y AND j.y > 3",
        ),
        _ => {
            ("side j JOIN main t ON t.x = j.y AND t.y = j.x", "side j JOIN copy t ON t.x = j.y AND t.y = j.x")
        }
    };
    let condition = random.condition("t", 3);
    let items = format!("t.k, t.z, {}", random.number("t", 2));
    let all = rows(connection, &format!("SELECT {items} FROM {from}")).unwrap();
    let part = |from: &str, test: &str| {
        rows(connection, &format!("SELECT {items} FROM {from} WHERE {test}"))
            .unwrap_or_else(|error| panic!("{error}: {test}"))
    };
    let parts = [condition.clone(), format!("NOT ({condition})"), format!("({condition}) IS NULL")];
    let mut together = Vec::new();
    for test in &parts {
        let found = part(from, test);
        assert_eq!(found, part(other, test), "a table and its copy: {items} FROM {from} WHERE {test}");
        together.extend(found);
    }
    together.sort();
    assert_eq!(together, all, "three parts: {items} FROM {from} WHERE {condition}");
    let counted = format!("SELECT sum(CASE WHEN {condition} THEN 1 ELSE 0 END) FROM {from}");
    let counted = rows(connection, &counted).unwrap();
    let expected = if all.is_empty() { String::new() } else { part(from, &condition).len().to_string() };
    assert_eq!(counted, [expected], "computed and filtered: FROM {from} WHERE {condition}");
}

#[test]
fn random_queries_agree_with_themselves() {
    let seed = std::env::var("DRYSTONE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_121);
    println!("DRYSTONE_SEED={seed}");
    let mut random = Random(drystone_platform_sim::Random::new(seed));
    for _ in 0..12 {
        let connection = filled(&mut random);
        for _ in 0..50 {
            check(&connection, &mut random);
        }
    }
}
