//! The one error of the SQL layer: kind, SQLSTATE, message, place in the SQL text, hint.
//!
//! Every room returns it. `Display` prints the message alone; [`Error::render`] adds the source
//! line, a caret under the place and the hint, the way the shell shows it.

use std::fmt;

/// What went wrong, in the coarse classes a program reacts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not SQL this database understands.
    Syntax,
    /// SQL that is understood but not supported.
    Unsupported,
    /// A table, column, index or function does not exist, exists already or is ambiguous.
    Name,
    /// Types do not fit each other.
    Type,
    /// A value is out of range, malformed, or divided by zero.
    Value,
    /// A constraint forbids the change.
    Constraint,
    /// The transaction is not in the state the statement needs.
    Transaction,
    /// Someone else holds what is needed.
    Busy,
    /// A limit was reached: memory, length, depth, space.
    Limit,
    /// The device or the file failed or is damaged.
    Storage,
    /// The API was used wrongly: a missing parameter, a wrong column index.
    Usage,
    /// The database is open for reading only.
    ReadOnly,
    /// `query_row` found no row.
    NoRows,
}

/// A place in the SQL text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the start of the statement text.
    pub offset: usize,
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The same place in a text that has `offset` bytes, `lines` whole lines and `columns`
    /// characters of a last line before this one.
    #[must_use]
    pub fn after(self, before: Position) -> Position {
        let same_line = self.line <= 1;
        Position {
            offset: self.offset + before.offset,
            line: self.line + before.line.saturating_sub(1),
            column: if same_line { self.column + before.column.saturating_sub(1) } else { self.column },
        }
    }
}

/// A five-character SQLSTATE.
pub type SqlState = &'static str;

/// The SQLSTATEs in use.
pub mod state {
    use super::SqlState;

    /// No row where one was needed.
    pub const NO_DATA: SqlState = "02000";
    /// Wrong number of parameters.
    pub const PARAMETERS: SqlState = "07001";
    /// Not supported.
    pub const UNSUPPORTED: SqlState = "0A000";
    /// A scalar subquery gave more than one row.
    pub const CARDINALITY: SqlState = "21000";
    /// Text longer than its type allows.
    pub const TEXT_TOO_LONG: SqlState = "22001";
    /// A number does not fit.
    pub const OUT_OF_RANGE: SqlState = "22003";
    /// A date or time that does not exist.
    pub const BAD_DATETIME: SqlState = "22007";
    /// Division by zero.
    pub const DIVISION_BY_ZERO: SqlState = "22012";
    /// An argument a function does not take.
    pub const BAD_ARGUMENT: SqlState = "22023";
    /// Text that is not a value of the type.
    pub const BAD_TEXT: SqlState = "22P02";
    /// NULL in a column that forbids it.
    pub const NOT_NULL: SqlState = "23502";
    /// A foreign key is violated.
    pub const FOREIGN_KEY: SqlState = "23503";
    /// A key exists already.
    pub const UNIQUE: SqlState = "23505";
    /// A check constraint is violated.
    pub const CHECK: SqlState = "23514";
    /// No transaction is open, or one is already.
    pub const TRANSACTION_STATE: SqlState = "25000";
    /// A write in something that only reads.
    pub const READ_ONLY: SqlState = "25006";
    /// No such savepoint.
    pub const NO_SAVEPOINT: SqlState = "3B001";
    /// Somebody else committed in between.
    pub const SERIALIZATION: SqlState = "40001";
    /// The outcome of a commit is not known.
    pub const UNKNOWN_OUTCOME: SqlState = "40003";
    /// Bad syntax.
    pub const SYNTAX: SqlState = "42601";
    /// An ambiguous column.
    pub const AMBIGUOUS: SqlState = "42702";
    /// A column that does not exist.
    pub const NO_COLUMN: SqlState = "42703";
    /// A type that does not exist.
    pub const NO_TYPE: SqlState = "42704";
    /// Types that do not fit.
    pub const TYPE_MISMATCH: SqlState = "42804";
    /// A column that is neither grouped nor aggregated.
    pub const GROUPING: SqlState = "42803";
    /// A function or operator that does not exist for these types.
    pub const NO_FUNCTION: SqlState = "42883";
    /// A parameter where there can be none.
    pub const UNDEFINED_PARAMETER: SqlState = "42P02";
    /// A table that does not exist.
    pub const NO_TABLE: SqlState = "42P01";
    /// A table or index that exists already.
    pub const DUPLICATE_TABLE: SqlState = "42P07";
    /// A column named twice.
    pub const DUPLICATE_COLUMN: SqlState = "42701";
    /// A foreign key whose target has no such unique key.
    pub const BAD_FOREIGN_KEY: SqlState = "42830";
    /// A view where a table is needed, or the other way round.
    pub const WRONG_OBJECT: SqlState = "42809";
    /// A name the database keeps for itself.
    pub const RESERVED_NAME: SqlState = "42939";
    /// Something else depends on it.
    pub const DEPENDENT: SqlState = "2BP01";
    /// A definition that makes no sense.
    pub const BAD_DEFINITION: SqlState = "42P16";
    /// The device is full.
    pub const DISK_FULL: SqlState = "53100";
    /// Out of memory or of some fixed table.
    pub const OUT_OF_MEMORY: SqlState = "53200";
    /// Text, nesting or a key beyond a limit.
    pub const TOO_COMPLEX: SqlState = "54000";
    /// Something else has to end first.
    pub const IN_USE: SqlState = "55006";
    /// A lock was not to be had.
    pub const LOCKED: SqlState = "55P03";
    /// Interrupted, or over its time.
    pub const CANCELED: SqlState = "57014";
    /// Input or output failed.
    pub const IO: SqlState = "58030";
    /// Something that must not happen.
    pub const INTERNAL: SqlState = "XX000";
    /// The database is damaged.
    pub const CORRUPT: SqlState = "XX001";
}

