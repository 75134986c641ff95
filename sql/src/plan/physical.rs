//! Physical plans: data that `execute` turns into running operators.

use crate::catalog::{Action, Table};
use crate::expression::{Aggregate, Expression, SortKey};
use crate::types::DataType;
use std::sync::Arc;

/// A whole statement, ready to run any number of times.
#[derive(Clone, Debug)]
pub struct Statement {
    pub plan: Plan,
    /// The plans of the subqueries in its expressions, by `Subquery::plan`.
    pub subplans: Vec<Physical>,
    /// The columns of its result; empty when it has none.
    pub columns: Vec<OutputColumn>,
}

/// What the statement does.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // There is one a statement.
pub enum Plan {
    Query(Physical),
    Change(Box<Change>),
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    pub name: String,
    pub data_type: DataType,
}

/// An operator that gives rows.
#[derive(Clone, Debug)]
pub enum Physical {
    /// Rows of expressions without columns; one row without columns for a SELECT without FROM.
    Values {
        rows: Vec<Vec<Expression>>,
        types: Vec<DataType>,
    },
    /// Rows of a table: the listed columns (`Table::rowid_column()` is the hidden rowid), of the
    /// rows the access finds, for which the filter (over the listed columns) is true.
    Scan {
        table: Arc<Table>,
        columns: Vec<usize>,
        access: Access,
        filter: Option<Expression>,
    },
    Filter {
        input: Box<Physical>,
        predicate: Expression,
    },
    Project {
        input: Box<Physical>,
        expressions: Vec<Expression>,
    },
    /// For each row of the outer input a lookup in a table. The expressions of the access are over
    /// the outer columns; `inner_filter` is over the listed inner columns; `on` over both.
    IndexJoin {
        outer: Box<Physical>,
        table: Arc<Table>,
        columns: Vec<usize>,
        access: Access,
        inner_filter: Option<Expression>,
        on: Option<Expression>,
        join: JoinType,
    },
    /// The right side is built into a hash table, the left side probes it. Keys have equal types
    /// pairwise; NULL equals nothing.
    HashJoin {
        left: Box<Physical>,
        right: Box<Physical>,
        left_keys: Vec<Expression>,
        right_keys: Vec<Expression>,
        on: Option<Expression>,
        join: JoinType,
    },
    /// Every left row with every right row; the right side is kept in memory.
    LoopJoin {
        left: Box<Physical>,
        right: Box<Physical>,
        on: Option<Expression>,
        join: JoinType,
    },
    /// Group values, then aggregates. Without groups: one row, even of no input.
    Aggregate {
        input: Box<Physical>,
        groups: Vec<Expression>,
        aggregates: Vec<Aggregate>,
    },
    /// Sorted, stable; with a limit only so many of the first rows are needed, after `offset` others.
    Sort {
        input: Box<Physical>,
        keys: Vec<SortKey>,
        limit: Option<Expression>,
        offset: Option<Expression>,
    },
    /// Skips `offset` rows, then gives at most `limit`. NULL is no limit; negative is an error.
    Limit {
        input: Box<Physical>,
        limit: Option<Expression>,
        offset: Option<Expression>,
    },
    /// Each different row once, the first of its kind; NULL is equal to NULL. Only the columns `on`
    /// count; none: all.
    Distinct {
        input: Box<Physical>,
        on: Vec<usize>,
    },
    /// One after the other.
    Append {
        inputs: Vec<Physical>,
        types: Vec<DataType>,
    },
    /// INTERSECT and EXCEPT; with `all` by count.
    SetOperation {
        left: Box<Physical>,
        right: Box<Physical>,
        except: bool,
        all: bool,
    },
    /// The values from a start to a stop by a step: expressions without columns.
    Series {
        range: Box<[Expression; 3]>,
        data_type: DataType,
    },
    /// The base's rows, then round by round those of the step over the rows of the round before.
    Recursive {
        base: Box<Physical>,
        step: Box<Physical>,
        types: Vec<DataType>,
        number: usize,
        all: bool,
    },
    /// The rows of the round before of the recursive query of this number.
    Working {
        number: usize,
        types: Vec<DataType>,
    },
}

/// What a join gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinType {
    /// Left and right columns of each pair.
    Inner,
    /// As inner, and left rows without a partner with NULLs.
    Left,
    /// Left rows that have a partner, once; left columns only.
    Semi,
    /// Left rows that have none; left columns only.
    Anti,
    /// As left, and right rows without a partner with NULLs on the left.
    Full,
}

