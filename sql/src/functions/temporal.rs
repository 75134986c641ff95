//! Arithmetic and functions of dates, times, timestamps and intervals.

use std::fmt::Write;

use super::{CallContext, Function};
use crate::error::{Error, Result, state};
use crate::types::calendar::{self, Civil, DAY_MAX, DAY_MIN, US_PER_DAY, US_PER_SECOND};
use crate::types::{Bytes, DataType, Interval, Validity, Vector, VectorData};

use super::arithmetic::{division_by_zero, zip};

fn out_of_range() -> Error {
    Error::value(state::BAD_DATETIME, "the date lies outside the years 0001 to 9999")
}

fn checked_day(days: Option<i64>) -> Result<i64> {
    days.filter(|days| (DAY_MIN..=DAY_MAX).contains(days)).ok_or_else(out_of_range)
}

fn checked_timestamp(micros: Option<i64>) -> Result<i64> {
    let micros = micros.ok_or_else(out_of_range)?;
    checked_day(Some(micros.div_euclid(US_PER_DAY)))?;
    Ok(micros)
}

/// A timestamp moved by an interval: months first, then days, then the rest.
pub(crate) fn add_interval(micros: i64, by: Interval) -> Result<i64> {
    let (days, rest) = (micros.div_euclid(US_PER_DAY), micros.rem_euclid(US_PER_DAY));
    let days = calendar::add_months(days, i64::from(by.months)).ok_or_else(out_of_range)?;
    let days = checked_day(days.checked_add(i64::from(by.days)))?;
    let moved = (days * US_PER_DAY + rest).checked_add(by.microseconds);
    checked_timestamp(moved)
}

/// Is this arithmetic on dates, times or intervals?
pub(crate) fn is_temporal(types: &[DataType]) -> bool {
    types.iter().any(|data_type| {
        matches!(data_type, DataType::Date | DataType::Time | DataType::Timestamp | DataType::Interval)
    })
}

/// `+ - * /` where a side is a date, a time or an interval.
pub(crate) fn binary(
    function: Function,
    left: &Vector,
    right: &Vector,
    types: &[DataType],
    context: &CallContext,
) -> Result<Vector> {
    let validity = left.validity.and(&right.validity);
    let (left_type, right_type) = match types {
        [left, right] => (*left, *right),
        _ => return Err(Error::internal("an operator with one side")),
    };
    let add = function == Function::Add;
    match (&left.data, &right.data) {
        (VectorData::Int(l), VectorData::Int(r)) => {
            integer_pairs(add, l, r, validity, (left_type, right_type))
        }
        (VectorData::Int(l), VectorData::Interval(r)) => {
            let (values, validity) = zip(l, r, validity, |l, r| move_by(left_type, l, r, add).map(Some))?;
            Ok(Vector { data: VectorData::Int(values), validity })
        }
        (VectorData::Interval(l), VectorData::Int(r)) => {
            let (values, validity) = zip(l, r, validity, |l, r| move_by(right_type, r, l, true).map(Some))?;
            Ok(Vector { data: VectorData::Int(values), validity })
        }
        (VectorData::Interval(l), VectorData::Interval(r)) => {
            let (values, validity) = zip(l, r, validity, |l: Interval, r: Interval| {
                let right = if add { Some(r) } else { r.checked_neg() };
                let sum = right.and_then(|right| l.checked_add(right));
                sum.map(Some).ok_or_else(|| Error::out_of_range("interval out of range"))
            })?;
            Ok(Vector { data: VectorData::Interval(values), validity })
        }
        (VectorData::Interval(l), VectorData::Double(r)) => {
            let (values, validity) = zip(l, r, validity, |l, r| match function {
                Function::Divide if r == 0.0 => division_by_zero(context),
                Function::Divide => scale(l, 1.0 / r).map(Some),
                _ => scale(l, r).map(Some),
            })?;
            Ok(Vector { data: VectorData::Interval(values), validity })
        }
        (VectorData::Double(l), VectorData::Interval(r)) => {
            let (values, validity) = zip(l, r, validity, |l, r| scale(r, l).map(Some))?;
            Ok(Vector { data: VectorData::Interval(values), validity })
        }
        _ => Err(Error::internal("arithmetic on these dates and times")),
    }
}

