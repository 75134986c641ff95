//! What counts as blank, so that a database may be made there, and what must not be overwritten.

use crate::fixture::{
    Model, SIZE, Small, after, blank, change, commit, create, everything, expect, flushed, on, open, put,
    quiet,
};
use drystone_core::checksum::crc32c;
use drystone_core::memory::StaticMemory;
use drystone_core::{Database, Error, MemoryDevice, MemoryError, Options, Platform};
use drystone_platform_sim::{CrashState, Plan, SimOptions, SimPlatform};
use std::sync::atomic::{AtomicU64, Ordering};

type Memory = Small<16, 2048>;

/// A database that was never checkpointed: all it holds is in the log.
fn young() -> (CrashState, Model) {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, (0..20).map(|key| put(key, &[1; 100])));
    drop(db);
    (flushed(&platform), model)
}

/// Opening with leave to create changes nothing of it; what it answered.
fn refused(what: &str, data: &[u8], log: &[u8]) -> Error<drystone_platform_sim::SimError> {
    let platform = on(data.to_vec(), log.to_vec());
    let error = Database::open(platform.clone(), Memory::new(), quiet()).err();
    let left = everything(&platform);
    assert!(left.data == data && left.log == log, "{what} was overwritten ({error:?})");
    error.unwrap_or_else(|| panic!("{what} was opened"))
}

#[test]
fn memory_of_another_page_size_does_no_harm() {
    let (state, model) = young();
    let platform = after(state.clone());
    let memory = StaticMemory::<SimPlatform, 4096, 16, 4096, 4>::new();
    let error = Database::open(platform.clone(), memory, quiet()).err();
    assert_eq!(error, Some(Error::PageSize { page_size: 512, memory: 4096 }));
    let left = everything(&platform);
    assert!(left.data == state.data && left.log == state.log);
    expect(&open(&after(left), Memory::new()), &model);
}

/// The same with a database of larger pages, whose copies the smaller ones do not look at.
#[test]
fn memory_of_smaller_pages_does_no_harm() {
    type Large = StaticMemory<SimPlatform, 4096, 16, 4096, 4>;
    let platform = blank();
    let db = create(platform.clone(), Large::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, [put(1, b"one")]);
    drop(db);
    let state = flushed(&platform);
    let error = refused("a database of larger pages", &state.data, &state.log);
    assert_eq!(error, Error::PageSize { page_size: 4096, memory: 512 });
    expect(&open(&after(state), Large::new()), &model);
}

#[test]
fn a_device_of_zeros_is_blank() {
    for len in [1, 256, 4 * SIZE, 24 * SIZE, 1000 * SIZE] {
        let platform = on(vec![0; len as usize], Vec::new());
        let db = create(platform.clone(), Memory::new(), quiet());
        let mut model = Model::new();
        change(&db, &mut model, [put(1, b"one")]);
        db.checkpoint().unwrap();
        drop(db);
        expect(&open(&after(flushed(&platform)), Memory::new()), &model);
    }
}

/// A platform of two buffers that cannot grow.
struct Buffers {
    data: Buffer,
    log: Buffer,
    drawn: AtomicU64,
}

type Buffer = MemoryDevice<<SimPlatform as Platform>::RwLock, Vec<u8>>;

impl Platform for &Buffers {
    type Error = MemoryError;
    type Data = Buffer;
    type Log = Buffer;
    type Mutex = <SimPlatform as Platform>::Mutex;
    type RwLock = <SimPlatform as Platform>::RwLock;
    const THREADS: bool = false;

    fn data(&self) -> &Buffer {
        &self.data
    }
    fn log(&self) -> &Buffer {
        &self.log
    }
    fn now_us(&self) -> u64 {
        0
    }
    fn entropy(&self) -> u64 {
        self.drawn.fetch_add(1, Ordering::Relaxed)
    }
    fn wait(&self, _: &portable_atomic::AtomicU32, _: u32, _: Option<u64>) {}
    fn wake(&self, _: &portable_atomic::AtomicU32) {}
}

#[test]
fn a_device_of_fixed_length_is_created_and_found_again() {
    let device = |len| MemoryDevice::new(vec![0; len], 512);
    let platform = Buffers { data: device(100 << 10), log: device(16 << 10), drawn: AtomicU64::new(1) };
    let memory = StaticMemory::<&Buffers, 512, 16, 2048, 4>::new();
    let options = Options { ring_len: 16 << 10, ..quiet() };
    let db = create(&platform, &memory, options);
    let mut model = Model::new();
    change(&db, &mut model, (0..100).map(|key| put(key, &[1; 100])));
    change(&db, &mut model, [put(7, b"seven")]);
    for close in [false, true] {
        let db = Database::open(&platform, &memory, Options { create: false, ..options }).unwrap();
        expect(&db, &model);
        change(&db, &mut model, [put(8 + u32::from(close), b"again")]);
        if close {
            db.close().unwrap();
        }
    }
    expect(&Database::open(&platform, &memory, options).unwrap(), &model);
}

