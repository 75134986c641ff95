//! Memory that is too small for what the devices hold, or does not fit itself.

use crate::fixture::{
    Model, Small, after, blank, bytes, change, create, delete, everything, expect, fail_once, flushed, open,
    put, quiet, tree,
};
use drystone_core::memory::{Entry, Frame, List, Memory, SavepointSlot, Tables, WriterMemory, WriterMutex};
use drystone_core::{Database, Error, Platform, View};
use drystone_platform_sim::{OperationKind, Plan, Random, SimPlatform};
use lock_api::Mutex;
use portable_atomic::{AtomicU8, AtomicU64};

/// Whether it is the last record, which could pass for a torn tail, or not.
#[test]
fn a_record_longer_than_the_memory_for_it_is_refused_not_dropped() {
    for last in [true, false] {
        let platform = blank();
        let db = create(platform.clone(), Small::<32, 8192>::new(), quiet());
        let mut model = Model::new();
        change(&db, &mut model, [put(1, &[1; 100])]);
        change(&db, &mut model, [put(2, &[2; 3000])]);
        if !last {
            change(&db, &mut model, [put(3, &[3; 100])]);
        }
        drop(db);
        let state = flushed(&platform);
        let small = after(state.clone());
        let error = Database::open(small.clone(), Small::<32, 2048>::new(), quiet()).err();
        assert_eq!(error, Some(Error::MemoryTooSmall));
        let left = everything(&small);
        assert!(left.log == state.log, "the log is as it was");
        expect(&open(&after(left), Small::<32, 8192>::new()), &model);
    }
}

type Lock<T> = Mutex<<SimPlatform as Platform>::Mutex, T>;
type Lists<const INLINE: usize> = [List<[Entry; INLINE]>; 12];
type Savepoints = [SavepointSlot<Tables<2, 4>>; 2];

/// Memory whose space lists have as many inline entries as a test wants.
struct Inline<const INLINE: usize> {
    rest: Small<12, 8192>,
    writer: Lock<WriterMemory<[u8; 512], [u8; 8192], Lists<INLINE>, Savepoints>>,
}

impl<const INLINE: usize> Inline<INLINE> {
    fn new() -> Self {
        let writer = WriterMemory::new(
            [0; 512],
            [0; 8192],
            [const { List::new([Entry::NONE; INLINE]) }; 12],
            [const { SavepointSlot::EMPTY }; 2],
        );
        Self { rest: Small::new(), writer: Mutex::new(writer) }
    }
}

impl<const INLINE: usize> Memory<SimPlatform> for Inline<INLINE> {
    type Page = [u8; 512];
    type Log = [u8; 8192];
    type Operations = [u8; 8192];
    type Inline = [Entry; INLINE];
    type Lists = Lists<INLINE>;
    type Roots = Tables<2, 4>;
    type Savepoints = Savepoints;

    fn page_size(&self) -> usize {
        self.rest.page_size()
    }
    fn frames(&self) -> &[Frame<<SimPlatform as Platform>::RwLock, [u8; 512]>] {
        self.rest.frames()
    }
    fn keys(&self) -> &[AtomicU64] {
        self.rest.keys()
    }
    fn flags(&self) -> &[AtomicU8] {
        self.rest.flags()
    }
    fn hands(&self) -> &[Lock<u16>] {
        self.rest.hands()
    }
    fn logs(&self) -> &[Lock<[u8; 8192]>] {
        self.rest.logs()
    }
    fn readers(&self) -> &[AtomicU64] {
        self.rest.readers()
    }
    fn writer(&self) -> &WriterMutex<SimPlatform, Self> {
        &self.writer
    }
}

/// A list moves its inline entries into a page of its chain. `false`: this many are refused.
fn lists_spill<const INLINE: usize>() -> bool {
    let platform = blank();
    match Database::open(platform.clone(), Inline::<INLINE>::new(), quiet()) {
        Err(Error::MemoryTooSmall) => return false,
        other => drop(other.unwrap()),
    }
    let db = create(platform.clone(), Inline::<INLINE>::new(), quiet());
    let mut model = Model::new();
    let mut random = Random::new(INLINE as u64);
    let mut reader = None;
    for step in 0..120 {
        let key = |random: &mut Random| random.below(400) as u32;
        let changes: Vec<_> = (0..10)
            .map(|_| match random.one_in(4) {
                true => delete(key(&mut random)),
                false => put(key(&mut random), &[step as u8; 60]),
            })
            .collect();
        change(&db, &mut model, changes);
        // What a reader or a checkpoint protects makes the lists long.
        if step % 20 == 0 {
            reader = Some(db.read().unwrap());
        }
        if step % 15 == 0 {
            let _ = db.checkpoint_step(3).unwrap();
        }
    }
    drop(reader);
    expect(&db, &model);
    drop(db);
    for plan in [Plan::AllOld, Plan::AllNew, Plan::Seeded(INLINE as u64)] {
        expect(&open(&after(platform.crash(plan)), Inline::<INLINE>::new()), &model);
    }
    true
}

