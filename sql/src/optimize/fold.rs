//! Constants computed while planning, and conditions taken apart.

use crate::expression::{Expression, call, constant_value};
use crate::functions::Function;
use crate::plan::ColumnId;
use crate::types::Value;
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
                other => out.push(other),
            }
        }
    }
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
        Expression::Call { function, .. } => *function == Function::Random,
        _ => false,
    })
}

/// Does it give another value each time it is computed?
pub(super) fn is_random(expression: &Expression) -> bool {
    expression.any(&mut |part| matches!(part, Expression::Call { function: Function::Random, .. }))
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
