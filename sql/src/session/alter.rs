//! ALTER TABLE.
//!
//! The text of the definition is changed, and with it that of every other definition that names
//! what changes; then rows are rewritten where they have to be. Views are not rewritten: what one
//! of them names cannot be renamed or dropped.

use super::schema::{is_free, run_inside};
use crate::bind;
use crate::catalog::{self, Catalog, Table, redefine_object};
use crate::error::{Error, Result, state};
use crate::execute::{RowCodec, Settings};
use crate::parse::ast::{AlterAction, AlterTable, ColumnDef, CreateTable, Name, Statement, TableConstraint};
use crate::parse::{parse, rewrite};
use crate::storage::{Cursor, Transaction};
use std::sync::Arc;

/// Rows rewritten in one go.
const ROWS: usize = 512;

pub(super) fn alter_table(
    transaction: &mut Transaction,
    catalog: &Catalog,
    alter: &AlterTable,
    settings: &Settings,
) -> Result<()> {
    let Some(table) = catalog.find(&alter.table.text) else {
        return if alter.if_exists {
            Ok(())
        } else {
            catalog.table(&alter.table.text).map(drop).map_err(|error| error.at(alter.table.at))
        };
    };
    match &alter.action {
        AlterAction::AddColumn { column, constraints, text, if_not_exists } => {
            if *if_not_exists && table.column(&column.name.text).is_some() {
                return Ok(());
            }
            addable(column, constraints)?;
            let change = Change { transaction, catalog, settings };
            change.add_column(table, column, constraints, text).map_err(|error| error.at(column.name.at))
        }
        AlterAction::DropColumn { column, if_exists } => {
            if *if_exists && table.column(&column.text).is_none() {
                return Ok(());
            }
            let change = Change { transaction, catalog, settings };
            change.drop_column(table, column).map_err(|error| error.at(column.at))
        }
        AlterAction::RenameColumn { from, to } => {
            let change = Change { transaction, catalog, settings };
            change.rename_column(table, from, to).map_err(|error| error.at(from.at))
        }
        AlterAction::RenameTable { to } => {
            if !to.text.eq_ignore_ascii_case(&table.name) {
                is_free(catalog, to, false)?;
            }
            let change = Change { transaction, catalog, settings };
            change.rename_table(table, &to.text).map_err(|error| error.at(alter.table.at))
        }
    }
}

/// Whether a column can be added to rows that are there already.
fn addable(column: &ColumnDef, constraints: &[TableConstraint]) -> Result<()> {
    let key = constraints
        .iter()
        .any(|c| matches!(c, TableConstraint::PrimaryKey { .. } | TableConstraint::Unique { .. }));
    if key || column.identity {
        return Err(Error::unsupported("adding a column that is UNIQUE, PRIMARY KEY or numbers itself")
            .at(column.name.at)
            .hint("add it without, then CREATE UNIQUE INDEX"));
    }
    Ok(())
}

/// The parsed CREATE TABLE statement of a table.
fn definition(table: &Table) -> Result<CreateTable> {
    match parse(&table.sql)?.map(|parsed| parsed.statement) {
        Some(Statement::CreateTable(create)) => Ok(create),
        _ => Err(Error::corrupt(format!("the definition of {} is not one of a table", table.name))),
    }
}

fn missing(table: &Table, column: &Name) -> Error {
    let message = format!("the table {} has no column {}", table.name, column.text);
    let error = Error::name(state::NO_COLUMN, message);
    match catalog::nearest(&column.text, table.columns.iter().map(|column| column.name.as_str())) {
        Some(near) => error.hint(format!("is {near} meant?")),
        None => error,
    }
}

fn needed(what: &str, by: &str) -> Error {
    Error::constraint(state::DEPENDENT, format!("{what} is used by {by}")).hint("drop that first")
}

/// One ALTER TABLE at work.
struct Change<'a> {
    transaction: &'a mut Transaction,
    catalog: &'a Catalog,
    settings: &'a Settings,
}

