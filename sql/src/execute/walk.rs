//! Walking the rows of a table through its own tree or an index, some rows at a time.
//!
//! A `Walk` reads ranges of keys and decodes the columns wanted into vectors. Rows found through
//! an index are looked up in the table's tree one by one.

use std::sync::Arc;

use super::access::KeyRange;
use super::rows::RowCodec;
use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::plan::Path;
use crate::storage::{Cursor, Transaction, TreeId};
use crate::types::{Batch, Bytes, Vector};

/// How rows of one table are read.
pub(crate) struct TableReader {
    table: Arc<Table>,
    codec: RowCodec,
    columns: Vec<usize>,
    path: Path,
}

/// Vectors that rows are decoded into.
pub(crate) struct Rows {
    pub(crate) columns: Vec<Vector>,
    pub(crate) len: usize,
}

impl Rows {
    pub(crate) fn into_batch(self) -> Batch {
        Batch::new(self.columns.into_iter().map(Arc::new).collect(), self.len)
    }
}

/// A range of keys that is being read.
#[derive(Debug)]
pub(crate) struct Walk {
    cursor: Cursor,
    start: Vec<u8>,
    end: Option<Vec<u8>>,
    reverse: bool,
    done: bool,
}

impl TableReader {
    /// Reads columns of the rows of a table (one past its last is the rowid) along a path.
    pub(crate) fn new(table: &Arc<Table>, columns: &[usize], path: Path) -> TableReader {
        let codec = RowCodec::new(table);
        TableReader { table: table.clone(), codec, columns: columns.to_vec(), path }
    }

    /// Vectors without a row yet.
    pub(crate) fn rows(&self) -> Rows {
        let types = self.columns.iter().map(|column| self.table.column_type(*column));
        Rows { columns: types.map(Vector::empty).collect(), len: 0 }
    }

    fn tree(&self) -> Result<TreeId> {
        match self.path {
            Path::Table => Ok(self.table.tree),
            Path::Index(number) => Ok(self.index(number)?.tree),
        }
    }

    fn index(&self, number: usize) -> Result<&Arc<crate::catalog::Index>> {
        self.table.indexes.get(number).ok_or_else(|| Error::internal("no such index"))
    }

    /// Starts reading a range of keys.
    pub(crate) fn walk(
        &self,
        transaction: &Transaction,
        start: Vec<u8>,
        end: Option<Vec<u8>>,
        reverse: bool,
    ) -> Result<Walk> {
        let mut cursor = Cursor::new(self.tree()?);
        match (reverse, &end) {
            (false, _) => {
                cursor.seek(transaction, &start)?;
            }
            (true, Some(end)) => cursor.seek_last_before(transaction, end)?,
            (true, None) => cursor.seek_last(transaction)?,
        }
        Ok(Walk { cursor, start, end, reverse, done: false })
    }

    /// Appends the rows of one key or of a whole range.
    pub(crate) fn read_all(&self, transaction: &Transaction, range: KeyRange, rows: &mut Rows) -> Result<()> {
        match range {
            KeyRange::Nothing => Ok(()),
            KeyRange::Point(key) => self.read_point(transaction, &key, rows),
            KeyRange::Range { start, end } => {
                let mut walk = self.walk(transaction, start, end, false)?;
                self.read(transaction, &mut walk, usize::MAX, rows)
            }
        }
    }

    /// Appends the row of one key, if it is there.
    pub(crate) fn read_point(&self, transaction: &Transaction, key: &[u8], rows: &mut Rows) -> Result<()> {
        match self.path {
            Path::Table => {
                self.decode_row(transaction, key, rows)?;
                Ok(())
            }
            Path::Index(_) => {
                let row_key = transaction.get(self.tree()?, key, <[u8]>::to_vec)?;
                let Some(row_key) = row_key else { return Ok(()) };
                self.look_up(transaction, &row_key, rows)
            }
        }
    }

    /// Appends up to `count` rows of a range that is being read.
    pub(crate) fn read(
        &self,
        transaction: &Transaction,
        walk: &mut Walk,
        count: usize,
        rows: &mut Rows,
    ) -> Result<()> {
        if walk.done {
            return Ok(());
        }
        match self.path {
            Path::Table => {
                let Rows { columns, len } = rows;
                let full = len.saturating_add(count);
                walk.visit(transaction, |key, value| {
                    self.codec.decode_into(key, value, &self.columns, columns)?;
                    *len += 1;
                    Ok(*len < full)
                })
            }
            Path::Index(number) => {
                let index = self.index(number)?;
                let mut row_keys = Bytes::default();
                walk.visit(transaction, |key, value| {
                    row_keys.push(self.codec.entry_row_key(index, key, value)?)?;
                    Ok(row_keys.len() < count)
                })?;
                (0..row_keys.len()).try_for_each(|row| self.look_up(transaction, row_keys.get(row), rows))
            }
        }
    }

    /// Appends a row an index points to; it must be there.
    fn look_up(&self, transaction: &Transaction, row_key: &[u8], rows: &mut Rows) -> Result<()> {
        if self.decode_row(transaction, row_key, rows)? {
            return Ok(());
        }
        Err(Error::corrupt(format!(
            "an index of table {} points to a row that is not there",
            self.table.name
        )))
    }

    fn decode_row(&self, transaction: &Transaction, key: &[u8], rows: &mut Rows) -> Result<bool> {
        let decode = |value: &[u8]| self.codec.decode_into(key, value, &self.columns, &mut rows.columns);
        let found = transaction.get(self.table.tree, key, decode)?;
        match found {
            Some(decoded) => decoded?,
            None => return Ok(false),
        }
        rows.len += 1;
        Ok(true)
    }
}

impl Walk {
    /// Has everything in the range been read?
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Calls `f` for entries inside the range until it returns false or an error.
    fn visit(
        &mut self,
        transaction: &Transaction,
        mut f: impl FnMut(&[u8], &[u8]) -> Result<bool>,
    ) -> Result<()> {
        let (start, end, reverse) = (&self.start, &self.end, self.reverse);
        let mut result = Ok(());
        // Stays true when the tree ends before `f` asks to stop.
        let mut ended = true;
        let visit = |key: &[u8], value: &[u8]| {
            let outside = match reverse {
                true => key < start.as_slice(),
                false => end.as_ref().is_some_and(|end| key >= end.as_slice()),
            };
            if outside {
                return false;
            }
            match f(key, value) {
                Ok(true) => true,
                Ok(false) => {
                    ended = false;
                    false
                }
                Err(error) => {
                    result = Err(error);
                    false
                }
            }
        };
        if reverse {
            self.cursor.visit_back(transaction, visit)?;
        } else {
            self.cursor.visit(transaction, visit)?;
        }
        self.done = ended;
        result
    }
}
