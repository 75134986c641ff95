//! Columns of the row of a key, or of the rows of a range of keys.

use std::sync::Arc;

use super::Operand;
use crate::catalog::{RowKey, Table};
use crate::encoding::{KeyOrder, encode_rowid, encode_value};
use crate::error::{Error, Result};
use crate::execute::RowCodec;
use crate::execute::Stop;
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
    /// The columns of a row, or of some rows one after the other.
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

/// The rows of a range, read some at a time.
#[derive(Debug)]
struct Stream {
    cursor: Cursor,
    start: [u8; 8],
    end: Option<[u8; 8]>,
    /// The tree has no more rows of the range.
    done: bool,
    /// How many rows were read last, how many of them were handed out, and how many are read next.
    read: usize,
    handed: usize,
    wanted: usize,
    /// What is wrong with the row behind them.
    error: Option<Error>,
    /// They are long: their memory is not kept.
    long: bool,
    /// By what another thread stops the statement, and how often it had done so when this one began.
    stop: Arc<Stop>,
    interrupts_seen: u64,
}

/// Few may be wanted.
const ROWS_FIRST: usize = 16;
const ROWS_MAX: usize = 256;
/// Rows with more bytes than this are not read ahead.
const BYTES_MAX: usize = 64 << 10;

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
    pub(crate) fn begin(
        &self,
        held: Held,
        parameters: &[Value],
        stop: &Arc<Stop>,
        spare: &mut Spare,
    ) -> Result<()> {
        let Keys::Range { lower, upper } = &self.keys else { return Err(Error::internal("not a range")) };
        let stream = spare.stream.get_or_insert_with(|| Stream {
            cursor: Cursor::new(self.table.tree),
            start: [0; 8],
            end: None,
            done: true,
            read: 0,
            handed: 0,
            wanted: 0,
            error: None,
            long: false,
            stop: stop.clone(),
            interrupts_seen: 0,
        });
        stream.interrupts_seen = stop.interrupts();
        (stream.read, stream.handed, stream.wanted) = (0, 0, ROWS_FIRST);
        (stream.done, stream.error) = (true, None);
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

    /// The place in `values` of the next row of a range; none at the end. The values are to be the
    /// same at each call.
    pub(crate) fn next(&self, spare: &mut Spare, values: &mut Vec<Value>) -> Result<Option<usize>> {
        let Some(stream) = &mut spare.stream else { return Ok(None) };
        loop {
            if stream.handed < stream.read {
                stream.handed += 1;
                return Ok(Some((stream.handed - 1) * self.fields.len()));
            }
            if let Some(error) = stream.error.take() {
                stream.done = true;
                return Err(error);
            }
            match &spare.held {
                Some(held) if !stream.done => self.fill(stream, held.transaction(), values)?,
                _ => return Ok(None),
            }
            if stream.done {
                spare.held = None;
            }
        }
    }

    /// Reads the next rows over the values.
    fn fill(&self, stream: &mut Stream, transaction: &Transaction, values: &mut Vec<Value>) -> Result<()> {
        stream.stop.check(stream.interrupts_seen)?;
        let Stream { cursor, start, end, wanted, error, long, .. } = stream;
        let width = self.fields.len();
        if std::mem::take(long) {
            values.clear();
        }
        // Stays true when the tree ends before enough is read.
        let mut ended = true;
        let (mut read, mut bytes) = (0, 0);
        let visit = |key: &[u8], value: &[u8]| {
            let outside = match self.reverse {
                true => is_below(key, start),
                false => end.as_ref().is_some_and(|end| !is_below(key, end)),
            };
            if outside {
                return false;
            }
            let at = read * width;
            if values.len() < at + width {
                values.resize(at + width, Value::Null);
            }
            let row = values.get_mut(at..at + width).unwrap_or_default();
            if let Err(found) = self.codec.read_into(key, value, &self.fields, row) {
                *error = Some(found);
                return false;
            }
            read += 1;
            bytes += value.len();
            *long = bytes >= BYTES_MAX;
            ended = read < *wanted && !*long;
            ended
        };
        match self.reverse {
            false => cursor.visit(transaction, visit)?,
            true => cursor.visit_back(transaction, visit)?,
        }
        (stream.read, stream.handed, stream.done) = (read, 0, ended);
        stream.wanted = (stream.wanted * 4).min(ROWS_MAX);
        Ok(())
    }
}

impl Spare {
    /// The rows are wanted no more; their memory is.
    pub(crate) fn end(&mut self, values: Vec<Value>) {
        self.held = None;
        if !self.stream.as_ref().is_some_and(|stream| stream.long) {
            self.values = values;
        }
    }
}

/// Orders keys, most of which are numbers.
#[inline]
fn is_below(key: &[u8], bound: &[u8; 8]) -> bool {
    match <&[u8; 8]>::try_from(key) {
        Ok(key) => u64::from_be_bytes(*key) < u64::from_be_bytes(*bound),
        Err(_) => key < bound.as_slice(),
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
