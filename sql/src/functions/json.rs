//! Is a text JSON? A checker without recursion, so that nesting costs a bit and not stack.

use crate::error::{Error, Result, state};

/// The deepest nesting of arrays and objects accepted.
const DEPTH_MAX: usize = 1000;

/// Checks that a text is one JSON value.
pub(crate) fn check(text: &str) -> Result<()> {
    let mut checker = Checker { bytes: text.as_bytes(), at: 0 };
    match checker.document() {
        Some(()) => Ok(()),
        None => {
            let message = format!("the text is not valid json near byte {}", checker.at);
            Err(Error::value(state::BAD_TEXT, message))
        }
    }
}

struct Checker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Checker<'_> {
    /// Reads values; `open` holds the closing byte of every container around the current place.
    fn document(&mut self) -> Option<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            // A value starts here.
            match self.token()? {
                b'[' if !self.eats(b']') => {
                    open.push(b']');
                    if open.len() > DEPTH_MAX {
                        return None;
                    }
                    continue;
                }
                b'{' if !self.eats(b'}') => {
                    open.push(b'}');
                    if open.len() > DEPTH_MAX {
                        return None;
                    }
                    self.member_name()?;
                    continue;
                }
                b'[' | b'{' => {}
                b'"' => self.string()?,
                b't' => self.word(b"rue")?,
                b'f' => self.word(b"alse")?,
                b'n' => self.word(b"ull")?,
                first @ (b'-' | b'0'..=b'9') => self.number(first)?,
                _ => return None,
            }
            // A value ended: close containers, or go on to the next value.
            loop {
                let Some(close) = open.last().copied() else {
                    self.spaces();
                    return (self.at == self.bytes.len()).then_some(());
                };
                match self.token()? {
                    byte if byte == close => {
                        open.pop();
                    }
                    b',' => {
                        if close == b'}' {
                            self.member_name()?;
                        }
                        break;
                    }
                    _ => return None,
                }
            }
        }
    }

    fn spaces(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn token(&mut self) -> Option<u8> {
        self.spaces();
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn eats(&mut self, byte: u8) -> bool {
        self.spaces();
        let eaten = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(eaten);
        eaten
    }

    fn word(&mut self, rest: &[u8]) -> Option<()> {
        let end = self.at + rest.len();
        (self.bytes.get(self.at..end) == Some(rest)).then(|| self.at = end)
    }

    fn member_name(&mut self) -> Option<()> {
        (self.token()? == b'"').then_some(())?;
        self.string()?;
        (self.token()? == b':').then_some(())
    }

    /// The rest of a string behind its opening quote.
    fn string(&mut self) -> Option<()> {
        loop {
            let byte = self.bytes.get(self.at).copied()?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => {
                    let escape = self.bytes.get(self.at).copied()?;
                    self.at += 1;
                    match escape {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            let digits = self.bytes.get(self.at..self.at + 4)?;
                            digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                            self.at += 4;
                        }
                        _ => return None,
                    }
                }
                0..=0x1f => return None,
                _ => {}
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self, first: u8) -> Option<()> {
        let first = if first == b'-' {
            self.at += 1;
            self.bytes.get(self.at - 1).copied()?
        } else {
            first
        };
        let more = match first {
            b'0' => 0,
            b'1'..=b'9' => self.digits(),
            _ => return None,
        };
        (first != b'0' || more == 0).then_some(())?;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            (self.digits() > 0).then_some(())?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            (self.digits() > 0).then_some(())?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_not_json() {
        for good in [
            "1",
            "-0.5e+3",
            " [ ] ",
            "{}",
            "[1,[2,{\"a\":null}],\"\\u00e9\"]",
            "{\"a\":1,\"b\":[true,false]}",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "01",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "[1",
            "1 2",
            "\"\\x\"",
            "nul",
            "-",
            "1.",
            "{\"a\":1,}",
            "]",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check(&"[".repeat(100_000)).is_err());
    }
}
