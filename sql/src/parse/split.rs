//! A script cut into its statements, without parsing them.
//!
//! Quotes (`'..'`, `".."`, `` `..` ``, `[..]`, `E'..\'..'`, `$tag$..$tag$`), comments (`--`, nested
//! `/* */`) and the BEGIN .. END of CREATE TRIGGER hide semicolons. Nothing is copied.

use crate::error::Position;

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The statement without its semicolon and without white space and comments before it.
    pub sql: &'a str,
    /// Where it starts in the script.
    pub start: Position,
    /// Whether a semicolon ended it.
    pub complete: bool,
}

/// The statements of a script, in order; empty ones are left out.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Script<'a> {
    /// Cuts up a script.
    pub fn new(text: &'a str) -> Self {
        Script { text, at: 0, line: 1, line_start: 0 }
    }

    /// Moves over `len` bytes, counting lines.
    fn advance(&mut self, len: usize) {
        let end = (self.at + len).min(self.text.len());
        let bytes = self.text.as_bytes().get(self.at..end).unwrap_or(&[]);
        for (i, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = self.at + i + 1;
            }
        }
        self.at = end;
    }

    fn here(&self) -> Position {
        let column = self.text.get(self.line_start..self.at).map_or(0, |s| s.chars().count());
        Position { offset: self.at, line: self.line, column: u32::try_from(column + 1).unwrap_or(u32::MAX) }
    }
}

impl<'a> Iterator for Script<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let blank = blank_len(rest);
            self.advance(blank);
            let rest = self.text.get(self.at..)?;
            if rest.is_empty() {
                return None;
            }
            let start = self.here();
            let len = statement_len(rest);
            let complete = rest.as_bytes().get(len) == Some(&b';');
            self.advance(len + usize::from(complete));
            let sql = rest.get(..len).unwrap_or(rest).trim_end();
            if !sql.is_empty() {
                return Some(Piece { sql, start, complete });
            }
        }
    }
}

/// The length of white space and comments at the start.
fn blank_len(text: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let space = rest.len() - rest.trim_start().len();
        let after = rest.get(space..).unwrap_or("");
        let comment = if after.starts_with("--") || after.starts_with("/*") { token_len(after) } else { 0 };
        if space + comment == 0 {
            break;
        }
        at += space + comment;
    }
    at.min(text.len())
}

/// The length up to the semicolon that ends the statement, or up to the end.
fn statement_len(text: &str) -> usize {
    let mut at = 0;
    let mut words = 0;
    let mut trigger = Trigger::No;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let len = token_len(rest);
        let token = rest.get(..len).unwrap_or(rest);
        if token == ";" && !matches!(trigger, Trigger::Body { .. }) {
            return at;
        }
        if token.starts_with(|c: char| c.is_alphabetic()) {
            words += 1;
            trigger = trigger.after(token, words);
        }
        at += len;
    }
    text.len()
}

/// How far into CREATE TRIGGER the words read so far are.
#[derive(Clone, Copy, PartialEq)]
enum Trigger {
    No,
    Create,
    Head,
    Body { cases: u32 },
    Done,
}

impl Trigger {
    fn after(self, word: &str, words: usize) -> Trigger {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        match self {
            Trigger::No if words == 1 && is("CREATE") => Trigger::Create,
            Trigger::Create if is("TEMP") || is("TEMPORARY") => Trigger::Create,
            Trigger::Create if is("TRIGGER") => Trigger::Head,
            Trigger::Create => Trigger::No,
            Trigger::Head if is("BEGIN") => Trigger::Body { cases: 0 },
            Trigger::Body { cases } if is("CASE") => Trigger::Body { cases: cases + 1 },
            Trigger::Body { cases: 0 } if is("END") => Trigger::Done,
            Trigger::Body { cases } if is("END") => Trigger::Body { cases: cases - 1 },
            other => other,
        }
    }
}

/// The length of the token at the start: a quoted thing, a comment, a word, or one character.
fn token_len(text: &str) -> usize {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return 0 };
    let second = chars.next();
    match (first, second) {
        ('\'' | '"' | '`', _) => quoted_len(text, first, false),
        ('[', _) => text.find(']').map_or(text.len(), |end| end + 1),
        ('E' | 'e', Some('\'')) => 1 + quoted_len(&text[1..], '\'', true),
        ('-', Some('-')) => text.find('\n').map_or(text.len(), |end| end + 1),
        ('/', Some('*')) => comment_len(text),
        ('$', _) => dollar_len(text),
        _ if first.is_alphanumeric() || first == '_' => {
            text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
        }
        _ => first.len_utf8(),
    }
}

fn quoted_len(text: &str, quote: char, escapes: bool) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if escapes && c == '\\' {
            escaped = true;
        } else if c == quote {
            // A doubled quote ends here and begins again at once: the same in the end.
            return at + 1;
        }
    }
    text.len()
}

fn comment_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

fn dollar_len(text: &str) -> usize {
    let tag_end = text.get(1..).and_then(|rest| rest.find(|c: char| !(c.is_alphanumeric() || c == '_')));
    let Some(tag_end) = tag_end.map(|end| end + 1) else { return 1 };
    let tag = match text.get(..=tag_end) {
        Some(tag) if tag.ends_with('$') && !tag[1..].starts_with(|c: char| c.is_ascii_digit()) => tag,
        _ => return 1,
    };
    let body = text.get(tag.len()..).unwrap_or("");
    body.find(tag).map_or(text.len(), |end| tag.len() + end + tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        Script::new(text).map(|piece| piece.sql).collect()
    }

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_split() {
        assert_eq!(pieces("a; b;; -- x;\n c /* ; /* ; */ ; */ d ;"), ["a", "b", "c /* ; /* ; */ ; */ d"]);
        assert_eq!(pieces("';''' ; \"a;\"\";\" ; [;] ; `;`"), ["';'''", "\"a;\"\";\"", "[;]", "`;`"]);
        assert_eq!(pieces("E'\\';' ; $a$ ; $a$ ; $1 ; x"), ["E'\\';'", "$a$ ; $a$", "$1", "x"]);
        assert_eq!(pieces("'open ; "), ["'open ;"]);
        assert_eq!(pieces(" -- only\n"), Vec::<&str>::new());
    }

    #[test]
    fn triggers_hold_together() {
        let trigger = "create trigger t begin select case when 1 then 2 end; select 2; end";
        assert_eq!(pieces(&format!("{trigger}; begin; end; x")), [trigger, "begin", "end", "x"]);
    }

    #[test]
    fn places_count_lines() {
        let places: Vec<Position> = Script::new("a;\n\n  b;c").map(|piece| piece.start).collect();
        let place = |offset, line, column| Position { offset, line, column };
        assert_eq!(places, [place(0, 1, 1), place(6, 3, 3), place(8, 3, 5)]);
        let complete: Vec<bool> = Script::new("a;b").map(|piece| piece.complete).collect();
        assert_eq!(complete, [true, false]);
    }
}
