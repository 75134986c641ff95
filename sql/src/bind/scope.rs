//! What a name can mean.

use super::Binder;
use crate::catalog::{Table, nearest};
use crate::error::{Error, Result, state};
use crate::expression::{Aggregate, Expression};
use crate::parse::ast::Name;
use crate::plan::ColumnId;
use crate::types::DataType;
use std::sync::Arc;

/// A table in FROM, under the name it has there.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) columns: Vec<ScopeColumn>,
    /// The table it is, when it is one.
    pub(super) table: Option<Arc<Table>>,
    /// What `rowid` means, where it means something.
    pub(super) rowid: Option<ColumnId>,
}

/// A column a name can mean.
#[derive(Clone, Debug)]
pub(super) struct ScopeColumn {
    pub(super) name: String,
    pub(super) id: ColumnId,
    pub(super) data_type: DataType,
    /// Merged into another by USING: found only with its table's name before it.
    pub(super) merged: bool,
    /// What it is without its table's name, where a join has merged another into it.
    pub(super) joined: Option<Expression>,
    /// Found by its name, but not part of `*`.
    pub(super) hidden: bool,
}

impl ScopeColumn {
    pub(super) fn new(name: String, id: ColumnId, data_type: DataType) -> ScopeColumn {
        ScopeColumn { name, id, data_type, merged: false, joined: None, hidden: false }
    }

    /// The column of its table.
    pub(super) fn own(&self) -> Expression {
        Expression::column(self.id, self.data_type)
    }

    /// What its name means without its table's.
    pub(super) fn meant(&self) -> Expression {
        self.joined.clone().unwrap_or_else(|| self.own())
    }
}

/// One query being bound.
#[derive(Default)]
pub(super) struct Level {
    pub(super) tables: Vec<Named>,
    /// Names of results that expressions may use besides columns.
    pub(super) aliases: Vec<(String, Expression)>,
    /// What this query uses of the one around it, in the terms of that one.
    pub(super) outer: Vec<Expression>,
    /// Where aggregates are allowed: those found so far.
    pub(super) aggregates: Option<Vec<(ColumnId, Aggregate)>>,
    /// Why aggregates are not allowed here.
    pub(super) place: &'static str,
}

/// What belongs to one SELECT of a level: a level may hold several, those of derived tables and of
/// the sides of a UNION, one after the other.
pub(super) struct Block {
    tables: Vec<Named>,
    aliases: Vec<(String, Expression)>,
    aggregates: Option<Vec<(ColumnId, Aggregate)>>,
    place: &'static str,
}

impl Level {
    /// Puts the SELECT being bound aside.
    pub(super) fn enter(&mut self) -> Block {
        Block {
            tables: std::mem::take(&mut self.tables),
            aliases: std::mem::take(&mut self.aliases),
            aggregates: self.aggregates.take(),
            place: std::mem::take(&mut self.place),
        }
    }

    /// Takes up again what was put aside.
    pub(super) fn leave(&mut self, block: Block) {
        self.tables = block.tables;
        self.aliases = block.aliases;
        self.aggregates = block.aggregates;
        self.place = block.place;
    }

    /// The column of this level a name means.
    fn find(&self, qualifier: Option<&Name>, name: &Name) -> Result<Option<Expression>> {
        let mut found: Option<&ScopeColumn> = None;
        for table in &self.tables {
            if qualifier.is_some_and(|q| !q.text.eq_ignore_ascii_case(&table.name)) {
                continue;
            }
            let named = |column: &&ScopeColumn| column.name.eq_ignore_ascii_case(&name.text);
            let matching = table.columns.iter().filter(|column| !column.hidden).filter(named);
            for column in matching.filter(|column| qualifier.is_some() || !column.merged) {
                if found.is_some() {
                    let message = format!("the column {} is ambiguous", name.text);
                    let error = Error::name(state::AMBIGUOUS, message).at(name.at);
                    return Err(error.hint("write the table's name before it"));
                }
                found = Some(column);
            }
        }
        match found {
            Some(column) if qualifier.is_some() => Ok(Some(column.own())),
            Some(column) => Ok(Some(column.meant())),
            None => Ok(self.hidden(qualifier, name).or_else(|| self.rowid(qualifier, name))),
        }
    }

