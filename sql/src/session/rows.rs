//! The rows of a result, pulled one by one.

use super::convert::FromSql;
use super::prepare::Ready;
use crate::error::{Error, ErrorKind, Result, state};
use crate::execute::{Direct, Execution, Spare};
use crate::plan::OutputColumn;
use crate::storage::Transaction;
use crate::types::{BATCH_ROWS, Batch, DataType, Value};
use std::collections::VecDeque;
use std::sync::Arc;

/// Where rows come from.
pub(super) struct Source {
    pub(super) columns: Arc<[OutputColumn]>,
    pub(super) feed: Feed,
}

pub(super) enum Feed {
    Buffered(VecDeque<Batch>),
    Streaming {
        transaction: Arc<Transaction>,
        execution: Box<Execution>,
        statement: Arc<Ready>,
        parameters: Vec<Value>,
        /// The text, for the places of errors.
        sql: Arc<str>,
    },
    /// At most one row, which is in the spare values if it is there.
    Point(bool),
    /// The rows of a range, read by what is in the spare.
    Range(Arc<Ready>),
}

impl Source {
    /// No rows and no columns.
    pub(super) fn none() -> Source {
        Source { columns: Arc::from([]), feed: Feed::Buffered(VecDeque::new()) }
    }

    /// The row of a key, which is in the spare values if it is there.
    pub(super) fn point(ready: &Ready, there: bool) -> Source {
        Source { columns: ready.columns.clone(), feed: Feed::Point(there) }
    }

    /// Rows that are known already.
    pub(super) fn of(columns: Arc<[OutputColumn]>, rows: &[Vec<Value>]) -> Result<Source> {
        let types: Vec<DataType> = columns.iter().map(|column| column.data_type).collect();
        let chunks = rows.chunks(BATCH_ROWS);
        let batches = chunks.map(|rows| Batch::from_rows(&types, rows.iter().map(Vec::as_slice)));
        Ok(Source { columns, feed: Feed::Buffered(batches.collect::<Result<_>>()?) })
    }

    pub(super) fn next(&mut self) -> Result<Option<Batch>> {
        match &mut self.feed {
            Feed::Buffered(batches) => Ok(batches.pop_front()),
            Feed::Streaming { transaction, execution, statement, parameters, sql } => {
                execution.next(transaction, statement, parameters).map_err(|error| error.locate(sql))
            }
            Feed::Point(_) | Feed::Range(_) => Err(Error::internal("rows one by one as batches")),
        }
    }

    /// The place in `values` of the next row, which may be put over them; none inside: that was all;
    /// none: the rows come in batches.
    fn next_into(&mut self, spare: &mut Spare, values: &mut Vec<Value>) -> Option<Result<Option<usize>>> {
        match &mut self.feed {
            Feed::Point(there) => Some(Ok(std::mem::take(there).then_some(0))),
            Feed::Range(ready) => match &ready.direct {
                Some(Direct::Read(read)) => Some(read.next(spare, values)),
                _ => None,
            },
            Feed::Buffered(_) | Feed::Streaming { .. } => None,
        }
    }
}

/// The rows of a running query. They see the database as it was when the query began.
pub struct Rows<'s> {
    source: Source,
    batch: Option<Batch>,
    /// The next row of the batch.
    at: usize,
    row: Row,
    /// Where the statement keeps the buffers.
    spare: &'s mut Spare,
}

impl<'s> Rows<'s> {
    pub(super) fn new(source: Source, spare: &'s mut Spare) -> Self {
        let row =
            Row { values: std::mem::take(&mut spare.values), start: 0, columns: source.columns.clone() };
        Rows { source, batch: None, at: 0, row, spare }
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// What goes wrong while the query runs.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<&Row>> {
        if let Some(next) = self.source.next_into(self.spare, &mut self.row.values) {
            let Some(start) = next? else { return Ok(None) };
            self.row.start = start;
            return Ok(Some(&self.row));
        }
        loop {
            match &self.batch {
                Some(batch) if self.at < batch.len() => {
                    self.row.values.resize(batch.columns().len(), Value::Null);
                    let columns = batch.columns().iter().zip(self.row.columns.iter());
                    for ((vector, column), value) in columns.zip(&mut self.row.values) {
                        vector.value_into(self.at, column.data_type, value);
                    }
                    self.at += 1;
                    return Ok(Some(&self.row));
                }
                _ => {
                    self.at = 0;
                    self.batch = self.source.next()?;
                    if self.batch.is_none() {
                        return Ok(None);
                    }
                }
            }
        }
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        self.spare.end(std::mem::take(&mut self.row.values));
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("columns", &self.row.columns).finish_non_exhaustive()
    }
}

/// One row of a result.
#[derive(Debug)]
pub struct Row {
    /// Its values, perhaps between those of others.
    values: Vec<Value>,
    start: usize,
    columns: Arc<[OutputColumn]>,
}

impl Clone for Row {
    fn clone(&self) -> Row {
        Row { values: self.values().to_vec(), start: 0, columns: self.columns.clone() }
    }
}

/// What a column can be called by: its number from 0, or its name.
pub trait RowIndex {
    /// The number of the column.
    ///
    /// # Errors
    /// When there is no such column.
    fn index(&self, row: &Row) -> Result<usize>;
}

impl RowIndex for usize {
    fn index(&self, row: &Row) -> Result<usize> {
        if *self < row.columns.len() {
            return Ok(*self);
        }
        Err(Error::usage(format!("there is no column {self}, the result has {}", row.columns.len())))
    }
}

impl RowIndex for &str {
    fn index(&self, row: &Row) -> Result<usize> {
        let found = row.columns.iter().position(|column| column.name.eq_ignore_ascii_case(self));
        found.ok_or_else(|| Error::usage(format!("the result has no column {self}")))
    }
}

impl Row {
    /// A column's value as a Rust value.
    ///
    /// # Errors
    /// When there is no such column, or its value is of another type, or NULL and `T` no `Option`.
    pub fn get<I: RowIndex, T: FromSql>(&self, index: I) -> Result<T> {
        let index = index.index(self)?;
        let value = self.values().get(index).unwrap_or(&Value::Null);
        T::from_sql(value).map_err(|error| {
            let name = self.columns.get(index).map_or("", |column| column.name.as_str());
            let renamed =
                Error::new(error.kind(), error.code(), format!("column {name}: {}", error.message()));
            match error.hint_text() {
                Some(hint) => renamed.hint(hint),
                None => renamed,
            }
        })
    }

    /// A column's value.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn get_ref<I: RowIndex>(&self, index: I) -> Result<&Value> {
        let index = index.index(self)?;
        Ok(self.values().get(index).unwrap_or(&Value::Null))
    }

    /// All values.
    pub fn values(&self) -> &[Value] {
        self.values.get(self.start..self.start + self.columns.len()).unwrap_or(&[])
    }
}

/// The rows of a query, each made something else.
pub struct MappedRows<'s, F> {
    rows: Rows<'s>,
    map: F,
}

impl<'s, F> MappedRows<'s, F> {
    pub(super) fn new(rows: Rows<'s>, map: F) -> Self {
        MappedRows { rows, map }
    }
}

impl<T, F: FnMut(&Row) -> Result<T>> Iterator for MappedRows<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        match self.rows.next() {
            Ok(None) => None,
            Ok(Some(row)) => Some((self.map)(row)),
            Err(error) => Some(Err(error)),
        }
    }
}

/// The error of a query that should have had a row.
pub(super) fn no_rows() -> Error {
    Error::new(ErrorKind::NoRows, state::NO_DATA, "the query has no rows")
}
