//! The databases that are damaged, and what is then done with them.

use crate::input::Patch;
use drystone_core::checksum::crc32c;
use drystone_core::{Cursor, Database, Options, StaticMemory, TreeId, Value, View};
use drystone_platform_sim::{Plan, SimOptions, SimPlatform};
use std::sync::OnceLock;

/// Bytes of a page, and of a block of either device.
const PAGE: usize = 512;
const RING: u64 = 32 * 1024;
const NAMES: [&[u8]; 2] = [b"words", b"longer"];

type Memory = StaticMemory<SimPlatform, PAGE, 128, 4096, 2>;
type Engine<'a> = Database<SimPlatform, &'a Memory>;

/// Both devices of a database.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    data: Vec<u8>,
    log: Vec<u8>,
}

fn options(read_only: bool, salvage: bool) -> Options {
    Options { create: true, read_only, salvage, ring_len: RING, ..Options::default() }
}

fn platform(data: Vec<u8>, log: Vec<u8>) -> SimPlatform {
    SimPlatform::new(SimOptions { seed: 1, block_size: PAGE as u32, data, log, record: false, nor: None })
}

/// A database with two trees of several levels, long values and a few free pages.
fn build(close: bool) -> Image {
    let sim = platform(Vec::new(), Vec::new());
    let memory = Box::new(Memory::new());
    let database = Database::open(sim.clone(), &*memory, options(false, false)).unwrap();
    let mut txn = database.write().unwrap();
    for name in NAMES {
        let tree = txn.create_tree(name).unwrap();
        for i in 0..120u32 {
            let len = if i % 10 == 0 { 700 } else { i as usize % 40 };
            txn.put(tree, format!("key {i:05}").as_bytes(), &vec![i as u8; len]).unwrap();
        }
    }
    txn.commit().unwrap();
    database.checkpoint().unwrap();
    for i in 0..12u32 {
        let mut txn = database.write().unwrap();
        let tree = txn.tree(NAMES[i as usize % 2]).unwrap().unwrap();
        txn.put(tree, format!("key {:05}", i * 7).as_bytes(), &[b'x'; 60]).unwrap();
        txn.delete(tree, format!("key {:05}", i * 7 + 3).as_bytes()).unwrap();
        txn.commit().unwrap();
    }
    if close {
        database.close().unwrap();
    }
    let state = sim.crash(Plan::AllNew);
    Image { data: state.data, log: state.log }
}

/// A database that was closed.
pub(crate) fn template_pages() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| build(true))
}

/// A database that was not closed: its log holds a dozen records.
pub(crate) fn template_log() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| build(false))
}

/// Lays the patch over its block; returns the block.
fn lay<'a>(device: &'a mut [u8], patch: &Patch<'_>) -> Option<&'a mut [u8]> {
    let count = device.len() / PAGE;
    let start = patch.block.checked_rem(count)? * PAGE;
    let block = device.get_mut(start..start + PAGE)?;
    let offset = patch.offset % PAGE;
    for (byte, new) in block.iter_mut().skip(offset).zip(patch.bytes) {
        *byte = *new;
    }
    Some(block)
}

/// Pages and log blocks begin with the checksum of the rest.
fn seal(block: &mut [u8]) {
    let (crc, rest) = block.split_at_mut(4);
    crc.copy_from_slice(&crc32c(0, rest).to_le_bytes());
}

impl Image {
    /// Cuts both devices, or makes them longer.
    pub(crate) fn resize(&mut self, data: u8, log: u8) {
        for (device, change) in [(&mut self.data, data), (&mut self.log, log)] {
            let blocks = device.len() / PAGE;
            let blocks = match change {
                0..32 => blocks * usize::from(change) / 32,
                32..64 => blocks + usize::from(change),
                _ => blocks,
            };
            device.resize(blocks * PAGE, change);
        }
    }

    pub(crate) fn patch_page(&mut self, patch: Patch<'_>, repair: bool) {
        if let (Some(block), true) = (lay(&mut self.data, &patch), repair) {
            seal(block);
        }
    }

    pub(crate) fn patch_log(&mut self, patch: Patch<'_>, repair: bool) {
        if lay(&mut self.log, &patch).is_some() && repair {
            self.repair_log();
        }
    }

