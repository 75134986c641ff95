//! Calls that fail in the middle of transactions: what is counted stays right.

use crate::fixture::{
    Change, Model, Small, after, apply, blank, change, commit, create, delete, expect, fail_once, flushed,
    open, put, quiet,
};
use drystone_core::Error;
use drystone_platform_sim::OperationKind;

type Memory = Small<8, 8192>;

fn round(number: u32) -> Vec<Change> {
    let change = |step: u32| {
        let replaced = put((step * 7 + number) % 200, &[2; 210]);
        let deleted = step.is_multiple_of(3).then(|| delete((step * 11) % 150));
        [Some(replaced), deleted].into_iter().flatten()
    };
    (0..60).flat_map(change).collect()
}

/// Runs until the failure strikes. `false`: it did not.
fn strike(kind: OperationKind, skip: u64) -> bool {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, (0..150).map(|key| put(key, &[1; 200])));
    db.checkpoint().unwrap();
    fail_once(&platform, kind, skip);
    let mut struck = false;
    for number in 0..3 {
        match commit(&db, round(number)) {
            Ok(()) => apply(&mut model, round(number)),
            // A commit by checkpoint that may have reached the device: its file says it.
            Err(Error::Unknown) => {
                platform.fail_no_more();
                drop(db);
                let db = open(&after(flushed(&platform)), Memory::new());
                if db.read().is_ok_and(|snapshot| crate::fixture::contents(&snapshot) != model) {
                    apply(&mut model, round(number));
                }
                expect(&db, &model);
                return true;
            }
            Err(_) => struck = true,
        }
        if struck {
            break;
        }
    }
    platform.fail_no_more();
    if struck {
        // Read-only now, or as if nothing had happened.
        if commit(&db, [put(1000, b"later")]).is_ok() {
            apply(&mut model, [put(1000, b"later")]);
            expect(&db, &model);
            db.checkpoint().unwrap();
            expect(&db, &model);
        }
        drop(db);
        expect(&open(&after(flushed(&platform)), Memory::new()), &model);
    }
    struck
}

fn all(kind: OperationKind, step: usize, least: u32) {
    let mut count = 0;
    for skip in (0..).step_by(step) {
        if !strike(kind, skip) {
            break;
        }
        count += 1;
    }
    assert!(count >= least, "{count} calls of {kind:?} failed");
}

#[test]
fn counts_are_right_after_a_failed_read() {
    all(OperationKind::Read, 3, 60);
}

#[test]
fn counts_are_right_after_a_failed_write() {
    all(OperationKind::Write, 4, 20);
}

#[test]
fn counts_are_right_after_growing_failed() {
    all(OperationKind::Reserve, 1, 1);
}
