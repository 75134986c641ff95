//! The tables that statements are about: random columns, keys, constraints and indexes.
//!
//! Each table is `tN` with the number of a world. Columns are named by type and number (`i0`, `r0`,
//! `s0`), so that tables have names in common. Numbers are small and reals are quarters, so that
//! every engine computes the same.

use crate::random::Random;
use std::fmt::Write;

/// What a column or an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// INTEGER.
    Integer,
    /// DOUBLE PRECISION; the values are quarters.
    Real,
    /// TEXT.
    Text,
}

/// All of them.
pub const TYPES: [Type; 3] = [Type::Integer, Type::Real, Type::Text];

impl Type {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Type::Integer => "INTEGER",
            Type::Real => "DOUBLE PRECISION",
            Type::Text => "TEXT",
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: Type,
    /// May it be NULL?
    pub nullable: bool,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns; the first is the key where there is one.
    pub columns: Vec<Column>,
    /// The first column is an INTEGER PRIMARY KEY.
    pub keyed: bool,
    /// Columns with a UNIQUE constraint.
    pub unique: Vec<String>,
    /// Does it refer to another table?
    pub refers: bool,
    /// The statement that makes it.
    pub create: String,
}

/// A view: its name and columns.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<(String, Type)>,
}

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The tables.
    pub tables: Vec<Table>,
    /// The views.
    pub views: Vec<View>,
    /// The names of the indexes.
    pub indexes: Vec<String>,
    /// Rows of each table, as far as known.
    pub rows: Vec<usize>,
    /// Names given so far.
    pub named: usize,
    /// Is a transaction open?
    pub in_transaction: bool,
    /// The savepoints in it.
    pub savepoints: Vec<String>,
}

impl World {
    /// A few random tables.
    pub fn new(random: &mut Random) -> World {
        let mut world = World::default();
        for number in 0..random.between(3, 5) {
            let keyed: Vec<String> =
                world.tables.iter().filter(|table| table.keyed).map(|table| table.name.clone()).collect();
            let parent = random.pick(&keyed).cloned().filter(|_| random.chance(40));
            world.tables.push(table(random, number, parent.as_deref()));
            world.rows.push(0);
        }
        world
    }

    /// A name nothing has.
    pub fn fresh(&mut self, prefix: &str) -> String {
        self.named += 1;
        format!("{prefix}{}", self.named)
    }
}

/// The column that refers to another table.
pub const REFERENCE: &str = "f";

fn table(random: &mut Random, number: usize, parent: Option<&str>) -> Table {
    let name = format!("t{number}");
    let keyed = random.chance(60);
    let mut columns = Vec::new();
    if keyed {
        columns.push(Column { name: "id".to_owned(), data_type: Type::Integer, nullable: false });
    }
    for (data_type, letter, low, high) in
        [(Type::Integer, 'i', 2, 3), (Type::Real, 'r', 0, 1), (Type::Text, 's', 1, 2)]
    {
        for number in 0..random.between(low, high) {
            let nullable = random.chance(75);
            columns.push(Column { name: format!("{letter}{number}"), data_type, nullable });
        }
    }
    let mut create = format!("CREATE TABLE {name} (");
    let mut unique = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(create, "{comma}{} {}", column.name, column.data_type.name());
        if keyed && at == 0 {
            create.push_str(" PRIMARY KEY");
        } else {
            create.push_str(if column.nullable { "" } else { " NOT NULL" });
            if column.data_type == Type::Integer && random.chance(10) {
                create.push_str(" UNIQUE");
                unique.push(column.name.clone());
            }
            if column.data_type == Type::Integer && random.chance(15) {
                let _ = write!(create, " CHECK ({} <> 13)", column.name);
            }
            if random.chance(20) {
                let _ = write!(create, " DEFAULT {}", literal(random, column.data_type));
            }
        }
    }
    if let Some(parent) = parent {
        let action = random.word(&["CASCADE", "SET NULL", "NO ACTION", "RESTRICT"]);
        let _ = write!(create, ", {REFERENCE} INTEGER REFERENCES {parent} (id) ON DELETE {action}");
        columns.push(Column { name: REFERENCE.to_owned(), data_type: Type::Integer, nullable: true });
    }
    create.push(')');
    Table { name, columns, keyed, unique, refers: parent.is_some(), create }
}

/// A literal that is not NULL.
pub fn literal(random: &mut Random, data_type: Type) -> String {
    match data_type {
        Type::Integer if random.chance(5) => format!("-{}", random.between(1, 20)),
        Type::Integer => random.below(20).to_string(),
        Type::Real => {
            let sign = if random.chance(10) { "-" } else { "" };
            format!("{sign}{}.{}", random.below(20), random.word(&["0", "25", "5", "75"]))
        }
        Type::Text => {
            format!("'{}'", random.word(&["", "a", "b", "ab", "abc", "ba", "z", "a b", "it''s", "10", "x_%"]))
        }
    }
}

/// A literal, sometimes NULL.
pub fn value(random: &mut Random, data_type: Type, nullable: bool) -> String {
    if nullable && random.chance(15) { "NULL".to_owned() } else { literal(random, data_type) }
}
