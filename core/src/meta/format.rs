//! Bytes of a meta copy: the first 256 bytes of each of pages 0..4 of the data device.
//! Generation g stands in pages `2 * (g % 2)` and the one after. The rest of the page is zero. What a
//! cut left of a copy is erased: 256 bytes of 0xff.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | CRC-32C of bytes 4..256 |
//! | 4 | 12 | magic `Drystone db\0` |
//! | 16 | 4 | format version |
//! | 20 | 4 | page size |
//! | 24 | 8 | database id |
//! | 32 | 8 | generation |
//! | 40 | 8 | incarnation of the log |
//! | 48 | 8 | salt of the log |
//! | 56 | 8 | epoch of the checkpoint |
//! | 64 | 8 | epoch of the last log record in it |
//! | 72 | 8 | catalog root: page, tag |
//! | 80 | 8 | entries of the catalog |
//! | 88 | 8 | map root: page, tag |
//! | 96 | 4 | inner levels of the map |
//! | 100 | 4 | page count |
//! | 104 | 4 | pages in use by the map |
//! | 108 | 4 | next tree id |
//! | 112 | 4 | dropped trees still to be freed |
//! | 116 | 4 | flags: bit 0 = closed cleanly, the log is empty |
//! | 120 | 8 | LSN where replay starts |
//! | 128 | 4 | chain value there |
//! | 132 | 4 | block size of the log |
//! | 136 | 8 | the log was known durable up to here |
//! | 144 | 8 | base LSN of the ring |
//! | 152 | 8 | length of the ring |
//! | 160 | 96 | zero |

use crate::bytes::{put, put_u32, put_u64, u32_at, u64_at};
use crate::log::format::LogIdentity;
use crate::log::ring::Position;
use crate::page::Ptr;

/// Bytes of a meta copy.
pub(crate) const META_LEN: usize = 256;
/// What an erased copy is filled with.
pub(crate) const ERASED: u8 = 0xFF;
/// Newest format version.
pub(crate) const VERSION: u32 = 2;
const MAGIC: &[u8; 12] = b"Drystone db\0";
const CLEAN: u32 = 1;

/// A durable checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta {
    pub page_size: u32,
    pub generation: u64,
    pub identity: LogIdentity,
    pub epoch: u64,
    pub last_record: u64,
    pub catalog: Ptr,
    pub catalog_count: u64,
    pub map: Ptr,
    pub map_levels: u32,
    pub page_count: u32,
    pub used_count: u32,
    pub next_tree: u32,
    pub graves: u32,
    pub clean: bool,
    pub replay: Position,
    pub log_block_size: u32,
    pub durable_lsn: u64,
    pub ring_base: u64,
    pub ring_len: u64,
}

/// Why bytes are no meta copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetaFault {
    /// Never written, or erased.
    Blank,
    /// Not even the magic is there.
    Magic,
    /// A copy, but damaged.
    Damaged,
    /// A newer format.
    Version(u32),
}

impl Meta {
    /// The copy's bytes.
    pub fn to_bytes(self, crc32c: impl Fn(&[u8]) -> u32) -> [u8; META_LEN] {
        let mut bytes = [0; META_LEN];
        put(&mut bytes, 4, MAGIC);
        put_u32(&mut bytes, 16, VERSION);
        put_u32(&mut bytes, 20, self.page_size);
        put_u64(&mut bytes, 24, self.identity.database);
        put_u64(&mut bytes, 32, self.generation);
        put_u64(&mut bytes, 40, self.identity.incarnation);
        put_u64(&mut bytes, 48, self.identity.salt);
        put_u64(&mut bytes, 56, self.epoch);
        put_u64(&mut bytes, 64, self.last_record);
        self.catalog.put(&mut bytes, 72);
        put_u64(&mut bytes, 80, self.catalog_count);
        self.map.put(&mut bytes, 88);
        put_u32(&mut bytes, 96, self.map_levels);
        put_u32(&mut bytes, 100, self.page_count);
        put_u32(&mut bytes, 104, self.used_count);
        put_u32(&mut bytes, 108, self.next_tree);
        put_u32(&mut bytes, 112, self.graves);
        put_u32(&mut bytes, 116, if self.clean { CLEAN } else { 0 });
        put_u64(&mut bytes, 120, self.replay.lsn);
        put_u32(&mut bytes, 128, self.replay.chain);
        put_u32(&mut bytes, 132, self.log_block_size);
        put_u64(&mut bytes, 136, self.durable_lsn);
        put_u64(&mut bytes, 144, self.ring_base);
        put_u64(&mut bytes, 152, self.ring_len);
        let crc = crc32c(bytes.get(4..).unwrap_or(&[]));
        put_u32(&mut bytes, 0, crc);
        bytes
    }

    /// The copy in these bytes.
    pub fn from_bytes(bytes: &[u8; META_LEN], crc32c: impl Fn(&[u8]) -> u32) -> Result<Self, MetaFault> {
        if bytes.get(4..16) != Some(MAGIC.as_slice()) {
            let is_blank = [0, ERASED].iter().any(|blank| bytes.iter().all(|byte| byte == blank));
            return Err(if is_blank { MetaFault::Blank } else { MetaFault::Magic });
        }
        if crc32c(bytes.get(4..).unwrap_or(&[])) != u32_at(bytes, 0) {
            return Err(MetaFault::Damaged);
        }
        let version = u32_at(bytes, 16);
        if version != VERSION {
            return Err(MetaFault::Version(version));
        }
        Ok(Self {
            page_size: u32_at(bytes, 20),
            generation: u64_at(bytes, 32),
            identity: LogIdentity {
                database: u64_at(bytes, 24),
                incarnation: u64_at(bytes, 40),
                salt: u64_at(bytes, 48),
            },
            epoch: u64_at(bytes, 56),
            last_record: u64_at(bytes, 64),
            catalog: Ptr::at(bytes, 72),
            catalog_count: u64_at(bytes, 80),
            map: Ptr::at(bytes, 88),
            map_levels: u32_at(bytes, 96),
            page_count: u32_at(bytes, 100),
            used_count: u32_at(bytes, 104),
            next_tree: u32_at(bytes, 108),
            graves: u32_at(bytes, 112),
            clean: u32_at(bytes, 116) & CLEAN != 0,
            replay: Position { lsn: u64_at(bytes, 120), chain: u32_at(bytes, 128) },
            log_block_size: u32_at(bytes, 132),
            durable_lsn: u64_at(bytes, 136),
            ring_base: u64_at(bytes, 144),
            ring_len: u64_at(bytes, 152),
        })
    }
}
