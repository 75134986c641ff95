//! How the rows of a table are found: by its key, by an index, or by reading all.
//!
//! A condition can be answered by a key when it compares a plain column with something that is
//! known before the table is read, and both have the same kind of value. `=` extends the prefix
//! of the key that is fixed; the column behind it may have a range.

use super::Optimizer;
use super::fold::{equality, is_fixed};
use crate::catalog::{RowKey, Table};
use crate::error::Result;
use crate::expression::Expression;
use crate::functions::Function;
use crate::plan::{Access, Bound, ColumnId, Logical, Path};
use crate::types::{DataType, Decimal, Value, decimal};
use std::sync::Arc;

/// Costs in units of one row read in order.
pub(super) const LOOKUP_COST: f64 = 4.0;

/// A table to be read, with the conditions on it alone.
#[derive(Clone)]
pub(super) struct ScanLeaf {
    pub(super) table: Arc<Table>,
    /// One for each column, and the hidden rowid.
    pub(super) ids: Vec<ColumnId>,
    pub(super) conditions: Vec<Expression>,
    /// Rows of the table.
    pub(super) full: f64,
}

/// A way to find rows.
pub(super) struct Choice {
    pub(super) access: Access,
    /// The conditions (by number) that it answers.
    pub(super) answered: Vec<usize>,
    /// How many of the extra equalities it uses.
    pub(super) extra_used: usize,
    /// Rows it finds.
    pub(super) rows: f64,
    pub(super) cost: f64,
}

/// A comparison that a key may answer.
struct Comparison {
    column: usize,
    function: Function,
    value: Expression,
    /// The number of the condition; none for an extra equality.
    condition: Option<usize>,
}

/// A list of values for a column that a key may answer.
struct List {
    column: usize,
    values: Vec<Expression>,
    condition: usize,
}

/// What the conditions say about single columns.
struct Known {
    comparisons: Vec<Comparison>,
    lists: Vec<List>,
}

pub(super) fn full_scan() -> Access {
    Access { path: Path::Table, equal: vec![], one_of: vec![], lower: None, upper: None, reverse: false }
}

impl Optimizer<'_> {
    /// The cheapest way to find the rows of a leaf. The extra equalities (a column of the table
    /// and what it equals) come from a join; with some given, only ways that use one count.
    pub(super) fn choose(&self, leaf: &ScanLeaf, extra: &[(usize, Expression)]) -> Result<Option<Choice>> {
        let mut comparisons: Vec<Comparison> = Vec::new();
        for (column, value) in extra {
            let function = Function::Equal;
            comparisons.push(Comparison { column: *column, function, value: value.clone(), condition: None });
        }
        let mut lists = Vec::new();
        for (number, condition) in leaf.conditions.iter().enumerate() {
            comparisons.extend(comparison(leaf, condition, number));
            if extra.is_empty() {
                lists.extend(list(leaf, condition, number));
            }
        }
        let known = Known { comparisons, lists };
        let mut best: Option<Choice> = None;
        for (path, key, unique) in keys(&leaf.table) {
            let Some(choice) = along(leaf, path, &key, unique, &known) else { continue };
            if !extra.is_empty() && choice.extra_used == 0 {
                continue;
            }
            if best.as_ref().is_none_or(|best| choice.cost < best.cost) {
                best = Some(choice);
            }
        }
        Ok(best)
    }
}

/// Columns of a key, and whether each is descending.
type KeyColumns = Vec<(usize, bool)>;

/// The keys of a table: path, columns, whether all of them together are unique.
fn keys(table: &Table) -> Vec<(Path, KeyColumns, bool)> {
    let mut out = Vec::with_capacity(table.indexes.len() + 1);
    let primary: KeyColumns = match table.key {
        RowKey::Rowid => vec![(table.rowid_column(), false)],
        _ => table.primary_key().iter().map(|column| (*column, false)).collect(),
    };
    out.push((Path::Table, primary, true));
    for (number, index) in table.indexes.iter().enumerate() {
        out.push((Path::Index(number), index.columns.clone(), index.unique));
    }
    out
}

/// The condition as a comparison of one of the table's columns.
fn comparison(leaf: &ScanLeaf, condition: &Expression, number: usize) -> Option<Comparison> {
    use Function::{Equal, Greater, GreaterEqual, Less, LessEqual};
    let Expression::Call { function, arguments, .. } = condition else { return None };
    if !matches!(function, Equal | Less | LessEqual | Greater | GreaterEqual) {
        return None;
    }
    let [left, right] = arguments.as_slice() else { return None };
    let plain = |column: &Expression, value: &Expression, function: Function| {
        let (column, value) = column_and_value(leaf, column, value)?;
        is_fixed(&value).then_some(Comparison { column, function, value, condition: Some(number) })
    };
    plain(left, right, *function).or_else(|| plain(right, left, function.mirrored()))
}

/// The condition as a list of values of one of the table's columns.
fn list(leaf: &ScanLeaf, condition: &Expression, number: usize) -> Option<List> {
    let Expression::InList { input, list, negated: false } = condition else { return None };
    let mut values = Vec::with_capacity(list.len());
    let mut found = None;
    for item in list {
        let (column, value) = column_and_value(leaf, input, item)?;
        is_fixed(&value).then_some(())?;
        found = Some(column);
        values.push(value);
    }
    found.map(|column| List { column, values, condition: number })
}

