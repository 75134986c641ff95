//! The splitter cuts a stream of bytes into statements and dot commands while it arrives.
//!
//! ```text
//! stdin -> push(bytes) -> next() -> Piece { SQL up to and with its ';' | a line that begins with '.' }
//! ```
//!
//! A statement is handed out as soon as its semicolon has been pushed, so that its output can be
//! flushed before more input is read. Each byte is looked at once.
//!
//! 1. A semicolon inside quotes ('', "", ``, [], E'', $tag$), a comment (-- or nested /* */) or the
//!    body of a CREATE TRIGGER ends nothing.
//! 2. A dot command is a line that begins with '.' or '\' while no statement has begun, or that
//!    holds nothing but `exit` or another command known without its dot.
//! 3. Pieces that hold only white space and comments are dropped.
//! 4. Each piece knows its line and what stands before it in that line: errors are reported by
//!    their place in the whole input.

use crate::habits;

/// How much of the text before a piece is kept to show beside an error.
const LEAD_LEN_MAX: usize = 120;

/// One thing to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// SQL or a dot command.
    pub kind: PieceKind,
    /// The text itself; a statement ends with its semicolon, if it had one.
    pub text: Vec<u8>,
    /// What stands before it in its first line (other statements, white space).
    pub lead: Lead,
    /// The line of the input it begins in, from 1.
    pub line: usize,
}

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A statement.
    Sql,
    /// A dot command.
    Dot,
}

/// The part of a line before a piece: how many columns it has, and the text of the last of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lead {
    /// Columns before `text`.
    pub columns: usize,
    /// The end of the part.
    pub text: Vec<u8>,
}

impl Lead {
    /// Goes on in the line, or in a new one.
    fn advance(&mut self, bytes: &[u8]) {
        match bytes.iter().rposition(|&b| b == b'\n') {
            Some(newline) => {
                self.columns = 0;
                self.text.clear();
                self.text.extend_from_slice(bytes.get(newline + 1..).unwrap_or_default());
            }
            None => self.text.extend_from_slice(bytes),
        }
        if self.text.len() > LEAD_LEN_MAX {
            let is_start = |b: &u8| b & 0xc0 != 0x80;
            let mut cut = self.text.len() - LEAD_LEN_MAX;
            while self.text.get(cut).is_some_and(|b| !is_start(b)) {
                cut += 1;
            }
            self.columns += self.text.drain(..cut).filter(is_start).count();
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Within {
    Plain,
    /// Closing byte; whether a backslash escapes the byte after it.
    Quote(u8, bool),
    Escaped(u8),
    LineComment,
    /// How many are open.
    BlockComment(u32),
    /// After '$', while its tag is still being read.
    DollarTag(Vec<u8>),
    /// In a dollar-quoted text; how many bytes of the closing tag have matched.
    Dollar(Vec<u8>, usize),
    DotLine,
}

/// How far a CREATE TRIGGER has been recognised, and how near its end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trigger {
    Start,
    /// CREATE [OR REPLACE] [TEMP].
    Create,
    No,
    Body,
    /// In the body, after a semicolon.
    Semicolon,
    /// In the body, after "; END".
    End,
}

/// Cuts a stream of bytes into pieces.
#[derive(Debug)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// Where the next piece begins in `buffer`.
    start: usize,
    /// Up to where `buffer` has been looked at.
    scanned: usize,
    within: Within,
    /// The byte before, 0 when it was the end of a two-byte mark.
    previous: u8,
    word: Vec<u8>,
    trigger: Trigger,
    /// A byte that is neither white space nor comment has been seen.
    begun: bool,
    /// Line of the next byte to look at.
    line: usize,
    start_line: usize,
    lead: Lead,
}

impl Default for Splitter {
    fn default() -> Self {
        Splitter {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            within: Within::Plain,
            previous: b'\n',
            word: Vec::new(),
            trigger: Trigger::Start,
            begun: false,
            line: 1,
            start_line: 1,
            lead: Lead::default(),
        }
    }
}

impl Splitter {
    /// Adds bytes to what there is to cut.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next finished piece; `None` when more input is needed.
    pub fn next_piece(&mut self) -> Option<Piece> {
        while let Some(&byte) = self.buffer.get(self.scanned) {
            self.scanned += 1;
            let finished = self.step(byte);
            if byte == b'\n' {
                self.line += 1;
            }
            if finished {
                return Some(self.cut());
            }
            let blank = byte.is_ascii_whitespace() || byte == b';';
            if blank && !self.begun && self.within == Within::Plain {
                self.skip();
            }
        }
        None
    }

    /// The rest, at the end of the input; `None` when that is only white space and comments.
    pub fn finish(&mut self) -> Option<Piece> {
        let lone = self.within == Within::Plain && matches!(self.previous, b'-' | b'/');
        (self.begun || lone).then(|| self.cut())
    }

    /// A statement has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.begun || self.within != Within::Plain
    }

    /// Bytes held back because their statement has not ended.
    pub fn pending_len(&self) -> usize {
        self.buffer.len() - self.start
    }

