//! Leaves that moved while the nodes above them stayed, and pages whose buffers are taken over.

use crate::fixture::{Small, after, blank, commit, create, put, quiet, tree};
use drystone_core::{Cursor, Database, Error, Options, Value, View};
use drystone_platform_sim::{Plan, Random, Role, SimError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEYS: u32 = 600;

fn bytes(value: Value<'_>) -> Vec<u8> {
    match value {
        Value::Inline(bytes) => bytes.to_vec(),
        Value::Overflow(_) => Vec::new(),
    }
}

/// Deleting a key that is not there settles no notes, since cursors go on after it.
#[test]
fn a_delete_of_nothing_leaves_cursors() {
    let key = 50u32.to_be_bytes();
    for commits in 1..50u8 {
        let db = create(blank(), Small::<64, 8192>::new(), quiet());
        commit(&db, (0..100).map(|n| put(n, &[0; 30]))).unwrap();
        db.checkpoint().unwrap();
        // Moves a leaf in the middle; later commits use its old place again.
        for n in 1..=commits {
            commit(&db, [put(50, &[n; 30])]).unwrap();
        }
        let mut txn = db.write().unwrap();
        let id = tree(&txn);
        let mut cursor = Cursor::new(id);
        cursor.seek_first(&txn).unwrap();
        assert!(!txn.delete(id, b"nothing").unwrap());
        let mut seen = Vec::new();
        cursor
            .visit(&txn, |found, value| {
                if found.compare(&key).is_eq() {
                    seen = bytes(value);
                }
                true
            })
            .unwrap();
        assert_eq!(seen, [commits; 30]);
        assert_eq!(txn.get(id, &key, bytes).unwrap(), Some(seen));
    }
}

/// Readers evict the page that the writer is about to copy, and bring others into its frame.
#[test]
fn a_page_is_evicted_while_it_is_copied() {
    let db = create(blank(), Small::<16, 8192>::new(), quiet());
    let value = |key: u32| key.to_be_bytes().repeat(8);
    for part in 0..KEYS / 20 {
        commit(&db, (part * 20..part * 20 + 20).map(|key| put(key, &value(key)))).unwrap();
    }
    db.checkpoint().unwrap();
    let (stop, commits) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for seed in 1..3 {
            let (db, stop) = (&db, &stop);
            scope.spawn(move || {
                let mut random = Random::new(seed);
                while !stop.load(Ordering::Relaxed) {
                    let snapshot = db.read().unwrap();
                    let id = tree(&snapshot);
                    let key = random.below(u64::from(KEYS)) as u32;
                    match snapshot.get(id, &key.to_be_bytes(), bytes) {
                        Err(Error::PoolExhausted) => {}
                        found => assert_eq!(found.unwrap(), Some(value(key)), "seed {seed}, key {key}"),
                    }
                }
            });
        }
        let (db, stop, commits) = (&db, &stop, &commits);
        scope.spawn(move || {
            let mut random = Random::new(99);
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(3) {
                let key = random.below(u64::from(KEYS)) as u32;
                match commit(db, [put(key, &value(key))]) {
                    Err(Error::PoolExhausted) => {}
                    done => done.unwrap(),
                }
                commits.fetch_add(1, Ordering::Relaxed);
                if random.one_in(64) {
                    // Whether it finds the frames it needs is not the question.
                    let _ = db.checkpoint();
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    });
    println!("{} commits", commits.load(Ordering::Relaxed));
    let report = db.check().unwrap();
    assert!(report.is_ok(), "{report:?}");
}

/// What was acknowledged on a full device can be brought back on it, and checkpointed: settling takes
/// pages, too.
#[test]
fn a_full_device_opens_again() {
    let options = Options { ring_len: 64 << 10, ..quiet() };
    let mut opened = 0;
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let platform = blank();
        let capacity = 512 * (24 + random.below(80));
        platform.set_capacity(Role::Data, capacity);
        let Ok(db) = Database::open(platform.clone(), Small::<32, 8192>::new(), options) else { continue };
        let names = [b"a", b"b", b"c", b"d"];
        let trees = 1 + random.index(4);
        let len = 4 + random.index(120);
        let one = |name: &[u8], key: u32| -> Result<(), Error<SimError>> {
            let mut txn = db.write()?;
            let id = match txn.tree(name)? {
                Some(id) => id,
                None => txn.create_tree(name)?,
            };
            txn.put(id, &key.to_be_bytes(), &vec![1; len])?;
            txn.commit()
        };
        for step in 0..300 {
            let done = one(names[random.index(trees)], random.below(997) as u32);
            if step % 40 == 0 || done.is_err() && random.one_in(3) {
                let again = after(platform.crash(Plan::AllNew));
                again.set_capacity(Role::Data, capacity);
                let db = Database::open(again, Small::<32, 8192>::new(), options);
                let db = db.unwrap_or_else(|error| panic!("seed {seed}, step {step}: {error:?}"));
                db.checkpoint().unwrap_or_else(|error| panic!("seed {seed}, step {step}: {error:?}"));
                opened += 1;
            }
        }
    }
    assert!(opened > 500, "{opened} openings");
}
