//! Appending: records go into blocks of a buffer; a flush takes the buffer and writes it as one
//! batch. While one buffer is being flushed the other one fills.

use super::format::{BLOCK_HEADER, BlockHeader, LogIdentity, RECORD_HEADER, RECORD_OVERHEAD, RecordHeader};
use crate::bytes::put_u32;
use crate::seeded::{Bug, is};

/// A record longer than this part of the ring is not logged.
const RING_PART: u64 = 16;

/// Where the log stands after a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    /// The next record begins here or later.
    pub lsn: u64,
    /// CRC of the last record.
    pub chain: u32,
}

/// How full the ring is, bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fill {
    pub len: u64,
    /// What a recovery would need.
    pub filled: u64,
}

/// A batch on its way to the device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    /// Where in the ring it begins.
    pub offset: u64,
    /// Bytes: whole blocks, but that the end of the last one may be missing.
    pub len: usize,
    /// Bytes before the ring's end; the rest goes to its beginning.
    pub straight: usize,
    /// The log is durable up to here when it is flushed.
    pub end: u64,
}

/// The writing end of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ring {
    pub block_size: usize,
    /// What a write to the device may end on.
    pub write_size: usize,
    /// Bytes of a log buffer.
    pub buffer_len: usize,
    pub identity: LogIdentity,
    /// LSN at offset 0 of the device, some whole number of laps ago.
    pub base: u64,
    /// Bytes of the ring.
    pub len: u64,
    /// Blocks below this LSN may be overwritten.
    pub retired: u64,
    /// Generation of the newest durable meta.
    pub generation: u64,
    /// The buffer being filled.
    pub filling: usize,
    /// LSN of the first block in it.
    pub start: u64,
    /// Bytes in it: whole blocks but for the last.
    pub used: usize,
    /// Offset of the first record in the last block of it; 0 if none began there.
    first: u32,
    /// Where the newest record ends.
    pub position: Position,
}

impl Ring {
    /// A ring whose next block is at `start`; sizes are those of a block, a write and a log buffer.
    pub const fn new(sizes: [usize; 3], identity: LogIdentity, base: u64, len: u64, start: u64) -> Self {
        let [block_size, write_size, buffer_len] = sizes;
        Self {
            block_size,
            write_size,
            buffer_len,
            identity,
            base,
            len,
            retired: start,
            generation: 0,
            filling: 0,
            start,
            used: 0,
            first: 0,
            position: Position { lsn: start, chain: 0 },
        }
    }

    /// Ring offset of an LSN.
    pub const fn offset(&self, lsn: u64) -> u64 {
        let distance = lsn.wrapping_sub(self.base);
        // Most rings have a power of two bytes.
        if self.len.is_power_of_two() { distance & (self.len - 1) } else { distance % self.len }
    }

    /// Bytes of a position in its block: block sizes are powers of two.
    const fn in_block(&self, at: usize) -> usize {
        at & (self.block_size - 1)
    }

    /// Bytes of the whole blocks that hold the first `len` bytes.
    const fn whole_blocks(&self, len: usize) -> usize {
        self.in_block(len.wrapping_neg()) + len
    }

    /// LSN after the last block that holds anything.
    pub const fn end(&self) -> u64 {
        self.start + self.whole_blocks(self.used) as u64
    }

    /// Bytes of the ring that hold what a recovery would need.
    pub fn filled(&self) -> u64 {
        self.end() - self.retired
    }

    /// How full the ring is.
    pub fn fill(&self) -> Fill {
        Fill { len: self.len, filled: self.filled() }
    }

    /// Most bytes a record with `len` bytes of operations adds.
    const fn room_for(&self, len: usize) -> usize {
        let payload = self.block_size - BLOCK_HEADER;
        let len = len + RECORD_OVERHEAD;
        // Most fit one block.
        let blocks = if len <= payload { 1 } else { len.div_ceil(payload) };
        (blocks + 1) * self.block_size
    }

    /// Whether the ring has room for a record, whatever is in the buffer.
    fn has_room(&self, len: usize) -> bool {
        self.filled() + self.room_for(len) as u64 <= self.len
    }

