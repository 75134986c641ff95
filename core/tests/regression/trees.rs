//! Trees whose oldest keys go and whose keys then come from below.

use crate::fixture::{Model, Small, blank, change, create, delete, expect, put, quiet, tree};
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
