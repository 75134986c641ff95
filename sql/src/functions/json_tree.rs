//! JSON as a tree: reading, writing, finding and changing parts.
//!
//! Numbers keep their digits, objects the order of their members. A text that is too deep for the
//! recursion here is refused; as a value it may be deeper.

use super::scalar::bad;
use crate::error::{Error, Result, state};
use std::fmt::Write;

/// The deepest nesting that is taken apart.
const DEPTH_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Member(String),
    /// From 0; from the end where negative.
    Element(i64),
    /// One behind the last: only to put something there.
    Append,
}

/// Reads a JSON text.
pub(super) fn parse(text: &str) -> Result<Json> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let wrong =
        |at: usize| Error::value(state::BAD_TEXT, format!("the text is not valid json near byte {at}"));
    let value = reader.value()?.ok_or_else(|| wrong(reader.at))?;
    reader.space();
    if reader.at < text.len() { Err(wrong(reader.at)) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn eats(&mut self, c: char) -> bool {
        self.space();
        let found = self.rest().starts_with(c);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.rest().starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    /// A value; `None` where there is none.
    fn value(&mut self) -> Result<Option<Json>> {
        self.space();
        if self.depth > DEPTH_MAX {
            return Err(bad(format!("the json is nested more than {DEPTH_MAX} deep")));
        }
        self.depth += 1;
        let value = match self.rest().chars().next() {
            Some('{') => self.object()?,
            Some('[') => self.array()?,
            Some('"') => self.string().map(Json::Text),
            Some('t') => self.word("true", Json::Bool(true)),
            Some('f') => self.word("false", Json::Bool(false)),
            Some('n') => self.word("null", Json::Null),
            Some(_) => self.number(),
            None => None,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Option<Json>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.eats(']') {
            return Ok(Some(Json::Array(items)));
        }
        loop {
            let Some(item) = self.value()? else { return Ok(None) };
            items.push(item);
            if self.eats(']') {
                return Ok(Some(Json::Array(items)));
            }
            if !self.eats(',') {
                return Ok(None);
            }
        }
    }

    fn object(&mut self) -> Result<Option<Json>> {
        self.at += 1;
        let mut members = Vec::new();
        if self.eats('}') {
            return Ok(Some(Json::Object(members)));
        }
        loop {
            self.space();
            let Some(name) = self.string() else { return Ok(None) };
            if !self.eats(':') {
                return Ok(None);
            }
            let Some(value) = self.value()? else { return Ok(None) };
            members.push((name, value));
            if self.eats('}') {
                return Ok(Some(Json::Object(members)));
            }
            if !self.eats(',') {
                return Ok(None);
            }
        }
    }

    fn number(&mut self) -> Option<Json> {
        let rest = self.rest();
        let len =
            rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c)).len();
        let text = rest.get(..len)?;
        let plain = text.trim_start_matches('-');
        // 01 is no number.
        let zero = plain.strip_prefix('0').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let starts = plain.starts_with(|c: char| c.is_ascii_digit());
        let ends = plain.ends_with(|c: char| c.is_ascii_digit());
        (starts && ends && !zero && text.parse::<f64>().is_ok()).then(|| {
            self.at += len;
            Json::Number(text.to_owned())
        })
    }

    fn string(&mut self) -> Option<String> {
        let mut chars = self.rest().char_indices();
        let mut out = String::new();
        (chars.next()?.1 == '"').then_some(())?;
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Some(out);
                }
                '\\' => {
                    let escaped = chars.next()?.1;
                    out.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'u' => {
                            let mut code = unit(&mut chars)?;
                            if (0xd800..0xdc00).contains(&code) {
                                (chars.next()?.1 == '\\' && chars.next()?.1 == 'u').then_some(())?;
                                let low = unit(&mut chars)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                                code = 0x10000 + ((code - 0xd800) << 10) + low;
                            }
                            char::from_u32(code)?
                        }
                        '"' | '\\' | '/' => escaped,
                        _ => return None,
                    });
                }
                c if c < ' ' => return None,
                c => out.push(c),
            }
        }
        None
    }
}

/// Four hexadecimal digits.
fn unit(chars: &mut std::str::CharIndices<'_>) -> Option<u32> {
    (0..4).try_fold(0, |code, _| Some(code << 4 | chars.next()?.1.to_digit(16)?))
}

