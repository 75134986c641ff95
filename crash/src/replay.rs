//! The line that names one crash and replays it.

use drystone_platform_sim::Plan;
use std::fmt;
use std::str::FromStr;

/// One crash: the workload's seed, and where and how it was cut; a second place is a crash after
/// the first one. Without places: the workload itself.
///
/// Written as `4f1c/120:s55/14:n7`: hexadecimal seed, position in the trace and plan (`old`,
/// `new`, `s` seeded, `n` numbered).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// Seed of the workload.
    pub workload: u64,
    /// Positions in the trace and plans.
    pub cuts: Vec<(usize, Plan)>,
}

impl Crash {
    /// A crash after this one.
    #[must_use]
    pub fn then(&self, position: usize, plan: Plan) -> Self {
        let mut next = self.clone();
        next.cuts.push((position, plan));
        next
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.workload)?;
        for (position, plan) in &self.cuts {
            match plan {
                Plan::AllOld => write!(f, "/{position}:old"),
                Plan::AllNew => write!(f, "/{position}:new"),
                Plan::Seeded(seed) => write!(f, "/{position}:s{seed}"),
                Plan::Numbered(number) => write!(f, "/{position}:n{number}"),
            }?;
        }
        Ok(())
    }
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no replay line; one looks like 4f1c/120:s55/14:n7");
        let mut parts = text.split('/');
        let seed = parts.next().and_then(|seed| u64::from_str_radix(seed, 16).ok());
        let mut cuts = Vec::new();
        for part in parts {
            let (position, plan) = part.split_once(':').ok_or_else(wrong)?;
            cuts.push((position.parse().map_err(|_| wrong())?, parse_plan(plan).ok_or_else(wrong)?));
        }
        Ok(Self { workload: seed.ok_or_else(wrong)?, cuts })
    }
}

fn parse_plan(text: &str) -> Option<Plan> {
    match text {
        "old" => Some(Plan::AllOld),
        "new" => Some(Plan::AllNew),
        _ => {
            let number = text.get(1..)?.parse().ok()?;
            match text.as_bytes()[0] {
                b's' => Some(Plan::Seeded(number)),
                b'n' => Some(Plan::Numbered(number)),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crash;
    use drystone_platform_sim::Plan;

    #[test]
    fn lines_round_trip() {
        let crash = Crash { workload: 0x4F1C, cuts: vec![(120, Plan::Seeded(55)), (14, Plan::AllOld)] };
        assert_eq!(crash.to_string(), "4f1c/120:s55/14:old");
        assert_eq!(crash.to_string().parse(), Ok(crash));
        for wrong in ["", "x", "4/", "4/1", "4/1:", "4/1:q3", "4/1:s"] {
            assert!(wrong.parse::<Crash>().is_err(), "{wrong}");
        }
    }
}
