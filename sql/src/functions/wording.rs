//! Functions of texts and bytes, value by value.

use super::scalar::{ANY, INT, Kind, Scalar, TEXT, bad, int, text};
use super::{Call, CallContext, printf};
use crate::error::{Error, Result, state};
use crate::types::{DataType, Value};

const T: DataType = DataType::TEXT;
const I: DataType = DataType::BigInt;
const BLOB: Kind = Kind::Of(DataType::Blob);
/// The most bytes made at once.
const LEN_MAX: i64 = 1 << 28;

pub(super) const TABLE: &[Scalar] = &[
    Scalar::new("concat_ws", &[TEXT, ANY], T, concat_ws as Call).needs(1).repeated().sees_nulls(),
    Scalar::new("initcap", &[TEXT], T, initcap as Call),
    Scalar::new("translate", &[TEXT, TEXT, TEXT], T, translate as Call),
    Scalar::new("overlay", &[TEXT, TEXT, INT, INT], T, overlay as Call).needs(3),
    Scalar::new("char", &[INT], T, characters as Call).needs(0).repeated(),
    Scalar::new("bit_length", &[TEXT], I, |v, _| Ok(length(text(v, 0).len() * 8))),
    Scalar::new("to_hex", &[INT], T, |v, _| Ok(Value::Text(format!("{:x}", int(v, 0))))),
    Scalar::new("quote", &[ANY], T, |v, _| Ok(Value::Text(literal(&v[0])))).sees_nulls(),
    Scalar::new("quote_literal", &[ANY], T, |v, _| Ok(Value::Text(quoted(&plain(&v[0]))))),
    Scalar::new("quote_nullable", &[ANY], T, quote_nullable as Call).sees_nulls(),
    Scalar::new("quote_ident", &[TEXT], T, |v, _| Ok(Value::Text(identifier(text(v, 0))))),
    Scalar::new("format", &[TEXT, ANY], T, printf::format as Call).needs(1).repeated().sees_nulls(),
    Scalar::new("printf", &[TEXT, ANY], T, printf::format as Call).needs(1).repeated().sees_nulls(),
    Scalar::new("glob", &[TEXT, TEXT], DataType::Boolean, |v, _| {
        Ok(Value::Boolean(glob(text(v, 0), text(v, 1))))
    }),
    Scalar::new("encode", &[BLOB, TEXT], T, encode as Call),
    Scalar::new("decode", &[TEXT, TEXT], DataType::Blob, decode as Call),
    Scalar::new("unhex", &[TEXT], DataType::Blob, |v, _| from_hex(text(v, 0)).map(Value::Blob)),
    Scalar::new("zeroblob", &[INT], DataType::Blob, |v, context| {
        Ok(Value::Blob(vec![0; size(int(v, 0), context)?]))
    }),
    Scalar::new("randomblob", &[INT], DataType::Blob, random_blob as Call).random(),
    Scalar::new("gen_random_uuid", &[], DataType::Uuid, random_uuid as Call).random(),
    Scalar::new("uuid", &[], DataType::Uuid, random_uuid as Call).random(),
    Scalar::new("version", &[], T, |_, _| Ok(Value::Text(format!("Drystone {}", env!("CARGO_PKG_VERSION"))))),
];

fn length(len: usize) -> Value {
    Value::Integer(i64::try_from(len).unwrap_or(i64::MAX))
}

fn size(wanted: i64, context: &mut CallContext) -> Result<usize> {
    if wanted > LEN_MAX {
        return Err(bad(format!("{wanted} bytes are more than the limit of {LEN_MAX}")));
    }
    let size = usize::try_from(wanted).unwrap_or(0);
    context.growth.add(size).map(|()| size)
}

/// A value as text, without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A text in single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name, in double quotes unless it is a plain one.
pub(super) fn identifier(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A value as a literal that means it.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(_) | Value::Double(_) | Value::Decimal(_) => value.to_string(),
        Value::Boolean(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Blob(bytes) => format!("X'{}'", to_hex(bytes)),
        other => quoted(&other.to_string()),
    }
}

fn quote_nullable(values: &[Value], _: &mut CallContext) -> Result<Value> {
    Ok(Value::Text(match &values[0] {
        Value::Null => "NULL".to_owned(),
        value => quoted(&plain(value)),
    }))
}

fn concat_ws(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let Some((Value::Text(separator), rest)) = values.split_first() else { return Ok(Value::Null) };
    let parts: Vec<String> = rest.iter().filter(|value| !value.is_null()).map(plain).collect();
    Ok(Value::Text(parts.join(separator)))
}

fn initcap(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let mut out = String::new();
    let mut inside = false;
    for c in text(values, 0).chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphanumeric();
    }
    Ok(Value::Text(out))
}

fn translate(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let from: Vec<char> = text(values, 1).chars().collect();
    let to: Vec<char> = text(values, 2).chars().collect();
    let change = |c: char| match from.iter().position(|known| *known == c) {
        Some(at) => to.get(at).copied(),
        None => Some(c),
    };
    Ok(Value::Text(text(values, 0).chars().filter_map(change).collect()))
}

