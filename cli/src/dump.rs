//! A database as the SQL that builds it again.
//!
//! ```text
//! BEGIN; marks; each table: CREATE TABLE, INSERTs; CREATE INDEX, all; CREATE VIEW, all; COMMIT;
//! ```
//!
//! 1. All of it is one snapshot, and building it again is one transaction.
//! 2. A table comes after those it refers to, a view after those it is made of. Where tables refer
//!    to themselves or in a circle, all come first, and the script defers the references to its end.
//! 3. Rows come in the order they are stored in, so that the dump of a dump is the same.

use crate::output::Cell;
use crate::quote::identifier;
use crate::session::{Failure, Session};

/// An INSERT is ended when it is longer than this, in bytes.
const INSERT_LEN: usize = 16 << 10;

/// What a dump does about damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// It ends with an error.
    Strict,
    /// It leaves out what cannot be read, says so on standard error, and writes each row as a statement
    /// of its own, so that one that refers to a lost one fails alone.
    Rescue,
}

/// Where the statements go, each without its semicolon.
pub type Target<'a> = &'a mut dyn FnMut(&str) -> Result<(), Failure>;

/// An object of the schema.
struct Object {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

impl Session {
    /// Gives the statements that build the database, or some of its tables and views.
    pub fn dump(&self, only: &[String], care: Care, target: Target<'_>) -> Result<(), Failure> {
        for name in only {
            self.connection.schema_sql(name)?;
        }
        let alone = self.connection.is_autocommit();
        if alone {
            self.connection.execute("BEGIN", ())?;
        }
        let done = self.dump_inside(only, care, target);
        if alone {
            self.connection.execute("ROLLBACK", ())?;
        }
        done
    }

    fn dump_inside(&self, only: &[String], care: Care, target: Target<'_>) -> Result<(), Failure> {
        let objects: Vec<Object> = self.objects(only)?;
        if care == Care::Rescue {
            self.note_damage("the schema");
        }
        let named = |kind: &str| -> Vec<&Object> { objects.iter().filter(|o| o.kind == kind).collect() };
        let needs = |table: &Object| self.referred(&table.name);
        let (tables, circle) = in_order(named("table"), &needs)?;
        let mentioned = |view: &Object| Ok(mentioned(&view.sql));
        let (views, _) = in_order(named("view"), &mentioned)?;
        target("BEGIN")?;
        if circle {
            target("PRAGMA defer_foreign_keys = ON")?;
        }
        if only.is_empty() {
            self.dump_marks(target)?;
        }
        // Rows can only refer to a table that is there.
        if circle {
            tables.iter().try_for_each(|table| target(&table.sql))?;
        }
        for table in &tables {
            if !circle {
                target(&table.sql)?;
            }
            self.dump_rows(&table.name, care, target)?;
        }
        let indexes = named("index");
        for table in &tables {
            let its = indexes.iter().filter(|index| same(&index.table, &table.name));
            its.map(|index| index.sql.as_str()).try_for_each(&mut *target)?;
        }
        for view in views {
            target(&view.sql)?;
        }
        target("COMMIT")
    }

    /// As [`Session::dump`] of everything, as far as it can be read; notes on standard error say what
    /// is left out.
    pub fn recover(&self, target: Target<'_>) -> Result<(), Failure> {
        self.connection.skip_damage(true);
        let done = self.dump(&[], Care::Rescue, target);
        self.connection.skip_damage(false);
        done
    }

