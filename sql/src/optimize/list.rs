//! `key IN (list)` becomes a join with the list, where each of its values can be looked up.

use super::Optimizer;
use super::access::{LOOKUP_COST, begins_key, is_unique};
use crate::catalog::Table;
use crate::error::Result;
use crate::expression::{self as build, Expression};
use crate::functions::Function;
use crate::plan::Logical;
use crate::types::DataType;

/// A longer list stays a condition.
const LIST_MAX: usize = 1_000;

impl Optimizer<'_> {
    /// Adds the lists to the inputs of a join and replaces their conditions by equalities.
    pub(super) fn join_lists(
        &mut self,
        inputs: &mut Vec<Logical>,
        conditions: &mut [Expression],
    ) -> Result<()> {
        let mut lists = Vec::new();
        for condition in conditions {
            let Expression::InList { input, list, negated: false } = &*condition else { continue };
            let Expression::Column { index, data_type } = **input else { continue };
            let short = list.len() <= LIST_MAX && list.iter().all(Expression::is_row_independent);
            let Some((table, column)) = table_of(inputs, index).filter(|_| short) else { continue };
            if !self.is_cheaper(table, column, list.len())? {
                continue;
            }
            let id = self.fresh();
            let listed = list.first().map_or(DataType::Unknown, Expression::data_type);
            let rows = list.iter().map(|value| vec![value.clone()]).collect();
            let values = Logical::Values { rows, columns: vec![id], types: vec![listed] };
            lists.push(Logical::Distinct { input: Box::new(values), columns: vec![id] });
            let sides = vec![Expression::column(index, data_type), Expression::column(id, listed)];
            *condition = build::call(Function::Equal, sides)?;
        }
        inputs.extend(lists);
        Ok(())
    }

    /// Are that many lookups cheaper than reading all?
    fn is_cheaper(&self, table: &Table, column: usize, len: usize) -> Result<bool> {
        if !begins_key(table, column) {
            return Ok(false);
        }
        let rows = self.statistics.rows(table)? as f64;
        let found = if is_unique(table, &[column]) { 1.0 } else { rows.sqrt() };
        Ok(len as f64 * found * LOOKUP_COST < rows)
    }
}

/// The table among the inputs that has this column, and the column's number in it.
fn table_of(inputs: &[Logical], id: usize) -> Option<(&Table, usize)> {
    inputs.iter().find_map(|input| match input {
        Logical::Scan { table, columns } => {
            Some((&**table, columns.iter().position(|column| *column == id)?))
        }
        _ => None,
    })
}
