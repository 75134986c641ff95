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
//! | `scalar`     | functions that work value by value, in the tables of the next    |
//! | `mathematics`, `wording`, `printf`, `moment`, `template`, `json_path`, `json_tree` | those |
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
mod json_path;
mod json_tree;
mod mathematics;
mod moment;
mod pattern;
mod printf;
mod resolve;
mod scalar;
mod template;
mod temporal;
#[cfg(test)]
mod tests;
mod text;
mod wording;

pub(crate) use accumulate::Accumulator;
pub(crate) use aggregate::{AggregateFunction, aggregate_signature, is_aggregate};
pub(crate) use cast::{cast_exactly, cast_value, cast_vector};
pub(crate) use coerce::{can_cast, can_coerce, unify};
pub(crate) use evaluate::{CallContext, Growth, SessionNumbers, evaluate};
pub(crate) use function::Function;
pub(crate) use json_path::MEMBER;
pub(crate) use resolve::{resolve, resolve_name};
use scalar::Call;
pub(crate) use temporal::{add_interval, is_whole_field};
