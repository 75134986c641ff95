//! Salvage: an opening that drops the acknowledged commits behind damage, because it was told to.

use crate::fixture::{
    Model, SIZE, Small, after, blank, bytes, change, commit, contents, create, everything, expect, flushed,
    on, open, put, quiet, tree,
};
use crate::recovery::{Memory, TABLE, edited, three_records};
use drystone_core::{Database, Error, Finding, Options, Salvaged, View};
use drystone_platform_sim::{CrashState, Plan, SimOptions, SimPlatform};

type Db = Database<SimPlatform, Memory>;

fn salvage(platform: &SimPlatform, read_only: bool) -> Result<Db, Error<drystone_platform_sim::SimError>> {
    let options = Options { create: false, read_only, salvage: true, ..quiet() };
    Database::open(platform.clone(), Memory::new(), options)
}

/// What an ordinary opening says.
fn refusal(platform: &SimPlatform) -> Error<drystone_platform_sim::SimError> {
    match Database::open(platform.clone(), Memory::new(), quiet()) {
        Ok(_) => panic!("it opens"),
        Err(error) => error,
    }
}

/// Every row of the decision table below the watermark: the states behind the last good record go,
/// for good, and what is committed afterwards stays.
#[test]
fn what_stands_before_the_damage_stays() {
    let (state, models) = three_records();
    for (finding, edit, ..) in TABLE {
        for number in [1, 2] {
            let log = edited(&state, number, edit);
            let platform = on(state.data.clone(), log.clone());
            let salvaged = match (finding, Database::open(platform, Memory::new(), quiet()).err()) {
                (Finding::Valid, None) => None,
                (_, Some(Error::CorruptLog { lsn, durable_lsn })) => {
                    Some(Salvaged { lsn, bytes: durable_lsn - lsn })
                }
                (_, other) => panic!("{finding:?} at record {number}: {other:?}"),
            };
            let model = if salvaged.is_some() { &models[number - 1] } else { &models[3] };
            let platform = on(state.data.clone(), log.clone());
            let db = salvage(&platform, true).unwrap();
            assert_eq!(db.stats().recovery.salvaged, salvaged, "{finding:?} at record {number}");
            expect(&db, model);
            drop(db);
            let left = everything(&platform);
            assert!(left.data == state.data && left.log == log, "for reading: nothing is written");

            let platform = on(state.data.clone(), log);
            let db = salvage(&platform, false).unwrap();
            assert_eq!(db.stats().recovery.salvaged, salvaged, "{finding:?} at record {number}");
            expect(&db, model);
            drop(db);
            let platform = after(flushed(&platform));
            let db = open(&platform, Memory::new());
            assert_eq!(db.stats().recovery.salvaged, None);
            expect(&db, model);
            let mut model = model.clone();
            change(&db, &mut model, [put(9, b"nine")]);
            drop(db);
            expect(&open(&after(flushed(&platform)), Memory::new()), &model);
        }
    }
}

/// Wherever a salvage is cut: before it counts the database is refused as before, and can be salvaged
/// again; from then on it opens. Never is there anything but the state before the damage.
#[test]
fn a_salvage_can_be_cut_anywhere() {
    let (state, models) = three_records();
    for (finding, edit, ..) in TABLE.into_iter().filter(|(finding, ..)| *finding != Finding::Valid) {
        for number in [1, 2] {
            let options = SimOptions {
                data: state.data.clone(),
                log: edited(&state, number, edit),
                record: true,
                ..SimOptions::default()
            };
            let platform = SimPlatform::new(options);
            drop(salvage(&platform, false).unwrap());
            let trace = platform.trace().unwrap();
            let [mut refused, mut opened] = [0, 0];
            for position in 0..=trace.operations().len() {
                let plans = (0..6).map(Plan::Seeded).chain([Plan::AllOld, Plan::AllNew]);
                for plan in plans {
                    let case = format!("{finding:?} at record {number}, position {position}, {plan:?}");
                    let platform = after(trace.crash_at(position, plan));
                    match Database::open(platform.clone(), Memory::new(), quiet()) {
                        Ok(db) => {
                            expect(&db, &models[number - 1]);
                            opened += 1;
                        }
                        Err(Error::CorruptLog { .. }) => refused += 1,
                        Err(other) => panic!("{case}: {other}"),
                    }
                    let db = salvage(&platform, false).unwrap_or_else(|error| panic!("{case}: {error}"));
                    expect(&db, &models[number - 1]);
                }
            }
            assert!(refused > 3 && opened > 3, "{finding:?}: {refused} refused, {opened} opened");
        }
    }
}

/// A log that is gone: the last checkpoint is what there is. The old log does no harm when it turns up.
#[test]
fn a_missing_log_leaves_the_last_checkpoint() {
    let (state, models) = three_records();
    let platform = on(state.data.clone(), Vec::new());
    assert_eq!(refusal(&platform), Error::LogMissing);
    expect(&salvage(&platform, true).unwrap(), &models[0]);
    assert!(everything(&platform).log.is_empty());
    let platform = on(state.data, Vec::new());
    let db = salvage(&platform, false).unwrap();
    let salvaged = db.stats().recovery.salvaged.unwrap();
    assert_eq!(salvaged.bytes, 0, "nobody knows");
    expect(&db, &models[0]);
    drop(db);
    let left = flushed(&platform);
    expect(&open(&on(left.data.clone(), state.log), Memory::new()), &models[0]);
    let platform = after(left);
    let db = open(&platform, Memory::new());
    let mut model = models[0].clone();
    change(&db, &mut model, [put(7, b"seven")]);
    drop(db);
    expect(&open(&after(flushed(&platform)), Memory::new()), &model);
}

