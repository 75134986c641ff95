//! Data devices that are full, and files that have become too long.

use crate::fixture::{
    Change, Model, Small, after, apply, blank, commit, create, delete, expect, open, put, quiet,
};
use drystone_core::View;
use drystone_core::{Database, Error, Options};
use drystone_platform_sim::{Plan, Random, Role, SimPlatform};

type Memory = Small<32, 8192>;

const KEYS: u32 = 150;

fn changes(random: &mut Random) -> Vec<Change> {
    let change = |random: &mut Random| {
        let key = random.below(u64::from(KEYS)) as u32;
        if random.one_in(4) { delete(key) } else { put(key, &vec![1; 50 + random.index(350)]) }
    };
    (0..1 + random.below(6)).map(|_| change(random)).collect()
}

/// Puts until the device is full; how many entries there are then.
fn fill(db: &Database<SimPlatform, Memory>, model: &mut Model) -> usize {
    for key in 0..10 * KEYS {
        let entry = [put(key, &[7; 300])];
        if commit(db, entry.clone()).is_ok() {
            apply(model, entry);
        } else if commit(db, entry.clone()).is_ok() {
            // The second try begins with a checkpoint, which may find space.
            apply(model, entry);
        } else {
            break;
        }
    }
    model.len()
}

/// Transactions, checkpoints and readers that come and go beside a device that is always about
/// full. "No space" is an answer, "read-only" is not.
fn crowd(seed: u64) {
    let mut random = Random::new(seed);
    let platform = blank();
    platform.set_capacity(Role::Data, 512 * (60 + random.below(60)));
    let db = create(platform.clone(), Memory::new(), Options { ring_len: 64 << 10, ..quiet() });
    let mut model = Model::new();
    let mut readers = Vec::new();
    let mut full = 0;
    for step in 0..400 {
        match random.below(8) {
            0 if readers.len() < 4 => readers.push((db.read().unwrap(), model.clone())),
            1 if !readers.is_empty() => {
                let (snapshot, model) = readers.swap_remove(random.index(readers.len()));
                assert!(crate::fixture::contents(&snapshot) == model, "seed {seed}, step {step}");
            }
            2 => assert_ne!(db.checkpoint(), Err(Error::ReadOnly), "seed {seed}, step {step}"),
            _ => {}
        }
        let changes = changes(&mut random);
        match commit(&db, changes.clone()) {
            Ok(()) => apply(&mut model, changes),
            Err(Error::NoSpace { .. } | Error::PoolExhausted) => full += 1,
            Err(error) => panic!("seed {seed}, step {step}: {error:?}"),
        }
    }
    assert!(full > 0, "seed {seed}: it never was full");
    drop(readers);
    expect(&db, &model);

    // Deletes work although it is full, and their space comes back.
    let most = [0; 3].map(|_| {
        let most = fill(&db, &mut model);
        expect(&db, &model);
        for key in model.keys().copied().collect::<Vec<_>>() {
            let deleted = commit(&db, [delete(key)]).or_else(|_| commit(&db, [delete(key)]));
            assert_eq!(deleted, Ok(()), "seed {seed}, delete {key}: {:?}", db.stats());
            apply(&mut model, [delete(key)]);
        }
        most
    });
    assert!(most[2] * 10 >= most[1] * 9, "seed {seed}: entries when full: {most:?}");
    fill(&db, &mut model);
    drop(db);
    expect(&open(&after(platform.crash(Plan::Seeded(seed))), Memory::new()), &model);
}

#[test]
fn a_full_database_with_readers_stays_writable() {
    // The last ones once ate the reserve through recycled pages.
    for seed in (0..50).chain([663, 700, 709, 723]) {
        crowd(seed);
    }
}

/// The pages of a dropped tree come back little by little, also where there is hardly a page left
/// to do that with.
#[test]
fn a_tree_dropped_on_a_full_device_gives_its_space_back() {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    platform.set_capacity(Role::Data, 512 * 80);
    let most = fill(&db, &mut model);
    let mut txn = db.write().unwrap();
    assert!(txn.drop_tree(b"tree").unwrap());
    txn.commit().unwrap();
    // A commit that finds no space makes the next one begin with a checkpoint.
    for _ in 0..2 * most {
        let mut txn = db.write().unwrap();
        if txn.tree(b"tree").unwrap().is_none() {
            let _ = txn.create_tree(b"tree");
        }
        let _ = txn.commit();
        let _ = commit(&db, [put(0, b"x")]);
        let _ = commit(&db, [delete(0)]);
    }
    model.clear();
    expect(&db, &model);
    let again = fill(&db, &mut model);
    assert!(again * 10 >= most * 9, "{most} entries, later {again}");
}

/// A few entries that change all the time keep no long file long.
#[test]
fn a_file_becomes_shorter_while_it_is_written() {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    for part in 0..20 {
        let entries: Vec<_> = (0..20).map(|key| put(part * 20 + key, &[1; 400])).collect();
        commit(&db, entries).unwrap();
    }
    let longest = db.stats().page_count;
    let mut txn = db.write().unwrap();
    let tree = crate::fixture::tree(&txn);
    txn.clear_tree(tree).unwrap();
    txn.commit().unwrap();
    for round in 0..60 {
        for step in 0..5 {
            let entry = [put(step % 3, &[round; 30])];
            commit(&db, entry.clone()).unwrap();
            apply(&mut model, entry);
        }
        db.checkpoint().unwrap();
    }
    let len = db.stats().page_count;
    assert!(longest > 400 && len < 100, "{longest} pages, later {len}");
    drop(db);
    expect(&open(&after(platform.crash(Plan::AllOld)), Memory::new()), &model);
}