    /// A column that has this name besides its own.
    fn hidden(&self, qualifier: Option<&Name>, name: &Name) -> Option<Expression> {
        let tables = self.tables.iter().filter(|table| {
            qualifier.is_none_or(|qualifier| qualifier.text.eq_ignore_ascii_case(&table.name))
        });
        let mut columns = tables.flat_map(|table| &table.columns);
        let found = columns.find(|column| column.hidden && column.name.eq_ignore_ascii_case(&name.text));
        found.map(ScopeColumn::own)
    }

    /// The key of a numbered table under SQLite's names, if there is just one such table.
    fn rowid(&self, qualifier: Option<&Name>, name: &Name) -> Option<Expression> {
        let known = ["rowid", "_rowid_", "oid"];
        if !known.iter().any(|known| name.text.eq_ignore_ascii_case(known)) {
            return None;
        }
        let tables = self.tables.iter().filter(|table| {
            qualifier.is_none_or(|qualifier| qualifier.text.eq_ignore_ascii_case(&table.name))
        });
        let mut ids = tables.filter_map(|table| table.rowid);
        ids.next().filter(|_| ids.next().is_none()).map(|id| Expression::column(id, DataType::BigInt))
    }

    fn alias(&self, name: &Name) -> Option<Expression> {
        let mut matching = self.aliases.iter().filter(|(alias, _)| alias.eq_ignore_ascii_case(&name.text));
        matching.next().map(|(_, expression)| expression.clone())
    }
}

impl Binder<'_> {
    /// The column a name means, here or in an enclosing query.
    pub(super) fn column(&mut self, names: &[Name]) -> Result<Expression> {
        let (qualifier, name) = match names {
            [name] => (None, name),
            [qualifier, name] => (Some(qualifier), name),
            [schema, qualifier, name] if schema.text.eq_ignore_ascii_case("main") => (Some(qualifier), name),
            [first, ..] => return Err(Error::unsupported("a schema other than main").at(first.at)),
            [] => return Err(Error::internal("a column without a name")),
        };
        let depth = self.levels.len();
        match self.find(depth, qualifier, name)? {
            Some(expression) => Ok(expression),
            None => Err(self.no_column(qualifier, name)),
        }
    }

    /// Looks at level `depth` (from 1) and, when it is not there, outwards.
    fn find(&mut self, depth: usize, qualifier: Option<&Name>, name: &Name) -> Result<Option<Expression>> {
        let Some(index) = depth.checked_sub(1) else { return Ok(None) };
        let Some(level) = self.levels.get(index) else { return Ok(None) };
        if let Some(expression) = level.find(qualifier, name)? {
            return Ok(Some(expression));
        }
        if qualifier.is_none()
            && let Some(expression) = level.alias(name)
        {
            return Ok(Some(expression));
        }
        let Some(outside) = self.find(index, qualifier, name)? else { return Ok(None) };
        let data_type = outside.data_type();
        let Some(level) = self.levels.get_mut(index) else { return Ok(None) };
        let slot = match level.outer.iter().position(|known| *known == outside) {
            Some(slot) => slot,
            None => {
                level.outer.push(outside);
                level.outer.len() - 1
            }
        };
        Ok(Some(Expression::Outer { slot, data_type }))
    }

    fn no_column(&self, qualifier: Option<&Name>, name: &Name) -> Error {
        let tables = || self.levels.iter().rev().flat_map(|level| &level.tables);
        if let Some(qualifier) = qualifier {
            let Some(table) = tables().find(|table| table.name.eq_ignore_ascii_case(&qualifier.text)) else {
                let message = format!("there is no table {} in FROM", qualifier.text);
                let error = Error::name(state::NO_TABLE, message).at(qualifier.at);
                return match nearest(&qualifier.text, tables().map(|table| table.name.as_str())) {
                    Some(near) => error.hint(format!("is {near} meant?")),
                    None => error,
                };
            };
            let message = format!("the table {} has no column {}", table.name, name.text);
            let error = Error::name(state::NO_COLUMN, message).at(name.at);
            let names = table.columns.iter().map(|column| column.name.as_str());
            return match nearest(&name.text, names.clone()) {
                Some(near) => error.hint(format!("is {near} meant?")),
                None => error.hint(format!("it has {}", names.collect::<Vec<_>>().join(", "))),
            };
        }
        let error = Error::name(state::NO_COLUMN, format!("there is no column {}", name.text)).at(name.at);
        if name.double_quoted {
            return error.hint("double quotes are for names; a text stands in single quotes");
        }
        let names = tables().flat_map(|table| &table.columns).map(|column| column.name.as_str());
        match nearest(&name.text, names) {
            Some(near) => error.hint(format!("is {near} meant?")),
            None => error,
        }
    }
}
