//! Rows of values: `(a, b) = (c, d)`, `(a, b) < (c, d)`, `(a, b) = (SELECT ..)`.
//!
//! Rows are ordered by their first values that differ, so `(a, b) < (c, d)` is
//! `a < c OR (a = c AND b < d)`.

use super::Binder;
use super::expression::{negate_if, operator};
use crate::error::{Error, Position, Result};
use crate::expression::{self as build, Expression};
use crate::functions::Function;
use crate::parse::ast::{BinaryOp, Expr, ExprKind};

impl<'a> Binder<'a> {
    /// A row compared with something.
    pub(super) fn row_comparison(
        &mut self,
        op: BinaryOp,
        left: &'a [Expr],
        right: &'a Expr,
        at: Position,
    ) -> Result<Expression> {
        let function = operator(op);
        if !function.is_comparison() {
            return Err(Error::type_mismatch("rows of values can only be compared").at(at));
        }
        match &right.kind {
            ExprKind::Row(right) => self.rows(function, left, right, at),
            ExprKind::Subquery(query) => {
                let left = self.exprs(left)?;
                let right = self.row_subquery(query, left.len(), right.at)?;
                compare(function, left, right)
            }
            _ => Err(Error::type_mismatch("a row is compared with something that is not one").at(right.at)),
        }
    }

    pub(super) fn rows(
        &mut self,
        function: Function,
        left: &'a [Expr],
        right: &'a [Expr],
        at: Position,
    ) -> Result<Expression> {
        if left.len() != right.len() {
            return Err(Error::type_mismatch("the rows have different numbers of values").at(at));
        }
        let (mut lefts, mut rights) = (Vec::with_capacity(left.len()), Vec::with_capacity(left.len()));
        for (left, right) in left.iter().zip(right) {
            let mut pair = self.compared([left, right])?.into_iter();
            lefts.extend(pair.next());
            rights.extend(pair.next());
        }
        compare(function, lefts, rights)
    }
}

fn compare(function: Function, left: Vec<Expression>, right: Vec<Expression>) -> Result<Expression> {
    if matches!(function, Function::Equal | Function::NotEqual) {
        let pairs = left.into_iter().zip(right);
        let equal = pairs.map(|(left, right)| build::call(Function::Equal, vec![left, right]));
        let all = build::and(equal.collect::<Result<_>>()?)?;
        return negate_if(function == Function::NotEqual, all);
    }
    let strict = match function {
        Function::Less | Function::LessEqual => Function::Less,
        _ => Function::Greater,
    };
    // From the last values to the first.
    let mut pairs = left.into_iter().zip(right).rev();
    let (left, right) = pairs.next().ok_or_else(|| Error::type_mismatch("a row without values"))?;
    let mut result = build::call(function, vec![left, right])?;
    for (left, right) in pairs {
        let before = build::call(strict, vec![left.clone(), right.clone()])?;
        let equal = build::call(Function::Equal, vec![left, right])?;
        result = build::or(vec![before, build::and(vec![equal, result])?])?;
    }
    Ok(result)
}
