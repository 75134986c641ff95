//! Scans: pages read together, hot pages kept, and damage that is told to who comes to it alone.

use crate::fixture::{
    Change, Model, SIZE, Small, after, apply, blank, change, commit, contents, create, delete, everything,
    expect, fail_once, flushed, on, open, put, quiet, tree,
};
use drystone_core::device::{BlockDevice, Geometry};
use drystone_core::error::Damage;
use drystone_core::{Cursor, Database, Error, Memory, Options, Platform, StaticMemory, View};
use drystone_platform_sim::{CrashState, OperationKind, Role, SimError, SimPlatform};
use portable_atomic::AtomicU32;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

const ENTRIES: u32 = 8000;

fn value(key: u32) -> Vec<u8> {
    key.to_be_bytes().repeat(8)
}

fn entries() -> impl Iterator<Item = Change> + Clone {
    (0..ENTRIES).map(|key| (key, Some(value(key))))
}

/// What the devices hold after ascending keys were put in one transaction.
fn loaded() -> CrashState {
    let platform = blank();
    let db = create(platform.clone(), Small::<64, 8192>::new(), quiet());
    commit(&db, entries()).unwrap();
    db.checkpoint().unwrap();
    drop(db);
    flushed(&platform)
}

fn model() -> Model {
    entries().map(|(key, value)| (key, value.unwrap())).collect()
}

/// A pool too large for a thread's stack.
fn pool<const FRAMES: usize>() -> &'static Small<FRAMES, 8192> {
    Box::leak(Box::new(Small::new()))
}

/// Read calls and pages read while `f` runs.
fn reads<M: Memory<SimPlatform>>(
    platform: &SimPlatform,
    db: &Database<SimPlatform, M>,
    f: impl FnOnce(),
) -> (u64, u64) {
    let counts = || (platform.counters(Role::Data).reads, db.stats().page_reads);
    let before = counts();
    f();
    let after = counts();
    (after.0 - before.0, after.1 - before.1)
}

/// Read calls for each page of a whole scan, one way and the other, with nothing in the pool.
fn calls_a_page<const FRAMES: usize>(state: &CrashState) -> [f64; 2] {
    [false, true].map(|back| {
        let platform = after(state.clone());
        let db = open(&platform, pool::<FRAMES>());
        let snapshot = db.read().unwrap();
        let mut cursor = Cursor::new(tree(&snapshot));
        let mut seen = 0;
        let (calls, pages) = reads(&platform, &db, || {
            let mut see = |_: drystone_core::Key<'_>, _: drystone_core::Value<'_>| {
                seen += 1;
                true
            };
            if back {
                cursor.seek_last(&snapshot).unwrap();
                cursor.visit_back(&snapshot, &mut see).unwrap();
            } else {
                cursor.seek_first(&snapshot).unwrap();
                cursor.visit(&snapshot, &mut see).unwrap();
            }
        });
        assert_eq!(seen, ENTRIES);
        // Each leaf once, with some ten entries.
        assert!((500..1000).contains(&pages), "{pages} pages");
        calls as f64 / pages as f64
    })
}

#[test]
fn neighbours_are_read_together_as_far_as_the_pool_is_large() {
    let state = loaded();
    for ratio in calls_a_page::<1024>(&state) {
        // Sixteen in one call, but for the end of each node above.
        assert!(ratio < 0.2, "{ratio} calls a page");
    }
    for ratio in calls_a_page::<256>(&state) {
        assert!((0.25..0.5).contains(&ratio), "{ratio} calls a page");
    }
    for ratio in calls_a_page::<64>(&state) {
        assert_eq!(ratio, 1.0, "calls a page");
    }
}

