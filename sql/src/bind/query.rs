//! Binding of whole queries: WITH, set operations, VALUES, ORDER BY, LIMIT.

use super::Binder;
use super::collate::{collate, collated};
use super::recursive::InSight;
use super::scope::{Level, Named, ScopeColumn};
use crate::error::{Error, Position, Result, state};
use crate::expression::{self as build, Expression, SortKey};
use crate::parse::ast::{Cte, Expr, ExprKind, OrderItem, Query, SetExpr, SetOp};
use crate::plan::{ColumnId, Logical, OutputColumn, Relation};
use crate::types::{DataType, Value};

/// A bound query: its plan and the columns of its result, in order.
pub(super) struct Output {
    pub(super) plan: Logical,
    pub(super) columns: Vec<OutputId>,
}

/// A column of a result.
#[derive(Clone)]
pub(super) struct OutputId {
    pub(super) name: String,
    pub(super) id: ColumnId,
    pub(super) data_type: DataType,
}

impl Output {
    pub(super) fn types(&self) -> Vec<DataType> {
        self.columns.iter().map(|column| column.data_type).collect()
    }

    pub(super) fn relation(self) -> Relation {
        let columns = self.columns.iter().map(|column| (column.id, column.data_type)).collect();
        Relation { plan: self.plan, columns }
    }
}

impl<'a> Binder<'a> {
    /// A query that is the statement, or gives it its rows.
    pub(super) fn statement_query(&mut self, query: &'a Query) -> Result<(Relation, Vec<OutputColumn>)> {
        self.levels.push(Level::default());
        let output = self.query(query)?;
        let output = self.settled(output)?;
        self.levels.pop();
        let columns = output
            .columns
            .iter()
            .map(|c| OutputColumn { name: c.name.clone(), data_type: c.data_type })
            .collect();
        Ok((output.relation(), columns))
    }

    /// What has no type yet becomes text.
    pub(super) fn settled(&mut self, output: Output) -> Result<Output> {
        let mut types = output.types();
        for (column, data_type) in output.columns.iter().zip(&mut types) {
            if *data_type == DataType::Unknown {
                *data_type = self.settled_type(&output.plan, column.id);
            }
        }
        self.converted(output, &types)
    }

    /// Text, or what is given for the parameter that the column is.
    fn settled_type(&mut self, plan: &Logical, id: ColumnId) -> DataType {
        let Logical::Project { expressions, .. } = plan else { return DataType::TEXT };
        match expressions.iter().find(|(column, _)| *column == id) {
            Some((_, Expression::Parameter { index, .. })) => {
                self.uses_given = true;
                let given = self.given.get(*index).copied();
                given.filter(|given| *given != DataType::Unknown).unwrap_or(DataType::TEXT)
            }
            _ => DataType::TEXT,
        }
    }

    pub(super) fn query(&mut self, query: &'a Query) -> Result<Output> {
        let in_sight = self.ctes.len();
        self.in_sight(&query.with);
        let result = self.query_body(query);
        self.ctes.truncate(in_sight);
        result
    }

    /// From here on these WITH queries can be named.
    pub(super) fn in_sight(&mut self, with: &'a [Cte]) {
        for cte in with {
            let before = self.ctes.len();
            self.ctes.push(InSight::Query { cte, before });
        }
    }

    fn query_body(&mut self, query: &'a Query) -> Result<Output> {
        let output = match &query.body {
            SetExpr::Select(select) => self.select(select, &query.order_by)?,
            body => {
                let output = self.set_expr(body)?;
                self.ordered(output, &query.order_by)?
            }
        };
        self.limited(output, query)
    }

    /// LIMIT and OFFSET.
    pub(super) fn limited(&mut self, mut output: Output, query: &'a Query) -> Result<Output> {
        if query.limit.is_some() || query.offset.is_some() {
            let limit = query.limit.as_ref().map(|e| self.count(e, "LIMIT")).transpose()?;
            let offset = query.offset.as_ref().map(|e| self.count(e, "OFFSET")).transpose()?;
            output.plan = Logical::Limit { input: Box::new(output.plan), limit, offset };
        }
        Ok(output)
    }

    /// The number after LIMIT or OFFSET.
    fn count(&mut self, expr: &'a Expr, place: &'static str) -> Result<Expression> {
        let block = self.level()?.enter();
        self.level()?.place = place;
        let bound = self.expr(expr);
        self.level()?.leave(block);
        build::coerce(bound?, DataType::BigInt).map_err(|error| error.at(expr.at))
    }

    pub(super) fn set_expr(&mut self, body: &'a SetExpr) -> Result<Output> {
        match body {
            SetExpr::Select(select) => self.select(select, &[]),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(rows) => self.values(rows),
            SetExpr::Operation { op, all, left, right, at } => {
                let left = self.set_expr(left)?;
                let right = self.set_expr(right)?;
                self.operation(*op, *all, left, right, *at)
            }
        }
    }

