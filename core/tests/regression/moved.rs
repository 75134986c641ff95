//! Leaves that moved while the nodes above them stayed, and pages whose buffers are taken over.
use crate::fixture::{Small, blank, commit, create, put, quiet, tree};
use drystone_core::{Cursor, View};

#[test]
fn a_delete_of_nothing_leaves_cursors() {
    for reuse in [0u32, 1, 5, 40] {
        let db = create(blank(), Small::<64, 8192>::new(), quiet());
        commit(&db, (0..100).map(|n| put(n, &[1; 30]))).unwrap();
        db.checkpoint().unwrap();
        // Moves a leaf in the middle; later commits use its old place again.
        for n in 0..=reuse {
            commit(&db, [put(50, &[n as u8 + 2; 30])]).unwrap();
        }
        let mut txn = db.write().unwrap();
        let id = tree(&txn);
        let mut cursor = Cursor::new(id);
        cursor.seek_first(&txn).unwrap();
        assert!(!txn.delete(id, b"nothing").unwrap());
        let mut seen = None;
        let result = cursor.visit(&txn, |key, value| {
            let mut bytes = [0; 4];
            key.copy_to(&mut bytes);
            if u32::from_be_bytes(bytes) == 50 {
                if let drystone_core::Value::Inline(v) = value {
                    seen = Some(v[0]);
                }
            }
            true
        });
        println!("reuse {reuse}: {result:?} {seen:?} want {}", reuse + 2);
        let mut got = 0;
        txn.get(id, &50u32.to_be_bytes(), |v| {
            if let drystone_core::Value::Inline(v) = v {
                got = v[0]
            }
        })
        .unwrap();
        assert_eq!(got as u32, reuse + 2);
        assert!(
            result == Err(drystone_core::Error::CursorInvalid)
                || (result.is_ok() && seen == Some(reuse as u8 + 2)),
            "reuse {reuse}: {result:?} {seen:?}"
        );
    }
}

/// A reader evicts the page that the writer is about to copy.
#[test]
fn a_page_is_evicted_while_it_is_copied() {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    let platform = blank();
    let db = create(platform.clone(), Small::<16, 8192>::new(), quiet());
    const KEYS: u32 = 600;
    for part in 0..KEYS / 20 {
        commit(&db, (0..20).map(|n| put(part * 20 + n, &(part * 20 + n).to_be_bytes().repeat(8)))).unwrap();
    }
    db.checkpoint().unwrap();
    let stop = AtomicBool::new(false);
    let commits = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for reader in 0..2u32 {
            let (db, stop) = (&db, &stop);
            scope.spawn(move || {
                let mut x = reader * 7919 + 1;
                while !stop.load(Ordering::Relaxed) {
                    let Ok(snapshot) = db.read() else { continue };
                    let id = tree(&snapshot);
                    for _ in 0..20 {
                        x = x.wrapping_mul(1664525).wrapping_add(1013904223);
                        let key = (x >> 8) % KEYS;
                        match snapshot.get(id, &key.to_be_bytes(), |v| match v {
                            drystone_core::Value::Inline(v) => v.to_vec(),
                            _ => vec![],
                        }) {
                            Ok(Some(v)) => assert_eq!(v[..4], key.to_be_bytes(), "reader"),
                            Ok(None) => {
                                stop.store(true, Ordering::Relaxed);
                                panic!("reader: key {key} is lost")
                            }
                            Err(drystone_core::Error::PoolExhausted) => {}
                            Err(e) => {
                                stop.store(true, Ordering::Relaxed);
                                panic!("reader: {e:?}")
                            }
                        }
                    }
                }
            });
        }
        let (db, stop, commits) = (&db, &stop, &commits);
        scope.spawn(move || {
            let mut x = 99u32;
            let start = std::time::Instant::now();
            while !stop.load(Ordering::Relaxed) && start.elapsed().as_secs() < 3 {
                x = x.wrapping_mul(1664525).wrapping_add(1013904223);
                let key = (x >> 8) % KEYS;
                match commit(db, [put(key, &key.to_be_bytes().repeat(8))]) {
                    Ok(()) => {
                        commits.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(drystone_core::Error::PoolExhausted) => {}
                    Err(e) => {
                        stop.store(true, Ordering::Relaxed);
                        panic!("writer: {e:?}")
                    }
                }
                if x % 64 == 0 {
                    let _ = db.checkpoint();
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        // A watchdog: the writer must go on.
        scope.spawn(move || {
            let mut last = 0;
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(std::time::Duration::from_secs(10));
                let now = commits.load(Ordering::Relaxed);
                if now == last && !stop.load(Ordering::Relaxed) {
                    eprintln!("DEADLOCK after {now} commits");
                    std::process::exit(3);
                }
                last = now;
            }
        });
    });
    println!("{} commits", commits.load(Ordering::Relaxed));
    let report = db.check().unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.entries, 1 + 1 + u64::from(KEYS));
}

/// Whatever was acknowledged on a full device can be brought back on it, and checkpointed.
#[test]
fn a_full_device_opens_again() {
    use drystone_core::{Database, Error, Options};
    use drystone_platform_sim::{Plan, Random, Role};
    type Memory = Small<32, 8192>;
    let mut bad = 0;
    let mut opened = 0;
    for seed in 0..400u64 {
        let mut random = Random::new(seed);
        let platform = blank();
        let capacity = 512 * (24 + random.below(80));
        platform.set_capacity(Role::Data, capacity);
        let options = Options { ring_len: 64 << 10, ..quiet() };
        let Ok(db) = Database::open(platform.clone(), Memory::new(), options) else { continue };
        let names: Vec<Vec<u8>> = (0..1 + random.below(4)).map(|n| format!("t{n}").into_bytes()).collect();
        let setup = || -> Result<(), Error<_>> {
            for name in &names {
                let mut txn = db.write()?;
                txn.create_tree(name)?;
                txn.commit()?;
            }
            Ok(())
        };
        if setup().is_err() {
            continue;
        }
        let len = 4 + random.index(120);
        for step in 0..600 {
            let one = || -> Result<(), Error<_>> {
                let mut txn = db.write()?;
                for _ in 0..1 + step % 3 {
                    let id = txn.tree(&names[step % names.len()])?.unwrap();
                    let key = (step as u32).wrapping_mul(2654435761) % 997;
                    txn.put(id, &key.to_be_bytes(), &vec![1; len])?;
                }
                txn.commit()
            };
            let done = one();
            if step % 97 == 50 {
                let _ = db.checkpoint();
            }
            if (done.is_err() && step % 3 == 0) || step % 40 == 0 {
                let state = platform.crash(Plan::AllNew);
                let again = crate::fixture::after(state);
                again.set_capacity(Role::Data, capacity);
                opened += 1;
                match Database::open(
                    again,
                    Memory::new(),
                    Options { create: false, ring_len: 64 << 10, ..quiet() },
                ) {
                    Ok(db) => {
                        if let Err(e) = db.checkpoint() {
                            bad += 1;
                            println!("seed {seed} step {step}: checkpoint {e:?}");
                            break;
                        }
                    }
                    Err(e) => {
                        bad += 1;
                        println!(
                            "seed {seed} capacity {} trees {} len {len} step {step}: open {e:?} after {done:?}",
                            capacity / 512,
                            names.len()
                        );
                        break;
                    }
                }
                if done.is_err() && random.one_in(10) {
                    break;
                }
            }
        }
    }
    println!("{opened} openings, {bad} failed");
    assert_eq!(bad, 0);
}
