//! The line that names one crash and replays it.

use crate::script::Name;
use drystone_platform_sim::Plan;
use std::fmt;
use std::str::FromStr;

/// One crash: the workload's name, and where and how it was cut; a second place is a crash after
/// the first one. Without places: the workload itself.
///
/// Written as `4f1c/120:s55/14:c7-8` or `=ibc/...`: hexadecimal seed or letters of a sequence, then
/// positions in the trace and plans (`old`, `new`, `s` seeded, `c` chosen: what is new, what is
/// torn).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// Names the workload.
    pub workload: Name,
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
        write!(f, "{}", self.workload)?;
        for (position, plan) in &self.cuts {
            match plan {
                Plan::AllOld => write!(f, "/{position}:old"),
                Plan::AllNew => write!(f, "/{position}:new"),
                Plan::Seeded(seed) => write!(f, "/{position}:s{seed}"),
                Plan::Chosen { new, torn } => write!(f, "/{position}:c{new:x}-{torn:x}"),
            }?;
        }
        Ok(())
    }
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no replay line; one looks like 4f1c/120:s55/14:c7-8");
        let mut parts = text.split('/');
        let workload = parts.next().unwrap_or_default().parse::<Name>()?;
        let mut cuts = Vec::new();
        for part in parts {
            let (position, plan) = part.split_once(':').ok_or_else(wrong)?;
            cuts.push((position.parse().map_err(|_| wrong())?, parse_plan(plan).ok_or_else(wrong)?));
        }
        Ok(Self { workload, cuts })
    }
}

fn parse_plan(text: &str) -> Option<Plan> {
    match text.split_at_checked(1)? {
        ("o", "ld") => Some(Plan::AllOld),
        ("n", "ew") => Some(Plan::AllNew),
        ("s", seed) => Some(Plan::Seeded(seed.parse().ok()?)),
        ("c", bits) => {
            let (new, torn) = bits.split_once('-')?;
            let [new, torn] = [new, torn].map(|bits| u64::from_str_radix(bits, 16).ok());
            Some(Plan::Chosen { new: new?, torn: torn? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Crash;
    use crate::script::Name;
    use drystone_platform_sim::Plan;

    #[test]
    fn lines_round_trip() {
        let cuts = vec![(120, Plan::Seeded(55)), (14, Plan::AllOld), (3, Plan::Chosen { new: 10, torn: 1 })];
        for (name, begin) in [(Name::Seed(0x4F1C), "4f1c"), (Name::Sequence("ibc".into()), "=ibc")] {
            let crash = Crash { workload: name, cuts: cuts.clone() };
            assert_eq!(crash.to_string(), format!("{begin}/120:s55/14:old/3:ca-1"));
            assert_eq!(crash.to_string().parse(), Ok(crash));
        }
        for wrong in ["", "x", "4/", "4/1", "4/1:", "4/1:q3", "4/1:s", "4/1:c3", "=i?", "=ni/1:c"] {
            assert!(wrong.parse::<Crash>().is_err(), "{wrong}");
        }
    }
}