/// A text as a JSON string.
pub(super) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                // Writing to a text does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

impl Json {
    /// The text without spaces.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Json::Number(digits) => out.push_str(digits),
            Json::Text(text) => write_text(out, text),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    write_text(out, name);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The name of its kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "number",
            Json::Text(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// The part at a path.
    pub(super) fn find(&self, path: &[Step]) -> Option<&Json> {
        path.iter().try_fold(self, |json, step| match (json, step) {
            (Json::Object(members), Step::Member(name)) => {
                members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
            }
            (Json::Array(items), Step::Element(index)) => items.get(place(items.len(), *index)?),
            _ => None,
        })
    }

    /// Puts a value at a path: over what is there if `replace`, anew if `insert`.
    pub(super) fn put(&mut self, path: &[Step], value: Json, insert: bool, replace: bool) {
        let Some((step, rest)) = path.split_first() else {
            if replace {
                *self = value;
            }
            return;
        };
        let inner = match (&mut *self, step) {
            (Json::Object(members), Step::Member(name)) => {
                match members.iter().position(|(known, _)| known == name) {
                    Some(index) => members.get_mut(index).map(|(_, value)| value),
                    None if insert && rest.is_empty() => {
                        members.push((name.clone(), value));
                        return;
                    }
                    None => None,
                }
            }
            (Json::Array(items), Step::Element(index)) => match place(items.len(), *index) {
                Some(at) if at < items.len() => items.get_mut(at),
                Some(at) if insert && rest.is_empty() && at == items.len() => {
                    items.push(value);
                    return;
                }
                _ => None,
            },
            (Json::Array(items), Step::Append) if insert && rest.is_empty() => {
                items.push(value);
                return;
            }
            _ => None,
        };
        if let Some(inner) = inner {
            inner.put(rest, value, insert, replace);
        }
    }

    /// Takes away what is at a path.
    pub(super) fn remove(&mut self, path: &[Step]) {
        match (self, path) {
            (Json::Object(members), [Step::Member(name)]) => members.retain(|(known, _)| known != name),
            (Json::Array(items), [Step::Element(index)]) => {
                if let Some(at) = place(items.len(), *index).filter(|at| *at < items.len()) {
                    items.remove(at);
                }
            }
            (Json::Object(members), [Step::Member(name), rest @ ..]) => {
                members
                    .iter_mut()
                    .filter(|(known, _)| known == name)
                    .for_each(|(_, value)| value.remove(rest));
            }
            (Json::Array(items), [Step::Element(index), rest @ ..]) => {
                if let Some(item) = place(items.len(), *index).and_then(|at| items.get_mut(at)) {
                    item.remove(rest);
                }
            }
            _ => {}
        }
    }
}

/// The place of an element, counted from the end where negative.
fn place(len: usize, index: i64) -> Option<usize> {
    match index {
        0.. => usize::try_from(index).ok(),
        _ => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// Reads a path: `$.member."other"[0][#-1]`.
pub(super) fn path(text: &str) -> Result<Vec<Step>> {
    let wrong = || bad(format!("\"{text}\" is no path into json")).hint("a path is like $.name[0]");
    let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
    let mut steps = Vec::new();
    while let Some(c) = rest.chars().next() {
        if c == '.' {
            let after = rest.get(1..).unwrap_or("");
            let (name, behind) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let end = quoted.find('"').ok_or_else(wrong)?;
                    (quoted.get(..end).unwrap_or(""), quoted.get(end + 1..).unwrap_or(""))
                }
                None => after.split_at(after.find(['.', '[']).unwrap_or(after.len())),
            };
            if name.is_empty() {
                return Err(wrong());
            }
            steps.push(Step::Member(name.to_owned()));
            rest = behind;
        } else if c == '[' {
            let end = rest.find(']').ok_or_else(wrong)?;
            let inside = rest.get(1..end).unwrap_or("");
            steps.push(match inside.strip_prefix('#') {
                Some("") => Step::Append,
                Some(back) => {
                    Step::Element(back.parse().ok().filter(|back: &i64| *back < 0).ok_or_else(wrong)?)
                }
                None => Step::Element(inside.parse().map_err(|_| wrong())?),
            });
            rest = rest.get(end + 1..).unwrap_or("");
        } else {
            return Err(wrong());
        }
    }
    Ok(steps)
}