fn overlay(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let (old, new) = (text(values, 0), text(values, 1));
    let start = int(values, 2);
    let count = match values.get(3) {
        Some(_) => int(values, 3),
        None => i64::try_from(new.chars().count()).unwrap_or(i64::MAX),
    };
    if start < 1 || count < 0 {
        return Err(bad("overlay counts from 1, and a length is not negative"));
    }
    let before = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let after = before.saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
    let kept = old.chars().take(before).chain(new.chars()).chain(old.chars().skip(after));
    Ok(Value::Text(kept.collect()))
}

fn characters(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let mut out = String::new();
    for index in 0..values.len() {
        let code = int(values, index);
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        out.push(c.ok_or_else(|| bad(format!("{code} is not the number of a character")))?);
    }
    Ok(Value::Text(out))
}

/// SQLite's GLOB: `*`, `?` and `[a-z]`; letters count as they are.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    loop {
        if p == pattern.len() && t == text.len() {
            return true;
        }
        if pattern.get(p) == Some(&'*') {
            star = Some((p, t));
            p += 1;
            continue;
        }
        if let (Some(next), Some(c)) = (class(&pattern, p, text.get(t).copied()), text.get(t)) {
            let _ = c;
            p = next;
            t += 1;
            continue;
        }
        match star {
            Some((at, taken)) if taken < text.len() => {
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
            _ => return false,
        }
    }
}

/// Where the pattern goes on when its part at `p` matches a character.
fn class(pattern: &[char], p: usize, c: Option<char>) -> Option<usize> {
    let c = c?;
    match pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => {
            let negated = pattern.get(p + 1) == Some(&'^');
            let first = p + 1 + usize::from(negated);
            // A bracket right at the start belongs to the set.
            let end = pattern.iter().skip(first + 1).position(|c| *c == ']')? + first + 1;
            let set = pattern.get(first..end)?;
            let mut found = false;
            let mut at = 0;
            while let Some(low) = set.get(at) {
                match (set.get(at + 1), set.get(at + 2)) {
                    (Some('-'), Some(high)) => {
                        found |= (*low..=*high).contains(&c);
                        at += 3;
                    }
                    _ => {
                        found |= *low == c;
                        at += 1;
                    }
                }
            }
            (found != negated).then_some(end + 1)
        }
        plain => (*plain == c).then_some(p + 1),
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>> {
    let digits: Option<Vec<u32>> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2));
    let digits =
        digits.ok_or_else(|| Error::value(state::BAD_TEXT, "the text is not pairs of hexadecimal digits"))?;
    Ok(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte: u8, digit| byte << 4 | *digit as u8)).collect())
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let Some(Value::Blob(bytes)) = values.first() else { return Ok(Value::Null) };
    let out = match text(values, 1).to_ascii_lowercase().as_str() {
        "hex" => to_hex(bytes).to_ascii_lowercase(),
        "base64" => {
            let mut out = String::new();
            for group in bytes.chunks(3) {
                let number =
                    (0..3).fold(0usize, |n, i| n << 8 | usize::from(group.get(i).copied().unwrap_or(0)));
                for place in 0..4 {
                    let letter = BASE64.get(number >> (18 - 6 * place) & 63).copied().unwrap_or(b'=');
                    out.push(if place <= group.len() { char::from(letter) } else { '=' });
                }
            }
            out
        }
        other => return Err(bad(format!("there is no encoding {other}")).hint("there are hex and base64")),
    };
    Ok(Value::Text(out))
}

fn decode(values: &[Value], _: &mut CallContext) -> Result<Value> {
    match text(values, 1).to_ascii_lowercase().as_str() {
        "hex" => from_hex(text(values, 0)).map(Value::Blob),
        "base64" => from_base64(text(values, 0)).map(Value::Blob),
        other => Err(bad(format!("there is no encoding {other}")).hint("there are hex and base64")),
    }
}

fn from_base64(text: &str) -> Result<Vec<u8>> {
    let wrong = || Error::value(state::BAD_TEXT, "the text is not base64");
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let padding = letters.iter().rev().take_while(|byte| **byte == b'=').count();
    if !letters.len().is_multiple_of(4) || padding > 2 {
        return Err(wrong());
    }
    let mut out = Vec::with_capacity(letters.len() / 4 * 3);
    for group in letters.chunks(4) {
        let mut number = 0usize;
        for letter in group {
            let known = BASE64.iter().position(|known| known == letter);
            number = number << 6 | known.or((*letter == b'=').then_some(0)).ok_or_else(wrong)?;
        }
        out.extend((0..3).map(|place| (number >> (16 - 8 * place)) as u8));
    }
    out.truncate(out.len() - padding);
    Ok(out)
}

fn random_blob(values: &[Value], context: &mut CallContext) -> Result<Value> {
    let len = size(int(values, 0), context)?.max(1);
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        out.extend_from_slice(&context.next_random().to_le_bytes());
    }
    out.truncate(len);
    Ok(Value::Blob(out))
}

/// Version 4 of RFC 9562. It is made from the generator of `random()`, not from the system's.
fn random_uuid(_: &[Value], context: &mut CallContext) -> Result<Value> {
    let (high, low) = (context.next_random().cast_unsigned(), context.next_random().cast_unsigned());
    let bits = u128::from(high) << 64 | u128::from(low);
    let bits = bits & !(0xf << 76) | 4 << 76;
    Ok(Value::Uuid(bits & !(3 << 62) | 2 << 62))
}
