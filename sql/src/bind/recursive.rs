//! WITH RECURSIVE: a query that reads what it has given so far.
//!
//! ```text
//! WITH RECURSIVE r AS (base UNION [ALL] step)     rows := base
//!                                                 while there are rows: rows := step over rows
//! ```
//!
//! In the step the name means the rows of the round before, a `Logical::Working`. A query of this
//! form whose right side does not use the name is an ordinary one.

use super::Binder;
use super::query::{Output, OutputId};
use super::scope::{Named, ScopeColumn};
use crate::error::{Error, Result};
use crate::expression::{self as build, Expression};
use crate::parse::ast::{Cte, SetExpr, SetOp};
use crate::plan::{ColumnId, Logical};
use crate::types::DataType;

/// How often the step is bound anew with wider types.
const ROUNDS_MAX: usize = 3;

/// A name that FROM can mean besides tables.
#[derive(Clone)]
pub(super) enum InSight<'a> {
    /// A WITH query, and how many names were in sight of it.
    Query { cte: &'a Cte, before: usize },
    /// The rows of the round before, inside the step of a recursive query.
    Working { cte: &'a Cte, number: usize, columns: Vec<(String, DataType)>, used: bool },
}

impl InSight<'_> {
    pub(super) fn name(&self) -> &str {
        let (InSight::Query { cte, .. } | InSight::Working { cte, .. }) = self;
        &cte.name.text
    }
}

impl<'a> Binder<'a> {
    /// The rows of a WITH query.
    pub(super) fn with_query(&mut self, cte: &'a Cte) -> Result<Output> {
        if cte.recursive
            && let SetExpr::Operation { op: SetOp::Union, all, left, right, at } = &cte.query.body
        {
            let in_sight = self.ctes.len();
            self.in_sight(&cte.query.with);
            let found = self.recursive(cte, *all, left, right);
            self.ctes.truncate(in_sight);
            if let Some(output) = found.map_err(|error| error.at(*at))? {
                let output = self.ordered(output, &cte.query.order_by)?;
                return self.limited(output, &cte.query);
            }
        }
        self.query(&cte.query)
    }

    /// The recursive query; none if its right side does not use it.
    fn recursive(
        &mut self,
        cte: &'a Cte,
        all: bool,
        base: &'a SetExpr,
        step: &'a SetExpr,
    ) -> Result<Option<Output>> {
        let base = self.set_expr(base)?;
        let mut base = self.settled(base)?;
        for _ in 0..ROUNDS_MAX {
            let types = base.types();
            let number = self.working;
            self.working += 1;
            let names = base.columns.iter().zip(&types).enumerate();
            let columns = names
                .map(|(index, (column, data_type))| {
                    let name = cte.columns.get(index).map_or(&column.name, |name| &name.text);
                    (name.clone(), *data_type)
                })
                .collect();
            let place = self.ctes.len();
            self.ctes.push(InSight::Working { cte, number, columns, used: false });
            let bound = self.set_expr(step);
            let used = matches!(self.ctes.get(place), Some(InSight::Working { used: true, .. }));
            self.ctes.truncate(place);
            let step = bound?;
            if !used {
                return Ok(None);
            }
            let common = common_types(&base, &step)?;
            if common == types {
                let step = self.converted(step, &types)?;
                return self.recursion(base, step, number, all).map(Some);
            }
            base = self.converted(base, &common)?;
        }
        Err(Error::type_mismatch("the step of the recursive query makes its columns ever wider")
            .hint("cast the columns to the type that is meant"))
    }

    fn recursion(&mut self, base: Output, step: Output, number: usize, all: bool) -> Result<Output> {
        let mut columns = Vec::with_capacity(base.columns.len());
        for column in &base.columns {
            let id = self.fresh()?;
            columns.push(OutputId { name: column.name.clone(), id, data_type: column.data_type });
        }
        let side = |output: Output| {
            let ids: Vec<ColumnId> = output.columns.iter().map(|column| column.id).collect();
            Box::new((output.plan, ids))
        };
        let plan = Logical::Recursive {
            types: base.types(),
            base: side(base),
            step: side(step),
            columns: columns.iter().map(|column| column.id).collect(),
            number,
            all,
        };
        Ok(Output { plan, columns })
    }

    /// The rows of the round before, as a table.
    pub(super) fn working_rows(&mut self, index: usize, shown: &str) -> Result<(Logical, Named)> {
        let Some(InSight::Working { number, columns, used, .. }) = self.ctes.get_mut(index) else {
            return Err(Error::internal("no rows of a round before"));
        };
        *used = true;
        let (number, known) = (*number, columns.clone());
        let mut columns = Vec::with_capacity(known.len());
        for (name, data_type) in known {
            columns.push(ScopeColumn::new(name, self.fresh()?, data_type));
        }
        let ids = columns.iter().map(|column| column.id).collect();
        let types = columns.iter().map(|column| column.data_type).collect();
        let named = Named { name: shown.to_owned(), columns, table: None, rowid: None };
        Ok((Logical::Working { number, columns: ids, types }, named))
    }
}

fn common_types(base: &Output, step: &Output) -> Result<Vec<DataType>> {
    let (wanted, found) = (base.columns.len(), step.columns.len());
    if wanted != found {
        let message = format!("the sides of the recursive query have {wanted} and {found} columns");
        return Err(Error::new(crate::ErrorKind::Type, crate::error::state::SYNTAX, message));
    }
    let pairs = base.columns.iter().zip(&step.columns);
    let common = pairs.map(|(l, r)| {
        let pair = [Expression::column(l.id, l.data_type), Expression::column(r.id, r.data_type)];
        build::common_type(&pair, "the sides of the recursive query")
    });
    common.collect()
}