/// Dates and integers, differences of dates, timestamps and times.
fn integer_pairs(
    add: bool,
    left: &[i64],
    right: &[i64],
    validity: Validity,
    types: (DataType, DataType),
) -> Result<Vector> {
    match types {
        (DataType::Timestamp, DataType::Timestamp) | (DataType::Time, DataType::Time) => {
            let (values, validity) = zip(left, right, validity, |l, r| {
                let span = l - r;
                let days = if types.0 == DataType::Time { 0 } else { span / US_PER_DAY };
                let microseconds = span - days * US_PER_DAY;
                let days = i32::try_from(days).map_err(|_| out_of_range())?;
                Ok(Some(Interval { months: 0, days, microseconds }))
            })?;
            Ok(Vector { data: VectorData::Interval(values), validity })
        }
        (DataType::Date, DataType::Date) => {
            let (values, validity) = zip(left, right, validity, |l, r| Ok(Some(l - r)))?;
            Ok(Vector { data: VectorData::Int(values), validity })
        }
        _ => {
            let (values, validity) = zip(left, right, validity, |l: i64, r: i64| {
                checked_day(if add { l.checked_add(r) } else { l.checked_sub(r) }).map(Some)
            })?;
            Ok(Vector { data: VectorData::Int(values), validity })
        }
    }
}

fn move_by(data_type: DataType, value: i64, by: Interval, add: bool) -> Result<i64> {
    let by = if add { Some(by) } else { by.checked_neg() };
    let by = by.ok_or_else(|| Error::out_of_range("interval out of range"))?;
    match data_type {
        // A time of day goes around at midnight.
        DataType::Time => Ok((value + by.microseconds % US_PER_DAY).rem_euclid(US_PER_DAY)),
        DataType::Date => add_interval(value * US_PER_DAY, by),
        _ => add_interval(value, by),
    }
}

/// An interval times a number; parts of months become days of 30 to a month, parts of days time.
fn scale(interval: Interval, factor: f64) -> Result<Interval> {
    let months = f64::from(interval.months) * factor;
    let days = f64::from(interval.days) * factor + months.fract() * 30.0;
    let micros = interval.microseconds as f64 * factor + days.fract() * US_PER_DAY as f64;
    let fits = months.abs() < 2e9 && days.abs() < 2e9 && micros.abs() < 9e18;
    if !fits {
        return Err(Error::out_of_range("interval out of range"));
    }
    Ok(Interval { months: months as i32, days: days as i32, microseconds: micros.round() as i64 })
}

/// The parts EXTRACT gives as whole numbers.
pub(crate) fn is_whole_field(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    !matches!(field.as_str(), "second" | "epoch" | "milliseconds")
}

/// EXTRACT: whole numbers, or decimals of 6 digits behind the point.
pub(crate) fn extract(
    function: Function,
    field: &Vector,
    source: &Vector,
    data_type: DataType,
) -> Result<Vector> {
    let validity = field.validity.and(&source.validity);
    let VectorData::Bytes(fields) = &field.data else {
        return Err(Error::internal("a field that is no text"));
    };
    let millionths = |row: usize| -> Result<i128> {
        if !validity.is_valid(row) {
            return Ok(0);
        }
        let name = fields.text(row).to_ascii_lowercase();
        let found = match &source.data {
            VectorData::Int(values) => point_field(&name, values[row], data_type),
            VectorData::Interval(values) => interval_field(&name, values[row]),
            _ => None,
        };
        found.ok_or_else(|| {
            let message = format!("\"{name}\" is not a part of a {data_type}");
            Error::value(state::BAD_ARGUMENT, message)
        })
    };
    let values = (0..source.len()).map(millionths);
    let data = if function == Function::Extract {
        VectorData::Decimal(values.collect::<Result<_>>()?)
    } else {
        let whole = |value: Result<i128>| value.map(|value| (value / MILLION) as i64);
        VectorData::Int(values.map(whole).collect::<Result<_>>()?)
    };
    Ok(Vector { data, validity })
}

