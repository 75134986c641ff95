//! What the tests share: devices, one tree beside a model of it, and how both are compared.

use drystone_core::memory::StaticMemory;
use drystone_core::{Cursor, Database, Error, Memory, Options, Platform, TreeId, Value, View, ViewError};
use drystone_platform_sim::{CrashState, Failure, OperationKind, Plan, Role, SimOptions, SimPlatform};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Page and block size.
pub const SIZE: u64 = 512;

/// What the tree holds.
pub type Model = BTreeMap<u32, Vec<u8>>;
/// A key and its new value; `None` deletes it.
pub type Change = (u32, Option<Vec<u8>>);
/// Memory of small pages, four readers.
pub type Small<const FRAMES: usize, const LOG: usize> = StaticMemory<SimPlatform, 512, FRAMES, LOG, 4>;

pub fn blank() -> SimPlatform {
    SimPlatform::new(SimOptions::default())
}

/// A platform on what is left after a crash.
pub fn after(state: CrashState) -> SimPlatform {
    on(state.data, state.log)
}

pub fn on(data: Vec<u8>, log: Vec<u8>) -> SimPlatform {
    SimPlatform::new(SimOptions { data, log, ..SimOptions::default() })
}

/// A checkpoint happens only when a test takes it.
pub fn quiet() -> Options {
    Options { ring_len: 1 << 20, checkpoint_auto: false, ..Options::default() }
}

/// Opens what must be there.
pub fn open<M: Memory<SimPlatform>>(platform: &SimPlatform, memory: M) -> Database<SimPlatform, M> {
    let options = Options { create: false, ..quiet() };
    Database::open(platform.clone(), memory, options).unwrap()
}

/// Makes a database with an empty tree.
pub fn create<P: Platform, M: Memory<P>>(platform: P, memory: M, options: Options) -> Database<P, M>
where
    P::Error: Debug,
{
    let db = Database::open(platform, memory, options).unwrap();
    let mut txn = db.write().unwrap();
    txn.create_tree(NAME).unwrap();
    txn.commit().unwrap();
    db
}

const NAME: &[u8] = b"tree";

pub fn tree<V: View>(view: &V) -> TreeId
where
    ViewError<V>: Debug,
{
    view.tree(NAME).unwrap().unwrap()
}

pub fn put(key: u32, value: &[u8]) -> Change {
    (key, Some(value.to_vec()))
}

pub const fn delete(key: u32) -> Change {
    (key, None)
}

/// One transaction; rolled back where a change fails.
pub fn commit<P: Platform, M: Memory<P>>(
    db: &Database<P, M>,
    changes: impl IntoIterator<Item = Change>,
) -> Result<(), Error<P::Error>> {
    let mut txn = db.write()?;
    let tree = txn.tree(NAME)?.ok_or(Error::TreeNotFound)?;
    for (key, value) in changes {
        match value {
            Some(value) => txn.put(tree, &key.to_be_bytes(), &value)?,
            None => txn.delete(tree, &key.to_be_bytes())?,
        };
    }
    txn.commit()
}

/// The same in the model.
pub fn apply(model: &mut Model, changes: impl IntoIterator<Item = Change>) {
    for (key, value) in changes {
        match value {
            Some(value) => model.insert(key, value),
            None => model.remove(&key),
        };
    }
}

/// One transaction that succeeds, in both.
pub fn change<P: Platform, M: Memory<P>>(
    db: &Database<P, M>,
    model: &mut Model,
    changes: impl IntoIterator<Item = Change> + Clone,
) where
    P::Error: Debug,
{
    commit(db, changes.clone()).unwrap();
    apply(model, changes);
}

/// What a view of the tree shows; its count is right.
pub fn contents<V: View>(view: &V) -> Model
where
    ViewError<V>: Debug,
{
    let tree = tree(view);
    let mut cursor = Cursor::new(tree);
    let mut found = Vec::new();
    cursor.seek_first(view).unwrap();
    cursor
        .visit(view, |key, value| {
            let key: [u8; 4] = [key.prefix, key.suffix].concat().try_into().unwrap();
            found.push((u32::from_be_bytes(key), bytes(view, value)));
            true
        })
        .unwrap();
    assert_eq!(view.count(tree).unwrap(), found.len() as u64, "the count of the tree");
    found.into_iter().collect()
}

pub fn bytes<V: View>(view: &V, value: Value<'_>) -> Vec<u8>
where
    ViewError<V>: Debug,
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

/// The database is whole and holds exactly this.
#[track_caller]
pub fn expect<P: Platform, M: Memory<P>>(db: &Database<P, M>, model: &Model)
where
    P::Error: Debug,
{
    let report = db.check().unwrap();
    assert!(report.is_ok(), "{report:?}");
    let found = contents(&db.read().unwrap());
    let keys: Vec<_> = found.keys().collect();
    assert_eq!(keys, model.keys().collect::<Vec<_>>(), "the keys");
    assert!(found == *model, "a value differs");
}

/// Finishes the checkpoint in progress, or a new one.
pub fn finish<P: Platform, M: Memory<P>>(db: &Database<P, M>) -> Result<(), Error<P::Error>> {
    while !db.checkpoint_step(100)? {}
    Ok(())
}

/// The next call of this kind on the data device after `skip` others fails, once.
pub fn fail_once(platform: &SimPlatform, kind: OperationKind, skip: u64) {
    platform.fail(Failure { role: Some(Role::Data), kind, skip, sticky: false });
}

/// What the devices hold when everything written so far arrives.
pub fn everything(platform: &SimPlatform) -> CrashState {
    platform.crash(Plan::AllNew)
}

/// Only what was flushed.
pub fn flushed(platform: &SimPlatform) -> CrashState {
    platform.crash(Plan::AllOld)
}
