//! One column of a batch: values of one physical type side by side, and a validity bitmap.
//!
//! | data       | holds                                                              |
//! |------------|--------------------------------------------------------------------|
//! | `Bool`     | BOOLEAN                                                            |
//! | `Int`      | SMALLINT, INT4, INTEGER, DATE (days), TIME, TIMESTAMP (microseconds) |
//! | `Double`   | DOUBLE PRECISION                                                   |
//! | `Decimal`  | unscaled integers; the scale stands in the column's `DataType`     |
//! | `Bytes`    | TEXT, BLOB, JSON: offsets into one run of bytes                    |
//! | `Uuid`, `Interval` | the values                                                 |
//!
//! 1. Data and validity have the same length.
//! 2. A NULL row holds some value of the type (zero, empty), never to be read as a value.

use super::data_type::Physical;
use super::{DataType, Decimal, Interval, Value, decimal};
use crate::error::{Error, Result};

/// Which rows of a vector are not NULL. Without a NULL it holds no bits at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Validity {
    /// A set bit is a value; empty while there is no NULL.
    bits: Vec<u64>,
    len: usize,
    nulls: usize,
}

impl Validity {
    /// `len` rows without a NULL.
    pub(crate) fn valid(len: usize) -> Validity {
        Validity { bits: Vec::new(), len, nulls: 0 }
    }

    /// `len` rows, all NULL.
    pub(crate) fn null(len: usize) -> Validity {
        Validity { bits: vec![0; len.div_ceil(64)], len, nulls: len }
    }

    pub(crate) fn null_count(&self) -> usize {
        self.nulls
    }

    pub(crate) fn is_valid(&self, row: usize) -> bool {
        self.nulls == 0 || self.bits.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub(crate) fn push(&mut self, valid: bool) {
        if !valid && self.nulls == 0 {
            self.fill();
        }
        if !self.bits.is_empty() || !valid {
            if self.len / 64 >= self.bits.len() {
                self.bits.push(0);
            }
            if let Some(word) = self.bits.last_mut() {
                *word |= u64::from(valid) << (self.len % 64);
            }
        }
        self.nulls += usize::from(!valid);
        self.len += 1;
    }

    pub(crate) fn set_null(&mut self, row: usize) {
        if self.is_valid(row) {
            if self.nulls == 0 {
                self.fill();
            }
            if let Some(word) = self.bits.get_mut(row / 64) {
                *word &= !(1 << (row % 64));
                self.nulls += 1;
            }
        }
    }

    /// Makes the bits of the rows so far, all set.
    fn fill(&mut self) {
        self.bits.clear();
        self.bits.resize(self.len.div_ceil(64), u64::MAX);
        if !self.len.is_multiple_of(64)
            && let Some(word) = self.bits.last_mut()
        {
            *word = (1 << (self.len % 64)) - 1;
        }
    }

    /// The rows that are valid in both.
    pub(crate) fn and(&self, other: &Validity) -> Validity {
        if self.nulls == 0 {
            return other.clone();
        }
        if other.nulls == 0 {
            return self.clone();
        }
        let bits: Vec<u64> = self.bits.iter().zip(&other.bits).map(|(a, b)| a & b).collect();
        let set: u32 = bits.iter().map(|word| word.count_ones()).sum();
        Validity { bits, len: self.len, nulls: self.len - set as usize }
    }
}

/// Byte strings one after the other; string `i` lies between offsets `i` and `i + 1`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bytes {
    offsets: Vec<u32>,
    bytes: Vec<u8>,
}

impl Default for Bytes {
    fn default() -> Bytes {
        Bytes { offsets: vec![0], bytes: Vec::new() }
    }
}

impl Bytes {
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn get(&self, row: usize) -> &[u8] {
        let bound = |at: usize| self.offsets.get(at).map_or(0, |offset| *offset as usize);
        self.bytes.get(bound(row)..bound(row + 1)).unwrap_or(&[])
    }

    /// Text of a row; what is stored as text was checked to be UTF-8 when it came in.
    pub(crate) fn text(&self, row: usize) -> &str {
        std::str::from_utf8(self.get(row)).unwrap_or("")
    }

    /// Adds a string. A batch's column is limited to 4 GiB; beyond it the string is an error.
    pub(crate) fn push(&mut self, value: &[u8]) -> Result<()> {
        self.push_with(|out| out.extend_from_slice(value))
    }

