//! Binding of INSERT, UPDATE and DELETE.
//!
//! Expressions over rows of the changed table (CHECK, RETURNING, DO UPDATE) use the position of a
//! column in the table as its index; for DO UPDATE the row to insert follows the row in the way.

use super::reference::unique_key;
use super::scope::{Level, Named, ScopeColumn};
use super::{Binder, BoundChange, BoundKind};
use crate::catalog::{RowKey, Table};
use crate::error::{Error, Position, Result, state};
use crate::expression::{self as build, Expression};
use crate::parse::ast::{
    self, ConflictTarget, Cte, Expr, ExprKind, Name, OnConflict, SelectItem, SetExpr, TableRef,
};
use crate::plan::{Assignment, ChangeKind, Conflict, JoinType, Logical, OutputColumn, Relation, UniqueKey};
use crate::types::{DataType, Value};
use std::sync::Arc;

/// The row of INSERT .. DEFAULT VALUES.
static DEFAULT_VALUES: [Vec<Expr>; 1] = [Vec::new()];

type BoundStatement = (BoundKind, Vec<OutputColumn>);

impl<'a> Binder<'a> {
    pub(super) fn insert(&mut self, insert: &'a ast::Insert) -> Result<BoundStatement> {
        let table = self.catalog.table(&insert.table.text).map_err(|error| error.at(insert.table.at))?;
        let targets = targets(table, &insert.columns)?;
        let source = match &insert.source {
            None => self.insert_rows(table, &[], &DEFAULT_VALUES)?,
            Some(query) => match &query.body {
                SetExpr::Values(rows)
                    if query.with.is_empty() && query.order_by.is_empty() && query.limit.is_none() =>
                {
                    self.insert_rows(table, &targets, rows)?
                }
                _ => self.insert_query(table, &targets, query)?,
            },
        };
        let name = insert.alias.as_ref().unwrap_or(&insert.table).text.as_str();
        let conflict = match &insert.on_conflict {
            None => Conflict::Error,
            Some(on_conflict) => self.conflict(table, name, on_conflict)?,
        };
        let mut children = match &conflict {
            Conflict::Replace => self.child_checks(table, None)?,
            Conflict::Update { assignments, .. } => {
                let changed: Vec<usize> = assignments.iter().map(|assignment| assignment.column).collect();
                self.child_checks(table, Some(&changed))?
            }
            Conflict::Error | Conflict::Nothing { .. } | Conflict::Ignore => vec![],
        };
        let (returning, columns) = self.returning(table, name, &insert.returning)?;
        let change = BoundChange {
            table: table.clone(),
            kind: ChangeKind::Insert { conflict },
            source,
            checks: self.checks(table)?,
            parents: self.parent_checks(table, None)?,
            dependents: self.dependents(&mut children)?,
            children,
            returning,
        };
        Ok((BoundKind::Change(Box::new(change)), columns))
    }

    /// Rows of VALUES, each made a whole row of the table.
    fn insert_rows(
        &mut self,
        table: &'a Arc<Table>,
        targets: &[usize],
        rows: &'a [Vec<Expr>],
    ) -> Result<Relation> {
        let defaults = self.defaults(table)?;
        let mut place = vec![None; table.columns.len()];
        for (index, &column) in targets.iter().enumerate() {
            if let Some(place) = place.get_mut(column) {
                *place = Some(index);
            }
        }
        self.levels.push(Level { place: "VALUES", ..Level::default() });
        let mut bound = Vec::with_capacity(rows.len());
        for row in rows {
            if row.len() != targets.len() {
                let at = row.first().map_or(Position::default(), |expr| expr.at);
                return Err(wrong_width(row.len(), targets.len()).at(at));
            }
            let mut values = Vec::with_capacity(place.len());
            for ((place, default), column) in place.iter().zip(&defaults).zip(&table.columns) {
                values.push(match place.and_then(|index| row.get(index)) {
                    None => default.clone(),
                    Some(expr) if expr.kind == ExprKind::Default => default.clone(),
                    Some(expr) => {
                        let value = self.expr(expr)?;
                        assign(value, column.data_type, &column.name).map_err(|error| error.at(expr.at))?
                    }
                });
            }
            bound.push(values);
        }
        self.levels.pop();
        let mut columns = Vec::with_capacity(table.columns.len());
        for column in &table.columns {
            columns.push((self.fresh()?, column.data_type));
        }
        let ids = columns.iter().map(|(id, _)| *id).collect();
        let types = columns.iter().map(|(_, data_type)| *data_type).collect();
        Ok(Relation { plan: Logical::Values { rows: bound, columns: ids, types }, columns })
    }

