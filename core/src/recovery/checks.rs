//! What must fit before anything is replayed: the meta and the log as wholes, the memory that was lent.

use super::{Log, reader};
use crate::device::BlockDevice;
use crate::engine::Options;
use crate::error::{DeviceName, Error, Operation};
use crate::limits::{FRAMES_MIN, PAGE_SIZE_MAX, PAGE_SIZE_MIN, RING_BLOCKS_MIN};
use crate::log::format::BLOCK_HEADER;
use crate::log::reader::{NUMBER_MAX, Survey};
use crate::memory::Memory;
use crate::meta::{Meta, store};
use crate::page::format::CRC_LEN;
use crate::platform::Platform;
use crate::space::format::{ENTRIES, ENTRY, MAP_LEVELS_MAX, Shape};
use portable_atomic::Ordering;

/// Looks over the log device, as far as it is there.
pub(super) fn look_at_log<P: Platform, M: Memory<P>>(
    platform: &P,
    memory: &M,
    meta: &Meta,
) -> Result<Log, Error<P::Error>> {
    let len = platform.log().len().map_err(|error| Error::Device {
        device: DeviceName::Log,
        operation: Operation::Length,
        offset: 0,
        error,
    })?;
    if len < meta.ring_len && meta.clean {
        return Ok(Log { len, survey: Survey::default(), lost: false });
    }
    let Some(buffer) = memory.logs().first() else {
        return Err(Error::MemoryTooSmall);
    };
    let mut buffer = buffer.lock();
    let survey = reader(platform, meta, len, buffer.as_mut()).survey()?;
    Ok(Log { len, survey, lost: false })
}

/// Says what is wrong with the log as a whole.
pub(super) const fn check_log<E>(found: &store::Found, log: &Log) -> Result<(), Error<E>> {
    let (meta, survey) = (&found.meta, &log.survey);
    if survey.own == 0 && survey.foreign > 0 {
        return Err(Error::LogForeign);
    }
    if survey.generation <= meta.generation {
        let there = log.len >= meta.ring_len || meta.clean;
        return if there { Ok(()) } else { Err(Error::LogMissing) };
    }
    if found.newer_lost && !meta.clean {
        // A later checkpoint was durable, and neither of its copies can be read.
        return Err(Error::MetaDamaged);
    }
    Err(Error::LogNewer { generation: meta.generation, found: survey.generation })
}

pub(super) fn check_meta<P: Platform, M: Memory<P>>(
    platform: &P,
    memory: &M,
    options: &Options,
    meta: &Meta,
) -> Result<(), Error<P::Error>> {
    let page_size = meta.page_size;
    if memory.page_size() != page_size as usize {
        return Err(Error::PageSize { page_size, memory: memory.page_size() as u32 });
    }
    let block_size = platform.data().geometry().block_size;
    if block_size > page_size && !options.read_only {
        return Err(Error::BlockSize { block_size, page_size });
    }
    let needed = u64::from(meta.page_count) * u64::from(page_size);
    let found = platform.data().len().map_err(|error| Error::Device {
        device: DeviceName::Data,
        operation: Operation::Length,
        offset: 0,
        error,
    })?;
    if found < needed && !(options.salvage && options.read_only) {
        return Err(Error::Truncated { needed, found });
    }
    let block_size = platform.log().geometry().block_size;
    if block_size != meta.log_block_size && !meta.clean {
        return Err(Error::LogBlockSize { block_size, found: meta.log_block_size });
    }
    // Nothing is in the ring of a clean database: where it is too short for this memory, the first write
    // makes it longer.
    let ring_len = if meta.clean { meta.ring_len.max(buffer_len(memory)) } else { meta.ring_len };
    check_ring(platform, memory, ring_len)?;
    let sane = levels_fit(meta)
        && meta.used_count <= meta.page_count
        && meta.replay.lsn >= meta.ring_base
        && [meta.epoch, meta.last_record, meta.generation, meta.identity.incarnation, meta.replay.lsn]
            .iter()
            .all(|number| *number < NUMBER_MAX)
        && meta.ring_len < NUMBER_MAX;
    if sane { Ok(()) } else { Err(Error::MetaDamaged) }
}

/// Whether the map is as high as its pages need.
fn levels_fit(meta: &Meta) -> bool {
    let shape = Shape::new(meta.page_size as usize - CRC_LEN);
    let Ok(levels) = u8::try_from(meta.map_levels) else { return false };
    let leaves = meta.page_count.div_ceil(shape.bits);
    levels <= MAP_LEVELS_MAX
        && meta.page_count <= shape.pages_max()
        && leaves <= shape.span(levels)
        && levels.checked_sub(1).is_none_or(|below| leaves > shape.span(below))
}

/// A ring must hold several batches, so that a commit finds room while a checkpoint is written.
pub(super) fn check_ring<P: Platform, M: Memory<P>>(
    platform: &P,
    memory: &M,
    ring_len: u64,
) -> Result<(), Error<P::Error>> {
    let block = u64::from(platform.log().geometry().block_size);
    let fits = ring_len.is_multiple_of(block) && ring_len >= RING_BLOCKS_MIN * block;
    if block == 0 || !fits || buffer_len(memory) > ring_len {
        return Err(Error::RingLength { ring_len });
    }
    Ok(())
}

/// Bytes of a log buffer.
fn buffer_len<P: Platform, M: Memory<P>>(memory: &M) -> u64 {
    memory.logs().first().map_or(0, |log| log.lock().as_ref().len()) as u64
}

/// Checks once what all other code relies on.
pub(super) fn check_memory<P: Platform, M: Memory<P>>(
    platform: &P,
    memory: &M,
) -> Result<(), Error<P::Error>> {
    let page_size = memory.page_size() as u32;
    if !page_size.is_power_of_two() || !(PAGE_SIZE_MIN..=PAGE_SIZE_MAX).contains(&page_size) {
        return Err(Error::PageSize { page_size, memory: page_size });
    }
    let frames = memory.frames().len();
    let hands = memory.hands().len();
    let block = platform.log().geometry().block_size as usize;
    let log_len = buffer_len(memory) as usize;
    let logs_fit = memory.logs().iter().all(|log| {
        let len = log.lock().as_ref().len();
        block > BLOCK_HEADER && len >= 2 * block && len.is_multiple_of(block) && len == log_len
    });
    let mut writer = memory.writer().lock();
    let lists = writer.lists.as_ref().len();
    // A list moves all its inline entries into one page.
    let room = (memory.page_size() - CRC_LEN - ENTRIES) / ENTRY;
    let inline_fits =
        writer.lists.as_ref().iter().all(|list| (2..=room).contains(&list.inline.as_ref().len()));
    let scratch = writer.scratch.as_mut().len();
    let fits = hands > 0
        && frames / hands >= FRAMES_MIN
        && frames.is_multiple_of(hands)
        && memory.keys().len() == frames
        && memory.flags().len() == frames
        && frames / hands < usize::from(u16::MAX)
        && !memory.logs().is_empty()
        && logs_fit
        && lists >= crate::space::lists::DEAD + 4
        && inline_fits
        && writer.operations.as_ref().len() >= block
        && scratch == memory.page_size();
    if !fits {
        return Err(Error::MemoryTooSmall);
    }
    // It may have served an earlier opening.
    for list in writer.lists.as_mut() {
        list.reset();
    }
    drop(writer);
    for (key, flags) in memory.keys().iter().zip(memory.flags()) {
        key.store(0, Ordering::Release);
        flags.store(0, Ordering::Release);
    }
    for slot in memory.readers() {
        slot.store(0, Ordering::Release);
    }
    Ok(())
}