    /// Makes the chain of records right again, as far as each lies in one block: the first record
    /// of each block follows the last one of the block before.
    fn repair_log(&mut self) {
        let mut chain: Option<[u8; 4]> = None;
        for block in self.log.chunks_mut(PAGE).filter(|block| block.get(4..8) == Some(b"DSlg")) {
            let (header, payload) = block.split_at_mut(64);
            let len = payload.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
            let end = len.saturating_add(24);
            if let Some((record, crc)) = payload.split_at_mut_checked(end).filter(|(_, rest)| rest.len() >= 4)
            {
                if let Some(chain) = chain {
                    record[4..8].copy_from_slice(&chain);
                }
                let sum = crc32c(0, record).to_le_bytes();
                crc[..4].copy_from_slice(&sum);
                chain = Some(sum);
                let used = (64 + end + 4) as u32;
                header[56..60].copy_from_slice(&used.to_le_bytes());
            }
            seal(block);
        }
    }
}

/// A damaged database that could be opened.
pub(crate) struct Opened {
    sim: SimPlatform,
    read_only: bool,
    /// Only like this it can be.
    salvage: bool,
}

impl Opened {
    /// `None` where opening is refused, as a salvage, too.
    pub(crate) fn new(image: Image, writable: bool) -> Option<Self> {
        let mut opened = Self { sim: platform(image.data, image.log), read_only: !writable, salvage: false };
        if opened.with(|_| ()).is_none() {
            opened.salvage = true;
            opened.with(|_| ())?;
        }
        Some(opened)
    }

    /// Opens, uses and leaves the database.
    fn with<T>(&self, f: impl FnOnce(&Engine<'_>) -> T) -> Option<T> {
        let memory = Box::new(Memory::new());
        let database =
            Database::open(self.sim.clone(), &*memory, options(self.read_only, self.salvage)).ok()?;
        Some(f(&database))
    }

    /// Whatever recovery believed, it made a sound database of it: only pages were undamaged here.
    pub(crate) fn assert_sound(&self) {
        self.with(|database| {
            let report = database.check();
            assert!(
                report.as_ref().is_ok_and(|report| report.is_ok()),
                "recovered from a damaged log: {report:?}"
            );
        });
    }

    /// Reads everything in both directions, changes some of it, checkpoints, opens again.
    pub(crate) fn exercise(&self) {
        self.with(|database| {
            let _ = database.check();
            for name in NAMES {
                read(database, name);
                let _ = change(database, name);
            }
            let _ = database.checkpoint();
            let _ = database.check();
        });
        self.with(|database| read(database, NAMES[0]));
    }
}

fn read(database: &Engine<'_>, name: &[u8]) {
    let Ok(snapshot) = database.read() else { return };
    let Ok(Some(tree)) = snapshot.tree(name) else { return };
    for i in 0..120u32 {
        let found = snapshot.get(tree, format!("key {i:05}").as_bytes(), |value| match value {
            Value::Overflow(overflow) => Some(overflow),
            Value::Inline(_) => None,
        });
        if let Ok(Some(Some(overflow))) = found {
            let _ = snapshot.read_value(&overflow, 0, &mut [0; 900]);
        }
    }
    let (forward, backward) = (scan(&snapshot, tree, true), scan(&snapshot, tree, false));
    if let (Ok(forward), Ok(backward)) = (forward, backward) {
        assert_eq!(forward, backward, "entries seen forwards and backwards");
    }
}

/// The number of entries met on a walk through a tree.
fn scan(view: &impl View, tree: TreeId, forward: bool) -> Result<usize, ()> {
    let mut cursor = Cursor::new(tree);
    let start = if forward { cursor.seek_first(view) } else { cursor.seek_last(view) };
    start.map_err(|_| ())?;
    let mut count = 0;
    while cursor.entry(view, |key, _| key.len()).map_err(|_| ())?.is_some() {
        count += 1;
        assert!(count < 1_000_000, "a walk without end");
        let step = if forward { cursor.next(view) } else { cursor.prev(view) };
        step.map_err(|_| ())?;
    }
    Ok(count)
}

fn change(database: &Engine<'_>, name: &[u8]) -> Option<()> {
    let mut txn = database.write().ok()?;
    let tree = txn.tree(name).ok()??;
    for i in 0..40u32 {
        let key = format!("key {:05}", i * 3);
        if i % 3 == 0 {
            txn.delete(tree, key.as_bytes()).ok()?;
        } else {
            txn.put(tree, key.as_bytes(), &vec![7; i as usize * 20]).ok()?;
        }
    }
    txn.commit().ok()
}