#[test]
fn a_short_range_reads_little_in_vain() {
    let platform = after(loaded());
    let db = open(&platform, pool::<1024>());
    let snapshot = db.read().unwrap();
    let mut cursor = Cursor::new(tree(&snapshot));
    cursor.seek(&snapshot, &4000u32.to_be_bytes()).unwrap();
    let mut left = 25;
    let (_, pages) = reads(&platform, &db, || {
        cursor
            .visit(&snapshot, |_, _| {
                left -= 1;
                left > 0
            })
            .unwrap();
    });
    // Two or three leaves behind the first one, and as many in vain at most.
    assert!((2..=6).contains(&pages), "{pages} pages");
}

/// The hot set fills half of the pool, and what is scanned is many times the pool.
#[test]
fn a_scan_leaves_the_hot_pages_in_the_pool() {
    let state = loaded();
    hot_set::<64>(&state);
    hot_set::<128>(&state);
}

fn hot_set<const FRAMES: usize>(state: &CrashState) {
    let platform = after(state.clone());
    let db = open(&platform, pool::<FRAMES>());
    let snapshot = db.read().unwrap();
    let tree = tree(&snapshot);
    let hot = || {
        let step = ENTRIES / (FRAMES as u32 / 3);
        for key in (0..ENTRIES).step_by(step as usize) {
            assert!(snapshot.get(tree, &key.to_be_bytes(), |_| ()).unwrap().is_some());
        }
    };
    hot();
    assert_eq!(reads(&platform, &db, hot), (0, 0), "before");
    for _ in 0..3 {
        assert_eq!(contents(&snapshot).len(), ENTRIES as usize);
    }
    let (_, pages) = reads(&platform, &db, hot);
    assert!(pages <= FRAMES as u64 / 30, "{pages} pages of the hot set were read again");
}

/// What a scan passed is kept once it is used otherwise, too.
#[test]
fn a_page_that_a_scan_brought_becomes_hot_by_use() {
    let platform = after(loaded());
    let db = open(&platform, pool::<64>());
    let snapshot = db.read().unwrap();
    contents(&snapshot);
    let key = (ENTRIES - 1).to_be_bytes();
    let get = || {
        snapshot.get(tree(&snapshot), &key, |_| ()).unwrap();
    };
    assert_eq!(reads(&platform, &db, get).1, 0, "the last leaf is there");
    let mut cursor = Cursor::new(tree(&snapshot));
    cursor.seek_first(&snapshot).unwrap();
    let mut left = ENTRIES - 100;
    cursor
        .visit(&snapshot, |_, _| {
            left -= 1;
            left > 0
        })
        .unwrap();
    assert_eq!(reads(&platform, &db, get).1, 0, "and still is");
}

/// The page of the leaf that holds a key.
fn page_of(state: &CrashState, key: u32) -> usize {
    let value = value(key);
    let at = state.data.windows(value.len()).position(|bytes| bytes == value);
    at.map(|at| at / SIZE as usize).unwrap()
}

#[test]
fn damage_of_a_page_read_ahead_is_told_to_who_comes_to_it() {
    let mut state = loaded();
    let page = page_of(&state, 4000);
    state.data[page * SIZE as usize + 300] ^= 1;
    let platform = after(state);
    let db = open(&platform, pool::<1024>());
    let snapshot = db.read().unwrap();
    let mut cursor = Cursor::new(tree(&snapshot));
    let damaged = Err(Error::Corrupt { page: page as u32, damage: Damage::Checksum });
    for _ in 0..2 {
        cursor.seek_first(&snapshot).unwrap();
        let mut seen = 0;
        let result = cursor.visit(&snapshot, |_, _| {
            seen += 1;
            true
        });
        assert_eq!(result, damaged);
        assert!((3980..=4000).contains(&seen), "{seen} entries before the damage");
        cursor.skip(&snapshot).unwrap();
        let next = cursor.entry(&snapshot, |key, _| key.compare(&4000u32.to_be_bytes()));
        assert_eq!(next, Ok(Some(std::cmp::Ordering::Greater)));
        cursor
            .visit(&snapshot, |_, _| {
                seen += 1;
                true
            })
            .unwrap();
        assert!((ENTRIES - 20..ENTRIES).contains(&seen), "{seen} entries around it");
    }
    assert_eq!(snapshot.get(tree(&snapshot), &4000u32.to_be_bytes(), |_| ()), damaged.map(|()| None));
}

