//! Statements about one row, or the rows of a range of keys, without operators, batches and
//! vectors. Once its buffers have grown, such a statement allocates nothing.
//!
//! | file     | what                                                              |
//! |----------|-------------------------------------------------------------------|
//! | `mod`    | which plans are taken; parameters and constants                   |
//! | `read`   | columns of the row of a key, or of the rows of a range             |
//! | `change` | INSERT of one row, UPDATE and DELETE by key                        |
//!
//! 1. A plan is taken by its shape alone, or not at all: `Direct::of` knows everything that is
//!    needed and leaves the rest to the operators.
//! 2. What is checked, how rows are written and what errors say is the code of the operators and of
//!    `change`: results and errors are the same either way.

mod change;
mod read;

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::functions::{cast_exactly, cast_value};
use crate::plan::{ChangeKind, Conflict, Physical, Plan, Statement};
use crate::types::{DataType, Value};
pub(crate) use change::{Changed, DirectChange, Scratch};
pub(crate) use read::{DirectRead, Held, Spare};

/// A plan that is carried out without operators.
#[derive(Debug)]
pub(crate) enum Direct {
    Read(DirectRead),
    Change(DirectChange),
}

impl Direct {
    /// The direct way of a plan, if it has one.
    pub(crate) fn of(statement: &Statement) -> Option<Direct> {
        match &statement.plan {
            Plan::Query(plan) => DirectRead::of(plan).map(Direct::Read),
            Plan::Change(change) => {
                if !change.returning.is_empty() || !change.dependents.is_empty() {
                    return None;
                }
                match (&change.kind, &change.source) {
                    (ChangeKind::Insert { conflict: Conflict::Error }, Physical::Values { rows, .. }) => {
                        DirectChange::insert(change, rows)
                    }
                    (ChangeKind::Update { assigned, joined: false }, Physical::Project { .. }) => {
                        DirectChange::update(change, assigned)
                    }
                    (ChangeKind::Delete { joined: false }, _) => DirectChange::delete(change),
                    _ => None,
                }
                .map(Direct::Change)
            }
        }
    }
}

/// A value that is known when the statement begins.
#[derive(Debug)]
enum Operand {
    Constant(Value),
    /// As in `Expression`.
    Parameter {
        index: usize,
        data_type: DataType,
        rounds: bool,
    },
}

impl Operand {
    fn of(expression: &Expression) -> Option<Operand> {
        match expression {
            Expression::Constant { value, .. } => Some(Operand::Constant(value.clone())),
            Expression::Parameter { index, data_type, rounds } => {
                Some(Operand::Parameter { index: *index, data_type: *data_type, rounds: *rounds })
            }
            _ => None,
        }
    }

    fn all<'e>(expressions: impl IntoIterator<Item = &'e Expression>) -> Option<Vec<Operand>> {
        expressions.into_iter().map(Operand::of).collect()
    }

    /// The value as it is given, if it is of the type it has to have.
    fn given<'v>(&'v self, parameters: &'v [Value]) -> Option<&'v Value> {
        match self {
            Operand::Constant(value) => Some(value),
            Operand::Parameter { index, data_type, .. } => {
                parameters.get(*index).filter(|value| is_of(value, *data_type))
            }
        }
    }

    /// The value of the type it has to have.
    fn value<'v>(&'v self, parameters: &'v [Value]) -> Result<Cow<'v, Value>> {
        match (self.given(parameters), self) {
            (Some(value), _) => Ok(Cow::Borrowed(value)),
            (None, Operand::Parameter { index, data_type, rounds }) => {
                let value = parameters.get(*index).ok_or_else(|| Error::internal("a missing parameter"))?;
                let value = if *rounds { cast_value } else { cast_exactly }(value, *data_type);
                value.map(Cow::Owned).map_err(|error| error.within(format_args!("parameter {}", index + 1)))
            }
            (None, Operand::Constant(_)) => Err(Error::internal("a constant without a value")),
        }
    }
}

/// Would a cast to the type leave the value as it is? False where that takes a look.
fn is_of(value: &Value, data_type: DataType) -> bool {
    match value {
        Value::Null => true,
        Value::Integer(_) => data_type == DataType::BigInt,
        Value::Text(_) => data_type == DataType::TEXT,
        Value::Boolean(_) => data_type == DataType::Boolean,
        Value::Double(_) => data_type == DataType::Double,
        Value::Blob(_) => data_type == DataType::Blob,
        Value::Uuid(_) => data_type == DataType::Uuid,
        _ => false,
    }
}
