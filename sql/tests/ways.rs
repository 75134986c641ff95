//! Random tables, statements, parameters and changes of the schema, on two connections: what is run
//! without operators does what operators do.

mod support;

use drystone::types::{Decimal, Interval, Value};
use drystone::{Connection, Database, Statement};
use drystone_platform_sim::Random;
use std::collections::HashMap;
use support::rows;

/// A column's type, and literals of it.
const TYPES: [(&str, &[&str]); 14] = [
    ("INTEGER", &["3", "-1", "9223372036854775807", "'4'", "2.5"]),
    ("SMALLINT", &["3", "32767", "40000"]),
    ("INT4", &["5", "-2147483648"]),
    ("NUMERIC(6, 2)", &["3", "3.14159", "9999.99", "12345.6"]),
    ("DOUBLE", &["3", "-0.0", "2.5e0", "1e300"]),
    ("TEXT", &["'x'", "''", "'3'", "'Stone'"]),
    ("VARCHAR(4)", &["'x'", "'four'", "'fives'"]),
    ("BLOB", &["X'00ff'", "X''"]),
    ("BOOLEAN", &["TRUE", "FALSE"]),
    ("DATE", &["'2024-02-29'", "DATE '1999-12-31'"]),
    ("TIMESTAMP", &["'2024-02-29 10:30:00.5'"]),
    ("TIME", &["'10:30'"]),
    ("UUID", &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]),
    ("JSON", &["'[1, 2]'", "'{}'"]),
];

const CONTROL: [&str; 14] = [
    "BEGIN DEFERRED",
    "BEGIN DEFERRED",
    "BEGIN IMMEDIATE",
    "SAVEPOINT s",
    "COMMIT",
    "COMMIT",
    "COMMIT",
    "ROLLBACK",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "SAVEPOINT s",
    "ROLLBACK TO s",
    "RELEASE s",
];

struct Column {
    name: String,
    kind: usize,
}

struct Table {
    name: String,
    columns: Vec<Column>,
    /// The columns of the key; none: the rowid.
    key: Vec<usize>,
    numbered: bool,
}

struct Maker {
    random: Random,
    tables: Vec<Table>,
    /// For names that nothing has.
    next: usize,
    /// What the parameters of the statement at hand meet.
    kinds: Vec<usize>,
}

impl Maker {
    fn column(&mut self, kinds: usize) -> Column {
        self.next += 1;
        Column { name: format!("c{}", self.next), kind: self.random.index(kinds) }
    }