/// A call for many pages that fails says nothing about the page that is wanted.
#[test]
fn a_failed_read_of_many_pages_is_followed_by_one_of_the_page_wanted() {
    let platform = after(loaded());
    let db = open(&platform, pool::<1024>());
    let snapshot = db.read().unwrap();
    let mut cursor = Cursor::new(tree(&snapshot));
    cursor.seek_first(&snapshot).unwrap();
    // Once in the middle, and where both fail the error is told.
    fail_once(&platform, OperationKind::Read, 8);
    let mut seen = 0;
    cursor
        .visit(&snapshot, |_, _| {
            seen += 1;
            true
        })
        .unwrap();
    assert_eq!(seen, ENTRIES);
    drop(snapshot);
    drop(db);
    let db = open(&platform, pool::<1024>());
    let snapshot = db.read().unwrap();
    cursor.seek_first(&snapshot).unwrap();
    fail_once(&platform, OperationKind::Read, 8);
    fail_once(&platform, OperationKind::Read, 9);
    let result = cursor.visit(&snapshot, |_, _| true);
    assert!(matches!(result, Err(Error::Device { .. })), "{result:?}");
    assert_eq!(contents(&snapshot), model());
}

/// Pages that are newer in the pool than on the device are read from the pool, by who may see them.
#[test]
fn a_scan_over_changed_pages_sees_its_own_state() {
    let platform = after(loaded());
    let db = open(&platform, pool::<1024>());
    let mut now = model();
    let old = db.read().unwrap();
    for round in 0..20 {
        let keys = (0..ENTRIES).skip(round as usize * 7).step_by(397);
        change(&db, &mut now, keys.map(|key| put(key, &[round; 31])).collect::<Vec<_>>());
        let keys = (0..ENTRIES).skip(round as usize * 11).step_by(709);
        change(&db, &mut now, keys.map(delete).collect::<Vec<_>>());
        assert!(contents(&db.read().unwrap()) == now, "round {round}");
        if round % 8 == 3 {
            db.checkpoint().unwrap();
        }
    }
    assert!(contents(&old) == model(), "the old state");
    drop(old);
    expect(&db, &now);
    drop(db);
    let state = everything(&platform);
    expect(&open(&on(state.data, state.log), pool::<512>()), &now);
}

/// Threads that scan a pool smaller than the data, one way and the other, while a writer changes leaves
/// everywhere and takes checkpoints: each scan shows one state.
#[test]
fn scans_of_threads_beside_a_writer_show_one_state_each() {
    const ROUNDS: u8 = 30;
    let platform = after(loaded());
    let db = open(&platform, pool::<256>());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let scanners: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut scans = 0;
                    while !done.load(Ordering::Relaxed) {
                        let found = contents(&db.read().unwrap());
                        assert_eq!(found.len(), ENTRIES as usize);
                        let round = found[&7][0];
                        let mixed = found.iter().find(|(key, value)| match *key % 97 {
                            7 => **value != [round; 31],
                            _ => **value != self::value(**key),
                        });
                        assert!(round == 0 || mixed.is_none(), "{mixed:?} in round {round}");
                        scans += 1;
                    }
                    scans
                })
            })
            .collect();
        for round in 1..=ROUNDS {
            commit(&db, (7..ENTRIES).step_by(97).map(|key| put(key, &[round; 31]))).unwrap();
            if round % 5 == 0 {
                db.checkpoint().unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
        let scans: u32 = scanners.into_iter().map(|scanner| scanner.join().unwrap()).sum();
        println!("{scans} scans");
    });
    let mut now = model();
    apply(&mut now, (7..ENTRIES).step_by(97).map(|key| put(key, &[ROUNDS; 31])));
    expect(&db, &now);
}

/// Pages of the longest read of a pool of 128 frames.
const RUN: usize = 2;