    fn insert_query(
        &mut self,
        table: &'a Arc<Table>,
        targets: &[usize],
        query: &'a ast::Query,
    ) -> Result<Relation> {
        let defaults = self.defaults(table)?;
        self.levels.push(Level::default());
        let output = self.query(query)?;
        self.levels.pop();
        if output.columns.len() != targets.len() {
            return Err(wrong_width(output.columns.len(), targets.len()));
        }
        let mut expressions = Vec::with_capacity(table.columns.len());
        let mut columns = Vec::with_capacity(table.columns.len());
        for (number, (column, default)) in table.columns.iter().zip(defaults).enumerate() {
            let source =
                targets.iter().position(|&target| target == number).and_then(|i| output.columns.get(i));
            let value = match source {
                Some(source) => {
                    assign(Expression::column(source.id, source.data_type), column.data_type, &column.name)?
                }
                None => default,
            };
            let id = self.fresh()?;
            columns.push((id, column.data_type));
            expressions.push((id, value));
        }
        Ok(Relation { plan: Logical::Project { input: Box::new(output.plan), expressions }, columns })
    }

    pub(super) fn defaults_and_checks(&mut self, table: &'a Table) -> Result<()> {
        self.bound_defaults(table)?;
        self.bound_checks(table)?;
        if self.subplans.is_empty() {
            Ok(())
        } else {
            Err(Error::unsupported("a subquery in DEFAULT or CHECK"))
        }
    }

    /// The default of each column; NULL where there is none.
    pub(super) fn defaults(&mut self, table: &'a Table) -> Result<Vec<Expression>> {
        // A place in CREATE TABLE means nothing in this statement.
        self.elsewhere += 1;
        let bound = self.bound_defaults(table);
        self.elsewhere -= 1;
        bound.map_err(|error| error.map_position(|_| Position::default()))
    }

    fn bound_defaults(&mut self, table: &'a Table) -> Result<Vec<Expression>> {
        self.alone(vec![], |binder| {
            binder.level()?.place = "DEFAULT";
            let columns = table.columns.iter();
            columns
                .map(|column| match &column.default {
                    None => build::cast(Expression::literal(Value::Null), column.data_type),
                    Some(expr) => {
                        let value = binder.expr(expr)?;
                        assign(value, column.data_type, &column.name)
                    }
                })
                .collect()
        })
    }

    pub(super) fn checks(&mut self, table: &'a Table) -> Result<Vec<(Option<String>, Expression)>> {
        self.elsewhere += 1;
        let bound = self.bound_checks(table);
        self.elsewhere -= 1;
        bound.map_err(|error| error.map_position(|_| Position::default()))
    }

    fn bound_checks(&mut self, table: &'a Table) -> Result<Vec<(Option<String>, Expression)>> {
        let tables = vec![row_scope(table, &table.name, 0, false)];
        self.alone(tables, |binder| {
            binder.level()?.place = "CHECK";
            let checks = table.checks.iter();
            checks.map(|check| Ok((check.name.clone(), binder.condition(&check.expr, "CHECK")?))).collect()
        })
    }

