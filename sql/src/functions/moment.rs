//! Functions of dates and times, value by value: SQLite's with their modifiers, PostgreSQL's that
//! make, format and read them.

use super::scalar::{ANY, DOUBLE, INT, Kind, STAMP, Scalar, TEXT, bad, double, int, text};
use super::temporal::{add_interval, format_time};
use super::{Call, CallContext, template};
use crate::error::{Error, Result, state};
use crate::types::calendar::{self, Civil, DAY_MAX, DAY_MIN, US_PER_DAY, US_PER_SECOND};
use crate::types::{DataType, Decimal, Interval, Value};

const DATE: Kind = Kind::Of(DataType::Date);
const SPAN: Kind = Kind::Of(DataType::Interval);
const NUMBER: Kind = Kind::Of(DataType::NUMERIC);
/// The Julian day of 1970-01-01 00:00.
const JULIAN_1970: f64 = 2_440_587.5;

pub(super) const TABLE: &[Scalar] = &[
    Scalar::new("date", &[ANY, TEXT], DataType::Date, |v, c| Ok(date_of(moment(v, c)?))).needs(0).repeated(),
    Scalar::new("time", &[ANY, TEXT], DataType::Time, |v, c| {
        Ok(Value::Time(moment(v, c)?.rem_euclid(US_PER_DAY)))
    })
    .needs(0)
    .repeated(),
    Scalar::new("datetime", &[ANY, TEXT], DataType::Timestamp, |v, c| Ok(Value::Timestamp(moment(v, c)?)))
        .needs(0)
        .repeated(),
    Scalar::new("julianday", &[ANY, TEXT], DataType::Double, |v, c| {
        Ok(Value::Double(moment(v, c)? as f64 / US_PER_DAY as f64 + JULIAN_1970))
    })
    .needs(0)
    .repeated(),
    Scalar::new("unixepoch", &[ANY, TEXT], DataType::BigInt, |v, c| {
        Ok(Value::Integer(moment(v, c)?.div_euclid(US_PER_SECOND)))
    })
    .needs(0)
    .repeated(),
    Scalar::new("strftime", &[TEXT, ANY, TEXT], DataType::TEXT, |v, c| {
        let micros = moment(v.get(1..).unwrap_or(&[]), c)?;
        format_time(text(v, 0), micros).map(Value::Text)
    })
    .needs(1)
    .repeated(),
    Scalar::new("age", &[STAMP, STAMP], DataType::Interval, |v, _| age(int(v, 0), int(v, 1))),
    Scalar::new("age", &[STAMP], DataType::Interval, |v, c| {
        age(c.now_us.div_euclid(US_PER_DAY) * US_PER_DAY, int(v, 0))
    })
    .changing(),
    Scalar::new("make_date", &[INT, INT, INT], DataType::Date, |v, _| {
        Ok(date_of(day(int(v, 0), int(v, 1), int(v, 2))? * US_PER_DAY))
    }),
    Scalar::new("make_time", &[INT, INT, DOUBLE], DataType::Time, |v, _| {
        clock(int(v, 0), int(v, 1), double(v, 2)).map(Value::Time)
    }),
    Scalar::new("make_timestamp", &[INT, INT, INT, INT, INT, DOUBLE], DataType::Timestamp, |v, _| {
        let day = day(int(v, 0), int(v, 1), int(v, 2))?;
        Ok(Value::Timestamp(day * US_PER_DAY + clock(int(v, 3), int(v, 4), double(v, 5))?))
    }),
    Scalar::new("to_timestamp", &[DOUBLE], DataType::Timestamp, |v, _| {
        checked((double(v, 0) * US_PER_SECOND as f64).round()).map(Value::Timestamp)
    }),
    Scalar::new("to_timestamp", &[TEXT, TEXT], DataType::Timestamp, |v, _| {
        template::read(text(v, 0), text(v, 1)).map(Value::Timestamp)
    }),
    Scalar::new("to_date", &[TEXT, TEXT], DataType::Date, |v, _| {
        Ok(date_of(template::read(text(v, 0), text(v, 1))?))
    }),
    Scalar::new("to_char", &[STAMP, TEXT], DataType::TEXT, |v, _| {
        template::write(int(v, 0), text(v, 1)).map(Value::Text)
    }),
    Scalar::new("to_char", &[DATE, TEXT], DataType::TEXT, |v, _| {
        template::write(int(v, 0) * US_PER_DAY, text(v, 1)).map(Value::Text)
    }),
    Scalar::new("to_char", &[NUMBER, TEXT], DataType::TEXT, |v, _| match v.first() {
        Some(Value::Decimal(number)) => template::number(*number, text(v, 1)).map(Value::Text),
        _ => Ok(Value::Null),
    }),
    Scalar::new("to_number", &[TEXT, TEXT], DataType::NUMERIC, to_number as Call),
    Scalar::new("clock_timestamp", &[], DataType::Timestamp, |_, c| Ok(Value::Timestamp(c.now_us)))
        .changing(),
    Scalar::new("statement_timestamp", &[], DataType::Timestamp, |_, c| Ok(Value::Timestamp(c.now_us)))
        .changing(),
    Scalar::new("transaction_timestamp", &[], DataType::Timestamp, |_, c| Ok(Value::Timestamp(c.now_us)))
        .changing(),
    Scalar::new("date_bin", &[SPAN, STAMP, STAMP], DataType::Timestamp, date_bin as Call),
    Scalar::new("justify_hours", &[SPAN], DataType::Interval, |v, _| justify(v, true)),
    Scalar::new("justify_days", &[SPAN], DataType::Interval, |v, _| justify(v, false)),
];

