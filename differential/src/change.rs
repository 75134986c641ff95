//! INSERT, UPDATE and DELETE, some of which break a constraint.

use crate::generator::{Generator, Kind, Scope, Statement};
use crate::world::{REFERENCE, Table, Type, value};

/// How the condition of an UPDATE with FROM begins; RETURNING of the two engines differs there.
const UPDATE_FROM: &str = ".i0";
/// Tables with more rows are rather emptied than filled.
const ROWS_MAX: usize = 28;

impl Generator {
    /// Any change.
    pub(crate) fn write(&mut self) -> Statement {
        let at = self.random.below(self.world.tables.len());
        let Some(table) = self.world.tables.get(at).cloned() else { return self.query() };
        let many = self.world.rows.get(at).is_some_and(|rows| *rows > ROWS_MAX);
        let sql = match self.random.below(10) {
            _ if many && self.random.chance(70) => self.delete(&table, true),
            0..=2 => self.insert(&table, 4),
            3 => self.insert_conflict(&table),
            4 => self.insert_select(&table),
            5..=7 => self.update(&table),
            8 => self.update_from(&table),
            _ => self.delete(&table, false),
        };
        let sql = if sql.contains(UPDATE_FROM) { sql } else { self.returning(sql, &table) };
        self.change(sql, &table)
    }

    /// Rows for a table that has few.
    pub(crate) fn fill(&mut self, at: usize) -> Statement {
        let Some(table) = self.world.tables.get(at).cloned() else { return self.query() };
        let sql = self.insert(&table, 10);
        self.change(sql, &table)
    }

    fn change(&self, sql: String, table: &Table) -> Statement {
        let others = self.world.tables.iter().filter(|other| other.refers && other.name != table.name);
        let tables = std::iter::once(&table.name).chain(others.map(|other| &other.name)).cloned();
        let kind = Kind::Write { tables: tables.collect() };
        Statement { sql, kind, joins: self.joins, aggregates: self.aggregates }
    }

    /// Some changes give rows.
    fn returning(&mut self, sql: String, table: &Table) -> String {
        if !self.random.chance(30) {
            return sql;
        }
        if self.random.chance(50) {
            return format!("{sql} RETURNING *");
        }
        let scope = columns(table, "");
        let data_type = self.a_type();
        let depth = self.random.below(2);
        let own = Scope { columns: scope.columns, outer: vec![] };
        format!("{sql} RETURNING {}", self.plain(&own, data_type, depth))
    }

    /// An expression without subqueries, which RETURNING of the two engines sees differently.
    fn plain(&mut self, scope: &Scope, data_type: Type, depth: usize) -> String {
        loop {
            let expression = self.expression(scope, data_type, depth);
            if !expression.contains("SELECT") {
                return expression;
            }
        }
    }

    /// The columns of a table that a row is given for, sometimes without the key.
    fn given(&mut self, table: &Table) -> Vec<(String, Type, bool)> {
        let skip = usize::from(table.keyed && self.random.chance(80));
        let given = table.columns.iter().skip(skip).map(|c| (c.name.clone(), c.data_type, c.nullable));
        let mut given: Vec<_> = given.collect();
        if given.len() > 1 && self.random.chance(15) {
            given.pop();
        }
        given
    }

    /// Values for a row; so many in 100 may be NULL where that is not allowed.
    fn row(&mut self, given: &[(String, Type, bool)], broken: usize) -> String {
        let values = given.iter().map(|(name, t, nullable)| {
            if name == "id" {
                // Drystone's own numbers begin at 1, whatever negative ones there are.
                return self.random.between(1, 40).to_string();
            }
            if name == REFERENCE {
                return if self.random.chance(60) {
                    "NULL".to_owned()
                } else {
                    self.random.between(1, 9).to_string()
                };
            }
            let nullable = *nullable || self.random.chance(broken);
            value(&mut self.random, *t, nullable)
        });
        format!("({})", values.collect::<Vec<_>>().join(", "))
    }

    fn insert(&mut self, table: &Table, rows_max: usize) -> String {
        let given = self.given(table);
        let or = self.random.word(&["", "", "", "OR IGNORE ", "OR REPLACE "]);
        // SQLite's OR REPLACE takes the default for a NULL that may not be.
        let broken = if or == "OR REPLACE " { 0 } else { 2 };
        let rows: Vec<String> =
            (0..self.random.between(1, rows_max)).map(|_| self.row(&given, broken)).collect();
        format!("INSERT {or}INTO {} ({}) VALUES {}", table.name, names(&given), rows.join(", "))
    }

