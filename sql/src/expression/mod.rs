//! Typed expressions: what the binder makes of SQL, what the optimizer rewrites, what runs.
//!
//! | file        | what                                                              |
//! |-------------|-------------------------------------------------------------------|
//! | `mod`       | `Expression` and its parts                                        |
//! | `build`     | constructors that resolve functions and add casts: use these      |
//! | `walk`      | visiting and rewriting                                            |
//! | `evaluate`  | values for the rows of a batch                                    |
//! | `answer`    | the same for subqueries                                           |
//!
//! 1. Every expression has a type; the arguments of a call have the types its function takes.
//!    The constructors see to it.
//! 2. Truth is three-valued: a condition is true, false or NULL, and a row passes when true.
//! 3. Column indexes refer to the input batch of the operator the expression stands in.
//! 4. The height of an expression is bounded by the binder, so walkers may recurse.

mod answer;
mod build;
mod evaluate;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use answer::{Answer, Extremes, RowSet};
pub(crate) use build::{
    AggregateParts, aggregate, and, call, call_name, case, cast, coerce, common_type, condition, convert,
    in_list, is_null, not, or, settle,
};
pub(crate) use evaluate::{Environment, constant_value, encode_row_key, evaluate, select};

use crate::error::Position;
use crate::functions::{AggregateFunction, Function};
use crate::types::{DataType, Value};

/// Where in the statement's text something stands, for errors when it is evaluated. The same
/// expression at another place is an equal one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place(pub(crate) Position);

impl PartialEq for Place {
    fn eq(&self, _: &Place) -> bool {
        true
    }
}

/// A typed expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// A column of the input batch.
    Column { index: usize, data_type: DataType },
    /// A value the enclosing query hands to this subquery: number `slot` of the `outer` list of
    /// the `Subquery` expression it belongs to.
    Outer { slot: usize, data_type: DataType },
    /// A constant; of type `Unknown` while it is NULL or a text literal that met no type.
    Constant { value: Value, data_type: DataType },
    /// A parameter of the statement, from 0. Its value becomes one of the type when it is read; it
    /// may be rounded where it is assigned to a column or in a CAST.
    Parameter { index: usize, data_type: DataType, rounds: bool },
    /// A function of arguments that have the types it takes.
    Call { function: Function, arguments: Vec<Expression>, data_type: DataType, place: Place },
    /// A conversion. An explicit CAST cuts text to VARCHAR(n); an assignment refuses instead.
    Cast { input: Box<Expression>, data_type: DataType, place: Place },
    /// True when all are, false when one is.
    And(Vec<Expression>),
    /// True when one is, false when all are.
    Or(Vec<Expression>),
    /// The opposite; NULL of NULL.
    Not(Box<Expression>),
    /// Is it NULL?
    IsNull { input: Box<Expression>, negated: bool },
    /// The result behind the first condition that is true, else `otherwise`, else NULL.
    Case { branches: Vec<(Expression, Expression)>, otherwise: Option<Box<Expression>>, data_type: DataType },
    /// Is the input equal to one of the list? An empty list is false (or true, negated).
    InList { input: Box<Expression>, list: Vec<Expression>, negated: bool },
    /// The answer of a subquery, see `Subquery`.
    Subquery(Box<Subquery>),
}

/// A subquery inside an expression. Its plan stands in the statement's list of subplans.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Subquery {
    /// The index of its plan in the statement's list of subplans.
    pub(crate) plan: usize,
    /// What is asked of its rows.
    pub(crate) kind: SubqueryKind,
    /// The values of the current row that the plan reads as `Outer { slot }`. Empty: the subquery
    /// is evaluated once a statement.
    pub(crate) outer: Vec<Expression>,
    /// The type of the answer.
    pub(crate) data_type: DataType,
    pub(crate) place: Place,
}

/// What is asked of a subquery's rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SubqueryKind {
    /// The one column of its one row; NULL without a row; more rows are an error.
    Scalar,
    /// Is there a row?
    Exists { negated: bool },
    /// Is there a row equal to the operands? They have the types of the subquery's columns.
    In { operands: Vec<Expression>, negated: bool },
    /// Does the comparison hold between the operand and any row, or all? The operand has the type
    /// of the subquery's column.
    Compare { operand: Box<Expression>, function: Function, all: bool },
}

impl SubqueryKind {
    /// The expressions over the current row that are compared with the subquery's rows.
    pub(crate) fn operands(&self) -> &[Expression] {
        match self {
            SubqueryKind::In { operands, .. } => operands,
            SubqueryKind::Compare { operand, .. } => std::slice::from_ref(operand),
            SubqueryKind::Scalar | SubqueryKind::Exists { .. } => &[],
        }
    }

    /// The same, to be replaced.
    pub(crate) fn operands_mut(&mut self) -> &mut [Expression] {
        match self {
            SubqueryKind::In { operands, .. } => operands,
            SubqueryKind::Compare { operand, .. } => std::slice::from_mut(operand),
            SubqueryKind::Scalar | SubqueryKind::Exists { .. } => &mut [],
        }
    }
}

/// An aggregate function in an aggregation operator.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) function: AggregateFunction,
    /// Over the input batch; empty for `count(*)`.
    pub(crate) arguments: Vec<Expression>,
    /// Take each argument once.
    pub(crate) distinct: bool,
    /// Only rows for which this is true.
    pub(crate) filter: Option<Expression>,
    /// The order in which a group's rows are taken; empty: as they come.
    pub(crate) order: Vec<SortKey>,
    pub(crate) data_type: DataType,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) expression: Expression,
    pub(crate) descending: bool,
    /// By default NULLs come last when ascending and first when descending.
    pub(crate) nulls_first: bool,
}

impl Expression {
    /// A column of the input.
    pub(crate) fn column(index: usize, data_type: DataType) -> Expression {
        Expression::Column { index, data_type }
    }

    /// A constant with the type of its value. Text is typed: for a literal that takes the type of
    /// what it meets use `Expression::literal`.
    pub(crate) fn constant(value: Value) -> Expression {
        let data_type = value.data_type();
        Expression::Constant { value, data_type }
    }

    /// A text literal or NULL, which takes the type of what it meets.
    pub(crate) fn literal(value: Value) -> Expression {
        Expression::Constant { value, data_type: DataType::Unknown }
    }

    /// Notes where it stands, for itself and those of its parts that do not know their place.
    pub(crate) fn placed(&mut self, at: Position) {
        let place = match self {
            Expression::Call { place, .. } | Expression::Cast { place, .. } => place,
            Expression::Subquery(subquery) => &mut subquery.place,
            other => return other.for_each_child_mut(|part| part.placed(at)),
        };
        if place.0.line == 0 {
            *place = Place(at);
            self.for_each_child_mut(|part| part.placed(at));
        }
    }

    /// The type.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Expression::Column { data_type, .. }
            | Expression::Outer { data_type, .. }
            | Expression::Constant { data_type, .. }
            | Expression::Parameter { data_type, .. }
            | Expression::Call { data_type, .. }
            | Expression::Cast { data_type, .. }
            | Expression::Case { data_type, .. } => *data_type,
            Expression::And(_)
            | Expression::Or(_)
            | Expression::Not(_)
            | Expression::IsNull { .. }
            | Expression::InList { .. } => DataType::Boolean,
            Expression::Subquery(subquery) => subquery.data_type,
        }
    }
}
