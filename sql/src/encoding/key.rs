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
mod tests {
    use super::*;
    use crate::types::Decimal;
    use std::cmp::Ordering;

    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn value(&mut self, data_type: DataType) -> Value {
            let bits = self.next();
            let small = (bits >> 32) as i64 % 5;
            if bits.is_multiple_of(11) {
                return Value::Null;
            }
            let int = if bits & 16 == 0 { small } else { bits as i64 };
            match data_type {
                DataType::Boolean => Value::Boolean(bits & 1 == 1),
                DataType::BigInt => Value::Integer(int),
                DataType::Double => Value::Double(match bits % 7 {
                    0 => small as f64,
                    1 => f64::NAN,
                    2 => -0.0,
                    3 => f64::INFINITY,
                    4 => f64::NEG_INFINITY,
                    _ => f64::from_bits(bits),
                }),
                DataType::Decimal { scale, .. } => {
                    Value::Decimal(Decimal { unscaled: i128::from(int) * 1_000_003, scale })
                }
                DataType::Text { .. } => Value::Text(self.text()),
                DataType::Blob => Value::Blob(self.text().into_bytes()),
                DataType::Uuid => Value::Uuid(u128::from(bits) << 60),
                _ => Value::Interval(Interval {
                    months: small as i32,
                    days: (bits % 70) as i32 - 35,
                    microseconds: int % 100_000_000_000,
                }),
            }
        }

        fn text(&mut self) -> String {
            let len = self.next() % 5;
            (0..len)
                .map(|_| ['\0', '\u{1}', 'a', 'b', '\u{e9}', '\u{ff}'][(self.next() % 6) as usize])
                .collect()
        }
    }

    fn compare(left: &Value, right: &Value, order: KeyOrder) -> Ordering {
        let null = |first| if first { Ordering::Less } else { Ordering::Greater };
        let ascending = match (left, right) {
            (Value::Null, Value::Null) => return Ordering::Equal,
            (Value::Null, _) => return null(order.nulls_first),
            (_, Value::Null) => return null(!order.nulls_first),
            (Value::Boolean(l), Value::Boolean(r)) => l.cmp(r),
            (Value::Integer(l), Value::Integer(r)) => l.cmp(r),
            (Value::Double(l), Value::Double(r)) => match (l.is_nan(), r.is_nan()) {
                (false, false) => l.partial_cmp(r).unwrap(),
                (l, r) => l.cmp(&r),
            },
            (Value::Decimal(l), Value::Decimal(r)) => l.cmp(r),
            (Value::Text(l), Value::Text(r)) => l.as_bytes().cmp(r.as_bytes()),
            (Value::Blob(l), Value::Blob(r)) => l.cmp(r),
            (Value::Uuid(l), Value::Uuid(r)) => l.cmp(r),
            (Value::Interval(l), Value::Interval(r)) => l.cmp(r),
            other => panic!("{other:?}"),
        };
        if order.descending { ascending.reverse() } else { ascending }
    }

    #[test]
    fn bytes_have_the_order_of_the_values() {
        let seed = 0x00c0_ffee_1234_5678;
        println!("seed {seed:#x}");
        let mut random = Random(seed);
        let types = [
            DataType::Boolean,
            DataType::BigInt,
            DataType::Double,
            DataType::decimal(4),
            DataType::TEXT,
            DataType::Blob,
            DataType::Uuid,
            DataType::Interval,
        ];
        for round in 0..40_000 {
            let first_type = types[(random.next() % 8) as usize];
            let second_type = types[(random.next() % 8) as usize];
            let order = KeyOrder { descending: round & 1 == 1, nulls_first: round & 2 == 2 };
            let row = |random: &mut Random| [random.value(first_type), random.value(second_type)];
            let (left, right) = (row(&mut random), row(&mut random));
            let encode = |row: &[Value; 2]| {
                let mut key = Vec::new();
                encode_value(&mut key, &row[0], first_type, order).unwrap();
                encode_value(&mut key, &row[1], second_type, KeyOrder::ASCENDING).unwrap();
                key
            };
            let expected = compare(&left[0], &right[0], order)
                .then_with(|| compare(&left[1], &right[1], KeyOrder::ASCENDING));
            assert_eq!(encode(&left).cmp(&encode(&right)), expected, "{left:?} {right:?} {order:?}");
            let mut first = Vec::new();
            encode_value(&mut first, &left[0], first_type, order).unwrap();
            assert_eq!(encoded_len(&encode(&left), first_type, order).unwrap(), first.len());
            let mut vector = Vector::empty(first_type);
            vector.push_value(&left[0], first_type).unwrap();
            let (mut from_value, mut from_vector) = (Vec::new(), Vec::new());
            encode_value(&mut from_value, &left[0], first_type, order).unwrap();
            encode_vector_row(&mut from_vector, &vector, 0, order);
            assert_eq!(from_value, from_vector);
        }
    }

    #[test]
    fn rowids_and_prefixes() {
        for rowid in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert_eq!(decode_rowid(&encode_rowid(rowid)).unwrap(), rowid);
        }
        assert!(decode_rowid(&[1, 2]).is_err());
        assert_eq!(prefix_end(&[1, 0xff, 0xff]), Some(vec![2]));
        assert_eq!(prefix_end(&[0xff]), None);
    }
}
