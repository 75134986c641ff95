//! CREATE, DROP and REINDEX.

use super::alter::alter_table;
use super::prepare::Counts;
use super::view::{create_view, drop_view};
use crate::bind;
use crate::catalog::{
    self, Catalog, Index, ObjectKind, Table, create_object, define_index, define_table, drop_object,
};
use crate::error::{Error, Result, state};
use crate::execute::{RowCodec, Settings, run_change};
use crate::optimize::optimize;
use crate::parse::ast::{self, Name};
use crate::parse::{parse, rewrite};
use crate::plan::Plan;
use crate::storage::{Cursor, Transaction};
use std::sync::Arc;

/// Carries out a statement that changes the schema. `sql` is its text.
pub(super) fn change_schema(
    transaction: &mut Transaction,
    catalog: &Arc<Catalog>,
    statement: &ast::Statement,
    sql: &str,
    settings: &Settings,
) -> Result<()> {
    match statement {
        ast::Statement::AlterTable(alter) => alter_table(transaction, catalog, alter, settings),
        ast::Statement::CreateTable(create) => match &create.query {
            Some(query) => create_table_as(transaction, catalog, create, query, settings),
            None => create_table(transaction, catalog, create, sql),
        },
        ast::Statement::CreateIndex(create) => create_index(transaction, catalog, create, sql, settings),
        ast::Statement::DropTable { names, if_exists } => {
            names.iter().try_for_each(|name| drop_table(transaction, catalog, name, *if_exists))
        }
        ast::Statement::DropIndex { names, if_exists } => {
            names.iter().try_for_each(|name| drop_index(transaction, catalog, name, *if_exists))
        }
        ast::Statement::CreateView(create) => create_view(transaction, catalog, create, sql),
        ast::Statement::DropView { names, if_exists } => {
            names.iter().try_for_each(|name| drop_view(transaction, catalog, name, *if_exists))
        }
        ast::Statement::Reindex(name) => reindex(transaction, catalog, name.as_ref(), settings),
        _ => Err(Error::internal("not a change of the schema")),
    }
}

/// Whether the name is free; an error when it is taken and that is not allowed.
pub(super) fn is_free(catalog: &Catalog, name: &Name, may_exist: bool) -> Result<bool> {
    let lower = name.text.to_lowercase();
    if ["sqlite_", "pragma_", "information_schema."].iter().any(|prefix| lower.starts_with(prefix)) {
        let message = format!("the name {} is reserved", name.text);
        return Err(Error::name(state::RESERVED_NAME, message).at(name.at));
    }
    let what = if catalog.view(&name.text).is_some() {
        "view"
    } else if catalog.find(&name.text).is_some() {
        "table"
    } else if catalog.index(&name.text).is_some() {
        "index"
    } else {
        return Ok(true);
    };
    if may_exist {
        return Ok(false);
    }
    let error =
        Error::name(state::DUPLICATE_TABLE, format!("the {what} {} exists already", name.text)).at(name.at);
    Err(error.hint("IF NOT EXISTS leaves it as it is"))
}

fn create_table(
    transaction: &mut Transaction,
    catalog: &Catalog,
    create: &ast::CreateTable,
    sql: &str,
) -> Result<()> {
    if !is_free(catalog, &create.name, create.if_not_exists)? {
        return Ok(());
    }
    let table = define_table(0, create, sql)?;
    let uniques = table.indexes.len();
    for index in &table.indexes {
        is_free(catalog, &Name { text: index.name.clone(), ..create.name.clone() }, false)?;
    }
    let mut with = catalog.clone();
    with.tables.push(Arc::new(table));
    bind::check_table(&with, &create.name.text)?;
    create_object(transaction, ObjectKind::Table, sql, uniques)?;
    Ok(())
}

/// CREATE TABLE AS: the table gets the columns of the query, and its rows.
fn create_table_as(
    transaction: &mut Transaction,
    catalog: &Catalog,
    create: &ast::CreateTable,
    query: &ast::Query,
    settings: &Settings,
) -> Result<()> {
    if !is_free(catalog, &create.name, create.if_not_exists)? {
        return Ok(());
    }
    let bound = bind::bind(catalog, &ast::Statement::Query(query.clone()), &[])?;
    let columns: Vec<String> = bound
        .columns
        .iter()
        .map(|column| {
            let data_type = column.data_type.to_string().to_ascii_uppercase();
            format!("{} {data_type}", rewrite::quoted(&column.name))
        })
        .collect();
    let sql = format!("CREATE TABLE {} ({})", rewrite::quoted(&create.name.text), columns.join(", "));
    let Some(ast::Statement::CreateTable(plain)) = parse(&sql)?.map(|parsed| parsed.statement) else {
        return Err(Error::internal("the definition of the new table is not one"));
    };
    define_table(0, &plain, &sql).map_err(|error| error.map_position(|_| create.name.at))?;
    create_object(transaction, ObjectKind::Table, &sql, 0)?;
    let insert = ast::Insert {
        table: create.name.clone(),
        alias: None,
        columns: vec![],
        source: Some(query.clone()),
        on_conflict: None,
        returning: vec![],
    };
    let own: Vec<_> = catalog.views.iter().filter(|view| view.temporary).cloned().collect();
    let with = Arc::new(catalog::load(transaction)?.with_views(&own));
    run_inside(transaction, &with, &ast::Statement::Insert(insert), settings)
}