    fn insert_conflict(&mut self, table: &Table) -> String {
        let given = self.given(table);
        let row = self.row(&given, 2);
        let mut keys: Vec<&str> = table.unique.iter().map(String::as_str).collect();
        if table.keyed {
            keys.push("id");
        }
        let action = match self.random.pick(&keys).copied() {
            Some(key) if self.random.chance(60) => {
                let free: Vec<&str> = table
                    .columns
                    .iter()
                    .map(|column| column.name.as_str())
                    .filter(|name| !keys.contains(name) && given.iter().any(|(known, _, _)| known == name))
                    .collect();
                match self.random.pick(&free) {
                    Some(set) => format!("ON CONFLICT ({key}) DO UPDATE SET {set} = excluded.{set}"),
                    None => format!("ON CONFLICT ({key}) DO NOTHING"),
                }
            }
            _ => "ON CONFLICT DO NOTHING".to_owned(),
        };
        format!("INSERT INTO {} ({}) VALUES {row} {action}", table.name, names(&given))
    }

    fn insert_select(&mut self, table: &Table) -> String {
        let skip = usize::from(table.keyed);
        let given: Vec<(String, Type, bool)> =
            table.columns.iter().skip(skip).map(|c| (c.name.clone(), c.data_type, c.nullable)).collect();
        let types: Vec<Type> = given.iter().map(|(_, t, _)| *t).collect();
        let select = self.select(&Scope::default(), &types, 1);
        // Keys are given in the order of the rows.
        let order = self.order(types.len());
        let limit = self.random.between(1, 6);
        format!("INSERT INTO {} ({}) {select} ORDER BY {order} LIMIT {limit}", table.name, names(&given))
    }

    /// Columns that may be set in many rows at once: a unique one would pass through duplicates.
    fn settable(&mut self, table: &Table) -> Option<(String, Type)> {
        let free = table.columns.iter().skip(usize::from(table.keyed));
        let free: Vec<(String, Type)> = free
            .filter(|column| !table.unique.contains(&column.name))
            .map(|column| (column.name.clone(), column.data_type))
            .collect();
        self.random.pick(&free).cloned()
    }

    fn update(&mut self, table: &Table) -> String {
        let Some((column, data_type)) = self.settable(table) else { return self.insert(table, 2) };
        let scope = columns(table, "");
        let mut sets = format!("{column} = {}", self.expression(&scope, data_type, 1));
        if let Some((second, data_type)) = self.settable(table).filter(|(second, _)| *second != column) {
            sets = format!("{sets}, {second} = {}", self.expression(&scope, data_type, 1));
        }
        let filter = match table.keyed && self.random.chance(30) {
            true => format!("id = {}", self.random.between(1, 30)),
            false => self.condition(&scope, 1),
        };
        format!("UPDATE {} SET {sets} WHERE {filter}", table.name)
    }

    /// From a table with a key, so that at most one of its rows fits.
    fn update_from(&mut self, table: &Table) -> String {
        let others: Vec<Table> =
            self.world.tables.iter().filter(|t| t.keyed && t.name != table.name).cloned().collect();
        let settable = self.settable(table);
        let (Some(other), Some((column, data_type))) = (self.random.pick(&others).cloned(), settable) else {
            return self.update(table);
        };
        self.joins = true;
        let mut scope = columns(table, &table.name);
        scope.columns.extend(columns(&other, &other.name).columns);
        let (from, to) = (&other.name, &table.name);
        let what = self.expression(&scope, data_type, 1);
        format!("UPDATE {to} SET {column} = {what} FROM {from} WHERE {from}.id = {to}{UPDATE_FROM}")
    }

    fn delete(&mut self, table: &Table, much: bool) -> String {
        let scope = columns(table, "");
        let filter = self.condition(&scope, 1);
        match much {
            true => format!("DELETE FROM {} WHERE {filter} OR i0 > 7", table.name),
            false => format!("DELETE FROM {} WHERE i1 = {} AND {filter}", table.name, self.random.below(20)),
        }
    }
}

fn columns(table: &Table, qualifier: &str) -> Scope {
    let dot = if qualifier.is_empty() { "" } else { "." };
    let columns = table.columns.iter().map(|c| (format!("{qualifier}{dot}{}", c.name), c.data_type));
    Scope { columns: columns.collect(), outer: vec![] }
}

fn names(given: &[(String, Type, bool)]) -> String {
    given.iter().map(|(name, _, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}
