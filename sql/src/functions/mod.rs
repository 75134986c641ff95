//! Scalar functions, operators, casts and aggregates over vectors.
//!
//! | file         | what                                                             |
//! |--------------|------------------------------------------------------------------|
//! | `function`   | `Function`: every scalar function and operator there is          |
//! | `coerce`     | which types convert by themselves, and what types have in common |
//! | `resolve`    | names and argument types to a function and its result type       |
//! | `cast`       | conversions; `json` checks that a text is JSON                   |
//! | `evaluate`   | a function of vectors: dispatch to the next                      |
//! | `compare`, `arithmetic`, `text`, `pattern`, `temporal`, `choice` | the functions |
//! | `aggregate`  | aggregate functions: names and types                             |
//! | `accumulate` | their running states, one a group                                |
//!
//! Calls have typed arguments when they get here: `resolve` says what each argument has to be
//! cast to, the `expression` room wraps the casts around.

mod accumulate;
mod aggregate;
mod arithmetic;
mod cast;
mod choice;
mod coerce;
mod compare;
mod evaluate;
mod function;
mod json;
mod pattern;
mod resolve;
mod temporal;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use accumulate::Accumulator;
pub(crate) use aggregate::{AggregateFunction, aggregate_signature, is_aggregate};
pub(crate) use cast::{cast_value, cast_vector};
pub(crate) use coerce::{can_cast, can_coerce, unify};
pub(crate) use evaluate::{CallContext, evaluate};
pub(crate) use function::Function;
pub(crate) use resolve::{resolve, resolve_name};
pub(crate) use temporal::{add_interval, is_whole_field};
