//! Functions of texts. Positions and lengths count characters, from 1, as PostgreSQL does.

use super::{Function, Growth};
use crate::error::{Error, ErrorKind, Result, state};
use crate::functions::pattern::{ESCAPE, Pattern};
use crate::types::{Bytes, DataType, Validity, Vector, VectorData};

/// The longest text a function makes.
const LEN_MAX: usize = 1 << 28;

/// The arguments of a call, read by row.
struct Arguments<'a> {
    vectors: &'a [&'a Vector],
}

impl<'a> Arguments<'a> {
    fn text(&self, index: usize, row: usize) -> &'a str {
        match self.vectors.get(index).map(|vector| &vector.data) {
            Some(VectorData::Bytes(values)) => values.text(row),
            _ => "",
        }
    }

    fn bytes(&self, index: usize, row: usize) -> &'a [u8] {
        match self.vectors.get(index).map(|vector| &vector.data) {
            Some(VectorData::Bytes(values)) => values.get(row),
            _ => &[],
        }
    }

    fn has(&self, index: usize) -> bool {
        index < self.vectors.len()
    }

    fn int(&self, index: usize, row: usize) -> i64 {
        match self.vectors.get(index).map(|vector| &vector.data) {
            Some(VectorData::Int(values)) => values.get(row).copied().unwrap_or(0),
            _ => 0,
        }
    }
}

/// A function of texts whose result is NULL whenever an argument is.
pub(crate) fn evaluate(
    function: Function,
    vectors: &[&Vector],
    types: &[DataType],
    validity: Validity,
    len: usize,
    growth: &mut Growth,
) -> Result<Vector> {
    let arguments = Arguments { vectors };
    let blob = types.first() == Some(&DataType::Blob);
    let data = match function {
        Function::Like | Function::LikeIgnoreCase => like(function, &arguments, &validity, len)?,
        Function::Length | Function::OctetLength => {
            let chars = function == Function::Length && !blob;
            integers(&validity, len, |row| {
                let bytes = arguments.bytes(0, row);
                Ok(count(if chars { char_count(bytes) } else { bytes.len() }))
            })?
        }
        Function::Position => integers(&validity, len, |row| {
            let (text, part) = (arguments.text(0, row), arguments.text(1, row));
            let found = text.find(part).and_then(|at| text.get(..at));
            Ok(found.map_or(0, |before| count(before.chars().count()) + 1))
        })?,
        Function::Ascii => integers(&validity, len, |row| {
            Ok(arguments.text(0, row).chars().next().map_or(0, |c| i64::from(u32::from(c))))
        })?,
        Function::StartsWith => {
            let row = |row| arguments.text(0, row).starts_with(arguments.text(1, row));
            VectorData::Bool((0..len).map(row).collect())
        }
        _ => {
            let mut out = Bytes::default();
            for row in 0..len {
                if validity.is_valid(row) {
                    let mut result = Ok(());
                    out.push_with(|out| result = write(function, &arguments, row, blob, growth, out))?;
                    result?;
                } else {
                    out.push(&[])?;
                }
            }
            VectorData::Bytes(out)
        }
    };
    Ok(Vector { data, validity })
}

fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// Characters in UTF-8: bytes that do not continue one.
fn char_count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

fn integers(validity: &Validity, len: usize, f: impl Fn(usize) -> Result<i64>) -> Result<VectorData> {
    let row = |row| if validity.is_valid(row) { f(row) } else { Ok(0) };
    Ok(VectorData::Int((0..len).map(row).collect::<Result<_>>()?))
}

/// LIKE; the pattern is compiled again only where it differs from the row before.
fn like(
    function: Function,
    arguments: &Arguments<'_>,
    validity: &Validity,
    len: usize,
) -> Result<VectorData> {
    let mut compiled: Option<(&str, Option<char>, Pattern)> = None;
    let mut truths = vec![false; len];
    for (row, truth) in truths.iter_mut().enumerate() {
        if !validity.is_valid(row) {
            continue;
        }
        let text = arguments.text(1, row);
        let escape = if arguments.has(2) { escape_of(arguments.text(2, row))? } else { Some(ESCAPE) };
        let same = matches!(&compiled, Some((last, with, _)) if *last == text && *with == escape);
        if !same {
            let ignore_case = function == Function::LikeIgnoreCase;
            compiled = Some((text, escape, Pattern::compile(text, escape, ignore_case)?));
        }
        if let Some((_, _, pattern)) = &compiled {
            *truth = pattern.matches(arguments.text(0, row));
        }
    }
    Ok(VectorData::Bool(truths))
}