/// The number of the table's column, when the value can be looked up in a key of it.
pub(super) fn column_and_value(
    leaf: &ScanLeaf,
    column: &Expression,
    value: &Expression,
) -> Option<(usize, Expression)> {
    let Expression::Column { index, data_type } = column else { return None };
    let number = leaf.ids.iter().position(|id| id == index)?;
    if let Some(constant) = at_scale(value, *data_type) {
        return Some((number, constant));
    }
    let other = value.data_type();
    let same = data_type.physical() == other.physical()
        && data_type.scale() == other.scale()
        && (data_type.is_integer() == other.is_integer());
    same.then(|| (number, value.clone()))
}

/// A decimal constant at the scale of a decimal column, when that loses nothing.
fn at_scale(value: &Expression, to: DataType) -> Option<Expression> {
    let Expression::Constant { value: Value::Decimal(constant), .. } = value else { return None };
    let DataType::Decimal { scale, .. } = to else { return None };
    let unscaled = decimal::rescale(constant.unscaled, constant.scale, scale)?;
    let moved = Decimal { unscaled, scale };
    (moved == *constant).then_some(Expression::Constant { value: Value::Decimal(moved), data_type: to })
}

fn along(leaf: &ScanLeaf, path: Path, key: &[(usize, bool)], unique: bool, known: &Known) -> Option<Choice> {
    let Known { comparisons, lists } = known;
    let mut access = Access { path, ..full_scan() };
    let (mut answered, mut extra_used) = (Vec::new(), 0);
    for &(column, _) in key {
        let equal = comparisons.iter().find(|c| c.column == column && c.function == Function::Equal);
        let Some(equal) = equal else {
            match lists.iter().find(|list| list.column == column) {
                Some(list) => {
                    access.one_of.clone_from(&list.values);
                    answered.push(list.condition);
                }
                None => range(column, comparisons, &mut access, &mut answered),
            }
            break;
        };
        access.equal.push(equal.value.clone());
        answered.extend(equal.condition);
        extra_used += usize::from(equal.condition.is_none());
    }
    let listed = access.one_of.len();
    if access.equal.is_empty() && listed == 0 && access.lower.is_none() && access.upper.is_none() {
        return None;
    }
    let full = leaf.full.max(1.0);
    let fixed = access.equal.len() + usize::from(listed > 0);
    let whole = fixed == key.len();
    let mut rows = match fixed {
        _ if whole && unique => 1.0,
        0 => full,
        // Each further column of the key divides what is left.
        fixed => full.powf(1.0 / (1.0 + fixed as f64)),
    };
    rows *= match (&access.lower, &access.upper) {
        (Some(_), Some(_)) => 0.1,
        (None, None) => 1.0,
        _ => 0.3,
    };
    let lookups = listed.max(1) as f64;
    rows = (rows.max(1.0) * lookups).min(full);
    let each = if path == Path::Table { 1.0 } else { LOOKUP_COST };
    Some(Choice {
        access,
        answered,
        extra_used,
        rows: rows.max(1.0),
        cost: LOOKUP_COST * lookups + rows * each,
    })
}

/// The bounds of the first column that is not fixed.
fn range(column: usize, comparisons: &[Comparison], access: &mut Access, answered: &mut Vec<usize>) {
    for comparison in comparisons.iter().filter(|c| c.column == column) {
        let inclusive = matches!(comparison.function, Function::LessEqual | Function::GreaterEqual);
        let end = match comparison.function {
            Function::Greater | Function::GreaterEqual => &mut access.lower,
            Function::Less | Function::LessEqual => &mut access.upper,
            _ => continue,
        };
        if end.is_none() {
            *end = Some(Bound { value: comparison.value.clone(), inclusive });
            answered.extend(comparison.condition);
        }
    }
}

/// How many of the rows a condition lets through, by rule of thumb.
pub(super) fn selectivity(leaf: &ScanLeaf, condition: &Expression) -> f64 {
    match condition {
        Expression::Call { function: Function::Equal, .. } => {
            let unique = equality(condition).is_some_and(|(left, right)| {
                [left, right].into_iter().any(|side| match side {
                    Expression::Column { index, .. } => leaf
                        .ids
                        .iter()
                        .position(|id| id == index)
                        .is_some_and(|c| is_unique(&leaf.table, &[c])),
                    _ => false,
                })
            });
            if unique { 1.0 / leaf.full.max(1.0) } else { 0.05 }
        }
        Expression::Call { function, .. } if function.is_comparison() => 0.3,
        Expression::Call { function: Function::Like | Function::LikeIgnoreCase, .. } => 0.1,
        Expression::InList { .. } | Expression::Subquery(_) => 0.2,
        Expression::IsNull { negated, .. } => {
            if *negated {
                0.9
            } else {
                0.1
            }
        }
        Expression::Or(parts) => parts.iter().map(|part| selectivity(leaf, part)).sum::<f64>().min(1.0),
        _ => 0.5,
    }
}

/// Does some table in the plan have a key that begins with this column?
pub(super) fn has_key_on(plan: &Logical, column: ColumnId) -> bool {
    match plan {
        Logical::Scan { table, columns } => {
            let number = columns.iter().position(|id| *id == column);
            let first = |key: &KeyColumns| key.first().map(|(column, _)| *column);
            number.is_some() && keys(table).iter().any(|(_, key, _)| first(key) == number)
        }
        Logical::Filter { input, .. } => has_key_on(input, column),
        Logical::Join { left, right, .. } => has_key_on(left, column) || has_key_on(right, column),
        _ => false,
    }
}

/// Do these columns contain a key without duplicates?
pub(super) fn is_unique(table: &Table, columns: &[usize]) -> bool {
    keys(table)
        .iter()
        .any(|(_, key, unique)| *unique && key.iter().all(|(column, _)| columns.contains(column)))
}
