//! Random operations against a `BTreeMap`, for several page and pool sizes.
//!
//! `DRYSTONE_MODEL_OPS` sets the number of operations a pair (default 20,000), `DRYSTONE_SEED` the
//! seed. After each thousand operations the database is checked, and it may not be longer than
//! twice the pages that are live or pinned, plus 64.

use drystone_core::memory::StaticMemory;
use drystone_core::{Cursor, Database, Options, Savepoint, Snapshot, TreeId, Value, View, WriteTxn};
use drystone_platform_sim::{Plan, Random, Role, SimOptions, SimPlatform};
use std::collections::BTreeMap;
use std::rc::Rc;

type Map = BTreeMap<Rc<[u8]>, Rc<[u8]>>;
type Error = drystone_core::Error<drystone_platform_sim::SimError>;

/// A write transaction of a pair.
type Txn<'d, const PAGE: usize, const FRAMES: usize> =
    WriteTxn<SimPlatform, Memory<PAGE, FRAMES>, &'d Database<SimPlatform, Memory<PAGE, FRAMES>>>;

const TREES: usize = 3;
const BLOCK: u32 = 512;

/// Memory of one pair.
type Memory<const PAGE: usize, const FRAMES: usize> = StaticMemory<SimPlatform, PAGE, FRAMES, 4096, 4>;

#[derive(Clone, Default, PartialEq, Debug)]
struct Model {
    trees: [Map; TREES],
}

/// A model and the way back, entry by entry.
#[derive(Default)]
struct Undo {
    steps: Vec<Step>,
}

/// Tree, key, and the value before.
type Step = (usize, Rc<[u8]>, Option<Rc<[u8]>>);

impl Undo {
    fn set(&mut self, model: &mut Model, tree: usize, key: &[u8], value: Option<&[u8]>) -> bool {
        let map = &mut model.trees[tree];
        let key: Rc<[u8]> = key.into();
        let old = match value {
            Some(value) => map.insert(key.clone(), value.into()),
            None => map.remove(&key),
        };
        let was = old.is_some();
        self.steps.push((tree, key, old));
        was
    }

    fn clear(&mut self, model: &mut Model, tree: usize) {
        for (key, value) in std::mem::take(&mut model.trees[tree]) {
            self.steps.push((tree, key, Some(value)));
        }
    }

    fn back_to(&mut self, model: &mut Model, position: usize) {
        for (tree, key, value) in self.steps.drain(position..).rev() {
            match value {
                Some(value) => model.trees[tree].insert(key, value),
                None => model.trees[tree].remove(&key),
            };
        }
    }
}

struct Run<const PAGE: usize, const FRAMES: usize> {
    random: Random,
    committed: Model,
    /// Whole trees are cleared and dropped too; what a file then holds depends on what pins it.
    drops: bool,
    label: String,
}

struct Pinned<'d, const PAGE: usize, const FRAMES: usize> {
    snapshot: Snapshot<SimPlatform, Memory<PAGE, FRAMES>, &'d Database<SimPlatform, Memory<PAGE, FRAMES>>>,
    model: Model,
}

fn key(random: &mut Random, page: usize) -> Vec<u8> {
    let number = random.below(400);
    let mut key = match random.below(20) {
        0 => vec![b'z'; random.index(drystone_core::limits::key_len_max(page as u32))],
        1..4 => format!("longer/prefix/{:03}/", number % 7).into_bytes(),
        // Keys of one node that differ behind the four bytes its slots hold.
        4..10 => vec![b'p' + (number % 3) as u8; 6],
        _ => Vec::new(),
    };
    key.extend_from_slice(&(number as u32).to_be_bytes()[random.index(3)..]);
    key.truncate(drystone_core::limits::key_len_max(page as u32));
    key
}

fn value(random: &mut Random, page: usize) -> Vec<u8> {
    let len = match random.below(40) {
        0 => random.index(page * 5),
        1..4 => random.index(page / 2),
        _ => random.index(40),
    };
    let mut value = vec![0; len];
    random.fill(&mut value);
    value
}

