//! Types and values: what a column can hold, and how it is held.
//!
//! | file        | what                                                        |
//! |-------------|-------------------------------------------------------------|
//! | `data_type` | `DataType`, the static type of an expression or column      |
//! | `value`     | `Value`, one owned scalar; used only at the edges            |
//! | `decimal`   | exact decimal arithmetic on 128-bit unscaled integers        |
//! | `calendar`  | days and microseconds to dates and times, and back           |
//! | `interval`  | months, days, microseconds                                   |
//! | `vector`    | `Vector`, one typed column of a batch, and its validity      |
//! | `batch`     | `Batch`, up to 1,024 rows of columns                          |
//!
//! Operators pass batches of vectors; a `Value` appears in parameters, constants and results.

mod batch;
pub(crate) mod calendar;
mod data_type;
pub(crate) mod decimal;
mod interval;
pub(crate) mod value;
mod vector;

pub(crate) use batch::{BATCH_ROWS, Batch};
pub use data_type::DataType;
pub(crate) use data_type::Physical;
pub use decimal::Decimal;
pub use interval::Interval;
pub use value::Value;
pub(crate) use vector::{Bytes, NULL_ROW, Validity, Vector, VectorData};
