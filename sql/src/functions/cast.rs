//! Conversions between types, of values and of whole vectors.
//!
//! CAST cuts text to VARCHAR(n); what is assigned to a column is cast to its type without a length,
//! and the length is checked apart. Ranges and the form of texts are always checked.

use super::json;
use crate::error::{Error, Result, state};
use crate::types::calendar::{self, DAY_MAX, DAY_MIN, US_PER_DAY};
use crate::types::{DataType, Decimal, Interval, Physical, Validity, Value, Vector, VectorData, decimal};

/// How much a decimal may differ from the double it is made of, relative to that.
const DOUBLE_NEAR: f64 = 1e-9;

/// CAST of one value.
pub(crate) fn cast_value(value: &Value, to: DataType) -> Result<Value> {
    let converted = match to {
        _ if value.is_null() => Value::Null,
        DataType::Unknown => value.clone(),
        DataType::Boolean => Value::Boolean(to_boolean(value)?),
        DataType::SmallInt | DataType::Int | DataType::BigInt => Value::Integer(to_integer(value, to)?),
        DataType::Double => Value::Double(to_double(value)?),
        DataType::Decimal { precision, scale } => Value::Decimal(to_decimal(value, precision, scale)?),
        DataType::Text { max } => Value::Text(to_text(value, max)),
        DataType::Json => {
            let text = value.to_string();
            json::check(&text)?;
            Value::Json(text)
        }
        DataType::Blob => Value::Blob(to_blob(value)?),
        DataType::Uuid => Value::Uuid(to_uuid(value)?),
        DataType::Date | DataType::Time | DataType::Timestamp | DataType::Interval => to_temporal(value, to)?,
    };
    Ok(converted)
}

/// The same where nobody asked for it: an error where something of a number or a date would be lost.
pub(crate) fn cast_exactly(value: &Value, to: DataType) -> Result<Value> {
    let converted = cast_value(value, to)?;
    let exact = match (value, &converted) {
        (Value::Double(given), Value::Integer(integer)) => *integer as f64 == *given,
        // A double is seldom the decimal that is meant, but near to it.
        (Value::Double(given), Value::Decimal(decimal)) => {
            (decimal.to_f64() - given).abs() <= given.abs() * DOUBLE_NEAR
        }
        (Value::Decimal(given), Value::Integer(integer)) => {
            *given == Decimal { unscaled: i128::from(*integer), scale: 0 }
        }
        (Value::Decimal(given), Value::Decimal(decimal)) => given == decimal,
        (Value::Text(text), Value::Decimal(decimal)) => Decimal::parse(text).as_ref() == Some(decimal),
        (Value::Timestamp(micros), Value::Date(_)) => micros.rem_euclid(US_PER_DAY) == 0,
        _ => true,
    };
    if exact {
        return Ok(converted);
    }
    let message = format!("{value} does not fit {to}, which it meets: it would be {converted}");
    Err(Error::out_of_range(message).hint("write CAST(... AS a type) around it"))
}

impl Value {
    /// The value that a text stands for in a column of some type, as an assignment reads it: text
    /// stays whole, however long it is.
    ///
    /// ```
    /// use drystone::types::{DataType, Value};
    /// assert_eq!(Value::parse("12", DataType::BigInt)?, Value::Integer(12));
    /// assert!(Value::parse("twelve", DataType::BigInt).is_err());
    /// # Ok::<(), drystone::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the text is not of the form of the type, or out of its range.
    pub fn parse(text: &str, data_type: DataType) -> Result<Value> {
        match data_type {
            DataType::BigInt => text.parse().ok().map(Value::Integer),
            DataType::Text { .. } | DataType::Unknown => Some(Value::Text(text.to_owned())),
            _ => None,
        }
        .map_or_else(|| cast_value(&Value::Text(text.to_owned()), data_type), Ok)
    }
}

fn bad_text(value: &Value, to: DataType) -> Error {
    let code = match to {
        DataType::Date | DataType::Time | DataType::Timestamp | DataType::Interval => state::BAD_DATETIME,
        _ => state::BAD_TEXT,
    };
    let text: String = value.to_string().chars().take(60).collect();
    let error = Error::value(code, format!("\"{text}\" is not a valid {}", to.name()));
    match to {
        DataType::Date => error.hint("write 'YYYY-MM-DD'"),
        DataType::Time => error.hint("write 'HH:MM:SS'"),
        DataType::Timestamp => error.hint("write 'YYYY-MM-DD HH:MM:SS'"),
        _ => error,
    }
}