    /// A table and its definition.
    fn table(&mut self) -> String {
        self.next += 1;
        let name = format!("t{}", self.next);
        let most = if self.random.one_in(6) { 18 } else { 6 };
        let count = 1 + self.random.index(most);
        let columns: Vec<Column> = (0..count).map(|_| self.column(TYPES.len())).collect();
        let mut table = Table { name, columns, key: vec![], numbered: true };
        let mut rules = String::new();
        match self.random.below(8) {
            0 | 1 => {}
            2..=5 => {
                let key = self.random.index(count);
                table.columns[key].kind = [0, 0, 0, 0, 1, 2][self.random.index(6)];
                table.key = vec![key];
            }
            _ => {
                let first = self.random.index(count);
                table.key = vec![first];
                let second = self.random.index(count);
                if second != first {
                    table.key.push(second);
                }
                table.numbered = table.key.len() == 1 && table.columns[first].kind < 3;
            }
        }
        let counts = table.numbered && !table.key.is_empty() && self.random.one_in(4);
        if table.key.len() == 1 && table.numbered && counts {
            // AUTOINCREMENT stands at the column.
        } else if !table.key.is_empty() {
            let names: Vec<&str> = table.key.iter().map(|&c| table.columns[c].name.as_str()).collect();
            rules += &format!(", PRIMARY KEY ({})", names.join(", "));
        }
        if self.random.one_in(5) {
            rules += &format!(", UNIQUE ({})", table.columns[self.random.index(count)].name);
        }
        let numbers: Vec<&Column> = table.columns.iter().filter(|c| c.kind < 5).collect();
        if self.random.one_in(6) && !numbers.is_empty() {
            rules += &format!(", CHECK ({} < 9)", numbers[self.random.index(numbers.len())].name);
        }
        if self.random.one_in(4)
            && let Some(parent) = self.tables.iter().find(|parent| parent.key.len() == 1)
        {
            let kind = parent.columns[parent.key[0]].kind;
            if let Some(own) = table.columns.iter().find(|column| column.kind == kind) {
                let action = [
                    "",
                    " ON DELETE CASCADE",
                    " ON DELETE SET NULL ON UPDATE CASCADE",
                    " DEFERRABLE INITIALLY DEFERRED",
                ][self.random.index(4)];
                rules += &format!(", FOREIGN KEY ({}) REFERENCES {}{action}", own.name, parent.name);
            }
        }
        let mut list = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            let (data_type, literals) = TYPES[column.kind];
            let mut text = format!("{} {data_type}", column.name);
            if counts && table.key == [at] {
                text += " PRIMARY KEY AUTOINCREMENT";
            } else {
                if self.random.one_in(5) {
                    text += " NOT NULL";
                }
                if self.random.one_in(4) {
                    text += &format!(" DEFAULT {}", literals[0]);
                }
            }
            list.push(text);
        }
        let sql = format!("CREATE TABLE {} ({}{rules})", table.name, list.join(", "));
        self.tables.push(table);
        sql
    }

    /// A statement, and what its parameters meet.
    fn made(&mut self, make: impl Fn(&mut Maker) -> String) -> (String, Vec<usize>) {
        self.kinds.clear();
        (make(self), self.kinds.clone())
    }

    /// A parameter or a literal of a column.
    fn operand(&mut self, kind: usize) -> String {
        let literals = TYPES[kind].1;
        match self.random.below(12) {
            0 => literals[self.random.index(literals.len())].to_owned(),
            1 => "NULL".to_owned(),
            2 if !self.kinds.is_empty() => format!("?{}", 1 + self.random.index(self.kinds.len())),
            _ => {
                self.kinds.push(kind);
                format!("?{}", self.kinds.len())
            }
        }
    }

    /// A condition on the whole key, or a range of it.
    fn condition(&mut self, table: usize) -> String {
        let table = &self.tables[table];
        let key: Vec<(String, usize)> = match table.key.as_slice() {
            [] => vec![("rowid".to_owned(), 0)],
            key => key.iter().map(|&c| (table.columns[c].name.clone(), table.columns[c].kind)).collect(),
        };
        if key.len() == 1 && self.random.one_in(3) {
            let (name, kind) = &key[0];
            let (a, b) = (self.operand(*kind), self.operand(*kind));
            return match self.random.below(7) {
                0 => format!("{name} BETWEEN {a} AND {b}"),
                1 => format!("{name} > {a} AND {name} < {b}"),
                2 => format!("{name} >= {a} AND {b} >= {name}"),
                3 => format!("{name} > {a}"),
                4 => format!("{name} <= {a}"),
                5 => format!("{name} = {a} AND {name} = {b}"),
                _ => format!("{name} IN ({a}, {b})"),
            };
        }
        let mut parts = Vec::new();
        for (name, kind) in &key {
            let value = self.operand(*kind);
            parts.push(if self.random.one_in(8) {
                format!("{value} = {name}")
            } else {
                format!("{name} = {value}")
            });
        }
        if self.random.one_in(4) {
            parts.reverse();
        }
        if self.random.one_in(10) {
            parts.pop();
        }
        if self.random.one_in(10) {
            parts.push("1 = 1".to_owned());
        }
        if parts.is_empty() { "TRUE".to_owned() } else { parts.join(" AND ") }
    }

    fn some_columns(&mut self, table: usize) -> Vec<usize> {
        let count = self.tables[table].columns.len();
        let mut all: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            all.swap(at, self.random.index(at + 1));
        }
        all.truncate(1 + self.random.index(count));
        all
    }

    fn query(&mut self) -> String {
        let at = self.random.index(self.tables.len());
        let (table, key) = (self.tables[at].name.clone(), self.tables[at].key.clone());
        let shown = if self.random.one_in(3) {
            "*".to_owned()
        } else {
            let mut names: Vec<String> = Vec::new();
            for column in self.some_columns(at) {
                names.push(self.tables[at].columns[column].name.clone());
            }
            if self.tables[at].numbered && self.random.one_in(4) {
                names.push("rowid".to_owned());
            }
            names.push(names[0].clone());
            names.join(", ")
        };
        let mut sql = format!("SELECT {shown} FROM {table}");
        if self.random.one_in(10) {
            sql = format!("SELECT * FROM ({sql}) AS v");
            return sql.replace(&format!("{shown} FROM"), "* FROM");
        }
        if !self.random.one_in(6) {
            sql += &format!(" WHERE {}", self.condition(at));
        }
        if self.tables[at].numbered && self.random.one_in(2) {
            let name = key.first().map_or("rowid", |&c| self.tables[at].columns[c].name.as_str());
            sql += &format!(" ORDER BY {name} {}", ["ASC", "DESC"][self.random.index(2)]);
        }
        if self.random.one_in(10) {
            sql += " LIMIT 2";
        }
        sql
    }

    fn change(&mut self) -> String {
        let at = self.random.index(self.tables.len());
        let table = self.tables[at].name.clone();
        let returning = if self.random.one_in(15) { " RETURNING *" } else { "" };
        match self.random.below(6) {
            0..=2 => {
                let mut columns = self.some_columns(at);
                let all = self.random.one_in(2);
                if all {
                    columns = (0..self.tables[at].columns.len()).collect();
                }
                let mut values = Vec::new();
                for &column in &columns {
                    values.push(match self.random.one_in(12) {
                        true => "DEFAULT".to_owned(),
                        false => self.operand(self.tables[at].columns[column].kind),
                    });
                }
                let names: Vec<&str> =
                    columns.iter().map(|&column| self.tables[at].columns[column].name.as_str()).collect();
                let names = if all { String::new() } else { format!(" ({})", names.join(", ")) };
                let verb = ["INSERT", "INSERT", "INSERT", "INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"]
                    [self.random.index(6)];
                format!("{verb} INTO {table}{names} VALUES ({}){returning}", values.join(", "))
            }
            3 | 4 => {
                let mut list = Vec::new();
                for column in self.some_columns(at).into_iter().take(3) {
                    if self.tables[at].key.contains(&column) && !self.random.one_in(6) && !list.is_empty() {
                        continue;
                    }
                    let kind = self.tables[at].columns[column].kind;
                    let value = self.operand(kind);
                    list.push(format!("{} = {value}", self.tables[at].columns[column].name));
                }
                format!("UPDATE {table} SET {} WHERE {}{returning}", list.join(", "), self.condition(at))
            }
            _ => format!("DELETE FROM {table} WHERE {}{returning}", self.condition(at)),
        }
    }

    fn definition(&mut self) -> String {
        let at = self.random.index(self.tables.len());
        let table = self.tables[at].name.clone();
        self.next += 1;
        let number = self.next;
        match self.random.below(9) {
            0 | 1 => {
                let columns = self.some_columns(at);
                let names: Vec<&str> =
                    columns.iter().take(2).map(|&c| self.tables[at].columns[c].name.as_str()).collect();
                let unique = if self.random.one_in(2) { "UNIQUE " } else { "" };
                format!("CREATE {unique}INDEX i{} ON {table} ({})", number % 5, names.join(", "))
            }
            2 | 3 => format!("DROP INDEX i{}", number % 5),
            4 => {
                let column = self.column(TYPES.len());
                let (data_type, literals) = TYPES[column.kind];
                let default =
                    if self.random.one_in(2) { format!(" DEFAULT {}", literals[0]) } else { String::new() };
                let sql = format!("ALTER TABLE {table} ADD COLUMN {} {data_type}{default}", column.name);
                // If it is rolled back, later statements fail on both sides.
                self.tables[at].columns.push(column);
                sql
            }
            5 => {
                let column = self.random.index(self.tables[at].columns.len());
                format!("ALTER TABLE {table} DROP COLUMN {}", self.tables[at].columns[column].name)
            }
            6 => {
                let column = self.random.index(self.tables[at].columns.len());
                let old = std::mem::replace(&mut self.tables[at].columns[column].name, format!("c{number}"));
                format!("ALTER TABLE {table} RENAME COLUMN {old} TO c{number}")
            }
            7 => format!("CREATE TEMP VIEW v{number} AS SELECT * FROM {table}"),
            _ if self.tables.len() > 1 && self.random.one_in(3) => format!("DROP TABLE {table}"),
            _ => "REINDEX".to_owned(),
        }
    }

    /// The parameters of the statement made last.
    fn parameters(&mut self, kinds: &[usize]) -> Vec<Value> {
        kinds
            .iter()
            .map(|kind| if self.random.one_in(5) { self.any() } else { self.fitting(*kind) })
            .collect()
    }

    /// A value of a column, from so few that they meet again.
    fn fitting(&mut self, kind: usize) -> Value {
        let few = self.random.below(12);
        match kind {
            0..=2 => Value::Integer(few as i64),
            3 => Value::Decimal(Decimal { unscaled: 25 * i128::from(few), scale: 2 }),
            4 => Value::Double(few as f64 / 2.0),
            5 | 6 => Value::Text(["", "x", "yy", "\u{fc}ber", "X", "4"][self.random.index(6)].to_owned()),
            7 => Value::Blob(vec![0; few as usize]),
            8 => Value::Boolean(few < 6),
            9 => Value::Date(few as i32),
            10 => Value::Timestamp(few as i64 * 1_000_000),
            11 => Value::Time(few as i64),
            12 => Value::Uuid(u128::from(few)),
            _ => Value::Json(few.to_string()),
        }
    }

    fn any(&mut self) -> Value {
        let random = &mut self.random;
        match random.below(24) {
            0 => Value::Null,
            1 => Value::Integer([i64::MIN, i64::MAX, 40_000, -1, i64::MAX - 1, 1 << 33][random.index(6)]),
            2 => Value::Text(random.below(9).to_string()),
            3 => Value::Text("stone ".repeat(random.index(500))),
            4 => Value::Text(
                ["2024-02-29", "2024-02-29 01:02:03", "10:30", "true"][random.index(4)].to_owned(),
            ),
            5 => Value::Double(random.below(40) as f64 / 4.0),
            6 => Value::Double([f64::NAN, f64::INFINITY, -0.0, 1e300, 9.3e18][random.index(5)]),
            7 => Value::Boolean(random.one_in(2)),
            8 => Value::Blob(vec![7; random.index(20)]),
            9 => Value::Decimal(Decimal {
                unscaled: random.below(2_000) as i128,
                scale: random.below(4) as u8,
            }),
            10 => Value::Date([0, -719_162, 2_932_896, 19_000][random.index(4)]),
            11 => Value::Timestamp([0, 1_700_000_000_000_000, -1][random.index(3)]),
            12 => Value::Time(random.below(86_400_000_000) as i64),
            13 => Value::Uuid(u128::from(random.below(4)) << 126),
            14 => Value::Json(["1", "{\"a\": 2}"][random.index(2)].to_owned()),
            15 => Value::Interval(Interval { months: 1, days: -2, microseconds: 3 }),
            16 | 17 => Value::Text(["x", "", "yy", "\u{fc}ber", "X"][random.index(5)].to_owned()),
            _ => Value::Integer(random.below(10) as i64),
        }
    }
}