    fn returning(
        &mut self,
        table: &Table,
        name: &str,
        items: &'a [SelectItem],
    ) -> Result<(Vec<Expression>, Vec<OutputColumn>)> {
        let scope = row_scope(table, name, 0, false);
        let mut expressions = Vec::new();
        let mut columns = Vec::new();
        let mut push = |expression: Expression, name: String| {
            columns.push(OutputColumn { name, data_type: expression.data_type() });
            expressions.push(expression);
        };
        self.alone(vec![scope.clone()], |binder| {
            binder.level()?.place = "RETURNING";
            for item in items {
                match item {
                    SelectItem::All(_) | SelectItem::AllOf(_) => {
                        for column in &scope.columns {
                            push(Expression::column(column.id, column.data_type), column.name.clone());
                        }
                    }
                    SelectItem::Expr { expr, alias } => {
                        let expression = binder.expr(expr)?;
                        let name = match (alias, &expr.kind) {
                            (Some(alias), _) => alias.text.clone(),
                            (None, ExprKind::Column(names)) => {
                                names.last().map_or_else(String::new, |n| n.text.clone())
                            }
                            (None, ExprKind::Function(call)) => call.name.text.to_lowercase(),
                            _ => "?column?".to_owned(),
                        };
                        push(build::settle(expression)?, name);
                    }
                }
            }
            Ok(())
        })?;
        Ok((expressions, columns))
    }

    fn conflict(&mut self, table: &Table, name: &str, on_conflict: &'a OnConflict) -> Result<Conflict> {
        match on_conflict {
            OnConflict::Replace => Ok(Conflict::Replace),
            OnConflict::Ignore => Ok(Conflict::Ignore),
            OnConflict::Nothing { target: ConflictTarget::Any } => Ok(Conflict::Nothing { target: None }),
            OnConflict::Nothing { target } => {
                Ok(Conflict::Nothing { target: Some(conflict_key(table, target)?) })
            }
            OnConflict::Update { target, assignments, filter, at } => {
                if *target == ConflictTarget::Any {
                    let error = Error::syntax("ON CONFLICT DO UPDATE needs the columns of a key").at(*at);
                    return Err(error.hint("write ON CONFLICT (column) DO UPDATE"));
                }
                let target = conflict_key(table, target)?;
                let width = table.columns.len();
                let tables =
                    vec![row_scope(table, name, 0, false), row_scope(table, "excluded", width, true)];
                self.alone(tables, |binder| {
                    binder.level()?.place = "DO UPDATE";
                    let assignments = binder.assignments(table, assignments)?;
                    let filter = filter.as_ref().map(|expr| binder.condition(expr, "WHERE")).transpose()?;
                    Ok(Conflict::Update { target, assignments, filter })
                })
            }
        }
    }

    fn assignments(&mut self, table: &Table, list: &'a [ast::Assignment]) -> Result<Vec<Assignment>> {
        let mut out: Vec<Assignment> = Vec::with_capacity(list.len());
        for ast::Assignment { column: name, value } in list {
            let number = column_of(table, name)?;
            if out.iter().any(|known| known.column == number) {
                let message = format!("the column {} is assigned twice", name.text);
                return Err(Error::name(state::DUPLICATE_COLUMN, message).at(name.at));
            }
            let data_type = table.column_type(number);
            let value = match &value.kind {
                ExprKind::Default => self.default_of(table, number)?,
                _ => {
                    let bound = self.expr(value)?;
                    assign(bound, data_type, &name.text).map_err(|error| error.at(value.at))?
                }
            };
            out.push(Assignment { column: number, value });
        }
        Ok(out)
    }

    fn default_of(&mut self, table: &Table, column: usize) -> Result<Expression> {
        // The catalog's own table lives long enough for its expressions to be bound.
        let table = self.catalog.table(&table.name)?;
        let mut defaults = self.defaults(table)?;
        if column < defaults.len() {
            Ok(defaults.swap_remove(column))
        } else {
            Err(Error::internal("no such column"))
        }
    }