fn date_of(micros: i64) -> Value {
    Value::Date(i32::try_from(micros.div_euclid(US_PER_DAY)).unwrap_or(0))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::value(state::BAD_DATETIME, message)
}

fn checked(micros: f64) -> Result<i64> {
    let (low, high) = ((DAY_MIN * US_PER_DAY) as f64, ((DAY_MAX + 1) * US_PER_DAY) as f64);
    if micros >= low && micros < high {
        return Ok(micros as i64);
    }
    Err(wrong("the date lies outside the years 0001 to 9999"))
}

/// A day since 1970, if there is such a one.
pub(super) fn day(year: i64, month: i64, day: i64) -> Result<i64> {
    let there = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=calendar::days_in_month(year, month)).contains(&day);
    if there {
        return Ok(calendar::days_from_civil(Civil { year, month, day }));
    }
    Err(wrong(format!("there is no day {year:04}-{month:02}-{day:02}")))
}

fn clock(hour: i64, minute: i64, second: f64) -> Result<i64> {
    let there = (0..24).contains(&hour) && (0..60).contains(&minute) && (0.0..60.0).contains(&second);
    if !there {
        return Err(wrong(format!("there is no time {hour:02}:{minute:02}:{second}")));
    }
    Ok((hour * 3600 + minute * 60) * US_PER_SECOND + (second * US_PER_SECOND as f64).round() as i64)
}

/// A first argument and modifiers, as SQLite's functions take them; nothing is now.
fn moment(values: &[Value], context: &CallContext) -> Result<i64> {
    let mut modifiers = values.iter().skip(1).map(super::wording::plain).collect::<Vec<_>>();
    let mut micros = match values.first() {
        None => context.now_us,
        Some(Value::Date(days)) => i64::from(*days) * US_PER_DAY,
        Some(Value::Timestamp(micros)) => *micros,
        // A time of day stands on 2000-01-01.
        Some(Value::Time(micros)) => 10_957 * US_PER_DAY + micros,
        Some(number @ (Value::Integer(_) | Value::Double(_) | Value::Decimal(_))) => {
            numeric(number, &mut modifiers)?
        }
        Some(Value::Text(text)) => written(text, context, &mut modifiers)?,
        Some(other) => return Err(wrong(format!("{other} is not a date or time"))),
    };
    for modifier in &modifiers {
        micros = modified(micros, modifier)?;
    }
    Ok(micros)
}

/// A Julian day, or with the modifier `unixepoch` or `auto` seconds since 1970.
fn numeric(value: &Value, modifiers: &mut Vec<String>) -> Result<i64> {
    let number = match value {
        Value::Integer(number) => *number as f64,
        Value::Decimal(number) => number.to_f64(),
        Value::Double(number) => *number,
        _ => 0.0,
    };
    let first = modifiers.first().map(|modifier| modifier.to_ascii_lowercase());
    let known = matches!(first.as_deref(), Some("unixepoch" | "auto" | "julianday"));
    if known {
        modifiers.remove(0);
    }
    let julian = match first.as_deref() {
        Some("unixepoch") => false,
        Some("auto") => (0.0..5_373_484.5).contains(&number),
        _ => true,
    };
    match julian {
        true => checked(((number - JULIAN_1970) * US_PER_DAY as f64 / 1000.0).round() * 1000.0),
        false => checked((number * US_PER_SECOND as f64).round()),
    }
}

fn written(text: &str, context: &CallContext, modifiers: &mut Vec<String>) -> Result<i64> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("now") {
        return Ok(context.now_us);
    }
    if let Ok(number) = text.parse::<f64>() {
        return numeric(&Value::Double(number), modifiers);
    }
    let time = || calendar::parse_time(text).map(|time| 10_957 * US_PER_DAY + time);
    let day = || calendar::parse_date(text).map(|days| days * US_PER_DAY);
    let read = calendar::parse_timestamp(text).or_else(day).or_else(time);
    read.ok_or_else(|| wrong(format!("\"{text}\" is not a date or time")))
}

