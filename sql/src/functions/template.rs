//! PostgreSQL's templates: `to_char`, `to_date`, `to_timestamp`.
//!
//! | pattern                     | is                                                            |
//! |-----------------------------|---------------------------------------------------------------|
//! | YYYY YY MM DD DDD           | year, its last two digits, month, day, day of the year          |
//! | HH24 HH12 HH MI SS MS US    | hour of 24 or 12, minute, second, milli- and microseconds       |
//! | AM PM                       | half of the day                                               |
//! | Month Mon Day Dy            | names; also in capitals or small; long ones padded to 9         |
//! | D ID Q WW IW                | day of the week (Sunday or Monday is 1), quarter, weeks         |
//! | FM                          | before a pattern: no padding                                  |
//! | "text"                      | the text                                                      |
//!
//! A template of numbers has `9` and `0` for digits, `.` or `D` and `,` or `G` for the point and
//! the comma, `S`, `MI`, `PR` for signs, `$` or `L`, and `FM`.

use super::moment::day;
use super::scalar::bad;
use crate::error::{Error, Result, state};
use crate::types::Decimal;
use crate::types::calendar::{self, Civil, US_PER_DAY, US_PER_SECOND};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Patterns, longer ones before those they begin with.
const PATTERNS: [&str; 27] = [
    "YYYY", "MONTH", "Month", "month", "HH24", "HH12", "DDD", "DAY", "Day", "day", "MON", "Mon", "mon", "YY",
    "MM", "DD", "HH", "MI", "SS", "MS", "US", "AM", "PM", "DY", "Dy", "dy", "WW",
];
const SHORT: [&str; 5] = ["am", "pm", "IW", "ID", "Q"];

/// The parts of a template.
enum Part<'t> {
    Pattern { name: &'t str, padded: bool },
    Plain(char),
}

fn parts(template: &str) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let inner = rest.get(1..).unwrap_or("");
            let end = inner.find('"').unwrap_or(inner.len());
            out.extend(inner.get(..end).unwrap_or("").chars().map(Part::Plain));
            rest = inner.get(end + 1..).unwrap_or("");
            continue;
        }
        let (plain, padded) = match rest.strip_prefix("FM") {
            Some(after) => (after, false),
            None => (rest, true),
        };
        let known = PATTERNS.iter().chain(&SHORT).chain(&["D"]);
        let found = known.copied().find(|name| {
            plain.starts_with(name)
                || (name.len() > 1
                    && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
                    && !matches!(*name, "MONTH" | "MON" | "DAY" | "DY" | "AM" | "PM")
                    && plain.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
        });
        match found {
            Some(name) => {
                out.push(Part::Pattern { name, padded });
                rest = plain.get(name.len()..).unwrap_or("");
            }
            None => {
                out.push(Part::Plain(c));
                rest = rest.get(c.len_utf8()..).unwrap_or("");
            }
        }
    }
    out
}

/// A timestamp as a template says.
pub(super) fn write(micros: i64, template: &str) -> Result<String> {
    let (days, time) = (micros.div_euclid(US_PER_DAY), micros.rem_euclid(US_PER_DAY));
    let Civil { year, month, day } = calendar::civil_from_days(days);
    let of_year = days - calendar::days_from_civil(Civil { year, month: 1, day: 1 }) + 1;
    let weekday = (days + 4).rem_euclid(7);
    let (hour, minute) = (time / US_PER_SECOND / 3600, time / US_PER_SECOND / 60 % 60);
    let (second, fraction) = (time / US_PER_SECOND % 60, time % US_PER_SECOND);
    let mut out = String::new();
    for part in parts(template) {
        let (name, padded) = match part {
            Part::Plain(c) => {
                out.push(c);
                continue;
            }
            Part::Pattern { name, padded } => (name, padded),
        };
        let (number, width) = match name {
            "YYYY" => (year, 4),
            "YY" => (year % 100, 2),
            "MM" => (month, 2),
            "DD" => (day, 2),
            "DDD" => (of_year, 3),
            "HH24" => (hour, 2),
            "HH" | "HH12" => ((hour + 11) % 12 + 1, 2),
            "MI" => (minute, 2),
            "SS" => (second, 2),
            "MS" => (fraction / 1000, 3),
            "US" => (fraction, 6),
            "D" => (weekday + 1, 1),
            "ID" => ((weekday + 6) % 7 + 1, 1),
            "Q" => ((month - 1) / 3 + 1, 1),
            "WW" => ((of_year - 1) / 7 + 1, 2),
            "IW" => (super::temporal::iso_week(days), 2),
            _ => {
                out.push_str(&word(name, month, weekday, hour, padded));
                continue;
            }
        };
        out.push_str(&if padded { format!("{number:0width$}") } else { number.to_string() });
    }
    Ok(out)
}

