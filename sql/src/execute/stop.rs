//! What stops a statement from outside: interrupts from other threads, and faults that tests ask for.

use crate::error::{Error, ErrorKind, Result, state};
use std::sync::atomic::{AtomicU64, Ordering};

/// Shared by a connection, its statements and whoever wants to stop them.
#[derive(Debug)]
pub(crate) struct Stop {
    /// How often somebody has said stop. A statement notes it when it begins.
    interrupts: AtomicU64,
    /// Looks of running statements at this that are left before one is taken for an interrupt.
    looks_left: AtomicU64,
    /// Reservations of memory that are left before one fails.
    reservations_left: AtomicU64,
}

/// A count that never comes to its end.
const NEVER: u64 = u64::MAX;

impl Default for Stop {
    fn default() -> Stop {
        Stop {
            interrupts: AtomicU64::new(0),
            looks_left: AtomicU64::new(NEVER),
            reservations_left: AtomicU64::new(NEVER),
        }
    }
}

/// Counts down; true from the moment the count is used up.
fn used_up(left: &AtomicU64) -> bool {
    match left.load(Ordering::Relaxed) {
        NEVER => false,
        0 => true,
        _ => {
            left.fetch_sub(1, Ordering::Relaxed);
            false
        }
    }
}

impl Stop {
    /// Stops every statement that is running now.
    pub(crate) fn interrupt(&self) {
        self.interrupts.fetch_add(1, Ordering::Relaxed);
    }

    /// How often somebody has said stop.
    pub(crate) fn interrupts(&self) -> u64 {
        self.interrupts.load(Ordering::Relaxed)
    }

    /// Has somebody said stop since `seen`?
    fn is_asked_since(&self, seen: u64) -> bool {
        self.interrupts() != seen || used_up(&self.looks_left)
    }

    /// An error when somebody has said stop since `seen`.
    pub(crate) fn check(&self, seen: u64) -> Result<()> {
        if self.is_asked_since(seen) {
            return Err(Error::new(ErrorKind::Limit, state::CANCELED, "the statement was interrupted"));
        }
        Ok(())
    }

    /// Does this reservation of memory fail, however small?
    pub(crate) fn refuses_memory(&self) -> bool {
        used_up(&self.reservations_left)
    }

    /// From now on so many looks and so many reservations go well, and none after them; none: all.
    pub(crate) fn fail_after(&self, looks: Option<u64>, reservations: Option<u64>) {
        self.looks_left.store(looks.unwrap_or(NEVER), Ordering::Relaxed);
        self.reservations_left.store(reservations.unwrap_or(NEVER), Ordering::Relaxed);
    }
}
