//! Rows: bytes from which one column can be read without decoding the others. A small row is small.
//!
//! ```text
//! half bytes, lower half first              bytes
//! n | code 0 | code 1 | ... | code n-2 |    column 0 | column 1 | ... | column n-1
//! ```
//!
//! `n` columns are there; those behind are NULL, and column n-1 is not. If `n` is 15 or more, the
//! first byte is 15, the next two are `n`, and the codes begin behind them. The last column has no
//! code: its bytes are all that are left.
//!
//! | code     | of a number         | of TEXT, BLOB, JSON                                |
//! |----------|---------------------|----------------------------------------------------|
//! | 0 to 8   | so many bytes       | so many bytes                                      |
//! | 9 to 12  | 10, 12, 14, 16 bytes | 9 to 11: so many; 12: a byte before them says how many |
//! | 13, 14   |                     | 2 or 4 bytes before them say how many              |
//! | 15       | NULL                | NULL                                               |
//!
//! A number is signed, little-endian, and as short as may be: zero has no bytes.
//!
//! | type                         | as a number                                          |
//! |------------------------------|------------------------------------------------------|
//! | BOOLEAN                      | 0 or 1                                               |
//! | integers, dates and times    | itself, days, microseconds                           |
//! | NUMERIC                      | unscaled                                             |
//! | UUID                         | as 128 bits                                          |
//! | INTERVAL                     | months + days * 2^32 + microseconds * 2^64, as bits  |
//! | DOUBLE                       | the highest bytes of its IEEE 754 form, without the zeros below |
//!
//! 1. A row of fewer columns than its table ends in NULLs, or was written before ADD COLUMN.
//! 2. Bytes from a tree are not trusted: whatever does not add up is an error.

use crate::error::{Error, Result};
use crate::types::{DataType, Decimal, Interval, Physical, Value, Vector, VectorData, decimal};

/// A count that stands in two bytes of its own.
const COUNT_LONG: u8 = 15;
/// The code of a NULL.
const CODE_NULL: u8 = 15;
/// The codes of a length that stands before the bytes, in 1, 2 or 4 bytes.
const CODE_LEN_1: u8 = 12;
const CODE_LEN_2: u8 = 13;
const CODE_LEN_4: u8 = 14;

/// The columns of a table's rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowLayout {
    types: Vec<DataType>,
}

/// A column to be written: a value, or what it is in another row of the same layout.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field<'a> {
    Value(&'a Value),
    Stored,
}

impl RowLayout {
    /// The layout of rows with columns of these types.
    pub(crate) fn new(types: Vec<DataType>) -> RowLayout {
        RowLayout { types }
    }

    /// Writes a row over `out`; the values must be of the columns' types or NULL.
    pub(crate) fn encode<'v>(&self, value: impl Fn(usize) -> &'v Value, out: &mut Vec<u8>) -> Result<()> {
        self.replace(&[0], |column| Field::Value(value(column)), out)
    }

    /// Writes a row over `out`, some of whose columns are those of a stored row.
    pub(crate) fn replace<'v>(
        &self,
        stored: &[u8],
        field: impl Fn(usize) -> Field<'v>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let mut stored = self.read(stored)?;
        let is_null = |column: &usize| match field(*column) {
            Field::Value(value) => value.is_null(),
            Field::Stored => stored.is_null(*column),
        };
        let count = (0..self.types.len()).rev().find(|column| !is_null(column)).map_or(0, |last| last + 1);
        out.clear();
        let codes = start(count, out)?;
        for (column, data_type) in self.types.iter().enumerate().take(count) {
            let mut number = [0; 16];
            let bytes = match field(column) {
                Field::Value(value) => content(value, *data_type, &mut number)?,
                Field::Stored => stored.field(column)?,
            };
            let last = column + 1 == count;
            let code = match bytes {
                None => CODE_NULL,
                Some(bytes) if last => {
                    out.extend_from_slice(bytes);
                    continue;
                }
                Some(bytes) if is_variable(*data_type) => {
                    let code = put_length(bytes.len(), out)?;
                    out.extend_from_slice(bytes);
                    code
                }
                Some(bytes) => {
                    out.extend_from_slice(bytes);
                    width_code(bytes.len()).ok_or_else(|| damaged("has a number of no known length"))?
                }
            };
            let half = codes + column;
            if let Some(byte) = out.get_mut(half / 2) {
                *byte |= code << (half % 2 * 4);
            }
        }
        Ok(())
    }

    /// A view of a row's bytes.
    #[inline]
    pub(crate) fn read<'a>(&'a self, bytes: &'a [u8]) -> Result<RowReader<'a>> {
        let (count, codes) = match bytes {
            [first, low, high, ..] if *first == COUNT_LONG => {
                (usize::from(u16::from_le_bytes([*low, *high])), 6)
            }
            [first, ..] if first & 15 != COUNT_LONG => (usize::from(first & 15), 1),
            _ => return Err(damaged("has no count of its columns")),
        };
        if count > self.types.len() {
            return Err(damaged("has more columns than its table"));
        }
        let body = (codes + count.saturating_sub(1)).div_ceil(2);
        if bytes.len() < body {
            return Err(damaged("is too short for its columns"));
        }
        Ok(RowReader { types: &self.types, bytes, count, codes, body, next: 0, at: body })
    }
}

