//! Batches as bytes, for temporary files: nothing that outlives the statement.
//!
//! ```text
//! batch   rows u32, columns one after the other
//! column  any NULLs? u8, if so rows x u8 (1 is NULL), then rows x value
//! value   by the physical type: 1, 8, 8, 16, 16 or 16 bytes, little-endian; of texts u32 length and bytes
//! ```

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::types::{Batch, DataType, Interval, Vector, VectorData};

/// Appends a batch.
pub(crate) fn encode_batch(batch: &Batch, out: &mut Vec<u8>) {
    let rows = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&rows.to_le_bytes());
    batch.columns().iter().for_each(|column| encode_column(column, out));
}

fn encode_column(vector: &Vector, out: &mut Vec<u8>) {
    let has_nulls = vector.validity.null_count() > 0;
    out.push(u8::from(has_nulls));
    if has_nulls {
        out.extend((0..vector.len()).map(|row| u8::from(!vector.is_valid(row))));
    }
    match &vector.data {
        VectorData::Bool(values) => out.extend(values.iter().map(|value| u8::from(*value))),
        VectorData::Int(values) => {
            values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()))
        }
        VectorData::Double(values) => {
            values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        }
        VectorData::Decimal(values) => {
            values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        }
        VectorData::Uuid(values) => {
            values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        }
        VectorData::Interval(values) => {
            for value in values {
                out.extend_from_slice(&value.months.to_le_bytes());
                out.extend_from_slice(&value.days.to_le_bytes());
                out.extend_from_slice(&value.microseconds.to_le_bytes());
            }
        }
        VectorData::Bytes(values) => {
            for row in 0..values.len() {
                let bytes = values.get(row);
                out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
}

/// Reads a batch with columns of these types.
pub(crate) fn decode_batch(bytes: &[u8], types: &[DataType]) -> Result<Batch> {
    let mut rest = bytes;
    let rows = u32::from_le_bytes(take(&mut rest)?) as usize;
    let columns = types.iter().map(|data_type| decode_column(&mut rest, *data_type, rows).map(Arc::new));
    Ok(Batch::new(columns.collect::<Result<_>>()?, rows))
}

fn damaged() -> Error {
    Error::corrupt("a temporary file is shorter than what was written to it")
}

fn split<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(len).ok_or_else(damaged)?;
    *rest = tail;
    Ok(head)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    split(rest, N)?.try_into().map_err(|_| damaged())
}

fn decode_column(rest: &mut &[u8], data_type: DataType, rows: usize) -> Result<Vector> {
    let [has_nulls] = take(rest)?;
    let nulls = if has_nulls == 0 { &[][..] } else { split(rest, rows)? };
    let mut vector = Vector::empty(data_type);
    for row in 0..rows {
        match &mut vector.data {
            VectorData::Bool(values) => values.push(take::<1>(rest)? != [0]),
            VectorData::Int(values) => values.push(i64::from_le_bytes(take(rest)?)),
            VectorData::Double(values) => values.push(f64::from_le_bytes(take(rest)?)),
            VectorData::Decimal(values) => values.push(i128::from_le_bytes(take(rest)?)),
            VectorData::Uuid(values) => values.push(u128::from_le_bytes(take(rest)?)),
            VectorData::Interval(values) => values.push(Interval {
                months: i32::from_le_bytes(take(rest)?),
                days: i32::from_le_bytes(take(rest)?),
                microseconds: i64::from_le_bytes(take(rest)?),
            }),
            VectorData::Bytes(values) => {
                let len = u32::from_le_bytes(take(rest)?) as usize;
                values.push(split(rest, len)?)?;
            }
        }
        vector.validity.push(nulls.get(row).is_none_or(|null| *null == 0));
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Decimal, Value};

    #[test]
    fn batches_come_back_and_cut_ones_are_errors() {
        let columns = [
            (DataType::Boolean, Value::Boolean(true)),
            (DataType::BigInt, Value::Integer(-5)),
            (DataType::Double, Value::Double(1.5)),
            (DataType::decimal(3), Value::Decimal(Decimal { unscaled: -1500, scale: 3 })),
            (DataType::TEXT, Value::Text("wall".into())),
            (DataType::Uuid, Value::Uuid(3)),
            (DataType::Interval, Value::Interval(Interval { months: 1, days: -2, microseconds: 3 })),
        ];
        let (types, row): (Vec<DataType>, Vec<Value>) = columns.into_iter().unzip();
        let rows = [row.clone(), vec![Value::Null; types.len()], row];
        let batch = Batch::from_rows(&types, rows.iter().map(Vec::as_slice)).unwrap();
        let mut bytes = Vec::new();
        encode_batch(&batch, &mut bytes);
        let back = decode_batch(&bytes, &types).unwrap();
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(back.row(index, &types), *row);
        }
        for len in 0..bytes.len() {
            assert!(decode_batch(&bytes[..len], &types).is_err());
        }
    }
}
