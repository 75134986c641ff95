//! One owned scalar. Values stand at the edges: parameters, constants, defaults, results.

use std::fmt;

use super::{DataType, Decimal, Interval, calendar};

/// One SQL value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A truth value.
    Boolean(bool),
    /// An integer of any width.
    Integer(i64),
    /// A floating point number.
    Double(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00:00.
    Timestamp(i64),
    /// A span of time.
    Interval(Interval),
    /// A 128-bit identifier, its first byte highest.
    Uuid(u128),
    /// A JSON text.
    Json(String),
}

impl Value {
    /// The narrowest general type of the value; NULL has none yet.
    pub fn data_type(&self) -> DataType {
        match self {
            Value::Null => DataType::Unknown,
            Value::Boolean(_) => DataType::Boolean,
            Value::Integer(_) => DataType::BigInt,
            Value::Double(_) => DataType::Double,
            Value::Decimal(decimal) => {
                DataType::Decimal { precision: decimal.precision(), scale: decimal.scale }
            }
            Value::Text(_) => DataType::TEXT,
            Value::Blob(_) => DataType::Blob,
            Value::Date(_) => DataType::Date,
            Value::Time(_) => DataType::Time,
            Value::Timestamp(_) => DataType::Timestamp,
            Value::Interval(_) => DataType::Interval,
            Value::Uuid(_) => DataType::Uuid,
            Value::Json(_) => DataType::Json,
        }
    }

    /// Is it NULL?
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

/// Writes a double the shortest way that reads back the same, with `.0` when it is whole.
pub(crate) fn write_double(out: &mut impl fmt::Write, value: f64) -> fmt::Result {
    let magnitude = value.abs();
    if value.is_nan() {
        out.write_str("NaN")
    } else if value.is_infinite() {
        out.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else if magnitude != 0.0 && !(1e-5..1e15).contains(&magnitude) {
        write!(out, "{value:e}")
    } else {
        write!(out, "{value:?}")
    }
}

pub(crate) fn write_uuid(out: &mut impl fmt::Write, value: u128) -> fmt::Result {
    let digits = format!("{value:032x}");
    let mut rest = digits.as_str();
    for (index, len) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        let (part, after) = rest.split_at(len);
        rest = after;
        let dash = if index == 0 { "" } else { "-" };
        write!(out, "{dash}{part}")?;
    }
    Ok(())
}

impl fmt::Display for Value {
    /// The text form of results: NULL is empty, a blob is `\x` and hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Double(value) => write_double(f, *value),
            Value::Decimal(value) => write!(f, "{value}"),
            Value::Text(value) | Value::Json(value) => f.write_str(value),
            Value::Blob(bytes) => {
                f.write_str("\\x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Value::Date(days) => calendar::write_date(f, i64::from(*days)),
            Value::Time(micros) => calendar::write_clock(f, micros.unsigned_abs()),
            Value::Timestamp(micros) => calendar::write_timestamp(f, *micros),
            Value::Interval(interval) => write!(f, "{interval}"),
            Value::Uuid(value) => write_uuid(f, *value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms() {
        for (value, text) in [
            (Value::Double(1.0), "1.0"),
            (Value::Double(0.1), "0.1"),
            (Value::Double(1e300), "1e300"),
            (Value::Blob(vec![0, 255]), "\\x00ff"),
            (Value::Boolean(true), "true"),
            (Value::Date(0), "1970-01-01"),
            (Value::Time(1_500_000), "00:00:01.5"),
            (Value::Uuid(1), "00000000-0000-0000-0000-000000000001"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }
}