fn no_cast(value: &Value, to: DataType) -> Error {
    Error::type_mismatch(format!("a value of type {} cannot be cast to {to}", value.data_type()))
}

fn out_of_range(value: &Value, to: DataType) -> Error {
    Error::out_of_range(format!("{value} is out of the range of {to}"))
}

fn to_boolean(value: &Value) -> Result<bool> {
    match value {
        Value::Boolean(value) => Ok(*value),
        Value::Integer(value) => Ok(*value != 0),
        Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Ok(true),
            "f" | "false" | "n" | "no" | "off" | "0" => Ok(false),
            _ => Err(bad_text(value, DataType::Boolean)),
        },
        _ => Err(no_cast(value, DataType::Boolean)),
    }
}

fn to_integer(value: &Value, to: DataType) -> Result<i64> {
    let wide: i128 = match value {
        Value::Integer(value) => i128::from(*value),
        Value::Boolean(value) => i128::from(*value),
        Value::Double(double) => match double.round_ties_even() {
            whole if whole.abs() < 1e19 => whole as i128,
            _ => return Err(out_of_range(value, to)),
        },
        Value::Decimal(number) => {
            decimal::rescale(number.unscaled, number.scale, 0).ok_or_else(|| out_of_range(value, to))?
        }
        Value::Text(text) => {
            let text = text.trim();
            match text.parse::<i128>() {
                Ok(wide) => wide,
                // All digits but too many is out of range, everything else is no integer.
                Err(_)
                    if Decimal::parse(text).is_some_and(|d| d.scale == 0)
                        && !text.contains(['.', 'e', 'E']) =>
                {
                    return Err(out_of_range(value, to));
                }
                Err(_) => return Err(bad_text(value, to)),
            }
        }
        _ => return Err(no_cast(value, to)),
    };
    narrow(wide, to).ok_or_else(|| out_of_range(value, to))
}

fn narrow(wide: i128, to: DataType) -> Option<i64> {
    match to {
        DataType::SmallInt => i16::try_from(wide).ok().map(i64::from),
        DataType::Int => i32::try_from(wide).ok().map(i64::from),
        _ => i64::try_from(wide).ok(),
    }
}

fn to_double(value: &Value) -> Result<f64> {
    match value {
        Value::Integer(value) => Ok(*value as f64),
        Value::Double(value) => Ok(*value),
        Value::Decimal(value) => Ok(value.to_f64()),
        Value::Text(text) => {
            let parsed = text.trim().parse().ok();
            // Rust reads "1e999" as infinity.
            let lost = |value: &f64| value.is_infinite() && text.contains(|c: char| c.is_ascii_digit());
            match parsed {
                Some(double) if lost(&double) => Err(out_of_range(value, DataType::Double)),
                Some(double) => Ok(double),
                None => Err(bad_text(value, DataType::Double)),
            }
        }
        _ => Err(no_cast(value, DataType::Double)),
    }
}

fn to_decimal(value: &Value, precision: u8, scale: u8) -> Result<Decimal> {
    let to = DataType::Decimal { precision, scale };
    let unscaled = match value {
        Value::Integer(value) => decimal::rescale(i128::from(*value), 0, scale),
        Value::Decimal(value) => decimal::rescale(value.unscaled, value.scale, scale),
        Value::Double(value) => decimal::from_double(*value, scale),
        Value::Text(text) => {
            let parsed = Decimal::parse(text).ok_or_else(|| bad_text(value, to))?;
            decimal::rescale(parsed.unscaled, parsed.scale, scale)
        }
        _ => return Err(no_cast(value, to)),
    };
    match unscaled {
        Some(unscaled) if decimal::fits(unscaled, precision) => Ok(Decimal { unscaled, scale }),
        _ => Err(out_of_range(value, to)),
    }
}

fn to_text(value: &Value, max: Option<u32>) -> String {
    let mut text = value.to_string();
    if let Some(max) = max
        && let Some((end, _)) = text.char_indices().nth(max as usize)
    {
        text.truncate(end);
    }
    text
}

fn to_blob(value: &Value) -> Result<Vec<u8>> {
    match value {
        Value::Blob(bytes) => Ok(bytes.clone()),
        Value::Uuid(value) => Ok(value.to_be_bytes().to_vec()),
        Value::Text(text) => match text.strip_prefix("\\x") {
            Some(digits) => from_hex(digits).ok_or_else(|| bad_text(value, DataType::Blob)),
            None => Ok(text.as_bytes().to_vec()),
        },
        _ => Err(no_cast(value, DataType::Blob)),
    }
}

