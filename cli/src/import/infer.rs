//! The types of a table that is made from a file.
//!
//! A type is chosen when every value of the column is of it and is written as that type is printed,
//! so that nothing is lost: `007` stays text, and so does a time with a zone. Numbers with a point
//! become REAL. A column without any value is TEXT.

use drystone::types::{DataType, Value};

/// What a column of the file can still be, the narrowest first.
#[derive(Debug, Clone)]
pub struct Candidates {
    left: Vec<DataType>,
    seen: bool,
}

const ALL: [DataType; 6] = [
    DataType::Boolean,
    DataType::BigInt,
    DataType::Double,
    DataType::Date,
    DataType::Time,
    DataType::Timestamp,
];

impl Default for Candidates {
    fn default() -> Self {
        Candidates { left: ALL.to_vec(), seen: false }
    }
}

impl Candidates {
    /// Takes note of one value.
    pub fn see(&mut self, text: &str) {
        self.seen = true;
        self.left.retain(|data_type| is_of(text, *data_type));
    }

    /// The type the column gets.
    pub fn data_type(&self) -> DataType {
        self.left.first().copied().filter(|_| self.seen).unwrap_or(DataType::TEXT)
    }

    /// Its name in SQL.
    pub fn type_name(&self) -> &'static str {
        match self.data_type() {
            DataType::Boolean => "BOOLEAN",
            DataType::BigInt => "INTEGER",
            DataType::Double => "REAL",
            DataType::Date => "DATE",
            DataType::Time => "TIME",
            DataType::Timestamp => "TIMESTAMP",
            _ => "TEXT",
        }
    }
}

fn is_of(text: &str, data_type: DataType) -> bool {
    match data_type {
        DataType::Boolean => text == "true" || text == "false",
        DataType::BigInt => is_number(text) && text.parse::<i64>().is_ok(),
        DataType::Double => is_number(text) && text.parse::<f64>().is_ok_and(f64::is_finite),
        // A date has ten characters, a time eight: the rest need not be tried.
        _ if text.len() < 8 => false,
        _ => Value::parse(text, data_type).is_ok_and(|value| value.to_string() == text),
    }
}

/// Digits with what belongs to a number; no leading zeros, which a number would lose.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    !padded
        && digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_type_that_loses_nothing() {
        for (values, expected) in [
            (&["1", "-20"][..], "INTEGER"),
            (&["1", "2.5", "1e-3"], "REAL"),
            (&["1", "9223372036854775808"], "REAL"),
            (&["0", "0.5"], "REAL"),
            (&["007", "1"], "TEXT"),
            (&["1-2"], "TEXT"),
            (&["true", "false"], "BOOLEAN"),
            (&["true", "1"], "TEXT"),
            (&["2013-01-31"], "DATE"),
            (&["2013-02-31"], "TEXT"),
            (&["2013-01-01 10:00:00"], "TIMESTAMP"),
            (&["2013-01-01T10:00:00Z"], "TEXT"),
            (&["10:00:00", "10:00:00.25"], "TIME"),
            (&["1", "x"], "TEXT"),
            (&["", "1"], "TEXT"),
            (&[], "TEXT"),
        ] {
            let mut candidates = Candidates::default();
            values.iter().for_each(|value| candidates.see(value));
            assert_eq!(candidates.type_name(), expected, "{values:?}");
        }
    }
}
