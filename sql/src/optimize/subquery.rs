//! EXISTS and IN in a WHERE become joins.
//!
//! `EXISTS (q)` that uses columns of the row it stands in becomes a semi join with q, whose
//! conditions on those columns become the join's; NOT EXISTS an anti join. `x IN (q)` that uses
//! none becomes an inner join with the distinct rows of q, so that either side may drive it. NOT
//! IN stays a subquery: a NULL among q's rows makes it NULL, which no join says.

use super::Optimizer;
use super::fold::{below_first, is_random};
use crate::error::Result;
use crate::expression::{self as build, Expression, Subquery, SubqueryKind};
use crate::functions::Function;
use crate::plan::{ColumnId, JoinType, Logical, Relation};

impl Optimizer<'_> {
    /// Takes the conditions that can become joins out of the list and puts the joins on the plan.
    pub(super) fn join_subqueries(
        &mut self,
        mut plan: Logical,
        conditions: &mut Vec<Expression>,
    ) -> Result<Logical> {
        for condition in std::mem::take(conditions) {
            let converted = match &condition {
                Expression::Subquery(subquery) => self.as_join(subquery)?,
                Expression::Not(inner) => match &**inner {
                    Expression::Subquery(subquery)
                        if matches!(subquery.kind, SubqueryKind::Exists { .. }) =>
                    {
                        let mut opposite = subquery.clone();
                        if let SubqueryKind::Exists { negated } = &mut opposite.kind {
                            *negated = !*negated;
                        }
                        self.as_join(&opposite)?
                    }
                    _ => None,
                },
                _ => None,
            };
            match converted {
                Some((right, join, on)) => {
                    plan = Logical::Join { left: Box::new(plan), right: Box::new(right), join, on };
                }
                None => conditions.push(condition),
            }
        }
        self.decorrelate(plan, conditions)
    }

    fn as_join(&mut self, subquery: &Subquery) -> Result<Option<(Logical, JoinType, Vec<Expression>)>> {
        let join = match &subquery.kind {
            SubqueryKind::Exists { negated } if !subquery.outer.is_empty() => {
                if *negated {
                    JoinType::Anti
                } else {
                    JoinType::Semi
                }
            }
            SubqueryKind::In { negated: false, .. } if subquery.outer.is_empty() => JoinType::Inner,
            SubqueryKind::In { negated: false, .. } => JoinType::Semi,
            _ => return Ok(None),
        };
        let Some(Relation { plan, columns }) = self.subplans.get(subquery.plan).cloned() else {
            return Ok(None);
        };
        let mut wanted: Vec<Expression> = columns.iter().map(|(id, t)| Expression::column(*id, *t)).collect();
        let mut on = Vec::new();
        let right = if join == JoinType::Inner {
            let ids: Vec<ColumnId> = columns.iter().map(|(id, _)| *id).collect();
            Logical::Distinct { input: Box::new(plan), columns: ids, on: vec![] }
        } else {
            let Some(right) = uncorrelated(plan, subquery, &mut wanted, &mut on) else { return Ok(None) };
            right
        };
        if let SubqueryKind::In { operands, .. } = &subquery.kind {
            for (operand, column) in operands.iter().zip(wanted) {
                on.push(build::call(Function::Equal, vec![operand.clone(), column])?);
            }
        }
        Ok(Some((right, join, on)))
    }
}

/// The plan without the conditions that use outer columns, which go to `on`. The columns of its
/// result are rewritten in terms of what is left.
fn uncorrelated(
    plan: Logical,
    subquery: &Subquery,
    wanted: &mut [Expression],
    on: &mut Vec<Expression>,
) -> Option<Logical> {
    let mut rest = plan;
    let mut all = Vec::new();
    loop {
        match rest {
            Logical::Project { input, expressions } => {
                // One value may be asked for in several places.
                if expressions.iter().any(|(_, expression)| is_random(expression)) {
                    return None;
                }
                for column in wanted.iter_mut().chain(all.iter_mut()) {
                    substitute(column, &expressions);
                }
                rest = *input;
            }
            Logical::Sort { input, .. } => rest = *input,
            Logical::Distinct { input, on, .. } if on.is_empty() => rest = *input,
            Logical::Filter { input, predicate } => {
                all = below_first(predicate, all);
                rest = *input;
            }
            core => {
                rest = core;
                break;
            }
        }
    }
    if plan_uses_outer(&rest) {
        return None;
    }
    // Only now: what a projection stands for may use the outer row, too.
    let kept: Vec<Expression>;
    (*on, kept) = all.into_iter().partition(uses_outer);
    for column in wanted.iter_mut().chain(on.iter_mut()) {
        column.rewrite(&mut |part| {
            if let Expression::Outer { slot, .. } = part
                && let Some(outer) = subquery.outer.get(*slot)
            {
                *part = outer.clone();
            }
        });
    }
    let filter = kept.into_iter().reduce(|all, next| Expression::And(vec![all, next]));
    Some(rest.filter(filter))
}

/// Replaces columns of a projection by what they are.
pub(super) fn substitute(expression: &mut Expression, columns: &[(ColumnId, Expression)]) {
    if let Expression::Column { index, .. } = expression {
        if let Some((_, meant)) = columns.iter().find(|(id, _)| id == index) {
            *expression = meant.clone();
        }
        return;
    }
    expression.for_each_child_mut(|child| substitute(child, columns));
}

pub(super) fn uses_outer(expression: &Expression) -> bool {
    expression.any(&mut |part| matches!(part, Expression::Outer { .. }))
}

pub(super) fn plan_uses_outer(plan: &Logical) -> bool {
    let any = |mut expressions: Box<dyn Iterator<Item = &Expression> + '_>| expressions.any(uses_outer);
    match plan {
        Logical::Values { rows, .. } => any(Box::new(rows.iter().flatten())),
        Logical::Scan { .. } => false,
        Logical::Filter { input, predicate } => uses_outer(predicate) || plan_uses_outer(input),
        Logical::Project { input, expressions } => {
            any(Box::new(expressions.iter().map(|(_, e)| e))) || plan_uses_outer(input)
        }
        Logical::Join { left, right, on, .. } => {
            any(Box::new(on.iter())) || plan_uses_outer(left) || plan_uses_outer(right)
        }
        Logical::Aggregate { input, groups, aggregates } => {
            let groups = groups.iter().map(|(_, e)| e);
            let aggregates = aggregates.iter().flat_map(|(_, a)| a.expressions());
            any(Box::new(groups.chain(aggregates))) || plan_uses_outer(input)
        }
        Logical::Sort { input, keys } => {
            any(Box::new(keys.iter().map(|k| &k.expression))) || plan_uses_outer(input)
        }
        Logical::Limit { input, limit, offset } => {
            any(Box::new(limit.iter().chain(offset))) || plan_uses_outer(input)
        }
        Logical::Distinct { input, .. } => plan_uses_outer(input),
        Logical::Append { inputs, .. } => inputs.iter().any(|(input, _)| plan_uses_outer(input)),
        Logical::SetOperation { left, right, .. } | Logical::Recursive { base: left, step: right, .. } => {
            plan_uses_outer(&left.0) || plan_uses_outer(&right.0)
        }
        Logical::Series { range, .. } => any(Box::new(range.iter())),
        Logical::Working { .. } => false,
    }
}