/// The bytes of an even number of hexadecimal digits.
fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
            _ => None,
        })
        .collect()
}

fn to_uuid(value: &Value) -> Result<u128> {
    match value {
        Value::Uuid(value) => Ok(*value),
        Value::Blob(bytes) => {
            let bytes = bytes.as_slice().try_into().map_err(|_| bad_text(value, DataType::Uuid))?;
            Ok(u128::from_be_bytes(bytes))
        }
        Value::Text(text) => {
            let digits: String = text.trim().trim_matches(['{', '}']).chars().filter(|c| *c != '-').collect();
            let plain = digits.len() == 32 && !digits.starts_with('+');
            let parsed = plain.then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
            parsed.ok_or_else(|| bad_text(value, DataType::Uuid))
        }
        _ => Err(no_cast(value, DataType::Uuid)),
    }
}

fn to_temporal(value: &Value, to: DataType) -> Result<Value> {
    let day = |days: i64| Value::Date(i32::try_from(days).unwrap_or(i32::MAX));
    let converted = match (value, to) {
        (value, _) if !is_held(value) => None,
        (Value::Date(_), DataType::Date)
        | (Value::Time(_), DataType::Time)
        | (Value::Timestamp(_), DataType::Timestamp)
        | (Value::Interval(_), DataType::Interval) => Some(value.clone()),
        (Value::Date(days), DataType::Timestamp) => Some(Value::Timestamp(i64::from(*days) * US_PER_DAY)),
        (Value::Timestamp(micros), DataType::Date) => Some(day(micros.div_euclid(US_PER_DAY))),
        (Value::Timestamp(micros), DataType::Time) => Some(Value::Time(micros.rem_euclid(US_PER_DAY))),
        (Value::Time(micros), DataType::Interval) => {
            Some(Value::Interval(Interval { microseconds: *micros, ..Interval::default() }))
        }
        (Value::Interval(interval), DataType::Time) => {
            Some(Value::Time(interval.microseconds.rem_euclid(US_PER_DAY)))
        }
        // A timestamp's text is a good date: its time is dropped.
        (Value::Text(text), DataType::Date) => {
            calendar::parse_timestamp(text).map(|micros| day(micros.div_euclid(US_PER_DAY)))
        }
        (Value::Text(text), DataType::Time) => calendar::parse_time(text)
            .or_else(|| calendar::parse_timestamp(text).map(|micros| micros.rem_euclid(US_PER_DAY)))
            .map(Value::Time),
        (Value::Text(text), DataType::Timestamp) => calendar::parse_timestamp(text).map(Value::Timestamp),
        (Value::Text(text), _) => Interval::parse(text).map(Value::Interval),
        _ => return Err(no_cast(value, to)),
    };
    converted.ok_or_else(|| bad_text(value, to))
}

/// Whether a date or time is one that can be held: programs may give any number for it.
fn is_held(value: &Value) -> bool {
    let day = |days| (DAY_MIN..=DAY_MAX).contains(&days);
    match value {
        Value::Date(days) => day(i64::from(*days)),
        Value::Time(micros) => (0..=US_PER_DAY).contains(micros),
        Value::Timestamp(micros) => day(micros.div_euclid(US_PER_DAY)),
        _ => true,
    }
}

/// CAST of a vector.
pub(crate) fn cast_vector(vector: &Vector, from: DataType, to: DataType) -> Result<Vector> {
    if let Some(fast) = cast_fast(vector, from, to) {
        return fast;
    }
    let mut out = Vector::empty(to);
    for row in 0..vector.len() {
        out.push_value(&cast_value(&vector.value(row, from), to)?, to)?;
    }
    Ok(out)
}

/// Conversions of numbers and the like without a detour over values.
fn cast_fast(vector: &Vector, from: DataType, to: DataType) -> Option<Result<Vector>> {
    let validity = || vector.validity.clone();
    let with = |data| Some(Ok(Vector { data, validity: validity() }));
    match (&vector.data, to) {
        (VectorData::Int(_), DataType::BigInt) if from.is_integer() => Some(Ok(vector.clone())),
        (VectorData::Int(values), DataType::Double) if from.is_integer() => {
            with(VectorData::Double(values.iter().map(|value| *value as f64).collect()))
        }
        (VectorData::Int(values), DataType::Timestamp) if from == DataType::Date => {
            with(VectorData::Int(values.iter().map(|days| days.saturating_mul(US_PER_DAY)).collect()))
        }
        (VectorData::Int(values), DataType::Decimal { precision, scale }) if from.is_integer() => {
            let wide = values.iter().map(|value| i128::from(*value));
            Some(rescale_all(wide, validity(), 0, precision, scale))
        }
        (VectorData::Decimal(values), DataType::Decimal { precision, scale }) => {
            Some(rescale_all(values.iter().copied(), validity(), from.scale(), precision, scale))
        }
        (VectorData::Decimal(values), DataType::Double) => {
            let scale = from.scale();
            with(VectorData::Double(values.iter().map(|value| decimal::to_double(*value, scale)).collect()))
        }
        (VectorData::Bytes(_), DataType::Text { max: None })
            if from.physical() == Physical::Bytes && from != DataType::Blob =>
        {
            Some(Ok(vector.clone()))
        }
        _ => None,
    }
}

