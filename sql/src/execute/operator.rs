//! The operator trait, and from a physical plan to running operators.

use super::aggregate::AggregateOperator;
use super::append::Append;
use super::context::Context;
use super::count::Count;
use super::distinct::Distinct;
use super::filter::{Filter, Project};
use super::hash_join::HashJoin;
use super::index_join::IndexJoin;
use super::limit::Limit;
use super::loop_join::LoopJoin;
use super::measure::Measured;
use super::recursive::{Recursive, Working};
use super::scan::Scan;
use super::series::Series;
use super::set_operation::SetOperation;
use super::sort::Sort;
use super::values::Values;
use crate::error::Result;
use crate::expression::Expression;
use crate::plan::Physical;
use crate::types::Batch;

/// A running operator: rows are pulled from it batch by batch.
pub(crate) trait Operator {
    /// The next rows, never none of them; `None` at the end.
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>>;

    /// Back to the beginning, to run again with other outer values.
    fn reset(&mut self);
}

/// An operator of any kind.
pub(crate) type BoxedOperator = Box<dyn Operator + Send>;

/// Makes the operators of a plan. They own what they need of it.
pub(crate) fn build(plan: &Physical, measured: bool) -> BoxedOperator {
    let operator = plain(plan, measured);
    if measured { Box::new(Measured::new(operator, plan)) } else { operator }
}

fn plain(plan: &Physical, measured: bool) -> BoxedOperator {
    let build = |plan: &Physical| build(plan, measured);
    match plan {
        Physical::Values { rows, types } => Box::new(Values::new(rows, types)),
        Physical::Scan { table, columns, access, filter } => {
            Box::new(Scan::new(table, columns, access, filter.as_ref()))
        }
        Physical::Filter { input, predicate } => Box::new(Filter::new(build(input), predicate)),
        Physical::Project { input, expressions } => Box::new(Project::new(build(input), expressions)),
        Physical::IndexJoin { outer, table, columns, access, inner_filter, on, join } => {
            let filters = (inner_filter.as_ref(), on.as_ref());
            Box::new(IndexJoin::new(build(outer), table, columns, access, filters, *join))
        }
        Physical::HashJoin { left, right, left_keys, right_keys, on, join } => {
            let sides = (build(left), build(right));
            let types = (left.types(), right.types());
            let constant = is_constant(right);
            Box::new(HashJoin::new(sides, types, (left_keys, right_keys), on.as_ref(), *join, constant))
        }
        Physical::LoopJoin { left, right, on, join } => {
            let types = (left.types(), right.types());
            Box::new(LoopJoin::new((build(left), build(right)), types, on.as_ref(), *join))
        }
        Physical::Aggregate { input, groups, aggregates } => {
            if groups.is_empty()
                && let Some(count) = Count::fits(input, aggregates)
            {
                return Box::new(count);
            }
            Box::new(AggregateOperator::new(build(input), input.types(), groups, aggregates))
        }
        Physical::Sort { input, keys, limit, offset } => {
            Box::new(Sort::new(build(input), &input.types(), keys, limit.as_ref(), offset.as_ref()))
        }
        Physical::Limit { input, limit, offset } => {
            Box::new(Limit::new(build(input), limit.as_ref(), offset.as_ref()))
        }
        Physical::Distinct { input, on } => Box::new(Distinct::new(build(input), input.types(), on)),
        Physical::Series { range, .. } => Box::new(Series::new(range)),
        Physical::Recursive { base, step, number, all, .. } => {
            Box::new(Recursive::new(build(base), build(step), *number, *all))
        }
        Physical::Working { number, .. } => Box::new(Working::new(*number)),
        Physical::Append { inputs, .. } => Box::new(Append::new(inputs.iter().map(build).collect())),
        Physical::SetOperation { left, right, except, all } => {
            Box::new(SetOperation::new(build(left), build(right), *except, *all))
        }
    }
}

/// Is it surely a table that gives the same rows each time it is read within a statement?
fn is_constant(plan: &Physical) -> bool {
    let Physical::Scan { access, filter, .. } = plan else { return false };
    let ends = access.lower.iter().chain(&access.upper).map(|bound| &bound.value);
    let all = access.equal.iter().chain(&access.one_of).chain(ends).chain(filter);
    !all.into_iter().any(|expression| {
        expression.any(&mut |part| match part {
            Expression::Outer { .. } | Expression::Subquery(_) => true,
            Expression::Call { function, .. } => function.is_volatile(),
            _ => false,
        })
    })
}