    fn operation(
        &mut self,
        op: SetOp,
        all: bool,
        left: Output,
        right: Output,
        at: Position,
    ) -> Result<Output> {
        if left.columns.len() != right.columns.len() {
            let (l, r) = (left.columns.len(), right.columns.len());
            let message = format!("the sides of the set operation have {l} and {r} columns");
            return Err(Error::new(crate::ErrorKind::Type, state::SYNTAX, message).at(at));
        }
        let mut types = Vec::with_capacity(left.columns.len());
        for (l, r) in left.columns.iter().zip(&right.columns) {
            let pair = [Expression::column(l.id, l.data_type), Expression::column(r.id, r.data_type)];
            types.push(build::common_type(&pair, "the sides of the set operation").map_err(|e| e.at(at))?);
        }
        let left = self.converted(left, &types)?;
        let right = self.converted(right, &types)?;
        let mut columns = Vec::with_capacity(types.len());
        for (column, &data_type) in left.columns.iter().zip(&types) {
            columns.push(OutputId { name: column.name.clone(), id: self.fresh()?, data_type });
        }
        let ids: Vec<ColumnId> = columns.iter().map(|column| column.id).collect();
        let side = |output: Output| {
            let ids = output.columns.iter().map(|column| column.id).collect::<Vec<_>>();
            (output.plan, ids)
        };
        let (left, right) = (side(left), side(right));
        let plan = match (op, all) {
            (SetOp::Union, _) => {
                let append = Logical::Append { inputs: vec![left, right], columns: ids.clone(), types };
                if all {
                    append
                } else {
                    Logical::Distinct { input: Box::new(append), columns: ids, on: vec![] }
                }
            }
            (SetOp::Intersect | SetOp::Except, _) => Logical::SetOperation {
                left: Box::new(left),
                right: Box::new(right),
                columns: ids,
                except: op == SetOp::Except,
                all,
            },
        };
        Ok(Output { plan, columns })
    }

    /// The output with its columns cast to these types.
    pub(super) fn converted(&mut self, mut output: Output, types: &[DataType]) -> Result<Output> {
        if output.types() == types {
            return Ok(output);
        }
        if let Logical::Project { expressions, .. } = &mut output.plan {
            for (column, &data_type) in output.columns.iter_mut().zip(types) {
                if let Some((_, expression)) = expressions.iter_mut().find(|(id, _)| *id == column.id) {
                    *expression = build::cast(expression.clone(), data_type)?;
                    column.data_type = data_type;
                }
            }
            return Ok(output);
        }
        let mut expressions = Vec::with_capacity(types.len());
        for (column, &data_type) in output.columns.iter_mut().zip(types) {
            let id = self.fresh()?;
            expressions.push((id, build::cast(Expression::column(column.id, column.data_type), data_type)?));
            column.id = id;
            column.data_type = data_type;
        }
        output.plan = Logical::Project { input: Box::new(output.plan), expressions };
        Ok(output)
    }

    /// VALUES.
    fn values(&mut self, rows: &'a [Vec<Expr>]) -> Result<Output> {
        let block = self.level()?.enter();
        self.level()?.place = "VALUES";
        let mut bound: Vec<Vec<Expression>> = Vec::with_capacity(rows.len());
        let width = rows.first().map_or(0, Vec::len);
        for row in rows {
            if row.len() != width {
                let at = row.first().map_or(Position::default(), |expr| expr.at);
                return Err(Error::syntax("the rows of VALUES have different numbers of columns").at(at));
            }
            bound.push(self.exprs(row)?);
        }
        self.level()?.leave(block);
        let mut columns = Vec::with_capacity(width);
        for index in 0..width {
            let column = bound.iter().filter_map(|row| row.get(index));
            let data_type = build::common_type(column, "the rows of VALUES")?;
            columns.push(OutputId { name: format!("column{}", index + 1), id: self.fresh()?, data_type });
        }
        for row in &mut bound {
            for (value, column) in row.iter_mut().zip(&columns) {
                let plain = std::mem::replace(value, Expression::literal(Value::Null));
                *value = build::cast(plain, column.data_type)?;
            }
        }
        let types = columns.iter().map(|column| column.data_type).collect();
        let ids = columns.iter().map(|column| column.id).collect();
        Ok(Output { plan: Logical::Values { rows: bound, columns: ids, types }, columns })
    }

    /// ORDER BY of something that is not one SELECT: over the columns of the result.
    pub(super) fn ordered(&mut self, mut output: Output, order_by: &'a [OrderItem]) -> Result<Output> {
        if order_by.is_empty() {
            return Ok(output);
        }
        let columns = output.columns.iter();
        let columns: Vec<ScopeColumn> =
            columns.map(|c| ScopeColumn::new(c.name.clone(), c.id, c.data_type)).collect();
        let block = self.level()?.enter();
        self.level()?.tables = vec![Named { name: String::new(), columns, table: None, rowid: None }];
        self.level()?.place = "ORDER BY of a set operation";
        let mut keys = Vec::with_capacity(order_by.len());
        for item in order_by {
            let (expr, collation) = collated(&item.expr);
            let expression = match ordinal(expr, output.columns.len())? {
                Some(index) => output.columns.get(index).map(|c| Expression::column(c.id, c.data_type)),
                None => None,
            };
            let expression = match expression {
                Some(expression) => expression,
                None => self.expr(expr)?,
            };
            keys.push(sort_key(item, collate(expression, collation)?)?);
        }
        self.level()?.leave(block);
        output.plan = Logical::Sort { input: Box::new(output.plan), keys };
        Ok(output)
    }
}

/// The index of the result column that an integer in ORDER BY or GROUP BY means.
pub(super) fn ordinal(expr: &Expr, width: usize) -> Result<Option<usize>> {
    let ExprKind::Literal(Value::Integer(number)) = &expr.kind else { return Ok(None) };
    match usize::try_from(*number) {
        Ok(number) if (1..=width).contains(&number) => Ok(Some(number - 1)),
        _ => {
            let message =
                format!("{number} is not the number of a result column, of which there are {width}");
            Err(Error::syntax(message).at(expr.at))
        }
    }
}

/// NULLs are the largest values, unless the item says otherwise.
pub(super) fn sort_key(item: &OrderItem, expression: Expression) -> Result<SortKey> {
    let expression = build::settle(expression).map_err(|error| error.at(item.expr.at))?;
    let nulls_first = item.nulls_first.unwrap_or(item.descending);
    Ok(SortKey { expression, descending: item.descending, nulls_first })
}
