//! A parsed CREATE statement becomes a table or an index. Trees are not known yet here.

use super::{Check, Column, ForeignKey, Index, RowKey, Table};
use crate::error::{Error, ErrorKind, Result, state};
use crate::parse::ast::{self, KeyColumn, Name, TableConstraint};
use crate::storage::TreeId;
use std::sync::Arc;

/// A tree that has not been made yet.
const NO_TREE: TreeId = TreeId(0);

/// A table as its CREATE TABLE statement says.
pub fn define_table(id: u32, create: &ast::CreateTable, sql: &str) -> Result<Table> {
    let mut table = Table {
        id,
        name: create.name.text.clone(),
        columns: Vec::with_capacity(create.columns.len()),
        key: RowKey::Rowid,
        primary_key_name: None,
        autoincrement: false,
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        tree: NO_TREE,
        sql: sql.to_owned(),
    };
    if create.columns.is_empty() || create.query.is_some() {
        return Err(bad("a table needs at least one column").at(create.name.at));
    }
    for column in &create.columns {
        if table.column(&column.name.text).is_some() {
            let message = format!("the column {} is defined twice", column.name.text);
            return Err(Error::name(state::DUPLICATE_COLUMN, message).at(column.name.at));
        }
        table.columns.push(Column {
            name: column.name.text.clone(),
            data_type: column.data_type,
            not_null: column.not_null,
            declared_not_null: column.not_null && !column.identity,
            default: column.default.clone(),
            default_text: column.default_text.clone(),
        });
    }
    for constraint in &create.constraints {
        if let TableConstraint::PrimaryKey { name, columns, autoincrement, at } = constraint {
            primary_key(&mut table, name.as_ref(), columns, *autoincrement).map_err(|error| error.at(*at))?;
        }
    }
    for constraint in &create.constraints {
        other_constraint(&mut table, constraint)?;
    }
    for (number, column) in create.columns.iter().enumerate() {
        if column.identity && table.key != RowKey::Integer(number) {
            let error = Error::unsupported("a column that numbers itself and is not the primary key");
            return Err(error.at(column.name.at).hint("add PRIMARY KEY"));
        }
    }
    Ok(table)
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Name, state::BAD_DEFINITION, message)
}

fn column_of(table: &Table, name: &Name) -> Result<usize> {
    table.column(&name.text).ok_or_else(|| {
        let message = format!("the table {} has no column {}", table.name, name.text);
        Error::name(state::NO_COLUMN, message).at(name.at)
    })
}

fn key_columns(table: &Table, columns: &[KeyColumn]) -> Result<Vec<(usize, bool)>> {
    let mut out: Vec<(usize, bool)> = Vec::with_capacity(columns.len());
    for column in columns {
        let number = column_of(table, &column.name)?;
        if out.iter().any(|(known, _)| *known == number) {
            let message = format!("the column {} stands twice in the key", column.name.text);
            return Err(Error::name(state::DUPLICATE_COLUMN, message).at(column.name.at));
        }
        out.push((number, column.descending));
    }
    Ok(out)
}

fn primary_key(
    table: &mut Table,
    name: Option<&Name>,
    columns: &[KeyColumn],
    autoincrement: bool,
) -> Result<()> {
    if table.key != RowKey::Rowid {
        return Err(bad(format!("the table {} has two primary keys", table.name)));
    }
    let key = key_columns(table, columns)?;
    if key.iter().any(|(_, descending)| *descending) {
        return Err(Error::unsupported("a descending primary key"));
    }
    let key: Vec<usize> = key.into_iter().map(|(column, _)| column).collect();
    for &column in &key {
        if let Some(column) = table.columns.get_mut(column) {
            column.not_null = true;
        }
    }
    table.primary_key_name = name.map(|name| name.text.clone());
    table.key = match key.as_slice() {
        [column] if table.column_type(*column).is_integer() => RowKey::Integer(*column),
        _ => RowKey::Columns(key),
    };
    if autoincrement && !matches!(table.key, RowKey::Integer(_)) {
        return Err(bad("AUTOINCREMENT needs an INTEGER PRIMARY KEY"));
    }
    table.autoincrement = autoincrement;
    Ok(())
}

fn other_constraint(table: &mut Table, constraint: &TableConstraint) -> Result<()> {
    match constraint {
        TableConstraint::PrimaryKey { .. } => {}
        TableConstraint::Unique { name, columns, at: _ } => {
            let columns = key_columns(table, columns)?;
            let plain: Vec<usize> = columns.iter().map(|(column, _)| *column).collect();
            if plain == table.primary_key() || table.indexes.iter().any(|index| index.columns == columns) {
                return Ok(());
            }
            let names: Vec<&str> = plain
                .iter()
                .filter_map(|&c| table.columns.get(c))
                .map(|column| column.name.as_str())
                .collect();
            let name = match name {
                Some(name) => name.text.clone(),
                None => format!("{}_{}_key", table.name, names.join("_")),
            };
            table.indexes.push(Arc::new(Index {
                id: 0,
                name,
                columns,
                unique: true,
                tree: NO_TREE,
                sql: None,
            }));
        }
        TableConstraint::ForeignKey(key) => {
            let columns =
                key.columns.iter().map(|name| column_of(table, name)).collect::<Result<Vec<_>>>()?;
            if !key.parents.is_empty() && key.parents.len() != columns.len() {
                let message = "the two sides of the foreign key have different numbers of columns";
                return Err(Error::name(state::BAD_FOREIGN_KEY, message).at(key.table.at));
            }
            table.foreign_keys.push(ForeignKey {
                name: key.name.as_ref().map(|name| name.text.clone()),
                columns,
                table: key.table.text.clone(),
                parents: key.parents.iter().map(|name| name.text.clone()).collect(),
                on_delete: key.on_delete,
                on_update: key.on_update,
                deferred: key.deferred,
            });
        }
        TableConstraint::Check { name, expr } => {
            table
                .checks
                .push(Check { name: name.as_ref().map(|name| name.text.clone()), expr: expr.clone() });
        }
    }
    Ok(())
}

/// An index as its CREATE INDEX statement says.
pub fn define_index(table: &Table, create: &ast::CreateIndex, sql: &str) -> Result<Index> {
    let columns = key_columns(table, &create.columns)?;
    if columns.is_empty() {
        return Err(bad("an index needs at least one column").at(create.name.at));
    }
    Ok(Index {
        id: 0,
        name: create.name.text.clone(),
        columns,
        unique: create.unique,
        tree: NO_TREE,
        sql: Some(sql.to_owned()),
    })
}
