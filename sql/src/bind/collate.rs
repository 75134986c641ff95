//! COLLATE: texts are compared in another form.
//!
//! `a COLLATE NOCASE = b` is `lower(a) = lower(b)`. It means something where values are compared:
//! in comparisons, IN, BETWEEN, CASE, ORDER BY and GROUP BY; elsewhere it is refused.

use super::Binder;
use crate::error::Result;
use crate::expression::{self as build, Expression};
use crate::functions::Function;
use crate::parse::ast::{Collation, Expr, ExprKind};

/// The expression without the COLLATE around it, and that.
pub(super) fn collated(expr: &Expr) -> (&Expr, Option<Collation>) {
    match &expr.kind {
        ExprKind::Collate { operand, collation } => (collated(operand).0, Some(*collation)),
        _ => (expr, None),
    }
}

/// What is compared instead of an expression.
pub(super) fn collate(expression: Expression, collation: Option<Collation>) -> Result<Expression> {
    match collation {
        None | Some(Collation::Binary) => Ok(expression),
        Some(Collation::NoCase) => build::call(Function::Lower, vec![expression]),
        Some(Collation::TrimEnd) => build::call(Function::TrimEnd, vec![expression]),
    }
}

impl<'a> Binder<'a> {
    /// Expressions that are compared with each other; the first COLLATE among them counts for all.
    pub(super) fn compared<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
    ) -> Result<Vec<Expression>>
    where
        'a: 'e,
        'e: 'a,
    {
        let mut first = None;
        let mut bound = Vec::new();
        for expr in exprs {
            let (plain, collation) = collated(expr);
            first = first.or(collation);
            bound.push(self.expr(plain)?);
        }
        bound.into_iter().map(|expression| collate(expression, first)).collect()
    }
}
