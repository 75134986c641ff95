//! The catalog tree: what is in it, and how it becomes a `Catalog`.
//!
//! ```text
//! key                 value
//! "version"           u64, little-endian: raised by every change of the schema
//! "next"              u32, little-endian: the id of the next object
//! "sequence" id(BE 4) i64, little-endian: the highest number an AUTOINCREMENT table has given
//! "mark" name         i64, little-endian: a number of the user's (user_version, application_id)
//! "object" id(BE 4)   kind (1 byte: T table, I index, V view), then the CREATE statement in UTF-8
//! ```
//!
//! The tree of a table is named "t" + id, that of its n-th UNIQUE constraint "u" + id + "." + n,
//! that of an index "i" + id, ids in decimal.

use super::{Catalog, Index, Table, View, define_index, define_table};
use crate::error::{Error, Result};
use crate::parse::{ast, parse};
use crate::storage::{Cursor, Transaction, TreeId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The name of the catalog tree.
pub const TREE: &[u8] = b"catalog";
const VERSION: &[u8] = b"version";
const NEXT: &[u8] = b"next";
const OBJECT: &[u8] = b"object";
const SEQUENCE: &[u8] = b"sequence";
const MARK: &[u8] = b"mark";

/// What an entry of the catalog describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Table,
    Index,
    View,
}

static STAMP: AtomicU64 = AtomicU64::new(1);

/// A stamp no catalog has had.
pub(super) fn next_stamp() -> u64 {
    STAMP.fetch_add(1, Ordering::Relaxed)
}

fn tree(transaction: &Transaction) -> Result<TreeId> {
    transaction.tree(TREE)?.ok_or_else(|| {
        Error::corrupt("the file has no catalog")
            .hint("it was made by a program that uses the storage core alone")
    })
}

/// Makes the catalog tree of a new database. True: it was missing.
pub fn create_catalog(transaction: &mut Transaction) -> Result<bool> {
    if transaction.tree(TREE)?.is_some() {
        return Ok(false);
    }
    let tree = transaction.create_tree(TREE)?;
    transaction.put(tree, VERSION, &0u64.to_le_bytes())?;
    transaction.put(tree, NEXT, &1u32.to_le_bytes())?;
    Ok(true)
}

/// The version of the schema a transaction sees.
pub fn version(transaction: &Transaction) -> Result<u64> {
    number(transaction, VERSION)
}

fn number(transaction: &Transaction, key: &[u8]) -> Result<u64> {
    let bytes = transaction.get(tree(transaction)?, key, |value| {
        let mut bytes = [0u8; 8];
        let len = value.len().min(8);
        if let (Some(to), Some(from)) = (bytes.get_mut(..len), value.get(..len)) {
            to.copy_from_slice(from);
        }
        u64::from_le_bytes(bytes)
    })?;
    bytes.ok_or_else(|| Error::corrupt("the catalog lacks a counter"))
}

fn object_key(id: u32) -> Vec<u8> {
    [OBJECT, &id.to_be_bytes()].concat()
}

fn sequence_key(id: u32) -> Vec<u8> {
    [SEQUENCE, &id.to_be_bytes()].concat()
}

/// The highest number an AUTOINCREMENT table has given.
pub fn sequence(transaction: &Transaction, table: u32) -> Result<Option<i64>> {
    let bytes =
        transaction.get(tree(transaction)?, &sequence_key(table), |value| <[u8; 8]>::try_from(value))?;
    match bytes {
        None => Ok(None),
        Some(Ok(bytes)) => Ok(Some(i64::from_le_bytes(bytes))),
        Some(Err(_)) => Err(Error::corrupt("a sequence in the catalog is damaged")),
    }
}

/// Notes the highest number given.
pub fn set_sequence(transaction: &mut Transaction, table: u32, number: i64) -> Result<()> {
    let catalog = tree(transaction)?;
    transaction.put(catalog, &sequence_key(table), &number.to_le_bytes())?;
    Ok(())
}

/// A number the user has left in the file; 0 to begin with.
pub fn mark(transaction: &Transaction, name: &str) -> Result<i64> {
    let key = [MARK, name.as_bytes()].concat();
    match transaction.get(tree(transaction)?, &key, |value| <[u8; 8]>::try_from(value))? {
        None => Ok(0),
        Some(Ok(bytes)) => Ok(i64::from_le_bytes(bytes)),
        Some(Err(_)) => Err(Error::corrupt(format!("{name} in the catalog is damaged"))),
    }
}

/// Leaves a number in the file.
pub fn set_mark(transaction: &mut Transaction, name: &str, number: i64) -> Result<()> {
    let catalog = tree(transaction)?;
    transaction.put(catalog, &[MARK, name.as_bytes()].concat(), &number.to_le_bytes())?;
    Ok(())
}

/// Enters an object and makes its trees; gives its id.
pub fn create_object(
    transaction: &mut Transaction,
    kind: ObjectKind,
    sql: &str,
    uniques: usize,
) -> Result<u32> {
    let catalog = tree(transaction)?;
    let id =
        u32::try_from(number(transaction, NEXT)?).map_err(|_| Error::corrupt("the catalog's next id"))?;
    let next = id.checked_add(1).ok_or_else(|| Error::corrupt("the catalog's next id"))?;
    transaction.put(catalog, NEXT, &next.to_le_bytes())?;
    let letter = match kind {
        ObjectKind::Table => b'T',
        ObjectKind::Index => b'I',
        ObjectKind::View => b'V',
    };
    let mut value = vec![letter];
    value.extend_from_slice(sql.as_bytes());
    transaction.put(catalog, &object_key(id), &value)?;
    match kind {
        ObjectKind::Table => {
            transaction.create_tree(table_tree(id).as_bytes())?;
            for number in 0..uniques {
                transaction.create_tree(unique_tree(id, number).as_bytes())?;
            }
        }
        ObjectKind::Index => {
            transaction.create_tree(index_tree(id).as_bytes())?;
        }
        ObjectKind::View => {}
    }
    raise_version(transaction)?;
    Ok(id)
}

