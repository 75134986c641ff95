//! A bound statement becomes a physical plan.
//!
//! | file       | what                                                                     |
//! |------------|--------------------------------------------------------------------------|
//! | `lower`    | one walk down the logical plan: conditions go as deep as they can, columns |
//! |            | nobody needs are left out, operators become physical                      |
//! | `join`     | the order of inner joins, and how each join is done                       |
//! | `order`    | sorts that are not needed                                                 |
//! | `access`   | which key or index finds the rows of a table                              |
//! | `subquery` | EXISTS and IN become joins where that means the same                      |
//! | `decorrelate` | scalar subqueries that aggregate become joins                          |
//! | `fold`     | constants computed once; conditions taken apart                           |
//!
//! Estimates are rows: of a table as counted by its tree, of a condition by rules of thumb.

mod access;
mod decorrelate;
mod fold;
mod join;
mod lower;
mod order;
mod subquery;

use crate::bind::{Bound, BoundChange, BoundKind};
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::plan::{Change, ColumnId, Physical, Plan, Relation, Statement};
use lower::Lowered;

/// What is known about the data.
pub trait Statistics {
    /// The number of rows of a table.
    fn rows(&self, table: &Table) -> Result<u64>;
}

/// Makes the plan of a statement.
pub fn optimize(bound: Bound, statistics: &dyn Statistics) -> Result<Statement> {
    let Bound { kind, subplans, columns, uses_given: _ } = bound;
    let mut optimizer = Optimizer { statistics, subplans, next: FRESH };
    let plan = match kind {
        BoundKind::Query(relation) => Plan::Query(optimizer.relation(relation)?),
        BoundKind::Change(change) => Plan::Change(Box::new(optimizer.change(*change)?)),
    };
    let mut lowered = Vec::with_capacity(optimizer.subplans.len());
    for relation in optimizer.subplans.clone() {
        lowered.push(optimizer.relation(relation)?);
    }
    leave_out_unused(&plan, &mut lowered);
    Ok(Statement { plan, subplans: lowered, columns })
}

struct Optimizer<'a> {
    statistics: &'a dyn Statistics,
    /// The subqueries, those that become joins among them.
    subplans: Vec<Relation>,
    /// The next number for a column that the optimizer adds.
    next: ColumnId,
}

/// Numbers of columns from here on are the optimizer's.
const FRESH: ColumnId = 1 << 32;

/// Subqueries that became joins need no plan of their own.
fn leave_out_unused(plan: &Plan, subplans: &mut [Physical]) {
    let Plan::Query(plan) = plan else { return };
    let mut used = vec![false; subplans.len()];
    let mut open = Vec::new();
    let note = |plan: &Physical, used: &mut Vec<bool>, open: &mut Vec<usize>| {
        plan.expressions(&mut |expression| {
            expression.visit(&mut |part| {
                if let Expression::Subquery(subquery) = part
                    && let Some(flag) = used.get_mut(subquery.plan)
                    && !std::mem::replace(flag, true)
                {
                    open.push(subquery.plan);
                }
            });
        });
    };
    note(plan, &mut used, &mut open);
    while let Some(number) = open.pop() {
        if let Some(plan) = subplans.get(number) {
            note(plan, &mut used, &mut open);
        }
    }
    for (plan, used) in subplans.iter_mut().zip(used) {
        if !used {
            *plan = Physical::Values { rows: vec![], types: vec![] };
        }
    }
}

impl Optimizer<'_> {
    /// The number of a new column.
    fn fresh(&mut self) -> ColumnId {
        self.next += 1;
        self.next
    }

    /// The physical plan of a relation, with exactly its columns.
    fn relation(&mut self, relation: Relation) -> Result<Physical> {
        let ids: Vec<ColumnId> = relation.columns.iter().map(|(id, _)| *id).collect();
        Ok(self.exactly(relation.plan, vec![], &ids)?.plan)
    }

    fn change(&mut self, change: BoundChange) -> Result<Change> {
        let BoundChange { table, kind, source, checks, parents, children, dependents, returning } = change;
        let source = self.relation(source)?;
        Ok(Change { table, kind, source, checks, parents, children, dependents, returning })
    }
}

/// The plan with exactly these columns in this order.
fn exact(lowered: Lowered, ids: &[ColumnId]) -> Result<Lowered> {
    if lowered.columns == ids {
        return Ok(lowered);
    }
    let types = lowered.plan.types();
    let mut expressions = Vec::with_capacity(ids.len());
    for id in ids {
        let position = position(&lowered.columns, *id)?;
        let data_type =
            types.get(position).copied().ok_or_else(|| Error::internal("a column without a type"))?;
        expressions.push(Expression::column(position, data_type));
    }
    let plan = match lowered.plan {
        // A projection of a projection's columns is one projection.
        Physical::Project { input, expressions: inner } => {
            let picked = ids.iter().map(|id| {
                let position = position(&lowered.columns, *id)?;
                inner.get(position).cloned().ok_or_else(|| Error::internal("a column beyond the projection"))
            });
            Physical::Project { input, expressions: picked.collect::<Result<_>>()? }
        }
        plan => Physical::Project { input: Box::new(plan), expressions },
    };
    Ok(Lowered { plan, columns: ids.to_vec(), rows: lowered.rows })
}

fn position(columns: &[ColumnId], id: ColumnId) -> Result<usize> {
    let missing = || Error::internal(format!("column {id} is not there"));
    columns.iter().position(|column| *column == id).ok_or_else(missing)
}

/// The expression with positions in `columns` instead of ids.
fn place(mut expression: Expression, columns: &[ColumnId]) -> Result<Expression> {
    let mut failure = None;
    expression.map_columns(|id| match position(columns, id) {
        Ok(position) => position,
        Err(error) => {
            failure = Some(error);
            0
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(expression),
    }
}

/// All of them as one condition over `columns`.
fn place_all(conditions: Vec<Expression>, columns: &[ColumnId]) -> Result<Option<Expression>> {
    let placed = conditions.into_iter().map(|c| place(c, columns)).collect::<Result<Vec<_>>>()?;
    match placed.len() {
        0 => Ok(None),
        _ => crate::expression::and(placed).map(Some),
    }
}
