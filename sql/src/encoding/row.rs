//! Rows: bytes from which one column can be read without decoding the others.
//!
//! ```text
//! offset          size          what
//! 0               2             number of columns n in this row
//! 2               (n + 7) / 8   bit i set: column i is NULL
//! 2 + (n + 7)/8   sum of widths one slot a column, in column order
//! behind          ..            bytes of the variable columns, in column order
//! ```
//!
//! | type                          | width of the slot | slot                                  |
//! |-------------------------------|-------------------|---------------------------------------|
//! | BOOLEAN                       | 1                 | 0 or 1                                |
//! | SMALLINT, INT4, DATE          | 2, 4, 4           | signed                                |
//! | INTEGER, TIME, TIMESTAMP      | 8                 | signed                                |
//! | DOUBLE                        | 8                 | IEEE 754                              |
//! | NUMERIC of up to 18 digits    | 8                 | unscaled, signed                      |
//! | NUMERIC of more               | 16                | unscaled, signed                      |
//! | UUID                          | 16                | as a number                           |
//! | INTERVAL                      | 16                | months, days, microseconds            |
//! | TEXT, BLOB, JSON              | 4                 | end of its bytes behind the slots     |
//!
//! 1. All numbers are little-endian. The slot of a NULL is zero; that of a variable NULL repeats
//!    the end of the variable column before it.
//! 2. A row of fewer columns than its table was written before ADD COLUMN: the missing columns
//!    have their defaults.
//! 3. Bytes from a tree are not trusted: whatever does not add up is an error.

use crate::error::{Error, Result};
use crate::types::{DataType, Decimal, Interval, Physical, Value, Vector, VectorData, decimal};

const COUNT_LEN: usize = 2;

/// Where the columns of a table's rows are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowLayout {
    types: Vec<DataType>,
    /// The start of each slot behind the NULL bits, and the end of the last.
    slots: Vec<usize>,
    /// For each column the nearest variable column before it.
    variable_before: Vec<Option<usize>>,
    /// What missing columns have; short or empty means NULL.
    defaults: Vec<Value>,
}

fn slot_width(data_type: DataType) -> usize {
    match data_type {
        DataType::Boolean => 1,
        DataType::SmallInt => 2,
        DataType::Int | DataType::Date => 4,
        DataType::BigInt | DataType::Time | DataType::Timestamp | DataType::Double => 8,
        DataType::Decimal { precision, .. } if precision <= 18 => 8,
        DataType::Decimal { .. } | DataType::Uuid | DataType::Interval => 16,
        DataType::Unknown | DataType::Text { .. } | DataType::Blob | DataType::Json => 4,
    }
}

impl RowLayout {
    /// The layout of rows with columns of these types; missing columns are NULL.
    pub(crate) fn new(types: Vec<DataType>) -> RowLayout {
        RowLayout::with_defaults(types, Vec::new())
    }

    /// The same where missing columns have defaults, which must be of their column's type.
    pub(crate) fn with_defaults(types: Vec<DataType>, defaults: Vec<Value>) -> RowLayout {
        let mut slots = Vec::with_capacity(types.len() + 1);
        let mut variable_before = Vec::with_capacity(types.len());
        let (mut at, mut variable) = (0, None);
        for (index, data_type) in types.iter().enumerate() {
            slots.push(at);
            variable_before.push(variable);
            at += slot_width(*data_type);
            if data_type.physical() == Physical::Bytes {
                variable = Some(index);
            }
        }
        slots.push(at);
        RowLayout { types, slots, variable_before, defaults }
    }

    /// Writes a row over `out`; the values must be of the columns' types or NULL.
    pub(crate) fn encode(&self, values: &[Value], out: &mut Vec<u8>) -> Result<()> {
        let count = self.types.len();
        let column_count = u16::try_from(count).map_err(|_| too_long("columns"))?;
        let head = COUNT_LEN + count.div_ceil(8);
        let variable_start = head + self.slots[count];
        out.clear();
        out.resize(variable_start, 0);
        out[..COUNT_LEN].copy_from_slice(&column_count.to_le_bytes());
        let mut slot = [0; 16];
        for (index, data_type) in self.types.iter().enumerate() {
            slot.fill(0);
            let value = values.get(index).unwrap_or(&Value::Null);
            let present = put_value(value, *data_type, &mut slot, out)?;
            if data_type.physical() == Physical::Bytes {
                let end = u32::try_from(out.len() - variable_start).map_err(|_| too_long("bytes"))?;
                slot[..4].copy_from_slice(&end.to_le_bytes());
            }
            if !present {
                out[COUNT_LEN + index / 8] |= 1 << (index % 8);
            }
            let at = head + self.slots[index];
            let width = slot_width(*data_type);
            out[at..at + width].copy_from_slice(&slot[..width]);
        }
        Ok(())
    }

