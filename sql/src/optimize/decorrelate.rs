//! Scalar subqueries that aggregate become joins with a grouped query.
//!
//! ```text
//! (SELECT f(agg(x)) FROM i WHERE i.k = o.k AND c)   becomes   f(a) over o LEFT JOIN
//!                               (SELECT k, agg(x) AS a FROM i WHERE c GROUP BY k) ON k = o.k
//! ```
//!
//! An outer row without a partner sees what an aggregate of nothing gives: NULL, but 0 for a count.
//! This reads the inner rows once. Where an index finds those of one outer row, the subquery stays
//! as it is, answered once for each different outer row.
//!
//! Groups are computed that no outer row asks for, so nothing in the grouped query may fail. A sum
//! of integers is a decimal there, which holds it whatever it is, and becomes an integer where it is
//! asked for. Sums of other expressions than columns of few digits stay subqueries.

use super::Optimizer;
use super::access::has_key_on;
use super::fold::{cannot_fail, columns_of, equality, fold, is_random, split};
use super::subquery::{plan_uses_outer, substitute, uses_outer};
use crate::error::Result;
use crate::expression::{self as build, Aggregate, Expression, Subquery, SubqueryKind};
use crate::functions::{AggregateFunction, Function};
use crate::plan::{ColumnId, JoinType, Logical, Relation};
use crate::types::{DataType, Value};

/// Digits of the number of rows there may be.
const COUNT_DIGITS: u8 = 19;

/// What a subquery is joined as.
struct Grouped {
    plan: Logical,
    on: Vec<Expression>,
    /// The value of the subquery over both sides.
    value: Expression,
}

impl Optimizer<'_> {
    /// Replaces subqueries in expressions over a plan by columns that joins add to it.
    pub(super) fn decorrelate<'e>(
        &mut self,
        mut plan: Logical,
        expressions: impl IntoIterator<Item = &'e mut Expression>,
    ) -> Result<Logical> {
        // The same subquery may stand in several expressions.
        let mut known: Vec<(usize, Expression)> = Vec::new();
        for expression in expressions {
            let mut found: Vec<Subquery> = Vec::new();
            expression.visit(&mut |part| {
                if let Expression::Subquery(subquery) = part {
                    found.push((**subquery).clone());
                }
            });
            for subquery in found {
                if known.iter().any(|(number, _)| *number == subquery.plan) {
                    continue;
                }
                if let Some(Grouped { plan: right, on, value }) = self.grouped(&subquery)? {
                    let (left, right) = (Box::new(plan), Box::new(right));
                    plan = Logical::Join { left, right, join: JoinType::Left, on };
                    known.push((subquery.plan, value));
                }
            }
            expression.rewrite(&mut |part| {
                if let Expression::Subquery(subquery) = part
                    && let Some((_, value)) = known.iter().find(|(number, _)| *number == subquery.plan)
                {
                    *part = value.clone();
                }
            });
        }
        Ok(plan)
    }

    fn grouped(&mut self, subquery: &Subquery) -> Result<Option<Grouped>> {
        if subquery.outer.is_empty() || subquery.kind != SubqueryKind::Scalar {
            return Ok(None);
        }
        let Some(Relation { plan, columns }) = self.subplans.get(subquery.plan).cloned() else {
            return Ok(None);
        };
        let Some(&(id, data_type)) = columns.first() else { return Ok(None) };
        let mut value = Expression::column(id, data_type);
        let mut rest = plan;
        while let Logical::Project { input, expressions } = rest {
            if expressions.iter().any(|(_, expression)| is_random(expression)) {
                return Ok(None);
            }
            substitute(&mut value, &expressions);
            rest = *input;
        }
        let Logical::Aggregate { input, groups, aggregates } = rest else { return Ok(None) };
        if !groups.is_empty() || !aggregates.iter().all(|(_, aggregate)| is_harmless(aggregate)) {
            return Ok(None);
        }
        let Some((input, pairs)) = self.correlation(*input) else { return Ok(None) };
        self.joined(subquery, (input, pairs), aggregates, value)
    }

    /// The input of the aggregation without the conditions that use the outer row, and those, each
    /// as what an inner value must equal. None where there are others, or an index finds the rows.
    fn correlation(&self, input: Logical) -> Option<(Logical, Vec<(Expression, Expression)>)> {
        let (mut rest, mut kept, mut pairs) = (input, Vec::new(), Vec::new());
        while let Logical::Filter { input, predicate } = rest {
            let mut parts = Vec::new();
            split(predicate, &mut parts);
            for part in parts {
                if !uses_outer(&part) {
                    kept.push(part);
                    continue;
                }
                let (a, b) = equality(&part)?;
                let (inner, outer) = if uses_outer(a) { (b, a) } else { (a, b) };
                let plain = !uses_outer(inner) && columns_of(outer).is_empty();
                if !plain || columns_of(inner).is_empty() {
                    return None;
                }
                pairs.push((inner.clone(), outer.clone()));
            }
            rest = *input;
        }
        let found = |inner: &Expression| matches!(inner, Expression::Column { index, .. } if has_key_on(&rest, *index));
        if pairs.is_empty() || plan_uses_outer(&rest) || pairs.iter().any(|(inner, _)| found(inner)) {
            return None;
        }
        let filter = kept.into_iter().reduce(|all, next| Expression::And(vec![all, next]));
        let input = rest.filter(filter);
        plan_cannot_fail(&input).then_some((input, pairs))
    }

    fn joined(
        &mut self,
        subquery: &Subquery,
        (input, pairs): (Logical, Vec<(Expression, Expression)>),
        mut aggregates: Vec<(ColumnId, Aggregate)>,
        mut value: Expression,
    ) -> Result<Option<Grouped>> {
        let (mut groups, mut on) = (Vec::new(), Vec::new());
        for (inner, mut outer) in pairs {
            let id = self.fresh();
            in_outer_terms(&mut outer, subquery);
            let equal = build::call(Function::Equal, vec![outer, Expression::column(id, inner.data_type())])?;
            if !cannot_fail(&inner) || !cannot_fail(&equal) {
                return Ok(None);
            }
            on.push(equal);
            groups.push((id, inner));
        }
        in_outer_terms(&mut value, subquery);
        for (id, aggregate) in &mut aggregates {
            let or = |nothing| {
                let column = Expression::column(*id, aggregate.data_type);
                build::call(Function::Coalesce, vec![column, Expression::constant(nothing)])
            };
            let mut meant = match aggregate.function {
                AggregateFunction::Count | AggregateFunction::CountRows => or(Value::Integer(0))?,
                AggregateFunction::Total => or(Value::Double(0.0))?,
                AggregateFunction::Sum if aggregate.data_type == DataType::BigInt => {
                    aggregate.data_type = DataType::decimal(0);
                    build::cast(Expression::column(*id, aggregate.data_type), DataType::BigInt)?
                }
                _ => continue,
            };
            meant.placed(subquery.place.0);
            value.rewrite(&mut |part| {
                if matches!(part, Expression::Column { index, .. } if index == id) {
                    *part = meant.clone();
                }
            });
        }
        let plan = Logical::Aggregate { input: Box::new(input), groups, aggregates };
        Ok(Some(Grouped { plan, on, value }))
    }
}

