//! Both devices under one lock: what is written, in which order, and what is to fail.

use crate::failure::{Failure, OperationKind, SimError};
use crate::medium::Medium;
use crate::nor::Nor;
use crate::plan::{CrashState, Plan, decide};
use crate::random::Random;
use crate::trace::Operation;

/// Which of a platform's two devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The device with the pages.
    Data,
    /// The device with the log ring.
    Log,
}

/// How often a device was called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Writes that changed a byte.
    pub changes: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Flushes, failed ones too.
    pub flushes: u64,
    /// Reservations.
    pub reserves: u64,
    /// Erases.
    pub erases: u64,
}

/// Both media. Live under the platform's lock, or rebuilt by a replay.
pub(crate) struct Media {
    data: Medium,
    log: Medium,
}

impl Media {
    pub(crate) fn new(block_size: usize, nor: Option<Nor>, data: Vec<u8>, log: Vec<u8>) -> Self {
        Self {
            data: Medium::new(Role::Data, block_size, nor, data),
            log: Medium::new(Role::Log, block_size, nor, log),
        }
    }

    pub(crate) fn of(&self, role: Role) -> &Medium {
        match role {
            Role::Data => &self.data,
            Role::Log => &self.log,
        }
    }

    fn of_mut(&mut self, role: Role) -> &mut Medium {
        match role {
            Role::Data => &mut self.data,
            Role::Log => &mut self.log,
        }
    }

    /// Applies the operation that has the number `mark`.
    pub(crate) fn apply(&mut self, mark: u64, operation: &Operation) {
        match operation {
            Operation::Write { role, offset, bytes } => {
                self.of_mut(*role).write(mark, *offset as usize, bytes)
            }
            Operation::Resize { role, len } => {
                self.of_mut(*role).resize(mark, *len as usize);
            }
            Operation::Erase { role, offset, len } => {
                let start = *offset as usize;
                self.of_mut(*role).erase(mark, start..start + *len as usize);
            }
            Operation::Flush { role, began } => self.of_mut(*role).flush(*began),
            Operation::FlushFailed { role, began } => self.of_mut(*role).lose(*began),
            Operation::Note(_) => {}
        }
    }

    pub(crate) fn pending_count(&self) -> usize {
        self.data.pending_count() + self.log.pending_count()
    }

    pub(crate) fn crash(&self, plan: Plan) -> CrashState {
        let mut units = Vec::new();
        self.data.units(&mut units);
        self.log.units(&mut units);
        let (decisions, mut random) = decide(plan, units);
        let mut fates = Vec::new();
        CrashState {
            data: self.data.crash(&decisions, &mut random, &mut fates),
            log: self.log.crash(&decisions, &mut random, &mut fates),
            fates,
        }
    }
}

/// Everything behind the platform's lock.
pub(crate) struct World {
    pub(crate) media: Media,
    /// Operations so far, recorded or not; the next one's mark.
    marks: u64,
    pub(crate) recorded: Option<Vec<Operation>>,
    /// What is to fail, and whether for want of space.
    pub(crate) failures: Vec<(Failure, bool)>,
    pub(crate) counters: [Counters; 2],
    pub(crate) capacity: [u64; 2],
    pub(crate) powered: bool,
    /// One in so many writes is interrupted and continued; 0: none.
    pub(crate) interruptions: u64,
    pub(crate) random: Random,
}

impl World {
    pub(crate) fn new(media: Media, record: bool, seed: u64) -> Self {
        Self {
            media,
            marks: 0,
            recorded: record.then(Vec::new),
            failures: Vec::new(),
            counters: [Counters::default(); 2],
            capacity: [u64::MAX; 2],
            powered: true,
            interruptions: 0,
            random: Random::new(seed),
        }
    }

    pub(crate) fn marks(&self) -> u64 {
        self.marks
    }

    pub(crate) fn counters_mut(&mut self, role: Role) -> &mut Counters {
        &mut self.counters[role as usize]
    }

    /// Applies and records.
    pub(crate) fn perform(&mut self, operation: Operation) {
        self.media.apply(self.marks, &operation);
        self.marks += 1;
        if let Some(recorded) = &mut self.recorded {
            recorded.push(operation);
        }
    }

    /// Writes, in several operations where the call is interrupted and does a part at a time.
    pub(crate) fn write(&mut self, role: Role, mut offset: u64, mut bytes: Vec<u8>) {
        let interrupted = self.interruptions > 0 && self.random.one_in(self.interruptions);
        let word = self.media.of(role).flash().map_or(1, |flash| flash.nor.word as usize);
        while interrupted && bytes.len() > word {
            let part = (1 + self.random.index(bytes.len() - 1)).next_multiple_of(word);
            let rest = bytes.split_off(part.min(bytes.len() - word));
            let len = bytes.len() as u64;
            self.perform(Operation::Write { role, offset, bytes });
            (offset, bytes) = (offset + len, rest);
        }
        self.perform(Operation::Write { role, offset, bytes });
    }

    /// Whether a call may go on: power is there and no failure was ordered for it.
    pub(crate) fn admit(&mut self, role: Role, kind: OperationKind) -> Result<(), SimError> {
        if !self.powered {
            return Err(SimError::PowerLost);
        }
        let mut result = Ok(());
        for (failure, no_space) in &mut self.failures {
            if failure.strikes(role, kind) {
                result =
                    Err(if *no_space { SimError::NoSpace(role) } else { SimError::Injected(role, kind) });
            }
        }
        result
    }
}
