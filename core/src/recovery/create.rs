//! Making a database on blank devices.
//!
//! Order: log ring of zeros, flush; data reserved, map written, flush; first meta copy, flush;
//! second meta copy, flush. Until the second copy is there nobody was told that the database
//! exists, so what a crash leaves before that is blank again.

use super::{assemble, check_ring};
use crate::device::BlockDevice;
use crate::engine::{Database, Options, Span};
use crate::error::{DeviceName, Error, Operation};
use crate::log::format::LogIdentity;
use crate::log::reader::read_log;
use crate::log::ring::Position;
use crate::memory::Memory;
use crate::meta::format::META_LEN;
use crate::meta::{Meta, store};
use crate::page::Ptr;
use crate::platform::Platform;
use portable_atomic::Ordering;

/// Pages of a new database that are not places of the map.
const FIRST_PAGES: u32 = 16;
/// The first epoch and the first generation.
const FIRST: u64 = 1;

fn fail<E>(operation: Operation) -> impl FnOnce(E) -> Error<E> {
    move |error| Error::Device { device: DeviceName::Data, operation, offset: 0, error }
}

/// Whether the data device holds nothing, or no more than an interrupted creation leaves: zeros, or
/// a torn first meta copy beside a log of zeros.
pub(super) fn is_blank<P: Platform>(platform: &P, page_size: u32) -> Result<bool, Error<P::Error>> {
    let len = platform.data().len().map_err(fail(Operation::Length))?;
    if len == 0 {
        return Ok(true);
    }
    // A database of any page size is none of these.
    let torn = match store::read(platform) {
        Ok(_) | Err(Error::Version { .. }) => return Ok(false),
        Err(Error::NotADatabase) => false,
        Err(Error::MetaDamaged) => true,
        Err(other) => return Err(other),
    };
    let mut zeros = [true; 4];
    for (copy, zero) in zeros.iter_mut().enumerate() {
        let start = copy as u64 * u64::from(page_size);
        let mut bytes = [0; META_LEN];
        let amount = (META_LEN as u64).min(len.saturating_sub(start)) as usize;
        let part = bytes.get_mut(..amount).unwrap_or_default();
        if !part.is_empty() {
            platform.data().read(start, part).map_err(fail(Operation::Read))?;
        }
        *zero = bytes.iter().all(|byte| *byte == 0);
    }
    let log_len = platform.log().len().map_err(fail(Operation::Length))?;
    let mut block = [0; META_LEN];
    if log_len >= META_LEN as u64 {
        read_log(platform, 0, &mut block)?;
    }
    let log_is_zero = block.iter().all(|byte| *byte == 0);
    if zeros == [true; 4] {
        return Ok(!torn && log_is_zero);
    }
    Ok(zeros == [true, true, false, true] && log_len >= META_LEN as u64 && log_is_zero)
}

/// Makes an empty database.
pub(super) fn create<P: Platform, M: Memory<P>>(
    platform: P,
    memory: M,
    options: Options,
) -> Result<Database<P, M>, Error<P::Error>> {
    let page_size = memory.page_size() as u32;
    let block_size = platform.data().geometry().block_size;
    if block_size > page_size {
        return Err(Error::BlockSize { block_size, page_size });
    }
    check_ring(&platform, &memory, options.ring_len)?;
    let identity =
        LogIdentity { database: platform.entropy() | 1, incarnation: FIRST, salt: platform.entropy() };
    let meta = Meta {
        page_size,
        generation: FIRST,
        identity,
        epoch: 0,
        last_record: 0,
        catalog: Ptr::NULL,
        catalog_count: 0,
        map: Ptr::NULL,
        map_levels: 0,
        page_count: 0,
        used_count: 0,
        next_tree: crate::memory::State::<M::Roots>::EMPTY.next_tree,
        graves: 0,
        clean: false,
        replay: Position::default(),
        log_block_size: platform.log().geometry().block_size,
        durable_lsn: 0,
        ring_base: 0,
        ring_len: options.ring_len,
    };
    let db = assemble(platform, memory, options, meta, identity);
    db.extend_log(0, options.ring_len)?;
    let span = Span { epoch: FIRST, protected: 0, reserve: 0 };
    let meta = db.work(span, |workspace| {
        workspace.begin(FIRST_PAGES)?;
        workspace.fix_map(FIRST)?;
        let space = &workspace.space;
        Ok(Meta {
            epoch: FIRST,
            map: space.map,
            page_count: space.page_count,
            used_count: space.page_count - space.free_count,
            ..meta
        })
    })?;
    db.flush_data()?;
    for copy in [2, 3] {
        store::write_copy(&db.platform, &meta, copy)?;
        db.flush_data()?;
    }
    {
        let mut states = db.states.lock();
        states.committed.epoch = FIRST;
        states.visible.epoch = FIRST;
        states.durable = FIRST;
        let mut checkpoints = db.checkpoints.lock();
        checkpoints.durable = meta;
        db.pool.committed.store(FIRST, Ordering::Release);
        db.ring.lock().generation = FIRST;
    }
    db.armed.store(true, Ordering::Release);
    Ok(db)
}
