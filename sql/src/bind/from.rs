//! Binding of FROM: tables, derived tables, WITH queries, joins.

use super::Binder;
use super::describe::{Described, system_table};
use super::query::Output;
use super::recursive::InSight;
use super::scope::{Named, ScopeColumn};
use crate::catalog::{RowKey, Table};
use crate::error::{Error, Result, state};
use crate::expression::{self as build, Expression};
use crate::functions::Function;
use crate::parse::ast::{JoinCondition, JoinKind, Name, TableAlias, TableRef};
use crate::plan::{JoinType, Logical};
use crate::types::Value;
use std::sync::Arc;

impl<'a> Binder<'a> {
    /// All of FROM, one joined with the other.
    pub(super) fn from(&mut self, from: &'a [TableRef]) -> Result<(Logical, Vec<Named>)> {
        let mut all: Option<(Logical, Vec<Named>)> = None;
        for table in from {
            let (plan, named) = self.table_ref(table)?;
            all = Some(match all {
                None => (plan, named),
                Some((left, mut tables)) => {
                    tables.extend(named);
                    (join(left, plan, JoinType::Inner, vec![]), tables)
                }
            });
        }
        let (plan, tables) = all.unwrap_or_else(|| (Logical::single(), Vec::new()));
        for (index, table) in tables.iter().enumerate() {
            if tables.iter().take(index).any(|other| other.name.eq_ignore_ascii_case(&table.name)) {
                let message = format!("the table name {} stands twice in FROM", table.name);
                return Err(Error::name("42712", message).hint("give one of them an alias"));
            }
        }
        Ok((plan, tables))
    }

    fn table_ref(&mut self, table: &'a TableRef) -> Result<(Logical, Vec<Named>)> {
        match table {
            TableRef::Table { name, alias } => {
                let (plan, named) = self.named_table(name, alias.as_ref())?;
                Ok((plan, vec![named]))
            }
            TableRef::Query { query, alias, at: _ } => {
                let output = self.derived(|binder| binder.query(query))?;
                let name = alias.as_ref().map_or("", |alias| alias.name.text.as_str());
                let columns = alias.as_ref().map_or(&[][..], |alias| &alias.columns);
                let (plan, named) = rename(output, name, columns)?;
                Ok((plan, vec![named]))
            }
            TableRef::Function { name, args, alias } => {
                let (plan, named) = self.table_function(name, args, alias.as_ref())?;
                Ok((plan, vec![named]))
            }
            TableRef::Join { left, right, kind, condition, at } => {
                let (left, mut tables) = self.table_ref(left)?;
                let (right, right_tables) = self.table_ref(right)?;
                let split = tables.len();
                tables.extend(right_tables);
                let on = self.join_condition(condition, *kind, &mut tables, split);
                let on = on.map_err(|error| error.at(*at))?;
                let plan = match kind {
                    JoinKind::Inner => join(left, right, JoinType::Inner, on),
                    JoinKind::Left => join(left, right, JoinType::Left, on),
                    JoinKind::Right => join(right, left, JoinType::Left, on),
                    JoinKind::Full => join(left, right, JoinType::Full, on),
                };
                Ok((plan, tables))
            }
        }
    }

    /// Binds a query that stands in FROM: it sees the queries around this one, not this one.
    fn derived(&mut self, bind: impl FnOnce(&mut Self) -> Result<Output>) -> Result<Output> {
        let block = self.level()?.enter();
        let output = bind(self);
        self.level()?.leave(block);
        let output = output?;
        self.settled(output)
    }

    fn named_table(&mut self, name: &'a Name, alias: Option<&'a TableAlias>) -> Result<(Logical, Named)> {
        let shown = alias.map_or(name.text.as_str(), |alias| alias.name.text.as_str());
        let columns = alias.map_or(&[][..], |alias| &alias.columns);
        if let Some(index) = self.ctes.iter().rposition(|known| known.name().eq_ignore_ascii_case(&name.text))
        {
            let (plan, named) = match self.ctes.get(index) {
                Some(&InSight::Query { cte, before }) => {
                    let hidden = self.ctes.split_off(before);
                    let output = self.derived(|binder| binder.with_query(cte));
                    self.ctes.extend(hidden);
                    rename(output?, shown, &cte.columns)?
                }
                _ => self.working_rows(index, shown)?,
            };
            return Ok((plan, with_columns(named, columns)?));
        }
        if let Some(view) = self.catalog.view(&name.text) {
            let (plan, named) = self.view(view, shown).map_err(|error| error.at(name.at))?;
            return Ok((plan, with_columns(named, columns)?));
        }
        if let Some(described) = system_table(self.catalog, &name.text) {
            let plain = name.text.rsplit('.').next().unwrap_or(shown);
            let (plan, named) = self.described(described, alias.map_or(plain, |_| shown))?;
            return Ok((plan, with_columns(named, columns)?));
        }
        let table = self.catalog.table(&name.text).map_err(|error| error.at(name.at))?;
        let (plan, named) = self.scan(table, shown)?;
        Ok((plan, with_columns(named, columns)?))
    }

