//! A table's rows and index entries as bytes: which columns are key, which are value.
//!
//! | table                     | key in its tree               | value                             |
//! |---------------------------|-------------------------------|-----------------------------------|
//! | without a primary key     | rowid, 8 bytes                | all columns                       |
//! | INTEGER PRIMARY KEY       | that column, 8 bytes          | the other columns                 |
//! | any other primary key     | its columns, encoded          | all columns                       |
//!
//! | index                           | key                            | value    |
//! |---------------------------------|--------------------------------|----------|
//! | unique, no NULL in the columns  | the columns, encoded           | row key  |
//! | any other entry                 | the columns, encoded; row key  | nothing  |

use std::sync::Arc;

use crate::catalog::{Index, RowKey, Table};
use crate::encoding::{Field, KeyOrder, RowLayout, decode_rowid, encode_rowid, encode_value, encoded_len};
use crate::error::{Error, Result};
use crate::types::{DataType, Value, Vector};

/// Encodes and decodes the rows of one table.
#[derive(Debug, Clone)]
pub(crate) struct RowCodec {
    table: Arc<Table>,
    layout: RowLayout,
}

/// The order of a column of an index: descending columns have NULL first.
pub(crate) fn index_order(descending: bool) -> KeyOrder {
    KeyOrder { descending, nulls_first: descending }
}

/// The values of a row by column.
pub(crate) fn of<'v>(values: &'v [Value]) -> impl Fn(usize) -> &'v Value {
    move |column| values.get(column).unwrap_or(&Value::Null)
}

impl RowCodec {
    pub(crate) fn new(table: &Arc<Table>) -> RowCodec {
        RowCodec { table: table.clone(), layout: RowLayout::new(table.field_types()) }
    }

    /// The key of a row in the table's tree. `rowid` counts where the table has no primary key.
    pub(crate) fn row_key(&self, values: &[Value], rowid: i64) -> Result<Vec<u8>> {
        let mut key = Vec::new();
        self.write_row_key(of(values), rowid, &mut key)?;
        Ok(key)
    }

    /// The same, written over `out`.
    pub(crate) fn write_row_key<'v>(
        &self,
        value: impl Fn(usize) -> &'v Value,
        rowid: i64,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        out.clear();
        match &self.table.key {
            RowKey::Rowid => out.extend_from_slice(&encode_rowid(rowid)),
            RowKey::Integer(column) => match value(*column) {
                Value::Integer(key) => out.extend_from_slice(&encode_rowid(*key)),
                _ => return Err(Error::internal("a primary key that is no integer")),
            },
            RowKey::Columns(columns) => {
                for column in columns {
                    let data_type = self.table.column_type(*column);
                    encode_value(out, value(*column), data_type, KeyOrder::ASCENDING)?;
                }
            }
        }
        Ok(())
    }

    /// Writes the value of a row in the table's tree over `out`.
    pub(crate) fn row_value(&self, values: &[Value], out: &mut Vec<u8>) -> Result<()> {
        self.write_row_value(of(values), out)
    }

    /// The same.
    pub(crate) fn write_row_value<'v>(
        &self,
        value: impl Fn(usize) -> &'v Value,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        self.layout.encode(|field| value(self.table.column_of(field)), out)
    }

    /// The same for a row that differs from a stored one in the columns that have a `value`.
    pub(crate) fn changed_row_value<'v>(
        &self,
        stored: &[u8],
        value: impl Fn(usize) -> Option<&'v Value>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let field = |field| value(self.table.column_of(field)).map_or(Field::Stored, Field::Value);
        self.layout.replace(stored, field, out)
    }

    /// Key and value of a row's entry in an index.
    pub(crate) fn index_entry(
        &self,
        index: &Index,
        values: &[Value],
        row_key: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut key = Vec::new();
        let value = self.write_index_entry(index, of(values), row_key, &mut key)?.to_vec();
        Ok((key, value))
    }

    /// The same, the key written over `out`.
    pub(crate) fn write_index_entry<'v, 'k>(
        &self,
        index: &Index,
        value: impl Fn(usize) -> &'v Value,
        row_key: &'k [u8],
        out: &mut Vec<u8>,
    ) -> Result<&'k [u8]> {
        if self.write_index_key(index, value, out)? && index.unique {
            return Ok(row_key);
        }
        out.extend_from_slice(row_key);
        Ok(&[])
    }

    /// The encoded columns of an index, and whether none of them is NULL.
    pub(crate) fn index_key(&self, index: &Index, values: &[Value]) -> Result<(Vec<u8>, bool)> {
        let mut key = Vec::new();
        let complete = self.write_index_key(index, of(values), &mut key)?;
        Ok((key, complete))
    }

    fn write_index_key<'v>(
        &self,
        index: &Index,
        value: impl Fn(usize) -> &'v Value,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        out.clear();
        let mut complete = true;
        for (column, descending) in &index.columns {
            let value = value(*column);
            complete &= !value.is_null();
            encode_value(out, value, self.table.column_type(*column), index_order(*descending))?;
        }
        Ok(complete)
    }

    /// All columns of a row, and its rowid where it has one (else 0).
    pub(crate) fn decode(&self, key: &[u8], value: &[u8]) -> Result<(Vec<Value>, i64)> {
        let mut reader = self.layout.read(value)?;
        let rowid = if matches!(self.table.key, RowKey::Columns(_)) { 0 } else { decode_rowid(key)? };
        let values = (0..self.table.columns.len())
            .map(|column| match self.table.field(column) {
                Some(field) => reader.value(field),
                None => Ok(Value::Integer(rowid)),
            })
            .collect::<Result<_>>()?;
        Ok((values, rowid))
    }

    /// Puts some columns of a row over the values in `out`: those of the fields, of no field the rowid.
    pub(crate) fn read_into(
        &self,
        key: &[u8],
        value: &[u8],
        fields: &[Option<usize>],
        out: &mut [Value],
    ) -> Result<()> {
        let mut reader = self.layout.read(value)?;
        let mut out = out.iter_mut();
        for field in fields {
            let Some(out) = out.next() else { break };
            match (field, &mut *out) {
                (Some(field), out) => reader.read_into(*field, out)?,
                (None, Value::Integer(old)) => *old = decode_rowid(key)?,
                (None, out) => *out = Value::Integer(decode_rowid(key)?),
            }
        }
        Ok(())
    }

    /// Appends some columns of a row to vectors; a column past the table's is the rowid.
    pub(crate) fn decode_into(
        &self,
        key: &[u8],
        value: &[u8],
        columns: &[usize],
        out: &mut [Vector],
    ) -> Result<()> {
        if columns.is_empty() {
            return Ok(());
        }
        let mut reader = self.layout.read(value)?;
        for (column, vector) in columns.iter().zip(out) {
            match self.table.field(*column) {
                Some(field) => reader.push_into(field, vector)?,
                None => vector.push_value(&Value::Integer(decode_rowid(key)?), DataType::BigInt)?,
            }
        }
        Ok(())
    }

    /// The row key in an entry of an index.
    pub(crate) fn entry_row_key<'a>(
        &self,
        index: &Index,
        key: &'a [u8],
        value: &'a [u8],
    ) -> Result<&'a [u8]> {
        if !value.is_empty() {
            return Ok(value);
        }
        let mut rest = key;
        for (column, descending) in &index.columns {
            let len = encoded_len(rest, self.table.column_type(*column), index_order(*descending))?;
            rest = rest.get(len..).unwrap_or(&[]);
        }
        Ok(rest)
    }
}