/// The escape character of LIKE ... ESCAPE; the empty text means none.
pub(crate) fn escape_of(text: &str) -> Result<Option<char>> {
    let mut chars = text.chars();
    let first = chars.next();
    if chars.next().is_some() {
        return Err(Error::value(state::BAD_ARGUMENT, "ESCAPE takes one character"));
    }
    Ok(first)
}

/// Appends the result of one row.
fn write(
    function: Function,
    arguments: &Arguments<'_>,
    row: usize,
    blob: bool,
    growth: &mut Growth,
    out: &mut Vec<u8>,
) -> Result<()> {
    let first = arguments.text(0, row);
    match function {
        Function::Concat => {
            out.extend_from_slice(arguments.bytes(0, row));
            out.extend_from_slice(arguments.bytes(1, row));
        }
        Function::Lower => out.extend_from_slice(first.to_lowercase().as_bytes()),
        Function::Upper => out.extend_from_slice(first.to_uppercase().as_bytes()),
        Function::Substring => substring(arguments, row, blob, out)?,
        Function::Trim | Function::TrimStart | Function::TrimEnd => trim(function, arguments, row, out),
        Function::Replace => {
            let (from, to) = (arguments.text(1, row), arguments.text(2, row));
            if from.is_empty() {
                out.extend_from_slice(first.as_bytes());
            } else {
                let hits = first.matches(from).count();
                let added = hits.saturating_mul(to.len().saturating_sub(from.len()));
                limit(first.len(), added, growth)?;
                out.extend_from_slice(first.replace(from, to).as_bytes());
            }
        }
        Function::Left | Function::Right => {
            let wanted = arguments.int(1, row);
            let len = count(first.chars().count());
            // A negative number leaves out that many at the other end.
            let kept = if wanted < 0 { len.saturating_add(wanted).max(0) } else { wanted.min(len) };
            let (start, end) = if function == Function::Left { (0, kept) } else { (len - kept, len) };
            out.extend_from_slice(chars_between(first, start, end).as_bytes());
        }
        Function::Reverse => {
            let reversed: String = first.chars().rev().collect();
            out.extend_from_slice(reversed.as_bytes());
        }
        Function::Repeat => {
            let times = usize::try_from(arguments.int(1, row)).unwrap_or(0);
            limit(0, first.len().saturating_mul(times), growth)?;
            out.extend_from_slice(first.repeat(times).as_bytes());
        }
        Function::PadLeft | Function::PadRight => pad(function, arguments, row, growth, out)?,
        Function::SplitPart => out.extend_from_slice(split_part(arguments, row)?.as_bytes()),
        Function::Hex => {
            for byte in arguments.bytes(0, row) {
                out.extend_from_slice(format!("{byte:02X}").as_bytes());
            }
        }
        Function::Character => {
            let code = arguments.int(0, row);
            let c = u32::try_from(code).ok().filter(|code| *code != 0).and_then(char::from_u32);
            let c = c.ok_or_else(|| {
                Error::value(state::BAD_ARGUMENT, format!("{code} is not the number of a character"))
            })?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        other => return Err(Error::internal(format!("{} of text", other.name()))),
    }
    Ok(())
}

fn trim(function: Function, arguments: &Arguments<'_>, row: usize, out: &mut Vec<u8>) {
    let first = arguments.text(0, row);
    let set = if arguments.has(1) { arguments.text(1, row) } else { " " };
    let in_set = |c: char| set.contains(c);
    out.extend_from_slice(
        match function {
            Function::Trim => first.trim_matches(in_set),
            Function::TrimStart => first.trim_start_matches(in_set),
            _ => first.trim_end_matches(in_set),
        }
        .as_bytes(),
    );
}

/// An error unless a text may become so much longer.
fn limit(before: usize, added: usize, growth: &mut Growth) -> Result<()> {
    let len = before.saturating_add(added);
    if len <= LEN_MAX {
        return growth.add(added);
    }
    let message = format!("a text of {len} bytes is longer than the limit of {LEN_MAX}");
    Err(Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message))
}