/// Wherever the power goes during a creation: there is a database afterwards, or one can be made.
#[test]
fn an_interrupted_creation_is_blank_or_done() {
    let platform = SimPlatform::new(SimOptions { record: true, ..SimOptions::default() });
    let options = Options { ring_len: 8192, ..quiet() };
    drop(Database::open(platform.clone(), Memory::new(), options).unwrap());
    let trace = platform.trace().unwrap();
    let mut replay = trace.replay();
    let mut images = 0;
    loop {
        let plans = [Plan::AllOld, Plan::AllNew].into_iter().chain((0..40).map(Plan::Seeded));
        for plan in plans {
            let position = replay.position();
            let platform = after(replay.crash(plan));
            let db = match Database::open(platform.clone(), Memory::new(), options) {
                Ok(db) => db,
                Err(error) => panic!("position {position}, {plan:?}: {error:?}"),
            };
            let mut txn = db.write().unwrap();
            txn.create_tree(b"tree").unwrap();
            txn.commit().unwrap();
            let mut model = Model::new();
            change(&db, &mut model, [put(1, b"one")]);
            drop(db);
            expect(&open(&after(flushed(&platform)), Memory::new()), &model);
            images += 1;
        }
        if replay.step().is_none() {
            break;
        }
    }
    println!("{images} images");
}

#[test]
fn foreign_files_are_not_overwritten() {
    let text = b"Dear diary, today I wrote no database.\n".repeat(100);
    assert_eq!(refused("a text", &text, &[]), Error::NotADatabase);
    assert_eq!(refused("a short text", b"x", &[]), Error::NotADatabase);
    let noise: Vec<u8> = (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(refused("noise", &noise, &[]), Error::NotADatabase);

    // Zeros, but for one byte where no creation writes before it is done.
    let outside = [0, SIZE, 2 * SIZE - 1, 3 * SIZE, 8 * SIZE, 20 * SIZE + 17, 1000 * SIZE - 1];
    for at in outside {
        let mut data = vec![0; 1000 * SIZE as usize];
        data[at as usize] = 1;
        assert_eq!(refused(&format!("byte {at}"), &data, &[0; 8192]), Error::NotADatabase);
    }
}

#[test]
fn what_is_left_of_a_database_is_not_overwritten() {
    let (state, model) = young();
    // The log holds commits, whatever became of the data.
    let zeros = vec![0; state.data.len()];
    assert_eq!(refused("a log with commits", &zeros, &state.log), Error::NotADatabase);

    // Both copies of the meta torn.
    let mut torn = state.data.clone();
    for copy in 0..4 {
        torn[copy * SIZE as usize + 100] ^= 1;
    }
    assert_eq!(refused("torn metas", &torn, &state.log), Error::MetaDamaged);

    // Pages but no meta: the log of a closed database is empty.
    let db = open(&after(state), Memory::new());
    expect(&db, &model);
    let platform = db.platform().clone();
    db.close().unwrap();
    let closed = flushed(&platform);
    let mut headless = closed.data.clone();
    headless[..4 * SIZE as usize].fill(0);
    assert_eq!(refused("pages without a meta", &headless, &[]), Error::NotADatabase);
    let mut torn = closed.data.clone();
    for copy in 0..4 {
        torn[copy * SIZE as usize + 100] ^= 1;
    }
    assert_eq!(refused("torn metas without a log", &torn, &[]), Error::MetaDamaged);

    // A later format.
    let mut newer = closed.data;
    for copy in newer.chunks_mut(SIZE as usize).take(4).filter(|copy| copy[4] != 0) {
        copy[16..20].copy_from_slice(&9u32.to_le_bytes());
        let crc = crc32c(0, &copy[4..256]);
        copy[..4].copy_from_slice(&crc.to_le_bytes());
    }
    let error = refused("a later format", &newer, &closed.log);
    assert_eq!(error, Error::Version { found: 9, supported: 2 });
}

/// Without leave to create nothing is made.
#[test]
fn nothing_is_created_unasked() {
    let platform = blank();
    for options in [Options { create: false, ..quiet() }, Options { read_only: true, ..quiet() }] {
        assert_eq!(Database::open(platform.clone(), Memory::new(), options).err(), Some(Error::NotFound));
    }
    let db = create(platform, Memory::new(), quiet());
    commit(&db, [put(1, b"one")]).unwrap();
}
