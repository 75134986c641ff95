//! A small run of the crash explorer.

use drystone_crash::{
    Effort, Name, Phase, Totals, explore, explore_nested, replay, sequences, workload_seed,
};

#[test]
fn every_image_recovers() {
    let seed = std::env::var("DRYSTONE_SEED").map_or(1, |text| text.parse().unwrap());
    let mut totals = Totals::default();
    for number in 0..24 {
        totals.add(explore(&Name::Seed(workload_seed(seed, number)), Effort::Images(250)));
    }
    println!("seed {seed}\n{totals}");
    for trouble in &totals.troubles {
        println!("FAILED --replay {} : {}", trouble.crash, trouble.what);
    }
    assert!(totals.troubles.is_empty(), "{} of {} failed", totals.troubles.len(), totals.images);
    assert!(totals.images > 3_000, "{}", totals.images);
    for (phase, count) in Phase::ALL.iter().zip(totals.phases) {
        assert!(count > 0, "no crash during {phase:?}");
    }
    assert!(totals.wraps[0] > 0 && totals.growth[0] > 0 && totals.growth[1] > 0 && totals.in_recovery > 0);
}

#[test]
fn sequences_of_one_step() {
    let mut totals = Totals::default();
    for name in sequences(1) {
        totals.add(explore(&name, Effort::Subsets(3)));
    }
    println!("{totals}");
    for trouble in &totals.troubles {
        println!("FAILED --replay {} : {}", trouble.crash, trouble.what);
    }
    assert!(totals.troubles.is_empty() && totals.images > 2_000, "{}", totals.images);
}

#[test]
fn a_name_gives_the_same_run() {
    for number in 0..8 {
        let name = Name::Seed(workload_seed(5, number));
        let once = explore(&name, Effort::Images(100)).to_string();
        assert_eq!(once, explore(&name, Effort::Images(100)).to_string(), "{name}");
        let totals = replay(&name.to_string().parse().unwrap());
        assert!(totals.troubles.is_empty());
    }
}

/// The recovery of every image is cut, not of some.
#[test]
fn every_recovery_is_cut() {
    let mut totals = Totals::default();
    for name in ["i", "b", "c"] {
        totals.add(explore_nested(&format!("={name}").parse().unwrap(), Effort::Subsets(2), 16));
    }
    println!("{totals}");
    assert!(totals.troubles.is_empty(), "{:?}", totals.troubles);
    let outer = totals.images - totals.nested;
    assert!(totals.in_recovery > 2 * outer, "{} in the recoveries of {outer}", totals.in_recovery);
}
