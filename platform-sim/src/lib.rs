//! A simulated platform for Drystone: it crashes, tears, loses and fails, all from a seed.
//!
//! ```text
//!   SimPlatform -- data, log: SimDevice --> World (one lock): two Medium, trace, failures
//!        |                                               |
//!        +-- crash(Plan) --> CrashState       Trace --> Replay -- step, crash(Plan) --> CrashState
//! ```
//!
//! A `Medium` keeps what is durable and, above it, every version of every block written since. A
//! crash picks for each such block what is left: an old version, the new one, or a torn mixture
//! (see [`Plan`]). Nothing is assumed about order or about neighbours.
//!
//! 1. A flush makes durable what was written before it *began*, nothing later.
//! 2. After a failed flush reads still return the bytes it should have saved; no later flush saves
//!    them, only writing them again does.
//! 3. The same seed and the same calls give the same bytes, always.
//!
//! With [`SimOptions::nor`] the devices are raw flash instead: erased by units, programmed once, in order.
//!
//! The platform can record a [`Trace`] of everything written; its [`Replay`] gives the crash
//! states of every position without running the engine again. [`contract`] holds the tests that
//! every device has to pass.
#![deny(unsafe_code)]

pub mod contract;
mod device;
mod failure;
mod medium;
mod nor;
mod plan;
mod platform;
mod random;
#[allow(unsafe_code)]
mod sys;
mod trace;
mod world;

pub use device::SimDevice;
pub use failure::{Failure, OperationKind, SimError};
pub use nor::Nor;
pub use plan::{BlockFate, CrashState, Fate, Plan};
pub use platform::{SimOptions, SimPlatform};
pub use random::Random;
pub use sys::{SimMutex, watch};
pub use trace::{Alteration, Operation, Replay, Trace};
pub use world::{Counters, Role};