    /// Rows that describe the schema, under a name.
    pub(super) fn described(&mut self, described: Described, name: &str) -> Result<(Logical, Named)> {
        let Described { columns, rows } = described;
        let (mut scope, mut ids, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for (name, data_type) in columns {
            let id = self.fresh()?;
            scope.push(ScopeColumn::new(name.to_owned(), id, data_type));
            ids.push(id);
            types.push(data_type);
        }
        let typed = |row: Vec<Value>| {
            let values = row.into_iter().zip(&types);
            values.map(|(value, data_type)| Expression::Constant { value, data_type: *data_type }).collect()
        };
        let rows = rows.into_iter().map(typed).collect();
        let named = Named { name: name.to_owned(), columns: scope, table: None, rowid: None };
        Ok((Logical::Values { rows, columns: ids, types }, named))
    }

    /// All rows of a table under a name.
    pub(super) fn scan(&mut self, table: &Arc<Table>, name: &str) -> Result<(Logical, Named)> {
        let mut columns = Vec::with_capacity(table.columns.len());
        let mut ids = Vec::with_capacity(table.columns.len() + 1);
        for column in &table.columns {
            let id = self.fresh()?;
            ids.push(id);
            columns.push(ScopeColumn::new(column.name.clone(), id, column.data_type));
        }
        ids.push(self.fresh()?);
        let rowid = match table.key {
            RowKey::Rowid => ids.last().copied(),
            RowKey::Integer(column) => ids.get(column).copied(),
            RowKey::Columns(_) => None,
        };
        let named = Named { name: name.to_owned(), columns, table: Some(table.clone()), rowid };
        Ok((Logical::Scan { table: table.clone(), columns: ids }, named))
    }

    fn join_condition(
        &mut self,
        condition: &'a JoinCondition,
        kind: JoinKind,
        tables: &mut [Named],
        split: usize,
    ) -> Result<Vec<Expression>> {
        match condition {
            JoinCondition::None => Ok(vec![]),
            JoinCondition::On(expr) => {
                let block = self.level()?.enter();
                let level = self.level()?;
                level.place = "ON";
                level.tables = tables.to_vec();
                let bound = self.condition(expr, "ON");
                self.level()?.leave(block);
                Ok(match bound? {
                    Expression::And(parts) => parts,
                    one => vec![one],
                })
            }
            JoinCondition::Using(names) => {
                let using = |name: &Name| using(tables, split, &name.text, kind).map_err(|e| e.at(name.at));
                names.iter().map(using).collect()
            }
            JoinCondition::Natural => {
                let (left, right) = tables.split_at(split);
                let visible = |tables: &[Named]| -> Vec<String> {
                    let columns = tables.iter().flat_map(|table| &table.columns);
                    columns
                        .filter(|column| !column.merged && !column.hidden)
                        .map(|column| column.name.to_lowercase())
                        .collect()
                };
                let (left, right) = (visible(left), visible(right));
                let both: Vec<String> = left.into_iter().filter(|name| right.contains(name)).collect();
                both.iter().map(|name| using(tables, split, name, kind)).collect()
            }
        }
    }
}

/// Both sides' column of a name are equal; the right one is merged into the left one, which then
/// means the one that is there even without a partner.
fn using(tables: &mut [Named], split: usize, name: &str, kind: JoinKind) -> Result<Expression> {
    let (left, right) = tables.split_at_mut(split);
    let kept = only_column(left, name)?;
    let right = only_column(right, name)?;
    right.merged = true;
    let (left, right) = (kept.meant(), right.meant());
    match kind {
        JoinKind::Inner | JoinKind::Left => {}
        JoinKind::Right => kept.joined = Some(right.clone()),
        JoinKind::Full => {
            kept.joined = Some(build::call(Function::Coalesce, vec![left.clone(), right.clone()])?);
        }
    }
    build::call(Function::Equal, vec![left, right])
}

fn only_column<'t>(tables: &'t mut [Named], name: &str) -> Result<&'t mut ScopeColumn> {
    let columns = tables.iter_mut().flat_map(|table| &mut table.columns);
    let mut matching = columns.filter(|column| !column.merged && column.name.eq_ignore_ascii_case(name));
    match (matching.next(), matching.next()) {
        (Some(column), None) => Ok(column),
        (Some(_), Some(_)) => {
            Err(Error::name(state::AMBIGUOUS, format!("the column {name} of USING is ambiguous")))
        }
        _ => Err(Error::name(state::NO_COLUMN, format!("the column {name} of USING is not on both sides"))),
    }
}

fn join(left: Logical, right: Logical, join: JoinType, on: Vec<Expression>) -> Logical {
    Logical::Join { left: Box::new(left), right: Box::new(right), join, on }
}

/// The result of a query as a table.
pub(super) fn rename(output: Output, name: &str, columns: &[Name]) -> Result<(Logical, Named)> {
    let scope = output.columns.into_iter();
    let scope = scope.map(|c| ScopeColumn::new(c.name, c.id, c.data_type));
    let named = Named { name: name.to_owned(), columns: scope.collect(), table: None, rowid: None };
    Ok((output.plan, with_columns(named, columns)?))
}

/// Other names for the first columns.
pub(super) fn with_columns(mut named: Named, columns: &[Name]) -> Result<Named> {
    let width = named.columns.iter().filter(|column| !column.hidden).count();
    if let Some(extra) = columns.get(width) {
        let message = format!("{} has only {width} columns", named.name);
        return Err(Error::name("42P10", message).at(extra.at));
    }
    for (column, name) in named.columns.iter_mut().zip(columns) {
        column.name.clone_from(&name.text);
    }
    Ok(named)
}
