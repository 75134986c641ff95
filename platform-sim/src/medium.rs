//! One device's bytes: what is durable, and above it every version of each block since.
//!
//! Versions carry the number of the write that made them (`mark`). A flush that began at mark `m`
//! makes each block's newest version before `m` durable, unless an earlier flush of it failed
//! (`lost_before`): such a version stays readable, and stays a candidate of the next crash, but no
//! flush saves it.

use crate::nor::{Flash, Nor};
use crate::plan::{BlockFate, Decision, Fate, Unit, tear};
use crate::random::Random;
use crate::world::Role;
use std::collections::BTreeMap;
use std::ops::Range;

struct Version {
    mark: u64,
    bytes: Box<[u8]>,
}

/// A device's contents. Offsets and lengths were checked by the caller.
pub(crate) struct Medium {
    role: Role,
    block_size: usize,
    durable: Vec<u8>,
    /// What reads return.
    current: Vec<u8>,
    pending: BTreeMap<usize, Vec<Version>>,
    /// Lengths asked for since the last flush, oldest first.
    lengths: Vec<(u64, usize)>,
    lost_before: u64,
    /// In NOR mode; then nothing else is pending.
    flash: Option<Flash>,
}

impl Medium {
    pub(crate) fn new(role: Role, block_size: usize, nor: Option<Nor>, bytes: Vec<u8>) -> Self {
        Self {
            flash: nor.map(|nor| Flash::new(nor, &bytes)),
            role,
            block_size,
            current: bytes.clone(),
            durable: bytes,
            pending: BTreeMap::new(),
            lengths: Vec::new(),
            lost_before: 0,
        }
    }

    pub(crate) fn current(&self) -> &[u8] {
        &self.current
    }

    /// Blocks (and a length) that a crash now would decide about.
    pub(crate) fn pending_count(&self) -> usize {
        let running = self.flash.as_ref().and_then(Flash::pending);
        self.pending.len() + usize::from(!self.lengths.is_empty()) + usize::from(running.is_some())
    }

    /// In NOR mode, what remembers it.
    pub(crate) fn flash(&self) -> Option<&Flash> {
        self.flash.as_ref()
    }

    /// Erases; the range is whole units of a flash.
    pub(crate) fn erase(&mut self, mark: u64, range: Range<usize>) {
        if let Some(flash) = &mut self.flash {
            flash.begin(mark, range.clone(), true, &mut self.durable, &self.current);
            self.current[range].fill(0xFF);
        }
    }

    pub(crate) fn write(&mut self, mark: u64, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let range = offset..offset + bytes.len();
        if let Some(flash) = &mut self.flash {
            flash.begin(mark, range.clone(), false, &mut self.durable, &self.current);
            return self.current[range].copy_from_slice(bytes);
        }
        self.current[range].copy_from_slice(bytes);
        self.add_versions(mark, offset, offset + bytes.len());
    }

    fn add_versions(&mut self, mark: u64, start: usize, end: usize) {
        for block in start / self.block_size..end.div_ceil(self.block_size) {
            let from = block * self.block_size;
            let to = (from + self.block_size).min(self.current.len());
            let bytes = Box::from(&self.current[from..to]);
            let versions = self.pending.entry(block).or_default();
            versions.push(Version { mark, bytes });
        }
    }

    /// Changes the length; new bytes are zero.
    pub(crate) fn resize(&mut self, mark: u64, len: usize) {
        if len < self.current.len() {
            // The cut bytes may come back as they were, as zeros, or torn.
            let old = self.current.len();
            self.current[len..].fill(0);
            self.add_versions(mark, len, old);
        }
        self.current.resize(len, 0);
        self.lengths.push((mark, len));
    }

