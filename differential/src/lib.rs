//! Compares Drystone with SQLite on generated statements, and Drystone with itself.
//!
//! ```text
//!   random -> world: tables -> generator: statements -> pair: both engines -> tally
//!                                  |  expression, query, change      |  reduce
//!                                  +-> metamorphic: one engine, the same question in other words
//! ```
//!
//! Only what the two mean alike is generated; `docs/testing.md` lists what is left out and why.
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable)]

mod change;
pub mod engine;
mod expression;
pub mod generator;
pub mod metamorphic;
pub mod pair;
mod query;
pub mod random;
pub mod reduce;
pub mod run;
pub mod tally;
pub mod tpch;
pub mod world;
