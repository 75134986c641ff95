//! Two threads of which one ends a checkpoint while the other commits and takes the next one.
//!
//! Where the switch happens is not left to chance: each test runs once for every release of a lock
//! by the first thread, and lets the second one run there as far as it gets.

use crate::fixture::{
    Model, after, change, commit, contents, create, expect, finish, flushed, open, put, quiet,
};
use crate::fixture::{Small, everything};
use drystone_core::Database;
use drystone_core::device::BlockDevice;
use drystone_core::memory::StaticMemory;
use drystone_platform_sim::{Failure, OperationKind, Role, SimOptions, SimPlatform, watch};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

type Memory = StaticMemory<SimPlatform, 512, 64, 8192, 4>;
type Db = Database<SimPlatform, Memory>;

/// How long a thread that may be blocked is waited for.
const PATIENCE: Duration = Duration::from_millis(15);

/// Runs `first`; at its n-th release of a lock `second` runs on another thread, to its end or until
/// it is blocked. `false`: there are fewer releases.
fn switch_at(n: u32, first: impl FnOnce(), second: impl FnOnce() + Send) -> bool {
    let releases = Arc::new(AtomicU32::new(0));
    thread::scope(|scope| {
        let (go, wait) = channel();
        let (done, finished) = channel();
        scope.spawn(move || {
            if wait.recv().is_ok() {
                second();
                let _ = done.send(());
            }
        });
        let count = Arc::clone(&releases);
        let hook = move || {
            if count.fetch_add(1, Ordering::Relaxed) + 1 == n {
                let _ = go.send(());
                let _ = finished.recv_timeout(PATIENCE);
            }
        };
        watch(hook, first);
    });
    releases.load(Ordering::Relaxed) >= n
}

fn at_every_release(least: u32, run: impl Fn(u32) -> bool) {
    let count = (1..).take_while(|n| run(*n)).count() as u32;
    println!("{count} releases");
    assert!(count >= least, "only {count} releases of a lock");
}

fn begin() -> (SimPlatform, Db) {
    let platform = SimPlatform::new(SimOptions::default());
    let db = create(platform.clone(), Memory::new(), quiet());
    (platform, db)
}

/// The live database, and what every kind of crash leaves of it.
fn expect_everywhere(platform: &SimPlatform, db: Db, model: &Model) {
    expect(&db, model);
    drop(db);
    for state in [flushed(platform), everything(platform)] {
        expect(&open(&after(state), Small::<64, 8192>::new()), model);
    }
}

/// When one checkpoint ends and the next one is fixed, the end of the first must not take away what
/// protects the second.
#[test]
fn the_end_of_a_checkpoint_leaves_the_next_one_protected() {
    at_every_release(5, |n| {
        let (platform, db) = begin();
        let mut model = Model::new();
        let round = |byte: u8| (0..30).map(move |key| put(key, &[byte; 60]));
        change(&db, &mut model, round(0));
        assert!(!db.checkpoint_step(1).unwrap());
        let first = || assert!(db.checkpoint_step(1000).unwrap());
        let second = || {
            commit(&db, round(1)).unwrap();
            let _ = db.checkpoint_step(1).unwrap();
        };
        let switched = switch_at(n, first, second);
        // While the second checkpoint is in progress.
        for byte in 2..7 {
            for key in 0..30 {
                change(&db, &mut model, [put(key, &[byte; 60])]);
            }
        }
        finish(&db).unwrap();
        expect_everywhere(&platform, db, &model);
        switched
    });
}

/// A database with much free space at its end, a fixed checkpoint of which will cut the device.
fn about_to_shrink() -> (SimPlatform, Db, Model) {
    let (platform, db) = begin();
    let mut model = Model::new();
    change(&db, &mut model, (0..200).map(|key| put(key, &[1; 400])));
    db.checkpoint().unwrap();
    let mut txn = db.write().unwrap();
    let tree = crate::fixture::tree(&txn);
    txn.clear_tree(tree).unwrap();
    txn.commit().unwrap();
    model.clear();
    for round in 0..40 {
        for _ in 0..5 {
            change(&db, &mut model, [put(1, &[round; 10])]);
        }
        let before = db.stats().page_count;
        assert!(!db.checkpoint_step(1).unwrap());
        if db.stats().page_count < before {
            return (platform, db, model);
        }
        finish(&db).unwrap();
    }
    panic!("it does not shrink");
}

/// The device is cut to a length that nobody grows beyond meanwhile.
#[test]
fn a_device_is_not_cut_below_what_a_writer_grew_it_to() {
    let cuts = Mutex::new(0);
    at_every_release(5, |n| {
        let (platform, db, mut model) = about_to_shrink();
        let len = || platform.device(Role::Data).len().unwrap();
        let before = len();
        let grow = |part: u32| (0..10).map(move |key| put(1000 + part * 10 + key, &[2; 400]));
        let first = || {
            finish(&db).unwrap();
            *cuts.lock().unwrap() += u32::from(len() < before);
        };
        let second = || (0..30).for_each(|part| commit(&db, grow(part)).unwrap());
        let switched = switch_at(n, first, second);
        if switched {
            for part in 0..30 {
                crate::fixture::apply(&mut model, grow(part));
            }
        }
        expect(&db, &model);
        db.checkpoint().unwrap();
        expect_everywhere(&platform, db, &model);
        switched
    });
    assert!(*cuts.lock().unwrap() > 0, "the device was never cut");
}

/// A flush fails while another thread is about to append: what follows a hole in the log is not
/// acknowledged.
#[test]
fn nothing_behind_a_failed_flush_is_acknowledged() {
    at_every_release(5, |n| {
        let (platform, db) = begin();
        platform.fail(Failure { role: Some(Role::Log), kind: OperationKind::Flush, skip: 0, sticky: false });
        let acknowledged = Mutex::new(Vec::new());
        let run = |key: u32| {
            if commit(&db, [put(key, b"value")]).is_ok() {
                acknowledged.lock().unwrap().push(key);
            }
        };
        let switched = switch_at(n, || run(1), || run(2));
        drop(db);
        let found = contents(&open(&after(flushed(&platform)), Small::<64, 8192>::new()).read().unwrap());
        for key in acknowledged.into_inner().unwrap() {
            assert!(found.contains_key(&key), "release {n}: {key} was acknowledged and is lost");
        }
        switched
    });
}
