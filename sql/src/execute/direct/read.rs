//! Columns of the row of a key, or of the rows of a range of keys.

use std::sync::Arc;

use super::Operand;
use crate::catalog::{RowKey, Table};
use crate::encoding::{KeyOrder, encode_rowid, encode_value};
use crate::error::{Error, Result};
use crate::execute::RowCodec;
use crate::execute::access::{key_integer, rowid_bounds};
use crate::expression::Expression;
use crate::plan::{Access, Bound, Path, Physical};
use crate::storage::{Cursor, Transaction};
use crate::types::Value;

/// Reads columns of a table's rows.
#[derive(Debug)]
pub(crate) struct DirectRead {
    table: Arc<Table>,
    codec: RowCodec,
    /// What is read: fields of a row's value; none: its number.
    fields: Vec<Option<usize>>,
    keys: Keys,
    reverse: bool,
}

/// Which rows.
#[derive(Debug)]
enum Keys {
    Point(PointKey),
    /// Of a table keyed by a number: a bound, and whether it belongs to the range.
    Range {
        lower: Option<(Operand, bool)>,
        upper: Option<(Operand, bool)>,
    },
}

/// The key of one row in a table's own tree.
#[derive(Debug)]
pub(super) struct PointKey(Vec<Operand>);

impl PointKey {
    /// The key of an access that finds one row by the table's whole key.
    pub(super) fn of(table: &Table, access: &Access) -> Option<PointKey> {
        let Access { path, equal, one_of, lower, upper, reverse: _ } = access;
        let plain = *path == Path::Table && one_of.is_empty() && lower.is_none() && upper.is_none();
        (plain && equal.len() == table.key_types().len()).then(|| Operand::all(equal).map(PointKey))?
    }

    /// Writes the key over `out`; false: a value is NULL, and no row has it.
    pub(super) fn write(&self, table: &Table, parameters: &[Value], out: &mut Vec<u8>) -> Result<bool> {
        out.clear();
        let mut complete = true;
        for (number, operand) in self.0.iter().enumerate() {
            let value = operand.value(parameters)?;
            match &table.key {
                _ if value.is_null() => complete = false,
                RowKey::Columns(columns) => {
                    let column = columns.get(number).copied().unwrap_or(usize::MAX);
                    encode_value(out, &value, table.column_type(column), KeyOrder::ASCENDING)?;
                }
                _ => out.extend_from_slice(&encode_rowid(key_integer(&value)?)),
            }
        }
        Ok(complete)
    }
}

/// What a statement keeps from one run to the next, so that it need not be made again.
#[derive(Default)]
pub(crate) struct Spare {
    /// The columns of a row.
    pub(crate) values: Vec<Value>,
    key: Vec<u8>,
    stream: Option<Stream>,
    /// What the stream's rows are read from.
    held: Option<Held>,
}

/// The snapshot rows are read from: of a query's own, or the transaction's.
#[allow(clippy::large_enum_variant)] // One is made for every query: no allocation for it.
pub(crate) enum Held {
    Own(Transaction),
    Shared(Arc<Transaction>),
}

impl Held {
    pub(crate) fn transaction(&self) -> &Transaction {
        match self {
            Held::Own(transaction) => transaction,
            Held::Shared(transaction) => transaction,
        }
    }
}

/// The rows of a range: entries are copied out of the tree some at a time and decoded one by one.
#[derive(Debug)]
struct Stream {
    cursor: Cursor,
    start: [u8; 8],
    end: Option<[u8; 8]>,
    /// The tree has no more entries of the range.
    done: bool,
    /// Entries: the lengths of key and value, 4 bytes each, then both.
    entries: Vec<u8>,
    at: usize,
    /// How many bytes of entries are to be read next.
    wanted: usize,
}

const WANTED_FIRST: usize = 4 << 10;
const WANTED_MAX: usize = 64 << 10;

impl DirectRead {
    pub(super) fn of(plan: &Physical) -> Option<DirectRead> {
        let (scan, shown) = match plan {
            Physical::Project { input, expressions } => (&**input, Some(expressions)),
            plan => (plan, None),
        };
        let Physical::Scan { table, columns, access, filter: None } = scan else { return None };
        let columns = match shown {
            None => columns.clone(),
            Some(expressions) => {
                expressions.iter().map(|e| scan_column(e, columns)).collect::<Option<_>>()?
            }
        };
        let keys = match PointKey::of(table, access) {
            Some(key) => Keys::Point(key),
            None => {
                let Access { path: Path::Table, equal, one_of, lower, upper, reverse: _ } = access else {
                    return None;
                };
                let numbered = !matches!(table.key, RowKey::Columns(_));
                if !equal.is_empty() || !one_of.is_empty() || !numbered {
                    return None;
                }
                let bound = |bound: &Option<Bound>| match bound {
                    None => Some(None),
                    Some(bound) => Some(Some((Operand::of(&bound.value)?, bound.inclusive))),
                };
                Keys::Range { lower: bound(lower)?, upper: bound(upper)? }
            }
        };
        let reverse = access.reverse;
        let fields = columns.iter().map(|column| table.field(*column)).collect();
        Some(DirectRead { table: table.clone(), codec: RowCodec::new(table), fields, keys, reverse })
    }