/// Runs a change of rows that is part of a change of the schema.
pub(super) fn run_inside(
    transaction: &mut Transaction,
    catalog: &Arc<Catalog>,
    statement: &ast::Statement,
    settings: &Settings,
) -> Result<()> {
    let statement = optimize(bind::bind(catalog, statement, &[])?, &Counts(transaction))?;
    let Plan::Change(change) = &statement.plan else { return Err(Error::internal("not a change")) };
    run_change(change, &statement, transaction, &[], settings.clone(), false).map(drop)
}

fn create_index(
    transaction: &mut Transaction,
    catalog: &Catalog,
    create: &ast::CreateIndex,
    sql: &str,
    settings: &Settings,
) -> Result<()> {
    let table = catalog.table(&create.table.text).map_err(|error| error.at(create.table.at))?;
    if !is_free(catalog, &create.name, create.if_not_exists)? {
        return Ok(());
    }
    define_index(table, create, sql)?;
    create_object(transaction, ObjectKind::Index, sql, 0)?;
    let loaded = catalog::load(transaction)?;
    let (table, index) =
        loaded.index(&create.name.text).ok_or_else(|| Error::internal("the new index is not there"))?;
    fill(transaction, table, index, settings)
}

/// How many rows go by between two looks at the clock.
const ROWS: usize = 1024;

/// Enters all rows of a table into a new index, in the order of the index.
fn fill(transaction: &mut Transaction, table: &Arc<Table>, index: &Index, settings: &Settings) -> Result<()> {
    let codec = RowCodec::new(table);
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut failure = None;
    let mut cursor = Cursor::new(table.tree);
    cursor.seek_first(transaction)?;
    cursor.visit(transaction, |key, value| {
        match codec.decode(key, value).and_then(|(values, _)| codec.index_entry(index, &values, key)) {
            Ok(entry) => entries.push(entry),
            Err(error) => failure = Some(error),
        }
        if entries.len().is_multiple_of(ROWS) {
            failure = failure.take().or_else(|| settings.check().err());
        }
        failure.is_none()
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    entries.sort_unstable();
    for (number, (key, value)) in entries.into_iter().enumerate() {
        if number.is_multiple_of(ROWS) {
            settings.check()?;
        }
        if !transaction.insert(index.tree, &key, &value)? {
            let message =
                format!("the table {} has rows with the same values of the index {}", table.name, index.name);
            return Err(Error::constraint(state::UNIQUE, message));
        }
    }
    Ok(())
}

/// Empties indexes and fills them again.
fn reindex(
    transaction: &mut Transaction,
    catalog: &Catalog,
    name: Option<&Name>,
    settings: &Settings,
) -> Result<()> {
    let refill = |transaction: &mut Transaction, table: &Arc<Table>, index: &Index| {
        transaction.clear_tree(index.tree)?;
        fill(transaction, table, index, settings)
    };
    let one = name.and_then(|name| catalog.index(&name.text));
    let tables: Vec<&Arc<Table>> = match (name, one) {
        (_, Some((table, index))) => return refill(transaction, table, index),
        (None, None) => catalog.tables.iter().collect(),
        (Some(name), None) => match catalog.find(&name.text) {
            Some(table) => vec![table],
            None => {
                let message = format!("there is no index and no table {}", name.text);
                return Err(Error::name(state::NO_TABLE, message).at(name.at));
            }
        },
    };
    for table in tables {
        table.indexes.iter().try_for_each(|index| refill(transaction, table, index))?;
    }
    Ok(())
}

fn drop_table(transaction: &mut Transaction, catalog: &Catalog, name: &Name, may_miss: bool) -> Result<()> {
    let Some(table) = catalog.find(&name.text) else {
        return if may_miss {
            Ok(())
        } else {
            catalog.table(&name.text).map(drop).map_err(|error| error.at(name.at))
        };
    };
    for child in catalog.tables.iter().filter(|child| child.id != table.id) {
        let refers = child.foreign_keys.iter().any(|key| key.table.eq_ignore_ascii_case(&table.name));
        if refers && transaction.count(child.tree)? > 0 {
            let message = format!("rows of {} refer to the table {}", child.name, table.name);
            let error = Error::constraint(state::DEPENDENT, message).at(name.at);
            return Err(error.hint(format!("drop {} first", child.name)));
        }
    }
    let uniques = table.indexes.iter().filter(|index| index.sql.is_none()).count();
    for index in table.indexes.iter().filter(|index| index.sql.is_some()) {
        drop_object(transaction, ObjectKind::Index, index.id, 0)?;
    }
    drop_object(transaction, ObjectKind::Table, table.id, uniques)
}

fn drop_index(transaction: &mut Transaction, catalog: &Catalog, name: &Name, may_miss: bool) -> Result<()> {
    let Some((table, index)) = catalog.index(&name.text) else {
        if may_miss {
            return Ok(());
        }
        return Err(Error::name(state::NO_TABLE, format!("there is no index {}", name.text)).at(name.at));
    };
    if index.sql.is_none() {
        let message = format!("the index {} belongs to a UNIQUE constraint of {}", index.name, table.name);
        return Err(Error::constraint(state::DEPENDENT, message).at(name.at));
    }
    drop_object(transaction, ObjectKind::Index, index.id, 0)
}