/// Writes the count and room for the codes; gives the first code's place in half bytes.
fn start(count: usize, out: &mut Vec<u8>) -> Result<usize> {
    let codes = count.saturating_sub(1);
    match u8::try_from(count) {
        Ok(small) if small < COUNT_LONG => {
            out.resize((1 + codes).div_ceil(2), 0);
            if let Some(first) = out.first_mut() {
                *first = small;
            }
            Ok(1)
        }
        _ => {
            let long = u16::try_from(count).map_err(|_| too_long("columns"))?;
            out.push(COUNT_LONG);
            out.extend_from_slice(&long.to_le_bytes());
            out.resize((6 + codes).div_ceil(2), 0);
            Ok(6)
        }
    }
}

/// Writes the length of a variable column where it has bytes of its own; gives the code.
fn put_length(len: usize, out: &mut Vec<u8>) -> Result<u8> {
    match (u8::try_from(len), u16::try_from(len), u32::try_from(len)) {
        (Ok(code), _, _) if code < CODE_LEN_1 => return Ok(code),
        (Ok(len), _, _) => out.push(len),
        (_, Ok(len), _) => {
            out.extend_from_slice(&len.to_le_bytes());
            return Ok(CODE_LEN_2);
        }
        (_, _, Ok(len)) => {
            out.extend_from_slice(&len.to_le_bytes());
            return Ok(CODE_LEN_4);
        }
        _ => return Err(too_long("bytes")),
    }
    Ok(CODE_LEN_1)
}

fn is_variable(data_type: DataType) -> bool {
    data_type.physical() == Physical::Bytes
}

/// The code of a number of so many bytes.
fn width_code(len: usize) -> Option<u8> {
    match len {
        0..=8 => u8::try_from(len).ok(),
        10 => Some(9),
        12 => Some(10),
        14 => Some(11),
        16 => Some(12),
        _ => None,
    }
}

/// The bytes of a number whose code is above 8.
fn wide_len(code: u8) -> Option<usize> {
    (code <= 12).then(|| 2 * usize::from(code) - 8)
}

#[cold]
fn too_long(what: &str) -> Error {
    Error::out_of_range(format!("a row has too many {what}"))
}

#[cold]
fn damaged(how: &str) -> Error {
    Error::corrupt(format!("a stored row {how}"))
}

/// The bytes of a value; none for NULL.
fn content<'v>(value: &'v Value, data_type: DataType, number: &'v mut [u8; 16]) -> Result<Option<&'v [u8]>> {
    let misfit = || Error::out_of_range(format!("{value} does not fit {data_type}"));
    let wide = match value {
        Value::Null => return Ok(None),
        Value::Text(value) | Value::Json(value) => return Ok(Some(value.as_bytes())),
        Value::Blob(value) => return Ok(Some(value)),
        Value::Double(value) => {
            let bits = value.to_bits();
            let zeros = if bits == 0 { 8 } else { bits.trailing_zeros() as usize / 8 };
            *number = u128::from(bits).to_le_bytes();
            return Ok(number.get(zeros..8));
        }
        Value::Integer(int) | Value::Time(int) | Value::Timestamp(int) => {
            let (bytes, len) = shortest(*int);
            if len > integer_len_max(data_type) {
                return Err(misfit());
            }
            number[..8].copy_from_slice(&bytes);
            return Ok(number.get(..len));
        }
        Value::Boolean(value) => i128::from(*value),
        Value::Date(value) => i128::from(*value),
        Value::Decimal(value) => {
            let unscaled = decimal::rescale(value.unscaled, value.scale, data_type.scale());
            unscaled.filter(|u| decimal::fits(*u, data_type.precision())).ok_or_else(misfit)?
        }
        Value::Uuid(value) => *value as i128,
        Value::Interval(value) => {
            let days = u128::from(value.days as u32) << 32;
            (u128::from(value.microseconds as u64) << 64 | days | u128::from(value.months as u32)) as i128
        }
    };
    *number = wide.to_le_bytes();
    // The sign needs a bit.
    let bits = 129 - if wide < 0 { wide.leading_ones() } else { wide.leading_zeros() };
    let len = match (bits as usize).div_ceil(8) {
        _ if wide == 0 => 0,
        len if len > 8 => len.next_multiple_of(2),
        len => len,
    };
    Ok(number.get(..len))
}

