//! The schema as tables: `sqlite_schema`, `information_schema`, and what PRAGMA answers.
//!
//! All of it is computed from the catalog when a statement is bound; the plan is made anew when
//! the schema changes, so it is never older than the statement's snapshot.

use super::Binder;
use crate::catalog::{Action, Catalog, Index, RowKey, Table, View};
use crate::error::Result;
use crate::plan::OutputColumn;
use crate::types::{DataType, Value};
use std::sync::Arc;

/// Rows that describe the schema.
pub struct Described {
    pub columns: Vec<(&'static str, DataType)>,
    pub rows: Vec<Vec<Value>>,
}

impl Described {
    /// The columns of a result that is this.
    pub fn output(&self) -> Arc<[OutputColumn]> {
        let columns = self.columns.iter();
        columns
            .map(|(name, data_type)| OutputColumn { name: (*name).to_owned(), data_type: *data_type })
            .collect()
    }
}

const TEXT: DataType = DataType::TEXT;
const INT: DataType = DataType::BigInt;
const SCHEMA: [(&str, DataType); 5] =
    [("type", TEXT), ("name", TEXT), ("tbl_name", TEXT), ("rootpage", INT), ("sql", TEXT)];

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn int(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn flag(is: bool) -> Value {
    Value::Integer(i64::from(is))
}

fn yes(is: bool) -> Value {
    text(if is { "YES" } else { "NO" })
}

fn maybe(known: Option<String>) -> Value {
    known.map_or(Value::Null, Value::Text)
}

/// What a name in FROM means that is neither a table nor a view.
pub fn system_table(catalog: &Catalog, name: &str) -> Option<Described> {
    let (columns, rows) = match name.to_ascii_lowercase().as_str() {
        "sqlite_schema" | "sqlite_master" => (SCHEMA.to_vec(), objects(catalog)),
        "sqlite_temp_schema" | "sqlite_temp_master" => {
            let views = catalog.views.iter().filter(|view| view.temporary);
            (SCHEMA.to_vec(), views.map(view_object).collect())
        }
        "information_schema.tables" => (
            vec![("table_catalog", TEXT), ("table_schema", TEXT), ("table_name", TEXT), ("table_type", TEXT)],
            tables(catalog),
        ),
        "information_schema.views" => (
            vec![
                ("table_catalog", TEXT),
                ("table_schema", TEXT),
                ("table_name", TEXT),
                ("view_definition", TEXT),
            ],
            catalog.views.iter().map(|view| named(&view.name, vec![text(&view.sql)])).collect(),
        ),
        "information_schema.columns" => (
            vec![
                ("table_catalog", TEXT),
                ("table_schema", TEXT),
                ("table_name", TEXT),
                ("column_name", TEXT),
                ("ordinal_position", INT),
                ("column_default", TEXT),
                ("is_nullable", TEXT),
                ("data_type", TEXT),
                ("character_maximum_length", INT),
                ("numeric_precision", INT),
                ("numeric_scale", INT),
            ],
            all_columns(catalog),
        ),
        _ => return None,
    };
    Some(Described { columns, rows })
}

/// What a PRAGMA about the schema answers.
pub fn pragma(catalog: &Catalog, name: &str, argument: Option<&str>) -> Option<Described> {
    let table = argument.and_then(|name| catalog.find(name));
    let index = argument.and_then(|name| catalog.index(name));
    let (columns, rows) = match name.to_ascii_lowercase().as_str() {
        "table_info" => (
            vec![
                ("cid", INT),
                ("name", TEXT),
                ("type", TEXT),
                ("notnull", INT),
                ("dflt_value", TEXT),
                ("pk", INT),
            ],
            match (table, argument.and_then(|name| catalog.view(name))) {
                (_, Some(view)) => view_info(catalog, view),
                (Some(table), None) => table_info(table),
                (None, None) => vec![],
            },
        ),
        "table_list" => (
            vec![
                ("schema", TEXT),
                ("name", TEXT),
                ("type", TEXT),
                ("ncol", INT),
                ("wr", INT),
                ("strict", INT),
            ],
            table_list(catalog, argument),
        ),
        "index_list" => (
            vec![("seq", INT), ("name", TEXT), ("unique", INT), ("origin", TEXT), ("partial", INT)],
            table.map(|table| index_list(table)).unwrap_or_default(),
        ),
        "index_info" => (
            vec![("seqno", INT), ("cid", INT), ("name", TEXT)],
            index.map(|(table, index)| index_info(table, index, false)).unwrap_or_default(),
        ),
        "index_xinfo" => (
            vec![("seqno", INT), ("cid", INT), ("name", TEXT), ("desc", INT), ("coll", TEXT), ("key", INT)],
            index.map(|(table, index)| index_info(table, index, true)).unwrap_or_default(),
        ),
        "foreign_key_list" => (
            vec![
                ("id", INT),
                ("seq", INT),
                ("table", TEXT),
                ("from", TEXT),
                ("to", TEXT),
                ("on_update", TEXT),
                ("on_delete", TEXT),
                ("match", TEXT),
            ],
            table.map(|table| foreign_keys(table)).unwrap_or_default(),
        ),
        "database_list" => (
            vec![("seq", INT), ("name", TEXT), ("file", TEXT)],
            vec![vec![int(0), text("main"), Value::Null]],
        ),
        _ => return None,
    };
    Some(Described { columns, rows })
}

/// A row of the information schema.
fn named(name: &str, rest: Vec<Value>) -> Vec<Value> {
    let mut row = vec![text("main"), text("main"), text(name)];
    row.extend(rest);
    row
}

fn view_object(view: &Arc<View>) -> Vec<Value> {
    vec![text("view"), text(&view.name), text(&view.name), int(0), text(&view.sql)]
}

fn objects(catalog: &Catalog) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let root = |tree: crate::storage::TreeId| Value::Integer(i64::from(tree.0));
    for table in &catalog.tables {
        let name = &table.name;
        rows.push(vec![text("table"), text(name), text(name), root(table.tree), text(&table.sql)]);
        for index in &table.indexes {
            let sql = maybe(index.sql.clone());
            rows.push(vec![text("index"), text(&index.name), text(name), root(index.tree), sql]);
        }
    }
    rows.extend(catalog.views.iter().filter(|view| !view.temporary).map(view_object));
    rows
}

fn tables(catalog: &Catalog) -> Vec<Vec<Value>> {
    let tables = catalog.tables.iter().map(|table| named(&table.name, vec![text("BASE TABLE")]));
    let views = catalog.views.iter().map(|view| named(&view.name, vec![text("VIEW")]));
    tables.chain(views).collect()
}

/// Names and types of a view's columns; none where it has lost what it needs.
fn view_columns(catalog: &Catalog, view: &View) -> Vec<(String, DataType)> {
    let output: Result<_> = Binder::new(catalog, &[]).view_query(&view.name, &view.columns, &view.query);
    let columns = output.map(|output| output.columns).unwrap_or_default();
    columns.into_iter().map(|column| (column.name, column.data_type)).collect()
}

/// The type as PostgreSQL's information schema calls it, and its length, precision and scale.
fn standard_type(data_type: DataType) -> Vec<Value> {
    let (mut length, mut precision, mut scale) = (Value::Null, Value::Null, Value::Null);
    let name = match data_type {
        DataType::BigInt => "bigint",
        DataType::Int => "integer",
        DataType::Blob => "bytea",
        DataType::Time => "time without time zone",
        DataType::Timestamp => "timestamp without time zone",
        DataType::Text { max: Some(max) } => {
            length = Value::Integer(i64::from(max));
            "character varying"
        }
        DataType::Decimal { .. } => {
            precision = Value::Integer(i64::from(data_type.precision()));
            scale = Value::Integer(i64::from(data_type.scale()));
            "numeric"
        }
        other => other.name(),
    };
    vec![text(name), length, precision, scale]
}

fn all_columns(catalog: &Catalog) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let row =
        |table: &str, name: &str, number: usize, default: Value, not_null: bool, data_type: DataType| {
            let mut rest = vec![text(name), int(number + 1), default, yes(!not_null)];
            rest.extend(standard_type(data_type));
            named(table, rest)
        };
    for table in &catalog.tables {
        for (number, column) in table.columns.iter().enumerate() {
            let default = maybe(column.default_text.clone());
            rows.push(row(&table.name, &column.name, number, default, column.not_null, column.data_type));
        }
    }
    for view in &catalog.views {
        for (number, (name, data_type)) in view_columns(catalog, view).iter().enumerate() {
            rows.push(row(&view.name, name, number, Value::Null, false, *data_type));
        }
    }
    rows
}

