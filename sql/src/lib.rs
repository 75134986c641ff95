//! Drystone: an embedded, crash-safe SQL database.
//!
//! With the default feature `std` this is the SQL layer; without it, the storage core alone,
//! re-exported.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

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
    Bound, CheckReport, Connection, Database, FromSql, MappedRows, OpenOptions, Params, Row, RowIndex, Rows, Statement,
    ToSql, Transaction,
};