/// One modifier of SQLite's.
fn modified(micros: i64, modifier: &str) -> Result<i64> {
    let lower = modifier.trim().to_ascii_lowercase();
    let unknown = || bad(format!("\"{modifier}\" is no modifier of a date"));
    let (days, time) = (micros.div_euclid(US_PER_DAY), micros.rem_euclid(US_PER_DAY));
    let Civil { year, month, .. } = calendar::civil_from_days(days);
    let first = |month| Ok(calendar::days_from_civil(Civil { year, month, day: 1 }) * US_PER_DAY);
    match lower.as_str() {
        "start of day" => return Ok(days * US_PER_DAY),
        "start of month" => return first(month),
        "start of year" => return first(1),
        // All times are in one zone.
        "utc" | "localtime" | "subsec" | "subsecond" => return Ok(micros),
        _ => {}
    }
    if let Some(wanted) = lower.strip_prefix("weekday ") {
        let wanted: i64 =
            wanted.trim().parse().ok().filter(|day| (0..7).contains(day)).ok_or_else(unknown)?;
        // 1970-01-01 was a Thursday.
        let ahead = (wanted - (days + 4)).rem_euclid(7);
        return checked(((days + ahead) * US_PER_DAY + time) as f64);
    }
    let negative = lower.starts_with('-');
    let amount = lower.trim_start_matches(['+', '-']);
    if let Some((number, unit)) = amount.split_once(' ') {
        let number: f64 = number.parse().map_err(|_| unknown())?;
        return moved(micros, if negative { -number } else { number }, unit.trim()).ok_or_else(unknown)?;
    }
    let time = calendar::parse_clock(amount, 24).ok_or_else(unknown)?;
    let by = Interval { months: 0, days: 0, microseconds: if negative { -time } else { time } };
    add_interval(micros, by)
}

/// So many units on; `None`: there is no such unit.
fn moved(micros: i64, number: f64, unit: &str) -> Option<Result<i64>> {
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    let far = || Err(wrong("the date lies outside the years 0001 to 9999"));
    if matches!(unit, "month" | "year") {
        let months = if unit == "year" { number * 12.0 } else { number };
        if months.abs() > 200_000.0 {
            return Some(far());
        }
        return Some(add_interval(micros, Interval { months: months as i32, days: 0, microseconds: 0 }));
    }
    let seconds = match unit {
        "second" => 1.0,
        "minute" => 60.0,
        "hour" => 3_600.0,
        "day" => 86_400.0,
        _ => return None,
    };
    Some(checked(micros as f64 + (number * seconds * US_PER_SECOND as f64).round()))
}

/// The time between two moments in years, months and days, as PostgreSQL counts it.
fn age(later: i64, earlier: i64) -> Result<Value> {
    if later < earlier {
        let Value::Interval(span) = age(earlier, later)? else { return Err(Error::internal("no interval")) };
        return span
            .checked_neg()
            .map(Value::Interval)
            .ok_or_else(|| Error::out_of_range("interval out of range"));
    }
    let (from, to) = (earlier.div_euclid(US_PER_DAY), later.div_euclid(US_PER_DAY));
    let (start, end) = (calendar::civil_from_days(from), calendar::civil_from_days(to));
    let mut microseconds = later.rem_euclid(US_PER_DAY) - earlier.rem_euclid(US_PER_DAY);
    let mut days = end.day - start.day;
    let mut months = (end.year - start.year) * 12 + end.month - start.month;
    if microseconds < 0 {
        microseconds += US_PER_DAY;
        days -= 1;
    }
    if days < 0 {
        days += calendar::days_in_month(start.year, start.month);
        months -= 1;
    }
    let narrow =
        |number: i64| i32::try_from(number).map_err(|_| Error::out_of_range("interval out of range"));
    Ok(Value::Interval(Interval { months: narrow(months)?, days: narrow(days)?, microseconds }))
}

fn date_bin(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let Some(Value::Interval(width)) = values.first() else { return Ok(Value::Null) };
    let step =
        i64::from(width.days).checked_mul(US_PER_DAY).and_then(|days| days.checked_add(width.microseconds));
    let step = step.filter(|step| *step > 0 && width.months == 0);
    let step = step.ok_or_else(|| bad("date_bin needs a positive interval without months"))?;
    let (at, origin) = (int(values, 1), int(values, 2));
    Ok(Value::Timestamp(origin + (at - origin).div_euclid(step) * step))
}

fn justify(values: &[Value], hours: bool) -> Result<Value> {
    let Some(Value::Interval(span)) = values.first() else { return Ok(Value::Null) };
    let far = || Error::out_of_range("interval out of range");
    let Interval { months, days, microseconds } = *span;
    let narrow = |number: i64| i32::try_from(number).map_err(|_| far());
    Ok(Value::Interval(if hours {
        let days = narrow(i64::from(days) + microseconds / US_PER_DAY)?;
        Interval { months, days, microseconds: microseconds % US_PER_DAY }
    } else {
        let months = narrow(i64::from(months) + i64::from(days / 30))?;
        Interval { months, days: days % 30, microseconds }
    }))
}

/// The number in a text: digits, a point, a sign; what else stands there is passed over.
fn to_number(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let kept: String = text(values, 0).chars().filter(|c| c.is_ascii_digit() || "+-.".contains(*c)).collect();
    let number = Decimal::parse(&kept);
    let number = number
        .ok_or_else(|| Error::value(state::BAD_TEXT, format!("\"{}\" has no number", text(values, 0))))?;
    Ok(Value::Decimal(number))
}
