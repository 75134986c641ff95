//! A value as the line that its column's letter asks for.
//!
//! | letter | line                                                                      |
//! |--------|---------------------------------------------------------------------------|
//! | `I`    | an integer; of another number the part before the point                    |
//! | `R`    | a number with three digits behind the point                                |
//! | `T`    | the text; `(empty)` for none; `@` for what is not printable ASCII          |
//!
//! NULL is `NULL` under each. TRUE is 1 and FALSE 0, as where truth values are integers. A text
//! under a letter for numbers is the number it begins with, 0 without one.

use drystone::types::Value;

/// The line of a value.
pub fn line(value: &Value, letter: char) -> String {
    match (letter, value) {
        (_, Value::Null) => "NULL".to_owned(),
        ('I', Value::Integer(value)) => value.to_string(),
        // Truncates, and stops at the ends.
        ('I', value) => (number(value) as i64).to_string(),
        ('R', value) => {
            let number = number(value);
            if number.abs() >= DIGITS_ALL {
                return sixteen_digits(number);
            }
            // A negative zero has no sign where these results come from.
            if number == 0.0 { "0.000".to_owned() } else { format!("{number:.3}") }
        }
        (_, Value::Boolean(value)) => i64::from(*value).to_string(),
        (_, value) => printable(&value.to_string()),
    }
}

/// From here on three digits behind the point are more than sixteen in all.
const DIGITS_ALL: f64 = 1e13;

/// The first sixteen digits of a large number, and zeros behind them.
fn sixteen_digits(number: f64) -> String {
    let text = format!("{:.15e}", number.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let before_point = exponent.parse::<usize>().unwrap_or(0) + 1;
    let mut line = digits.replace('.', "");
    while line.len() < before_point + 3 {
        line.push('0');
    }
    line.insert(before_point, '.');
    line.truncate(before_point + 4);
    if number < 0.0 { format!("-{line}") } else { line }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Boolean(value) => f64::from(*value),
        Value::Integer(value) => *value as f64,
        Value::Double(value) => *value,
        Value::Decimal(value) => value.to_f64(),
        Value::Text(text) => leading_number(text),
        _ => 0.0,
    }
}

/// The longest number that a text begins with.
fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let ends = text.char_indices().map(|(at, _)| at).skip(1).chain([text.len()]);
    ends.map_while(|end| text.get(..end))
        .take_while(|start| start.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)))
        .filter_map(|start| start.parse().ok())
        .last()
        .unwrap_or(0.0)
}

fn printable(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    // Each byte that is not printable is replaced, as by the tool the corpus comes from.
    text.bytes().map(|byte| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '@' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let decimal = drystone::types::Decimal::parse("-12.50").unwrap();
        for (value, letter, expected) in [
            (Value::Null, 'I', "NULL"),
            (Value::Integer(-3), 'I', "-3"),
            (Value::Double(-2.9), 'I', "-2"),
            (Value::Boolean(true), 'I', "1"),
            (Value::Text("12ab".into()), 'I', "12"),
            (Value::Text("ab".into()), 'I', "0"),
            (Value::Integer(2), 'R', "2.000"),
            (Value::Double(1.0005), 'R', "1.000"),
            (Value::Double(12_345_678_901_234.5), 'R', "12345678901234.500"),
            (Value::Double(-9_223_372_036_854_775_808.0), 'R', "-9223372036854776000.000"),
            (Value::Double(-0.0), 'R', "0.000"),
            (Value::Decimal(decimal), 'R', "-12.500"),
            (Value::Text(" 1e2x".into()), 'R', "100.000"),
            (Value::Boolean(false), 'T', "0"),
            (Value::Integer(7), 'T', "7"),
            (Value::Text(String::new()), 'T', "(empty)"),
            (Value::Text("a\nb\u{e9}".into()), 'T', "a@b@@"),
        ] {
            assert_eq!(line(&value, letter), expected, "{value:?} as {letter}");
        }
    }
}
