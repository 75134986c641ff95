//! Threads: what goes on while a flush of the log takes its time, and what many committing threads
//! find after a power cut.

use drystone_core::{Cursor, Database, Error, Options, TreeId, Value, View};
use drystone_crash::Desk;
use drystone_platform_sim::{Plan, Role, SimError, SimOptions, SimPlatform};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// Two sets of 16 pages, log buffers of 16 KiB.
type Memory = Desk<32, 16384, 2>;
type Db = Database<SimPlatform, Memory>;

/// Entries of the tree: many more than the pool holds.
const ENTRIES: u32 = 1_500;

fn open(platform: &SimPlatform) -> Db {
    let options = Options { ring_len: 64 << 10, ring_len_max: 256 << 10, ..Options::default() };
    Database::open(platform.clone(), Memory::default(), options).unwrap()
}

fn key(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

fn fill(db: &Db) -> TreeId {
    let mut txn = db.write().unwrap();
    let tree = txn.create_tree(b"numbers").unwrap();
    for number in 0..ENTRIES {
        txn.put(tree, &key(number), &[0; 20]).unwrap();
    }
    txn.commit().unwrap();
    db.checkpoint().unwrap();
    tree
}

fn first_byte(view: &impl View<Platform = SimPlatform>, tree: TreeId, number: u32) -> Option<u8> {
    let found = view.get(tree, &key(number), |value| match value {
        Value::Inline(bytes) => bytes.first().copied(),
        Value::Overflow(_) => None,
    });
    found.unwrap().flatten()
}

/// Entries forwards from the first.
fn count(view: &impl View<Platform = SimPlatform>, tree: TreeId) -> u32 {
    let mut cursor = Cursor::new(tree);
    let mut count = 0;
    cursor.seek_first(view).unwrap();
    let visited = cursor.visit(view, |_, _| {
        count += 1;
        true
    });
    visited.unwrap();
    count
}

/// Fails instead of hanging.
fn within(seconds: u64, task: impl FnOnce() + Send + 'static) {
    let (done, wait) = channel();
    let worker = thread::spawn(move || {
        task();
        let _ = done.send(());
    });
    let hung = wait.recv_timeout(Duration::from_secs(seconds));
    assert!(hung != Err(std::sync::mpsc::RecvTimeoutError::Timeout), "nothing moves any more");
    worker.join().unwrap();
}

fn put_and_commit(db: &Db, tree: TreeId, number: u32, byte: u8) {
    let mut txn = db.write().unwrap();
    txn.put(tree, &key(number), &[byte; 20]).unwrap();
    txn.commit().unwrap();
}

/// While a commit waits in its flush, snapshots begin and read and the next transaction runs up to
/// its own flush.
fn work_goes_on() {
    let platform = SimPlatform::new(SimOptions::default());
    let db = open(&platform);
    let tree = fill(&db);
    put_and_commit(&db, tree, 7, 1);
    let flushes = db.stats().log_flushes;
    platform.hold_flushes(Role::Log);
    thread::scope(|scope| {
        let first = scope.spawn(|| put_and_commit(&db, tree, 7, 2));
        platform.wait_for_held_flush(Role::Log);

        let snapshot = db.read().unwrap();
        assert_eq!(first_byte(&snapshot, tree, 7), Some(1), "not durable, so not visible");
        let before = db.stats();
        assert_eq!(first_byte(&snapshot, tree, 7), Some(1));
        let between = db.stats();
        assert!(
            between.page_hits > before.page_hits && between.page_reads == before.page_reads,
            "in the pool"
        );
        assert_eq!(count(&snapshot, tree), ENTRIES);
        assert!(db.stats().page_reads > between.page_reads + 20, "not in the pool");

        // A second transaction begins on the first one's state, puts and closes its record.
        let mut txn = db.write().unwrap();
        assert_eq!(first_byte(&txn, tree, 7), Some(2), "the next writer stands on what was committed");
        txn.put(tree, &key(8), &[3; 20]).unwrap();
        let second = scope.spawn(move || txn.commit().unwrap());
        // Its record is closed when the writer's place is free again.
        let third = db.write().unwrap();
        assert_eq!(first_byte(&third, tree, 8), Some(3));
        third.rollback();
        assert_eq!(first_byte(&db.read().unwrap(), tree, 8), Some(0));
        assert!(!first.is_finished() && !second.is_finished());
        assert_eq!(db.stats().log_flushes, flushes + 1, "the first is under way, the second waits");

        platform.release_flushes(Role::Log);
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(first_byte(&snapshot, tree, 7), Some(1), "a snapshot does not change");
    });
    let snapshot = db.read().unwrap();
    assert_eq!((first_byte(&snapshot, tree, 7), first_byte(&snapshot, tree, 8)), (Some(2), Some(3)));
    drop(snapshot);
    assert_eq!(db.stats().log_flushes, flushes + 2);
    assert!(db.check().unwrap().is_ok());
}

#[test]
fn work_goes_on_during_a_flush() {
    within(60, work_goes_on);
}

/// Several records closed during one flush share the next one.
#[test]
fn commits_share_a_flush() {
    within(60, || {
        const COMMITS: u32 = 6;
        let platform = SimPlatform::new(SimOptions::default());
        let db = open(&platform);
        let tree = fill(&db);
        put_and_commit(&db, tree, 0, 1);
        let flushes = db.stats().log_flushes;
        platform.hold_flushes(Role::Log);
        thread::scope(|scope| {
            scope.spawn(|| put_and_commit(&db, tree, 0, 2));
            platform.wait_for_held_flush(Role::Log);
            let db = &db;
            for number in 1..=COMMITS {
                scope.spawn(move || put_and_commit(db, tree, number, 2));
            }
            // All records are closed when a transaction sees them all.
            while (1..=COMMITS).any(|number| first_byte(&db.write().unwrap(), tree, number) != Some(2)) {
                thread::yield_now();
            }
            platform.release_flushes(Role::Log);
        });
        assert_eq!(db.stats().log_flushes, flushes + 2);
    });
}

/// Threads that commit, read and take checkpoints until the power goes: what each was told is
/// there.
#[test]
fn acknowledged_by_any_thread() {
    const THREADS: u32 = 4;
    let seed = std::env::var("DRYSTONE_SEED").map_or(1, |text| text.parse().unwrap());
    println!("seed {seed}");
    within(300, move || {
        for round in seed..seed + 12 {
            let platform = SimPlatform::new(SimOptions { seed: round, ..SimOptions::default() });
            let db = open(&platform);
            let tree = fill(&db);
            let acknowledged: Vec<AtomicU64> = (0..THREADS).map(|_| AtomicU64::new(0)).collect();
            let mut image = None;
            let off = AtomicBool::new(false);
            thread::scope(|scope| {
                let (db, off) = (&db, &off);
                for (thread, mine) in (0u32..).zip(&acknowledged) {
                    scope.spawn(move || {
                        let error = commit_until_it_fails(db, tree, thread, mine);
                        assert!(
                            off.swap(true, Ordering::AcqRel),
                            "round {round}, before the power went: {error:?}"
                        );
                    });
                }
                scope.spawn(move || while !off.load(Ordering::Acquire) && db.checkpoint_step(5).is_ok() {});
                scope.spawn(move || read_until_it_fails(db, tree));
                let told = || acknowledged.iter().map(|one| one.load(Ordering::Relaxed)).sum::<u64>();
                while told() < 100 * (1 + round % 5) && !off.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                let before = off.swap(true, Ordering::AcqRel);
                image = Some(platform.crash(Plan::Seeded(round)));
                assert!(!before);
            });
            drop(db);
            let image = image.unwrap();
            let options =
                SimOptions { seed: round, data: image.data, log: image.log, ..SimOptions::default() };
            let db = open(&SimPlatform::new(options));
            let report = db.check().unwrap();
            assert!(report.is_ok(), "round {round}: {report:?}");
            let snapshot = db.read().unwrap();
            for (thread, mine) in (0u32..).zip(&acknowledged) {
                let found = snapshot.get(tree, &key(ENTRIES + thread), number).unwrap().unwrap_or(0);
                let mine = mine.load(Ordering::Relaxed);
                assert!(found == mine || found == mine + 1, "round {round}: {found}, told {mine}");
            }
        }
    });
}

fn number(value: Value<'_>) -> u64 {
    match value {
        Value::Inline(bytes) => u64::from_be_bytes(bytes.try_into().unwrap()),
        Value::Overflow(_) => 0,
    }
}

/// Counts up under a key of its own, and puts others beside it.
fn commit_until_it_fails(db: &Db, tree: TreeId, thread: u32, acknowledged: &AtomicU64) -> Error<SimError> {
    let mut count = 1u64;
    loop {
        let commit = || -> Result<(), Error<_>> {
            let mut txn = db.write()?;
            txn.put(tree, &key(ENTRIES + thread), &count.to_be_bytes())?;
            for step in 0..count as u32 % 7 {
                txn.put(tree, &key((count as u32 * 31 + step * 97 + thread) % ENTRIES), &[count as u8; 30])?;
            }
            txn.commit()
        };
        match commit() {
            Ok(()) => {}
            // The simulated clock runs fast where threads wait.
            Err(Error::Busy) => continue,
            Err(error) => return error,
        }
        acknowledged.store(count, Ordering::Relaxed);
        count += 1;
    }
}

fn read_until_it_fails(db: &Db, tree: TreeId) {
    let mut least = 0;
    while let Ok(snapshot) = db.read() {
        let mut entries = 0;
        let mut cursor = Cursor::new(tree);
        let visited = cursor.seek_first(&snapshot).and_then(|()| {
            cursor.visit(&snapshot, |_, _| {
                entries += 1;
                true
            })
        });
        if visited.is_err() {
            return;
        }
        assert!(entries >= least && entries >= ENTRIES);
        least = entries;
    }
}
