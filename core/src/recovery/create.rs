//! Making a database on blank devices.
//!
//! Order: log ring of zeros, flush; what an interrupted creation left of a meta copy wiped, flush;
//! data reserved, map written, flush; first meta copy, flush; second meta copy, flush. Until the
//! second copy is there nobody was told that the database exists, so what a crash leaves before that
//! is blank again.

use super::assemble;
use super::checks::check_ring;
use crate::device::BlockDevice;
use crate::engine::{Database, Options, Span};
use crate::error::{DeviceName, Error, Operation};
use crate::log::format::{LogIdentity, looks_like_block};
use crate::log::reader::read_log;
use crate::log::ring::Position;
use crate::memory::Memory;
use crate::meta::format::META_LEN;
use crate::meta::{Meta, store};
use crate::page::Ptr;
use crate::page::format::CRC_LEN;
use crate::platform::Platform;
use crate::space::format::{META_PAGES, Shape};
use portable_atomic::Ordering;

/// Pages of a new database that are not places of the map.
const FIRST_PAGES: u32 = 16;
/// The first epoch and the first generation.
const FIRST: u64 = 1;
/// The place of its first copy.
const FIRST_COPY: u64 = FIRST % 2 * 2;

fn fail<E>(operation: Operation) -> impl FnOnce(E) -> Error<E> {
    move |error| Error::Device { device: DeviceName::Data, operation, offset: 0, error }
}

/// Whether the data device holds nothing, or no more than an interrupted creation leaves: zeros, or
/// a torn first meta copy beside a log without records.
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
    // Creation leaves zeros but for the map's places and the first copy, on a device of any length.
    let shape = Shape::new(page_size as usize - CRC_LEN);
    let page = |number: u32| u64::from(number) * u64::from(page_size);
    let map = page(META_PAGES)..page(shape.data_start(0));
    let mut first_copy = true;
    let mut at = 0;
    while at < len {
        let mut bytes = [0; META_LEN];
        let amount = (META_LEN as u64).min(len - at) as usize;
        let part = bytes.get_mut(..amount).unwrap_or_default();
        platform.data().read(at, part).map_err(fail(Operation::Read))?;
        if bytes.iter().any(|byte| *byte != 0) && !map.contains(&at) {
            if !(page(2)..page(3)).contains(&at) {
                return Ok(false);
            }
            first_copy = false;
        }
        at += META_LEN as u64;
    }
    let log_len = platform.log().len().map_err(fail(Operation::Length))?;
    let mut block = [0; META_LEN];
    if log_len >= META_LEN as u64 {
        read_log(platform, 0, &mut block)?;
    }
    // Zeros over zeros may be torn, too, so a log that is none says as much as one of zeros.
    let log_is_empty = !looks_like_block(&block);
    if first_copy {
        return Ok(!torn && log_is_empty);
    }
    Ok(log_len >= META_LEN as u64 && log_is_empty)
}

/// Erases what an interrupted creation left of its first meta copy: another torn write could complete
/// it, after the pages it speaks of were used again.
fn erase_first_copy<P: Platform, M: Memory<P>>(db: &Database<P, M>) -> Result<(), Error<P::Error>> {
    let (data, page_size) = (db.platform.data(), db.page_size());
    let offset = FIRST_COPY * u64::from(page_size);
    let mut bytes = [0; META_LEN];
    if data.len().map_err(fail(Operation::Length))? < offset + META_LEN as u64 {
        return Ok(());
    }
    data.read(offset, &mut bytes).map_err(fail(Operation::Read))?;
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    store::erase_copy(&db.platform, page_size, FIRST_COPY)?;
    db.flush_data()
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
    erase_first_copy(&db)?;
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
    for copy in [FIRST_COPY, FIRST_COPY + 1] {
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
