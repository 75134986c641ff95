//! What is asked next: one statement after the other, in a world that changes with them.

use crate::random::Random;
use crate::world::{Column, Type, World, literal};

/// A statement and what is known about it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// What it is.
    pub kind: Kind,
    /// Does it join?
    pub joins: bool,
    /// Does it aggregate?
    pub aggregates: bool,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A query; `ordered`: by all its columns, so that the order of the rows is known.
    Query {
        /// Is the order of the rows known?
        ordered: bool,
    },
    /// INSERT, UPDATE or DELETE.
    Write {
        /// The tables that it may change.
        tables: Vec<String>,
    },
    /// The schema and transactions.
    Other,
}

/// The columns that an expression may use.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Columns of the query itself.
    pub columns: Vec<(String, Type)>,
    /// Columns of the enclosing queries.
    pub outer: Vec<(String, Type)>,
}

/// Makes statements.
pub struct Generator {
    pub(crate) random: Random,
    /// What there is.
    pub world: World,
    /// Aliases given in the statement.
    pub(crate) aliases: usize,
    pub(crate) joins: bool,
    pub(crate) aggregates: bool,
}

impl Generator {
    /// A generator with a world of its own.
    pub fn new(seed: u64) -> Generator {
        let mut random = Random::new(seed);
        let world = World::new(&mut random);
        Generator { random, world, aliases: 0, joins: false, aggregates: false }
    }

    /// The statements that make the world.
    pub fn setup(&mut self) -> Vec<Statement> {
        let creates: Vec<String> = self.world.tables.iter().map(|table| table.create.clone()).collect();
        let mut out: Vec<Statement> = creates.into_iter().map(other).collect();
        for _ in 0..self.random.between(1, 4) {
            let sql = self.create_index();
            out.push(other(sql));
        }
        out
    }

    /// The next statement.
    pub fn statement(&mut self) -> Statement {
        (self.aliases, self.joins, self.aggregates) = (0, false, false);
        let thin = self.world.rows.iter().position(|rows| *rows < 6);
        if let Some(table) = thin.filter(|_| self.random.chance(50)) {
            return self.fill(table);
        }
        match self.random.below(100) {
            0..24 => self.write(),
            24..27 => self.other(),
            _ => self.query(),
        }
    }

    pub(crate) fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("a{}", self.aliases)
    }

    fn create_index(&mut self) -> String {
        let name = self.world.fresh("x");
        let Some(table) = self.random.pick(&self.world.tables) else { return String::new() };
        let mut columns = Vec::new();
        for _ in 0..self.random.between(1, 2) {
            if let Some(column) = self.random.pick(&table.columns)
                && !columns.iter().any(|known: &String| known.starts_with(&column.name))
            {
                columns.push(format!("{}{}", column.name, self.random.word(&["", "", " DESC"])));
            }
        }
        let sql = format!("CREATE INDEX {name} ON {} ({})", table.name, columns.join(", "));
        self.world.indexes.push(name);
        sql
    }

    fn add_column(&mut self) -> String {
        let (name, data_type) = (self.world.fresh("n"), self.a_type());
        let default = literal(&mut self.random, data_type);
        let at = self.random.below(self.world.tables.len());
        let Some(table) = self.world.tables.get_mut(at) else { return String::new() };
        table.columns.push(Column { name: name.clone(), data_type, nullable: true });
        let default = if self.random.chance(50) { format!(" DEFAULT {default}") } else { String::new() };
        format!("ALTER TABLE {} ADD COLUMN {name} {}{default}", table.name, data_type.name())
    }

    fn savepoint(&mut self) -> String {
        let at = self.random.below(self.world.savepoints.len() + 1);
        let Some(name) = self.world.savepoints.get(at).cloned() else {
            let name = self.world.fresh("p");
            self.world.savepoints.push(name.clone());
            return format!("SAVEPOINT {name}");
        };
        if self.random.chance(50) {
            self.world.savepoints.truncate(at + 1);
            return format!("ROLLBACK TO {name}");
        }
        self.world.savepoints.truncate(at);
        format!("RELEASE {name}")
    }

    /// Indexes, views, columns and transactions.
    fn other(&mut self) -> Statement {
        let in_transaction = self.world.in_transaction;
        let sql = match self.random.below(10) {
            0 if self.world.indexes.len() < 8 && !in_transaction => self.create_index(),
            1 if self.world.indexes.len() > 1 && !in_transaction => {
                let at = self.random.below(self.world.indexes.len());
                format!("DROP INDEX {}", self.world.indexes.remove(at))
            }
            2 if self.world.views.len() < 4 && !in_transaction => self.create_view(),
            3 if self.world.views.len() > 2 && !in_transaction => {
                let at = self.random.below(self.world.views.len());
                format!("DROP VIEW {}", self.world.views.remove(at).name)
            }
            4 if !in_transaction => self.add_column(),
            5..=7 if in_transaction => self.savepoint(),
            _ if in_transaction => {
                self.world.in_transaction = false;
                self.world.savepoints.clear();
                self.random.word(&["COMMIT", "COMMIT", "ROLLBACK"]).to_owned()
            }
            _ => {
                self.world.in_transaction = true;
                "BEGIN".to_owned()
            }
        };
        other(sql)
    }
}

fn other(sql: String) -> Statement {
    Statement { sql, kind: Kind::Other, joins: false, aggregates: false }
}
