//! Reading and writing meta copies.

use super::format::{ERASED, META_LEN, Meta, MetaFault};
use crate::device::BlockDevice;
use crate::error::{DeviceName, Error, Operation};
use crate::limits::{PAGE_SIZE_MAX, PAGE_SIZE_MIN};
use crate::platform::Platform;
use crate::seeded::{Bug, is};

/// What the four places hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// The newest valid copy.
    pub meta: Meta,
    /// Highest incarnation of any valid copy.
    pub incarnation: u64,
    /// Both copies of the generation after it are unreadable, so it may not be the newest.
    pub newer_lost: bool,
    /// Which copy of the newest generation is bad, if one is.
    pub bad_copy: Option<u64>,
    /// Places that hold neither a copy nor nothing: what a cut left of a generation that never came to
    /// be.
    pub remnants: [bool; 4],
}

fn device_error<E>(operation: Operation, offset: u64) -> impl FnOnce(E) -> Error<E> {
    move |error| Error::Device { device: DeviceName::Data, operation, offset, error }
}

fn read_copy<P: Platform>(platform: &P, offset: u64) -> Result<Result<Meta, MetaFault>, Error<P::Error>> {
    let mut bytes = [0; META_LEN];
    platform.data().read(offset, &mut bytes).map_err(device_error(Operation::Read, offset))?;
    Ok(Meta::from_bytes(&bytes, |bytes| platform.crc32c(0, bytes)))
}

/// Reads all copies; pages of unknown size are tried at every place they could be.
pub(crate) fn read<P: Platform>(platform: &P) -> Result<Found, Error<P::Error>> {
    let len = platform.data().len().map_err(device_error(Operation::Length, 0))?;
    let mut magic = false;
    let mut version = None;
    let mut page_size = PAGE_SIZE_MIN;
    while page_size <= PAGE_SIZE_MAX {
        let mut copies = [None; 4];
        let mut remnants = [false; 4];
        for ((copy, place), remnant) in (0..4u64).zip(copies.iter_mut()).zip(&mut remnants) {
            let offset = copy * u64::from(page_size);
            if offset + META_LEN as u64 > len {
                continue;
            }
            let found = read_copy(platform, offset)?;
            *remnant = matches!(found, Err(MetaFault::Damaged | MetaFault::Magic));
            match found {
                Ok(meta) if meta.page_size == page_size && meta.generation % 2 == copy / 2 => {
                    *place = Some(meta)
                }
                Ok(_) | Err(MetaFault::Damaged) => magic = true,
                Err(MetaFault::Version(found)) => version = Some(found),
                Err(MetaFault::Blank | MetaFault::Magic) => {}
            }
        }
        if let Some(found) = newest(&copies) {
            return Ok(Found { remnants, ..found });
        }
        page_size *= 2;
    }
    Err(match version {
        Some(found) => Error::Version { found, supported: super::format::VERSION },
        None if magic => Error::MetaDamaged,
        None => Error::NotADatabase,
    })
}

/// The newest of four copies.
fn newest(copies: &[Option<Meta>; 4]) -> Option<Found> {
    let meta = copies.iter().flatten().max_by_key(|meta| meta.generation)?;
    let first = meta.generation % 2 * 2;
    let at = |copy: u64| copies.get(copy as usize).copied().flatten();
    let bad_copy = (first..first + 2).find(|copy| at(*copy) != Some(*meta));
    let other = (first + 2) % 4;
    let newer_lost = at(other).is_none() && at(other + 1).is_none() && meta.generation > 1;
    let incarnation = copies.iter().flatten().map(|meta| meta.identity.incarnation).max();
    Some(Found {
        meta: *meta,
        incarnation: incarnation.unwrap_or(0),
        newer_lost,
        bad_copy,
        remnants: [false; 4],
    })
}

/// Writes one copy of a meta.
pub(crate) fn write_copy<P: Platform>(platform: &P, meta: &Meta, copy: u64) -> Result<(), Error<P::Error>> {
    write_place(platform, meta.page_size, copy, &meta.to_bytes(|bytes| platform.crc32c(0, bytes)))
}

/// Writes over what is left of a copy. Not zeros: a copy ends with those, so that a write of them that
/// is torn could complete it.
pub(crate) fn erase_copy<P: Platform>(
    platform: &P,
    page_size: u32,
    copy: u64,
) -> Result<(), Error<P::Error>> {
    write_place(platform, page_size, copy, &[ERASED; META_LEN])
}

/// Writes the page of a copy: these bytes, and zeros.
fn write_place<P: Platform>(
    platform: &P,
    page_size: u32,
    copy: u64,
    bytes: &[u8; META_LEN],
) -> Result<(), Error<P::Error>> {
    static ZEROS: [u8; 512] = [0; 512];
    let offset = copy * u64::from(page_size);
    let page_size = page_size as usize;
    let mut slices: heapless::Vec<&[u8], { 2 + PAGE_SIZE_MAX as usize / 512 }> = heapless::Vec::new();
    let _ = slices.push(bytes);
    let mut left = page_size - META_LEN;
    while left > 0 {
        let amount = left.min(ZEROS.len());
        // Cannot fail: there is a place for every piece of the largest page.
        let _ = slices.push(ZEROS.get(..amount).unwrap_or(&[]));
        left -= amount;
    }
    platform.data().write(offset, &slices).map_err(device_error(Operation::Write, offset))
}

/// Writes both copies of a meta, over the older generation.
pub(crate) fn write<P: Platform>(platform: &P, meta: &Meta) -> Result<(), Error<P::Error>> {
    let first = meta.generation % 2 * 2;
    write_copy(platform, meta, first)?;
    if is(Bug::BothGenerations) {
        write_copy(platform, &Meta { generation: meta.generation + 1, ..*meta }, first ^ 2)?;
        write_copy(platform, &Meta { generation: meta.generation + 1, ..*meta }, first ^ 3)?;
    }
    write_copy(platform, meta, first + 1)
}
