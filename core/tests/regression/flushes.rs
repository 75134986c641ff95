//! Flushes of the data device that fail.

use crate::fixture::{
    Model, Small, after, blank, change, commit, create, expect, fail_once, finish, flushed, open, put, quiet,
};
use drystone_core::{DeviceName, Error, Operation};
use drystone_platform_sim::OperationKind;

/// A transaction that grows the device flushes it, which covers pages of others that were evicted
/// or belong to the checkpoint in progress.
fn grow_and_fail(checkpoint_in_progress: bool) {
    let platform = blank();
    let db = create(platform.clone(), Small::<8, 4096>::new(), quiet());
    let mut model = Model::new();
    db.checkpoint().unwrap();
    for round in 0..8u32 {
        let key = |step: u32| (round * 4 + step).wrapping_mul(2_654_435_761);
        change(&db, &mut model, (0..4).map(|step| put(key(step), &[5; 60])));
    }
    if checkpoint_in_progress {
        assert!(!db.checkpoint_step(1).unwrap());
    }
    fail_once(&platform, OperationKind::Flush, 0);
    let error = commit(&db, [put(0, &[9; 60_000])]).unwrap_err();
    let flush = matches!(
        error,
        Error::Device { device: DeviceName::Data, operation: Operation::Flush, .. } | Error::Unknown
    );
    assert!(flush, "{error:?}");

    // Whether anything may still be done or not: nothing acknowledged may depend on the lost pages.
    let _ = finish(&db);
    if commit(&db, [put(1, b"later")]).is_ok() {
        model.insert(1, b"later".to_vec());
    }
    drop(db);
    expect(&open(&after(flushed(&platform)), Small::<8, 4096>::new()), &model);
}

#[test]
fn a_failed_flush_while_growing_is_not_forgotten() {
    grow_and_fail(false);
}

#[test]
fn a_failed_flush_while_growing_ends_the_checkpoint_in_progress() {
    grow_and_fail(true);
}

/// Every place that flushes the data device makes the database read-only when that fails.
#[test]
fn nothing_is_written_after_a_failed_flush() {
    let platform = blank();
    let db = create(platform.clone(), Small::<8, 4096>::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, [put(1, b"one")]);
    fail_once(&platform, OperationKind::Flush, 0);
    assert!(matches!(db.checkpoint(), Err(Error::Device { operation: Operation::Flush, .. })));
    assert_eq!(db.checkpoint(), Err(Error::ReadOnly));
    assert_eq!(commit(&db, [put(2, b"two")]), Err(Error::ReadOnly));
    expect(&db, &model);
    drop(db);
    expect(&open(&after(flushed(&platform)), Small::<8, 4096>::new()), &model);
}
