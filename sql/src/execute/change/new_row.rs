//! New rows: the numbers of their keys, and whether they may be in the table.

use super::Runner;
use crate::catalog::{self, Column, RowKey, Table};
use crate::encoding::decode_rowid;
use crate::error::{Error, ErrorKind, Result, state};
use crate::expression::{Expression, evaluate};
use crate::storage::{Cursor, Transaction};
use crate::types::{Batch, DataType, Value, VectorData};

/// The number a row of a numbered table has.
pub(super) fn rowid_of(table: &Table, values: &[Value], rowid: i64) -> i64 {
    match table.key {
        RowKey::Integer(column) => match values.get(column) {
            Some(Value::Integer(number)) => *number,
            _ => rowid,
        },
        _ => rowid,
    }
}

/// The number of a new row, which is also put into the row where it is a column of it.
pub(super) fn number(table: &Table, row: &mut [Value], next: &mut Option<i64>) -> Result<i64> {
    let column = match table.key {
        RowKey::Columns(_) => return Ok(0),
        RowKey::Integer(column) => Some(column),
        RowKey::Rowid => None,
    };
    if let Some(Value::Integer(given)) = column.and_then(|column| row.get(column)) {
        taken(table, *given, next);
        return Ok(*given);
    }
    let number = next.ok_or_else(|| no_number(table))?;
    *next = after(table, number);
    if let Some(place) = column.and_then(|column| row.get_mut(column)) {
        *place = Value::Integer(number);
    }
    Ok(number)
}

/// The error when there is no number left for a new row.
pub(in crate::execute) fn no_number(table: &Table) -> Error {
    let message = format!("the table {} has used its highest number", table.name);
    Error::new(ErrorKind::Limit, state::OUT_OF_RANGE, message).hint("give the key yourself")
}

/// One more than the highest number in the table; none when that was the last.
pub(in crate::execute) fn next_number(table: &Table, transaction: &Transaction) -> Result<Option<i64>> {
    if matches!(table.key, RowKey::Columns(_)) {
        return Ok(None);
    }
    let mut cursor = Cursor::new(table.tree);
    cursor.seek_last(transaction)?;
    let mut last = Ok(0);
    cursor.visit(transaction, |key, _| {
        last = decode_rowid(key);
        false
    })?;
    let mut highest = last?.max(0);
    if table.autoincrement {
        highest = highest.max(catalog::sequence(transaction, table.id)?.unwrap_or(0));
    }
    Ok(after(table, highest))
}

/// The number behind another one, if the key can hold it.
fn after(table: &Table, number: i64) -> Option<i64> {
    let highest = match table.key {
        RowKey::Integer(column) => match table.column_type(column) {
            DataType::SmallInt => i64::from(i16::MAX),
            DataType::Int => i64::from(i32::MAX),
            _ => i64::MAX,
        },
        _ => i64::MAX,
    };
    number.checked_add(1).filter(|next| *next <= highest)
}

/// NOT NULL and length of the value of a column of a new row.
pub(in crate::execute) fn check_value(table: &Table, column: &Column, value: &Value) -> Result<()> {
    match value {
        Value::Null if column.not_null => {
            let message = format!("the column {}.{} must not be NULL", table.name, column.name);
            Err(Error::constraint(state::NOT_NULL, message))
        }
        Value::Text(text) => check_length(text, column.data_type, &table.name, &column.name),
        _ => Ok(()),
    }
}

/// Notes that a row has a number: the next one is above it.
pub(super) fn taken(table: &Table, number: i64, next: &mut Option<i64>) {
    if next.is_some_and(|next| number >= next) {
        *next = after(table, number);
    }
}

impl Runner<'_> {
    /// NOT NULL, lengths and CHECK of new rows.
    pub(super) fn check_rows(
        &mut self,
        transaction: &Transaction,
        table: &Table,
        checks: &[(Option<String>, Expression)],
        rows: &[Vec<Value>],
    ) -> Result<()> {
        for row in rows {
            for (value, column) in row.iter().zip(&table.columns) {
                check_value(table, column, value)?;
            }
        }
        if checks.is_empty() || rows.is_empty() {
            return Ok(());
        }
        let types: Vec<DataType> = table.columns.iter().map(|column| column.data_type).collect();
        let batch = Batch::from_rows(&types, rows.iter().map(Vec::as_slice))?;
        for (name, check) in checks {
            let result = evaluate(check, &batch, &mut self.context(transaction))?;
            let VectorData::Bool(truths) = &result.data else {
                return Err(Error::internal("a CHECK that is no condition"));
            };
            // NULL passes: only what is surely wrong is refused.
            let failed = truths.iter().enumerate().any(|(row, truth)| !truth && result.is_valid(row));
            if failed {
                let which = name.as_ref().map_or(String::new(), |name| format!(" {name}"));
                let message = format!("a row does not pass the CHECK{which} of the table {}", table.name);
                return Err(Error::constraint(state::CHECK, message));
            }
        }
        Ok(())
    }
}

fn check_length(text: &str, data_type: DataType, table: &str, column: &str) -> Result<()> {
    let DataType::Text { max: Some(max) } = data_type else { return Ok(()) };
    // Bytes are an upper bound of characters.
    if text.len() <= max as usize {
        return Ok(());
    }
    let found = text.chars().count();
    if found <= max as usize {
        return Ok(());
    }
    let message =
        format!("the value for {table}.{column} has {found} characters, VARCHAR({max}) takes {max}");
    Err(Error::value(state::TEXT_TOO_LONG, message))
}