    /// Reads the row of a point into the spare values: whether it is there. None: it is a range.
    pub(crate) fn point(
        &self,
        transaction: &Transaction,
        parameters: &[Value],
        spare: &mut Spare,
    ) -> Result<Option<bool>> {
        let Keys::Point(point) = &self.keys else { return Ok(None) };
        let Spare { key, values, .. } = spare;
        if !point.write(&self.table, parameters, key)? {
            return Ok(Some(false));
        }
        values.resize(self.fields.len(), Value::Null);
        let read = |value: &[u8]| self.codec.read_into(key, value, &self.fields, values);
        match transaction.get(self.table.tree, key, read)? {
            Some(read) => read.map(|()| Some(true)),
            None => Ok(Some(false)),
        }
    }

    /// Begins to read the rows of a range.
    pub(crate) fn begin(&self, held: Held, parameters: &[Value], spare: &mut Spare) -> Result<()> {
        let Keys::Range { lower, upper } = &self.keys else { return Err(Error::internal("not a range")) };
        let stream = spare.stream.get_or_insert_with(|| Stream {
            cursor: Cursor::new(self.table.tree),
            start: [0; 8],
            end: None,
            done: true,
            entries: Vec::new(),
            at: 0,
            wanted: 0,
        });
        stream.entries.clear();
        (stream.at, stream.wanted, stream.done) = (0, WANTED_FIRST, true);
        // Both are evaluated, whatever the first one is, for the error the second one may be.
        let (lower, upper) = (bound(lower, parameters)?, bound(upper, parameters)?);
        let (Some(lower), Some(upper)) = (lower, upper) else { return Ok(()) };
        let Some((start, end)) = rowid_bounds(lower, upper) else { return Ok(()) };
        (stream.start, stream.end) = (encode_rowid(start), end.map(encode_rowid));
        stream.done = false;
        stream.cursor.restart(self.table.tree);
        let transaction = held.transaction();
        match (self.reverse, &stream.end) {
            (false, _) => {
                stream.cursor.seek(transaction, &stream.start)?;
            }
            (true, Some(end)) => stream.cursor.seek_last_before(transaction, end)?,
            (true, None) => stream.cursor.seek_last(transaction)?,
        }
        spare.held = Some(held);
        Ok(())
    }

    /// The next row of a range, put over the values of the one before; false at the end.
    pub(crate) fn next(&self, spare: &mut Spare, values: &mut Vec<Value>) -> Result<bool> {
        let Some(stream) = &mut spare.stream else { return Ok(false) };
        loop {
            if let Some((key, value, end)) = entry(&stream.entries, stream.at) {
                stream.at = end;
                if values.len() != self.fields.len() {
                    values.resize(self.fields.len(), Value::Null);
                }
                self.codec.read_into(key, value, &self.fields, values)?;
                return Ok(true);
            }
            match &spare.held {
                Some(held) if !stream.done => stream.fill(held.transaction(), self.reverse)?,
                _ => return Ok(false),
            }
            if stream.done {
                spare.held = None;
            }
        }
    }
}

impl Spare {
    /// The rows are wanted no more.
    pub(crate) fn end(&mut self) {
        self.held = None;
    }
}

/// The column of the table that an expression over a scan is.
pub(super) fn scan_column(expression: &Expression, columns: &[usize]) -> Option<usize> {
    match expression {
        Expression::Column { index, .. } => columns.get(*index).copied(),
        _ => None,
    }
}

/// A bound's number; none inside: there is no bound; none: it is NULL.
#[allow(clippy::type_complexity)]
fn bound(bound: &Option<(Operand, bool)>, parameters: &[Value]) -> Result<Option<Option<(i64, bool)>>> {
    let Some((operand, inclusive)) = bound else { return Ok(Some(None)) };
    let value = operand.value(parameters)?;
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(Some((key_integer(&value)?, *inclusive))))
}

/// The entry at a place: key, value, and where the next one is.
fn entry(entries: &[u8], at: usize) -> Option<(&[u8], &[u8], usize)> {
    let rest = entries.get(at..)?;
    let (head, rest) = rest.split_first_chunk()?;
    let lengths = u64::from_le_bytes(*head);
    let (key_len, value_len) = (lengths as u32 as usize, (lengths >> 32) as usize);
    let (key, rest) = rest.split_at_checked(key_len)?;
    Some((key, rest.get(..value_len)?, at + 8 + key_len + value_len))
}

impl Stream {
    /// Copies the next entries.
    fn fill(&mut self, transaction: &Transaction, reverse: bool) -> Result<()> {
        let Stream { cursor, start, end, entries, wanted, .. } = self;
        entries.clear();
        // Stays true when the tree ends before enough is read.
        let mut ended = true;
        let mut too_long = false;
        let visit = |key: &[u8], value: &[u8]| {
            let outside = match reverse {
                true => key < start.as_slice(),
                false => end.as_ref().is_some_and(|end| key >= end.as_slice()),
            };
            if outside {
                return false;
            }
            let (Ok(key_len), Ok(value_len)) = (u32::try_from(key.len()), u32::try_from(value.len())) else {
                too_long = true;
                return false;
            };
            entries.reserve(8 + key.len() + value.len());
            entries.extend_from_slice(&(u64::from(value_len) << 32 | u64::from(key_len)).to_le_bytes());
            entries.extend_from_slice(key);
            entries.extend_from_slice(value);
            ended = entries.len() < *wanted;
            ended
        };
        match reverse {
            false => cursor.visit(transaction, visit)?,
            true => cursor.visit_back(transaction, visit)?,
        }
        if too_long {
            return Err(Error::corrupt("a stored row is longer than 4 GiB"));
        }
        (self.at, self.done) = (0, ended);
        self.wanted = (self.wanted * 4).min(WANTED_MAX);
        Ok(())
    }
}