    pub(super) fn update(&mut self, update: &'a ast::Update) -> Result<BoundStatement> {
        let table = self.catalog.table(&update.table.text).map_err(|error| error.at(update.table.at))?;
        let name = update.alias.as_ref().unwrap_or(&update.table).text.as_str();
        let (plan, named) = self.scan(table, name)?;
        let mut expressions = self.old_row(table, &plan)?;
        let plan = self.with_others(&update.with, plan, named, &update.from)?;
        let filter = update.filter.as_ref().map(|expr| self.condition(expr, "WHERE")).transpose()?;
        self.level()?.place = "SET";
        let assignments = self.assignments(table, &update.assignments)?;
        self.levels.pop();
        self.ctes.clear();
        let mut assigned = Vec::with_capacity(assignments.len());
        for Assignment { column, value } in assignments {
            assigned.push(column);
            expressions.push((self.fresh()?, value));
        }
        let (returning, columns) = self.returning(table, name, &update.returning)?;
        let mut children = self.child_checks(table, Some(&assigned))?;
        let change = BoundChange {
            table: table.clone(),
            source: projected(plan.filter(filter), expressions),
            checks: self.checks(table)?,
            parents: self.parent_checks(table, Some(&assigned))?,
            dependents: self.dependents(&mut children)?,
            children,
            kind: ChangeKind::Update { assigned, joined: !update.from.is_empty() },
            returning,
        };
        Ok((BoundKind::Change(Box::new(change)), columns))
    }

    pub(super) fn delete(&mut self, delete: &'a ast::Delete) -> Result<BoundStatement> {
        let table = self.catalog.table(&delete.table.text).map_err(|error| error.at(delete.table.at))?;
        let name = delete.alias.as_ref().unwrap_or(&delete.table).text.as_str();
        let (plan, named) = self.scan(table, name)?;
        let expressions = self.old_row(table, &plan)?;
        let plan = self.with_others(&delete.with, plan, named, &delete.using)?;
        let filter = delete.filter.as_ref().map(|expr| self.condition(expr, "WHERE")).transpose()?;
        self.levels.pop();
        self.ctes.clear();
        let mut children = self.child_checks(table, None)?;
        let (returning, columns) = self.returning(table, name, &delete.returning)?;
        let change = BoundChange {
            table: table.clone(),
            kind: ChangeKind::Delete { joined: !delete.using.is_empty() },
            source: projected(plan.filter(filter), expressions),
            checks: vec![],
            parents: vec![],
            dependents: self.dependents(&mut children)?,
            children,
            returning,
        };
        Ok((BoundKind::Change(Box::new(change)), columns))
    }

    /// Opens the level of an UPDATE or DELETE: its table, and the tables it looks into.
    fn with_others(
        &mut self,
        with: &'a [Cte],
        plan: Logical,
        named: Named,
        others: &'a [TableRef],
    ) -> Result<Logical> {
        self.in_sight(with);
        self.levels.push(Level { place: "WHERE", ..Level::default() });
        if others.is_empty() {
            self.level()?.tables = vec![named];
            return Ok(plan);
        }
        let (other, tables) = self.from(others)?;
        if let Some(twice) = tables.iter().find(|table| table.name.eq_ignore_ascii_case(&named.name)) {
            let message = format!("the table name {} stands twice", twice.name);
            return Err(Error::name("42712", message).hint("give one of them an alias"));
        }
        self.level()?.tables = std::iter::once(named).chain(tables).collect();
        Ok(Logical::Join { left: Box::new(plan), right: Box::new(other), join: JoinType::Inner, on: vec![] })
    }

    /// The columns of the row that is changed, and its hidden rowid where it has one.
    fn old_row(&mut self, table: &Table, scan: &Logical) -> Result<Vec<(usize, Expression)>> {
        let width = table.columns.len() + usize::from(table.key == RowKey::Rowid);
        let ids = scan.output();
        let mut out = Vec::with_capacity(width);
        for (number, id) in ids.into_iter().take(width).enumerate() {
            out.push((self.fresh()?, Expression::column(id, table.column_type(number))));
        }
        Ok(out)
    }
}

