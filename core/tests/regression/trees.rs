//! Trees whose oldest keys go and whose keys then come from below.

use crate::fixture::{Model, Small, blank, change, create, delete, expect, put, quiet};

/// The first key of an inner node may be stale: greater than the next one.
#[test]
fn keys_below_a_stale_first_key_are_found() {
    let db = create(blank(), Small::<64, 65536>::new(), quiet());
    let mut model = Model::new();
    change(&db, &mut model, (0x100..0x180).map(|key| put(key, &[1; 40])));
    change(&db, &mut model, (0x100..0x130).map(delete));
    for key in (0..0x100).rev() {
        change(&db, &mut model, [put(key, &[2; 40])]);
        expect(&db, &model);
    }
}
