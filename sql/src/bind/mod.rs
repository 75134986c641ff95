//! Names and types resolved: the syntax tree becomes a logical plan of typed expressions.
//!
//! | file         | what                                                              |
//! |--------------|-------------------------------------------------------------------|
//! | `scope`      | which columns a name can mean, here and in the enclosing queries   |
//! | `expression` | expressions                                                       |
//! | `subquery`   | subqueries inside expressions                                      |
//! | `collate`, `row` | COLLATE; rows of values                                        |
//! | `query`      | WITH, set operations, ORDER BY, LIMIT                              |
//! | `select`     | one SELECT: items, WHERE, grouping                                 |
//! | `from`       | tables and joins; `recursive`, `series`: WITH RECURSIVE, generate_series |
//! | `describe`   | the schema as tables                                              |
//! | `view`       | views                                                             |
//! | `change`     | INSERT, UPDATE, DELETE                                             |
//! | `reference`  | foreign keys on both sides                                         |
//!
//! A subquery that uses columns of an enclosing query gets them as `Outer` slots; a column two
//! levels up passes through the level between.

mod change;
mod collate;
mod describe;
mod expression;
mod from;
mod query;
mod recursive;
mod reference;
mod row;
mod scope;
mod select;
mod series;
mod subquery;
mod view;

pub use describe::pragma;
pub use reference::both_sides;

use crate::catalog::{Catalog, Table};
use crate::error::{Error, ErrorKind, Result, state};
use crate::expression::Expression;
use crate::parse::ast;
use crate::plan::{ChangeKind, ChildCheck, ColumnId, Dependent, OutputColumn, ParentCheck, Relation};
use crate::types::DataType;
use recursive::InSight;
use scope::{Level, Named};
use std::sync::Arc;

/// The most columns a statement may number: bounds what WITH queries used again and again expand to.
const COLUMNS_MAX: usize = 100_000;

/// A bound statement.
pub struct Bound {
    pub kind: BoundKind,
    /// The subqueries in its expressions.
    pub subplans: Vec<Relation>,
    pub columns: Vec<OutputColumn>,
    /// It would be bound differently with values of other types.
    pub uses_given: bool,
}

/// What the statement does.
pub enum BoundKind {
    Query(Relation),
    Change(Box<BoundChange>),
}

/// INSERT, UPDATE or DELETE; the fields are those of `plan::Change`, its expressions by position.
pub struct BoundChange {
    pub table: Arc<Table>,
    pub kind: ChangeKind,
    pub source: Relation,
    pub checks: Vec<(Option<String>, Expression)>,
    pub parents: Vec<ParentCheck>,
    pub children: Vec<ChildCheck>,
    pub dependents: Vec<Dependent>,
    pub returning: Vec<Expression>,
}

/// Binds a query or a change. `given` are the types of the parameters' values, as far as known: a
/// result column that is nothing but a parameter has its value's type.
pub fn bind(catalog: &Catalog, statement: &ast::Statement, given: &[DataType]) -> Result<Bound> {
    let mut binder = Binder::new(catalog, given);
    let (kind, columns) = match statement {
        ast::Statement::Query(query) => {
            let (relation, columns) = binder.statement_query(query)?;
            (BoundKind::Query(relation), columns)
        }
        ast::Statement::Insert(insert) => binder.insert(insert)?,
        ast::Statement::Update(update) => binder.update(update)?,
        ast::Statement::Delete(delete) => binder.delete(delete)?,
        _ => return Err(Error::internal("only queries and changes are bound")),
    };
    Ok(Bound { kind, subplans: binder.subplans, columns, uses_given: binder.uses_given })
}

/// Checks that the defaults and CHECK constraints of a table mean something.
pub fn check_table(catalog: &Catalog, name: &str) -> Result<()> {
    let mut binder = Binder::new(catalog, &[]);
    binder.defaults_and_checks(catalog.table(name)?)
}

/// Checks that the query of a view means something and that its columns have enough names.
pub fn check_view(catalog: &Catalog, create: &ast::CreateView) -> Result<()> {
    Binder::new(catalog, &[]).view_query(&create.name.text, &create.columns, &create.query).map(drop)
}

/// The state of binding one statement.
struct Binder<'a> {
    catalog: &'a Catalog,
    /// The enclosing queries, outermost first; the last is the one being bound.
    levels: Vec<Level>,
    next: ColumnId,
    subplans: Vec<Relation>,
    /// The WITH queries in sight, innermost last.
    ctes: Vec<InSight<'a>>,
    /// The number of the next recursive query.
    working: usize,
    /// Types of the parameters' values.
    given: &'a [DataType],
    uses_given: bool,
    /// How many views are being bound inside each other.
    views: usize,
    /// More than 0: what is being bound stands in another text than the statement's.
    elsewhere: usize,
}

impl<'a> Binder<'a> {
    fn new(catalog: &'a Catalog, given: &'a [DataType]) -> Self {
        Binder {
            catalog,
            levels: Vec::new(),
            next: 0,
            subplans: Vec::new(),
            ctes: Vec::new(),
            working: 0,
            given,
            uses_given: false,
            views: 0,
            elsewhere: 0,
        }
    }

    fn fresh(&mut self) -> Result<ColumnId> {
        self.next += 1;
        if self.next > COLUMNS_MAX {
            let message = format!(
                "the statement has more than {COLUMNS_MAX} columns, those of its subqueries included"
            );
            return Err(Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message));
        }
        Ok(self.next)
    }

    fn level(&mut self) -> Result<&mut Level> {
        self.levels.last_mut().ok_or_else(|| Error::internal("no query is being bound"))
    }

    /// Binds something whose names mean columns of these tables and of nothing else.
    fn alone<T>(&mut self, tables: Vec<Named>, bind: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let levels = std::mem::take(&mut self.levels);
        self.levels.push(Level { tables, ..Level::default() });
        let result = bind(self);
        self.levels = levels;
        result
    }
}
