//! Cursors after errors and in other transactions than their own.

use crate::fixture::{
    SIZE, Small, after, blank, commit, create, everything, fail_once, open, put, quiet, tree,
};
use drystone_core::{Cursor, Error, View};
use drystone_platform_sim::OperationKind;

const ENTRIES: u32 = 600;

/// An error is not the end of the tree: the cursor says that it must be placed again.
#[test]
fn a_cursor_after_an_error_answers_cursor_invalid() {
    let platform = blank();
    let db = create(platform.clone(), Small::<8, 8192>::new(), quiet());
    for number in 0..ENTRIES / 20 {
        commit(&db, (0..20).map(|step| put(number * 20 + step, &[5; 30]))).unwrap();
    }
    db.checkpoint().unwrap();
    let snapshot = db.read().unwrap();
    let mut errors = 0;
    for skip in 0..60 {
        let mut cursor = Cursor::new(tree(&snapshot));
        cursor.seek_first(&snapshot).unwrap();
        fail_once(&platform, OperationKind::Read, skip);
        let mut seen = 0;
        while cursor.entry(&snapshot, |_, _| ()).is_ok_and(|found| found.is_some()) {
            seen += 1;
            if cursor.next(&snapshot).is_err() {
                errors += 1;
                assert_eq!(cursor.entry(&snapshot, |_, _| ()), Err(Error::CursorInvalid));
                assert_eq!(cursor.next(&snapshot), Err(Error::CursorInvalid));
                assert_eq!(cursor.prev(&snapshot), Err(Error::CursorInvalid));
                // It goes on where it is placed again.
                assert!(!cursor.seek(&snapshot, &(seen - 1u32).to_be_bytes()[..3]).unwrap());
                cursor.seek(&snapshot, &seen.to_be_bytes()).unwrap();
            }
        }
        platform.fail_no_more();
        assert_eq!(seen, ENTRIES, "failure after {skip} reads");
    }
    assert!(errors > 10, "only {errors} steps failed");
}

#[test]
fn a_cursor_of_one_transaction_is_invalid_in_another() {
    let db = create(blank(), Small::<16, 8192>::new(), quiet());
    commit(&db, [put(1, b"a")]).unwrap();
    let invalid = Err(Error::CursorInvalid);
    let old = db.read().unwrap();
    let tree = tree(&old);
    let mut cursor = Cursor::new(tree);
    assert_eq!(cursor.entry(&old, |_, _| ()), invalid, "not placed yet");

    // Rolled back and begun again: the same number of changes each.
    let mut first = db.write().unwrap();
    first.put(tree, b"aaaa", b"x").unwrap();
    cursor.seek_first(&first).unwrap();
    first.rollback();
    let mut second = db.write().unwrap();
    second.put(tree, b"aaaa", b"y").unwrap();
    assert_eq!(cursor.entry(&second, |_, _| ()), invalid);
    assert_eq!(cursor.entry(&old, |_, _| ()), invalid, "in a snapshot");
    cursor.seek_first(&second).unwrap();
    second.put(tree, b"bbbb", b"z").unwrap();
    assert_eq!(cursor.next(&second), Err(Error::CursorInvalid), "after a change");
    second.commit().unwrap();

    cursor.seek_first(&old).unwrap();
    let new = db.read().unwrap();
    assert_eq!(cursor.entry(&new, |_, _| ()), invalid, "in a later snapshot");
    assert_eq!(new.count(tree).unwrap(), 3);
    assert_eq!(cursor.entry(&old, |_, _| ()), Ok(Some(())));
}

/// Behind a damaged page the cursor goes on, when it is told to: all entries on other pages are found.
#[test]
fn a_cursor_goes_on_behind_damage() {
    let platform = blank();
    let db = create(platform.clone(), Small::<32, 8192>::new(), quiet());
    for number in 0..ENTRIES / 20 {
        commit(&db, (0..20).map(|step| put(number * 20 + step, &[5; 30]))).unwrap();
    }
    db.close().unwrap();
    let state = everything(&platform);
    let page = SIZE as usize;
    let kind = |number: usize| state.data[number * page + 24];
    let mut skipped = [0, 0];
    for number in (8..state.data.len() / page).filter(|number| matches!(kind(*number), 1 | 2)) {
        let mut state = state.clone();
        // Three at a time, so that errors follow each other.
        for rotten in [number, number + 1, number + 4] {
            if let Some(byte) = state.data.get_mut(rotten * page + 300) {
                *byte ^= 1;
            }
        }
        let db = open(&after(state), Small::<32, 8192>::new());
        let snapshot = db.read().unwrap();
        let Ok(Some(id)) = snapshot.tree(b"tree") else { continue };
        let mut cursor = Cursor::new(id);
        let mut keys = Vec::new();
        assert_eq!(cursor.skip(&snapshot), Err(Error::CursorInvalid), "there was no error");
        let mut result = cursor.seek_first(&snapshot);
        let mut errors = 0;
        loop {
            result = match result {
                Ok(()) => cursor.visit(&snapshot, |key, _| {
                    let mut bytes = [0; 4];
                    assert_eq!(key.copy_to(&mut bytes), 4);
                    keys.push(u32::from_be_bytes(bytes));
                    true
                }),
                Err(_) => {
                    errors += 1;
                    assert!(errors < 100, "page {number}");
                    cursor.skip(&snapshot)
                }
            };
            if result.is_ok() && cursor.entry(&snapshot, |_, _| ()) == Ok(None) {
                break;
            }
        }
        assert!(keys.is_sorted_by(|a, b| a < b), "page {number}");
        let found =
            |key: u32| snapshot.get(id, &key.to_be_bytes(), |_| ()).is_ok_and(|found| found.is_some());
        let reachable: Vec<u32> = (0..ENTRIES).filter(|key| found(*key)).collect();
        assert_eq!(keys, reachable, "page {number}");
        skipped[usize::from(kind(number) == 2)] += usize::from(errors > 0);
    }
    assert!(skipped[0] > 20 && skipped[1] > 1, "{skipped:?}");
}
