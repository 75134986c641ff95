//! Benchmarks of Drystone.
//!
//! | room | what |
//! |---|---|
//! | `statistics` | percentiles, medians, spread |
//! | `ram` | a platform in memory that does not flush, for the micro-benchmarks |
//! | `sys` | the counting allocator, LMDB's opening |
//! | `process` | what the system counts for this process |
//! | `counted` | files on Linux, with their flushes, reads and writes counted |
//! | `folder`, `floor` | a folder to measure in; the least a durable write costs in it |
//! | `gate` | the commit gate: a durable commit against the floor |
//! | `paths` | the hottest paths, each alone |
//! | `counts` | counts that are stored and checked |
//! | `compare` | Drystone beside other engines |
//!
//! `cargo run --release -p drystone-benches -- commit-gate --dir DIR` runs the gate, `... compare`
//! the comparison, `cargo bench -p drystone-benches` the micro-benchmarks (`benches/storage.rs`).

#[cfg(target_os = "linux")]
pub mod compare;
#[cfg(target_os = "linux")]
pub mod counted;
#[cfg(target_os = "linux")]
pub mod counts;
#[cfg(target_os = "linux")]
pub mod floor;
#[cfg(target_os = "linux")]
pub mod folder;
#[cfg(target_os = "linux")]
pub mod gate;
#[cfg(target_os = "linux")]
pub mod paths;
#[cfg(target_os = "linux")]
pub mod process;
pub mod ram;
pub mod statistics;
pub mod sys;