    /// Adds a string that `write` appends to the bytes it is given.
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        write(&mut self.bytes);
        let end = u32::try_from(self.bytes.len()).map_err(|_| too_long())?;
        self.offsets.push(end);
        Ok(())
    }

    /// The rows in the order of their strings, equal ones as they came.
    pub(crate) fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by(|a, b| self.get(*a as usize).cmp(self.get(*b as usize)));
        order
    }

    pub(crate) fn bytes_len(&self) -> usize {
        self.bytes.len()
    }
}

fn too_long() -> Error {
    Error::new(
        crate::error::ErrorKind::Limit,
        crate::error::state::TOO_COMPLEX,
        "the texts of one batch are longer than 4 GiB together",
    )
}

/// The values of a vector.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum VectorData {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Double(Vec<f64>),
    Decimal(Vec<i128>),
    Bytes(Bytes),
    Uuid(Vec<u128>),
    Interval(Vec<Interval>),
}

/// One column of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vector {
    pub(crate) data: VectorData,
    pub(crate) validity: Validity,
}

/// In `Vector::gather`, a row that becomes NULL.
pub(crate) const NULL_ROW: u32 = u32::MAX;

macro_rules! each {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            VectorData::Bool($values) => $body,
            VectorData::Int($values) => $body,
            VectorData::Double($values) => $body,
            VectorData::Decimal($values) => $body,
            VectorData::Uuid($values) => $body,
            VectorData::Interval($values) => $body,
            VectorData::Bytes($values) => $body,
        }
    };
}

impl Vector {
    /// An empty vector for values of a type.
    pub(crate) fn empty(data_type: DataType) -> Vector {
        let data = match data_type.physical() {
            Physical::Bool => VectorData::Bool(Vec::new()),
            Physical::Int => VectorData::Int(Vec::new()),
            Physical::Double => VectorData::Double(Vec::new()),
            Physical::Decimal => VectorData::Decimal(Vec::new()),
            Physical::Bytes => VectorData::Bytes(Bytes::default()),
            Physical::Uuid => VectorData::Uuid(Vec::new()),
            Physical::Interval => VectorData::Interval(Vec::new()),
        };
        Vector { data, validity: Validity::default() }
    }

    /// A vector without NULLs.
    pub(crate) fn valid(data: VectorData) -> Vector {
        let len = each!(&data, values => values.len());
        Vector { data, validity: Validity::valid(len) }
    }

    /// `len` NULLs.
    pub(crate) fn nulls(data_type: DataType, len: usize) -> Vector {
        let data = match data_type.physical() {
            Physical::Bool => VectorData::Bool(vec![false; len]),
            Physical::Int => VectorData::Int(vec![0; len]),
            Physical::Double => VectorData::Double(vec![0.0; len]),
            Physical::Decimal => VectorData::Decimal(vec![0; len]),
            Physical::Bytes => VectorData::Bytes(Bytes { offsets: vec![0; len + 1], bytes: Vec::new() }),
            Physical::Uuid => VectorData::Uuid(vec![0; len]),
            Physical::Interval => VectorData::Interval(vec![Interval::default(); len]),
        };
        Vector { data, validity: Validity::null(len) }
    }

    /// `len` times the same value, which must be of the type or NULL.
    pub(crate) fn constant(value: &Value, data_type: DataType, len: usize) -> Result<Vector> {
        if value.is_null() {
            return Ok(Vector::nulls(data_type, len));
        }
        let mut one = Vector::empty(data_type);
        one.push_value(value, data_type)?;
        if len == 1 {
            return Ok(one);
        }
        one.gather(&vec![0; len])
    }

    pub(crate) fn len(&self) -> usize {
        self.validity.len
    }

    pub(crate) fn is_valid(&self, row: usize) -> bool {
        self.validity.is_valid(row)
    }

    pub(crate) fn push_null(&mut self) -> Result<()> {
        match &mut self.data {
            VectorData::Bool(values) => values.push(false),
            VectorData::Int(values) => values.push(0),
            VectorData::Double(values) => values.push(0.0),
            VectorData::Decimal(values) => values.push(0),
            VectorData::Uuid(values) => values.push(0),
            VectorData::Interval(values) => values.push(Interval::default()),
            VectorData::Bytes(values) => values.push(&[])?,
        }
        self.validity.push(false);
        Ok(())
    }

