//! Translation of statements.

use super::ast::{
    Assignment, ConflictTarget, Delete, Expr, ExprKind, Insert, Name, OnConflict, Query, SelectItem, SetExpr,
    Statement, TableAlias, TableRef, Update,
};
use super::expression::shorten;
use super::{Translator, refuse, tokens};
use crate::error::{Error, Result};
use sqlparser::ast::Spanned;
use sqlparser::ast::{self as sp};

impl Translator {
    pub(super) fn statement(&mut self, statement: sp::Statement) -> Result<Statement> {
        use sp::Statement as S;
        match statement {
            S::Query(query) => self.query_or_change(*query),
            S::Insert(insert) => Ok(Statement::Insert(self.insert(insert)?)),
            S::Update(update) => Ok(Statement::Update(self.update(update)?)),
            S::Delete(delete) => Ok(Statement::Delete(self.delete(delete)?)),
            S::CreateTable(create) => Ok(Statement::CreateTable(self.create_table(create)?)),
            S::CreateIndex(create) => Ok(Statement::CreateIndex(self.create_index(create)?)),
            S::AlterTable(alter) => Ok(Statement::AlterTable(self.alter_table(alter)?)),
            S::Truncate(truncate) => self.truncate(truncate),
            S::CreateView(create) => Ok(Statement::CreateView(self.create_view(create)?)),
            S::Savepoint { name } => Ok(Statement::Savepoint(self.name(name))),
            S::ReleaseSavepoint { name } => Ok(Statement::Release(self.name(name))),
            S::Commit { chain, end: _, modifier } => {
                refuse(chain, "AND CHAIN", self.last)?;
                refuse(modifier.is_some(), "a modifier of COMMIT", self.last)?;
                Ok(Statement::Commit)
            }
            S::Rollback { chain, savepoint } => {
                refuse(chain, "AND CHAIN", self.last)?;
                Ok(Statement::Rollback { to: savepoint.map(|name| self.name(name)) })
            }
            other => self.other(other),
        }
    }