/// A list page of 512 bytes holds 23 entries.
#[test]
fn inline_lists_that_fit_a_page_lose_no_entry() {
    assert!(lists_spill::<2>());
    assert!(lists_spill::<16>());
    assert!(lists_spill::<23>());
}

#[test]
fn inline_lists_longer_than_a_page_are_refused() {
    assert!(!lists_spill::<24>());
    assert!(!lists_spill::<32>());
}

/// Notes of moved leaves of two trees, of two and three levels, in one table.
#[test]
fn leaves_of_two_trees_move_and_settle() {
    let mut platform = blank();
    let mut db = create(platform.clone(), Inline::<8>::new(), quiet());
    let mut txn = db.write().unwrap();
    let trees = [txn.create_tree(b"small").unwrap(), txn.create_tree(b"large").unwrap()];
    let sizes = [200, 2000];
    let mut model = sizes.map(|size| vec![Some([0; 20]); size]);
    for (tree, size) in trees.into_iter().zip(sizes) {
        for key in 0..size as u32 {
            txn.put(tree, &key.to_be_bytes(), &[0; 20]).unwrap();
        }
    }
    txn.commit().unwrap();
    let mut random = Random::new(9);
    for round in 0..3000u32 {
        let which = random.below(2) as usize;
        let key = random.below(sizes[which] as u64) as u32;
        let value = (random.below(8) > 0).then_some([round as u8; 20]);
        let mut txn = db.write().unwrap();
        match value {
            Some(value) => txn.put(trees[which], &key.to_be_bytes(), &value).map(drop).unwrap(),
            None => txn.delete(trees[which], &key.to_be_bytes()).map(drop).unwrap(),
        }
        if random.below(5) > 0 {
            txn.commit().unwrap();
            model[which][key as usize] = value;
        } else {
            drop(txn);
        }
        match random.below(100) {
            0 => db.checkpoint().unwrap(),
            1 => {
                drop(db);
                platform = after(flushed(&platform));
                db = open(&platform, Inline::<8>::new());
            }
            _ => {}
        }
        if round % 250 == 0 {
            let report = db.check().unwrap();
            assert!(report.is_ok(), "round {round}: {report:?}");
            let snapshot = db.read().unwrap();
            for (tree, model) in trees.into_iter().zip(&model) {
                for (key, value) in model.iter().enumerate() {
                    let key = (key as u32).to_be_bytes();
                    let found = snapshot.get(tree, &key, |found| bytes(&snapshot, found)).unwrap();
                    assert_eq!(found.as_deref(), value.as_ref().map(<[u8; 20]>::as_slice), "round {round}");
                }
            }
        }
    }
}

/// A read that fails while leaves are settled, and the tree's place in the state's table was taken by another tree.
#[test]
fn a_failed_read_while_leaves_settle_harms_nothing() {
    let mut failed = 0;
    for others in 2..26u32 {
        for skip in 0..8 {
            let platform = blank();
            let db = create(platform.clone(), Inline::<8>::new(), quiet());
            let mut model = Model::new();
            change(&db, &mut model, (0..1000).map(|key| put(key, &[0; 20])).collect::<Vec<_>>());
            db.checkpoint().unwrap();
            change(&db, &mut model, [put(500, &[1; 20])]);
            let mut txn = db.write().unwrap();
            let names: Vec<_> =
                (0..others).map(|n| format!("{n:03}-{}", "long".repeat(n as usize % 5))).collect();
            let trees: Vec<_> = names.iter().map(|name| txn.create_tree(name.as_bytes()).unwrap()).collect();
            txn.commit().unwrap();
            // Pages that are rolled back take the frames.
            let mut txn = db.write().unwrap();
            let large = tree(&txn);
            for key in (0..1000u32).step_by(7) {
                txn.put(large, &key.to_be_bytes(), &[2; 20]).unwrap();
            }
            drop(txn);
            fail_once(&platform, OperationKind::Read, skip);
            let mut txn = db.write().unwrap();
            let put = txn.put(*trees.last().unwrap(), b"key", b"value");
            failed += u32::from(put.is_err());
            drop(txn);
            platform.fail_no_more();
            expect(&db, &model);
            assert!(db.check().unwrap().is_ok(), "{others} trees, read {skip}: {put:?}");
        }
    }
    assert!(failed > 50, "{failed} failed");
}