    /// Adds a value, which must be of the type or NULL. A decimal is brought to the type's scale.
    pub(crate) fn push_value(&mut self, value: &Value, data_type: DataType) -> Result<()> {
        match (&mut self.data, value) {
            (_, Value::Null) => return self.push_null(),
            (VectorData::Bool(values), Value::Boolean(value)) => values.push(*value),
            (
                VectorData::Int(values),
                Value::Integer(value) | Value::Time(value) | Value::Timestamp(value),
            ) => values.push(*value),
            (VectorData::Int(values), Value::Date(value)) => values.push(i64::from(*value)),
            (VectorData::Double(values), Value::Double(value)) => values.push(*value),
            (VectorData::Decimal(values), Value::Decimal(value)) => {
                let rescaled = decimal::rescale(value.unscaled, value.scale, data_type.scale());
                values.push(
                    rescaled
                        .ok_or_else(|| Error::out_of_range(format!("{value} does not fit {data_type}")))?,
                );
            }
            (VectorData::Bytes(values), Value::Text(value) | Value::Json(value)) => {
                values.push(value.as_bytes())?
            }
            (VectorData::Bytes(values), Value::Blob(value)) => values.push(value)?,
            (VectorData::Uuid(values), Value::Uuid(value)) => values.push(*value),
            (VectorData::Interval(values), Value::Interval(value)) => values.push(*value),
            (_, value) => {
                return Err(Error::internal(format!("a {} in a column of {data_type}", value.data_type())));
            }
        }
        self.validity.push(true);
        Ok(())
    }

    /// The value of a row; the type must be the column's.
    pub(crate) fn value(&self, row: usize, data_type: DataType) -> Value {
        if row >= self.len() || !self.is_valid(row) {
            return Value::Null;
        }
        match &self.data {
            VectorData::Bool(values) => Value::Boolean(values[row]),
            VectorData::Int(values) => match data_type {
                DataType::Date => Value::Date(i32::try_from(values[row]).unwrap_or(i32::MAX)),
                DataType::Time => Value::Time(values[row]),
                DataType::Timestamp => Value::Timestamp(values[row]),
                _ => Value::Integer(values[row]),
            },
            VectorData::Double(values) => Value::Double(values[row]),
            VectorData::Decimal(values) => {
                Value::Decimal(Decimal { unscaled: values[row], scale: data_type.scale() })
            }
            VectorData::Bytes(values) => match data_type {
                DataType::Blob => Value::Blob(values.get(row).to_vec()),
                DataType::Json => Value::Json(values.text(row).to_owned()),
                _ => Value::Text(values.text(row).to_owned()),
            },
            VectorData::Uuid(values) => Value::Uuid(values[row]),
            VectorData::Interval(values) => Value::Interval(values[row]),
        }
    }

    /// Puts the value of a row over another value; a text's memory is used again.
    pub(crate) fn value_into(&self, row: usize, data_type: DataType, out: &mut Value) {
        if let (VectorData::Bytes(values), Value::Text(old)) = (&self.data, &mut *out)
            && !matches!(data_type, DataType::Blob | DataType::Json)
            && row < self.len()
            && self.is_valid(row)
        {
            old.clear();
            old.push_str(values.text(row));
            return;
        }
        *out = self.value(row, data_type);
    }

    /// Adds row `row` of a vector of the same physical type.
    pub(crate) fn push_from(&mut self, other: &Vector, row: usize) -> Result<()> {
        if !other.is_valid(row) {
            return self.push_null();
        }
        match (&mut self.data, &other.data) {
            (VectorData::Bool(to), VectorData::Bool(from)) => to.push(from[row]),
            (VectorData::Int(to), VectorData::Int(from)) => to.push(from[row]),
            (VectorData::Double(to), VectorData::Double(from)) => to.push(from[row]),
            (VectorData::Decimal(to), VectorData::Decimal(from)) => to.push(from[row]),
            (VectorData::Uuid(to), VectorData::Uuid(from)) => to.push(from[row]),
            (VectorData::Interval(to), VectorData::Interval(from)) => to.push(from[row]),
            (VectorData::Bytes(to), VectorData::Bytes(from)) => to.push(from.get(row))?,
            _ => return Err(Error::internal("vectors of different types")),
        }
        self.validity.push(true);
        Ok(())
    }

