//! Log devices and rings that do not fit.

use crate::fixture::{
    Model, Small, after, blank, change, commit, create, everything, expect, flushed, open, put, quiet,
};
use drystone_core::memory::StaticMemory;
use drystone_core::{Database, Error, Options};
use drystone_platform_sim::{CrashState, SimOptions, SimPlatform};

/// Pages that hold either block size.
type Memory = StaticMemory<SimPlatform, 4096, 16, 8192, 4>;

fn with_blocks(block_size: u32, state: CrashState) -> SimPlatform {
    let CrashState { data, log, .. } = state;
    SimPlatform::new(SimOptions { block_size, data, log, ..SimOptions::default() })
}

#[test]
fn a_log_written_in_blocks_of_another_size_is_refused() {
    let platform = blank();
    let db = create(platform.clone(), Memory::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, [put(1, b"one")]);
    drop(db);
    let state = flushed(&platform);
    for block_size in [1024, 2048] {
        let other = with_blocks(block_size, state.clone());
        let error = Database::open(other.clone(), Memory::new(), quiet()).err();
        assert_eq!(error, Some(Error::LogBlockSize { block_size, found: 512 }));
        let left = everything(&other);
        assert!(left.data == state.data && left.log == state.log, "nothing is written");
    }
    let db = open(&after(state), Memory::new());
    expect(&db, &model);

    // A log that is empty can begin anew in other blocks.
    let platform = db.platform().clone();
    db.close().unwrap();
    let other = with_blocks(1024, flushed(&platform));
    let db = open(&other, Memory::new());
    change(&db, &mut model, [put(2, b"two")]);
    drop(db);
    expect(&open(&with_blocks(1024, flushed(&other)), Memory::new()), &model);
}

#[test]
fn a_ring_that_is_no_multiple_of_the_block_is_refused() {
    let platform = blank();
    let options = Options { ring_len: 20_000, ..quiet() };
    let error = Database::open(platform.clone(), Memory::new(), options).err();
    assert_eq!(error, Some(Error::RingLength { ring_len: 20_000 }));
    let left = everything(&platform);
    assert!(left.data.is_empty() && left.log.is_empty());
}

#[test]
fn a_ring_grows_by_whole_blocks_only() {
    let platform = blank();
    let options = Options { ring_len: 8192, ring_len_max: 20_000, ..Options::default() };
    let db = create(platform.clone(), Small::<32, 2048>::new(), options);
    let mut model = Model::new();
    for key in 0..400 {
        change(&db, &mut model, [put(key, &[1; 100])]);
    }
    assert_eq!(db.stats().ring_len, 20_000 / 512 * 512);
    drop(db);
    let db = open(&after(flushed(&platform)), Small::<32, 2048>::new());
    expect(&db, &model);
    commit(&db, [put(1, b"usable")]).unwrap();
}