/// An error of the SQL layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Body>);

#[derive(Clone, Debug, PartialEq)]
struct Body {
    kind: ErrorKind,
    code: SqlState,
    message: String,
    position: Option<Position>,
    hint: Option<String>,
}

/// The result of everything in the SQL layer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error without a place or a hint.
    pub fn new(kind: ErrorKind, code: SqlState, message: impl Into<String>) -> Self {
        Error(Box::new(Body { kind, code, message: message.into(), position: None, hint: None }))
    }

    /// "`what` is not supported yet".
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Error::new(ErrorKind::Unsupported, state::UNSUPPORTED, format!("{what} is not supported yet"))
    }

    /// Bad syntax.
    pub fn syntax(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Syntax, state::SYNTAX, message)
    }

    /// A name that does not resolve.
    pub fn name(code: SqlState, message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Name, code, message)
    }

    /// Types that do not fit.
    pub fn type_mismatch(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Type, state::TYPE_MISMATCH, message)
    }

    /// A value that cannot be.
    pub fn value(code: SqlState, message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Value, code, message)
    }

    /// A number that does not fit.
    pub fn out_of_range(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Value, state::OUT_OF_RANGE, message)
    }

    /// A violated constraint.
    pub fn constraint(code: SqlState, message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Constraint, code, message)
    }

    /// A wrong use of the API.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Usage, state::PARAMETERS, message)
    }

    /// A state the code rules out.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Storage, state::INTERNAL, message)
    }

    /// Bytes in the file that cannot be what they should be.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Storage, state::CORRUPT, message)
    }

    /// Adds a place, unless there is one already (the innermost is the best).
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        if self.0.position.is_none() && position.line > 0 {
            self.0.position = Some(position);
        }
        self
    }

    /// Says in what it happened that is not in this text: a view, a default.
    #[must_use]
    pub fn within(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self.0.position = None;
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Replaces the place, for a statement that is part of a longer text.
    #[must_use]
    pub fn map_position(mut self, map: impl FnOnce(Position) -> Position) -> Self {
        self.0.position = self.0.position.map(map).filter(|at| at.line > 0);
        self
    }

    /// Computes the byte offset of the place from its line and column in `sql`.
    #[must_use]
    pub fn locate(self, sql: &str) -> Self {
        self.map_position(|at| Position { offset: offset_of(sql, at.line, at.column), ..at })
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The SQLSTATE.
    pub fn code(&self) -> SqlState {
        self.0.code
    }

    /// The message alone.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the SQL text, if known.
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// What to do about it, if there is something to say.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Message, source line, caret and hint, each on a line of its own.
    pub fn render(&self, sql: &str) -> String {
        let mut out = format!("error[{}]: {}", self.0.code, self.0.message);
        if let Some(at) = self.0.position {
            let line = sql.lines().nth(at.line.saturating_sub(1) as usize).unwrap_or("");
            let (shown, before) = window(line, at.column.saturating_sub(1) as usize);
            let label = format!("line {}: ", at.line);
            let pad = " ".repeat(label.chars().count() + before);
            out.push_str(&format!("\n{label}{shown}\n{pad}^"));
        }
        if let Some(hint) = &self.0.hint {
            out.push_str(&format!("\nhint: {hint}"));
        }
        out
    }
}

/// At most about a terminal's width of a line around a column, and the caret's place in it.
fn window(line: &str, column: usize) -> (String, usize) {
    const BEFORE: usize = 60;
    const WIDTH: usize = 100;
    let skip = column.saturating_sub(BEFORE);
    let mut shown: String =
        line.chars().skip(skip).take(WIDTH).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let mut caret = column - skip;
    if skip > 0 {
        shown.insert_str(0, "...");
        caret += 3;
    }
    (shown, caret)
}

/// The byte offset of a line (from 1) and a column in characters (from 1).
pub(crate) fn offset_of(sql: &str, line: u32, column: u32) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match sql[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return sql.len(),
        }
    }
    let rest = &sql[start..];
    rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(sql.len(), |(at, _)| start + at)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