impl Change<'_> {
    /// Stores the new definition of a table and gives the table as it is then.
    fn redefine(&mut self, table: &Table, name: &str, sql: &str) -> Result<(Arc<Catalog>, Arc<Table>)> {
        redefine_object(self.transaction, table.id, sql)?;
        let catalog = Arc::new(catalog::load(self.transaction)?);
        bind::check_table(&catalog, name)?;
        let table = catalog.table(name)?.clone();
        Ok((catalog, table))
    }

    fn add_column(
        mut self,
        table: &Arc<Table>,
        column: &ColumnDef,
        constraints: &[TableConstraint],
        text: &str,
    ) -> Result<()> {
        let name = &column.name.text;
        if table.column(name).is_some() {
            let message = format!("the table {} has a column {name} already", table.name);
            return Err(Error::name(state::DUPLICATE_COLUMN, message));
        }
        let sql = rewrite::with_column(&table.sql, text)?;
        let (catalog, table) = self.redefine(table, &table.name, &sql)?;
        let checked =
            constraints.iter().any(|constraint| matches!(constraint, TableConstraint::Check { .. }));
        if column.default.is_some() || checked {
            // Rows without the column have NULL there so far.
            let update =
                format!("UPDATE {} SET {} = DEFAULT", rewrite::quoted(&table.name), rewrite::quoted(name));
            return self.run(&catalog, &update).map_err(|error| error.map_position(|_| Default::default()));
        }
        if column.not_null && self.transaction.count(table.tree)? > 0 {
            let message = format!("the rows of {} would have NULL in the column {name}", table.name);
            return Err(Error::constraint(state::NOT_NULL, message).hint("give it a DEFAULT"));
        }
        Ok(())
    }

    /// Runs a change of rows.
    fn run(&mut self, catalog: &Arc<Catalog>, sql: &str) -> Result<()> {
        let parsed = parse(sql)?.ok_or_else(|| Error::internal("nothing to run"))?;
        run_inside(self.transaction, catalog, &parsed.statement, self.settings)
    }

    fn drop_column(mut self, table: &Arc<Table>, name: &Name) -> Result<()> {
        let column = table.column(&name.text).ok_or_else(|| missing(table, name))?;
        let what = format!("the column {}.{}", table.name, name.text);
        if table.columns.len() == 1 {
            let message = format!("{what} is the only one of its table");
            return Err(Error::constraint(state::DEPENDENT, message).hint("drop the table"));
        }
        if table.primary_key().contains(&column) {
            return Err(needed(&what, "the primary key"));
        }
        let has = |columns: &[(usize, bool)]| columns.iter().any(|(known, _)| *known == column);
        if let Some(index) = table.indexes.iter().find(|index| has(&index.columns)) {
            return Err(needed(&what, &format!("the index {}", index.name)));
        }
        self.not_in_views(table, Some(&name.text), &what)?;
        for other in &self.catalog.tables {
            let refers = other.foreign_keys.iter().any(|key| {
                key.table.eq_ignore_ascii_case(&table.name)
                    && key.parents.iter().any(|parent| parent.eq_ignore_ascii_case(&name.text))
            });
            if refers {
                return Err(needed(&what, &format!("a foreign key of {}", other.name)));
            }
        }
        let create = definition(table)?;
        let place =
            create.columns.get(column).map(|column| column.name.at).ok_or_else(|| missing(table, name))?;
        let sql = rewrite::without_column(&table.sql, place)?;
        // A rule that names the column and is not part of its definition is found here.
        let (_, new) = self.redefine(table, &table.name, &sql).map_err(|error| {
            error
                .within(&what)
                .hint("drop it from the rules of the table, which means to make the table anew")
        })?;
        if new.columns.len() + 1 != table.columns.len() {
            return Err(Error::internal("the definition has not lost its column"));
        }
        self.rewrite_rows(table, &new, column)
    }

    /// Takes a column out of all rows.
    fn rewrite_rows(&mut self, old: &Arc<Table>, new: &Arc<Table>, column: usize) -> Result<()> {
        let (from, to) = (RowCodec::new(old), RowCodec::new(new));
        let mut last: Option<Vec<u8>> = None;
        let mut value = Vec::new();
        loop {
            let mut rows = Vec::with_capacity(ROWS);
            let mut cursor = Cursor::new(old.tree);
            match &last {
                None => cursor.seek_first(self.transaction)?,
                Some(key) => drop(cursor.seek(self.transaction, &[key.as_slice(), &[0]].concat())?),
            }
            cursor.visit(self.transaction, |key, value| {
                rows.push((key.to_vec(), from.decode(key, value)));
                rows.len() < ROWS
            })?;
            let Some((key, _)) = rows.last() else { return Ok(()) };
            last = Some(key.clone());
            for (key, row) in rows {
                let (mut values, _) = row?;
                values.remove(column);
                to.row_value(&values, &mut value)?;
                self.transaction.put(new.tree, &key, &value)?;
            }
            self.settings.check()?;
        }
    }

    fn rename_column(mut self, table: &Arc<Table>, from: &Name, to: &Name) -> Result<()> {
        let column = table.column(&from.text).ok_or_else(|| missing(table, from))?;
        if table.column(&to.text).is_some_and(|known| known != column) {
            let message = format!("the table {} has a column {} already", table.name, to.text);
            return Err(Error::name(state::DUPLICATE_COLUMN, message).at(to.at));
        }
        self.not_in_views(table, Some(&from.text), &format!("the column {}.{}", table.name, from.text))?;
        for other in &self.catalog.tables {
            let places = rewrite::column_places(&definition(other)?, &table.name, &from.text);
            if !places.is_empty() {
                let sql = rewrite::renamed(&other.sql, places, &from.text, &to.text)?;
                redefine_object(self.transaction, other.id, &sql)?;
            }
        }
        self.rename_in_indexes(table, &from.text, &to.text, |create| {
            rewrite::index_column_places(create, &from.text)
        })?;
        let catalog = catalog::load(self.transaction)?;
        bind::check_table(&catalog, &table.name)
    }

    fn rename_table(mut self, table: &Arc<Table>, to: &str) -> Result<()> {
        self.not_in_views(table, None, &format!("the table {}", table.name))?;
        for other in &self.catalog.tables {
            let places = rewrite::table_places(&definition(other)?, &table.name);
            if !places.is_empty() {
                let sql = rewrite::renamed(&other.sql, places, &table.name, to)?;
                redefine_object(self.transaction, other.id, &sql)?;
            }
        }
        self.rename_in_indexes(table, &table.name, to, |create| vec![create.table.at])?;
        let catalog = catalog::load(self.transaction)?;
        bind::check_table(&catalog, to)
    }

    fn rename_in_indexes(
        &mut self,
        table: &Table,
        from: &str,
        to: &str,
        places: impl Fn(&crate::parse::ast::CreateIndex) -> Vec<crate::error::Position>,
    ) -> Result<()> {
        for index in &table.indexes {
            let Some(sql) = &index.sql else { continue };
            let Some(Statement::CreateIndex(create)) = parse(sql)?.map(|parsed| parsed.statement) else {
                return Err(Error::corrupt(format!(
                    "the definition of {} is not one of an index",
                    index.name
                )));
            };
            let places = places(&create);
            if !places.is_empty() {
                redefine_object(self.transaction, index.id, &rewrite::renamed(sql, places, from, to)?)?;
            }
        }
        Ok(())
    }

    /// An error if a view names the table (through other views, too), and the column if there is one.
    fn not_in_views(&self, table: &Table, column: Option<&str>, what: &str) -> Result<()> {
        let mut names = vec![table.name.as_str()];
        let mut rest: Vec<_> = self.catalog.views.iter().collect();
        while let Some(index) =
            rest.iter().position(|view| names.iter().any(|name| rewrite::mentions(&view.sql, name)))
        {
            let view = rest.swap_remove(index);
            if column.is_none_or(|column| rewrite::mentions(&view.sql, column)) {
                return Err(needed(what, &format!("the view {}", view.name)));
            }
            names.push(&view.name);
        }
        Ok(())
    }
}
