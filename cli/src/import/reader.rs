//! Records out of a file of separated values, plain or gzipped.
//!
//! ```text
//! file -> gunzip, if it begins with 1f 8b -> lines -> record: text, and where each field ends
//! ```
//!
//! 1. A field in double quotes may hold separators, line breaks and doubled quotes; it remembers
//!    that it was quoted, so that `""` and nothing, `"NA"` and `NA` are told apart.
//! 2. A record knows the line it begins in; an error names file, line and, where there is one, column.
//! 3. Lines end with LF or CRLF. A byte order mark is skipped, and so are empty lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::session::Failure;

/// Longest record, in bytes: a quote that is never closed ends here.
const RECORD_LEN_MAX: usize = 64 << 20;
const BUFFER_LEN: usize = 256 << 10;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One record.
#[derive(Debug, Default)]
pub struct Record {
    /// Line of its first byte, from 1.
    pub line: u64,
    /// The fields, without what is between them.
    text: String,
    /// Where each field ends in `text`, and whether it was quoted.
    ends: Vec<(usize, bool)>,
}

impl Record {
    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Its fields, each with whether it was quoted.
    pub fn fields(&self) -> impl Iterator<Item = (&str, bool)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
        starts
            .zip(&self.ends)
            .map(|(start, (end, quoted))| (self.text.get(start..*end).unwrap_or_default(), *quoted))
    }
}

/// Reads a file record by record.
pub struct Reader {
    input: Box<dyn BufRead>,
    name: String,
    separator: String,
    line: u64,
    /// The bytes of the record that is read.
    bytes: Vec<u8>,
    /// Its fields, as in `Record`.
    fields: Vec<u8>,
}

impl Reader {
    /// Opens a file.
    pub fn open(path: &str, separator: &str) -> Result<Reader, Failure> {
        let cannot = |error: io::Error| Failure::Text(format!("cannot read {path}: {error}"));
        let mut file = BufReader::with_capacity(BUFFER_LEN, File::open(Path::new(path)).map_err(cannot)?);
        let gzipped = file.fill_buf().map_err(cannot)?.starts_with(&GZIP);
        let mut input: Box<dyn BufRead> = match gzipped {
            true => Box::new(BufReader::with_capacity(BUFFER_LEN, MultiGzDecoder::new(file))),
            false => Box::new(file),
        };
        if input.fill_buf().map_err(cannot)?.starts_with(BYTE_ORDER_MARK) {
            input.consume(BYTE_ORDER_MARK.len());
        }
        let (name, separator) = (path.to_owned(), separator.to_owned());
        Ok(Reader { input, name, separator, line: 0, bytes: Vec::new(), fields: Vec::new() })
    }

    /// Skips lines.
    pub fn skip_lines(&mut self, count: u64) -> Result<(), Failure> {
        for _ in 0..count {
            self.bytes.clear();
            self.read_line()?;
        }
        Ok(())
    }

    /// Reads the next record; false at the end of the file.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, Failure> {
        loop {
            self.bytes.clear();
            if !self.read_line()? {
                return Ok(false);
            }
            if !line(&self.bytes).is_empty() {
                break;
            }
        }
        record.line = self.line;
        record.ends.clear();
        self.fields.clear();
        if self.bytes.contains(&b'"') {
            self.split_quoted(record)?;
        } else {
            self.split_plain(record);
        }
        std::mem::swap(&mut self.fields, &mut self.bytes);
        let text = std::mem::take(&mut record.text).into_bytes();
        let bytes = std::mem::replace(&mut self.bytes, text);
        let valid_to = match String::from_utf8(bytes) {
            Ok(text) => {
                // A separator may not stand inside a character either.
                let cut = record.ends.iter().map(|(end, _)| *end).find(|end| !text.is_char_boundary(*end));
                record.text = text;
                cut.map(|end| end - 1)
            }
            Err(error) => Some(error.utf8_error().valid_up_to()),
        };
        match valid_to {
            None => Ok(true),
            Some(at) => {
                let column = record.ends.iter().take_while(|(end, _)| *end <= at).count() + 1;
                Err(self.wrong(record.line, Some(column), "the text is not UTF-8"))
            }
        }
    }

    /// An error at a place of the file.
    pub fn wrong(&self, line: u64, column: Option<usize>, message: &str) -> Failure {
        let column = column.map(|column| format!(", column {column}")).unwrap_or_default();
        Failure::Text(format!("{}, line {line}{column}: {message}", self.name))
    }

    /// Adds a line to the bytes; false at the end of the file.
    fn read_line(&mut self) -> Result<bool, Failure> {
        let room = RECORD_LEN_MAX.saturating_sub(self.bytes.len()) + 1;
        let room = u64::try_from(room).unwrap_or(u64::MAX);
        let read = (&mut self.input).take(room).read_until(b'\n', &mut self.bytes);
        let read = read.map_err(|error| self.wrong(self.line + 1, None, &format!("cannot read: {error}")))?;
        if self.bytes.len() > RECORD_LEN_MAX {
            let message = format!("a record is longer than {RECORD_LEN_MAX} bytes");
            return Err(self.wrong(self.line + 1, None, &message));
        }
        self.line += u64::from(read > 0);
        Ok(read > 0)
    }

    fn split_plain(&mut self, record: &mut Record) {
        let mut rest = line(&self.bytes);
        while let Some(at) = find(rest, self.separator.as_bytes()) {
            self.fields.extend_from_slice(rest.get(..at).unwrap_or_default());
            record.ends.push((self.fields.len(), false));
            rest = rest.get(at + self.separator.len()..).unwrap_or_default();
        }
        self.fields.extend_from_slice(rest);
        record.ends.push((self.fields.len(), false));
    }

    fn split_quoted(&mut self, record: &mut Record) -> Result<(), Failure> {
        let mut at = 0;
        loop {
            let quoted = self.bytes.get(at) == Some(&b'"');
            at = if quoted { self.quoted_field(at + 1, record)? } else { at };
            // What stands behind a closing quote belongs to the field, as in SQLite's shell.
            let rest = line(&self.bytes).get(at..).unwrap_or_default();
            let len = find(rest, self.separator.as_bytes());
            self.fields.extend_from_slice(rest.get(..len.unwrap_or(rest.len())).unwrap_or_default());
            record.ends.push((self.fields.len(), quoted));
            match len {
                Some(len) => at += len + self.separator.len(),
                None => return Ok(()),
            }
        }
    }

    /// Takes a field whose opening quote stands before `at`; gives what is behind its closing one.
    fn quoted_field(&mut self, mut at: usize, record: &Record) -> Result<usize, Failure> {
        let begun = self.line;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let Some(len) = rest.iter().position(|byte| *byte == b'"') else {
                self.fields.extend_from_slice(rest);
                at = self.bytes.len();
                if !self.read_line()? {
                    let column = Some(record.ends.len() + 1);
                    return Err(self.wrong(begun, column, "a quote that begins here is not closed"));
                }
                continue;
            };
            self.fields.extend_from_slice(rest.get(..len).unwrap_or_default());
            at += len + 1;
            if self.bytes.get(at) != Some(&b'"') {
                return Ok(at);
            }
            self.fields.push(b'"');
            at += 1;
        }
    }
}

/// Without what ends the line.
fn line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

fn find(bytes: &[u8], separator: &[u8]) -> Option<usize> {
    let first = separator.first()?;
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|byte| byte == first)?;
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(separator)) {
            return Some(at);
        }
        from = at + 1;
    }
}
