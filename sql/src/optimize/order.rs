//! The order rows come in anyway, so that a sort can be left out.
//!
//! A table is read in the order of its key, an index in that of its columns; filters, projections,
//! limits and the outer side of lookup and loop joins keep it (a hash join that is too large for the
//! memory does not). Where exactly the opposite is wanted, the read goes
//! backwards.

use crate::catalog::{RowKey, Table};
use crate::expression::{Expression, SortKey};
use crate::plan::{Access, JoinType, Path, Physical};

/// What is known about the order of a plan's rows, in positions of its columns.
struct Order {
    /// Columns with one value in all rows.
    fixed: Vec<usize>,
    /// The columns the rows are ordered by, and whether descending.
    by: Vec<(usize, bool)>,
    /// These are unique in the rows: what is ordered by all of them needs no further key.
    unique: bool,
}

/// Whether the rows come in this order; the plan may be turned round for it.
pub(super) fn comes_sorted(plan: &mut Physical, keys: &[SortKey]) -> bool {
    let Some(order) = order(plan) else { return false };
    let mut by = order.by.iter();
    let mut turned: Option<bool> = None;
    for key in keys {
        let Expression::Column { index, .. } = &key.expression else { return false };
        if order.fixed.contains(index) {
            continue;
        }
        // NULLs are largest in every key of a tree.
        if key.nulls_first != key.descending {
            return false;
        }
        match by.next() {
            Some((column, descending)) if column == index => {
                let turn = *descending != key.descending;
                if *turned.get_or_insert(turn) != turn {
                    return false;
                }
            }
            None if order.unique => break,
            _ => return false,
        }
    }
    if turned == Some(true) { turn(plan) } else { true }
}

fn order(plan: &Physical) -> Option<Order> {
    match plan {
        Physical::Scan { table, columns, access, .. } if !access.reverse => {
            Some(scan_order(table, columns, access))
        }
        Physical::Filter { input, .. } | Physical::Limit { input, .. } => order(input),
        Physical::Project { input, expressions } => {
            let Order { fixed, by, unique } = order(input)?;
            let place = |wanted: usize| {
                expressions
                    .iter()
                    .position(|e| matches!(e, Expression::Column { index, .. } if *index == wanted))
            };
            let whole = by.len();
            let by: Vec<(usize, bool)> =
                by.into_iter().map_while(|(column, descending)| Some((place(column)?, descending))).collect();
            let unique = unique && by.len() == whole;
            Some(Order { fixed: fixed.into_iter().filter_map(place).collect(), by, unique })
        }
        Physical::LoopJoin { join: JoinType::Full, .. } => None,
        Physical::IndexJoin { outer: input, .. } | Physical::LoopJoin { left: input, .. } => {
            // A row may come out several times.
            order(input).map(|order| Order { unique: false, ..order })
        }
        _ => None,
    }
}

fn scan_order(table: &Table, columns: &[usize], access: &Access) -> Order {
    let (key, unique): (Vec<(usize, bool)>, bool) = match access.path {
        Path::Table if table.key == RowKey::Rowid => (vec![(table.rowid_column(), false)], true),
        Path::Table => (table.primary_key().iter().map(|column| (*column, false)).collect(), true),
        Path::Index(number) => match table.indexes.get(number) {
            // NULLs may be there several times.
            Some(index) => (index.columns.clone(), false),
            None => (vec![], false),
        },
    };
    let place = |wanted: usize| columns.iter().position(|column| *column == wanted);
    let fixed: Vec<usize> = key.iter().take(access.equal.len()).filter_map(|(c, _)| place(*c)).collect();
    let rest = key.get(access.equal.len()..).unwrap_or(&[]);
    let by: Vec<(usize, bool)> =
        rest.iter().map_while(|(column, descending)| Some((place(*column)?, *descending))).collect();
    let unique = unique && by.len() == rest.len();
    Order { fixed, by, unique }
}

/// Reads backwards what the order comes from.
fn turn(plan: &mut Physical) -> bool {
    match plan {
        Physical::Scan { access, .. } => {
            access.reverse = true;
            true
        }
        Physical::Filter { input, .. }
        | Physical::Project { input, .. }
        | Physical::IndexJoin { outer: input, .. }
        | Physical::LoopJoin { left: input, .. } => turn(input),
        // Other rows would be the first ones.
        _ => false,
    }
}