    /// A view of a row's bytes.
    pub(crate) fn read<'a>(&'a self, bytes: &'a [u8]) -> Result<RowReader<'a>> {
        let count = match bytes {
            [low, high, ..] => usize::from(u16::from_le_bytes([*low, *high])),
            _ => return Err(damaged("is too short")),
        };
        if count > self.types.len() {
            return Err(damaged("has more columns than its table"));
        }
        let head = COUNT_LEN + count.div_ceil(8);
        let variable_start = head + self.slots[count];
        if bytes.len() < variable_start {
            return Err(damaged("is too short for its columns"));
        }
        Ok(RowReader { layout: self, bytes, count, head, variable_start })
    }
}

fn too_long(what: &str) -> Error {
    Error::out_of_range(format!("a row has too many {what}"))
}

fn damaged(how: &str) -> Error {
    Error::corrupt(format!("a stored row {how}"))
}

/// Writes one value; false is NULL.
fn put_value(value: &Value, data_type: DataType, slot: &mut [u8], variable: &mut Vec<u8>) -> Result<bool> {
    let misfit = || Error::out_of_range(format!("{value} does not fit {data_type}"));
    match value {
        Value::Null => return Ok(false),
        Value::Boolean(value) => slot[0] = u8::from(*value),
        Value::Integer(int) | Value::Time(int) | Value::Timestamp(int) => {
            let width = slot_width(data_type);
            let bits = 64 - 8 * u32::try_from(width).unwrap_or(8).min(8);
            if width > 8 || (int << bits) >> bits != *int {
                return Err(misfit());
            }
            slot[..8].copy_from_slice(&int.to_le_bytes());
        }
        Value::Date(value) => slot[..4].copy_from_slice(&value.to_le_bytes()),
        Value::Double(value) => slot[..8].copy_from_slice(&value.to_le_bytes()),
        Value::Decimal(value) => {
            let unscaled = decimal::rescale(value.unscaled, value.scale, data_type.scale());
            let unscaled =
                unscaled.filter(|u| decimal::fits(*u, data_type.precision())).ok_or_else(misfit)?;
            slot[..16].copy_from_slice(&unscaled.to_le_bytes());
        }
        Value::Text(value) | Value::Json(value) => variable.extend_from_slice(value.as_bytes()),
        Value::Blob(value) => variable.extend_from_slice(value),
        Value::Uuid(value) => slot[..16].copy_from_slice(&value.to_le_bytes()),
        Value::Interval(value) => {
            slot[..4].copy_from_slice(&value.months.to_le_bytes());
            slot[4..8].copy_from_slice(&value.days.to_le_bytes());
            slot[8..16].copy_from_slice(&value.microseconds.to_le_bytes());
        }
    }
    Ok(true)
}

/// A view of one row's bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowReader<'a> {
    layout: &'a RowLayout,
    bytes: &'a [u8],
    count: usize,
    head: usize,
    variable_start: usize,
}

