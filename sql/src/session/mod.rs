//! What a program sees: databases, connections, statements, rows. Named after rusqlite's API.
//!
//! | file          | what                                                                 |
//! |---------------|----------------------------------------------------------------------|
//! | `database`    | `Database`, shared by its connections; `OpenOptions`                  |
//! | `connection`  | `Connection` and `Transaction`                                        |
//! | `prepare`     | text to plan, through the plan cache                                  |
//! | `control`     | BEGIN to ROLLBACK: the states of a connection's transaction           |
//! | `run`         | one statement through to its result                                  |
//! | `schema`      | CREATE and DROP                                                      |
//! | `alter`       | ALTER TABLE                                                          |
//! | `batch`       | one statement over many rows of parameters                            |
//! | `view`        | CREATE and DROP VIEW                                                 |
//! | `pragma`      | PRAGMA                                                               |
//! | `setting`     | what SET and SHOW are about                                          |
//! | `check`       | whether indexes and tables agree                                      |
//! | `statement`   | `Statement`                                                          |
//! | `rows`        | `Rows`, `Row`                                                        |
//! | `convert`     | Rust values from and to SQL values; parameters                        |
//!
//! A connection is in one of these states:
//!
//! ```text
//! idle --BEGIN--> deferred --read--> reading --write--> writing --COMMIT, ROLLBACK--> idle
//!   \--BEGIN IMMEDIATE---------------------------------^
//! ```
//!
//! Outside a transaction every statement is one of its own. A statement that fails inside one is
//! rolled back alone.

mod alter;
mod batch;
mod check;
mod connection;
mod control;
mod convert;
mod database;
mod pragma;
mod prepare;
mod rows;
mod run;
mod schema;
mod setting;
mod statement;
mod view;

pub use connection::{Connection, InterruptHandle, Transaction};
pub use convert::{Bound, FromSql, Params, ToSql};
pub use database::{CheckReport, Database, OpenOptions};
pub use rows::{MappedRows, Row, RowIndex, Rows};
pub use statement::Statement;
