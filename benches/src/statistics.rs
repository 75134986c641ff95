//! Times and what is made of them: percentiles, medians, spread.

use std::time::Instant;

/// Nanoseconds since then.
#[must_use]
pub fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Microseconds that `percent` of the sorted nanoseconds do not exceed; 0 of none.
#[must_use]
pub fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |ns| *ns as f64 / 1000.0)
}

/// The middle of the values; infinite of none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
}

/// How far the values lie apart, as a part of their median; 0 of equal ones.
#[must_use]
pub fn spread(values: &[f64]) -> f64 {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    if high <= low { 0.0 } else { (high - low) / median(values.to_vec()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_known_values() {
        let sorted: Vec<u64> = (1..=100).map(|n| n * 1000).collect();
        assert_eq!([50, 95, 100].map(|percent| percentile(&sorted, percent)), [51.0, 96.0, 100.0]);
        assert_eq!(percentile(&[], 50), 0.0);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![]), f64::INFINITY);
        assert_eq!(spread(&[2.0, 1.0, 4.0]), 1.5);
        assert_eq!(spread(&[2.0]), 0.0);
    }
}
