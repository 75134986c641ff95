//! Bytes of the log.
//!
//! The log device is a ring of `ring_len` bytes, a multiple of the block size. An **LSN** is a byte
//! position in the endless log; it stands at ring offset `(lsn - base_lsn) % ring_len`. Blocks
//! begin at multiples of the block size.
//!
//! Block header (numbers little-endian):
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | CRC-32C of the bytes used after it |
//! | 4 | 4 | magic |
//! | 8 | 8 | LSN of this block |
//! | 16 | 8 | database id |
//! | 24 | 8 | incarnation |
//! | 32 | 8 | salt of the incarnation |
//! | 40 | 8 | durable LSN: the log was known flushed up to here when this was written |
//! | 48 | 8 | generation of the meta then |
//! | 56 | 4 | bytes used, header included; what follows means nothing |
//! | 60 | 4 | offset of the first record that begins in this block, 0 if none does |
//! | 64 | | payload |
//!
//! The payloads of consecutive blocks of one batch are one stream of records. A batch is what one
//! flush covers; it begins in a new block.
//!
//! | offset in record | size | field |
//! |---|---|---|
//! | 0 | 4 | length of the operations |
//! | 4 | 4 | chain: the CRC of the record before |
//! | 8 | 8 | epoch of the transaction |
//! | 16 | 8 | parent: epoch of the last record in the state it was made on |
//! | 24 | | operations |
//! | 24 + length | 4 | CRC-32C of all of the above |
//!
//! A record counts if its block chain is valid (LSN, database, incarnation, salt, CRC), its CRC is
//! right, its chain value is the CRC of the record before and its parent is the epoch of it.
//!
//! Operations, packed one after the other (varints are LEB128):
//!
//! | byte | operation | then |
//! |---|---|---|
//! | 1 | put | varint tree, varint key length, varint value length, key, value |
//! | 2 | delete | varint tree, varint key length, key |
//! | 3 | create tree | varint tree, varint name length, name |
//! | 4 | drop tree | varint tree, varint name length, name |
//! | 5 | clear tree | varint tree |

use crate::bytes::{put_u32, put_u64, u32_at, u64_at};
use crate::seeded::{Bug, is};
use core::ops::Range;

/// Bytes of a block header.
pub(crate) const BLOCK_HEADER: usize = 64;
/// Bytes of a record before its operations.
pub(crate) const RECORD_HEADER: usize = 24;
/// Bytes of a record besides its operations.
pub(crate) const RECORD_OVERHEAD: usize = RECORD_HEADER + 4;

const CRC: Range<usize> = 0..4;
const MAGIC: Range<usize> = 4..8;
const LSN: Range<usize> = 8..16;
const DATABASE: Range<usize> = 16..24;
const INCARNATION: Range<usize> = 24..32;
const SALT: Range<usize> = 32..40;
const DURABLE: Range<usize> = 40..48;
const GENERATION: Range<usize> = 48..56;
const USED: Range<usize> = 56..60;
const FIRST: Range<usize> = 60..64;

const _: () = assert!(
    CRC.end == MAGIC.start
        && MAGIC.end == LSN.start
        && LSN.end == DATABASE.start
        && DATABASE.end == INCARNATION.start
        && INCARNATION.end == SALT.start
        && SALT.end == DURABLE.start
        && DURABLE.end == GENERATION.start
        && GENERATION.end == USED.start
        && USED.end == FIRST.start
        && FIRST.end == BLOCK_HEADER
);

/// First bytes of every log block after its checksum.
const BLOCK_MAGIC: u32 = u32::from_le_bytes(*b"DSlg");

/// Whether bytes begin like a log block, valid or not.
pub(crate) fn looks_like_block(bytes: &[u8]) -> bool {
    u32_at(bytes, MAGIC.start) == BLOCK_MAGIC
}

/// Who a log belongs to: a chain consists of blocks of one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LogIdentity {
    pub database: u64,
    pub incarnation: u64,
    pub salt: u64,
}

/// A block's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    pub lsn: u64,
    pub identity: LogIdentity,
    pub durable_lsn: u64,
    pub generation: u64,
    pub used: u32,
    pub first: u32,
}

impl BlockHeader {
    /// Writes the header and the checksum.
    pub fn seal(&self, block: &mut [u8], crc32c: impl Fn(&[u8]) -> u32) {
        put_u32(block, MAGIC.start, BLOCK_MAGIC);
        put_u64(block, LSN.start, self.lsn);
        put_u64(block, DATABASE.start, self.identity.database);
        put_u64(block, INCARNATION.start, self.identity.incarnation);
        put_u64(block, SALT.start, self.identity.salt);
        put_u64(block, DURABLE.start, self.durable_lsn);
        put_u64(block, GENERATION.start, self.generation);
        put_u32(block, USED.start, self.used);
        put_u32(block, FIRST.start, self.first);
        let crc = crc32c(block.get(CRC.end..self.used as usize).unwrap_or(&[]));
        put_u32(block, CRC.start, crc);
    }

    /// The header of a block whose checksum is right and whose lengths lie inside it.
    pub fn open(block: &[u8], crc32c: impl Fn(&[u8]) -> u32) -> Option<Self> {
        let header = Self::peek(block)?;
        let used = block.get(CRC.end..header.used as usize)?;
        let right = crc32c(used) == u32_at(block, CRC.start);
        (right || is(Bug::LogChecksumUnchecked)).then_some(header)
    }

    fn peek(block: &[u8]) -> Option<Self> {
        if block.len() < BLOCK_HEADER || u32_at(block, MAGIC.start) != BLOCK_MAGIC {
            return None;
        }
        let header = Self {
            lsn: u64_at(block, LSN.start),
            identity: LogIdentity {
                database: u64_at(block, DATABASE.start),
                incarnation: u64_at(block, INCARNATION.start),
                salt: u64_at(block, SALT.start),
            },
            durable_lsn: u64_at(block, DURABLE.start),
            generation: u64_at(block, GENERATION.start),
            used: u32_at(block, USED.start),
            first: u32_at(block, FIRST.start),
        };
        let used = header.used as usize;
        (used >= BLOCK_HEADER && used <= block.len() && header.first <= header.used).then_some(header)
    }
}

/// A record's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub len: u32,
    pub chain: u32,
    pub epoch: u64,
    pub parent: u64,
}

impl RecordHeader {
    pub fn to_bytes(self) -> [u8; RECORD_HEADER] {
        let mut bytes = [0; RECORD_HEADER];
        put_u32(&mut bytes, 0, self.len);
        put_u32(&mut bytes, 4, self.chain);
        put_u64(&mut bytes, 8, self.epoch);
        put_u64(&mut bytes, 16, self.parent);
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            len: u32_at(bytes, 0),
            chain: u32_at(bytes, 4),
            epoch: u64_at(bytes, 8),
            parent: u64_at(bytes, 16),
        }
    }
}