/// A data device whose longest reads wait until they may go on.
#[derive(Clone)]
struct Waiting {
    sim: SimPlatform,
    waits: Arc<AtomicBool>,
    arrived: Arc<AtomicUsize>,
}

impl BlockDevice for Waiting {
    type Error = SimError;
    const READS_VECTORED: bool = true;

    fn geometry(&self) -> Geometry {
        self.sim.data().geometry()
    }
    fn len(&self) -> Result<u64, SimError> {
        self.sim.data().len()
    }
    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), SimError> {
        self.sim.data().read(offset, buf)
    }
    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), SimError> {
        if bufs.len() == RUN && self.waits.load(Ordering::Acquire) {
            self.arrived.fetch_add(1, Ordering::AcqRel);
            while self.waits.load(Ordering::Acquire) {
                thread::yield_now();
            }
        }
        self.sim.data().read_vectored(offset, bufs)
    }
    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), SimError> {
        self.sim.data().write(offset, bufs)
    }
    fn flush(&self) -> Result<(), SimError> {
        self.sim.data().flush()
    }
    fn reserve(&self, len: u64) -> Result<(), SimError> {
        self.sim.data().reserve(len)
    }
    fn erase(&self, range: Range<u64>) -> Result<(), SimError> {
        self.sim.data().erase(range)
    }
}

impl Platform for Waiting {
    type Error = SimError;
    type Data = Self;
    type Log = <SimPlatform as Platform>::Log;
    type Mutex = <SimPlatform as Platform>::Mutex;
    type RwLock = <SimPlatform as Platform>::RwLock;
    const THREADS: bool = true;

    fn data(&self) -> &Self {
        self
    }
    fn log(&self) -> &Self::Log {
        self.sim.log()
    }
    fn now_us(&self) -> u64 {
        self.sim.now_us()
    }
    fn entropy(&self) -> u64 {
        self.sim.entropy()
    }
    fn crc32c(&self, crc: u32, bytes: &[u8]) -> u32 {
        self.sim.crc32c(crc, bytes)
    }
    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>) {
        self.sim.wait(word, seen, timeout_us);
    }
    fn wake(&self, word: &AtomicU32) {
        self.sim.wake(word);
    }
}

/// As many scans as could hold the whole pool read ahead on a device that takes its time.
#[test]
fn scans_on_a_slow_device_leave_frames_to_others() {
    const THREADS: u32 = 70;
    // Each thread reads and reads ahead in its own part; the last part is for the lookups.
    const PART: u32 = ENTRIES / (THREADS + 1);
    let platform = Waiting { sim: after(loaded()), waits: Arc::default(), arrived: Arc::default() };
    let memory: &'static StaticMemory<Waiting, 512, 128, 8192, 128> =
        Box::leak(Box::new(StaticMemory::new()));
    let db = Database::open(platform.clone(), memory, Options { create: false, ..quiet() }).unwrap();
    let tree = tree(&db.read().unwrap());
    platform.waits.store(true, Ordering::Release);
    let scan = |thread: u32| {
        let snapshot = db.read()?;
        let mut cursor = Cursor::new(tree);
        cursor.seek(&snapshot, &(PART * thread).to_be_bytes())?;
        let mut left = PART / 2;
        cursor.visit(&snapshot, |_, _| {
            left -= 1;
            left > 0
        })
    };
    let results = thread::scope(|scope| {
        let run = |thread| {
            let result = scan(thread);
            platform.arrived.fetch_add(1, Ordering::AcqRel);
            result
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || run(thread))).collect();
        while platform.arrived.load(Ordering::Acquire) < THREADS as usize {
            thread::yield_now();
        }
        let snapshot = db.read().unwrap();
        let look = |key: u32| snapshot.get(tree, &key.to_be_bytes(), |_| ()).map(drop);
        let found = (THREADS * PART + PART / 2..ENTRIES).try_for_each(look);
        platform.waits.store(false, Ordering::Release);
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        results.chain([found]).collect::<Result<(), _>>()
    });
    results.unwrap();
}
