//! Constants computed while planning, and conditions taken apart.

use crate::expression::{Expression, call, constant_value};
use crate::functions::Function;
use crate::plan::ColumnId;
use crate::types::{DataType, Value};
use std::collections::HashSet;

/// Computes what is constant. What fails then fails when it runs, if it ever does.
pub(super) fn fold(expression: &mut Expression) {
    if matches!(expression, Expression::Constant { .. } | Expression::Column { .. }) {
        return;
    }
    if expression.is_foldable()
        && let Ok(value) = constant_value(expression)
    {
        *expression = Expression::Constant { value, data_type: expression.data_type() };
        return;
    }
    expression.for_each_child_mut(fold);
}

/// Adds the parts of a condition that must all hold; those that always do are left out.
pub(super) fn split(condition: Expression, out: &mut Vec<Expression>) {
    match condition {
        Expression::And(parts) => parts.into_iter().for_each(|part| split(part, out)),
        mut other => {
            fold(&mut other);
            match other {
                Expression::And(parts) => parts.into_iter().for_each(|part| split(part, out)),
                Expression::Constant { value: Value::Boolean(true), .. } => {}
                Expression::InList { input, mut list, negated: false } if list.len() == 1 => {
                    let item = list.remove(0);
                    match call(Function::Equal, vec![(*input).clone(), item.clone()]) {
                        Ok(equal) => out.push(equal),
                        Err(_) => out.push(Expression::InList { input, list: vec![item], negated: false }),
                    }
                }
                Expression::Or(parts) => {
                    let (common, rest) = factored(parts);
                    out.extend(common);
                    out.extend(rest);
                }
                other => out.push(other),
            }
        }
    }
}

/// The parts of a filter's condition, then the conditions from above it: these may fail on rows that
/// the filter keeps from them, such as `10 / a > 1` above `a <> 0`.
pub(super) fn below_first(predicate: Expression, above: Vec<Expression>) -> Vec<Expression> {
    let mut conditions = Vec::with_capacity(above.len() + 1);
    split(predicate, &mut conditions);
    conditions.extend(above);
    conditions
}

/// `(a AND b) OR (a AND c)` is `a AND (b OR c)`: what all parts have in common, and the rest.
fn factored(parts: Vec<Expression>) -> (Vec<Expression>, Option<Expression>) {
    let terms = |part: Expression| match part {
        Expression::And(terms) => terms,
        other => vec![other],
    };
    let mut branches: Vec<Vec<Expression>> = parts.into_iter().map(terms).collect();
    let mut common: Vec<Expression> = Vec::new();
    for term in branches.first().cloned().unwrap_or_default() {
        if branches.iter().all(|branch| branch.contains(&term))
            && !common.contains(&term)
            && !is_random(&term)
        {
            branches.iter_mut().for_each(|branch| branch.retain(|other| *other != term));
            common.push(term);
        }
    }
    // A branch with nothing left is true once the common terms are.
    if branches.iter().any(Vec::is_empty) {
        return (common, None);
    }
    let join = |mut branch: Vec<Expression>| match branch.len() {
        1 => branch.remove(0),
        _ => Expression::And(branch),
    };
    (common, Some(Expression::Or(branches.into_iter().map(join).collect())))
}

/// The columns an expression uses.
pub(super) fn columns_of(expression: &Expression) -> HashSet<ColumnId> {
    let mut columns = HashSet::new();
    expression.columns(|id| {
        columns.insert(id);
    });
    columns
}

/// Does it use these columns and no others?
pub(super) fn only_uses(expression: &Expression, columns: &HashSet<ColumnId>) -> bool {
    let mut only = true;
    expression.columns(|id| only &= columns.contains(&id));
    only
}

/// Is it the same for all rows of the operator it stands in?
pub(super) fn is_fixed(expression: &Expression) -> bool {
    !expression.any(&mut |part| match part {
        Expression::Column { .. } => true,
        Expression::Call { function, .. } => function.is_random(),
        _ => false,
    })
}

/// Does it give another value each time it is computed?
pub(super) fn is_random(expression: &Expression) -> bool {
    expression.any(&mut |part| matches!(part, Expression::Call { function, .. } if function.is_random()))
}

/// Does it give another value each time and read no column? It decides about the rows of the operator
/// it stands at: below a join or a grouping there are others.
pub(super) fn is_draw(expression: &Expression) -> bool {
    is_random(expression) && columns_of(expression).is_empty()
}

/// Is there no row for which it fails? Only sure cases count. What fails with a parameter does so
/// for every row.
pub(super) fn cannot_fail(expression: &Expression) -> bool {
    !expression.any(&mut |part| match part {
        Expression::Column { .. }
        | Expression::Outer { .. }
        | Expression::Constant { .. }
        | Expression::Parameter { .. }
        | Expression::And(_)
        | Expression::Or(_)
        | Expression::Not(_)
        | Expression::IsNull { .. }
        | Expression::Case { .. }
        | Expression::InList { .. } => false,
        Expression::Cast { input, data_type, .. } => !always_converts(input.data_type(), *data_type),
        Expression::Call { function: Function::Like | Function::LikeIgnoreCase, arguments, .. } => {
            arguments.len() != 2
        }
        Expression::Call { function, .. } => {
            let total = matches!(function, Function::Coalesce | Function::Length | Function::Lower);
            !(total || function.is_comparison())
        }
        Expression::Subquery(_) => true,
    })
}

/// Has every value of one type its like in the other?
fn always_converts(from: DataType, to: DataType) -> bool {
    let whole = |data_type: DataType| data_type.precision() - data_type.scale();
    match to {
        DataType::Double => from.is_numeric(),
        DataType::BigInt => from.is_integer(),
        DataType::Decimal { .. } => {
            let exact = from.is_integer() || from.physical() == to.physical();
            exact && whole(from) <= whole(to) && from.scale() <= to.scale()
        }
        DataType::Text { max: None } => from.is_text(),
        _ => from == to,
    }
}

/// The sides of `left = right`.
pub(super) fn equality(condition: &Expression) -> Option<(&Expression, &Expression)> {
    match condition {
        Expression::Call { function: Function::Equal, arguments, .. } => match arguments.as_slice() {
            [left, right] => Some((left, right)),
            _ => None,
        },
        _ => None,
    }
}
