//! Intervals: months, days and microseconds, kept apart because a month has no fixed number of
//! days and a day no fixed number of hours.

use std::cmp::Ordering;
use std::fmt;

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Interval {
    /// Months; a year is twelve.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub microseconds: i64,
}

const US_PER_DAY: i128 = 86_400_000_000;

impl Interval {
    /// The value intervals are ordered by: a month as 30 days, a day as 24 hours.
    pub(crate) fn order_key(self) -> i128 {
        let days = i128::from(self.months) * 30 + i128::from(self.days);
        days * US_PER_DAY + i128::from(self.microseconds)
    }

    pub(crate) fn checked_add(self, other: Interval) -> Option<Interval> {
        Some(Interval {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            microseconds: self.microseconds.checked_add(other.microseconds)?,
        })
    }

    pub(crate) fn checked_neg(self) -> Option<Interval> {
        Some(Interval {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            microseconds: self.microseconds.checked_neg()?,
        })
    }

    /// Reads `1 year 2 months 3 days 04:05:06.7`, each part optional, each with a sign.
    pub(crate) fn parse(text: &str) -> Option<Interval> {
        let mut interval = Interval::default();
        let mut words = text.split_ascii_whitespace().peekable();
        words.peek()?;
        while let Some(word) = words.next() {
            if word.contains(':') {
                let (sign, clock) = match word.strip_prefix('-') {
                    Some(rest) => (-1, rest),
                    None => (1, word.strip_prefix('+').unwrap_or(word)),
                };
                let part = super::calendar::parse_clock(clock, i64::from(i32::MAX))?;
                interval.microseconds = interval.microseconds.checked_add(sign * part)?;
                continue;
            }
            let split = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
            let (number, unit) = word.split_at(split);
            let unit = if unit.is_empty() { words.next()? } else { unit };
            interval = interval.checked_add(Interval::of(number, unit)?)?;
        }
        Some(interval)
    }

    /// `number` (with an optional fraction) of one unit.
    pub(crate) fn of(number: &str, unit: &str) -> Option<Interval> {
        let unit = unit.to_ascii_lowercase();
        let unit = unit.strip_suffix('s').unwrap_or(&unit);
        let micros_per_unit: i64 = match unit {
            "microsecond" => 1,
            "millisecond" => 1_000,
            "second" | "sec" => 1_000_000,
            "minute" | "min" => 60_000_000,
            "hour" => 3_600_000_000,
            "day" | "week" | "month" | "mon" | "year" | "decade" | "century" => {
                let count: i32 = number.parse().ok()?;
                let (months, days) = match unit {
                    "day" => (0, 1),
                    "week" => (0, 7),
                    "month" | "mon" => (1, 0),
                    "year" => (12, 0),
                    "decade" => (120, 0),
                    _ => (1200, 0),
                };
                return Some(Interval {
                    months: count.checked_mul(months)?,
                    days: count.checked_mul(days)?,
                    microseconds: 0,
                });
            }
            _ => return None,
        };
        let microseconds = match number.parse::<i64>() {
            Ok(whole) => whole.checked_mul(micros_per_unit)?,
            Err(_) => {
                let fraction: f64 = number.parse().ok()?;
                let product = (fraction * micros_per_unit as f64).round();
                (product.abs() < 9e18).then_some(product as i64)?
            }
        };
        Some(Interval { microseconds, ..Interval::default() })
    }
}

impl PartialOrd for Interval {
    fn partial_cmp(&self, other: &Interval) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Interval {
    /// Equal spans in different units ("1 month", "30 days") are told apart last, so that the
    /// order agrees with equality.
    fn cmp(&self, other: &Interval) -> Ordering {
        let parts = |i: &Interval| (i.order_key(), i.months, i.days);
        parts(self).cmp(&parts(other))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        let (years, months) = (self.months / 12, self.months % 12);
        for (count, unit) in [(years, "year"), (months, "mon"), (self.days, "day")] {
            if count != 0 {
                let plural = if count == 1 { "" } else { "s" };
                write!(f, "{gap}{count} {unit}{plural}")?;
                gap = " ";
            }
        }
        if self.microseconds != 0 || gap.is_empty() {
            let sign = if self.microseconds < 0 { "-" } else { "" };
            let micros = self.microseconds.unsigned_abs();
            write!(f, "{gap}{sign}")?;
            super::calendar::write_clock(f, micros)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms() {
        for (text, printed) in [
            ("1 year 2 months", "1 year 2 mons"),
            ("3 days 04:05:06.7", "3 days 04:05:06.7"),
            ("-1 day", "-1 days"),
            ("90 minutes", "01:30:00"),
            ("1.5 hours", "01:30:00"),
            ("2weeks", "14 days"),
            ("0 days", "00:00:00"),
        ] {
            let interval = Interval::parse(text).unwrap();
            assert_eq!(interval.to_string(), printed, "{text}");
        }
        for bad in ["", "one day", "1", "1 parsec", "99999999999 years"] {
            assert!(Interval::parse(bad).is_none(), "{bad}");
        }
    }
}
