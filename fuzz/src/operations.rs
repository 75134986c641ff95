//! Operations on a database and on a model, with closings, failing devices and power cuts.

use crate::input::Input;
use drystone_core::{Cursor, Database, Error, Options, Savepoint, StaticMemory, Value, View, WriteTxn};
use drystone_platform_sim::{Failure, OperationKind, Plan, Role, SimError, SimOptions, SimPlatform};
use std::collections::BTreeMap;

type Memory = StaticMemory<SimPlatform, 512, 16, 2048, 2>;
type Engine<'a> = Database<SimPlatform, &'a Memory>;
type Txn<'d, 'm> = WriteTxn<SimPlatform, &'m Memory, &'d Engine<'m>>;
type Model = BTreeMap<Vec<u8>, Vec<u8>>;

const TREE: &[u8] = b"tree";
const KINDS: [OperationKind; 4] =
    [OperationKind::Read, OperationKind::Write, OperationKind::Flush, OperationKind::Reserve];

/// What happens after a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Reopen,
    Close,
    PowerCut(u64),
    End,
}

/// What the database may hold: what was acknowledged, and what may be there besides.
struct Truth {
    sure: Model,
    perhaps: Option<Model>,
    /// A call was ordered to fail.
    ill: bool,
}

/// Runs the operations that the input names.
pub(crate) fn run(input: &mut Input<'_>) {
    let mut platform = SimPlatform::new(SimOptions::default());
    let mut truth = Truth { sure: Model::new(), perhaps: None, ill: false };
    let mut exists = false;
    loop {
        let memory = Box::new(Memory::new());
        let options = Options { create: !exists, ring_len: 8 << 10, ..Options::default() };
        let database = Database::open(platform.clone(), &*memory, options)
            .unwrap_or_else(|error| panic!("opening: {error:?}"));
        exists = true;
        truth.settle(&database);
        let next = session(&database, input, &platform, &mut truth);
        if next == Next::Close {
            let closed = database.close();
            assert!(closed.is_ok() || truth.ill, "{closed:?}");
        }
        platform.fail_no_more();
        truth.ill = false;
        match next {
            Next::End => return,
            Next::PowerCut(seed) => {
                let state = platform.crash(Plan::Seeded(seed));
                let options = SimOptions { seed, data: state.data, log: state.log, ..SimOptions::default() };
                platform = SimPlatform::new(options);
            }
            Next::Reopen | Next::Close => {}
        }
    }
}

impl Truth {
    /// Compares, and learns how an unknown outcome ended.
    fn settle(&mut self, database: &Engine<'_>) {
        let found = content(&database.read().unwrap()).unwrap();
        if found != self.sure {
            let perhaps = self.perhaps.take();
            assert!(perhaps.as_ref() == Some(&found), "the content is neither what was sure nor what may be");
        }
        self.sure = found;
        self.perhaps = None;
        assert!(database.check().unwrap().is_ok());
    }
}

fn content(view: &impl View<Platform = SimPlatform>) -> Result<Model, Error<SimError>> {
    let mut model = Model::new();
    let Some(tree) = view.tree(TREE)? else { return Ok(model) };
    let mut cursor = Cursor::new(tree);
    cursor.seek_first(view)?;
    loop {
        let entry =
            cursor.entry(view, |key, value| ([key.prefix, key.suffix].concat(), owned(view, value)))?;
        let Some((key, value)) = entry else { return Ok(model) };
        model.insert(key, value?);
        cursor.next(view)?;
    }
}

fn owned(view: &impl View<Platform = SimPlatform>, value: Value<'_>) -> Result<Vec<u8>, Error<SimError>> {
    match value {
        Value::Inline(bytes) => Ok(bytes.to_vec()),
        Value::Overflow(long) => {
            let mut bytes = vec![0; long.len() as usize];
            view.read_value(&long, 0, &mut bytes).map(|_| bytes)
        }
    }
}

fn session(database: &Engine<'_>, input: &mut Input<'_>, platform: &SimPlatform, truth: &mut Truth) -> Next {
    while let Some(byte) = input.byte() {
        let result = match byte % 16 {
            0..8 => transaction(database, input, truth),
            8 => database.checkpoint().map(|()| true),
            9 | 10 => database.checkpoint_step(u32::from(byte / 16)).map(|_| true),
            11 => {
                let failure = Failure {
                    role: Some([Role::Data, Role::Log][usize::from(byte / 16) % 2]),
                    kind: KINDS[usize::from(byte / 32) % 4],
                    skip: u64::from(input.byte().unwrap_or(0) % 32),
                    sticky: byte >= 128,
                };
                truth.ill = true;
                platform.fail(failure);
                Ok(true)
            }
            12 => return Next::Reopen,
            13 => return Next::Close,
            _ => return Next::PowerCut(u64::from(byte) << 8 | u64::from(input.byte().unwrap_or(0))),
        };
        assert!(result.is_ok() || truth.ill, "{result:?}");
        if truth.perhaps.is_some() {
            return Next::Reopen;
        }
    }
    Next::End
}

/// One transaction; whether it was committed.
fn transaction(
    database: &Engine<'_>,
    input: &mut Input<'_>,
    truth: &mut Truth,
) -> Result<bool, Error<SimError>> {
    let mut txn = database.write()?;
    let mut model = truth.sure.clone();
    let mut savepoint: Option<(Savepoint, Model)> = None;
    while let Some(byte) = input.byte() {
        match byte % 16 {
            0..10 => change(&mut txn, input, byte, &mut model)?,
            10 if savepoint.is_none() => savepoint = Some((txn.savepoint()?, model.clone())),
            10 | 11 => {
                if let Some((point, before)) = savepoint.take() {
                    txn.rollback_to(point)?;
                    txn.release(point)?;
                    model = before;
                }
            }
            12 => {
                txn.rollback();
                return Ok(false);
            }
            _ => break,
        }
    }
    match txn.commit() {
        Ok(()) => truth.sure = model,
        Err(error) => {
            if matches!(error, Error::Unknown) {
                truth.perhaps = Some(model);
            }
            return Err(error);
        }
    }
    Ok(true)
}

/// Puts, deletes or gets one entry.
fn change(
    txn: &mut Txn<'_, '_>,
    input: &mut Input<'_>,
    byte: u8,
    model: &mut Model,
) -> Result<(), Error<SimError>> {
    let tree = match txn.tree(TREE)? {
        Some(tree) => tree,
        None => txn.create_tree(TREE)?,
    };
    let number = input.byte().unwrap_or(0);
    let key = vec![number % 64; usize::from(number / 64) * 20 + 1];
    match byte % 10 {
        0..6 => {
            let value = vec![byte; usize::from(input.byte().unwrap_or(0)) * if byte >= 240 { 9 } else { 1 }];
            let replaced = txn.put(tree, &key, &value)?;
            assert_eq!(replaced, model.insert(key, value).is_some());
        }
        6..9 => assert_eq!(txn.delete(tree, &key)?, model.remove(&key).is_some()),
        _ => {
            let found = txn.get(tree, &key, |value| owned(&*txn, value))?.transpose()?;
            assert_eq!(found.as_ref(), model.get(&key));
        }
    }
    Ok(())
}