/// The name of a month, a day or a half of one, in the letters of the pattern.
fn word(pattern: &str, month: i64, weekday: i64, hour: i64, padded: bool) -> String {
    let pick = |names: &[&'static str], number: i64| {
        usize::try_from(number).ok().and_then(|number| names.get(number)).copied().unwrap_or("")
    };
    let upper = pattern.to_ascii_uppercase();
    let full = match upper.as_str() {
        "MONTH" | "MON" => pick(&MONTHS, month - 1),
        "DAY" | "DY" => pick(&DAYS, weekday),
        _ if hour < 12 => "AM",
        _ => "PM",
    };
    let mut out: String = match upper.as_str() {
        "MON" | "DY" => full.chars().take(3).collect(),
        _ => full.to_owned(),
    };
    if padded && matches!(upper.as_str(), "MONTH" | "DAY") {
        out = format!("{out:9}");
    }
    let second_small = pattern.chars().nth(1).is_some_and(|c| c.is_ascii_lowercase());
    match (pattern.starts_with(|c: char| c.is_ascii_uppercase()), second_small) {
        (true, false) => out.to_uppercase(),
        (true, true) => out,
        (false, _) => out.to_lowercase(),
    }
}

/// A word in a text.
enum Word {
    Month(i64),
    Half { afternoon: bool },
    Day,
}

/// Reads a word where the pattern is one; `Some(None)`: another word stands there.
fn read_word(pattern: &str, rest: &mut &str) -> Option<Option<Word>> {
    let upper = pattern.to_ascii_uppercase();
    if !matches!(upper.as_str(), "MONTH" | "MON" | "DAY" | "DY" | "AM" | "PM") {
        return None;
    }
    let len = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (found, behind) = rest.split_at(len);
    *rest = behind;
    let found = found.to_lowercase();
    let month = MONTHS.iter().position(|known| found.len() >= 3 && known.to_lowercase().starts_with(&found));
    Some(match (upper.as_str(), month) {
        ("MONTH" | "MON", Some(index)) => i64::try_from(index + 1).ok().map(Word::Month),
        ("AM" | "PM", _) if found == "am" || found == "pm" => Some(Word::Half { afternoon: found == "pm" }),
        ("DAY" | "DY", _) if !found.is_empty() => Some(Word::Day),
        _ => None,
    })
}

/// Reads the digits of a pattern.
fn read_number(pattern: &str, rest: &mut &str) -> Option<i64> {
    let width = match pattern {
        "YYYY" => 4,
        "DDD" | "MS" => 3,
        "US" => 6,
        "D" | "ID" | "Q" => 1,
        _ => 2,
    };
    let len = rest.chars().take(width).take_while(char::is_ascii_digit).count();
    let (digits, behind) = rest.split_at(len);
    *rest = behind;
    digits.parse().ok()
}

