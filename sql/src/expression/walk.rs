//! Visiting and rewriting expressions.

use super::{Aggregate, Expression};

/// Calls `$f` for every direct part of `$of`, by reference (`iter`, `operands`) or by `mut`
/// reference (`iter_mut`, `operands_mut`): one list of the parts for both.
macro_rules! each_child {
    ($of:expr, $f:ident, $iter:ident, $operands:ident) => {
        match $of {
            Expression::Column { .. }
            | Expression::Outer { .. }
            | Expression::Constant { .. }
            | Expression::Parameter { .. } => {}
            Expression::Call { arguments, .. } => arguments.$iter().for_each($f),
            Expression::Cast { input, .. } | Expression::Not(input) | Expression::IsNull { input, .. } => {
                $f(input)
            }
            Expression::And(parts) | Expression::Or(parts) => parts.$iter().for_each($f),
            Expression::Case { branches, otherwise, .. } => {
                for (when, result) in branches {
                    $f(when);
                    $f(result);
                }
                if let Some(otherwise) = otherwise {
                    $f(otherwise);
                }
            }
            Expression::InList { input, list, .. } => {
                $f(input);
                list.$iter().for_each($f);
            }
            Expression::Subquery(subquery) => {
                subquery.outer.$iter().for_each(&mut $f);
                subquery.kind.$operands().$iter().for_each($f);
            }
        }
    };
}

impl Expression {
    /// Calls `f` for every direct part.
    pub(crate) fn for_each_child<'a>(&'a self, mut f: impl FnMut(&'a Expression)) {
        each_child!(self, f, iter, operands);
    }

    /// Calls `f` for every direct part, which it may replace.
    pub(crate) fn for_each_child_mut(&mut self, mut f: impl FnMut(&mut Expression)) {
        each_child!(self, f, iter_mut, operands_mut);
    }

    /// Calls `f` for this expression and all its parts, outermost first.
    pub(crate) fn visit<'a>(&'a self, f: &mut impl FnMut(&'a Expression)) {
        f(self);
        self.for_each_child(|child| child.visit(f));
    }

    /// Calls `f` for all parts and then this expression; `f` may replace what it is given.
    pub(crate) fn rewrite(&mut self, f: &mut impl FnMut(&mut Expression)) {
        self.for_each_child_mut(|child| child.rewrite(f));
        f(self);
    }

    /// Does `test` hold for this expression or one of its parts?
    pub(crate) fn any(&self, test: &mut impl FnMut(&Expression) -> bool) -> bool {
        let mut found = test(self);
        self.for_each_child(|child| found = found || child.any(test));
        found
    }

    /// Calls `f` with the index of every column used.
    pub(crate) fn columns(&self, mut f: impl FnMut(usize)) {
        self.visit(&mut |part| {
            if let Expression::Column { index, .. } = part {
                f(*index);
            }
        });
    }

    /// Replaces every column index.
    pub(crate) fn map_columns(&mut self, mut f: impl FnMut(usize) -> usize) {
        self.rewrite(&mut |part| {
            if let Expression::Column { index, .. } = part {
                *index = f(*index);
            }
        });
    }

    /// Is the value the same for every row of a statement (no column, no row of an enclosing
    /// query, no subquery, nothing random)?
    pub(crate) fn is_row_independent(&self) -> bool {
        !self.any(&mut |part| match part {
            Expression::Column { .. } | Expression::Outer { .. } | Expression::Subquery(_) => true,
            Expression::Call { function, .. } => function.is_random(),
            _ => false,
        })
    }

    /// Can it be computed when the statement is planned?
    pub(crate) fn is_foldable(&self) -> bool {
        self.is_row_independent()
            && !self.any(&mut |part| match part {
                Expression::Parameter { .. } => true,
                Expression::Call { function, .. } => function.is_volatile(),
                _ => false,
            })
    }
}

impl Aggregate {
    /// All its expressions.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let order = self.order.iter().map(|key| &key.expression);
        self.arguments.iter().chain(&self.filter).chain(order)
    }
}