const MILLION: i128 = 1_000_000;

/// A part of a date, time or timestamp, times a million.
fn point_field(name: &str, value: i64, data_type: DataType) -> Option<i128> {
    let (days, time) = match data_type {
        DataType::Date => (value, 0),
        DataType::Time => (0, value),
        _ => (value.div_euclid(US_PER_DAY), value.rem_euclid(US_PER_DAY)),
    };
    let seconds = time / US_PER_SECOND;
    let whole = match name {
        "hour" => seconds / 3600,
        "minute" => seconds / 60 % 60,
        "second" => return Some(i128::from(time % (60 * US_PER_SECOND))),
        "milliseconds" => return Some(i128::from(time % (60 * US_PER_SECOND)) * 1000),
        "microseconds" => time % (60 * US_PER_SECOND),
        "epoch" if data_type == DataType::Date => value * 86_400,
        "epoch" => return Some(i128::from(value)),
        _ if data_type == DataType::Time => return None,
        name => date_field(name, days)?,
    };
    Some(i128::from(whole) * MILLION)
}

fn date_field(name: &str, days: i64) -> Option<i64> {
    let Civil { year, month, day } = calendar::civil_from_days(days);
    Some(match name {
        "year" => year,
        "month" => month,
        "day" => day,
        "quarter" => (month + 2) / 3,
        "decade" => year / 10,
        "century" => (year + 99) / 100,
        "millennium" => (year + 999) / 1000,
        "dow" => weekday(days),
        "isodow" => (weekday(days) + 6) % 7 + 1,
        "doy" => day_of_year(days),
        "week" => iso_week(days),
        _ => return None,
    })
}

/// 0 is Sunday.
fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

fn day_of_year(days: i64) -> i64 {
    let year = calendar::civil_from_days(days).year;
    days - calendar::days_from_civil(Civil { year, month: 1, day: 1 }) + 1
}

/// The week of ISO 8601: that of the Thursday in the same week.
pub(super) fn iso_week(days: i64) -> i64 {
    let thursday = days - (weekday(days) + 6) % 7 + 3;
    (day_of_year(thursday) - 1) / 7 + 1
}

fn interval_field(name: &str, interval: Interval) -> Option<i128> {
    let seconds = interval.microseconds / US_PER_SECOND;
    let whole = match name {
        "year" => i64::from(interval.months / 12),
        "month" => i64::from(interval.months % 12),
        "day" => i64::from(interval.days),
        "hour" => seconds / 3600,
        "minute" => seconds / 60 % 60,
        "second" => return Some(i128::from(interval.microseconds % (60 * US_PER_SECOND))),
        "epoch" => return Some(interval.order_key()),
        _ => return None,
    };
    Some(i128::from(whole) * MILLION)
}

/// `date_trunc` and `strftime`.
pub(crate) fn format_or_truncate(function: Function, text: &Vector, source: &Vector) -> Result<Vector> {
    let validity = text.validity.and(&source.validity);
    let (VectorData::Bytes(texts), VectorData::Int(values)) = (&text.data, &source.data) else {
        return Err(Error::internal("a date function of other types"));
    };
    let data = if function == Function::DateTruncate {
        let row = |(row, value): (usize, &i64)| match validity.is_valid(row) {
            true => truncate(texts.text(row), *value),
            false => Ok(0),
        };
        VectorData::Int(values.iter().enumerate().map(row).collect::<Result<_>>()?)
    } else {
        let mut out = Bytes::default();
        for (row, value) in values.iter().enumerate() {
            let valid = validity.is_valid(row);
            let text = if valid { format_time(texts.text(row), *value)? } else { String::new() };
            out.push(text.as_bytes())?;
        }
        VectorData::Bytes(out)
    };
    Ok(Vector { data, validity })
}

