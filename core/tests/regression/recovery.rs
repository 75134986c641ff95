//! The decision table of recovery, row by row: each finding above and below the watermark, made by
//! changing a log that three transactions left behind.
//!
//! The last record's batch vouches that the log was durable up to its own beginning. So damage to
//! the last record is at or above the watermark, a torn tail; damage to one before is below it.

use crate::fixture::{
    Model, SIZE, Small, blank, change, create, everything, expect, flushed, on, open, put, quiet,
};
use drystone_core::checksum::crc32c;
use drystone_core::{Database, Error, Finding, Options};
use drystone_platform_sim::CrashState;

pub type Memory = Small<32, 8192>;

/// Bytes of a block's header and of a record's.
const BLOCK_HEADER: usize = 64;
const RECORD_HEADER: usize = 24;
/// Where a record has its length, chain value and parent.
const LEN: usize = 0;
const CHAIN: usize = 4;
const PARENT: usize = 16;

/// What opening does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All records count.
    Apply,
    /// The records before it count.
    End,
    /// Opening fails and changes no log.
    Refuse,
}
use Outcome::{Apply, End, Refuse};

/// How a record is changed to be found like this.
pub type Edit = fn(&mut Batch<'_>);

/// Finding, how it is made, outcome at or above the watermark, outcome below.
pub const TABLE: [(Finding, Edit, Outcome, Outcome); 8] = [
    (Finding::Valid, |_| {}, Apply, Apply),
    (Finding::NoBlock, |batch| batch.spoil_block(0), End, Refuse),
    (Finding::NoBlock, |batch| batch.move_block(0), End, Refuse),
    (Finding::Cut, |batch| batch.spoil_block(1), End, Refuse),
    (Finding::Cut, |batch| batch.lengthen(), End, Refuse),
    (Finding::BadRecord, |batch| batch.edit(RECORD_HEADER + 9, false), End, Refuse),
    (Finding::WrongChain, |batch| batch.edit(CHAIN, true), End, Refuse),
    (Finding::WrongParent, |batch| batch.edit(PARENT, true), End, Refuse),
];

/// The blocks that one commit wrote: one record.
pub struct Batch<'a> {
    blocks: Vec<&'a mut [u8]>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn seal(block: &mut [u8]) {
    let crc = crc32c(0, &block[4..u32_at(block, 56) as usize]);
    block[..4].copy_from_slice(&crc.to_le_bytes());
}

impl<'a> Batch<'a> {
    /// The batches in a log that has not gone round yet.
    fn all(log: &'a mut [u8]) -> Vec<Self> {
        let mut batches: Vec<Self> = Vec::new();
        let blocks = log.chunks_mut(SIZE as usize).filter(|block| block[4..8] == *b"DSlg");
        for block in blocks {
            match batches.last_mut() {
                Some(batch) if u32_at(block, 60) == 0 => batch.blocks.push(block),
                _ => batches.push(Batch { blocks: vec![block] }),
            }
        }
        batches
    }

    /// A block whose checksum is wrong.
    fn spoil_block(&mut self, number: usize) {
        self.blocks[number][100] ^= 1;
    }

    /// A whole block, but of another place: an older lap.
    fn move_block(&mut self, number: usize) {
        self.blocks[number][8] ^= 1;
        seal(self.blocks[number]);
    }

    /// A record longer than its blocks.
    fn lengthen(&mut self) {
        self.edit(LEN + 1, true);
    }

    /// Changes a byte of the record; `sealed`: its checksum is made right again.
    fn edit(&mut self, at: usize, sealed: bool) {
        let mut record = Vec::new();
        for block in &self.blocks {
            record.extend_from_slice(&block[BLOCK_HEADER..u32_at(block, 56) as usize]);
        }
        record[at] ^= 16;
        if sealed {
            let end = record.len() - 4;
            let crc = crc32c(0, &record[..end]);
            record[end..].copy_from_slice(&crc.to_le_bytes());
        }
        let mut rest = &record[..];
        for block in &mut self.blocks {
            let used = u32_at(block, 56) as usize;
            let (part, later) = rest.split_at(used - BLOCK_HEADER);
            block[BLOCK_HEADER..used].copy_from_slice(part);
            rest = later;
            seal(block);
        }
    }
}

/// A log with three records after the last checkpoint, and the state after each.
pub fn three_records() -> (CrashState, [Model; 4]) {
    let platform = blank();
    let options = Options { ring_len: 32 << 10, ..quiet() };
    let db = create(platform.clone(), Memory::new(), options);
    db.checkpoint().unwrap();
    let mut model = Model::new();
    let states = [0, 1, 2, 3].map(|number| {
        if number > 0 {
            change(&db, &mut model, [put(number, &[number as u8; 900])]);
        }
        model.clone()
    });
    drop(db);
    (flushed(&platform), states)
}

/// The log with the record of this number (1..=3) changed.
pub fn edited(state: &CrashState, number: usize, edit: Edit) -> Vec<u8> {
    let mut log = state.log.clone();
    let mut batches = Batch::all(&mut log);
    let first = batches.len() - 3;
    edit(&mut batches[first + number - 1]);
    log
}

/// Opens with the record of this number (1..=3) changed.
fn recover(number: usize, finding: Finding, edit: Edit, outcome: Outcome) {
    let (state, models) = three_records();
    let log = edited(&state, number, edit);
    let platform = on(state.data.clone(), log.clone());
    let opened = Database::open(platform.clone(), Memory::new(), quiet());
    let row = Finding::ALL.iter().position(|row| *row == finding).unwrap();
    let case = format!("{finding:?} at record {number}: {:?}", opened.as_ref().err());
    match outcome {
        Apply => expect(&opened.unwrap(), &models[3]),
        End => {
            let db = opened.unwrap_or_else(|_| panic!("{case}"));
            let rows = db.stats().recovery.rows;
            assert_eq!(rows[0][0], number as u64 - 1, "{case}: records applied");
            assert_eq!(rows[0][row], 1, "{case}: {rows:?}");
            assert_eq!(rows[1], [0; 6], "{case}: {rows:?}");
            expect(&db, &models[number - 1]);
        }
        Refuse => {
            assert!(matches!(opened.err(), Some(Error::CorruptLog { .. })), "{case}");
            let left = everything(&platform);
            assert!(left.log == log, "{case}: the log is as it was");
            // Nothing is lost: with the log as it was written everything is there.
            expect(&open(&on(left.data, state.log), Memory::new()), &models[3]);
        }
    }
}

#[test]
fn damage_at_or_above_the_watermark_is_a_torn_tail() {
    for (finding, edit, above, _) in TABLE {
        recover(3, finding, edit, above);
    }
}

#[test]
fn damage_below_the_watermark_is_refused() {
    for (finding, edit, _, below) in TABLE {
        recover(2, finding, edit, below);
        recover(1, finding, edit, below);
    }
}

/// Every finding stands in the table.
#[test]
fn the_table_has_every_row() {
    for finding in Finding::ALL {
        assert!(TABLE.iter().any(|(row, ..)| *row == finding), "{finding:?}");
    }
}
