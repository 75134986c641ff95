//! Order-preserving keys: comparing two encoded keys byte by byte gives the order of the values.
//!
//! ```text
//! key    := column*
//! column := 01 value | 00 (NULL that comes first) | 02 (NULL that comes last)
//! ```
//!
//! | type               | value                                                               |
//! |--------------------|---------------------------------------------------------------------|
//! | BOOLEAN            | 1 byte, 00 or 01                                                    |
//! | integers, dates and times | 8 bytes big-endian, sign bit flipped                         |
//! | DOUBLE             | 8 bytes big-endian; negative: all bits flipped, else the sign bit. -0 is 0, NaN is last |
//! | NUMERIC            | 16 bytes big-endian at the column's scale, sign bit flipped         |
//! | TEXT, BLOB, JSON   | the bytes, 00 written as 00 FF, ended by 00 00                      |
//! | UUID               | 16 bytes                                                            |
//! | INTERVAL           | 16 bytes of microseconds (a month is 30 days), months, days; sign bits flipped |
//!
//! 1. A descending column has all bits of its value flipped (not of the byte before it).
//! 2. No column's bytes are a prefix of another value's bytes, so columns follow without gaps.
//! 3. A rowid alone (`encode_rowid`) is the 8 bytes of an integer without the byte before them.

use crate::error::{Error, Result};
use crate::types::{DataType, Interval, Physical, Value, Vector, VectorData, decimal};

const NULL_FIRST: u8 = 0;
const PRESENT: u8 = 1;
const NULL_LAST: u8 = 2;

/// The order of one column in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyOrder {
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl KeyOrder {
    /// Ascending, NULLs last: of indexes, groups and joins.
    pub(crate) const ASCENDING: KeyOrder = KeyOrder { descending: false, nulls_first: false };
}

/// The key of a table keyed by a rowid.
pub(crate) fn encode_rowid(rowid: i64) -> [u8; 8] {
    (rowid ^ i64::MIN).to_be_bytes()
}

/// The rowid of a key.
pub(crate) fn decode_rowid(key: &[u8]) -> Result<i64> {
    let bytes: [u8; 8] = key
        .try_into()
        .map_err(|_| Error::corrupt(format!("a row key of {} bytes instead of 8", key.len())))?;
    Ok(i64::from_be_bytes(bytes) ^ i64::MIN)
}

/// Appends a value, which must be of the type or NULL.
pub(crate) fn encode_value(
    out: &mut Vec<u8>,
    value: &Value,
    data_type: DataType,
    order: KeyOrder,
) -> Result<()> {
    let start = out.len() + 1;
    out.push(PRESENT);
    match value {
        Value::Null => {
            out.pop();
            encode_null(out, order);
            return Ok(());
        }
        Value::Boolean(value) => out.push(u8::from(*value)),
        Value::Integer(value) | Value::Time(value) | Value::Timestamp(value) => put_int(out, *value),
        Value::Date(value) => put_int(out, i64::from(*value)),
        Value::Double(value) => put_double(out, *value),
        Value::Decimal(value) => {
            let unscaled = decimal::rescale(value.unscaled, value.scale, data_type.scale())
                .ok_or_else(|| Error::out_of_range(format!("{value} does not fit {data_type}")))?;
            put_wide(out, unscaled);
        }
        Value::Text(value) | Value::Json(value) => put_bytes(out, value.as_bytes()),
        Value::Blob(value) => put_bytes(out, value),
        Value::Uuid(value) => out.extend_from_slice(&value.to_be_bytes()),
        Value::Interval(value) => put_interval(out, *value),
    }
    finish(out, start, order);
    Ok(())
}

/// Appends the value of one row of a vector.
pub(crate) fn encode_vector_row(out: &mut Vec<u8>, vector: &Vector, row: usize, order: KeyOrder) {
    if !vector.is_valid(row) {
        encode_null(out, order);
        return;
    }
    let start = out.len() + 1;
    out.push(PRESENT);
    match &vector.data {
        VectorData::Bool(values) => out.push(u8::from(values[row])),
        VectorData::Int(values) => put_int(out, values[row]),
        VectorData::Double(values) => put_double(out, values[row]),
        VectorData::Decimal(values) => put_wide(out, values[row]),
        VectorData::Bytes(values) => put_bytes(out, values.get(row)),
        VectorData::Uuid(values) => out.extend_from_slice(&values[row].to_be_bytes()),
        VectorData::Interval(values) => put_interval(out, values[row]),
    }
    finish(out, start, order);
}

/// Appends a NULL.
pub(crate) fn encode_null(out: &mut Vec<u8>, order: KeyOrder) {
    out.push(if order.nulls_first { NULL_FIRST } else { NULL_LAST });
}

fn finish(out: &mut [u8], start: usize, order: KeyOrder) {
    if order.descending {
        out.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
    }
}

fn put_int(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&encode_rowid(value));
}

fn put_double(out: &mut Vec<u8>, value: f64) {
    let value = if value == 0.0 { 0.0 } else { value };
    let bits = if value.is_nan() { f64::NAN.to_bits() & !(1 << 63) } else { value.to_bits() };
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    out.extend_from_slice(&ordered.to_be_bytes());
}

fn put_wide(out: &mut Vec<u8>, value: i128) {
    out.extend_from_slice(&(value ^ i128::MIN).to_be_bytes());
}

fn put_bytes(out: &mut Vec<u8>, value: &[u8]) {
    out.reserve(value.len() + 2);
    let mut rest = value;
    while let Some(zero) = rest.iter().position(|byte| *byte == 0) {
        let (before, after) = rest.split_at(zero + 1);
        out.extend_from_slice(before);
        out.push(0xff);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 0]);
}

fn put_interval(out: &mut Vec<u8>, value: Interval) {
    put_wide(out, value.order_key());
    out.extend_from_slice(&(value.months ^ i32::MIN).to_be_bytes());
    out.extend_from_slice(&(value.days ^ i32::MIN).to_be_bytes());
}

/// The length of the first column of a key.
pub(crate) fn encoded_len(key: &[u8], data_type: DataType, order: KeyOrder) -> Result<usize> {
    let damaged = || Error::corrupt("a stored key ends inside a column");
    let (first, value) = key.split_first().ok_or_else(damaged)?;
    if *first != PRESENT {
        return Ok(1);
    }
    let len = match data_type.physical() {
        Physical::Bool => 1,
        Physical::Int | Physical::Double => 8,
        Physical::Decimal | Physical::Uuid => 16,
        Physical::Interval => 24,
        Physical::Bytes => {
            let flip = if order.descending { 0xff } else { 0 };
            let mut at = 0;
            loop {
                let zero = value.get(at..).and_then(|rest| rest.iter().position(|byte| byte ^ flip == 0));
                let zero = at + zero.ok_or_else(damaged)?;
                if value.get(zero + 1).is_some_and(|next| next ^ flip == 0) {
                    break zero + 2;
                }
                at = zero + 2;
            }
        }
    };
    if value.len() < len { Err(damaged()) } else { Ok(1 + len) }
}

/// The range of the present (not NULL) values of a column that follows a prefix.
pub(crate) fn present_range(prefix: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let with = |byte| [prefix, &[byte]].concat();
    (with(PRESENT), with(PRESENT + 1))
}

/// The least key above all keys that start with `prefix`; none when there is no such key.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix.get(..=kept)?.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    Some(end)
}

#[cfg(test)]
mod tests;