fn projected(plan: Logical, expressions: Vec<(usize, Expression)>) -> Relation {
    let columns = expressions.iter().map(|(id, expression)| (*id, expression.data_type())).collect();
    Relation { plan: Logical::Project { input: Box::new(plan), expressions }, columns }
}

/// The columns of a table, numbered from `first`.
fn row_scope(table: &Table, name: &str, first: usize, only_qualified: bool) -> Named {
    let columns = table.columns.iter().enumerate();
    let columns = columns.map(|(number, column)| ScopeColumn {
        merged: only_qualified,
        ..ScopeColumn::new(column.name.clone(), first + number, column.data_type)
    });
    Named { name: name.to_owned(), columns: columns.collect(), table: None, rowid: None }
}

/// The columns an INSERT names, or all.
fn targets(table: &Table, names: &[Name]) -> Result<Vec<usize>> {
    if names.is_empty() {
        return Ok((0..table.columns.len()).collect());
    }
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let column = column_of(table, name)?;
        if out.contains(&column) {
            let message = format!("the column {} is named twice", name.text);
            return Err(Error::name(state::DUPLICATE_COLUMN, message).at(name.at));
        }
        out.push(column);
    }
    Ok(out)
}

fn column_of(table: &Table, name: &Name) -> Result<usize> {
    table.column(&name.text).ok_or_else(|| {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let message = format!("the table {} has no column {}", table.name, name.text);
        Error::name(state::NO_COLUMN, message).at(name.at).hint(format!("it has {}", names.join(", ")))
    })
}

fn conflict_key(table: &Table, target: &ConflictTarget) -> Result<UniqueKey> {
    let target = match target {
        ConflictTarget::Columns(target) => target,
        ConflictTarget::Constraint(name) => return constraint_key(table, name),
        ConflictTarget::Any => return Err(Error::internal("no key is named")),
    };
    let columns = target.iter().map(|name| column_of(table, name)).collect::<Result<Vec<_>>>()?;
    unique_key(table, &columns).map(|(key, _)| key).ok_or_else(|| {
        let at = target.first().map_or(Position::default(), |name| name.at);
        Error::name("42P10", "there is no primary key or UNIQUE over the columns of ON CONFLICT").at(at)
    })
}

fn constraint_key(table: &Table, name: &Name) -> Result<UniqueKey> {
    let is = |known: &str| known.eq_ignore_ascii_case(&name.text);
    let primary = table.primary_key_name.clone().unwrap_or_else(|| format!("{}_pkey", table.name));
    if !table.primary_key().is_empty() && is(&primary) {
        return Ok(UniqueKey::Primary);
    }
    let found = table.indexes.iter().position(|index| index.unique && is(&index.name));
    found.map(UniqueKey::Index).ok_or_else(|| {
        let message =
            format!("the table {} has no UNIQUE or PRIMARY KEY constraint {}", table.name, name.text);
        Error::name(state::NO_TYPE, message).at(name.at)
    })
}

fn wrong_width(found: usize, wanted: usize) -> Error {
    Error::syntax(format!("INSERT has {found} values for {wanted} columns"))
}

/// A value as a column takes it: numbers become one another, anything becomes text; VARCHAR(n)
/// is checked when the row is written.
fn assign(value: Expression, to: DataType, column: &str) -> Result<Expression> {
    let from = value.data_type();
    let to = if to.is_text() { DataType::TEXT } else { to };
    let converts =
        to.is_text() || (from.is_numeric() && to.is_numeric()) || (from.is_text() && to == DataType::Json);
    if converts || from == DataType::Unknown {
        return build::convert(value, to);
    }
    build::coerce(value, to).map_err(|error| {
        if error.code() != state::TYPE_MISMATCH {
            // The type fits, the literal's text does not.
            return error;
        }
        let message = format!("the column {column} is of type {to}, the value is of type {from}");
        let hint = error.hint_text().map(str::to_owned);
        let error = Error::type_mismatch(message);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })
}
