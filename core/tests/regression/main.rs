//! Bugs that were found once, each as a test of what must hold instead.
//!
//! The simulated platform fails, fills up, or loses its power at a chosen moment. A test says in its
//! name what stays true then. What they share is in `fixture`.

mod blank;
mod closing;
mod counts;
mod cursors;
mod fixture;
mod flushes;
mod full;
mod growth;
mod hostile;
mod log;
mod memory;
mod moved;
mod opening;
mod races;
mod recovery;
mod rollback;
mod salvage;
mod scans;
mod transactions;
mod trees;
mod window;
