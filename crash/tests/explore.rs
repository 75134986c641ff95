//! A small run of the crash explorer.

use drystone_crash::{Phase, Totals, explore, replay, workload_seed};

#[test]
fn every_image_recovers() {
    let seed = std::env::var("DRYSTONE_SEED").map_or(1, |text| text.parse().unwrap());
    let mut totals = Totals::default();
    for number in 0..24 {
        totals.add(explore(workload_seed(seed, number), 250));
    }
    println!("seed {seed}\n{totals}");
    for trouble in &totals.troubles {
        println!("FAILED --replay {} : {}", trouble.crash, trouble.what);
    }
    assert!(totals.troubles.is_empty(), "{} of {} failed", totals.troubles.len(), totals.images);
    assert!(totals.distinct > 3_000, "{}", totals.distinct);
    for (phase, count) in Phase::ALL.iter().zip(totals.phases) {
        assert!(count > 0, "no crash during {phase:?}");
    }
    assert!(totals.wraps > 0 && totals.growth[0] > 0 && totals.growth[1] > 0 && totals.in_recovery > 0);
}

#[test]
fn a_seed_gives_the_same_run() {
    let workload = workload_seed(5, 5);
    assert_eq!(explore(workload, 100).to_string(), explore(workload, 100).to_string());
    let totals = replay(&format!("{workload:x}").parse().unwrap());
    assert!(totals.troubles.is_empty());
}