/// A connection, and the statements it has prepared.
struct Side<'c> {
    db: &'c Connection,
    prepared: HashMap<String, Statement<'c>>,
}

fn told(error: &drystone::Error) -> String {
    format!("{} {error} {:?} {:?}", error.code(), error.position(), error.hint_text())
}

impl<'c> Side<'c> {
    fn statement(&mut self, sql: &str) -> Result<&mut Statement<'c>, String> {
        if !self.prepared.contains_key(sql) {
            let statement = self.db.prepare(sql).map_err(|error| told(&error))?;
            self.prepared.insert(sql.to_owned(), statement);
        }
        Ok(self.prepared.get_mut(sql).expect("there"))
    }

    /// Everything a program can see of a statement's run.
    fn outcome(&mut self, sql: &str, parameters: &[Value]) -> Result<String, String> {
        let statement = self.statement(sql)?;
        if statement.column_count() == 0 {
            return statement.execute(parameters).map(|count| count.to_string()).map_err(|e| told(&e));
        }
        let mut all = String::new();
        let mut rows = statement.query(parameters).map_err(|error| told(&error))?;
        while let Some(row) = rows.next().map_err(|error| told(&error))? {
            all += &format!("{:?}\n", row.values());
        }
        Ok(all)
    }

    /// Reads some rows, runs another statement on another connection, and reads the others.
    fn interleaved(
        &mut self,
        sql: &str,
        parameters: &[Value],
        other: &mut Side<'_>,
        between: &str,
        given: &[Value],
    ) -> String {
        let mut all = String::new();
        let statement = match self.statement(sql) {
            Ok(statement) => statement,
            Err(error) => return error,
        };
        let mut rows = match statement.query(parameters) {
            Ok(rows) => rows,
            Err(error) => return told(&error),
        };
        let mut number = 0;
        loop {
            match rows.next() {
                Ok(Some(row)) => all += &format!("{:?}\n", row.values()),
                Ok(None) => break,
                Err(error) => return all + &told(&error),
            }
            number += 1;
            if number == 2 {
                all += &format!("{:?}\n", other.outcome(between, given));
            }
        }
        all
    }

    fn numbers(&self) -> (i64, u64, u64, bool) {
        (self.db.last_insert_rowid(), self.db.changes(), self.db.total_changes(), self.db.is_autocommit())
    }
}