/// A type as CREATE TABLE has it.
fn declared(data_type: DataType) -> Value {
    text(data_type.to_string().to_ascii_uppercase())
}

fn table_info(table: &Table) -> Vec<Vec<Value>> {
    let columns = table.columns.iter().enumerate();
    let row = |(number, column): (usize, &crate::catalog::Column)| {
        let key = table.primary_key().iter().position(|key| *key == number).map_or(0, |at| at + 1);
        // As in SQLite, what is NOT NULL only by being the key does not say so.
        let not_null = column.not_null && (key == 0 || column.declared_not_null);
        let default = maybe(column.default_text.clone());
        vec![int(number), text(&column.name), declared(column.data_type), flag(not_null), default, int(key)]
    };
    columns.map(row).collect()
}

fn view_info(catalog: &Catalog, view: &View) -> Vec<Vec<Value>> {
    let columns = view_columns(catalog, view).into_iter().enumerate();
    columns
        .map(|(number, (name, data_type))| {
            vec![int(number), text(name), declared(data_type), int(0), Value::Null, int(0)]
        })
        .collect()
}

fn table_list(catalog: &Catalog, only: Option<&str>) -> Vec<Vec<Value>> {
    let wanted = |name: &str| only.is_none_or(|only| only.eq_ignore_ascii_case(name));
    let tables = catalog.tables.iter().filter(|table| wanted(&table.name)).map(|table| {
        let without_rowid = matches!(table.key, RowKey::Columns(_));
        let width = int(table.columns.len());
        vec![text("main"), text(&table.name), text("table"), width, flag(without_rowid), int(1)]
    });
    let views = catalog.views.iter().filter(|view| wanted(&view.name)).map(|view| {
        let schema = text(if view.temporary { "temp" } else { "main" });
        let width = int(view_columns(catalog, view).len());
        vec![schema, text(&view.name), text("view"), width, int(0), int(1)]
    });
    tables.chain(views).collect()
}

