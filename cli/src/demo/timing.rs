//! Lines of the demonstration's report: what was done and how long it took.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

/// One line of the report: what, how long, what came of it.
pub fn line(what: &str, begun: Instant, result: impl Display) -> io::Result<()> {
    writeln!(io::stdout(), "  {what:<24} {:>9}   {result}", took(begun))
}

/// How long since then.
pub fn took(begun: Instant) -> String {
    let seconds = begun.elapsed().as_secs_f64();
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// How many a second.
pub fn rate(count: u64, begun: Instant, what: &str) -> String {
    let a_second = count as f64 / begun.elapsed().as_secs_f64().max(1e-9);
    format!("{} {what} a second", grouped(a_second as u64))
}

/// 1234567 as 1,234,567.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_grouped() {
        let numbers = [0, 12, 123, 1234, 123_456, 1_234_567].map(super::grouped);
        assert_eq!(numbers, ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
    }
}
