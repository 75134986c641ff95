//! Openings on the same boot after a device error: what the device shows may be in its cache only.

use crate::fixture::{
    Model, SIZE, Small, after, apply, blank, change, commit, contents, create, expect, fail_once, flushed,
    open, put, quiet,
};
use drystone_core::{Database, Options};
use drystone_platform_sim::{OperationKind, Plan};

type Memory = Small<16, 2048>;

/// Calls of a commit by checkpoint, or of a creation: more than there are.
const CALLS: u64 = 60;

/// A commit by checkpoint whose outcome is unknown is there after reopening or it is not; a power
/// cut after that changes nothing.
#[test]
fn what_an_opening_serves_outlives_a_power_cut() {
    let mut unknown = 0;
    for kind in [OperationKind::Write, OperationKind::Flush] {
        for skip in 0..CALLS {
            let platform = blank();
            let db = create(platform.clone(), Memory::new(), quiet());
            let mut model = Model::new();
            change(&db, &mut model, [put(1, b"one")]);
            db.checkpoint().unwrap();
            fail_once(&platform, kind, skip);
            let long = [put(2, &[7; 3000]), put(3, &[8; 3000])];
            let result = commit(&db, long.clone());
            drop(db);
            platform.fail_no_more();

            let served = contents(&open(&platform, Memory::new()).read().unwrap());
            if served.len() > 1 {
                apply(&mut model, long);
            }
            assert_eq!(served, model, "all of it or nothing");
            assert!(result.is_err() || served.len() == 3, "what was acknowledged");
            unknown += u32::from(result.is_err());
            expect(&open(&after(flushed(&platform)), Memory::new()), &model);
        }
    }
    assert!(unknown >= 6, "only {unknown} of the calls failed");
}

/// A creation that failed is opened again on the same boot: the database stays.
#[test]
fn a_database_that_was_opened_is_not_gone_later() {
    let mut failed = 0;
    for kind in [OperationKind::Write, OperationKind::Flush] {
        for skip in 0..CALLS {
            let platform = blank();
            fail_once(&platform, kind, skip);
            failed += u32::from(Database::open(platform.clone(), Memory::new(), quiet()).is_err());
            platform.fail_no_more();
            drop(Database::open(platform.clone(), Memory::new(), quiet()).unwrap());
            let found = Options { create: false, ..quiet() };
            let again = Database::open(after(flushed(&platform)), Memory::new(), found);
            assert!(again.is_ok(), "{kind:?} {skip}: {:?}", again.err());
        }
    }
    assert!(failed >= 5, "only {failed} of the calls failed");
}

/// What a power cut left of a meta that never came to be is erased before anything else is written:
/// later a torn one of the same generation could make it whole, when its pages are used again.
#[test]
fn a_torn_meta_is_erased() {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, [put(1, b"one")]);
    db.checkpoint().unwrap();
    drop(db);
    let mut image = flushed(&platform);
    let page = SIZE as usize;
    // The generation of each pair: the older one is torn.
    let generation = |pair: usize| image.data[2 * pair * page + 32];
    let older = if generation(0) < generation(1) { 0 } else { 2 };
    image.data[(older + 1) * page + 90..][..20].fill(7);

    let platform = after(image);
    expect(&open(&platform, Memory::new()), &model);
    let data = platform.crash(Plan::AllOld).data;
    assert!(data[(older + 1) * page..][..256].iter().all(|byte| *byte == 0xFF), "erased");
    assert!(data[older * page..][..page].iter().any(|byte| *byte != 0), "the whole copy stays");
}