fn index_list(table: &Table) -> Vec<Vec<Value>> {
    let indexes = table.indexes.iter().enumerate();
    let row = |(number, index): (usize, &Arc<Index>)| {
        let origin = text(if index.sql.is_some() { "c" } else { "u" });
        vec![int(number), text(&index.name), flag(index.unique), origin, int(0)]
    };
    indexes.map(row).collect()
}

fn index_info(table: &Table, index: &Index, more: bool) -> Vec<Vec<Value>> {
    let columns = index.columns.iter().enumerate();
    let row = |(number, (column, descending)): (usize, &(usize, bool))| {
        let name = maybe(table.columns.get(*column).map(|column| column.name.clone()));
        let mut row = vec![int(number), int(*column), name];
        if more {
            row.extend([flag(*descending), text("BINARY"), int(1)]);
        }
        row
    };
    columns.map(row).collect()
}

fn foreign_keys(table: &Table) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let action = |action: Action| text(action.name());
    for (id, key) in table.foreign_keys.iter().enumerate() {
        for (number, column) in key.columns.iter().enumerate() {
            let from = maybe(table.columns.get(*column).map(|column| column.name.clone()));
            let to = maybe(key.parents.get(number).cloned());
            let (update, delete) = (action(key.on_update), action(key.on_delete));
            rows.push(vec![int(id), int(number), text(&key.table), from, to, update, delete, text("NONE")]);
        }
    }
    rows
}
