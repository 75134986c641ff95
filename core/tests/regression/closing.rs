//! What a clean close gives back, and that a crash in the middle of it loses nothing.

use crate::fixture::{
    Model, SIZE, Small, after, apply, blank, change, commit, contents, create, delete, expect, open, put,
    quiet,
};
use drystone_core::{Database, Options};
use drystone_platform_sim::{Plan, Role, SimOptions, SimPlatform};

type Memory = Small<32, 8192>;

/// A database whose file and ring have grown, its model, and the platform.
fn grown(platform: &SimPlatform) -> (Database<SimPlatform, Memory>, Model) {
    let options = Options {
        ring_len: 32 << 10,
        ring_len_max: 256 << 10,
        ring_growth_us: u64::MAX,
        ..Options::default()
    };
    let db = create(platform.clone(), Memory::new(), options);
    let mut model = Model::new();
    for round in 0..120 {
        change(&db, &mut model, (0..20).map(|key| put(round * 20 + key, &[round as u8; 60])));
    }
    // Changes far apart write more pages than log.
    for key in 0..600 {
        change(&db, &mut model, [put(key * 997 % 2400, &[9; 60])]);
    }
    assert!(db.stats().ring_len > 32 << 10, "{:?}", db.stats());
    (db, model)
}

#[test]
fn a_clean_close_gives_the_log_and_the_free_end_back() {
    // How much is free at the end depends on where the growth was.
    let given: Vec<u64> = [4000, 4300, 4600, 4900].into_iter().map(closes).collect();
    assert!(given.iter().any(|pages| *pages > 40), "{given:?} pages");
}

/// Pages given back by a close after a bulk of so many entries.
fn closes(bulk: u32) -> u64 {
    let platform = blank();
    let (db, mut model) = grown(&platform);
    // The places that changes left are filled.
    change(&db, &mut model, (0..bulk).map(|key| put(20_000 + key, &[4; 60])));
    let before = platform.device_len(Role::Data);
    db.close().unwrap();
    let given = (before - platform.device_len(Role::Data)) / SIZE;
    assert_eq!(platform.device_len(Role::Log), 0);

    // It is whole without them, for readers, and for writers, which take what they need again.
    let read_only = Options { read_only: true, create: false, ..quiet() };
    let db = Database::open(platform.clone(), Memory::new(), read_only).unwrap();
    expect(&db, &model);
    drop(db);
    assert_eq!(platform.device_len(Role::Log), 0, "a reader made a log");
    let db = open(&platform, Memory::new());
    expect(&db, &model);
    change(&db, &mut model, (0..400).map(|key| put(10_000 + key, &[3; 100])));
    assert_eq!(platform.device_len(Role::Log), 32 << 10, "the ring is as long as at first");
    expect(&db, &model);
    assert!(db.check().unwrap().is_ok());
    drop(db);
    expect(&open(&after(platform.crash(Plan::AllNew)), Memory::new()), &model);
    given
}

/// Power is lost at each moment of a close and of the opening and the first commit that follow.
#[test]
fn a_cut_close_loses_nothing() {
    let platform = SimPlatform::new(SimOptions { record: true, ..SimOptions::default() });
    let (db, mut model) = grown(&platform);
    let start = platform.trace().unwrap().operations().len();
    db.close().unwrap();
    let closed = platform.trace().unwrap().operations().len();
    let old = model.clone();
    change(&open(&platform, Memory::new()), &mut model, [put(7, b"again")]);
    let trace = platform.trace().unwrap();
    let mut cut_log = 0;
    for position in start..=trace.operations().len() {
        for plan in
            [Plan::AllOld, Plan::AllNew, Plan::Seeded(position as u64), Plan::Seeded(!position as u64)]
        {
            let state = trace.crash_at(position, plan);
            cut_log += usize::from(state.log.is_empty());
            let db = open(&after(state), Memory::new());
            let found = contents(&db.read().unwrap());
            assert!(found == old || position > closed && found == model, "{position}, {plan:?}");
            change(&db, &mut found.clone(), [put(8, b"goes on"), delete(9)]);
            assert!(db.check().unwrap().is_ok(), "{position}, {plan:?}");
        }
    }
    assert!(cut_log > 4, "{cut_log} images without a log");
}

/// A device that has no more space: what was closed is opened and emptied.
#[test]
fn a_full_device_is_emptied_after_a_close() {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, (0..300).map(|key| put(key, &[1; 100])));
    db.close().unwrap();
    // Others took what the close gave back.
    platform.set_capacity(Role::Data, platform.device_len(Role::Data));
    platform.set_capacity(Role::Log, 64 << 10);
    let db = open(&platform, Memory::new());
    for first in (0..300).step_by(30) {
        // Where there is no space at once, the second try begins with a checkpoint.
        let deletes = || (first..first + 30).map(delete);
        commit(&db, deletes()).or_else(|_| commit(&db, deletes())).unwrap();
        apply(&mut model, deletes());
    }
    expect(&db, &model);
    assert!(model.is_empty());
}

/// An opening with less memory and a shorter ring leaves a database that the first one still opens.
#[test]
fn a_close_with_other_options_locks_nobody_out() {
    let platform = blank();
    let big = Options { ring_len: 256 << 10, ..quiet() };
    let small = Options { ring_len: 16 << 10, create: false, ..quiet() };
    let mut model = Model::new();
    let db = create(platform.clone(), Small::<32, 65536>::new(), big);
    change(&db, &mut model, [put(1, b"one")]);
    db.close().unwrap();
    let db = Database::open(platform.clone(), Memory::new(), small).unwrap();
    change(&db, &mut model, [put(2, b"two")]);
    db.close().unwrap();
    for read_only in [true, false] {
        let again = Options { create: false, read_only, ..big };
        let db = Database::open(platform.clone(), Small::<32, 65536>::new(), again).unwrap();
        expect(&db, &model);
        if !read_only {
            change(&db, &mut model, [put(3, &[3; 3000])]);
            assert_eq!(platform.device_len(Role::Log), 64 << 10);
            drop(db);
            let db = open(&after(platform.crash(Plan::AllOld)), Small::<32, 65536>::new());
            expect(&db, &model);
        }
    }
}