/// The known name that is one or two letters away.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let limit = match name.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    };
    known
        .map(|candidate| (distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must change, or swap places with their neighbour, to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut a_previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        let mut b_previous = None;
        let mut left = i + 1;
        for ((j, y), [corner, up]) in b.iter().enumerate().zip(above.array_windows()) {
            left = (left + 1).min(up + 1).min(corner + usize::from(x != *y));
            if (a_previous, b_previous) == (Some(*y), Some(x)) {
                let swapped = j.checked_sub(1).and_then(|j| before.get(j));
                left = swapped.map_or(left, |n| left.min(n + 1));
            }
            row.push(left);
            b_previous = Some(*y);
        }
        before = std::mem::replace(&mut above, row);
        a_previous = Some(x);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn render_points_at_the_place() {
        let sql = "SELECT a,\n  b FRM t";
        let error = Error::syntax("unexpected \"t\"")
            .at(Position { offset: 0, line: 2, column: 5 })
            .hint("write FROM");
        assert_eq!(
            error.locate(sql).render(sql),
            "error[42601]: unexpected \"t\"\nline 2:   b FRM t\n            ^\nhint: write FROM"
        );
    }

    #[test]
    fn swapped_letters_are_one_slip() {
        for (a, b, expected) in [
            ("kitten", "sitting", 3),
            ("form", "from", 1),
            ("nmae", "name", 1),
            ("", "ab", 2),
            ("ab", "ab", 0),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
    }

    #[test]
    fn offsets_count_bytes() {
        let sql = "SELECT 'h\u{e9}', x\nFROM y";
        assert_eq!(&sql[offset_of(sql, 1, 14)..], "x\nFROM y");
        assert_eq!(&sql[offset_of(sql, 2, 6)..], "y");
        assert_eq!(offset_of(sql, 9, 1), sql.len());
    }
}