    /// Tables, indexes and views as they were made.
    fn objects(&self, only: &[String]) -> Result<Vec<Object>, Failure> {
        let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
        let mut statement = self.connection.prepare(sql)?;
        let objects = statement.query_map((), |row| {
            let sql: String = row.get(3)?;
            let sql = sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).to_owned();
            Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql })
        })?;
        let mut objects = objects.collect::<Result<Vec<Object>, _>>()?;
        objects.retain(|object| {
            let named = |name: &String| same(name, &object.name) || same(name, &object.table);
            only.is_empty() || only.iter().any(named)
        });
        Ok(objects)
    }

    /// The tables that a table refers to.
    fn referred(&self, table: &str) -> Result<Vec<String>, Failure> {
        let sql = format!("PRAGMA foreign_key_list({})", identifier(table));
        let mut statement = self.connection.prepare(&sql)?;
        let names = statement.query_map((), |row| row.get("table"))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    fn dump_marks(&self, target: Target<'_>) -> Result<(), Failure> {
        for mark in ["user_version", "application_id"] {
            let value: i64 = self.connection.query_row(&format!("PRAGMA {mark}"), (), |row| row.get(0))?;
            if value != 0 {
                target(&format!("PRAGMA {mark} = {value}"))?;
            }
        }
        Ok(())
    }

    fn dump_rows(&self, table: &str, care: Care, target: Target<'_>) -> Result<(), Failure> {
        let mut insert = String::new();
        let done = self.dump_inserts(table, care, &mut insert, target);
        if !insert.is_empty() && (done.is_ok() || care == Care::Rescue) {
            target(&insert)?;
        }
        if care == Care::Strict {
            return done;
        }
        self.note_damage(table);
        match done {
            Err(Failure::Sql(error)) => {
                eprintln!("note: {table}: the rest of its rows is left out: {}", error.message());
                Ok(())
            }
            done => done,
        }
    }

    /// Writes the rows; those not yet written are left for the caller, whatever happens.
    fn dump_inserts(
        &self,
        table: &str,
        care: Care,
        insert: &mut String,
        target: Target<'_>,
    ) -> Result<(), Failure> {
        let longest = if care == Care::Strict { INSERT_LEN } else { 0 };
        let table = identifier(table);
        let mut statement = self.connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let mut rows = statement.query(())?;
        let mut cell = Cell::default();
        let mut values = String::new();
        while let Some(row) = rows.next()? {
            self.look_up()?;
            if insert.len() > longest {
                target(&std::mem::take(insert))?;
            }
            values.clear();
            for at in 0..columns {
                cell.set(row.get_ref(at)?)?;
                values.push_str(if at > 0 { "," } else { "" });
                values.push_str(&cell.literal());
            }
            match insert.is_empty() {
                true => *insert = format!("INSERT INTO {table} VALUES\n({values})"),
                false => insert.extend([",\n(", &values, ")"]),
            }
        }
        Ok(())
    }

    /// Says how much damage was passed over since the last time.
    fn note_damage(&self, place: &str) {
        let lost = self.connection.skip_damage(true);
        if lost > 0 {
            eprintln!("note: {place}: left out, with all rows on them: damaged pages or long values, {lost}");
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The words of a view's text: what it is made of is among them.
fn mentioned(sql: &str) -> Vec<String> {
    let words = sql.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

type Needs<'n> = &'n dyn Fn(&Object) -> Result<Vec<String>, Failure>;

/// Each object after those it needs, else as they come; and whether that was not possible, or one
/// needs itself.
fn in_order<'o>(objects: Vec<&'o Object>, needs: Needs<'_>) -> Result<(Vec<&'o Object>, bool), Failure> {
    let mut left = Vec::new();
    let mut circle = false;
    for object in objects {
        let needed = needs(object)?;
        circle |= needed.iter().any(|name| same(name, &object.name));
        left.push((object, needed));
    }
    let mut placed = Vec::new();
    while !left.is_empty() {
        let waits = |(object, needed): &(&Object, Vec<String>)| {
            let other = |(other, _): &(&Object, _)| {
                !same(&other.name, &object.name) && needed.iter().any(|name| same(name, &other.name))
            };
            left.iter().any(other)
        };
        let free = left.iter().position(|entry| !waits(entry));
        circle |= free.is_none();
        placed.push(left.remove(free.unwrap_or(0)).0);
    }
    Ok((placed, circle))
}
