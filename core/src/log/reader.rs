//! Walking the log at recovery.
//!
//! First every block of the ring is looked at once: how far the log was known to be durable, and
//! how high LSNs and incarnations go. Then the chain of records is followed from the checkpoint's
//! position. Its end is decided by this table; the *watermark* is the highest durable LSN found in
//! the meta and in valid blocks of the chain's identity.
//!
//! | row | next record | at or above the watermark | below it |
//! |---|---|---|---|
//! | `Valid` | whole, right CRC, chain and parent | apply | apply |
//! | `NoBlock` | begins in a block that is not of this chain | end | refuse |
//! | `Cut` | begins in the chain, goes on in a block that is not | end | refuse |
//! | `BadRecord` | impossible length, or wrong CRC | end | refuse |
//! | `WrongChain` | does not follow the record before | end | refuse |
//! | `WrongParent` | was made on another state | end | refuse |
//!
//! "End" is a torn tail: nobody was told that it was durable. "Refuse" is damage.

use super::format::{BLOCK_HEADER, BlockHeader, LogIdentity, RECORD_HEADER, RecordHeader};
use super::ring::Position;
use crate::bytes::u32_at;
use crate::device::BlockDevice;
use crate::error::{DeviceName, Error, Operation};
use crate::platform::Platform;
use crate::seeded::{Bug, is};

/// What the next record looks like: the rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Finding {
    /// Whole, and it belongs here.
    Valid,
    /// It would begin in a block that is not of this chain.
    NoBlock,
    /// It goes on in a block that is not of this chain.
    Cut,
    /// Its length is impossible or its checksum wrong.
    BadRecord,
    /// It does not follow the record before.
    WrongChain,
    /// It was made on another state.
    WrongParent,
}

impl Finding {
    /// All rows, in the order of [`RecoveryStats::rows`].
    pub const ALL: [Self; 6] =
        [Self::Valid, Self::NoBlock, Self::Cut, Self::BadRecord, Self::WrongChain, Self::WrongParent];
}

/// What to do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Apply,
    End,
    Refuse,
}

/// The table.
pub(crate) const fn decide(finding: Finding, below_watermark: bool) -> Decision {
    match (finding, below_watermark) {
        (Finding::Valid, _) => Decision::Apply,
        (_, false) => Decision::End,
        (_, true) => Decision::Refuse,
    }
}

/// What recovery met, for tests and curious users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RecoveryStats {
    /// How often each row of the decision table was met: first at or above the watermark, then
    /// below, in the order of [`Finding::ALL`].
    pub rows: [[u64; 6]; 2],
    /// Bytes of the chain that was followed.
    pub bytes: u64,
    /// What an opening with [`crate::Options::salvage`] dropped.
    pub salvaged: Option<Salvaged>,
}

/// Acknowledged commits that were dropped, at the caller's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Salvaged {
    /// Those from this LSN on.
    pub lsn: u64,
    /// Bytes of the log from there on that were known to be durable; 0 where that is not known, as
    /// of a log that is missing.
    pub bytes: u64,
}

/// LSNs, epochs, incarnations and generations never get this high; so sums of them do not overflow.
pub(crate) const NUMBER_MAX: u64 = 1 << 62;

/// What a look at every block tells.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Survey {
    /// Highest durable LSN that a block of the identity vouches for.
    pub durable: u64,
    /// First LSN beyond every block seen, whoever wrote it.
    pub end: u64,
    /// Highest incarnation of any block of the database.
    pub incarnation: u64,
    /// Highest meta generation a block of the database names.
    pub generation: u64,
    /// Valid blocks of the database, and of others.
    pub own: u64,
    pub foreign: u64,
}

/// A valid block: its header and all its bytes.
type Block<'b> = (BlockHeader, &'b [u8]);

/// The reading end of the log.
pub(crate) struct Reader<'a, P: Platform> {
    pub platform: &'a P,
    pub block_size: usize,
    pub base: u64,
    pub ring_len: u64,
    /// Bytes of it that the device has: all but in a salvage. What is missing of a block is zero.
    pub there: u64,
    pub identity: LogIdentity,
    /// The next record begins here.
    pub position: Position,
    /// Epoch of the last record.
    pub parent: u64,
    /// Blocks read ahead, and the LSN of the first of them.
    pub buffer: &'a mut [u8],
    pub loaded: (u64, usize),
}