    /// Adds all rows of a vector of the same physical type.
    pub(crate) fn append(&mut self, other: &Vector) -> Result<()> {
        (0..other.len()).try_for_each(|row| self.push_from(other, row))
    }

    /// The rows of the given numbers, in their order; `NULL_ROW` makes a NULL.
    pub(crate) fn gather(&self, rows: &[u32]) -> Result<Vector> {
        fn pick<T: Copy + Default>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or_default()).collect()
        }
        let data = match &self.data {
            VectorData::Bool(values) => VectorData::Bool(pick(values, rows)),
            VectorData::Int(values) => VectorData::Int(pick(values, rows)),
            VectorData::Double(values) => VectorData::Double(pick(values, rows)),
            VectorData::Decimal(values) => VectorData::Decimal(pick(values, rows)),
            VectorData::Uuid(values) => VectorData::Uuid(pick(values, rows)),
            VectorData::Interval(values) => VectorData::Interval(pick(values, rows)),
            VectorData::Bytes(values) => {
                let mut picked = Bytes::default();
                picked.offsets.reserve(rows.len());
                for row in rows {
                    let bytes = if *row == NULL_ROW { &[] } else { values.get(*row as usize) };
                    picked.push(bytes)?;
                }
                VectorData::Bytes(picked)
            }
        };
        let mut validity = Validity::valid(rows.len());
        if self.validity.nulls > 0 || rows.contains(&NULL_ROW) {
            for (at, row) in rows.iter().enumerate() {
                if *row == NULL_ROW || !self.is_valid(*row as usize) {
                    validity.set_null(at);
                }
            }
        }
        Ok(Vector { data, validity })
    }

    /// Bytes of memory the vector uses, about.
    pub(crate) fn memory(&self) -> usize {
        let data = match &self.data {
            VectorData::Bool(values) => values.len(),
            VectorData::Int(values) => values.len() * 8,
            VectorData::Double(values) => values.len() * 8,
            VectorData::Decimal(values) => values.len() * 16,
            VectorData::Uuid(values) => values.len() * 16,
            VectorData::Interval(values) => values.len() * 16,
            VectorData::Bytes(values) => values.len() * 4 + values.bytes_len(),
        };
        data + self.validity.bits.len() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_counts_and_answers() {
        for len in [0, 1, 63, 64, 65, 200] {
            let mut validity = Validity::default();
            for row in 0..len {
                validity.push(row % 3 != 2);
            }
            assert_eq!(validity.null_count(), len / 3);
            for row in 0..len {
                assert_eq!(validity.is_valid(row), row % 3 != 2, "row {row} of {len}");
            }
            let mut other = Validity::valid(len);
            for row in (0..len).step_by(5) {
                other.set_null(row);
            }
            let both = validity.and(&other);
            for row in 0..len {
                assert_eq!(both.is_valid(row), row % 3 != 2 && row % 5 != 0);
            }
        }
    }

    #[test]
    fn values_come_back_and_rows_are_gathered() {
        let values = [
            (DataType::Boolean, Value::Boolean(true)),
            (DataType::BigInt, Value::Integer(-5)),
            (DataType::Double, Value::Double(1.5)),
            (DataType::decimal(3), Value::Decimal(Decimal { unscaled: 1500, scale: 3 })),
            (DataType::TEXT, Value::Text("wall".into())),
            (DataType::Blob, Value::Blob(vec![1, 2])),
            (DataType::Date, Value::Date(7)),
            (DataType::Timestamp, Value::Timestamp(9)),
            (DataType::Uuid, Value::Uuid(3)),
        ];
        for (data_type, value) in values {
            let mut vector = Vector::empty(data_type);
            vector.push_null().unwrap();
            vector.push_value(&value, data_type).unwrap();
            let picked = vector.gather(&[1, NULL_ROW, 0, 1]).unwrap();
            let back: Vec<Value> = (0..4).map(|row| picked.value(row, data_type)).collect();
            assert_eq!(back, [value.clone(), Value::Null, Value::Null, value.clone()]);
            let mut copy = Vector::empty(data_type);
            copy.append(&picked).unwrap();
            assert_eq!(copy, picked);
            assert_eq!(Vector::constant(&value, data_type, 3).unwrap().value(2, data_type), value);
        }
    }
}
