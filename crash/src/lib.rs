//! Explores crashes of the Drystone engine on a simulated device.
//!
//! ```text
//!   workload  a seed decides memory, ring, keys and a row of steps; run on a recording platform
//!      |      it leaves a trace of all writes and flushes, and the states it committed
//!   timeline  for each write and flush of the trace: what was acknowledged, what was attempted
//!      |
//!   explore   at each of them several crashes: what is pending lands, vanishes or tears
//!      |
//!   oracle    each image opens, holds an allowed state, is whole, opens again the same; a sample
//!             goes on working and is crashed once more, inside its recovery or after it
//! ```
//!
//! `device_errors` makes single calls fail instead, at every call of a workload.
//!
//! A crash state is counted once: its key is the workload, the crash point and the fate of each
//! pending block (and the same again for a crash after a crash). One seed gives one run, always; a
//! failure names itself by a line that replays it alone ([`Crash`]).
#![forbid(unsafe_code)]

mod damage;
mod desk;
mod device_errors;
mod explore;
mod fault;
mod group;
mod model;
mod oracle;
mod plans;
mod race;
mod recipe;
mod replay;
mod salvage;
mod script;
mod setup;
mod timeline;
mod totals;
mod transaction;
mod watch;
mod workload;

pub use damage::{DamageReport, damage, damage_count, replay_damage};
pub use desk::Desk;
pub use device_errors::{Case, Report, device_errors, device_errors_part, one_device_error};
pub use explore::{Effort, explore, explore_nested, replay};
pub use replay::Crash;
pub use script::{Name, sequences};
pub use setup::workload_seed;
pub use timeline::Phase;
pub use totals::{Totals, Trouble};
