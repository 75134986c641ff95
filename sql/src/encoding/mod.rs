//! Bytes: how keys and rows look in the trees.
//!
//! | file      | what                                                                  |
//! |-----------|-----------------------------------------------------------------------|
//! | `key`     | order-preserving keys: of indexes, primary keys, sorts, groups, joins  |
//! | `row`     | rows from which one column can be read without decoding the others      |
//! | `batch`   | batches in temporary files                                            |
//! | `key_set` | a set of encoded keys that knows about NULL: IN, DISTINCT               |

mod batch;
mod key;
mod key_set;
mod row;

pub(crate) use batch::{decode_batch, encode_batch};
pub(crate) use key::{
    KeyOrder, decode_rowid, encode_rowid, encode_value, encode_vector_row, encoded_len, prefix_end,
    present_range,
};
pub(crate) use key_set::KeySet;
pub(crate) use row::{Field, RowLayout};