impl JoinType {
    /// Are the right columns part of the result?
    pub fn gives_right(self) -> bool {
        matches!(self, JoinType::Inner | JoinType::Left | JoinType::Full)
    }
}

/// How rows of a table are found: equal values for the first columns of a key, then perhaps a
/// range of the next. Expressions have the type of the key's column; NULL finds nothing.
#[derive(Clone, Debug)]
pub struct Access {
    pub path: Path,
    pub equal: Vec<Expression>,
    /// Values of the column behind those, each looked up; none: any value. Only in a scan.
    pub one_of: Vec<Expression>,
    pub lower: Option<Bound>,
    pub upper: Option<Bound>,
    /// Backwards.
    pub reverse: bool,
}

/// The tree an access walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The table's own tree.
    Table,
    /// `Table::indexes[n]`; then each row is looked up in the table (unless the index has all the
    /// columns).
    Index(usize),
}

/// One end of a range. In a descending column of an index it is still a bound of the value.
#[derive(Clone, Debug)]
pub struct Bound {
    pub value: Expression,
    pub inclusive: bool,
}

/// INSERT, UPDATE, DELETE. Carried out by `execute::change`.
#[derive(Clone, Debug)]
pub struct Change {
    pub table: Arc<Table>,
    pub kind: ChangeKind,
    /// The rows to insert: a value for each column of the table. The rows to update or delete:
    /// each column of the table, then the hidden rowid where there is one, then (UPDATE) the new
    /// value of each assigned column.
    pub source: Physical,
    /// Over the columns of a new row; false is an error, with the constraint's name.
    pub checks: Vec<(Option<String>, Expression)>,
    pub parents: Vec<ParentCheck>,
    pub children: Vec<ChildCheck>,
    /// The tables whose rows change with rows they refer to.
    pub dependents: Vec<Dependent>,
    /// Over the columns of the new row (of the old one for DELETE).
    pub returning: Vec<Expression>,
}

/// A table whose rows change with rows they refer to: what its changed rows have to fulfil.
#[derive(Clone, Debug)]
pub struct Dependent {
    pub table: Arc<Table>,
    pub checks: Vec<(Option<String>, Expression)>,
    pub parents: Vec<ParentCheck>,
    pub children: Vec<ChildCheck>,
    /// The default of each column, for SET DEFAULT.
    pub defaults: Vec<Expression>,
}

/// What happens to the rows.
#[derive(Clone, Debug)]
pub enum ChangeKind {
    Insert {
        conflict: Conflict,
    },
    /// The columns that get the values behind the old row in the source.
    Update {
        assigned: Vec<usize>,
        /// The source may have a row more than once; the first one counts.
        joined: bool,
    },
    Delete {
        joined: bool,
    },
}

/// What an INSERT does with a row whose unique key is there already.
#[derive(Clone, Debug)]
pub enum Conflict {
    Error,
    /// Skip the row: for a conflict on this key, or any.
    Nothing {
        target: Option<UniqueKey>,
    },
    /// Skip the row for any conflict, and where NOT NULL or CHECK keep it out.
    Ignore,
    /// Delete the rows in the way.
    Replace,
    /// Change the row in the way. Expressions are over its columns followed by those of the row
    /// to insert.
    Update {
        target: UniqueKey,
        assignments: Vec<Assignment>,
        filter: Option<Expression>,
    },
}

/// A column and its new value.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub column: usize,
    pub value: Expression,
}

/// A key of a table in which no value is twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueKey {
    Primary,
    /// `Table::indexes[n]`.
    Index(usize),
}

/// A new row needs a row in another table.
#[derive(Clone, Debug)]
pub struct ParentCheck {
    pub name: Option<String>,
    pub parent: Arc<Table>,
    pub key: UniqueKey,
    /// The columns of the changed table, in the order of the parent's key.
    pub columns: Vec<usize>,
    /// Which of the changed table's foreign keys it is.
    pub number: usize,
    /// It may be broken until the transaction ends.
    pub deferred: bool,
}

/// A row that goes must not be needed by another table.
#[derive(Clone, Debug)]
pub struct ChildCheck {
    pub name: Option<String>,
    pub child: Arc<Table>,
    /// The referring columns, in the order of `parents`.
    pub columns: Vec<usize>,
    /// The referred columns of the changed table.
    pub parents: Vec<usize>,
    /// An index of the child whose first columns are `columns`, in this order.
    pub index: Option<Path>,
    pub on_delete: Action,
    pub on_update: Action,
    /// Which of the child's foreign keys it is.
    pub number: usize,
    /// It may be broken until the transaction ends.
    pub deferred: bool,
    /// The child in `Change::dependents`, where an action changes it.
    pub dependent: Option<usize>,
}

