//! Translation of the names of types.

use super::{Translator, refuse};
use crate::error::{Error, Result, state};
use crate::types::DataType;
use sqlparser::ast::{self as sp};

/// The digits of the widest decimal.
const PRECISION_MAX: u64 = 38;

impl Translator {
    pub(super) fn data_type(&mut self, data_type: sp::DataType) -> Result<DataType> {
        use sp::DataType as T;
        match data_type {
            T::Boolean | T::Bool => Ok(DataType::Boolean),
            T::SmallInt(_) | T::Int2(_) | T::TinyInt(_) => Ok(DataType::SmallInt),
            T::Int4(_) | T::MediumInt(_) => Ok(DataType::Int),
            T::Integer(_) | T::Int(_) | T::BigInt(_) | T::Int8(_) => Ok(DataType::BigInt),
            T::Real | T::Float4 | T::Float8 | T::DoublePrecision => Ok(DataType::Double),
            T::Float(_) | T::Double(_) => Ok(DataType::Double),
            T::Numeric(info) | T::Decimal(info) | T::Dec(info) => self.decimal(info),
            T::Text | T::TinyText | T::MediumText | T::LongText | T::Clob(None) | T::String(None) => {
                Ok(DataType::TEXT)
            }
            T::Varchar(len) | T::Nvarchar(len) | T::CharacterVarying(len) | T::CharVarying(len) => {
                self.text(len, "VARCHAR")
            }
            T::Blob(None) | T::Bytea | T::TinyBlob | T::MediumBlob | T::LongBlob => Ok(DataType::Blob),
            T::Date => Ok(DataType::Date),
            T::Time(precision, zone) => {
                self.clock(precision, zone)?;
                Ok(DataType::Time)
            }
            T::Timestamp(precision, zone) => {
                self.clock(precision, zone)?;
                Ok(DataType::Timestamp)
            }
            T::Datetime(precision) => {
                self.clock(precision, sp::TimezoneInfo::None)?;
                Ok(DataType::Timestamp)
            }
            T::Interval { fields, precision } => {
                refuse(
                    fields.is_some() || precision.is_some(),
                    "INTERVAL with fields or a precision",
                    self.last,
                )?;
                Ok(DataType::Interval)
            }
            T::Uuid => Ok(DataType::Uuid),
            T::JSON | T::JSONB => Ok(DataType::Json),
            T::Custom(name, modifiers) => self.custom(name, &modifiers),
            other => {
                let message = format!("the type {other} does not exist");
                Err(Error::name(state::NO_TYPE, message).at(self.last).hint(TYPES))
            }
        }
    }

    fn custom(&mut self, name: sp::ObjectName, modifiers: &[String]) -> Result<DataType> {
        let name = self.object(name)?;
        refuse(!modifiers.is_empty(), "a length after this type", name.at)?;
        match name.text.to_ascii_lowercase().as_str() {
            "serial" | "bigserial" | "serial8" => Ok(DataType::BigInt),
            "serial4" => Ok(DataType::Int),
            "smallserial" | "serial2" => Ok(DataType::SmallInt),
            "ntext" => Ok(DataType::TEXT),
            _ => {
                let message = format!("the type {} does not exist", name.text);
                Err(Error::name(state::NO_TYPE, message).at(name.at).hint(TYPES))
            }
        }
    }

    fn clock(&mut self, precision: Option<u64>, zone: sp::TimezoneInfo) -> Result<()> {
        refuse(precision.is_some_and(|p| p != 6), "a precision other than microseconds", self.last)?;
        let zoned = matches!(zone, sp::TimezoneInfo::WithTimeZone | sp::TimezoneInfo::Tz);
        refuse(zoned, "a time zone", self.last)
    }

    fn text(&mut self, len: Option<sp::CharacterLength>, name: &str) -> Result<DataType> {
        match len {
            None | Some(sp::CharacterLength::Max) => Ok(DataType::TEXT),
            Some(sp::CharacterLength::IntegerLength { length, unit: _ }) => match u32::try_from(length) {
                Ok(max @ 1..) => Ok(DataType::Text { max: Some(max) }),
                _ => Err(Error::out_of_range(format!("{name}({length}) is not a length")).at(self.last)),
            },
        }
    }

    fn decimal(&mut self, info: sp::ExactNumberInfo) -> Result<DataType> {
        let (precision, scale) = match info {
            sp::ExactNumberInfo::None => return Ok(DataType::NUMERIC),
            sp::ExactNumberInfo::Precision(precision) => (precision, 0),
            sp::ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
        };
        let bad = || {
            let message = format!(
                "NUMERIC({precision},{scale}): the precision goes from 1 to 38, the scale from 0 to it"
            );
            Error::out_of_range(message).at(self.last)
        };
        let small = u8::try_from(scale).map_err(|_| bad())?;
        if !(1..=PRECISION_MAX).contains(&precision) || u64::from(small) > precision {
            return Err(bad());
        }
        Ok(DataType::Decimal { precision: u8::try_from(precision).map_err(|_| bad())?, scale: small })
    }
}

/// Whether the type is one that numbers itself.
pub(super) fn is_serial(data_type: &sp::DataType) -> bool {
    match data_type {
        sp::DataType::Custom(name, _) => name.to_string().to_ascii_lowercase().contains("serial"),
        _ => false,
    }
}

const TYPES: &str = "the types are BOOLEAN, SMALLINT, INTEGER, REAL, NUMERIC(p,s), TEXT, VARCHAR(n), BLOB, DATE, TIME, \
                     TIMESTAMP, INTERVAL, UUID, JSON";
