//! Which crashes to try at one place: all subsets of what is pending where that is not too much,
//! else the regular ones and a few by chance.

use drystone_platform_sim::{Plan, Random};

/// Most pending blocks that a regular plan tells apart.
const BITS: usize = 64;

/// All of them: where no more than `bound` are pending every subset of them, and each one torn among
/// several subsets; else prefixes, single drops, single survivors, pairs, and some by chance.
pub(crate) fn all(pending: usize, bound: usize, random: &mut Random) -> Vec<Plan> {
    let full = mask(pending);
    let mut plans = Vec::new();
    if pending <= bound {
        plans.extend((0..=full).map(|new| Plan::Chosen { new, torn: 0 }));
    } else {
        plans.extend(regular(pending));
        plans.extend((0..24).map(|_| Plan::Chosen { new: random.next_u64() & full, torn: 0 }));
        plans.extend((0..8).map(|_| Plan::Seeded(random.below(1 << 32))));
    }
    if pending > 1 {
        plans.push(Plan::Chosen { new: 0, torn: full });
    }
    for torn in 0..pending.min(BITS) {
        let torn = 1 << torn;
        plans.push(Plan::Chosen { new: 0, torn });
        if pending > 1 {
            plans.push(Plan::Chosen { new: full & !torn, torn });
            plans.push(Plan::Chosen { new: random.next_u64() & full & !torn, torn });
        }
    }
    plans
}

/// About `allowed` of them, and half of them by chance where that is not all.
pub(crate) fn some(pending: usize, allowed: u64, random: &mut Random) -> Vec<Plan> {
    let few = pending < 10 && 1 << pending <= allowed * 2;
    let mut plans = all(pending, if few { pending } else { 0 }, random);
    let regular = if few { allowed } else { allowed.div_ceil(2) };
    while plans.len() as u64 > regular {
        let index = random.index(plans.len());
        plans.swap_remove(index);
    }
    let missing = allowed.saturating_sub(plans.len() as u64);
    if pending > 1 {
        plans.extend((0..missing).map(|_| Plan::Seeded(random.below(1 << 32))));
    }
    plans
}

fn mask(pending: usize) -> u64 {
    1u64.checked_shl(pending as u32).map_or(u64::MAX, |bit| bit - 1)
}

/// Prefixes, all but one, one alone, neighbours alone.
fn regular(pending: usize) -> Vec<Plan> {
    let full = mask(pending);
    let mut sets: Vec<u64> = (0..=pending.min(BITS)).map(mask).collect();
    for index in 0..pending.min(BITS) {
        let bit = 1 << index;
        sets.extend([bit, full & !bit, full & (bit | bit << 1)]);
    }
    sets.sort_unstable();
    sets.dedup();
    sets.into_iter().map(|new| Plan::Chosen { new, torn: 0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::{all, some};
    use drystone_platform_sim::{Plan, Random};

    #[test]
    fn every_subset_and_every_torn_block() {
        let plans = all(4, 5, &mut Random::new(1));
        for new in 0..16 {
            assert!(plans.contains(&Plan::Chosen { new, torn: 0 }));
        }
        for torn in 0..4 {
            assert!(plans.contains(&Plan::Chosen { new: 0, torn: 1 << torn }));
        }
        assert_eq!(all(0, 5, &mut Random::new(1)).len(), 1);
        let many = all(70, 5, &mut Random::new(1));
        assert!(many.contains(&Plan::Chosen { new: u64::MAX, torn: 0 }) && many.len() > 300);
    }

    #[test]
    fn as_many_as_allowed() {
        for (pending, allowed) in [(2, 3), (6, 40), (30, 100), (90, 20)] {
            assert_eq!(some(pending, allowed, &mut Random::new(2)).len() as u64, allowed);
        }
    }
}
