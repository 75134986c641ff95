//! Pages: the header all kinds share and the slotted node of the B+tree.
//!
//! | file | owns |
//! |---|---|
//! | `format` | the bytes of the header, pointers, kinds |
//! | `node` | reading a slotted node; structure check of untrusted bytes |
//! | `edit` | changing a node in place |
//! | `sequence` | laying a run of cells out in a fresh node: splits, merges, compaction |

pub(crate) mod edit;
pub(crate) mod format;
pub(crate) mod node;
pub(crate) mod sequence;

#[cfg(test)]
mod tests;

pub(crate) use format::{Kind, Ptr};
