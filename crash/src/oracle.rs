//! The oracle: what must hold of an image that a crash left.

use crate::fault::{Fault, during};
use crate::model::content;
use crate::recipe::follow;
use crate::script::Recipe;
use crate::setup::{BLOCK, Db, Setup};
use crate::workload::{Image, State, cut};
use drystone_core::{Database, Error, Memory, Options, RecoveryStats};
use drystone_platform_sim::{Plan, Random, Role, SimError, SimPlatform};

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
    let before = [image.data.len(), image.log.len()];
    let platform = image.power_on(seed, false);
    platform.set_capacity(Role::Data, setup.capacity);
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
    bounded(setup, &platform, before)?;
    let state = &expected.allowed[index];
    again::<M>(setup, &platform, db, state, &mut random)?;
    Ok(Verdict { index, recovery })
}

/// Whether a recovery with a look at everything took no more calls and space than it may.
fn bounded(setup: &Setup, platform: &SimPlatform, before: [usize; 2]) -> Result<(), Fault> {
    let block = BLOCK as usize;
    let ring = before[1].max(setup.options.ring_len as usize) / block;
    let pages = before[0] / block;
    let counters = [platform.counters(Role::Data), platform.counters(Role::Log)];
    let reads = counters[0].reads + counters[1].reads;
    let writes = counters[0].writes + counters[1].writes;
    let bound = (200 + 60 * ring + 20 * pages) as u64;
    let grown = platform.device_len(Role::Data) as usize;
    if reads > bound || writes > bound || grown > 2 * before[0] + 64 * block {
        return Err(Fault::wrong(format!(
            "recovery took {reads} reads and {writes} writes for {pages} pages and a ring of {ring} blocks, \
             and {} pages afterwards",
            grown / block
        )));
    }
    Ok(())
}

/// The second opening: after dropping or closing, with or without a power cut. It finds the same and
/// changes nothing. Then the database goes on to be used.
fn again<M: Memory<SimPlatform> + Default>(
    setup: &Setup,
    platform: &SimPlatform,
    db: Db<'_, M>,
    state: &State,
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
    platform.set_capacity(Role::Data, setup.capacity);
    let changes = || platform.counters(Role::Data).changes + platform.counters(Role::Log).changes;
    let before = changes();
    let memory = M::default();
    let options = Options { create: false, ..setup.options };
    let db = Database::open(platform.clone(), &memory, options).map_err(during("the second opening"))?;
    if read(&db)? != state.digest {
        return Err(Fault::wrong("a second opening finds another content"));
    }
    // But for the rest of the block of a meta copy, which nobody reads.
    if changes() > before + 1 {
        return Err(Fault::wrong("a second opening changes what is on the devices"));
    }
    match random.below(8) {
        0 => check(&db),
        1 | 2 => use_it(setup, &db, state, random),
        _ => Ok(()),
    }
}

/// One more transaction and checkpoint.
fn use_it<M: Memory<SimPlatform>>(
    setup: &Setup,
    db: &Db<'_, M>,
    state: &State,
    random: &mut Random,
) -> Result<(), Fault> {
    let mut txn = db.write().map_err(during("the first transaction after recovery"))?;
    let recipe = Recipe::Small(random.next_u64());
    let is_full = |fault: &Fault| {
        let full = matches!(fault, Fault::Engine { error: Error::<SimError>::NoSpace { .. }, .. });
        full && setup.capacity < u64::MAX / 2
    };
    let model = match follow(setup, recipe, &mut txn, state.model.clone()) {
        Err(fault) if is_full(&fault) => return Ok(()),
        other => other?,
    };
    match txn.commit().map_err(during("the first commit after recovery")) {
        // Rolled back.
        Err(fault) if is_full(&fault) && read(db)? == state.digest => return check(db),
        other => other?,
    }
    db.checkpoint().map_err(during("a checkpoint after recovery"))?;
    if read(db)? != model.digest() {
        return Err(Fault::wrong("what was committed after recovery is not there"));
    }
    check(db)
}

fn read<M: Memory<SimPlatform>>(db: &Db<'_, M>) -> Result<u64, Fault> {
    content(&db.read().map_err(during("a snapshot after recovery"))?)
}

fn check<M: Memory<SimPlatform>>(db: &Db<'_, M>) -> Result<(), Fault> {
    let report = db.check().map_err(during("check"))?;
    if report.is_ok() { Ok(()) } else { Err(Fault::wrong(format!("check: {report:?}"))) }
}