    fn other(&mut self, statement: sp::Statement) -> Result<Statement> {
        use sp::Statement as S;
        match statement {
            S::StartTransaction {
                modes,
                begin: _,
                transaction: _,
                modifier,
                statements,
                exception,
                has_end_keyword,
            } => {
                refuse(!modes.is_empty(), "a transaction mode", self.last)?;
                let block = !statements.is_empty() || exception.is_some() || has_end_keyword;
                refuse(block, "a block of statements", self.last)?;
                let immediate = match modifier {
                    None | Some(sp::TransactionModifier::Deferred) => false,
                    Some(sp::TransactionModifier::Immediate | sp::TransactionModifier::Exclusive) => true,
                    Some(_) => return Err(Error::unsupported("this modifier of BEGIN")),
                };
                Ok(Statement::Begin { immediate })
            }
            S::Drop { object_type, if_exists, names, cascade, restrict: _, purge, temporary, table } => {
                let names = names.into_iter().map(|name| self.object(name)).collect::<Result<Vec<_>>>()?;
                refuse(cascade, "DROP .. CASCADE", self.last)?;
                refuse(purge || temporary || table.is_some(), "this form of DROP", self.last)?;
                match object_type {
                    sp::ObjectType::Table => Ok(Statement::DropTable { names, if_exists }),
                    sp::ObjectType::View => Ok(Statement::DropView { names, if_exists }),
                    sp::ObjectType::Index => Ok(Statement::DropIndex { names, if_exists }),
                    other => Err(Error::unsupported(format!("DROP {other}")).at(self.last)),
                }
            }
            S::Explain {
                describe_alias: _,
                analyze,
                verbose,
                query_plan: _,
                estimate,
                statement,
                format,
                options,
            } => {
                refuse(verbose || estimate, "an option of EXPLAIN", self.last)?;
                refuse(format.is_some() || options.is_some(), "an option of EXPLAIN", self.last)?;
                let inner = self.statement(*statement)?;
                let planned = matches!(
                    inner,
                    Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)
                );
                refuse(!planned, "EXPLAIN of this statement", self.last)?;
                Ok(Statement::Explain { statement: Box::new(inner), analyze })
            }
            other => {
                let at = tokens::position(other.span().start);
                let text = other.to_string();
                let words: Vec<&str> = text.split_whitespace().take(2).collect();
                Err(Error::unsupported(shorten(&words.join(" "))).at(at))
            }
        }
    }

    fn insert(&mut self, insert: sp::Insert) -> Result<Insert> {
        let sp::Insert {
            insert_token,
            optimizer_hints,
            or,
            ignore,
            into: _,
            table,
            table_alias,
            columns,
            overwrite,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword,
            on,
            returning,
            output,
            replace_into: _,
            priority,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        self.last = tokens::position(insert_token.0.span.start);
        let at = self.last;
        let odd = !optimizer_hints.is_empty()
            || ignore
            || overwrite
            || !assignments.is_empty()
            || partitioned.is_some()
            || !after_columns.is_empty()
            || has_table_keyword
            || output.is_some()
            || priority.is_some()
            || insert_alias.is_some()
            || settings.is_some()
            || format_clause.is_some()
            || multi_table_insert_type.is_some()
            || !multi_table_into_clauses.is_empty()
            || !multi_table_when_clauses.is_empty()
            || multi_table_else_clause.is_some();
        refuse(odd, "this form of INSERT", at)?;
        let table = match table {
            sp::TableObject::TableName(name) => self.object(name)?,
            _ => return Err(Error::unsupported("INSERT into something that is not a table").at(at)),
        };
        let alias = table_alias.map(|sp::TableAliasWithoutColumns { explicit: _, alias }| self.name(alias));
        let columns = columns.into_iter().map(|name| self.object(name)).collect::<Result<_>>()?;
        let source = source.map(|query| self.query(*query)).transpose()?;
        let on_conflict = self.on_conflict(or, on)?;
        let returning = self.returning(returning)?;
        Ok(Insert { table, alias, columns, source, on_conflict, returning })
    }

    fn on_conflict(
        &mut self,
        or: Option<sp::SqliteOnConflict>,
        on: Option<sp::OnInsert>,
    ) -> Result<Option<OnConflict>> {
        let at = self.last;
        refuse(or.is_some() && on.is_some(), "OR together with ON CONFLICT", at)?;
        let on = match (or, on) {
            (Some(sp::SqliteOnConflict::Replace), _) => return Ok(Some(OnConflict::Replace)),
            (Some(sp::SqliteOnConflict::Ignore), _) => return Ok(Some(OnConflict::Ignore)),
            (Some(sp::SqliteOnConflict::Abort), _) | (None, None) => return Ok(None),
            (Some(other), _) => return Err(Error::unsupported(format!("OR {other}")).at(at)),
            (None, Some(on)) => on,
        };
        let sp::OnInsert::OnConflict(sp::OnConflict { conflict_target, action }) = on else {
            return Err(Error::unsupported("ON DUPLICATE KEY").at(at));
        };
        let target = match conflict_target {
            None => ConflictTarget::Any,
            Some(sp::ConflictTarget::Columns(names)) => {
                ConflictTarget::Columns(names.into_iter().map(|name| self.name(name)).collect())
            }
            Some(sp::ConflictTarget::OnConstraint(name)) => ConflictTarget::Constraint(self.object(name)?),
        };
        match action {
            sp::OnConflictAction::DoNothing => Ok(Some(OnConflict::Nothing { target })),
            sp::OnConflictAction::DoUpdate(sp::DoUpdate { assignments, selection }) => {
                let assignments = self.assignments(assignments)?;
                let filter = selection.map(|e| self.expr(e)).transpose()?;
                Ok(Some(OnConflict::Update { target, assignments, filter, at }))
            }
        }
    }

    fn returning(&mut self, items: Option<Vec<sp::SelectItem>>) -> Result<Vec<SelectItem>> {
        self.select_items(items.unwrap_or_default())
    }

    fn assignments(&mut self, assignments: Vec<sp::Assignment>) -> Result<Vec<Assignment>> {
        let mut out = Vec::with_capacity(assignments.len());
        for sp::Assignment { target, value } in assignments {
            match target {
                sp::AssignmentTarget::ColumnName(name) => {
                    let mut parts = self.parts(name)?;
                    let column =
                        parts.pop().ok_or_else(|| Error::syntax("a column is missing").at(self.last))?;
                    out.push(Assignment { column, value: self.expr(value)? });
                }
                sp::AssignmentTarget::Tuple(names) => {
                    let names =
                        names.into_iter().map(|name| self.object(name)).collect::<Result<Vec<_>>>()?;
                    let value = self.expr(value)?;
                    let at = value.at;
                    match value.kind {
                        ExprKind::Row(values) if values.len() == names.len() => out.extend(
                            names.into_iter().zip(values).map(|(column, value)| Assignment { column, value }),
                        ),
                        ExprKind::Subquery(query) => {
                            let values = one_by_one(*query, names.len()).map_err(|error| error.at(at))?;
                            out.extend(names.into_iter().zip(values).map(|(column, query)| {
                                let value = Expr { kind: ExprKind::Subquery(Box::new(query)), at };
                                Assignment { column, value }
                            }));
                        }
                        _ => return Err(Error::syntax("SET (..) = needs as many values").at(at)),
                    }
                }
            }
        }
        Ok(out)
    }

    fn update(&mut self, update: sp::Update) -> Result<Update> {
        let sp::Update {
            update_token,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        self.last = tokens::position(update_token.0.span.start);
        let at = self.last;
        refuse(!optimizer_hints.is_empty() || output.is_some(), "this form of UPDATE", at)?;
        refuse(or.is_some(), "UPDATE OR", at)?;
        refuse(!order_by.is_empty() || limit.is_some(), "ORDER BY and LIMIT in UPDATE", at)?;
        let (table, alias) = self.target(table)?;
        let assignments = self.assignments(assignments)?;
        let from = match from {
            None => vec![],
            Some(sp::UpdateTableFromKind::AfterSet(tables)) => self.tables(tables)?,
            Some(sp::UpdateTableFromKind::BeforeSet(_)) => {
                return Err(Error::syntax("FROM stands behind SET").at(at));
            }
        };
        let filter = selection.map(|e| self.expr(e)).transpose()?;
        let returning = self.returning(returning)?;
        Ok(Update { with: vec![], table, alias, assignments, from, filter, returning })
    }

    fn delete(&mut self, delete: sp::Delete) -> Result<Delete> {
        let sp::Delete {
            delete_token,
            optimizer_hints,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        self.last = tokens::position(delete_token.0.span.start);
        let at = self.last;
        refuse(
            !optimizer_hints.is_empty() || output.is_some() || !tables.is_empty(),
            "this form of DELETE",
            at,
        )?;
        refuse(!order_by.is_empty() || limit.is_some(), "ORDER BY and LIMIT in DELETE", at)?;
        let mut from = match from {
            sp::FromTable::WithFromKeyword(from) => from,
            sp::FromTable::WithoutKeyword(_) => {
                return Err(Error::syntax("FROM is missing after DELETE").at(at));
            }
        };
        let table = from.pop().filter(|_| from.is_empty());
        let table = table.ok_or_else(|| Error::unsupported("DELETE from several tables").at(at))?;
        let (table, alias) = self.target(table)?;
        let using = self.tables(using.unwrap_or_default())?;
        let filter = selection.map(|e| self.expr(e)).transpose()?;
        let returning = self.returning(returning)?;
        Ok(Delete { with: vec![], table, alias, using, filter, returning })
    }

    fn tables(&mut self, tables: Vec<sp::TableWithJoins>) -> Result<Vec<TableRef>> {
        tables.into_iter().map(|table| self.table_with_joins(table)).collect()
    }

    /// A query, or a change with WITH before it, which the parser takes for one.
    fn query_or_change(&mut self, mut query: sp::Query) -> Result<Statement> {
        let change =
            matches!(&*query.body, sp::SetExpr::Insert(_) | sp::SetExpr::Update(_) | sp::SetExpr::Delete(_));
        if !change {
            return Ok(Statement::Query(self.query(query)?));
        }
        let single =
            sp::SetExpr::Values(sp::Values { explicit_row: false, value_keyword: false, rows: vec![] });
        let body = std::mem::replace(&mut *query.body, single);
        // What else a query can have is refused there.
        let around = self.query(query)?;
        let odd = !around.order_by.is_empty() || around.limit.is_some() || around.offset.is_some();
        refuse(odd, "ORDER BY and LIMIT behind a change", self.last)?;
        let mut change = match body {
            sp::SetExpr::Insert(change) | sp::SetExpr::Update(change) | sp::SetExpr::Delete(change) => {
                self.statement(change)?
            }
            _ => return Err(Error::internal("not a change")),
        };
        match &mut change {
            Statement::Insert(Insert { source: Some(source), .. }) => {
                source.with.splice(0..0, around.with);
            }
            Statement::Update(Update { with, .. }) | Statement::Delete(Delete { with, .. }) => {
                *with = around.with
            }
            _ => return Err(Error::unsupported("WITH before this change").at(self.last)),
        }
        Ok(change)
    }

    /// TRUNCATE is a DELETE of all rows.
    fn truncate(&mut self, truncate: sp::Truncate) -> Result<Statement> {
        let sp::Truncate { mut table_names, partitions, table: _, if_exists, identity, cascade, on_cluster } =
            truncate;
        let odd = partitions.is_some()
            || if_exists
            || identity == Some(sp::TruncateIdentityOption::Restart)
            || cascade == Some(sp::CascadeOption::Cascade)
            || on_cluster.is_some();
        refuse(odd, "an option of TRUNCATE", self.last)?;
        let target = table_names.pop().filter(|_| table_names.is_empty());
        let target = target.ok_or_else(|| Error::unsupported("TRUNCATE of several tables").at(self.last))?;
        let sp::TruncateTableTarget { name, only: _, has_asterisk: _ } = target;
        let (with, alias, using, filter, returning) = (vec![], None, vec![], None, vec![]);
        Ok(Statement::Delete(Delete { with, table: self.object(name)?, alias, using, filter, returning }))
    }

    /// The one table an UPDATE or DELETE changes.
    fn target(&mut self, table: sp::TableWithJoins) -> Result<(Name, Option<Name>)> {
        let sp::TableWithJoins { relation, joins } = table;
        refuse(!joins.is_empty(), "changing a join", self.last)?;
        let only = sp::TableWithJoins { relation, joins };
        match self.table_with_joins(only)? {
            TableRef::Table { name, alias: None } => Ok((name, None)),
            TableRef::Table { name, alias: Some(TableAlias { name: alias, columns }) }
                if columns.is_empty() =>
            {
                Ok((name, Some(alias)))
            }
            _ => Err(Error::unsupported("changing something that is not a table").at(self.last)),
        }
    }
}

/// A query of several columns as a query for each of them, which are run one by one.
fn one_by_one(query: Query, count: usize) -> Result<Vec<Query>> {
    let SetExpr::Select(select) = &query.body else {
        return Err(Error::unsupported("assigning something but a SELECT to several columns"));
    };
    let plain = select.items.iter().all(|item| matches!(item, SelectItem::Expr { .. }));
    if !plain || !query.order_by.is_empty() || select.distinct || !select.distinct_on.is_empty() {
        return Err(Error::unsupported("assigning a SELECT with *, DISTINCT or ORDER BY to several columns"));
    }
    if select.items.len() != count {
        let found = select.items.len();
        return Err(Error::syntax(format!("the SELECT has {found} columns for {count} that are assigned")));
    }
    let each = select.items.iter().map(|item| {
        let mut query = query.clone();
        if let SetExpr::Select(select) = &mut query.body {
            select.items = vec![item.clone()];
        }
        query
    });
    Ok(each.collect())
}
