//! Notes in a trace, and what they tell about each place where a crash could happen.

use drystone_platform_sim::{Operation, Role, SimPlatform, Trace};

/// What the engine was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Opening: recovery, or nothing to do.
    Opening,
    /// Making the database.
    Creation,
    /// A write transaction before its commit.
    Transaction,
    /// A commit through the log, with the checkpoint steps it takes.
    Commit,
    /// A commit by checkpoint.
    CommitByCheckpoint,
    /// A whole checkpoint.
    Checkpoint,
    /// A step of one.
    Step,
    /// A clean close.
    Close,
    /// Several transactions in few flushes.
    Group,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Opening,
        Self::Creation,
        Self::Transaction,
        Self::Commit,
        Self::CommitByCheckpoint,
        Self::Checkpoint,
        Self::Step,
        Self::Close,
        Self::Group,
    ];
}

const ATTEMPT: u64 = 100;
const ACKNOWLEDGED: u64 = 101;
const BY_CHECKPOINT: u64 = 102;

/// Notes that a phase begins.
pub(crate) fn note_phase(platform: &SimPlatform, phase: Phase) {
    platform.note(Phase::ALL.iter().position(|one| *one == phase).unwrap_or(0) as u64);
}

/// Notes that state `k` is about to be made durable.
pub(crate) fn note_attempt(platform: &SimPlatform, k: usize) {
    platform.note((k as u64) << 8 | ATTEMPT);
}

/// Notes that state `k` was acknowledged.
pub(crate) fn note_acknowledged(platform: &SimPlatform, k: usize, by_checkpoint: bool) {
    platform.note((k as u64) << 8 | if by_checkpoint { BY_CHECKPOINT } else { ACKNOWLEDGED });
}

/// A place for a crash: after a write, flush or change of length and the notes behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// Position in the trace.
    pub position: usize,
    /// The last acknowledged state; `None`: not even the creation was.
    pub acknowledged: Option<usize>,
    /// The last state that may be there.
    pub attempted: usize,
    pub phase: Phase,
    /// The log began a new lap with the last write.
    pub wrap: bool,
    /// The last flush began at the ring's end and goes on at its start.
    pub split: bool,
    /// A device grew with the last operation.
    pub growth: Option<Role>,
}

/// All places for crashes of a trace. `exists`: whether the database does at its start; `lengths`:
/// those of the devices then.
pub(crate) fn points(trace: &Trace, exists: bool, mut lengths: [u64; 2]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let mut now = Point {
        position: 0,
        acknowledged: exists.then_some(0),
        attempted: 0,
        phase: Phase::Opening,
        wrap: false,
        split: false,
        growth: None,
    };
    let mut attempt_begin = 0;
    let mut log_end = 0;
    let mut pending = false;
    for (index, operation) in trace.operations().iter().enumerate() {
        let Operation::Note(note) = operation else {
            let mut point = Point { position: index + 1, wrap: false, split: false, growth: None, ..now };
            match operation {
                Operation::Write { role: Role::Log, offset, bytes } => {
                    point.wrap = *offset < log_end && *offset == 0;
                    point.split = point.wrap && pending;
                    log_end = offset + bytes.len() as u64;
                    pending = true;
                }
                Operation::Resize { role, len } => {
                    point.growth = (*len > lengths[*role as usize]).then_some(*role);
                    lengths[*role as usize] = *len;
                }
                Operation::Flush { role: Role::Log, .. } => pending = false,
                _ => {}
            }
            points.push(point);
            continue;
        };
        match note & 0xFF {
            ATTEMPT => {
                now.attempted = (note >> 8) as usize;
                attempt_begin = points.len();
            }
            ACKNOWLEDGED | BY_CHECKPOINT => {
                now.acknowledged = Some((note >> 8) as usize);
                if note & 0xFF == BY_CHECKPOINT {
                    for point in points.iter_mut().skip(attempt_begin) {
                        point.phase = Phase::CommitByCheckpoint;
                    }
                }
                // What was acknowledged behind the last operation holds at its place.
                if let Some(last) = points.last_mut() {
                    last.acknowledged = now.acknowledged;
                    last.attempted = now.attempted;
                }
            }
            phase => {
                if let Some(phase) = Phase::ALL.get(phase as usize) {
                    now.phase = *phase;
                }
            }
        }
        if let Some(last) = points.last_mut() {
            last.position = index + 1;
        }
    }
    points
}