/// A timestamp that stands in a text as a template says.
pub(super) fn read(text: &str, template: &str) -> Result<i64> {
    let wrong = |what: &str| {
        let message = format!("\"{text}\" does not match the template \"{template}\" at {what}");
        Error::value(state::BAD_DATETIME, message)
    };
    let (mut year, mut month, mut of_month, mut of_year) = (1, 1, 1, None);
    let (mut hour, mut micros, mut afternoon) = (0, 0, None);
    let mut rest = text;
    for part in parts(template) {
        let name = match part {
            Part::Plain(c) if c.is_alphanumeric() => {
                rest = rest.strip_prefix(c).ok_or_else(|| wrong(&c.to_string()))?;
                continue;
            }
            // Any punctuation or none stands for any other.
            Part::Plain(_) => {
                rest = rest.strip_prefix(|c: char| !c.is_alphanumeric()).unwrap_or(rest);
                continue;
            }
            Part::Pattern { name, .. } => name,
        };
        rest = rest.trim_start();
        if let Some(found) = read_word(name, &mut rest) {
            match found.ok_or_else(|| wrong(name))? {
                Word::Month(number) => month = number,
                Word::Half { afternoon: later } => afternoon = Some(later),
                Word::Day => {}
            }
            continue;
        }
        let number = read_number(name, &mut rest).ok_or_else(|| wrong(name))?;
        match name {
            "YYYY" => year = number,
            "YY" => year = number + if number < 70 { 2000 } else { 1900 },
            "MM" => month = number,
            "DD" => of_month = number,
            "DDD" => of_year = Some(number),
            "HH24" | "HH" | "HH12" if number < 24 => hour = number,
            "MI" if number < 60 => micros += number * 60 * US_PER_SECOND,
            "SS" if number < 60 => micros += number * US_PER_SECOND,
            "MS" => micros += number * 1000,
            "US" => micros += number,
            "D" | "ID" | "Q" | "WW" | "IW" => {
                return Err(bad(format!("{name} cannot be read, only written")));
            }
            _ => return Err(wrong(name)),
        }
    }
    if let Some(afternoon) = afternoon {
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    let days = match of_year {
        Some(number) => day(year, 1, 1)? + number - 1,
        None => day(year, month, of_month)?,
    };
    Ok(days * US_PER_DAY + hour * 3600 * US_PER_SECOND + micros)
}

/// A number as a template says.
pub(super) fn number(value: Decimal, template: &str) -> Result<String> {
    let upper = template.to_ascii_uppercase();
    let (body, fill) = match upper.strip_prefix("FM") {
        Some(body) => (body, false),
        None => (upper.as_str(), true),
    };
    let (whole, fraction) = body.split_at(body.find(['.', 'D']).unwrap_or(body.len()));
    let places = u8::try_from(fraction.chars().filter(is_slot).count()).unwrap_or(38);
    let rounded = crate::types::decimal::rescale(value.unscaled, value.scale, places);
    let rounded = rounded.ok_or_else(|| Error::out_of_range("to_char: the number has too many digits"))?;
    let digits = format!("{:0>1$}", rounded.unsigned_abs(), usize::from(places) + 1);
    let (left, right) = digits.split_at(digits.len() - usize::from(places));
    let mut out = left_of_point(whole, if left == "0" { "" } else { left })?;
    if !fraction.is_empty() {
        out.push('.');
        let fits = !out.contains('#');
        out.extend(right.chars().map(|digit| if fits { digit } else { '#' }));
        if !fill && !fraction.contains('0') {
            out.truncate(out.trim_end_matches('0').len());
        }
    }
    let trimmed = out.trim_start();
    let lead = " ".repeat(if fill { out.len() - trimmed.len() } else { 0 });
    let negative = rounded < 0;
    let sign = match (negative, body.contains('S')) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) if fill => " ",
        (false, false) => "",
    };
    Ok(if body.ends_with("PR") {
        if negative { format!("{lead}<{trimmed}>") } else { format!("{lead}{sign}{trimmed}") }
    } else if body.ends_with("MI") || body.ends_with('S') {
        format!("{lead}{trimmed}{sign}")
    } else {
        format!("{lead}{sign}{trimmed}")
    })
}

fn is_slot(c: &char) -> bool {
    matches!(c, '9' | '0')
}

/// The digits before the point, in the slots of the template; `#` where they do not fit.
fn left_of_point(template: &str, digits: &str) -> Result<String> {
    let slots = template.chars().filter(is_slot).count();
    let first_zero = template.chars().filter(is_slot).position(|c| c == '0').unwrap_or(slots);
    let fits = digits.len() <= slots;
    let (mut out, mut slot, mut started) = (String::new(), 0, false);
    for c in template.chars() {
        match c {
            '9' | '0' => {
                let digit = (slot + digits.len()).checked_sub(slots).and_then(|at| digits.chars().nth(at));
                started |= digit.is_some() || slot >= first_zero;
                out.push(match digit {
                    _ if !fits => '#',
                    Some(digit) => digit,
                    None if started => '0',
                    None => ' ',
                });
                slot += 1;
            }
            ',' | 'G' => out.push(if started { ',' } else { ' ' }),
            'L' | '$' => out.push('$'),
            'S' | 'M' | 'I' | 'P' | 'R' => {}
            ' ' => out.push(' '),
            other => return Err(bad(format!("to_char: {other} is no pattern of a number"))),
        }
    }
    Ok(out)
}
