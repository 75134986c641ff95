//! Images made by hand, with right checksums: an error or wrong rows, no panic, no endless loop.

use crate::fixture::{Model, Small, blank, change, commit, create, everything, on, open, put, quiet, tree};
use drystone_core::checksum::crc32c;
use drystone_core::{Damage, Error, View};

const PAGE: usize = 512;
/// Where the view of a page begins.
const VIEW: usize = 4;

fn reseal(page: &mut [u8], len: usize) {
    let crc = crc32c(0, &page[VIEW..len]);
    page[..VIEW].copy_from_slice(&crc.to_le_bytes());
}

/// The devices of a closed database with these keys.
fn image(keys: &[u32]) -> (Vec<u8>, Vec<u8>) {
    let platform = blank();
    let db = create(platform.clone(), Small::<64, 32768>::new(), quiet());
    change(&db, &mut Model::new(), keys.iter().map(|key| put(*key, b"")).collect::<Vec<_>>());
    db.close().unwrap();
    let state = everything(&platform);
    (state.data, state.log)
}

/// A separator of its keys would not fit a root.
#[test]
fn a_leaf_of_keys_longer_than_any_is_refused() {
    let (mut data, log) = image(&[1, 2]);
    let is_leaf = |page: &&mut [u8]| page[VIEW + 20] == 1 && page[VIEW + 22] == 2;
    let page = data.chunks_mut(PAGE).skip(8).find(is_leaf).unwrap();
    let view = &mut page[VIEW..];
    let prefix = 450;
    let end = view.len() - prefix;
    let start = end - 2;
    view[24..26].copy_from_slice(&(prefix as u16).to_le_bytes());
    view[26..28].copy_from_slice(&(start as u16).to_le_bytes());
    view[28..30].copy_from_slice(&0u16.to_le_bytes());
    view[30..32].copy_from_slice(&1u16.to_le_bytes());
    view[32..].fill(b'k');
    for (index, suffix) in [b'A', b'B'].into_iter().enumerate() {
        // A value of no bytes; the suffix stands in the slot.
        let at = start + index;
        view[at] = 0;
        let slot = 32 + 4 * index;
        view[slot..slot + 2].copy_from_slice(&[suffix, 0]);
        view[slot + 2..slot + 4].copy_from_slice(&(at as u16).to_le_bytes());
    }
    reseal(page, PAGE);
    let db = open(&on(data, log), Small::<64, 32768>::new());
    let snapshot = db.read().unwrap();
    let result = snapshot.get(tree(&snapshot), b"a", |_| ());
    assert!(matches!(result, Err(Error::Corrupt { damage: Damage::Structure, .. })), "{result:?}");
}

/// The null pointer's key is that of an empty frame, whose bytes are anybody's.
#[test]
fn a_null_child_is_damage_to_readers_and_writers() {
    let keys: Vec<u32> = (0..2000).collect();
    let (mut data, log) = image(&keys);
    let is_above_leaves =
        |page: &&mut [u8]| page[VIEW + 20] == 2 && page[VIEW + 21] == 1 && page[VIEW + 22] > 8;
    for page in data.chunks_mut(PAGE).skip(8).filter(is_above_leaves) {
        let view = &mut page[VIEW..];
        let slot = 32 + 4 * usize::from(view[22] / 2);
        let at = usize::from(u16::from_le_bytes([view[slot + 2], view[slot + 3]]));
        // The length of the suffix takes one byte.
        view[at + 1..at + 9].fill(0);
        reseal(page, PAGE);
    }
    let db = open(&on(data, log), Small::<64, 32768>::new());
    let mut damaged = 0;
    for round in 0..3 {
        let snapshot = db.read().unwrap();
        for key in &keys {
            match snapshot.get(tree(&snapshot), &key.to_be_bytes(), |_| ()) {
                Ok(found) => assert!(found.is_some(), "key {key} is lost"),
                Err(Error::Corrupt { page: 0, damage: Damage::Pointer }) => damaged += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        // Pages born here are freed again, which leaves frames empty.
        let mut txn = db.write().unwrap();
        let tree = tree(&txn);
        let result = (3000..3200u32)
            .chain(keys.iter().copied())
            .try_for_each(|key| txn.put(tree, &key.to_be_bytes(), &[round; 31]).map(drop));
        assert!(matches!(result, Err(Error::Corrupt { page: 0, .. })), "{result:?}");
    }
    assert!(damaged > 0);
}

/// The meta counts the pages in use; nobody counts them when it is opened.
#[test]
fn a_meta_that_counts_wrong_makes_no_panic() {
    let (data, log) = image(&[1]);
    for used in [0, 1, 1000] {
        let mut data = data.clone();
        for page in data.chunks_mut(PAGE).take(4) {
            let pages = u32::from_le_bytes(page[100..104].try_into().unwrap());
            page[104..108].copy_from_slice(&used.min(pages).to_le_bytes());
            reseal(page, 256);
        }
        let db = open(&on(data, log.clone()), Small::<64, 32768>::new());
        for key in 0..300 {
            let _ = commit(&db, [put(key, &[7; 70])]);
        }
        let _ = db.checkpoint();
        if let Ok(report) = db.check() {
            assert!(!report.is_ok());
        }
    }
}

/// The last numbers of pages overflow in the map of pages that are no whole range.
#[test]
fn a_meta_with_more_pages_than_the_map_can_number_is_refused() {
    let (mut data, log) = image(&[1]);
    for page in data.chunks_mut(PAGE).take(4) {
        page[100..104].copy_from_slice(&u32::MAX.to_le_bytes());
        page[96..100].copy_from_slice(&4u32.to_le_bytes());
        reseal(page, 256);
    }
    let options = drystone_core::Options { create: false, ..quiet() };
    let opened = drystone_core::Database::open(on(data, log), Small::<64, 32768>::new(), options);
    assert!(opened.is_err());
}
