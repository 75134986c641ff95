//! A device that fails while the database grows: what was acknowledged is there afterwards, and the
//! database grows again once it is reopened.

use crate::fixture::{Small, commit, create, everything, on, put};
use drystone_core::{Database, Options};
use drystone_platform_sim::{Failure, OperationKind, Role, SimPlatform};

type Memory<const FRAMES: usize> = Small<FRAMES, 4096>;

/// Pages in the range of one leaf of the map, pages of 512 bytes.
const RANGE: u32 = (512 - 4 - 32) / 8 * 64;

fn options() -> Options {
    Options { ring_len: 8192, ring_len_max: 8192, ..Options::default() }
}

/// How many values of this length are put before the one that makes the file so much longer that
/// `reached` says so.
fn puts_before<const FRAMES: usize>(len: usize, reached: impl Fn(u32, u32) -> bool) -> u32 {
    let db = create(crate::fixture::blank(), Memory::<FRAMES>::new(), options());
    let mut key = 0;
    loop {
        let before = db.stats().page_count;
        commit(&db, [put(key, &vec![7; len])]).unwrap();
        if reached(before, db.stats().page_count) {
            return key;
        }
        key += 1;
    }
}

/// The devices after so many.
fn with_puts<const FRAMES: usize>(len: usize, puts: u32) -> (Vec<u8>, Vec<u8>) {
    let platform = crate::fixture::blank();
    let db = create(platform.clone(), Memory::<FRAMES>::new(), options());
    for key in 0..puts {
        commit(&db, [put(key, &vec![7; len])]).unwrap();
    }
    let state = everything(&platform);
    (state.data, state.log)
}

/// Fails at every `step`th read and write.
fn survives<const FRAMES: usize>(len: usize, step: usize, reached: impl Fn(u32, u32) -> bool) {
    let key = puts_before::<FRAMES>(len, reached);
    let (data, log) = with_puts::<FRAMES>(len, key);
    let open = |platform: &SimPlatform| Database::open(platform.clone(), Memory::<FRAMES>::new(), options());
    let mut failed = 0;
    for kind in [OperationKind::Write, OperationKind::Read] {
        for skip in (0..).step_by(step) {
            let platform = on(data.clone(), log.clone());
            let db = open(&platform).unwrap();
            platform.fail(Failure { role: Some(Role::Data), kind, skip, sticky: false });
            let result = commit(&db, [put(key, &vec![7; len])]);
            platform.fail_no_more();
            if result.is_ok() {
                break;
            }
            failed += 1;
            let acknowledged = commit(&db, [put(u32::MAX, b"small")]).is_ok();
            let _ = db.close();
            let state = everything(&platform);
            let platform = on(state.data, state.log);
            let db = open(&platform).unwrap_or_else(|error| panic!("{kind:?} {skip}: {error:?}"));
            let found = crate::fixture::contents(&db.read().unwrap());
            assert_eq!(found.contains_key(&u32::MAX), acknowledged, "{kind:?} {skip}");
            commit(&db, [put(key, &vec![7; len])])
                .unwrap_or_else(|error| panic!("{kind:?} {skip}: {error:?}"));
            let report = db.check().unwrap();
            assert!(report.is_ok(), "{kind:?} {skip}: {report:?}");
        }
    }
    assert!(failed > 0);
}

#[test]
fn a_new_level_of_the_map_is_made_whole_or_not_at_all() {
    survives::<8>(3000, 1, |_, after| after > RANGE);
}

#[test]
fn two_leaves_of_the_map_are_made_whole_or_not_at_all() {
    survives::<16>(65_000, 7, |before, after| (after - 1) / RANGE >= (before - 1) / RANGE + 2);
}
