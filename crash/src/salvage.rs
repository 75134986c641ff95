//! Salvage of what an ordinary opening refuses: it ends, holds a state there was, stays, and can be cut
//! at every write of its own.

use crate::damage::{Entry, exercise, read};
use crate::fault::{Fault, during};
use crate::setup::Middle;
use crate::workload::Image;
use drystone_core::{Database, Error, Options};
use drystone_platform_sim::{Plan, SimPlatform, Trace};

/// Plans of each crash inside a salvage.
const PLANS: [Plan; 6] =
    [Plan::AllOld, Plan::AllNew, Plan::Seeded(0), Plan::Seeded(1), Plan::Seeded(2), Plan::Seeded(3)];

/// How salvages went.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Salvages {
    /// Opened for writing; for reading only; not at all.
    pub opened: [u64; 3],
    /// Crash images of salvages that were checked.
    pub crashes: u64,
}

impl Salvages {
    pub fn add(&mut self, other: Self) {
        for (to, more) in self.opened.iter_mut().zip(other.opened) {
            *to += more;
        }
        self.crashes += other.crashes;
    }
}

/// What the image held before it was damaged.
pub(crate) struct Original<'a> {
    pub options: Options,
    /// The entries of every state.
    pub states: &'a [Vec<Entry>],
    /// Of the data device nothing is damaged.
    pub whole_data: bool,
}

/// What an opening showed: entries, and whether an error came before all were read or the check was
/// not clean.
type Shown = (Vec<Entry>, bool);

impl Original<'_> {
    /// Salvages an image that was refused; `crashes`: cutting it at each of its writes, too.
    pub fn salvage(&self, image: &Image, crashes: bool) -> Result<Salvages, Fault> {
        let mut salvages = Salvages::default();
        if self.ordinary(&image.clone().power_on(7, false))?.is_some() {
            return Ok(salvages);
        }
        let platform = image.clone().power_on(7, false);
        let readable = self.open(&platform, true)?.is_some();
        let left = image_of(&platform);
        if left.data != image.data || left.log != image.log {
            return Err(Fault::wrong("a salvage for reading wrote something"));
        }
        let platform = image.clone().power_on(7, true);
        let Some(shown) = self.open(&platform, false)? else {
            salvages.opened[if readable { 1 } else { 2 }] = 1;
            return Ok(salvages);
        };
        salvages.opened[0] = 1;
        if !readable {
            return Err(Fault::wrong("a salvage opens for writing, but not for reading"));
        }
        if self.whole_data && shown.1 {
            return Err(Fault::wrong("the log was damaged, the salvage left damaged pages"));
        }
        if self.ordinary(&platform)?.as_ref() != Some(&shown) {
            return Err(Fault::wrong("after a salvage an ordinary opening fails or shows something else"));
        }
        if crashes && let Some(trace) = platform.trace() {
            salvages.crashes = self.cut(&trace, &shown)?;
        }
        Ok(salvages)
    }

    /// Cuts a salvage at each of its writes and flushes.
    fn cut(&self, trace: &Trace, shown: &Shown) -> Result<u64, Fault> {
        let mut images = 0;
        for position in 0..=trace.operations().len() {
            for plan in PLANS {
                let state = trace.crash_at(position, plan);
                let platform = Image { data: state.data, log: state.log }.power_on(8, false);
                // Refused as before, or the salvage counts already.
                let same = match self.ordinary(&platform)? {
                    None => self.open(&platform, false)?.as_ref() == Some(shown),
                    Some(found) => found == *shown,
                };
                if !same {
                    let what = format!("cut at {position} ({plan:?}) a salvage shows something else");
                    return Err(Fault::wrong(what));
                }
                images += 1;
            }
        }
        Ok(images)
    }

    /// What a salvage shows; `None`: it is refused, too.
    fn open(&self, platform: &SimPlatform, read_only: bool) -> Result<Option<Shown>, Fault> {
        let memory = Middle::default();
        let options = Options { read_only, salvage: true, ..self.options };
        let db = match Database::open(platform.clone(), &memory, options) {
            Ok(db) => db,
            // What needs more memory only to be read is no damage.
            Err(Error::PoolTooSmall) if read_only => return Ok(Some(Shown::default())),
            Err(_) => return Ok(None),
        };
        if db.stats().recovery.salvaged.is_none() {
            return Err(Fault::wrong("a salvage opens what was refused, and dropped nothing"));
        }
        let shown = read(&db);
        let (entries, failed) = &shown;
        let known = self.states.iter().any(|state| match failed {
            true => state.len() >= entries.len() && state[..entries.len()] == entries[..],
            false => state == entries,
        });
        if known { Ok(Some(shown)) } else { Err(Fault::wrong("a salvage shows no state there ever was")) }
    }

    /// What an ordinary opening shows; where that is whole the database is written a little. `None`: it is
    /// refused.
    fn ordinary(&self, platform: &SimPlatform) -> Result<Option<Shown>, Fault> {
        let memory = Middle::default();
        let options = Options { create: false, ..self.options };
        let Ok(db) = Database::open(platform.clone(), &memory, options) else { return Ok(None) };
        let shown = read(&db);
        if !shown.1 {
            exercise(&db).map_err(during("writing after a salvage"))?;
        }
        Ok(Some(shown))
    }
}

/// What is on the devices; the platform is used up.
fn image_of(platform: &SimPlatform) -> Image {
    crate::workload::cut(platform, Plan::AllNew)
}