impl Physical {
    /// The types of the columns it gives.
    pub fn types(&self) -> Vec<DataType> {
        match self {
            Physical::Values { types, .. }
            | Physical::Append { types, .. }
            | Physical::Recursive { types, .. }
            | Physical::Working { types, .. } => types.clone(),
            Physical::Series { data_type, .. } => vec![*data_type],
            Physical::Scan { table, columns, .. } => columns.iter().map(|&c| table.column_type(c)).collect(),
            Physical::Filter { input, .. }
            | Physical::Sort { input, .. }
            | Physical::Limit { input, .. }
            | Physical::Distinct { input, .. } => input.types(),
            Physical::Project { expressions, .. } => expressions.iter().map(Expression::data_type).collect(),
            Physical::IndexJoin { outer, table, columns, join, .. } => {
                let mut types = outer.types();
                if join.gives_right() {
                    types.extend(columns.iter().map(|&c| table.column_type(c)));
                }
                types
            }
            Physical::HashJoin { left, right, join, .. } | Physical::LoopJoin { left, right, join, .. } => {
                let mut types = left.types();
                if join.gives_right() {
                    types.extend(right.types());
                }
                types
            }
            Physical::Aggregate { groups, aggregates, .. } => {
                let groups = groups.iter().map(Expression::data_type);
                groups.chain(aggregates.iter().map(|a| a.data_type)).collect()
            }
            Physical::SetOperation { left, .. } => left.types(),
        }
    }
}

impl Physical {
    /// Its inputs.
    pub fn inputs(&self) -> Vec<&Physical> {
        match self {
            Physical::Values { .. }
            | Physical::Scan { .. }
            | Physical::Series { .. }
            | Physical::Working { .. } => vec![],
            Physical::Filter { input, .. }
            | Physical::Project { input, .. }
            | Physical::IndexJoin { outer: input, .. }
            | Physical::Aggregate { input, .. }
            | Physical::Sort { input, .. }
            | Physical::Limit { input, .. }
            | Physical::Distinct { input, .. } => vec![input],
            Physical::HashJoin { left, right, .. }
            | Physical::LoopJoin { left, right, .. }
            | Physical::SetOperation { left, right, .. }
            | Physical::Recursive { base: left, step: right, .. } => vec![left, right],
            Physical::Append { inputs, .. } => inputs.iter().collect(),
        }
    }

    /// Calls `f` for every expression in it and below it.
    pub(crate) fn expressions<'p>(&'p self, f: &mut impl FnMut(&'p Expression)) {
        match self {
            Physical::Values { rows, .. } => rows.iter().flatten().for_each(&mut *f),
            Physical::Scan { access, filter, .. } => access.expressions().chain(filter).for_each(&mut *f),
            Physical::Filter { predicate, .. } => f(predicate),
            Physical::Project { expressions, .. } => expressions.iter().for_each(&mut *f),
            Physical::IndexJoin { access, inner_filter, on, .. } => {
                access.expressions().chain(inner_filter).chain(on).for_each(&mut *f);
            }
            Physical::HashJoin { left_keys, right_keys, on, .. } => {
                left_keys.iter().chain(right_keys).chain(on).for_each(&mut *f);
            }
            Physical::LoopJoin { on, .. } => on.iter().for_each(&mut *f),
            Physical::Aggregate { groups, aggregates, .. } => {
                groups.iter().chain(aggregates.iter().flat_map(Aggregate::expressions)).for_each(&mut *f);
            }
            Physical::Sort { keys, limit, offset, .. } => {
                keys.iter().map(|key| &key.expression).chain(limit).chain(offset).for_each(&mut *f);
            }
            Physical::Limit { limit, offset, .. } => limit.iter().chain(offset).for_each(&mut *f),
            Physical::Series { range, .. } => range.iter().for_each(&mut *f),
            Physical::Distinct { .. }
            | Physical::Append { .. }
            | Physical::SetOperation { .. }
            | Physical::Recursive { .. }
            | Physical::Working { .. } => {}
        }
        self.inputs().into_iter().for_each(|input| input.expressions(f));
    }
}

impl Access {
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let bounds = self.lower.iter().chain(&self.upper).map(|bound| &bound.value);
        self.equal.iter().chain(&self.one_of).chain(bounds)
    }
}
