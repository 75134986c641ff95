//! Trees whose oldest keys go and whose keys then come from below.

use crate::fixture::{
    Model, Small, after, blank, change, commit, create, delete, everything, expect, open, put, quiet, tree,
};
use drystone_core::{Cursor, Error};
use drystone_platform_sim::Random;
use std::collections::BTreeSet;

/// The first key of an inner node may be stale: greater than the next one.
#[test]
fn keys_below_a_stale_first_key_are_found() {
    let db = create(blank(), Small::<64, 65536>::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, (0x100..0x180).map(|key| put(key, &[1; 40])));
    change(&db, &mut model, (0x100..0x130).map(delete));
    for key in (0..0x100).rev() {
        change(&db, &mut model, [put(key, &[2; 40])]);
        expect(&db, &model);
    }
}

/// The same where slots do not tell keys apart: their first four bytes after the page's prefix are
/// alike. A search that took the stale key for the smallest walked past the child with the key.
#[test]
fn keys_alike_in_their_heads_are_found_below_a_stale_first_key() {
    let db = create(blank(), Small::<64, 65536>::new(), quiet());
    let mut model = BTreeSet::new();
    let mut random = Random::new(1);
    for number in 1..600u32 {
        let mut txn = db.write().unwrap();
        let tree = tree(&txn);
        for part in 0..random.below(24) {
            let key = text_key(number, part);
            assert!(!txn.put(tree, &key, b"value").unwrap(), "{number} {part}");
            model.insert(key);
        }
        for part in 0..24 {
            let Some(oldest) = number.checked_sub(20) else { continue };
            let key = text_key(oldest, part);
            assert_eq!(txn.delete(tree, &key).unwrap(), model.remove(&key), "{oldest} {part}");
        }
        txn.commit().unwrap();
    }
    let report = db.check().unwrap();
    assert!(report.is_ok(), "{report:?}");
}

/// Decimal numbers, so that 100 comes before 99, and long enough that few fit a page.
fn text_key(number: u32, part: u64) -> Vec<u8> {
    format!("0-{number}-{part}-{:040x}", u64::from(number) ^ part << 32).into_bytes()
}

/// A tree that no checkpoint has seen stands in the catalog by its name alone.
#[test]
fn the_only_tree_goes() {
    let db = create(blank(), Small::<16, 8192>::new(), quiet());
    let mut txn = db.write().unwrap();
    assert!(txn.drop_tree(b"tree").unwrap());
    txn.commit().unwrap();
    assert!(db.check().unwrap().is_ok());
}

/// An insert under a key that is there changes nothing, in a tree of any shape, whether the leaf is the
/// transaction's own or a committed one, whether the value fits it or not.
#[test]
fn an_insert_leaves_what_is_there() {
    let platform = blank();
    let db = create(platform.clone(), Small::<64, 65536>::new(), quiet());
    let mut model = Model::new();
    let mut random = Random::new(3);
    for round in 0..60u32 {
        let mut txn = db.write().unwrap();
        let tree = tree(&txn);
        // Few in a transaction: put aside. Many: the way down is the transaction's own.
        for _ in 0..if round % 2 == 0 { 3 } else { 60 } {
            let number = random.below(1500) as u32;
            let key = number.to_be_bytes();
            let len = if random.below(20) == 0 { 700 } else { random.below(40) as usize };
            let value = vec![round as u8; len];
            let is_new = !model.contains_key(&number);
            if random.below(4) == 0 {
                assert_eq!(txn.put(tree, &key, &value), Ok(!is_new), "put in round {round}");
            } else {
                assert_eq!(txn.insert(tree, &key, &value), Ok(is_new), "insert in round {round}");
                if !is_new {
                    continue;
                }
            }
            model.insert(number, value);
        }
        txn.commit().unwrap();
        expect(&db, &model);
        assert!(db.check().unwrap().is_ok());
    }
    drop(db);
    expect(&open(&after(everything(&platform)), Small::<64, 65536>::new()), &model);
}

/// A refused insert may have copied pages on its way down: no cursor goes on with the old ones.
#[test]
fn a_refused_insert_ends_cursors() {
    let db = create(blank(), Small::<64, 65536>::new(), quiet());
    commit(&db, (0..300).map(|key| put(key, &[1; 40]))).unwrap();
    let mut txn = db.write().unwrap();
    let tree = tree(&txn);
    txn.insert(tree, &1000u32.to_be_bytes(), b"new").unwrap();
    let mut cursor = Cursor::new(tree);
    cursor.seek(&txn, &20u32.to_be_bytes()).unwrap();
    assert_eq!(txn.insert(tree, &20u32.to_be_bytes(), b"refused"), Ok(false));
    assert_eq!(cursor.entry(&txn, |_, _| ()), Err(Error::CursorInvalid));
}

/// Ascending keys fill their pages, whatever beginning they share: within one transaction, and in many.
#[test]
fn ascending_keys_fill_pages() {
    for of in [1, 7, 5000] {
        let db = create(blank(), Small::<64, 65536>::new(), quiet());
        for first in (0..5000).step_by(of) {
            commit(&db, (first..5000.min(first + of as u32)).map(|key| put(key, &[1; 20]))).unwrap();
        }
        db.checkpoint().unwrap();
        // A cell takes at most 30 bytes, so a page of 512 holds 15 of them, and a tenth is for the rest.
        let report = db.check().unwrap();
        assert!(report.used < 5000 / 15 * 11 / 10 + 24, "{report:?} in transactions of {of}");
    }
}
