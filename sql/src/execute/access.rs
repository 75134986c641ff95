//! From an `Access` (equal values and a range of a key) to the keys of a tree.
//!
//! ```text
//! equal = [a, b], lower = c      prefix = enc(a) enc(b)
//! all of the prefix              [prefix, prefix + 1)
//! with bounds of the next column [prefix enc(lower), prefix enc(upper)), NULLs left out
//! a descending column            the bounds change places
//! ```

use crate::catalog::{RowKey, Table};
use crate::encoding::{KeyOrder, encode_rowid, encode_value, prefix_end, present_range};
use crate::error::{Error, Result};
use crate::plan::{Access, Path};
use crate::types::{DataType, Value};

use super::rows::index_order;

/// The keys an access visits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyRange {
    /// None: a value was NULL, or the bounds cross.
    Nothing,
    /// One key of the tree, if it is there.
    Point(Vec<u8>),
    /// From `start` on, to before `end`; no end is the end of the tree.
    Range { start: Vec<u8>, end: Option<Vec<u8>> },
}

/// The values of an access, evaluated.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AccessValues {
    pub(crate) equal: Vec<Value>,
    /// A value and whether it belongs to the range.
    pub(crate) lower: Option<(Value, bool)>,
    pub(crate) upper: Option<(Value, bool)>,
}

/// The key columns of a path: type and order of each; and whether a full key is one entry.
pub(crate) fn path_columns(table: &Table, path: Path) -> Result<(Vec<(DataType, KeyOrder)>, bool)> {
    match path {
        Path::Table => {
            let columns = table.key_types().into_iter();
            Ok((columns.map(|data_type| (data_type, KeyOrder::ASCENDING)).collect(), true))
        }
        Path::Index(number) => {
            let index = table.indexes.get(number).ok_or_else(|| Error::internal("no such index"))?;
            let columns = index.columns.iter();
            let columns =
                columns.map(|(column, descending)| (table.column_type(*column), index_order(*descending)));
            Ok((columns.collect(), index.unique))
        }
    }
}

/// The keys of the tree of a path that an access visits.
pub(crate) fn key_range(table: &Table, access: &Access, values: &AccessValues) -> Result<KeyRange> {
    let bounds = values.lower.iter().chain(&values.upper).map(|(value, _)| value);
    if values.equal.iter().chain(bounds).any(Value::is_null) {
        return Ok(KeyRange::Nothing);
    }
    if access.path == Path::Table && !matches!(table.key, RowKey::Columns(_)) {
        return rowid_range(values);
    }
    let (columns, unique) = path_columns(table, access.path)?;
    let mut prefix = Vec::new();
    for (value, (data_type, order)) in values.equal.iter().zip(&columns) {
        encode_value(&mut prefix, value, *data_type, *order)?;
    }
    if unique && values.equal.len() == columns.len() {
        return Ok(KeyRange::Point(prefix));
    }
    let Some((data_type, order)) = columns.get(values.equal.len()) else {
        return Ok(KeyRange::Range { end: prefix_end(&prefix), start: prefix });
    };
    if values.lower.is_none() && values.upper.is_none() {
        return Ok(KeyRange::Range { end: prefix_end(&prefix), start: prefix });
    }
    let (mut start, mut end) = present_range(&prefix);
    let (low, high) = match order.descending {
        false => (&values.lower, &values.upper),
        true => (&values.upper, &values.lower),
    };
    let encode = |value: &Value| -> Result<Vec<u8>> {
        let mut key = prefix.clone();
        encode_value(&mut key, value, *data_type, *order)?;
        Ok(key)
    };
    let after = |key: Vec<u8>| prefix_end(&key).unwrap_or(key);
    if let Some((value, inclusive)) = low {
        let key = encode(value)?;
        start = if *inclusive { key } else { after(key) };
    }
    if let Some((value, inclusive)) = high {
        let key = encode(value)?;
        end = if *inclusive { after(key) } else { key };
    }
    if start >= end {
        return Ok(KeyRange::Nothing);
    }
    Ok(KeyRange::Range { start, end: Some(end) })
}

/// Keys that are integers alone.
fn rowid_range(values: &AccessValues) -> Result<KeyRange> {
    if let Some(value) = values.equal.first() {
        return Ok(KeyRange::Point(encode_rowid(key_integer(value)?).to_vec()));
    }
    let bound = |bound: &Option<(Value, bool)>| match bound {
        None => Ok(None),
        Some((value, inclusive)) => key_integer(value).map(|integer| Some((integer, *inclusive))),
    };
    Ok(match rowid_bounds(bound(&values.lower)?, bound(&values.upper)?) {
        None => KeyRange::Nothing,
        Some((start, end)) => KeyRange::Range {
            start: encode_rowid(start).to_vec(),
            end: end.map(|end| encode_rowid(end).to_vec()),
        },
    })
}

/// The number a row key is.
pub(crate) fn key_integer(value: &Value) -> Result<i64> {
    match value {
        Value::Integer(integer) => Ok(*integer),
        other => Err(Error::internal(format!("a row key of type {}", other.data_type()))),
    }
}

/// The first number between two bounds, and the first behind them, if there is one; none: nothing
/// is between them. With each bound comes whether it belongs to the range.
pub(crate) fn rowid_bounds(
    lower: Option<(i64, bool)>,
    upper: Option<(i64, bool)>,
) -> Option<(i64, Option<i64>)> {
    let start = match lower {
        None => i64::MIN,
        Some((lower, true)) => lower,
        Some((lower, false)) => lower.checked_add(1)?,
    };
    // No end is past the greatest integer.
    let end = match upper {
        None => None,
        Some((upper, true)) => upper.checked_add(1),
        Some((upper, false)) => Some(upper),
    };
    if end.is_some_and(|end| start >= end) { None } else { Some((start, end)) }
}