/// Gives an object another definition; its trees stay.
pub fn redefine_object(transaction: &mut Transaction, id: u32, sql: &str) -> Result<()> {
    let (catalog, key) = (tree(transaction)?, object_key(id));
    let kind = transaction.get(catalog, &key, |value| value.first().copied())?.flatten();
    let kind = kind.ok_or_else(|| Error::corrupt(format!("entry {id} of the catalog is missing")))?;
    transaction.put(catalog, &key, &[&[kind], sql.as_bytes()].concat())?;
    raise_version(transaction)
}

/// Removes an object and its trees.
pub fn drop_object(transaction: &mut Transaction, kind: ObjectKind, id: u32, uniques: usize) -> Result<()> {
    let catalog = tree(transaction)?;
    transaction.delete(catalog, &object_key(id))?;
    transaction.delete(catalog, &sequence_key(id))?;
    match kind {
        ObjectKind::Table => {
            transaction.drop_tree(table_tree(id).as_bytes())?;
            for number in 0..uniques {
                transaction.drop_tree(unique_tree(id, number).as_bytes())?;
            }
        }
        ObjectKind::Index => {
            transaction.drop_tree(index_tree(id).as_bytes())?;
        }
        ObjectKind::View => {}
    }
    raise_version(transaction)
}

fn raise_version(transaction: &mut Transaction) -> Result<()> {
    transaction.note_schema_change();
    let version = number(transaction, VERSION)?.wrapping_add(1);
    let catalog = tree(transaction)?;
    transaction.put(catalog, VERSION, &version.to_le_bytes())?;
    Ok(())
}

fn table_tree(id: u32) -> String {
    format!("t{id}")
}

fn unique_tree(id: u32, number: usize) -> String {
    format!("u{id}.{number}")
}

fn index_tree(id: u32) -> String {
    format!("i{id}")
}

/// Reads the whole schema.
pub fn load(transaction: &Transaction) -> Result<Catalog> {
    let mut entries: Vec<(u32, u8, String)> = Vec::new();
    let mut bad = false;
    let mut cursor = Cursor::new(tree(transaction)?);
    cursor.seek(transaction, OBJECT)?;
    cursor.visit(transaction, |key, value| {
        let Some(id) = key.strip_prefix(OBJECT) else { return false };
        match (
            <[u8; 4]>::try_from(id),
            value.split_first().map(|(kind, sql)| (*kind, std::str::from_utf8(sql))),
        ) {
            (Ok(id), Some((kind, Ok(sql)))) => entries.push((u32::from_be_bytes(id), kind, sql.to_owned())),
            _ => bad = true,
        }
        !bad
    })?;
    if bad {
        return Err(Error::corrupt("an entry of the catalog is damaged"));
    }
    let mut catalog = Catalog {
        stamp: next_stamp(),
        version: version(transaction)?,
        tables: Vec::new(),
        views: Vec::new(),
    };
    for (id, kind, sql) in entries {
        let parsed = parse(&sql).ok().flatten().map(|parsed| parsed.statement);
        match (kind, parsed) {
            (b'T', Some(ast::Statement::CreateTable(create))) => {
                let table = load_table(transaction, id, &create, &sql)?;
                catalog.tables.push(Arc::new(table));
            }
            (b'I', Some(ast::Statement::CreateIndex(create))) => {
                load_index(transaction, &mut catalog, id, &create, &sql)?;
            }
            (b'V', Some(ast::Statement::CreateView(create))) => {
                catalog.views.push(Arc::new(View::define(id, &create, &sql)));
            }
            _ => return Err(Error::corrupt(format!("entry {id} of the catalog cannot be read: {sql}"))),
        }
    }
    Ok(catalog)
}

fn existing(transaction: &Transaction, name: &str) -> Result<TreeId> {
    let missing = || Error::corrupt(format!("the tree {name} is missing"));
    transaction.tree(name.as_bytes())?.ok_or_else(missing)
}

fn load_table(transaction: &Transaction, id: u32, create: &ast::CreateTable, sql: &str) -> Result<Table> {
    let mut table = define_table(id, create, sql)?;
    table.tree = existing(transaction, &table_tree(id))?;
    for (number, index) in table.indexes.iter_mut().enumerate() {
        let tree = existing(transaction, &unique_tree(id, number))?;
        *index = Arc::new(Index { tree, ..Index::clone(index) });
    }
    Ok(table)
}

fn load_index(
    transaction: &Transaction,
    catalog: &mut Catalog,
    id: u32,
    create: &ast::CreateIndex,
    sql: &str,
) -> Result<()> {
    let name = &create.table.text;
    let table = catalog.tables.iter_mut().find(|table| table.name.eq_ignore_ascii_case(name));
    let table =
        table.ok_or_else(|| Error::corrupt(format!("the index {} has no table", create.name.text)))?;
    let mut index = define_index(table, create, sql)?;
    index.id = id;
    index.tree = existing(transaction, &index_tree(id))?;
    Arc::make_mut(table).indexes.push(Arc::new(index));
    Ok(())
}
