//! Scalar functions, operators, casts and aggregates over vectors.
//!
//! | file         | what                                                             |
//! |--------------|------------------------------------------------------------------|
//! | `function`   | `Function`: every scalar function and operator there is          |
//! | `coerce`     | which types convert by themselves, and what types have in common |
//! | `resolve`    | names and argument types to a function and its result type       |
//! | `aggregate`  | aggregate functions: names and types, and their running states   |
//!
//! Calls have typed arguments when they get here: `resolve` says what each argument has to be
//! cast to, the `expression` room wraps the casts around.

mod aggregate;
mod coerce;
mod function;
mod resolve;

pub(crate) use aggregate::{AggregateFunction, aggregate_signature, is_aggregate};
pub(crate) use coerce::{can_cast, can_coerce, unify};
pub(crate) use function::Function;
pub(crate) use resolve::{Signature, resolve, resolve_name};