/// A log that was cut short: what is left of it counts, at a block's end or in the middle of one, and
/// wherever the salvage is cut.
#[test]
fn a_log_that_is_cut_short_counts_as_far_as_it_is_there() {
    let (state, models) = three_records();
    let mut seen = [0; 4];
    for len in (0..13 * SIZE).step_by(230) {
        let log = state.log[..len as usize].to_vec();
        let options = SimOptions { data: state.data.clone(), log, record: true, ..SimOptions::default() };
        let platform = SimPlatform::new(options);
        assert_eq!(refusal(&platform), Error::LogMissing);
        let db = salvage(&platform, false).unwrap();
        let found = contents(&db.read().unwrap());
        let number = models.iter().position(|model| *model == found).unwrap();
        seen[number] += 1;
        expect(&db, &models[number]);
        drop(db);
        let trace = platform.trace().unwrap();
        for position in 0..=trace.operations().len() {
            for plan in [Plan::AllOld, Plan::AllNew, Plan::Seeded(len)] {
                let platform = after(trace.crash_at(position, plan));
                if let Ok(db) = Database::open(platform.clone(), Memory::new(), quiet()) {
                    expect(&db, &models[number]);
                }
                expect(&salvage(&platform, false).unwrap(), &models[number]);
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

/// The log of another database may be all that one has: it is not written over.
#[test]
fn a_foreign_log_is_left_alone() {
    let (state, models) = three_records();
    let other = SimPlatform::new(SimOptions { seed: 77, ..SimOptions::default() });
    let db = create(other.clone(), Memory::new(), quiet());
    commit(&db, [put(1, b"other")]).unwrap();
    drop(db);
    let platform = on(state.data, flushed(&other).log);
    assert_eq!(refusal(&platform), Error::LogForeign);
    assert_eq!(salvage(&platform, false).err(), Some(Error::LogForeign));
    let db = salvage(&platform, true).unwrap();
    assert!(db.stats().recovery.salvaged.is_some());
    expect(&db, &models[0]);
}

/// A data device that is the older one of two copies, beside the newer log: what it holds can be read.
#[test]
fn an_older_data_device_is_read() {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, [put(1, b"one")]);
    db.checkpoint().unwrap();
    drop(db);
    let state = flushed(&platform);
    let older = (state.data.clone(), model.clone());
    let platform = after(state);
    let db = open(&platform, Memory::new());
    for key in 2..5 {
        change(&db, &mut model, [put(key, b"later")]);
        db.checkpoint().unwrap();
    }
    change(&db, &mut model, [put(9, b"last")]);
    drop(db);
    let platform = on(older.0, flushed(&platform).log);
    assert!(matches!(refusal(&platform), Error::LogNewer { .. }));
    assert!(matches!(salvage(&platform, false).err(), Some(Error::LogNewer { .. })));
    let db = salvage(&platform, true).unwrap();
    assert!(db.stats().recovery.salvaged.is_some());
    let found = contents(&db.read().unwrap());
    assert!(older.1.iter().all(|(key, value)| found.get(key) == Some(value)));
    assert!(found.iter().all(|(key, value)| model.get(key) == Some(value)));
}

/// A page is rotten that a record changes: what stands before that record can be had.
#[test]
fn a_record_whose_page_is_rotten_is_the_first_that_goes() {
    let wide = |keys: std::ops::Range<u32>, byte: u8| keys.map(move |key| put(key, &[byte; 100]));
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, wide(0..200, 1));
    db.checkpoint().unwrap();
    for (key, value) in [(0, b"first"), (100, b"other"), (199, b"third")] {
        commit(&db, [put(key, value)]).unwrap();
    }
    drop(db);

    let state = flushed(&platform);
    let page = SIZE as usize;
    let is_leaf = |bytes: &[u8]| bytes[4 + 20] == 1;
    let holds = |bytes: &[u8]| bytes.windows(2).any(|key| key == 100u16.to_be_bytes());
    let mut refused = 0;
    for number in (8..state.data.len() / page).filter(|number| {
        let bytes = &state.data[number * page..][..page];
        is_leaf(bytes) && holds(bytes)
    }) {
        let mut data = state.data.clone();
        data[number * page + 300] ^= 1;
        let image = CrashState { data, ..state.clone() };
        let platform = after(image);
        let Err(error) = Database::open(platform.clone(), Memory::new(), quiet()) else { continue };
        if error != (Error::Corrupt { page: number as u32, damage: drystone_core::Damage::Checksum }) {
            continue;
        }
        refused += 1;
        for read_only in [true, false] {
            let db = salvage(&platform, read_only).unwrap();
            let salvaged = db.stats().recovery.salvaged.unwrap();
            assert!(salvaged.bytes > 0, "{salvaged:?}");
            let snapshot = db.read().unwrap();
            let tree = tree(&snapshot);
            let get = |key: u32| {
                let found = snapshot.get(tree, &key.to_be_bytes(), |value| bytes(&snapshot, value));
                found.unwrap().unwrap()
            };
            assert_eq!(get(0), b"first", "the record before is there");
            assert_eq!(get(199), [1; 100], "the record behind is not");
        }
        // The rest can be written from now on.
        let db = open(&after(flushed(&platform)), Memory::new());
        commit(&db, [put(198, b"usable")]).unwrap();
    }
    assert!(refused > 0, "no page of these was needed");
}

/// Nothing is made where there is nothing.
#[test]
fn a_salvage_creates_nothing() {
    let options = Options { salvage: true, ..quiet() };
    let error = Database::open(blank(), Small::<32, 8192>::new(), options).err();
    assert_eq!(error, Some(Error::NotFound));
}