    fn cut(&mut self) -> Piece {
        let text = self.seen().to_vec();
        let kind = match self.within == Within::DotLine || habits::is_command(&text) {
            true => PieceKind::Dot,
            false => PieceKind::Sql,
        };
        let piece = Piece { kind, text, lead: self.lead.clone(), line: self.start_line };
        self.skip();
        self.within = Within::Plain;
        self.trigger = Trigger::Start;
        self.begun = false;
        self.word.clear();
        piece
    }

    /// The piece, as far as it has been looked at.
    fn seen(&self) -> &[u8] {
        self.buffer.get(self.start..self.scanned).unwrap_or_default()
    }

    /// Moves the beginning of the piece behind everything looked at.
    fn skip(&mut self) {
        self.lead.advance(self.buffer.get(self.start..self.scanned).unwrap_or_default());
        self.start = self.scanned;
        self.start_line = self.line;
    }

    /// Looks at one byte; true when it ends the piece.
    fn step(&mut self, byte: u8) -> bool {
        let previous = std::mem::replace(&mut self.previous, byte);
        match &mut self.within {
            Within::Plain => return self.step_plain(previous, byte),
            Within::Quote(end, _) if byte == *end => self.within = Within::Plain,
            Within::Quote(end, true) if byte == b'\\' => self.within = Within::Escaped(*end),
            Within::Quote(..) => {}
            Within::Escaped(end) => self.within = Within::Quote(*end, true),
            Within::LineComment => {
                if byte == b'\n' {
                    self.within = Within::Plain;
                }
            }
            Within::BlockComment(depth) => {
                match (previous, byte) {
                    (b'/', b'*') => *depth += 1,
                    (b'*', b'/') => *depth -= 1,
                    _ => return false,
                }
                // Of "*/*" and "/*/" no byte counts twice.
                self.previous = 0;
                if *depth == 0 {
                    self.within = Within::Plain;
                }
            }
            Within::DollarTag(tag) => {
                let letter = byte.is_ascii_alphabetic() || byte == b'_';
                if byte == b'$' {
                    let mut tag = std::mem::take(tag);
                    tag.push(b'$');
                    self.within = Within::Dollar(tag, 0);
                } else if letter || (tag.len() > 1 && byte.is_ascii_digit()) {
                    tag.push(byte);
                } else {
                    self.within = Within::Plain;
                    return self.step_plain(previous, byte);
                }
            }
            Within::Dollar(tag, matched) => {
                *matched = match tag.get(*matched) {
                    Some(expected) if *expected == byte => *matched + 1,
                    _ => usize::from(byte == b'$'),
                };
                if *matched == tag.len() {
                    self.within = Within::Plain;
                }
            }
            Within::DotLine => return byte == b'\n',
        }
        false
    }

    fn step_plain(&mut self, previous: u8, byte: u8) -> bool {
        let comment = match (previous, byte) {
            (b'-', b'-') => Some(Within::LineComment),
            (b'/', b'*') => Some(Within::BlockComment(1)),
            _ => None,
        };
        if let Some(comment) = comment {
            self.within = comment;
            self.previous = 0;
            return false;
        }
        // A lone '-' or '/' may begin a comment: it counts when the byte after it is known.
        self.begun |= matches!(previous, b'-' | b'/');
        let in_word = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | 0x80..)
            || (byte == b'$' && !self.word.is_empty());
        if in_word {
            self.begun = true;
            self.word.push(byte.to_ascii_lowercase());
            return false;
        }
        let word = std::mem::take(&mut self.word);
        if !word.is_empty() {
            self.note_word(&word);
        }
        match byte {
            b';' => return self.note_semicolon(),
            b'.' | b'\\' if previous == b'\n' && !self.begun => self.within = Within::DotLine,
            b'\n' => return habits::is_command(self.seen()),
            b'\'' => self.within = Within::Quote(byte, word == b"e"),
            b'"' | b'`' => self.within = Within::Quote(byte, false),
            b'[' => self.within = Within::Quote(b']', false),
            b'$' => self.within = Within::DollarTag(vec![b'$']),
            b'-' | b'/' => return false,
            _ if byte.is_ascii_whitespace() => return false,
            _ => {}
        }
        self.begun = true;
        if matches!(self.trigger, Trigger::Semicolon | Trigger::End) {
            self.trigger = Trigger::Body;
        }
        false
    }

    fn note_word(&mut self, word: &[u8]) {
        self.trigger = match (self.trigger, word) {
            (Trigger::Start, b"create") => Trigger::Create,
            (Trigger::Create, b"or" | b"replace" | b"temp" | b"temporary") => Trigger::Create,
            (Trigger::Create, b"trigger") => Trigger::Body,
            (Trigger::Start | Trigger::Create | Trigger::No, _) => Trigger::No,
            (Trigger::Semicolon, b"end") => Trigger::End,
            (Trigger::Body | Trigger::Semicolon | Trigger::End, _) => Trigger::Body,
        };
    }

    /// True when the semicolon ends the statement.
    fn note_semicolon(&mut self) -> bool {
        match self.trigger {
            Trigger::Body | Trigger::Semicolon => {
                self.trigger = Trigger::Semicolon;
                false
            }
            _ => self.begun,
        }
    }
}

#[cfg(test)]
mod tests;
