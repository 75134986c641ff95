//! Benchmarks of Drystone.
//!
//! | room | what |
//! |---|---|
//! | `ram` | a platform in memory that does not flush, for the micro-benchmarks |
//! | `sys` | the counting allocator |
//! | `counted` | files on Linux, with their flushes and writes counted |
//! | `gate` | the commit gate: a durable commit against the least a durable write costs |
//!
//! `cargo run --release -p drystone-benches -- commit-gate --dir DIR` runs the gate,
//! `cargo bench -p drystone-benches` the micro-benchmarks (`benches/storage.rs`).

#[cfg(target_os = "linux")]
pub mod counted;
#[cfg(target_os = "linux")]
pub mod gate;
pub mod ram;
pub mod sys;
