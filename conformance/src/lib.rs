//! Runs sqllogictest scripts on Drystone: SQLite's corpus and scripts of our own.
//!
//! ```text
//!   files -> script: records -> runner: statements and results -> report: totals
//!                                  |  render: values as lines      |  exceptions
//! ```
//!
//! | file         | what                                                        |
//! |--------------|-------------------------------------------------------------|
//! | `script`     | the format: a text is taken apart into records              |
//! | `render`     | a value as the line that its column's letter asks for       |
//! | `runner`     | one script on a database of its own                         |
//! | `exceptions` | the records that cannot hold, each with its reason          |
//! | `report`     | all files, on all threads, to totals and an exit status     |
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

pub mod exceptions;
pub mod render;
pub mod report;
pub mod runner;
pub mod script;
