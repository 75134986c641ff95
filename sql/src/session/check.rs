//! Do the indexes say what the tables say?
//!
//! The storage engine checks its pages and trees; what the trees mean to each other is checked
//! here: every row has its entry in every index, and no index has more entries than there are rows.

use crate::catalog::{Catalog, Table};
use crate::error::{Error, Result};
use crate::execute::RowCodec;
use crate::storage::{Cursor, Transaction};
use std::sync::Arc;

/// Rows decoded in one go.
const ROWS: usize = 512;

/// What is wrong, one line each.
pub(super) fn check_indexes(transaction: &Transaction, catalog: &Catalog) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for table in &catalog.tables {
        for index in &table.indexes {
            let (rows, entries) = (transaction.count(table.tree)?, transaction.count(index.tree)?);
            if rows != entries {
                findings.push(format!(
                    "{} has {rows} rows, its index {} {entries} entries",
                    table.name, index.name
                ));
            }
        }
        check_rows(transaction, table, &mut findings)?;
    }
    Ok(findings)
}

fn check_rows(transaction: &Transaction, table: &Arc<Table>, findings: &mut Vec<String>) -> Result<()> {
    let codec = RowCodec::new(table);
    let mut cursor = Cursor::new(table.tree);
    cursor.seek_first(transaction)?;
    loop {
        let mut rows = Vec::with_capacity(ROWS);
        cursor.visit(transaction, |key, value| {
            rows.push((key.to_vec(), codec.decode(key, value)));
            rows.len() < ROWS
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        for (key, row) in rows {
            if let Err(error) =
                row.and_then(|(values, _)| check_entries(transaction, &codec, table, &key, &values))
            {
                findings.push(error.message().to_owned());
                // One is enough to know that the table is damaged.
                return Ok(());
            }
        }
    }
}

fn check_entries(
    transaction: &Transaction,
    codec: &RowCodec,
    table: &Table,
    key: &[u8],
    values: &[crate::types::Value],
) -> Result<()> {
    for index in &table.indexes {
        let (entry, expected) = codec.index_entry(index, values, key)?;
        if transaction.get(index.tree, &entry, |value| value == expected)? != Some(true) {
            return Err(Error::corrupt(format!(
                "a row of {} has no entry in its index {}",
                table.name, index.name
            )));
        }
    }
    Ok(())
}
