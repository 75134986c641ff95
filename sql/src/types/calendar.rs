//! Days since 1970-01-01 and microseconds to dates and times of the proleptic Gregorian calendar,
//! and back; and their text forms.
//!
//! | type      | held as                              | text                            |
//! |-----------|--------------------------------------|---------------------------------|
//! | DATE      | days since 1970-01-01                | `YYYY-MM-DD`                    |
//! | TIME      | microseconds since midnight          | `HH:MM:SS[.ffffff]`             |
//! | TIMESTAMP | microseconds since 1970-01-01 00:00  | `YYYY-MM-DD HH:MM:SS[.ffffff]`  |
//!
//! Years run from 0001 to 9999.

use std::fmt;

pub(crate) const US_PER_SECOND: i64 = 1_000_000;
pub(crate) const US_PER_DAY: i64 = 86_400 * US_PER_SECOND;
/// The first and last day held: 0001-01-01 and 9999-12-31.
pub(crate) const DAY_MIN: i64 = -719_162;
pub(crate) const DAY_MAX: i64 = 2_932_896;

/// A day as year, month (1-12) and day of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

/// Days since 1970-01-01 of a date; the month must be 1-12.
pub(crate) fn days_from_civil(date: Civil) -> i64 {
    let year = if date.month <= 2 { date.year - 1 } else { date.year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (date.month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a number of days since 1970-01-01.
pub(crate) fn civil_from_days(days: i64) -> Civil {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil { year, month, day }
}

pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A day `months` later, at the end of the month where that month is shorter.
pub(crate) fn add_months(days: i64, months: i64) -> Option<i64> {
    let date = civil_from_days(days);
    let total = date.year.checked_mul(12)?.checked_add(date.month - 1)?.checked_add(months)?;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let day = date.day.min(days_in_month(year, month));
    let days = days_from_civil(Civil { year, month, day });
    (DAY_MIN..=DAY_MAX).contains(&days).then_some(days)
}

/// Reads `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.trim().splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 {
        return None;
    }
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    let valid = year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    valid.then(|| days_from_civil(Civil { year, month, day }))
}

/// Reads `HH:MM[:SS[.ffffff]]`, at most 24:00:00.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let micros = parse_clock(text.trim(), 24)?;
    (micros <= US_PER_DAY).then_some(micros)
}

/// Reads a date and time with a space or a `T` between them, or a date alone. A trailing `Z` is
/// accepted; other zones are not.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let (date, time) = match text.find([' ', 'T', 't']) {
        Some(at) => (text.get(..at)?, parse_time(text.get(at + 1..)?)?),
        None => (text, 0),
    };
    Some(parse_date(date)? * US_PER_DAY + time)
}

/// Reads `H:MM[:SS[.ffffff]]` with up to `hours_max` hours, as microseconds.
pub(crate) fn parse_clock(text: &str, hours_max: i64) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let hours = digits(parts.next()?, 10)?;
    let minutes = digits(parts.next()?, 2)?;
    let (seconds, micros) = match parts.next() {
        None => (0, 0),
        Some(rest) => match rest.split_once('.') {
            None => (digits(rest, 2)?, 0),
            Some((seconds, fraction)) => {
                let kept = fraction.get(..fraction.len().min(6))?;
                digits(fraction, fraction.len())?;
                let scale = 10_i64.pow(6 - u32::try_from(kept.len()).ok()?);
                (digits(seconds, 2)?, digits(kept, 6)? * scale)
            }
        },
    };
    if hours > hours_max || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(((hours * 60 + minutes) * 60 + seconds) * US_PER_SECOND + micros)
}

/// A number of 1 to `len_max` digits and nothing else.
fn digits(text: &str, len_max: usize) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= len_max && text.len() <= 18;
    (plain && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

pub(crate) fn write_date(out: &mut impl fmt::Write, days: i64) -> fmt::Result {
    let Civil { year, month, day } = civil_from_days(days);
    write!(out, "{year:04}-{month:02}-{day:02}")
}

/// Writes a span of microseconds as `HH:MM:SS[.ffffff]`.
pub(crate) fn write_clock(out: &mut impl fmt::Write, micros: u64) -> fmt::Result {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(out, "{hours:02}:{minutes:02}:{seconds:02}")?;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

pub(crate) fn write_timestamp(out: &mut impl fmt::Write, micros: i64) -> fmt::Result {
    write_date(out, micros.div_euclid(US_PER_DAY))?;
    out.write_char(' ')?;
    write_clock(out, micros.rem_euclid(US_PER_DAY).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamp(text: &str) -> Option<String> {
        let mut out = String::new();
        write_timestamp(&mut out, parse_timestamp(text)?).ok()?;
        Some(out)
    }

    #[test]
    fn every_day_survives_the_round_trip() {
        let mut previous = civil_from_days(DAY_MIN - 1);
        for days in DAY_MIN..=DAY_MAX {
            let date = civil_from_days(days);
            assert_eq!(days_from_civil(date), days);
            let next_day = date.day == previous.day + 1 && date.month == previous.month;
            assert!(next_day || date.day == 1);
            previous = date;
        }
        assert_eq!(parse_date("0001-01-01"), Some(DAY_MIN));
        assert_eq!(parse_date("9999-12-31"), Some(DAY_MAX));
        assert_eq!(parse_date("1970-01-01"), Some(0));
    }

    #[test]
    fn timestamps_as_text() {
        let same = |text: &str| assert_eq!(timestamp(text).as_deref(), Some(text));
        same("2021-01-01 00:00:00");
        same("1969-12-31 23:59:59.5");
        same("0001-01-01 00:00:00.000001");
        assert_eq!(timestamp("2021-02-03").as_deref(), Some("2021-02-03 00:00:00"));
        assert_eq!(timestamp("2021-02-03T04:05Z").as_deref(), Some("2021-02-03 04:05:00"));
        for bad in [
            "",
            "x",
            "2021",
            "2021-13-01",
            "2021-02-29",
            "2021-02-03 25:00",
            "2021-02-03 1:60",
            "20210-1-1",
            "2021-01-01 10:00:00+02",
            "-001-01-01",
            "0000-01-01",
        ] {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn months_end_where_the_month_ends() {
        let date = |text| parse_date(text).unwrap();
        assert_eq!(add_months(date("2021-01-31"), 1), Some(date("2021-02-28")));
        assert_eq!(add_months(date("2020-02-29"), 12), Some(date("2021-02-28")));
        assert_eq!(add_months(date("2021-01-15"), -1), Some(date("2020-12-15")));
        assert_eq!(add_months(date("9999-12-31"), 1), None);
    }
}