/// Two connections to a new database.
fn connections(directly: bool) -> [Connection; 2] {
    let database = Database::open_in_memory().expect("open");
    [(); 2].map(|()| {
        let connection = database.connect();
        connection.run_directly(directly);
        connection
    })
}

fn sides(connections: &[Connection; 2]) -> [Side<'_>; 2] {
    connections.each_ref().map(|db| Side { db, prepared: HashMap::new() })
}

/// Which connection may hold the writer's place: the other one must not ask for it.
fn writes(sql: &str) -> bool {
    !(sql.starts_with("SELECT") || sql.starts_with("BEGIN DEFERRED") || sql.contains("TEMP"))
}

fn compare(seed: u64, steps: usize) -> usize {
    let mut maker = Maker { random: Random::new(seed), tables: vec![], next: 0, kinds: vec![] };
    let both = [connections(true), connections(false)];
    let [mut direct, mut general] = both.each_ref().map(sides);
    for _ in 0..1 + maker.random.index(3) {
        let sql = maker.table();
        let made = [direct[0].outcome(&sql, &[]), general[0].outcome(&sql, &[])];
        assert_eq!(made[0], made[1], "{sql}");
        if made[0].is_err() {
            maker.tables.pop();
        }
    }
    if maker.tables.is_empty() {
        return 0;
    }
    let mut pool: Vec<(String, Vec<usize>)> = Vec::new();
    let mut writer: Option<usize> = None;
    let mut done = 0;
    for step in 0..steps {
        let side = maker.random.index(2);
        let (sql, kinds) = match maker.random.below(60) {
            at @ 0..=6 => (CONTROL[at as usize * 2 + maker.random.index(2)].to_owned(), vec![]),
            7 => maker.made(Maker::definition),
            8..=30 if pool.len() > 20 => pool[maker.random.index(pool.len())].clone(),
            31..=42 => maker.made(Maker::query),
            _ => maker.made(Maker::change),
        };
        if writer.is_some_and(|writer| writer != side) && writes(&sql) {
            continue;
        }
        let parameters = maker.parameters(&kinds);
        let about = format!("seed {seed} step {step} side {side}: {sql} {parameters:?}");
        if sql.starts_with("SELECT") && maker.random.one_in(4) {
            let free = writer.is_none_or(|writer| writer != side);
            let (between, kinds) = maker.made(if free { Maker::change } else { Maker::query });
            let given = maker.parameters(&kinds);
            let [a, b] = [&mut direct, &mut general].map(|sides| {
                let (first, second) = sides.split_at_mut(1);
                let (one, two) =
                    if side == 0 { (&mut first[0], &mut second[0]) } else { (&mut second[0], &mut first[0]) };
                let told = one.interleaved(&sql, &parameters, two, &between, &given);
                (told, one.numbers(), two.numbers())
            });
            assert_eq!(a, b, "{about} {between} {given:?}");
            writer = if direct[1 - side].db.is_autocommit() {
                writer.filter(|w| *w == side)
            } else {
                writer.or((writes(&between)).then_some(1 - side))
            };
            continue;
        }
        let [a, b] = [&mut direct, &mut general]
            .map(|sides| (sides[side].outcome(&sql, &parameters), sides[side].numbers()));
        assert_eq!(a, b, "{about}");
        done += usize::from(a.0.is_ok());
        if direct[side].db.is_autocommit() {
            writer = writer.filter(|writer| *writer != side);
        } else if writes(&sql) {
            writer = Some(side);
        }
        if pool.len() < 60 && !kinds.is_empty() && a.0.is_ok() {
            pool.push((sql, kinds));
        }
        if step % 250 == 0 || step + 1 == steps {
            let names = direct[side].db.tables().expect("tables");
            for table in names {
                let all = format!("SELECT * FROM {table}");
                let [a, b] = [&direct, &general].map(|sides| rows(sides[side].db, &all));
                assert_eq!(a, b, "{table} seed {seed} step {step}");
            }
        }
    }
    let all = [&direct[0], &direct[1], &general[0], &general[1]];
    for side in all {
        let _ = side.db.execute_batch("ROLLBACK");
    }
    for side in all {
        let report = side.db.check().expect("check");
        assert!(report.ok, "seed {seed} {report:?}");
    }
    done
}

#[test]
fn random_worlds_are_the_same_either_way() {
    let range = std::env::var("WAYS").ok().and_then(|range| {
        let (from, to) = range.split_once('-')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    });
    let (from, to) = range.unwrap_or((1, 40));
    let done: usize = (from..=to).map(|seed| compare(seed, 1_500)).sum();
    println!("{done} statements went well");
    assert!(done > 300 * (to - from) as usize, "{done}");
}
