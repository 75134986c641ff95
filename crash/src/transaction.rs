//! One random transaction, on the database and on the model.

use crate::fault::{Fault, during};
use crate::model::{Model, NAMES, content, value_bytes};
use crate::setup::{BLOCK, Db, Setup};
use drystone_core::limits::key_len_max;
use drystone_core::{Cursor, Memory, Savepoint, TreeId, View, WriteTxn};
use drystone_platform_sim::{Random, SimPlatform};

/// A write transaction of a lent database.
pub(crate) type Txn<'d, 'm, M> = WriteTxn<SimPlatform, &'m M, &'d Db<'m, M>>;
type Savepoints = Vec<(Savepoint, Model)>;

pub(crate) fn key(setup: &Setup, random: &mut Random) -> Vec<u8> {
    let most = key_len_max(BLOCK);
    let number = random.below(setup.keys);
    if setup.ascending {
        return format!("{number:08}").into_bytes();
    }
    let mut key = match random.below(12) {
        0 => vec![b'z'; random.index(most)],
        1..4 => format!("longer/prefix/{:03}/", number % 7).into_bytes(),
        _ => Vec::new(),
    };
    key.extend_from_slice(&(number as u32).to_be_bytes()[random.index(3)..]);
    key.truncate(most);
    key
}

fn value(setup: &Setup, random: &mut Random) -> Vec<u8> {
    let page = BLOCK as usize;
    let len = if random.one_in(setup.long_values) {
        random.index(page * 4)
    } else if random.one_in(setup.middling) {
        random.index(page / 2)
    } else {
        random.index(30)
    };
    let mut value = vec![0; len];
    random.fill(&mut value);
    value
}

/// Lets a transaction do something random. The model afterwards.
pub(crate) fn fill<M: Memory<SimPlatform>>(
    setup: &Setup,
    random: &mut Random,
    txn: &mut Txn<'_, '_, M>,
    mut model: Model,
) -> Result<Model, Fault> {
    let mut savepoints = Savepoints::new();
    let bound = if random.one_in(setup.big) { 60 } else { 5 };
    for _ in 0..1 + random.below(bound) {
        let tree = random.index(NAMES.len());
        let id = match txn.tree(NAMES[tree]).map_err(during("tree"))? {
            Some(id) => id,
            None => {
                model.map(tree);
                txn.create_tree(NAMES[tree]).map_err(during("create_tree"))?
            }
        };
        if random.one_in(12) {
            around(random, txn, &mut model, &mut savepoints, (tree, id))?;
        } else {
            entry(setup, random, txn, &mut model, (tree, id))?;
        }
    }
    if random.one_in(12) && content(txn)? != model.digest() {
        return Err(Fault::wrong("the transaction does not see what it did"));
    }
    Ok(model)
}

/// Something with one entry.
fn entry<M: Memory<SimPlatform>>(
    setup: &Setup,
    random: &mut Random,
    txn: &mut Txn<'_, '_, M>,
    model: &mut Model,
    (tree, id): (usize, TreeId),
) -> Result<(), Fault> {
    let map = model.map(tree);
    let key = key(setup, random);
    let same = match random.below(20) {
        0..11 => {
            let value = value(setup, random);
            let replaced = txn.put(id, &key, &value).map_err(during("put"))?;
            replaced == map.insert(key, value).is_some()
        }
        11..17 => txn.delete(id, &key).map_err(during("delete"))? == map.remove(&key).is_some(),
        17..19 => {
            let found = txn.get(id, &key, |value| value_bytes(&*txn, value)).map_err(during("get"))?;
            found.transpose()?.as_ref() == map.get(&key)
        }
        _ => {
            let mut cursor = Cursor::new(id);
            cursor.seek(txn, &key).map_err(during("seek"))?;
            let found =
                cursor.entry(txn, |key, _| [key.prefix, key.suffix].concat()).map_err(during("entry"))?;
            found.as_ref() == map.range(key..).next().map(|entry| entry.0)
        }
    };
    if same { Ok(()) } else { Err(Fault::wrong("an operation found something else than the model")) }
}

/// Something with savepoints or a whole tree.
fn around<M: Memory<SimPlatform>>(
    random: &mut Random,
    txn: &mut Txn<'_, '_, M>,
    model: &mut Model,
    savepoints: &mut Savepoints,
    (tree, id): (usize, TreeId),
) -> Result<(), Fault> {
    match random.below(12) {
        0..4 if savepoints.len() < 2 => {
            savepoints.push((txn.savepoint().map_err(during("savepoint"))?, model.clone()));
        }
        0..8 => {
            if let Some((savepoint, before)) = savepoints.pop() {
                txn.rollback_to(savepoint).map_err(during("rollback_to"))?;
                *model = before;
                if random.one_in(2) {
                    txn.release(savepoint).map_err(during("release"))?;
                } else {
                    savepoints.push((savepoint, model.clone()));
                }
            }
        }
        8 => {
            if let Some((savepoint, _)) = savepoints.pop() {
                txn.release(savepoint).map_err(during("release"))?;
            }
        }
        9 | 10 => {
            txn.clear_tree(id).map_err(during("clear_tree"))?;
            model.map(tree).clear();
        }
        _ => {
            if !txn.drop_tree(NAMES[tree]).map_err(during("drop_tree"))? {
                return Err(Fault::wrong("a tree that exists was not dropped"));
            }
            model.trees[tree] = None;
        }
    }
    Ok(())
}
