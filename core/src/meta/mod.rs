//! The meta: what a durable checkpoint is, in four copies.
//!
//! Two generations take turns, each in two copies in pages of their own. A generation is written
//! only after everything it names was flushed, over the older pair; so at a crash one generation is
//! whole. Opening takes the valid copy with the highest generation.

pub(crate) mod format;
pub(crate) mod store;

pub(crate) use format::Meta;
