//! Colours for a line of SQL: keywords, texts, numbers, comments.

use crate::keywords::is_keyword;

const KEYWORD: &str = "\x1b[1;34m";
const TEXT: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const COMMENT: &str = "\x1b[2m";
const COMMAND: &str = "\x1b[35m";
const END: &str = "\x1b[0m";

/// The line with colours. `inside`: a statement has begun before.
pub fn coloured(line: &str, inside: bool) -> String {
    if line.starts_with('.') && !inside {
        return format!("{COMMAND}{line}{END}");
    }
    let mut out = String::with_capacity(line.len() * 2);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (len, colour) = token(rest, first);
        let (word, behind) = rest.split_at(len);
        match colour {
            Some(colour) => out.extend([colour, word, END]),
            None => out.push_str(word),
        }
        rest = behind;
    }
    out
}

/// How long the first token is, in bytes, and its colour.
fn token(rest: &str, first: char) -> (usize, Option<&'static str>) {
    let until = |end: fn(char) -> bool| rest.find(end).unwrap_or(rest.len());
    match first {
        '\'' => (rest.get(1..).and_then(|text| text.find('\'')).map_or(rest.len(), |at| at + 2), Some(TEXT)),
        '"' => (rest.get(1..).and_then(|text| text.find('"')).map_or(rest.len(), |at| at + 2), None),
        '-' if rest.starts_with("--") => (rest.len(), Some(COMMENT)),
        c if c.is_ascii_digit() => (until(|c| !(c.is_ascii_alphanumeric() || c == '.')), Some(NUMBER)),
        c if c.is_alphabetic() || c == '_' => {
            let len = until(|c| !(c.is_alphanumeric() || c == '_'));
            let word = rest.get(..len).unwrap_or_default();
            (len, is_keyword(&word.to_lowercase()).then_some(KEYWORD))
        }
        c => (c.len_utf8(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() {
        for line in
            ["SELECT 'it''s', 1.5e3 FROM \"a b\" -- end", "'open", "\u{e9}t\u{e9} = 7;", ".mode csv", ""]
        {
            let plain = [KEYWORD, TEXT, NUMBER, COMMENT, COMMAND, END]
                .iter()
                .fold(coloured(line, false), |text, colour| text.replace(colour, ""));
            assert_eq!(plain, line);
        }
        assert_eq!(coloured("SELECT a", false), format!("{KEYWORD}SELECT{END} a"));
    }
}
