//! The simulated device: one side of the world as a [`BlockDevice`].

use crate::failure::{OperationKind, SimError};
use crate::platform::Shared;
use crate::trace::Operation;
use crate::world::{Role, World};
use drystone_core::device::{BlockDevice, Geometry};
use std::ops::Range;
use std::sync::Arc;

/// One of the two devices of a [`crate::SimPlatform`].
#[derive(Clone)]
pub struct SimDevice {
    role: Role,
    shared: Arc<Shared>,
}

impl SimDevice {
    pub(crate) const fn new(role: Role, shared: Arc<Shared>) -> Self {
        Self { role, shared }
    }

    /// On flash: whether these bytes can be programmed.
    fn check_flash(&self, world: &World, offset: u64, len: u64) -> Result<(), SimError> {
        let Some(flash) = world.media.of(self.role).flash() else { return Ok(()) };
        if !is_whole(offset, len, flash.nor.word) {
            return Err(SimError::Unaligned { role: self.role, offset, len });
        }
        match flash.programmed(&(offset as usize..(offset + len) as usize)) {
            Some(offset) => Err(SimError::NotErased { role: self.role, offset }),
            None => Ok(()),
        }
    }

    fn check_range(&self, world: &World, offset: u64, len: u64) -> Result<(), SimError> {
        let device_len = world.media.of(self.role).current().len() as u64;
        match offset.checked_add(len) {
            Some(end) if end <= device_len => Ok(()),
            _ => Err(SimError::OutOfRange { role: self.role, offset, len, device_len }),
        }
    }
}

/// Whether a range is whole units of this size.
fn is_whole(offset: u64, len: u64, size: u32) -> bool {
    offset.is_multiple_of(u64::from(size)) && len.is_multiple_of(u64::from(size))
}

impl BlockDevice for SimDevice {
    type Error = SimError;
    const READS_VECTORED: bool = true;

    fn geometry(&self) -> Geometry {
        Geometry {
            block_size: self.shared.block_size,
            erase_size: self.shared.nor.map_or(0, |nor| nor.erase_size),
        }
    }

    fn len(&self) -> Result<u64, SimError> {
        let world = self.shared.world.lock();
        Ok(world.media.of(self.role).current().len() as u64)
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), SimError> {
        self.read_vectored(offset, &mut [buf])
    }

    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), SimError> {
        let len: usize = bufs.iter().map(|buf| buf.len()).sum();
        let mut world = self.shared.world.lock();
        world.counters_mut(self.role).reads += 1;
        world.admit(self.role, OperationKind::Read)?;
        self.check_range(&world, offset, len as u64)?;
        let mut rest = &world.media.of(self.role).current()[offset as usize..];
        for buf in bufs {
            let (from, after) = rest.split_at(buf.len());
            buf.copy_from_slice(from);
            rest = after;
        }
        Ok(())
    }

    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), SimError> {
        let mut bytes = bufs.concat();
        let mut world = self.shared.world.lock();
        let counters = world.counters_mut(self.role);
        counters.writes += 1;
        counters.bytes_written += bytes.len() as u64;
        let admitted = world.admit(self.role, OperationKind::Write);
        if admitted == Err(SimError::PowerLost) {
            return admitted;
        }
        self.check_range(&world, offset, bytes.len() as u64)?;
        self.check_flash(&world, offset, bytes.len() as u64)?;
        if admitted.is_err() {
            // Any part of the range may have been written.
            let written = world.random.index(bytes.len() + 1);
            let word = self.shared.nor.map_or(1, |nor| nor.word as usize);
            bytes.truncate(written - written % word);
        }
        let start = offset as usize;
        let differs = world.media.of(self.role).current()[start..start + bytes.len()] != bytes[..];
        world.counters_mut(self.role).changes += u64::from(differs);
        world.write(self.role, offset, bytes);
        admitted
    }

    fn flush(&self) -> Result<(), SimError> {
        let began = {
            let mut world = self.shared.world.lock();
            world.counters_mut(self.role).flushes += 1;
            if !world.powered {
                return Err(SimError::PowerLost);
            }
            world.marks()
        };
        self.shared.gate.pass(self.role);
        let mut world = self.shared.world.lock();
        let role = self.role;
        let admitted = world.admit(role, OperationKind::Flush);
        match admitted {
            Ok(()) => world.perform(Operation::Flush { role, began }),
            Err(SimError::PowerLost) => {}
            Err(_) => world.perform(Operation::FlushFailed { role, began }),
        }
        admitted
    }

    fn reserve(&self, len: u64) -> Result<(), SimError> {
        let mut world = self.shared.world.lock();
        let role = self.role;
        world.counters_mut(role).reserves += 1;
        world.admit(role, OperationKind::Reserve)?;
        let is_fixed = self.shared.nor.is_some() && len > world.media.of(role).current().len() as u64;
        if is_fixed || len > world.capacity[role as usize] {
            return Err(SimError::NoSpace(role));
        }
        if len > world.media.of(role).current().len() as u64 {
            world.perform(Operation::Resize { role, len });
        }
        Ok(())
    }

    fn truncate(&self, len: u64) -> Result<(), SimError> {
        let mut world = self.shared.world.lock();
        let role = self.role;
        if !world.powered {
            return Err(SimError::PowerLost);
        }
        if self.shared.nor.is_none() && len < world.media.of(role).current().len() as u64 {
            world.perform(Operation::Resize { role, len });
        }
        Ok(())
    }

    /// Without flash there is nothing to be done.
    fn erase(&self, range: Range<u64>) -> Result<(), SimError> {
        let mut world = self.shared.world.lock();
        let role = self.role;
        world.counters_mut(role).erases += 1;
        world.admit(role, OperationKind::Erase)?;
        let Some(nor) = self.shared.nor else { return Ok(()) };
        let (offset, len) = (range.start, range.end.saturating_sub(range.start));
        self.check_range(&world, offset, len)?;
        if !is_whole(offset, len, nor.erase_size) {
            return Err(SimError::Unaligned { role, offset, len });
        }
        if len > 0 {
            world.perform(Operation::Erase { role, offset, len });
        }
        Ok(())
    }
}