fn truncate(field: &str, micros: i64) -> Result<i64> {
    let days = micros.div_euclid(US_PER_DAY);
    let Civil { year, month, .. } = calendar::civil_from_days(days);
    let first_of = |year, month| calendar::days_from_civil(Civil { year, month, day: 1 }) * US_PER_DAY;
    let to_unit = |unit: i64| micros.div_euclid(unit) * unit;
    Ok(match field.to_ascii_lowercase().as_str() {
        "microseconds" => micros,
        "milliseconds" => to_unit(1000),
        "second" => to_unit(US_PER_SECOND),
        "minute" => to_unit(60 * US_PER_SECOND),
        "hour" => to_unit(3600 * US_PER_SECOND),
        "day" => to_unit(US_PER_DAY),
        "week" => (days - (weekday(days) + 6) % 7) * US_PER_DAY,
        "month" => first_of(year, month),
        "quarter" => first_of(year, (month - 1) / 3 * 3 + 1),
        "year" => first_of(year, 1),
        "decade" => first_of((year / 10 * 10).max(1), 1),
        "century" => first_of((year - 1) / 100 * 100 + 1, 1),
        _ => {
            let message = format!("\"{field}\" is not a unit of time");
            return Err(Error::value(state::BAD_ARGUMENT, message));
        }
    })
}

/// `strftime` with SQLite's conversions.
pub(super) fn format_time(format: &str, micros: i64) -> Result<String> {
    let (days, time) = (micros.div_euclid(US_PER_DAY), micros.rem_euclid(US_PER_DAY));
    let Civil { year, month, day } = calendar::civil_from_days(days);
    let (seconds, fraction) = (time / US_PER_SECOND, time % US_PER_SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let conversion = chars.next();
        let written = match conversion {
            Some('Y') => write!(out, "{year:04}"),
            Some('m') => write!(out, "{month:02}"),
            Some('d') => write!(out, "{day:02}"),
            Some('e') => write!(out, "{day:2}"),
            Some('H') => write!(out, "{hour:02}"),
            Some('I') => write!(out, "{:02}", (hour + 11) % 12 + 1),
            Some('p') => write!(out, "{}", if hour < 12 { "AM" } else { "PM" }),
            Some('M') => write!(out, "{minute:02}"),
            Some('S') => write!(out, "{second:02}"),
            Some('f') => write!(out, "{second:02}.{:03}", fraction / 1000),
            Some('j') => write!(out, "{:03}", day_of_year(days)),
            Some('w') => write!(out, "{}", weekday(days)),
            Some('u') => write!(out, "{}", (weekday(days) + 6) % 7 + 1),
            Some('V') => write!(out, "{:02}", iso_week(days)),
            Some('s') => write!(out, "{}", micros.div_euclid(US_PER_SECOND)),
            Some('F') => write!(out, "{year:04}-{month:02}-{day:02}"),
            Some('T') => write!(out, "{hour:02}:{minute:02}:{second:02}"),
            Some('R') => write!(out, "{hour:02}:{minute:02}"),
            Some('%') => write!(out, "%"),
            other => {
                let shown: String = other.into_iter().collect();
                let message = format!("strftime has no conversion %{shown}");
                return Err(Error::value(state::BAD_ARGUMENT, message));
            }
        };
        written.map_err(|_| Error::internal("writing to a text failed"))?;
    }
    Ok(out)
}

/// CURRENT_DATE, CURRENT_TIME and CURRENT_TIMESTAMP: one moment a statement.
pub(crate) fn now(function: Function, len: usize, context: &CallContext) -> Vector {
    let value = match function {
        Function::CurrentDate => context.now_us.div_euclid(US_PER_DAY),
        Function::CurrentTime => context.now_us.rem_euclid(US_PER_DAY),
        _ => context.now_us,
    };
    Vector::valid(VectorData::Int(vec![value; len]))
}