impl<'a, P: Platform> Reader<'a, P> {
    /// Looks at every block.
    pub fn survey(&mut self) -> Result<Survey, Error<P::Error>> {
        let mut survey = Survey::default();
        let chunk = self.buffer.len() - self.buffer.len() % self.block_size;
        let mut offset = 0;
        while offset < self.there {
            let len = (self.there - offset).min(chunk as u64) as usize;
            let bytes = read_blocks(self.platform, offset, len, self.block_size, self.buffer)?;
            for block in bytes.chunks(self.block_size) {
                if let Some(header) = BlockHeader::open(block, |bytes| self.platform.crc32c(0, bytes)) {
                    survey.note(&header, self.identity, self.block_size);
                }
            }
            offset += len as u64;
        }
        self.loaded = (0, 0);
        Ok(survey)
    }

    /// The valid block of this chain at `lsn`, a block's start.
    fn block(&mut self, lsn: u64) -> Result<Option<Block<'_>>, Error<P::Error>> {
        let size = self.block_size;
        let (start, len) = self.loaded;
        if lsn < start || lsn + size as u64 > start + len as u64 {
            let offset = (lsn - self.base) % self.ring_len;
            let most = (self.buffer.len() - self.buffer.len() % size) as u64;
            let len = most.min(self.there.saturating_sub(offset)) as usize;
            self.loaded = (0, 0);
            if len == 0 {
                return Ok(None);
            }
            let len = read_blocks(self.platform, offset, len, size, self.buffer)?.len();
            self.loaded = (lsn, len);
        }
        let at = (lsn - self.loaded.0) as usize;
        let block = self.buffer.get(at..at + size).unwrap_or(&[]);
        let header = BlockHeader::open(block, |bytes| self.platform.crc32c(0, bytes));
        Ok(header
            .filter(|header| header.lsn == lsn || is(Bug::LapUnchecked))
            .filter(|header| header.identity == self.identity)
            .map(|header| (header, block)))
    }

    /// Moves the position over padding to where the next record would begin; whether a block of
    /// the chain is there.
    fn skip_padding(&mut self) -> Result<bool, Error<P::Error>> {
        let size = self.block_size as u64;
        let in_block = self.position.lsn % size;
        if in_block != 0 {
            let start = self.position.lsn - in_block;
            match self.block(start)? {
                Some((header, _)) if in_block < u64::from(header.used) => return Ok(true),
                // The rest of the block is padding.
                Some(_) => self.position.lsn = start + size,
                // It was flushed before the checkpoint that names it, and is not retired.
                None => return Ok(false),
            }
        }
        let lsn = self.position.lsn;
        match self.block(lsn)? {
            Some(_) => {
                self.position.lsn = lsn + BLOCK_HEADER as u64;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Moves the position over a block that is not there, if the next one is.
    fn skip_block(&mut self) -> Result<bool, Error<P::Error>> {
        let size = self.block_size as u64;
        self.position.lsn = (self.position.lsn + 1).next_multiple_of(size);
        self.skip_padding()
    }

    /// Reads the next record's operations into `out`. The position moves behind it only if it is
    /// valid.
    pub fn next(&mut self, out: &mut [u8]) -> Result<(Finding, RecordHeader), Error<P::Error>> {
        let none = RecordHeader { len: 0, chain: 0, epoch: 0, parent: 0 };
        if !(self.skip_padding()? || is(Bug::HoleAccepted) && self.skip_block()?) {
            return Ok((Finding::NoBlock, none));
        }
        let mut at = self.position.lsn;
        let mut head = [0; RECORD_HEADER];
        if !self.copy(&mut at, &mut head)? {
            return Ok((Finding::Cut, none));
        }
        let header = RecordHeader::from_bytes(&head);
        if header.epoch >= NUMBER_MAX {
            return Ok((Finding::BadRecord, header));
        }
        let Some(operations) = out.get_mut(..header.len as usize) else {
            return self.too_long(at, &head, header);
        };
        let mut crc = [0; 4];
        if !self.copy(&mut at, operations)? || !self.copy(&mut at, &mut crc)? {
            return Ok((Finding::Cut, header));
        }
        let found = self.platform.crc32c(self.platform.crc32c(0, &head), operations);
        if found != u32_at(&crc, 0) && !is(Bug::LogChecksumUnchecked) {
            return Ok((Finding::BadRecord, header));
        }
        if is(Bug::HoleAccepted) || is(Bug::LapUnchecked) {
            self.position = Position { lsn: at, chain: found };
            self.parent = header.epoch;
            return Ok((Finding::Valid, header));
        }
        if header.chain != self.position.chain {
            return Ok((Finding::WrongChain, header));
        }
        if header.parent != self.parent {
            return Ok((Finding::WrongParent, header));
        }
        self.position = Position { lsn: at, chain: found };
        self.parent = header.epoch;
        Ok((Finding::Valid, header))
    }

    /// A record that does not fit the memory lent: damage, unless its checksum is right.
    fn too_long(
        &mut self,
        mut at: u64,
        head: &[u8],
        header: RecordHeader,
    ) -> Result<(Finding, RecordHeader), Error<P::Error>> {
        let mut crc = self.platform.crc32c(0, head);
        let mut left = header.len as usize;
        let mut piece = [0; 64];
        while left > 0 {
            let amount = left.min(piece.len());
            let bytes = piece.get_mut(..amount).unwrap_or_default();
            if !self.copy(&mut at, bytes)? {
                return Ok((Finding::Cut, header));
            }
            crc = self.platform.crc32c(crc, bytes);
            left -= amount;
        }
        let mut found = [0; 4];
        if !self.copy(&mut at, &mut found)? {
            return Ok((Finding::Cut, header));
        }
        if u32_at(&found, 0) != crc {
            return Ok((Finding::BadRecord, header));
        }
        Err(Error::MemoryTooSmall)
    }

    /// Copies stream bytes from `at` on, over block boundaries; `false` where the chain ends.
    fn copy(&mut self, at: &mut u64, out: &mut [u8]) -> Result<bool, Error<P::Error>> {
        let size = self.block_size as u64;
        let mut done = 0;
        while done < out.len() {
            let in_block = *at % size;
            let start = *at - in_block;
            let Some((header, block)) = self.block(start)? else {
                return Ok(false);
            };
            let from = if in_block == 0 { BLOCK_HEADER } else { in_block as usize };
            let bytes = block.get(from..header.used as usize).unwrap_or(&[]);
            if bytes.is_empty() {
                return Ok(false);
            }
            let amount = bytes.len().min(out.len() - done);
            if let (Some(to), Some(from)) = (out.get_mut(done..done + amount), bytes.get(..amount)) {
                to.copy_from_slice(from);
            }
            done += amount;
            *at = start + (from + amount) as u64;
        }
        Ok(true)
    }
}

impl Survey {
    fn note(&mut self, header: &BlockHeader, identity: LogIdentity, block_size: usize) {
        if header.lsn >= NUMBER_MAX || header.identity.incarnation >= NUMBER_MAX {
            return;
        }
        if header.identity.database != identity.database {
            self.foreign += 1;
            return;
        }
        self.own += 1;
        self.end = self.end.max(header.lsn.saturating_add(block_size as u64));
        self.incarnation = self.incarnation.max(header.identity.incarnation);
        self.generation = self.generation.max(header.generation);
        if header.identity == identity {
            self.durable = self.durable.max(header.durable_lsn);
        }
    }
}

/// Reads so many bytes into the buffer, and fills the last block up with zeros; the whole blocks.
fn read_blocks<'b, P: Platform>(
    platform: &P,
    offset: u64,
    len: usize,
    block_size: usize,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], Error<P::Error>> {
    let whole = buffer.get_mut(..len.next_multiple_of(block_size)).unwrap_or_default();
    let (read, rest) = whole.split_at_mut_checked(len).unwrap_or_default();
    read_log(platform, offset, read)?;
    rest.fill(0);
    Ok(whole)
}

/// Reads from the log device.
pub(crate) fn read_log<P: Platform>(
    platform: &P,
    offset: u64,
    bytes: &mut [u8],
) -> Result<(), Error<P::Error>> {
    platform.log().read(offset, bytes).map_err(|error| Error::Device {
        device: DeviceName::Log,
        operation: Operation::Read,
        offset,
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::{Decision, Finding, decide};

    #[test]
    fn the_table_is_complete() {
        for finding in Finding::ALL {
            for below in [false, true] {
                let expected = match (finding == Finding::Valid, below) {
                    (true, _) => Decision::Apply,
                    (false, false) => Decision::End,
                    (false, true) => Decision::Refuse,
                };
                assert_eq!(decide(finding, below), expected);
            }
        }
    }
}