/// An integer in as few bytes as hold it, and how many they are.
fn shortest(int: i64) -> ([u8; 8], usize) {
    let bits = 65 - if int < 0 { int.leading_ones() } else { int.leading_zeros() };
    (int.to_le_bytes(), if int == 0 { 0 } else { (bits as usize).div_ceil(8) })
}

/// The most bytes a number of a type has.
fn integer_len_max(data_type: DataType) -> usize {
    match data_type {
        DataType::Boolean => 1,
        DataType::SmallInt => 2,
        DataType::Int | DataType::Date => 4,
        DataType::BigInt | DataType::Time | DataType::Timestamp | DataType::Double => 8,
        _ => 16,
    }
}

/// A view of one row's bytes. Columns asked for in their order are found quickest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowReader<'a> {
    types: &'a [DataType],
    bytes: &'a [u8],
    count: usize,
    /// The place of the first code in half bytes, and of the first column in bytes.
    codes: usize,
    body: usize,
    /// A column, and where its bytes are.
    next: usize,
    at: usize,
}

impl<'a> RowReader<'a> {
    #[inline]
    fn code(&self, column: usize) -> u8 {
        let half = self.codes + column;
        self.bytes.get(half / 2).map_or(CODE_NULL, |byte| byte >> (half % 2 * 4) & 15)
    }

    /// Is a column NULL?
    pub(crate) fn is_null(&self, column: usize) -> bool {
        column >= self.count || (column + 1 < self.count && self.code(column) == CODE_NULL)
    }

