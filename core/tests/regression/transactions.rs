//! Transactions that cannot go on, and savepoints in other transactions than their own.

use crate::fixture::{Model, Small, after, blank, change, create, expect, flushed, open, put, quiet, tree};
use drystone_core::{Error, Options, View};
use drystone_platform_sim::Role;

type Memory = Small<16, 8192>;

/// Nothing had changed yet when it failed, so there would be nothing to commit.
#[test]
fn the_commit_of_an_aborted_transaction_fails() {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, [put(1, b"one")]);
    db.checkpoint().unwrap();
    for changed_before in [false, true] {
        platform.set_capacity(Role::Data, 0);
        let mut txn = db.write().unwrap();
        let tree = tree(&txn);
        if changed_before {
            txn.put(tree, &2u32.to_be_bytes(), b"two").unwrap();
        }
        assert!(matches!(txn.put(tree, &3u32.to_be_bytes(), &[3; 60_000]), Err(Error::NoSpace { .. })));
        assert_eq!(txn.put(tree, &4u32.to_be_bytes(), b"four"), Err(Error::TransactionAborted));
        assert_eq!(txn.commit(), Err(Error::TransactionAborted));
        expect(&db, &model);
        platform.set_capacity(Role::Data, u64::MAX);
        change(&db, &mut model, [put(5 + u32::from(changed_before), b"again")]);
    }
    expect(&open(&after(flushed(&platform)), Memory::new()), &model);
}

#[test]
fn a_savepoint_of_one_transaction_is_none_of_another() {
    let db = create(blank(), Memory::new(), quiet());
    let mut first = db.write().unwrap();
    let tree = tree(&first);
    let of_first = first.savepoint().unwrap();
    first.rollback();

    let mut second = db.write().unwrap();
    assert_eq!(second.rollback_to(of_first), Err(Error::NoSuchSavepoint), "no savepoint is open");
    second.put(tree, b"kept", b"1").unwrap();
    let of_second = second.savepoint().unwrap();
    second.put(tree, b"undone", b"2").unwrap();
    assert_eq!(second.rollback_to(of_first), Err(Error::NoSuchSavepoint), "another one is open");
    assert_eq!(second.release(of_first), Err(Error::NoSuchSavepoint));
    assert_eq!(second.count(tree).unwrap(), 2);

    second.rollback_to(of_second).unwrap();
    assert_eq!(second.count(tree).unwrap(), 1);
    second.release(of_second).unwrap();
    assert_eq!(second.rollback_to(of_second), Err(Error::NoSuchSavepoint), "released");
    let later = second.savepoint().unwrap();
    assert_eq!(second.rollback_to(of_second), Err(Error::NoSuchSavepoint), "its place is taken");
    second.release(later).unwrap();
    second.commit().unwrap();
}

/// A commit drops the list of what its transaction bore, with all its pages, to be swept later. Many
/// such lists leave few for anything else, which once made the database read-only.
#[test]
fn transactions_that_bear_many_pages_leave_lists_for_the_next() {
    let db = create(blank(), Small::<64, 32768>::new(), Options::default());
    for round in 0..40 {
        let mut txn = db.write().unwrap();
        let tree = tree(&txn);
        for _ in 0..2800 {
            txn.put(tree, b"a", b"").unwrap();
            txn.delete(tree, b"a").unwrap();
        }
        txn.put(tree, b"b", &[round]).unwrap();
        txn.commit().unwrap();
    }
    assert!(db.check().unwrap().is_ok());
}