/// The characters from number `start` (from 0) up to `end`.
fn chars_between(text: &str, start: i64, end: i64) -> &str {
    let offset = |chars: i64| {
        let chars = usize::try_from(chars).unwrap_or(0);
        // In ASCII, characters are bytes.
        text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at)
    };
    if end <= start {
        return "";
    }
    text.get(offset(start)..offset(end)).unwrap_or("")
}

/// `substr(text, start[, count])`: PostgreSQL's, which counts positions before the first
/// character too; but a negative start counts from the end, as in SQLite.
fn substring(arguments: &Arguments<'_>, row: usize, blob: bool, out: &mut Vec<u8>) -> Result<()> {
    let bytes = arguments.bytes(0, row);
    let len = count(if blob { bytes.len() } else { char_count(bytes) });
    let wanted = if arguments.has(2) { Some(arguments.int(2, row)) } else { None };
    if wanted.is_some_and(|wanted| wanted < 0) {
        return Err(Error::value(state::BAD_ARGUMENT, "a part of a text cannot have a negative length"));
    }
    let start = match arguments.int(1, row) {
        start if start < 0 => start.saturating_add(len),
        start => start - 1,
    };
    let end = wanted.map_or(len, |wanted| start.saturating_add(wanted).min(len));
    let start = start.max(0);
    if end > start {
        if blob {
            let bound = |at: i64| usize::try_from(at).unwrap_or(0);
            out.extend_from_slice(bytes.get(bound(start)..bound(end)).unwrap_or(&[]));
        } else {
            out.extend_from_slice(chars_between(arguments.text(0, row), start, end).as_bytes());
        }
    }
    Ok(())
}

fn pad(
    function: Function,
    arguments: &Arguments<'_>,
    row: usize,
    growth: &mut Growth,
    out: &mut Vec<u8>,
) -> Result<()> {
    let text = arguments.text(0, row);
    let fill = if arguments.has(2) { arguments.text(2, row) } else { " " };
    let wanted = arguments.int(1, row).max(0);
    let len = count(text.chars().count());
    if wanted <= len || fill.is_empty() {
        out.extend_from_slice(chars_between(text, 0, wanted.min(len)).as_bytes());
        return Ok(());
    }
    let missing = usize::try_from(wanted - len).unwrap_or(usize::MAX);
    let widest = fill.chars().map(char::len_utf8).max().unwrap_or(1);
    limit(text.len(), missing.saturating_mul(widest), growth)?;
    let filling: String = fill.chars().cycle().take(missing).collect();
    let (before, after) =
        if function == Function::PadLeft { (filling.as_str(), text) } else { (text, filling.as_str()) };
    out.extend_from_slice(before.as_bytes());
    out.extend_from_slice(after.as_bytes());
    Ok(())
}

fn split_part<'a>(arguments: &Arguments<'a>, row: usize) -> Result<&'a str> {
    let (text, separator, number) = (arguments.text(0, row), arguments.text(1, row), arguments.int(2, row));
    let skipped = |number: i64| usize::try_from(number.unsigned_abs() - 1).unwrap_or(usize::MAX);
    if number == 0 {
        return Err(Error::value(state::BAD_ARGUMENT, "split_part counts from 1, or from -1 at the end"));
    }
    if separator.is_empty() {
        return Ok(if number.abs() == 1 { text } else { "" });
    }
    Ok(if number > 0 {
        text.split(separator).nth(skipped(number)).unwrap_or("")
    } else {
        text.rsplit(separator).nth(skipped(number)).unwrap_or("")
    })
}

/// `concat`: all arguments one after the other, NULLs left out.
pub(crate) fn concat_words(vectors: &[&Vector], len: usize) -> Result<Vector> {
    let mut out = Bytes::default();
    for row in 0..len {
        out.push_with(|out| {
            for vector in vectors {
                if let (VectorData::Bytes(values), true) = (&vector.data, vector.is_valid(row)) {
                    out.extend_from_slice(values.get(row));
                }
            }
        })?;
    }
    Ok(Vector::valid(VectorData::Bytes(out)))
}
