//! Images made by hand, with right checksums: an error or wrong rows, no panic, no endless loop.

use crate::fixture::{Model, Small, blank, change, commit, create, everything, on, open, put, quiet, tree};
use drystone_core::checksum::crc32c;
use drystone_core::{Damage, Error};

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
    let start = end - 6;
    view[24..26].copy_from_slice(&(prefix as u16).to_le_bytes());
    view[26..28].copy_from_slice(&(start as u16).to_le_bytes());
    view[28..30].copy_from_slice(&0u16.to_le_bytes());
    view[32..].fill(b'k');
    for (index, suffix) in [b'A', b'B'].into_iter().enumerate() {
        let at = start + 3 * index;
        view[at..at + 3].copy_from_slice(&[1, 0, suffix]);
        let slot = 32 + 6 * index;
        view[slot..slot + 4].copy_from_slice(&[0, 0, 0, suffix]);
        view[slot + 4..slot + 6].copy_from_slice(&(at as u16).to_le_bytes());
    }
    reseal(page, PAGE);
    let db = open(&on(data, log), Small::<64, 32768>::new());
    let mut txn = db.write().unwrap();
    let tree = tree(&txn);
    let result = txn.put(tree, b"a", b"");
    assert!(matches!(result, Err(Error::Corrupt { damage: Damage::Structure, .. })), "{result:?}");
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
