//! The static type of a column or an expression.
//!
//! `Unknown` is the type of NULL, of a text literal and of a parameter nobody has given a type
//! yet: it takes the type of whatever it meets, and becomes TEXT when it meets nothing.

use std::fmt;

/// The static type of a column or an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// NULL, a text literal or a parameter before it met a type.
    Unknown,
    /// True or false.
    Boolean,
    /// A 16-bit integer.
    SmallInt,
    /// A 32-bit integer (INT4).
    Int,
    /// A 64-bit integer: INTEGER, INT, BIGINT.
    BigInt,
    /// A 64-bit binary floating point number.
    Double,
    /// An exact decimal number.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// Text in UTF-8.
    Text {
        /// The most characters allowed, of VARCHAR(n).
        max: Option<u32>,
    },
    /// Bytes.
    Blob,
    /// A day of the Gregorian calendar.
    Date,
    /// A time of day in microseconds.
    Time,
    /// A date and time of day in microseconds, without a zone.
    Timestamp,
    /// Months, days and microseconds.
    Interval,
    /// A 128-bit identifier.
    Uuid,
    /// A JSON text.
    Json,
}

/// What a vector of a type holds; several types share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Physical {
    Bool,
    Int,
    Double,
    Decimal,
    Bytes,
    Uuid,
    Interval,
}

impl DataType {
    /// TEXT without a length limit.
    pub const TEXT: DataType = DataType::Text { max: None };
    /// NUMERIC without precision and scale.
    pub const NUMERIC: DataType = DataType::Decimal { precision: 38, scale: 10 };

    /// The widest decimal of a scale.
    pub(crate) fn decimal(scale: u8) -> DataType {
        DataType::Decimal { precision: 38, scale }
    }

    pub(crate) fn physical(self) -> Physical {
        match self {
            DataType::Boolean => Physical::Bool,
            DataType::SmallInt
            | DataType::Int
            | DataType::BigInt
            | DataType::Date
            | DataType::Time
            | DataType::Timestamp => Physical::Int,
            DataType::Double => Physical::Double,
            DataType::Decimal { .. } => Physical::Decimal,
            DataType::Unknown | DataType::Text { .. } | DataType::Blob | DataType::Json => Physical::Bytes,
            DataType::Uuid => Physical::Uuid,
            DataType::Interval => Physical::Interval,
        }
    }

    /// Is it SMALLINT, INT4 or INTEGER?
    pub fn is_integer(self) -> bool {
        matches!(self, DataType::SmallInt | DataType::Int | DataType::BigInt)
    }

    /// Is it a number of any kind?
    pub fn is_numeric(self) -> bool {
        self.is_integer() || matches!(self, DataType::Double | DataType::Decimal { .. })
    }

    /// Is it text of any length?
    pub fn is_text(self) -> bool {
        matches!(self, DataType::Text { .. })
    }

    /// Do values of the two types compare and convert without a change (lengths aside)?
    pub(crate) fn same_kind(self, other: DataType) -> bool {
        match (self, other) {
            (DataType::Text { .. }, DataType::Text { .. }) => true,
            (left, right) => left == right,
        }
    }

    /// The scale of an exact number: 0 for integers.
    pub(crate) fn scale(self) -> u8 {
        match self {
            DataType::Decimal { scale, .. } => scale,
            _ => 0,
        }
    }

    /// The precision of an exact number.
    pub(crate) fn precision(self) -> u8 {
        match self {
            DataType::Decimal { precision, .. } => precision,
            DataType::SmallInt => 5,
            DataType::Int => 10,
            DataType::BigInt => 19,
            _ => 38,
        }
    }

    /// The name `typeof` gives, without lengths.
    pub fn name(self) -> &'static str {
        match self {
            DataType::Unknown => "unknown",
            DataType::Boolean => "boolean",
            DataType::SmallInt => "smallint",
            DataType::Int => "int4",
            DataType::BigInt => "integer",
            DataType::Double => "double precision",
            DataType::Decimal { .. } => "numeric",
            DataType::Text { .. } => "text",
            DataType::Blob => "blob",
            DataType::Date => "date",
            DataType::Time => "time",
            DataType::Timestamp => "timestamp",
            DataType::Interval => "interval",
            DataType::Uuid => "uuid",
            DataType::Json => "json",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataType::Decimal { precision, scale } => write!(f, "numeric({precision},{scale})"),
            DataType::Text { max: Some(max) } => write!(f, "varchar({max})"),
            other => f.write_str(other.name()),
        }
    }
}