fn rescale_all(
    values: impl Iterator<Item = i128>,
    validity: Validity,
    from: u8,
    precision: u8,
    scale: u8,
) -> Result<Vector> {
    let misfit = |unscaled| {
        let to = DataType::Decimal { precision, scale };
        Err(out_of_range(&Value::Decimal(Decimal { unscaled, scale: from }), to))
    };
    let convert = |value| match decimal::rescale(value, from, scale) {
        Some(rescaled) if decimal::fits(rescaled, precision) => Ok(rescaled),
        _ => misfit(value),
    };
    let data = VectorData::Decimal(values.map(convert).collect::<Result<_>>()?);
    Ok(Vector { data, validity })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn cast(value: &Value, to: DataType) -> Option<String> {
        cast_value(value, to).ok().map(|value| value.to_string())
    }

    #[test]
    fn casts_of_values() {
        let money = DataType::Decimal { precision: 5, scale: 2 };
        for (value, to, expected) in [
            (text(" 12 "), DataType::BigInt, Some("12")),
            (text("12.5"), DataType::BigInt, None),
            (text("99999999999999999999"), DataType::BigInt, None),
            (Value::Integer(40_000), DataType::SmallInt, None),
            (Value::Double(2.5), DataType::BigInt, Some("2")),
            (Value::Decimal(Decimal { unscaled: 25, scale: 1 }), DataType::BigInt, Some("3")),
            (Value::Double(f64::NAN), DataType::BigInt, None),
            (text("1.005"), money, Some("1.01")),
            (text("1000"), money, None),
            (Value::Double(0.1), DataType::decimal(20), Some("0.10000000000000000000")),
            (text("1e3"), DataType::Double, Some("1000.0")),
            (text("1e999"), DataType::Double, None),
            (text("yes"), DataType::Boolean, Some("true")),
            (text("maybe"), DataType::Boolean, None),
            (Value::Boolean(true), DataType::BigInt, Some("1")),
            (text("2021-01-01 10:00:00"), DataType::Date, Some("2021-01-01")),
            (text("2021-01-01"), DataType::Timestamp, Some("2021-01-01 00:00:00")),
            (text("2021-02-30"), DataType::Date, None),
            (Value::Integer(5), DataType::Date, None),
            (text("h\u{e9}llo"), DataType::Text { max: Some(2) }, Some("h\u{e9}")),
            (Value::Integer(5), DataType::TEXT, Some("5")),
            (text("\\x0aFF"), DataType::Blob, Some("\\x0aff")),
            (
                text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
                DataType::Uuid,
                Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ),
            (text("a0eebc99"), DataType::Uuid, None),
            (text("{\"a\": [1, 2]}"), DataType::Json, Some("{\"a\": [1, 2]}")),
            (text("{a}"), DataType::Json, None),
            (Value::Null, DataType::Date, Some("")),
        ] {
            assert_eq!(cast(&value, to).as_deref(), expected, "{value:?} as {to}");
        }
    }

    #[test]
    fn vectors_convert_like_values() {
        let types = [DataType::BigInt, DataType::Double, DataType::decimal(3), DataType::TEXT];
        let values = [Value::Integer(-3), Value::Null, Value::Integer(70)];
        for from in types {
            let typed: Vec<Value> = values.iter().map(|value| cast_value(value, from).unwrap()).collect();
            let mut vector = Vector::empty(from);
            typed.iter().for_each(|value| vector.push_value(value, from).unwrap());
            for to in types {
                if (from, to) == (DataType::TEXT, DataType::BigInt) || from == DataType::TEXT {
                    continue;
                }
                let cast = cast_vector(&vector, from, to).unwrap();
                for (row, value) in typed.iter().enumerate() {
                    assert_eq!(cast.value(row, to), cast_value(value, to).unwrap(), "{from} to {to}");
                }
            }
        }
    }
}
