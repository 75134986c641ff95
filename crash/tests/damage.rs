//! Damage to a database at rest: the bits of a few blocks, lost and misplaced writes, wrong files.

use drystone_crash::{DamageReport, damage, damage_count};

#[test]
fn damage_is_met_or_harmless() {
    let mut report = DamageReport::default();
    let last = damage_count() - 1;
    // A meta copy, a place of the map, a page, a block of the log, all that is no bit.
    for task in [2, 6, 20, last - 3, last] {
        report.add(damage(task));
    }
    println!("{report}");
    for (line, what) in &report.troubles {
        println!("FAILED --replay {line} : {what}");
    }
    assert!(report.troubles.is_empty() && report.cases() > 30_000, "{}", report.cases());
}
