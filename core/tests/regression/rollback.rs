//! Pages born and freed again in a transaction that is rolled back.

use crate::fixture::{
    Model, Small, after, blank, change, commit, create, expect, flushed, open, put, quiet, tree,
};

/// Rows that a checkpoint holds: a few hundred pages.
const ROWS: u32 = 300;
/// Rows of the transaction: their deletion frees more pages than are laid ready to be reused.
const BORN: u32 = 120;

/// Puts and deletes rows, so that more pages are freed than are laid ready, then puts some again: the
/// free pages laid ready then are among those born before. A rollback gives each back once.
fn roll_back<const FRAMES: usize>(again: u32, to_savepoint: bool) {
    let platform = blank();
    let db = create(platform.clone(), Small::<FRAMES, 4096>::new(), quiet());
    let mut model = Model::new();
    for first in (0..ROWS).step_by(10) {
        change(&db, &mut model, (first..first + 10).map(|key| put(10_000 + key, &[9; 200])));
    }
    db.checkpoint().unwrap();
    let mut txn = db.write().unwrap();
    let tree = tree(&txn);
    let point = txn.savepoint().unwrap();
    for key in 0..BORN {
        txn.put(tree, &key.to_be_bytes(), &[1; 200]).unwrap();
    }
    for key in 0..BORN {
        txn.delete(tree, &key.to_be_bytes()).unwrap();
    }
    for key in 0..again {
        txn.put(tree, &key.to_be_bytes(), &[2; 200]).unwrap();
    }
    if to_savepoint {
        txn.rollback_to(point).unwrap();
        txn.put(tree, &7u32.to_be_bytes(), b"seven").unwrap();
        txn.commit().unwrap();
        model.insert(7, b"seven".to_vec());
    } else {
        txn.rollback();
    }
    expect(&db, &model);
    for first in (0..BORN).step_by(10) {
        let rows = (first..first + 10).map(|key| put(key, &[3; 200]));
        commit(&db, rows.clone()).unwrap_or_else(|error| panic!("{again} put again: {error:?}"));
        model.extend(rows.map(|(key, value)| (key, value.unwrap())));
    }
    db.checkpoint().unwrap();
    expect(&db, &model);
    drop(db);
    expect(&open(&after(flushed(&platform)), Small::<FRAMES, 4096>::new()), &model);
}

#[test]
fn a_rollback_gives_each_page_back_once() {
    for again in 0..60 {
        roll_back::<256>(again, false);
        roll_back::<16>(again, false);
    }
}

#[test]
fn a_rollback_to_a_savepoint_gives_each_page_back_once() {
    for again in 0..60 {
        roll_back::<256>(again, true);
    }
}