impl RowReader<'_> {
    fn is_null(&self, column: usize) -> bool {
        self.bytes.get(COUNT_LEN + column / 8).is_none_or(|byte| byte >> (column % 8) & 1 == 1)
    }

    fn slot<const N: usize>(&self, column: usize) -> Result<[u8; N]> {
        let at = self.head + self.layout.slots.get(column).copied().unwrap_or(usize::MAX / 2);
        let bytes = self.bytes.get(at..at + N).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| damaged("ends inside a column"))
    }

    fn integer(&self, column: usize) -> Result<i64> {
        Ok(match slot_width(self.layout.types[column]) {
            2 => i64::from(i16::from_le_bytes(self.slot(column)?)),
            4 => i64::from(i32::from_le_bytes(self.slot(column)?)),
            _ => i64::from_le_bytes(self.slot(column)?),
        })
    }

    fn unscaled(&self, column: usize) -> Result<i128> {
        Ok(match slot_width(self.layout.types[column]) {
            8 => i128::from(i64::from_le_bytes(self.slot(column)?)),
            _ => i128::from_le_bytes(self.slot(column)?),
        })
    }

    fn interval(&self, column: usize) -> Result<Interval> {
        let bits = u128::from_le_bytes(self.slot(column)?);
        Ok(Interval { months: bits as i32, days: (bits >> 32) as i32, microseconds: (bits >> 64) as i64 })
    }

    /// The bytes of a variable column.
    fn variable(&self, column: usize) -> Result<&[u8]> {
        let end_of = |column| self.slot(column).map(|slot| u32::from_le_bytes(slot) as usize);
        let start = match self.layout.variable_before.get(column).copied().flatten() {
            Some(before) => end_of(before)?,
            None => 0,
        };
        let bounds = self.variable_start + start..self.variable_start + end_of(column)?;
        self.bytes.get(bounds).ok_or_else(|| damaged("has a text beyond its end"))
    }

    /// The bytes of a TEXT or JSON column, checked to be UTF-8, or of a BLOB.
    fn checked_variable(&self, column: usize) -> Result<&[u8]> {
        let bytes = self.variable(column)?;
        if self.layout.types[column] != DataType::Blob && std::str::from_utf8(bytes).is_err() {
            return Err(damaged("has a text that is not UTF-8"));
        }
        Ok(bytes)
    }

    /// Appends a column's value to a vector of its type.
    pub(crate) fn push_into(&self, column: usize, out: &mut Vector) -> Result<()> {
        if column >= self.count {
            let default = self.layout.defaults.get(column).unwrap_or(&Value::Null);
            let data_type = self.layout.types.get(column).copied().unwrap_or(DataType::Unknown);
            return out.push_value(default, data_type);
        }
        if self.is_null(column) {
            return out.push_null();
        }
        match &mut out.data {
            VectorData::Bool(values) => values.push(self.slot::<1>(column)? != [0]),
            VectorData::Int(values) => values.push(self.integer(column)?),
            VectorData::Double(values) => values.push(f64::from_le_bytes(self.slot(column)?)),
            VectorData::Decimal(values) => values.push(self.unscaled(column)?),
            VectorData::Bytes(values) => values.push(self.checked_variable(column)?)?,
            VectorData::Uuid(values) => values.push(u128::from_le_bytes(self.slot(column)?)),
            VectorData::Interval(values) => values.push(self.interval(column)?),
        }
        out.validity.push(true);
        Ok(())
    }

    /// A column's value.
    pub(crate) fn value(&self, column: usize) -> Result<Value> {
        if column >= self.count {
            return Ok(self.layout.defaults.get(column).cloned().unwrap_or(Value::Null));
        }
        if self.is_null(column) {
            return Ok(Value::Null);
        }
        let text = || {
            let bytes = self.checked_variable(column)?.to_vec();
            String::from_utf8(bytes).map_err(|_| damaged("has a text that is not UTF-8"))
        };
        Ok(match self.layout.types[column] {
            DataType::Boolean => Value::Boolean(self.slot::<1>(column)? != [0]),
            DataType::SmallInt | DataType::Int | DataType::BigInt => Value::Integer(self.integer(column)?),
            DataType::Date => Value::Date(i32::from_le_bytes(self.slot(column)?)),
            DataType::Time => Value::Time(self.integer(column)?),
            DataType::Timestamp => Value::Timestamp(self.integer(column)?),
            DataType::Double => Value::Double(f64::from_le_bytes(self.slot(column)?)),
            DataType::Decimal { scale, .. } => {
                Value::Decimal(Decimal { unscaled: self.unscaled(column)?, scale })
            }
            DataType::Unknown | DataType::Text { .. } => Value::Text(text()?),
            DataType::Json => Value::Json(text()?),
            DataType::Blob => Value::Blob(self.variable(column)?.to_vec()),
            DataType::Uuid => Value::Uuid(u128::from_le_bytes(self.slot(column)?)),
            DataType::Interval => Value::Interval(self.interval(column)?),
        })
    }
}

#[cfg(test)]
mod tests;
