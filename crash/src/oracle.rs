//! The oracle: what must hold of an image that a crash left.

use crate::fault::{Fault, during};
use crate::model::content;
use crate::setup::{Db, Setup};
use crate::workload::{Image, State, cut};
use drystone_core::{Database, Memory, Options, RecoveryStats};
use drystone_platform_sim::{Plan, Random, SimPlatform};

/// What an image may hold.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// Somebody was told that the database exists.
    pub exists: bool,
    /// One of these states.
    pub allowed: &'a [State],
    /// Every state there ever was, to name the wrong one.
    pub all: &'a [State],
}

/// What an image that is right held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    /// Which of the allowed states.
    pub index: usize,
    pub recovery: RecoveryStats,
}

/// Opens the image and checks everything about it.
pub(crate) fn examine<M: Memory<SimPlatform> + Default>(
    setup: &Setup,
    image: Image,
    expected: Expected<'_>,
    seed: u64,
) -> Result<Verdict, Fault> {
    let mut random = Random::new(seed);
    let platform = image.power_on(seed, false);
    let options = Options { create: !expected.exists, ..setup.options };
    let memory = M::default();
    let db = Database::open(platform.clone(), &memory, options).map_err(during("opening after the crash"))?;
    let recovery = db.stats().recovery;
    let digest = read(&db)?;
    let Some(index) = expected.allowed.iter().position(|state| state.digest == digest) else {
        let other = expected.all.iter().rposition(|state| state.digest == digest);
        return Err(other.map_or_else(
            || Fault::wrong("the content is that of no state there ever was"),
            |index| Fault::wrong(format!("the content is that of state {index}")),
        ));
    };
    check(&db)?;
    again::<M>(setup, &platform, db, digest, &mut random)?;
    Ok(Verdict { index, recovery })
}

/// The second opening: after dropping or closing, with or without a power cut.
fn again<M: Memory<SimPlatform> + Default>(
    setup: &Setup,
    platform: &SimPlatform,
    db: Db<'_, M>,
    digest: u64,
    random: &mut Random,
) -> Result<(), Fault> {
    if random.one_in(3) {
        db.close().map_err(during("closing after recovery"))?;
    } else {
        drop(db);
    }
    let platform = if random.one_in(2) {
        let plan = [Plan::AllOld, Plan::Seeded(random.next_u64())][random.index(2)];
        cut(platform, plan).power_on(random.next_u64(), false)
    } else {
        platform.clone()
    };
    let memory = M::default();
    let options = Options { create: false, ..setup.options };
    let db = Database::open(platform, &memory, options).map_err(during("the second opening"))?;
    if read(&db)? != digest {
        return Err(Fault::wrong("a second opening finds another content"));
    }
    if random.one_in(4) { check(&db) } else { Ok(()) }
}

fn read<M: Memory<SimPlatform>>(db: &Db<'_, M>) -> Result<u64, Fault> {
    content(&db.read().map_err(during("a snapshot after recovery"))?)
}

fn check<M: Memory<SimPlatform>>(db: &Db<'_, M>) -> Result<(), Fault> {
    let report = db.check().map_err(during("check"))?;
    if report.is_ok() { Ok(()) } else { Err(Fault::wrong(format!("check: {report:?}"))) }
}