/// Can it be computed for groups that nobody asks for? A sum of integers can where its result is
/// wide enough.
fn is_harmless(aggregate: &Aggregate) -> bool {
    use AggregateFunction::{Average, JsonArray, JsonObject, StringAggregate, Sum};
    let argument = aggregate.arguments.first().map(Expression::data_type);
    let fits = match (aggregate.function, argument) {
        (StringAggregate | JsonArray | JsonObject, _) => false,
        (Sum | Average, Some(DataType::Decimal { precision, .. })) => {
            precision + COUNT_DIGITS <= DataType::NUMERIC.precision()
        }
        (Sum, Some(DataType::Interval)) => false,
        _ => true,
    };
    fits && aggregate.order.is_empty() && aggregate.expressions().all(cannot_fail)
}

/// Does it give its rows whatever they are? Only sure cases count.
fn plan_cannot_fail(plan: &Logical) -> bool {
    let fine = |expression: &Expression| {
        let mut folded = expression.clone();
        fold(&mut folded);
        cannot_fail(&folded)
    };
    let narrow = |aggregate: &Aggregate| {
        let wide = aggregate.function == AggregateFunction::Sum && aggregate.data_type == DataType::BigInt;
        is_harmless(aggregate) && !wide
    };
    match plan {
        Logical::Scan { .. } => true,
        Logical::Values { rows, .. } => rows.iter().flatten().all(fine),
        Logical::Filter { input, predicate } => fine(predicate) && plan_cannot_fail(input),
        Logical::Project { input, expressions } => {
            expressions.iter().all(|(_, expression)| fine(expression)) && plan_cannot_fail(input)
        }
        Logical::Join { left, right, on, .. } => {
            on.iter().all(fine) && plan_cannot_fail(left) && plan_cannot_fail(right)
        }
        Logical::Aggregate { input, groups, aggregates } => {
            let groups = groups.iter().all(|(_, group)| fine(group));
            groups && aggregates.iter().all(|(_, aggregate)| narrow(aggregate)) && plan_cannot_fail(input)
        }
        Logical::Sort { input, keys } => {
            keys.iter().all(|key| fine(&key.expression)) && plan_cannot_fail(input)
        }
        Logical::Distinct { input, .. } => plan_cannot_fail(input),
        Logical::Append { inputs, .. } => inputs.iter().all(|(input, _)| plan_cannot_fail(input)),
        _ => false,
    }
}

/// What the subquery gets from the outer row, as the outer query has it.
fn in_outer_terms(expression: &mut Expression, subquery: &Subquery) {
    expression.rewrite(&mut |part| {
        if let Expression::Outer { slot, .. } = part
            && let Some(outer) = subquery.outer.get(*slot)
        {
            *part = outer.clone();
        }
    });
}
