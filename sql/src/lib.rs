//! Drystone: an embedded, crash-safe SQL database.
//!
//! With the default feature `std` this is the SQL layer; without it, the storage core alone,
//! re-exported as [`core`].
#![cfg_attr(
    feature = "std",
    doc = r#"
```
use drystone::{Connection, params};

# fn main() -> drystone::Result<()> {
let mut db = Connection::open_in_memory()?;
db.execute_batch(
    "CREATE TABLE stone (id INTEGER PRIMARY KEY, name TEXT NOT NULL, weight NUMERIC(8,2));
     CREATE INDEX stone_weight ON stone (weight);",
)?;
db.execute("INSERT INTO stone (name, weight) VALUES (?1, ?2)", params!["slate", 12.5])?;

// Rolled back when it is dropped without a commit.
let transaction = db.transaction()?;
transaction.execute("INSERT INTO stone (name, weight) VALUES (?, ?)", ("granite", 40))?;
transaction.commit()?;

let mut heavy = db.prepare("SELECT id, name FROM stone WHERE weight > ? ORDER BY weight")?;
let rows = heavy.query_map([20], |row| Ok((row.get(0)?, row.get("name")?)))?;
let found: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
assert_eq!(found, [(2, "granite".to_owned())]);
# Ok(())
# }
```

| what | type |
|---|---|
| a database of one's own | [`Connection::open`], [`Connection::open_in_memory`] |
| one shared by threads | [`Database`], and a [`Connection`] for each |
| values in and out | [`params!`], [`named_params!`], [`Row::get`] |
| what went wrong | [`Error`]: kind, SQLSTATE, message, place in the text, hint |
"#
)]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

pub use drystone_core as core;

#[cfg(feature = "std")]
mod bind;
#[cfg(feature = "std")]
mod catalog;
#[cfg(feature = "std")]
mod encoding;
#[cfg(feature = "std")]
pub mod error;
#[cfg(feature = "std")]
mod execute;
#[cfg(feature = "std")]
mod expression;
#[cfg(feature = "std")]
mod functions;
#[cfg(feature = "std")]
pub mod memory;
#[cfg(feature = "std")]
mod optimize;
#[cfg(feature = "std")]
mod parse;
#[cfg(feature = "std")]
mod plan;
#[cfg(feature = "std")]
mod session;
#[cfg(feature = "std")]
mod storage;
#[cfg(feature = "std")]
pub mod types;

#[cfg(feature = "std")]
pub use error::{Error, ErrorKind, Position, Result};
#[cfg(feature = "std")]
pub use parse::{Piece, Script};
#[cfg(feature = "std")]
pub use session::{
    Bound, CheckReport, Connection, Database, FromSql, InterruptHandle, MappedRows, OpenOptions, Params, Row,
    RowIndex, Rows, Statement, ToSql, Transaction,
};
