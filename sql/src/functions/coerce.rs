//! Which types convert by themselves, which by CAST, and what several types have in common.
//!
//! ```text
//! SMALLINT -> INT4 -> INTEGER -> NUMERIC -> DOUBLE PRECISION      DATE -> TIMESTAMP
//! unknown (NULL, a text literal, a parameter) -> anything
//! ```

use crate::types::DataType;

/// Does a value of `from` become a `to` where one is needed, without CAST?
pub(crate) fn can_coerce(from: DataType, to: DataType) -> bool {
    if from == DataType::Unknown || from.same_kind(to) {
        return true;
    }
    match to {
        DataType::Int | DataType::BigInt => from.is_integer() && width(from) <= width(to),
        DataType::Decimal { .. } => from.is_integer() || matches!(from, DataType::Decimal { .. }),
        DataType::Double => from.is_numeric(),
        DataType::Timestamp => from == DataType::Date,
        DataType::Json => from.is_text(),
        _ => false,
    }
}

/// Is there a CAST from one type to the other?
pub(crate) fn can_cast(from: DataType, to: DataType) -> bool {
    use DataType as T;
    if can_coerce(from, to) || to.is_text() || from.is_text() {
        return true;
    }
    match (from, to) {
        (from, to) if from.is_numeric() && to.is_numeric() => true,
        (T::Boolean, to) => to.is_integer(),
        (from, T::Boolean) => from.is_integer(),
        (T::Timestamp, T::Date | T::Time) => true,
        (T::Time, T::Interval) | (T::Interval, T::Time) => true,
        (T::Blob, T::Uuid) | (T::Uuid, T::Blob) => true,
        _ => false,
    }
}

fn width(data_type: DataType) -> u8 {
    match data_type {
        DataType::SmallInt => 2,
        DataType::Int => 4,
        _ => 8,
    }
}

/// The type two values meet in: of a comparison, of the branches of a CASE, of a UNION.
pub(crate) fn unify(left: DataType, right: DataType) -> Option<DataType> {
    use DataType as T;
    match (left, right) {
        (left, right) if left == right => Some(left),
        (T::Unknown, other) | (other, T::Unknown) => Some(match other {
            T::Text { .. } => T::TEXT,
            other => other,
        }),
        (T::Text { .. }, T::Text { .. }) => Some(T::TEXT),
        (T::Double, other) | (other, T::Double) if other.is_numeric() => Some(T::Double),
        (left, right) if left.is_integer() && right.is_integer() => {
            Some(if width(left) >= width(right) { left } else { right })
        }
        (left, right) if left.is_numeric() && right.is_numeric() => {
            let scale = left.scale().max(right.scale());
            let whole = (left.precision() - left.scale()).max(right.precision() - right.scale());
            Some(T::Decimal { precision: (whole + scale).min(38), scale })
        }
        (T::Date, T::Timestamp) | (T::Timestamp, T::Date) => Some(T::Timestamp),
        (T::Json, T::Text { .. }) | (T::Text { .. }, T::Json) => Some(T::Json),
        _ => None,
    }
}
