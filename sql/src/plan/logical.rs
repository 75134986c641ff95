//! Logical plans: what is asked.
//!
//! Every column anywhere in a statement has a number of its own, its `ColumnId`; an expression in
//! a logical plan has it as the index of `Expression::Column`. So an expression keeps its meaning
//! wherever the optimizer moves it. Only the physical plan has positions.

use super::physical::JoinType;
use crate::catalog::Table;
use crate::expression::{Aggregate, Expression, SortKey};
use crate::types::DataType;
use std::sync::Arc;

/// The number of a column within a statement.
pub type ColumnId = usize;

/// An operator of a logical plan.
#[derive(Clone, Debug)]
pub enum Logical {
    Values {
        rows: Vec<Vec<Expression>>,
        columns: Vec<ColumnId>,
        types: Vec<DataType>,
    },
    /// One id for each column of the table, and one more for the hidden rowid.
    Scan {
        table: Arc<Table>,
        columns: Vec<ColumnId>,
    },
    Filter {
        input: Box<Logical>,
        predicate: Expression,
    },
    /// Only these columns exist above.
    Project {
        input: Box<Logical>,
        expressions: Vec<(ColumnId, Expression)>,
    },
    Join {
        left: Box<Logical>,
        right: Box<Logical>,
        join: JoinType,
        on: Vec<Expression>,
    },
    Aggregate {
        input: Box<Logical>,
        groups: Vec<(ColumnId, Expression)>,
        aggregates: Vec<(ColumnId, Aggregate)>,
    },
    Sort {
        input: Box<Logical>,
        keys: Vec<SortKey>,
    },
    Limit {
        input: Box<Logical>,
        limit: Option<Expression>,
        offset: Option<Expression>,
    },
    /// The columns that exist above, and those of them that count; none: all.
    Distinct {
        input: Box<Logical>,
        columns: Vec<ColumnId>,
        on: Vec<ColumnId>,
    },
    /// The columns of each input that become the columns above.
    Append {
        inputs: Vec<(Logical, Vec<ColumnId>)>,
        columns: Vec<ColumnId>,
        types: Vec<DataType>,
    },
    SetOperation {
        left: Box<(Logical, Vec<ColumnId>)>,
        right: Box<(Logical, Vec<ColumnId>)>,
        columns: Vec<ColumnId>,
        except: bool,
        all: bool,
    },
    /// The values from a start to a stop by a step.
    Series {
        range: Box<[Expression; 3]>,
        column: ColumnId,
        data_type: DataType,
    },
    /// The rows of the base, then round by round those of the step, which reads the rows of the
    /// round before through the `Working` of the same number. Without `all` each row once.
    Recursive {
        base: Box<(Logical, Vec<ColumnId>)>,
        step: Box<(Logical, Vec<ColumnId>)>,
        columns: Vec<ColumnId>,
        types: Vec<DataType>,
        number: usize,
        all: bool,
    },
    /// The rows of the round before.
    Working {
        number: usize,
        columns: Vec<ColumnId>,
        types: Vec<DataType>,
    },
}

/// A logical plan and the columns of its result, in order.
#[derive(Clone, Debug)]
pub struct Relation {
    pub plan: Logical,
    pub columns: Vec<(ColumnId, DataType)>,
}

impl Logical {
    /// One row without columns.
    pub fn single() -> Logical {
        Logical::Values { rows: vec![vec![]], columns: vec![], types: vec![] }
    }

    /// The plan with a condition on top.
    #[must_use]
    pub fn filter(self, predicate: Option<Expression>) -> Logical {
        match predicate {
            Some(predicate) => Logical::Filter { input: Box::new(self), predicate },
            None => self,
        }
    }

    /// The columns that exist above it.
    pub fn output(&self) -> Vec<ColumnId> {
        match self {
            Logical::Values { columns, .. }
            | Logical::Scan { columns, .. }
            | Logical::Distinct { columns, .. }
            | Logical::Append { columns, .. }
            | Logical::Recursive { columns, .. }
            | Logical::Working { columns, .. }
            | Logical::SetOperation { columns, .. } => columns.clone(),
            Logical::Series { column, .. } => vec![*column],
            Logical::Filter { input, .. } | Logical::Sort { input, .. } | Logical::Limit { input, .. } => {
                input.output()
            }
            Logical::Project { expressions, .. } => expressions.iter().map(|(id, _)| *id).collect(),
            Logical::Join { left, right, join, .. } => {
                let mut columns = left.output();
                if join.gives_right() {
                    columns.extend(right.output());
                }
                columns
            }
            Logical::Aggregate { groups, aggregates, .. } => {
                groups.iter().map(|(id, _)| *id).chain(aggregates.iter().map(|(id, _)| *id)).collect()
            }
        }
    }
}