    /// Whether the buffer has room for a record.
    pub fn fits_buffer(&self, buffer: &[u8], len: usize) -> bool {
        self.whole_blocks(self.used) + self.room_for(len) <= buffer.len()
    }

    /// Whether a record of this length is to be logged: the ring has room, an empty buffer could
    /// hold it, and it is not a big part of the ring.
    pub fn takes(&self, len: usize) -> bool {
        len as u64 <= self.len / RING_PART && self.room_for(len) <= self.buffer_len && self.has_room(len)
    }

    /// Appends a record to the filling buffer; the caller knows that it fits. The new position.
    pub fn append(
        &mut self,
        buffer: &mut [u8],
        epoch: u64,
        parent: u64,
        operations: &[u8],
        crc32c: impl Fn(u32, &[u8]) -> u32,
    ) -> Position {
        let header = RecordHeader { len: operations.len() as u32, chain: self.position.chain, epoch, parent }
            .to_bytes();
        let crc = crc32c(crc32c(0, &header), operations);
        self.begin_record(buffer);
        for part in [&header[..], operations, &crc.to_le_bytes()] {
            self.append_bytes(buffer, part);
        }
        self.position = Position { lsn: self.start + self.used as u64, chain: crc };
        self.position
    }

    /// Notes where the record begins, in a new block where the current one is full.
    fn begin_record(&mut self, buffer: &mut [u8]) {
        if self.in_block(self.used) == 0 {
            self.begin_block(buffer);
        }
        if self.first == 0 {
            self.first = self.in_block(self.used) as u32;
        }
    }

    fn begin_block(&mut self, buffer: &mut [u8]) {
        self.note_block(buffer);
        self.used += BLOCK_HEADER;
        self.first = 0;
    }

    /// Keeps `used` and `first` of a block in its place until it is sealed.
    fn note_block(&self, buffer: &mut [u8]) {
        if self.used > 0 {
            let block = self.used - self.block_size;
            put_u32(buffer, block, self.first);
        }
    }

    fn append_bytes(&mut self, buffer: &mut [u8], mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.in_block(self.used) == 0 {
                self.begin_block(buffer);
            }
            let room = self.block_size - self.in_block(self.used);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            crate::bytes::put(buffer, self.used, now);
            self.used += now.len();
            bytes = later;
        }
    }

    /// Closes the filling buffer as a batch: headers, which say how far the log was `durable` before, and
    /// checksums. The next record begins in a new block of the other buffer.
    pub fn close(
        &mut self,
        buffer: &mut [u8],
        buffers: usize,
        durable: u64,
        crc32c: impl Fn(&[u8]) -> u32,
    ) -> Batch {
        let size = self.block_size;
        let used = self.used;
        let len = self.whole_blocks(used);
        let last = len - size;
        put_u32(buffer, last, self.first);
        let durable_lsn = match durable {
            _ if is(Bug::WatermarkAhead) => self.start + len as u64,
            _ if is(Bug::WatermarkMissing) => 0,
            durable => durable,
        };
        for at in (0..len).step_by(size) {
            let header = BlockHeader {
                lsn: self.start + at as u64,
                identity: self.identity,
                durable_lsn,
                generation: self.generation,
                used: (used - at).min(size) as u32,
                first: crate::bytes::u32_at(buffer, at),
            };
            if let Some(block) = buffer.get_mut(at..at + size) {
                header.seal(block, &crc32c);
            }
        }
        let offset = self.offset(self.start);
        let straight = (self.len - offset) as usize;
        // Write sizes are powers of two that divide a block.
        let written = (used.wrapping_neg() & (self.write_size - 1)) + used;
        let batch = Batch { offset, len: written, straight, end: self.start + len as u64 };
        let again = is(Bug::BlockRewritten) && used < len;
        self.start += if again { last } else { len } as u64;
        self.used = 0;
        self.first = 0;
        self.filling = (self.filling + 1) % buffers;
        batch
    }
}

const _: () = assert!(RECORD_HEADER + 4 == RECORD_OVERHEAD);