fn read<V: View>(view: &V, value: Value<'_>) -> Vec<u8>
where
    drystone_core::ViewError<V>: std::fmt::Debug,
{
    match value {
        Value::Inline(bytes) => bytes.to_vec(),
        Value::Overflow(long) => {
            let mut bytes = vec![0; long.len() as usize];
            assert_eq!(view.read_value(&long, 0, &mut bytes).unwrap(), bytes.len());
            bytes
        }
    }
}

fn ids<V: View>(view: &V) -> Vec<Option<TreeId>>
where
    drystone_core::ViewError<V>: std::fmt::Debug,
{
    (0..TREES).map(|tree| view.tree(format!("tree {tree}").as_bytes()).unwrap()).collect()
}

/// All entries of a tree, forwards and backwards.
fn contents<V: View>(view: &V, tree: TreeId) -> Vec<(Vec<u8>, Vec<u8>)>
where
    drystone_core::ViewError<V>: std::fmt::Debug,
{
    let mut entries = Vec::new();
    let mut cursor = Cursor::new(tree);
    cursor.seek_first(view).unwrap();
    cursor
        .visit(view, |key, value| {
            entries.push(([key.prefix, key.suffix].concat(), read(view, value)));
            true
        })
        .unwrap();
    let mut back = Vec::new();
    cursor.seek_last(view).unwrap();
    while let Some(entry) =
        cursor.entry(view, |key, value| ([key.prefix, key.suffix].concat(), read(view, value))).unwrap()
    {
        back.push(entry);
        cursor.prev(view).unwrap();
    }
    back.reverse();
    assert_eq!(entries, back);
    assert_eq!(view.count(tree).unwrap(), entries.len() as u64);
    entries
}

fn compare<V: View>(view: &V, model: &Model)
where
    drystone_core::ViewError<V>: std::fmt::Debug,
{
    for (tree, map) in ids(view).into_iter().zip(&model.trees) {
        match tree {
            Some(tree) => {
                let expected: Vec<_> =
                    map.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
                assert_eq!(contents(view, tree), expected);
            }
            None => assert!(map.is_empty()),
        }
    }
}

impl<const PAGE: usize, const FRAMES: usize> Run<PAGE, FRAMES> {
    /// One transaction of some operations; how many.
    fn transaction(&mut self, db: &Database<SimPlatform, Memory<PAGE, FRAMES>>) -> Result<u64, Error> {
        let mut txn = db.write()?;
        let mut undo = Undo::default();
        let mut savepoints: Vec<(Savepoint, usize)> = Vec::new();
        let count = 1 + {
            let bound = if self.random.one_in(20) { 100 } else { 12 };
            self.random.below(bound)
        };
        for _ in 0..count {
            self.operation(&mut txn, &mut undo, &mut savepoints)?;
        }
        if self.random.one_in(50) {
            compare(&txn, &self.committed);
        }
        if self.random.one_in(6) {
            txn.rollback();
            undo.back_to(&mut self.committed, 0);
        } else {
            txn.commit()?;
        }
        Ok(count)
    }

    fn operation(
        &mut self,
        txn: &mut Txn<'_, PAGE, FRAMES>,
        undo: &mut Undo,
        savepoints: &mut Vec<(Savepoint, usize)>,
    ) -> Result<(), Error> {
        let tree = self.random.index(TREES);
        let name = format!("tree {tree}");
        let id = match txn.tree(name.as_bytes())? {
            Some(id) => id,
            None => txn.create_tree(name.as_bytes())?,
        };
        let key = key(&mut self.random, PAGE);
        let model = &mut self.committed;
        match self.random.below(100) {
            0..45 => {
                let value = value(&mut self.random, PAGE);
                let replaced = txn.put(id, &key, &value)?;
                assert_eq!(replaced, undo.set(model, tree, &key, Some(&value)));
            }
            45..79 => assert_eq!(txn.delete(id, &key)?, undo.set(model, tree, &key, None)),
            79 if self.random.one_in(4) => {
                // The oldest keys go; what comes below them later goes under stale first keys.
                let oldest: Vec<_> = model.trees[tree].keys().take(30).cloned().collect();
                for key in oldest {
                    assert!(txn.delete(id, &key)?);
                    undo.set(model, tree, &key, None);
                }
            }
            80..88 => {
                let found = txn.get(id, &key, |value| read(&*txn, value))?;
                assert_eq!(found.as_deref(), model.trees[tree].get(&key[..]).map(|value| &value[..]));
            }
            88..92 => {
                let mut cursor = Cursor::new(id);
                let exact = cursor.seek(txn, &key)?;
                let map = &model.trees[tree];
                let key: Rc<[u8]> = key.into();
                assert_eq!(exact, map.contains_key(&key));
                let mut found = Vec::new();
                cursor.visit(txn, |key, _| {
                    found.push([key.prefix, key.suffix].concat());
                    found.len() < 5
                })?;
                let expected: Vec<_> =
                    map.range(key.clone()..).take(5).map(|entry| entry.0.to_vec()).collect();
                assert_eq!(found, expected);
                cursor.seek_last_before(txn, &key)?;
                let before = cursor.entry(txn, |key, _| [key.prefix, key.suffix].concat())?;
                assert_eq!(before.as_deref(), map.range(..key).next_back().map(|entry| &entry.0[..]));
            }
            92..95 if savepoints.len() < 2 => savepoints.push((txn.savepoint()?, undo.steps.len())),
            92..96 => {
                if let Some((savepoint, before)) = savepoints.pop() {
                    txn.rollback_to(savepoint)?;
                    undo.back_to(model, before);
                    if self.random.one_in(2) {
                        txn.release(savepoint)?;
                    } else {
                        savepoints.push((savepoint, before));
                    }
                }
            }
            96 if self.random.one_in(8) => churn(txn, undo, model, (tree, id), &mut self.random)?,
            97 => {
                if let Some((savepoint, _)) = savepoints.pop() {
                    txn.release(savepoint)?;
                }
            }
            98 if self.drops && self.random.one_in(20) => {
                txn.clear_tree(id)?;
                undo.clear(model, tree);
            }
            99 if self.drops && self.random.one_in(20) => {
                assert!(txn.drop_tree(name.as_bytes())?);
                undo.clear(model, tree);
            }
            _ => {}
        }
        Ok(())
    }

    /// Works on one opening until `until` operations are done or it is to be reopened.
    fn session(
        &mut self,
        db: &Database<SimPlatform, Memory<PAGE, FRAMES>>,
        done: &mut u64,
        until: u64,
    ) -> Result<(), Error> {
        compare(&db.read()?, &self.committed);
        let mut checked = *done;
        let mut pinned: Vec<Pinned<'_, PAGE, FRAMES>> = Vec::new();
        while *done < until {
            *done += self.transaction(db)?;
            if self.random.one_in(20) && pinned.len() < 3 {
                pinned.push(Pinned { snapshot: db.read()?, model: self.committed.clone() });
            }
            if self.random.one_in(20) && !pinned.is_empty() {
                let one = pinned.swap_remove(self.random.index(pinned.len()));
                compare(&one.snapshot, &one.model);
            }
            if self.random.one_in(8) {
                db.checkpoint_step(1 + self.random.below(20) as u32)?;
            }
            if *done >= checked + 1000 {
                checked = *done;
                let report = db.check()?;
                assert!(report.is_ok(), "{}: {report:?}", self.label);
                let stats = db.stats();
                let bound = 2 * (report.used + report.held) + 64;
                assert!(self.drops || stats.page_count <= bound, "{}: {stats:?} {report:?}", self.label);
            }
            if self.random.one_in(300) {
                break;
            }
        }
        Ok(())
    }
}

/// Puts entries, deletes most of them and puts some again: so many that free pages are laid ready
/// several times, those among them that were born before.
fn churn<const PAGE: usize, const FRAMES: usize>(
    txn: &mut Txn<'_, PAGE, FRAMES>,
    undo: &mut Undo,
    model: &mut Model,
    (tree, id): (usize, TreeId),
    random: &mut Random,
) -> Result<(), Error> {
    let name = |number: u64| format!("churn {number:03}").into_bytes();
    let value = vec![7; PAGE * 2 / 5];
    let many = 20 + random.below(24);
    for number in 0..many {
        let replaced = txn.put(id, &name(number), &value)?;
        assert_eq!(replaced, undo.set(model, tree, &name(number), Some(&value)));
    }
    for number in 0..many - random.below(4) {
        assert!(txn.delete(id, &name(number))?);
        undo.set(model, tree, &name(number), None);
    }
    for number in 0..4 + random.below(20) {
        let replaced = txn.put(id, &name(number), &value[..PAGE / 3])?;
        assert_eq!(replaced, undo.set(model, tree, &name(number), Some(&value[..PAGE / 3])));
    }
    Ok(())
}

/// Runs a pair on a thread whose stack holds its memory.
fn model<const PAGE: usize, const FRAMES: usize>(pair: u64, drops: bool) {
    let run = move || run_pair::<PAGE, FRAMES>(pair, drops);
    std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap().join().unwrap();
}

fn run_pair<const PAGE: usize, const FRAMES: usize>(pair: u64, drops: bool) {
    let until = std::env::var("DRYSTONE_MODEL_OPS").map_or(20_000, |text| text.parse().unwrap());
    let seed = std::env::var("DRYSTONE_SEED").map_or(1, |text| text.parse().unwrap());
    let label = format!("page {PAGE}, frames {FRAMES}, seed {seed}");
    println!("model: {label}, {until} operations");
    let options = Options { ring_len: 64 << 10, ring_len_max: 256 << 10, ..Options::default() };
    let (mut data, mut log) = (Vec::new(), Vec::new());
    let mut committed = Model::default();
    let mut done = 0;
    let mut opening = 0;
    while done < until {
        opening += 1;
        let platform = SimPlatform::new(SimOptions {
            seed: seed * 1000 + pair * 100_000 + opening,
            block_size: BLOCK,
            data,
            log,
            ..SimOptions::default()
        });
        let kept = platform.clone();
        let db = Database::open(platform, Memory::<PAGE, FRAMES>::new(), options).unwrap();
        let mut run = Run {
            random: Random::new(seed ^ pair << 32 ^ opening << 16),
            committed,
            drops,
            label: label.clone(),
        };
        if let Err(error) = run.session(&db, &mut done, until) {
            panic!("{label}: {error} ({error:?}) after {done} operations");
        }
        committed = run.committed;
        if opening % 3 == 0 {
            db.close().unwrap();
        }
        let state = kept.crash(Plan::Seeded(seed + opening));
        let _ = kept.counters(Role::Data);
        (data, log) = (state.data, state.log);
    }
}

#[test]
fn page_512_smallest_pool() {
    model::<512, 8>(1, false);
}

#[test]
fn page_512_pool_16() {
    model::<512, 16>(2, false);
}

#[test]
fn page_512_pool_64() {
    model::<512, 64>(3, false);
}

#[test]
fn page_4096_smallest_pool() {
    model::<4096, 8>(4, false);
}

#[test]
fn page_4096_pool_32() {
    model::<4096, 32>(5, false);
}

#[test]
fn page_4096_pool_128() {
    model::<4096, 128>(6, false);
}

#[test]
fn drops_page_512() {
    model::<512, 12>(7, true);
}

#[test]
fn drops_page_4096() {
    model::<4096, 24>(8, true);
}
