//! A recorded run, and all the crashes it could have had.
//!
//! Position `k` of a trace is the moment after its first `k` operations. A crash inside operation
//! `k` is a crash at position `k + 1` with some of its blocks not arrived.

use crate::nor::Nor;
use crate::plan::{CrashState, Plan};
use crate::world::{Media, Role};

/// One thing that happened to the devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Bytes were written.
    Write {
        /// The device.
        role: Role,
        /// Where.
        offset: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// The length changed.
    Resize {
        /// The device.
        role: Role,
        /// The new length.
        len: u64,
    },
    /// Flash was erased.
    Erase {
        /// The device.
        role: Role,
        /// Where.
        offset: u64,
        /// How many bytes.
        len: u64,
    },
    /// A flush returned `Ok`.
    Flush {
        /// The device.
        role: Role,
        /// The position at which it began; it covers what was written before.
        began: u64,
    },
    /// A flush failed.
    FlushFailed {
        /// The device.
        role: Role,
        /// The position at which it began.
        began: u64,
    },
    /// The harness wrote down something, say that a commit was acknowledged.
    Note(u64),
}

/// Everything that happened to both devices from a known start.
#[derive(Debug, Clone)]
pub struct Trace {
    pub(crate) block_size: usize,
    pub(crate) nor: Option<Nor>,
    pub(crate) data: Vec<u8>,
    pub(crate) log: Vec<u8>,
    pub(crate) operations: Vec<Operation>,
}

impl Trace {
    /// The operations in order.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// A walk over the positions, beginning before the first operation.
    #[must_use]
    pub fn replay(&self) -> Replay<'_> {
        Replay {
            trace: self,
            media: Media::new(self.block_size, self.nor, self.data.clone(), self.log.clone()),
            position: 0,
        }
    }

    /// The state after a crash at this position. Walks there from the beginning: for many
    /// positions in a row step a [`Replay`].
    #[must_use]
    pub fn crash_at(&self, position: usize, plan: Plan) -> CrashState {
        let mut replay = self.replay();
        while replay.position() < position && replay.step().is_some() {}
        replay.crash(plan)
    }
}

/// What a device did with a write, saying that all was well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alteration {
    /// Nothing.
    Lost,
    /// It wrote elsewhere, at this offset.
    Misplaced(u64),
}

impl Trace {
    /// What is on the devices at the end, where the device altered one write and nothing else was
    /// lost. `None` where the operation is no write, or the other place lies beyond the end.
    #[must_use]
    pub fn altered(&self, index: usize, how: Alteration) -> Option<CrashState> {
        let mut media = Media::new(self.block_size, self.nor, self.data.clone(), self.log.clone());
        for (position, operation) in self.operations.iter().enumerate() {
            if position != index {
                media.apply(position as u64, operation);
                continue;
            }
            let Operation::Write { role, bytes, .. } = operation else { return None };
            if let Alteration::Misplaced(offset) = how {
                let end = offset.checked_add(bytes.len() as u64)?;
                if end > media.of(*role).current().len() as u64 {
                    return None;
                }
                let elsewhere = Operation::Write { role: *role, offset, bytes: bytes.clone() };
                media.apply(position as u64, &elsewhere);
            }
        }
        Some(media.crash(Plan::AllNew))
    }
}

/// A walk along a [`Trace`].
pub struct Replay<'a> {
    trace: &'a Trace,
    media: Media,
    position: usize,
}

impl<'a> Replay<'a> {
    /// How many operations have happened.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Lets the next operation happen and returns it; `None` at the end.
    pub fn step(&mut self) -> Option<&'a Operation> {
        let operation = self.trace.operations.get(self.position)?;
        self.media.apply(self.position as u64, operation);
        self.position += 1;
        Some(operation)
    }

    /// How many blocks and lengths a crash here decides about.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.media.pending_count()
    }

    /// What a crash here leaves.
    #[must_use]
    pub fn crash(&self, plan: Plan) -> CrashState {
        self.media.crash(plan)
    }
}