    /// How many bytes a column has, which is not the last and whose code is above 8 and not NULL; moves
    /// `at` behind what stands before them. None: the row is damaged.
    #[inline]
    fn length(&self, column: usize, code: u8, at: &mut usize) -> Option<usize> {
        let size = match code {
            _ if !is_variable(*self.types.get(column)?) => return wide_len(code),
            CODE_LEN_1 => {
                let len = *self.bytes.get(*at)?;
                *at += 1;
                return Some(usize::from(len));
            }
            CODE_LEN_2 => 2,
            CODE_LEN_4 => 4,
            _ => return Some(usize::from(code)),
        };
        let from = self.bytes.get(*at..*at + size)?;
        *at += size;
        Some(from.iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte)))
    }

    /// The bytes of a column; none inside for NULL; none if the row is damaged.
    #[inline]
    fn find(&mut self, column: usize) -> Option<Option<&'a [u8]>> {
        if column >= self.count {
            return Some(None);
        }
        if column < self.next {
            (self.next, self.at) = (0, self.body);
        }
        let last = self.count - 1;
        loop {
            let mut start = self.at;
            if self.next == last {
                return self.bytes.get(start..).map(Some);
            }
            let here = self.next == column;
            let code = self.code(self.next);
            let len = match code {
                0..=8 => usize::from(code),
                CODE_NULL => 0,
                _ => self.length(self.next, code, &mut start)?,
            };
            self.at = start.checked_add(len)?;
            self.next += 1;
            if here {
                return if code == CODE_NULL { Some(None) } else { self.bytes.get(start..self.at).map(Some) };
            }
        }
    }

    /// The bytes of a column; none for NULL.
    #[inline]
    fn field(&mut self, column: usize) -> Result<Option<&'a [u8]>> {
        self.find(column).ok_or_else(|| damaged("has a column that does not fit"))
    }

    #[inline]
    fn data_type(&self, column: usize) -> DataType {
        self.types.get(column).copied().unwrap_or(DataType::Unknown)
    }

    /// Appends a column's value to a vector of its type.
    pub(crate) fn push_into(&mut self, column: usize, out: &mut Vector) -> Result<()> {
        let data_type = self.data_type(column);
        let Some(bytes) = self.field(column)? else { return out.push_null() };
        match &mut out.data {
            VectorData::Bool(values) => values.push(integer(bytes, data_type)? != 0),
            VectorData::Int(values) => values.push(integer(bytes, data_type)?),
            VectorData::Double(values) => values.push(double(bytes)?),
            VectorData::Decimal(values) => values.push(wide(bytes)?),
            VectorData::Bytes(values) if data_type == DataType::Blob => values.push(bytes)?,
            VectorData::Bytes(values) => values.push(text(bytes)?.as_bytes())?,
            VectorData::Uuid(values) => values.push(wide(bytes)? as u128),
            VectorData::Interval(values) => values.push(interval(bytes)?),
        }
        out.validity.push(true);
        Ok(())
    }

    /// Puts a column's value over another, whose memory is used again.
    #[inline]
    pub(crate) fn read_into(&mut self, column: usize, out: &mut Value) -> Result<()> {
        let data_type = self.data_type(column);
        let Some(bytes) = self.field(column)? else {
            *out = Value::Null;
            return Ok(());
        };
        let value = match data_type {
            DataType::SmallInt | DataType::Int | DataType::BigInt => {
                let int = integer(bytes, data_type)?;
                if let Value::Integer(old) = out {
                    *old = int;
                    return Ok(());
                }
                Value::Integer(int)
            }
            DataType::Boolean => Value::Boolean(integer(bytes, data_type)? != 0),
            DataType::Date => Value::Date(integer(bytes, data_type)? as i32),
            DataType::Time => Value::Time(integer(bytes, data_type)?),
            DataType::Timestamp => Value::Timestamp(integer(bytes, data_type)?),
            DataType::Double => Value::Double(double(bytes)?),
            DataType::Decimal { scale, .. } => Value::Decimal(Decimal { unscaled: wide(bytes)?, scale }),
            DataType::Unknown | DataType::Text { .. } => {
                let text = text(bytes)?;
                if let Value::Text(old) = out {
                    old.clear();
                    old.push_str(text);
                    return Ok(());
                }
                Value::Text(text.to_owned())
            }
            DataType::Json => Value::Json(text(bytes)?.to_owned()),
            DataType::Blob => Value::Blob(bytes.to_vec()),
            DataType::Uuid => Value::Uuid(wide(bytes)? as u128),
            DataType::Interval => Value::Interval(interval(bytes)?),
        };
        *out = value;
        Ok(())
    }

    /// A column's value.
    pub(crate) fn value(&mut self, column: usize) -> Result<Value> {
        let mut value = Value::Null;
        self.read_into(column, &mut value)?;
        Ok(value)
    }
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| damaged("has a text that is not UTF-8"))
}

#[inline]
fn integer(bytes: &[u8], data_type: DataType) -> Result<i64> {
    let int = match *bytes {
        [] => 0,
        [a] => i64::from(a as i8),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c] => i64::from(i32::from_le_bytes([0, a, b, c]) >> 8),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        _ => wide(bytes)? as i64,
    };
    match bytes.len() <= integer_len_max(data_type) {
        true => Ok(int),
        false => Err(damaged("has a number too long for its type")),
    }
}

fn wide(bytes: &[u8]) -> Result<i128> {
    let Some(last) = bytes.last() else { return Ok(0) };
    let mut wide = [if last & 0x80 == 0 { 0 } else { 0xff }; 16];
    let to = wide.get_mut(..bytes.len()).ok_or_else(|| damaged("has a number that is too long"))?;
    to.copy_from_slice(bytes);
    Ok(i128::from_le_bytes(wide))
}

fn double(bytes: &[u8]) -> Result<f64> {
    let mut all = [0; 8];
    let from = 8usize.checked_sub(bytes.len()).ok_or_else(|| damaged("has a double that is too long"))?;
    all[from..].copy_from_slice(bytes);
    Ok(f64::from_le_bytes(all))
}

fn interval(bytes: &[u8]) -> Result<Interval> {
    let bits = wide(bytes)? as u128;
    Ok(Interval { months: bits as i32, days: (bits >> 32) as i32, microseconds: (bits >> 64) as i64 })
}

#[cfg(test)]
mod tests;
