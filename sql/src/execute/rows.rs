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
use crate::encoding::{
    KeyOrder, RowLayout, RowReader, decode_rowid, encode_rowid, encode_value, encoded_len,
};
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

impl RowCodec {
    pub(crate) fn new(table: &Arc<Table>) -> RowCodec {
        RowCodec { table: table.clone(), layout: RowLayout::new(table.field_types()) }
    }

    /// The key of a row in the table's tree. `rowid` counts where the table has no primary key.
    pub(crate) fn row_key(&self, values: &[Value], rowid: i64) -> Result<Vec<u8>> {
        match &self.table.key {
            RowKey::Rowid => Ok(encode_rowid(rowid).to_vec()),
            RowKey::Integer(column) => match values.get(*column) {
                Some(Value::Integer(key)) => Ok(encode_rowid(*key).to_vec()),
                _ => Err(Error::internal("a primary key that is no integer")),
            },
            RowKey::Columns(columns) => {
                let mut key = Vec::new();
                for column in columns {
                    let value = values.get(*column).unwrap_or(&Value::Null);
                    encode_value(&mut key, value, self.table.column_type(*column), KeyOrder::ASCENDING)?;
                }
                Ok(key)
            }
        }
    }

    /// Writes the value of a row in the table's tree over `out`.
    pub(crate) fn row_value(&self, values: &[Value], out: &mut Vec<u8>) -> Result<()> {
        match self.table.key {
            RowKey::Integer(key) => {
                let fields: Vec<Value> = values
                    .iter()
                    .enumerate()
                    .filter(|(column, _)| *column != key)
                    .map(|(_, value)| value.clone())
                    .collect();
                self.layout.encode(&fields, out)
            }
            _ => self.layout.encode(values, out),
        }
    }

    /// Key and value of a row's entry in an index.
    pub(crate) fn index_entry(
        &self,
        index: &Index,
        values: &[Value],
        row_key: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut key, complete) = self.index_key(index, values)?;
        if index.unique && complete {
            return Ok((key, row_key.to_vec()));
        }
        key.extend_from_slice(row_key);
        Ok((key, Vec::new()))
    }

    /// The encoded columns of an index, and whether none of them is NULL.
    pub(crate) fn index_key(&self, index: &Index, values: &[Value]) -> Result<(Vec<u8>, bool)> {
        let mut key = Vec::new();
        let mut complete = true;
        for (column, descending) in &index.columns {
            let value = values.get(*column).unwrap_or(&Value::Null);
            complete &= !value.is_null();
            encode_value(&mut key, value, self.table.column_type(*column), index_order(*descending))?;
        }
        Ok((key, complete))
    }

    /// All columns of a row, and its rowid where it has one (else 0).
    pub(crate) fn decode(&self, key: &[u8], value: &[u8]) -> Result<(Vec<Value>, i64)> {
        let reader = self.layout.read(value)?;
        let rowid = if matches!(self.table.key, RowKey::Columns(_)) { 0 } else { decode_rowid(key)? };
        let values = (0..self.table.columns.len())
            .map(|column| match self.table.field(column) {
                Some(field) => reader.value(field),
                None => Ok(Value::Integer(rowid)),
            })
            .collect::<Result<_>>()?;
        Ok((values, rowid))
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
        let reader: RowReader<'_> = self.layout.read(value)?;
        for (column, vector) in columns.iter().zip(out) {
            let field = if *column < self.table.columns.len() { self.table.field(*column) } else { None };
            match field {
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