    /// Makes durable what was written before `mark`.
    pub(crate) fn flush(&mut self, mark: u64) {
        if let Some(flash) = &mut self.flash {
            flash.settle(&mut self.durable, &self.current);
        }
        let lost_before = self.lost_before;
        let saved = |version: u64| version < mark && version >= lost_before;
        if let Some(last) = self.lengths.iter().rposition(|(made, _)| *made < mark) {
            self.durable.resize(self.lengths[last].1, 0);
            self.lengths.drain(..=last);
        }
        let durable = &mut self.durable;
        let block_size = self.block_size;
        self.pending.retain(|block, versions| {
            if let Some(last) = versions.iter().rposition(|version| saved(version.mark)) {
                put(durable, block * block_size, &versions[last].bytes);
                versions.drain(..=last);
            }
            !versions.is_empty()
        });
    }

    /// A flush that began at `mark` failed: no later one saves what it covered.
    pub(crate) fn lose(&mut self, mark: u64) {
        self.lost_before = mark;
    }

    /// The things a crash decides about.
    pub(crate) fn units(&self, units: &mut Vec<Unit>) {
        if let Some((mark, _)) = self.lengths.last() {
            units.push(Unit { role: self.role, block: None, versions: self.lengths.len(), mark: *mark });
        }
        if let Some((offset, mark)) = self.flash.as_ref().and_then(Flash::pending) {
            let block = Some(offset / self.block_size as u64);
            units.push(Unit { role: self.role, block, versions: 1, mark });
        }
        for (block, versions) in &self.pending {
            units.push(Unit {
                role: self.role,
                block: Some(*block as u64),
                versions: versions.len(),
                mark: versions.last().map_or(0, |version| version.mark),
            });
        }
    }

    /// What a crash with these decisions leaves. Adds the fates as they came out.
    pub(crate) fn crash(
        &self,
        decisions: &[(Unit, Decision)],
        random: &mut Random,
        fates: &mut Vec<BlockFate>,
    ) -> Vec<u8> {
        let mine = || decisions.iter().filter(|(unit, _)| unit.role == self.role);
        let mut len = self.durable.len();
        for (_, decision) in mine().filter(|(unit, _)| unit.block.is_none()) {
            len = match decision.version(self.lengths.len()) {
                Some(version) => self.lengths[version].1,
                None => len,
            };
        }
        // A block is laid over the longest the device ever was; the length cuts it afterwards.
        let longest = self.durable.len().max(self.current.len()).max(len);
        let longest = self.lengths.iter().fold(longest, |most, (_, len)| most.max(*len));
        let mut image = self.durable.clone();
        image.resize(longest, 0);
        for (unit, decision) in mine() {
            let fate = match unit.block {
                None if len == self.durable.len() => Fate::Old,
                None => decision.fate(unit.versions),
                // Beyond the end that survived there is no block left to be new or torn.
                Some(block) if block * self.block_size as u64 >= len as u64 => Fate::Old,
                Some(block) => {
                    self.lay(&mut image, block as usize, *decision, random);
                    decision.fate(unit.versions)
                }
            };
            fates.push(BlockFate { role: self.role, block: unit.block, fate });
        }
        image.truncate(len);
        image
    }

    fn lay(&self, image: &mut [u8], block: usize, decision: Decision, random: &mut Random) {
        if let Some(flash) = &self.flash {
            return flash.cut(image, &self.current, decision, random);
        }
        let Some(versions) = self.pending.get(&block) else {
            return;
        };
        let start = block * self.block_size;
        match decision {
            Decision::Version(chosen) => {
                if let Some(version) = chosen.checked_sub(1).and_then(|i| versions.get(i)) {
                    put(image, start, &version.bytes);
                }
            }
            Decision::Torn => {
                // Between any two versions, the durable one included.
                let newer = random.index(versions.len());
                if newer > 0 {
                    put(image, start, &versions[random.index(newer)].bytes);
                }
                let end = (start + versions[newer].bytes.len()).min(image.len());
                tear(&mut image[start..end], &versions[newer].bytes, random);
            }
        }
    }
}

/// Copies `bytes` to `offset`, as far as there is room.
fn put(image: &mut [u8], offset: usize, bytes: &[u8]) {
    let len = bytes.len().min(image.len().saturating_sub(offset));
    if len > 0 {
        image[offset..offset + len].copy_from_slice(&bytes[..len]);
    }
}
