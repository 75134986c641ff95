//! Micro-benchmarks of the storage core on a platform in memory: `cargo bench -p drystone-benches`.
//!
//! | name | one iteration |
//! |---|---|
//! | `get/hot` | one random key of 100,000, every page in the pool |
//! | `scan/100` | seek to a random key, visit 100 entries |
//! | `insert/ascending`, `insert/random` | 10,000 entries put into an empty tree in one transaction, which is rolled back |
//! | `append/40` | begin, put 40 bytes under an existing key, commit: no flush, so the engine's share of a commit |
//!
//! Keys are 8 bytes, values 40.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use drystone::memory::{HeapMemory, MemoryOptions};
use drystone_benches::ram::RamPlatform;
use drystone_core::{Cursor, Database, Options, TreeId, View};
use drystone_platform_sim::Random;
use std::hint::black_box;

type Db = Database<RamPlatform, HeapMemory<RamPlatform>>;

/// Bytes of the devices: the log's is as long as a ring grows by default.
const DATA: usize = 64 << 20;
const LOG: usize = 64 << 20;
const VALUE: [u8; 40] = [0x5A; 40];

fn open() -> Db {
    let memory = HeapMemory::new(MemoryOptions::default());
    Db::open(RamPlatform::new(DATA, LOG), memory, Options::default()).unwrap()
}

/// A database with a tree of this many entries: ascending keys from 0.
fn filled(entries: u64) -> (Db, TreeId) {
    let db = open();
    let mut txn = db.write().unwrap();
    let tree = txn.create_tree(b"bench").unwrap();
    for key in 0..entries {
        txn.put(tree, &key.to_be_bytes(), &VALUE).unwrap();
    }
    txn.commit().unwrap();
    (db, tree)
}

fn reading(c: &mut Criterion) {
    const ENTRIES: u64 = 100_000;
    const SCANNED: u64 = 100;
    let (db, tree) = filled(ENTRIES);
    let snapshot = db.read().unwrap();
    let mut random = Random::new(1);
    c.bench_function("get/hot", |b| {
        b.iter(|| {
            let key = random.below(ENTRIES).to_be_bytes();
            snapshot.get(tree, &key, |value| black_box(value).len()).unwrap().unwrap()
        });
    });
    let mut group = c.benchmark_group("scan");
    group.throughput(Throughput::Elements(SCANNED));
    group.bench_function("100", |b| {
        let mut cursor = Cursor::new(tree);
        b.iter(|| {
            let key = random.below(ENTRIES - SCANNED).to_be_bytes();
            cursor.seek(&snapshot, &key).unwrap();
            let mut left = SCANNED;
            let visit = cursor.visit(&snapshot, |key, value| {
                black_box((key.len(), value.len()));
                left -= 1;
                left > 0
            });
            visit.unwrap();
            assert_eq!(left, 0);
        });
    });
}

fn inserting(c: &mut Criterion) {
    const ENTRIES: u64 = 10_000;
    let (db, _) = filled(1);
    let ascending: Vec<[u8; 8]> = (0..ENTRIES).map(u64::to_be_bytes).collect();
    let mut random = Random::new(2);
    let scattered: Vec<[u8; 8]> = (0..ENTRIES).map(|_| random.next_u64().to_be_bytes()).collect();
    let mut group = c.benchmark_group("insert");
    group.throughput(Throughput::Elements(ENTRIES));
    for (name, keys) in [("ascending", &ascending), ("random", &scattered)] {
        group.bench_function(name, |b| {
            let begin = || {
                let mut txn = db.write().unwrap();
                let tree = txn.create_tree(b"new").unwrap();
                (txn, tree)
            };
            // The transaction is handed back, so that its rollback is not timed. One at a time:
            // there is one writer's place.
            b.iter_batched(
                begin,
                |(mut txn, tree)| {
                    for key in keys {
                        txn.put(tree, key, &VALUE).unwrap();
                    }
                    txn
                },
                BatchSize::PerIteration,
            );
        });
    }
}

fn appending(c: &mut Criterion) {
    const ENTRIES: u64 = 10_000;
    let (db, tree) = filled(ENTRIES);
    let mut random = Random::new(3);
    c.bench_function("append/40", |b| {
        b.iter(|| {
            let mut txn = db.write().unwrap();
            txn.put(tree, &random.below(ENTRIES).to_be_bytes(), &VALUE).unwrap();
            txn.commit().unwrap();
        });
    });
}

criterion_group!(benches, reading, inserting, appending);
criterion_main!(benches);
