//! A workload: transactions, checkpoints, snapshots, closings and reopenings, recorded. By chance
//! from a seed, or the steps of a sequence.

use crate::fault::{Fault, during};
use crate::model::{Model, content};
use crate::recipe::follow;
use crate::script::{Name, Recipe, Step, steps};
use crate::setup::{BLOCK, Db, Setup, Start};
use crate::timeline::{Phase, Point, note_acknowledged, note_attempt, note_phase, points};
use drystone_core::{Database, Error, Memory, Options, Snapshot};
use drystone_platform_sim::{Plan, Random, Role, SimError, SimOptions, SimPlatform, Trace};
use std::collections::VecDeque;

/// A state the database was in, and the digest of its content.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub model: Model,
    pub digest: u64,
    /// The transaction that led to it.
    pub recipe: Option<Recipe>,
}

impl State {
    pub fn new(model: Model) -> Self {
        Self { digest: model.digest(), model, recipe: None }
    }
}

/// What the devices hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    pub data: Vec<u8>,
    pub log: Vec<u8>,
}

impl Image {
    /// A platform on it.
    pub fn power_on(self, seed: u64, record: bool) -> SimPlatform {
        let Self { data, log } = self;
        SimPlatform::new(SimOptions { seed, block_size: BLOCK, data, log, record, nor: None })
    }
}

/// Cuts the power.
pub(crate) fn cut(platform: &SimPlatform, plan: Plan) -> Image {
    let state = platform.crash(plan);
    Image { data: state.data, log: state.log }
}

/// A recorded run.
pub(crate) struct Recording {
    pub trace: Trace,
    pub points: Vec<Point>,
    /// State 0 was there when the recording began.
    pub states: Vec<State>,
}

/// Where a run begins.
pub(crate) struct Begin {
    pub image: Image,
    pub state: State,
    /// Whether somebody was told that the database exists.
    pub exists: bool,
    /// Steps to take before any by chance.
    pub steps: Vec<Step>,
    /// Writes and flushes until it ends, about; 0: nothing by chance.
    pub length: u64,
}

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As after a crash of the process.
    Drop,
    Close,
    /// The run is over.
    Over,
}

pub(crate) struct Pinned<'d, 'm, M: Memory<SimPlatform>> {
    snapshot: Snapshot<SimPlatform, &'m M, &'d Db<'m, M>>,
    digest: u64,
}

/// A run in the making.
pub(crate) struct Run<'s> {
    pub setup: &'s Setup,
    pub random: Random,
    pub platform: SimPlatform,
    exists: bool,
    pub states: Vec<State>,
    queue: VecDeque<Step>,
    length: u64,
    steps: u64,
    /// Position in the trace where the last step of the queue began.
    last_step: u64,
}

/// Records the workload of a setup.
pub(crate) fn record<M: Memory<SimPlatform> + Default>(setup: &Setup) -> Result<Recording, Fault> {
    let mut begin = prelude::<M>(setup)?;
    if let Name::Sequence(letters) = &setup.name {
        begin.steps = steps(letters);
    } else {
        begin.length = setup.length;
    }
    let (mut recording, from) = work_from::<M>(setup, setup.seed, begin)?;
    if matches!(setup.name, Name::Sequence(_)) {
        // What comes before is a shorter sequence.
        recording.points.retain(|point| point.position as u64 > from);
    }
    Ok(recording)
}

/// What stands on the devices before the recording.
fn prelude<M: Memory<SimPlatform> + Default>(setup: &Setup) -> Result<Begin, Fault> {
    let state = State::new(Model::default());
    let blank = Begin { image: Image::default(), state, exists: false, steps: Vec::new(), length: 0 };
    if setup.start == Start::Blank {
        return Ok(blank);
    }
    let begin = match setup.name {
        Name::Seed(_) => Begin { steps: setup.prelude_steps(), length: setup.prelude, ..blank },
        Name::Sequence(_) => Begin { steps: steps("bbvdcyxbiuvdcupiu"), ..blank },
    };
    let mut run = Run::new(setup, setup.seed.rotate_left(17), begin, false);
    let end = if setup.start == Start::Closed { End::Close } else { End::Drop };
    run.sessions::<M>(end)?;
    let state = run.states.pop().unwrap_or_default();
    let plan = if setup.length > setup.prelude { Plan::AllNew } else { Plan::Seeded(setup.seed) };
    Ok(Begin { image: cut(&run.platform, plan), state, exists: true, steps: Vec::new(), length: 0 })
}

/// Works on from an image that holds `state`, recorded.
pub(crate) fn work<M: Memory<SimPlatform> + Default>(
    setup: &Setup,
    seed: u64,
    begin: Begin,
) -> Result<Recording, Fault> {
    work_from::<M>(setup, seed, begin).map(|done| done.0)
}

fn work_from<M: Memory<SimPlatform> + Default>(
    setup: &Setup,
    seed: u64,
    begin: Begin,
) -> Result<(Recording, u64), Fault> {
    let lengths = [begin.image.data.len() as u64, begin.image.log.len() as u64];
    let exists = begin.exists;
    let mut run = Run::new(setup, seed, begin, true);
    let end = if run.random.one_in(3) { End::Close } else { End::Drop };
    run.sessions::<M>(end)?;
    let trace = run.platform.trace().ok_or_else(|| Fault::wrong("nothing was recorded"))?;
    let points = points(&trace, exists, lengths);
    Ok((Recording { trace, points, states: run.states }, run.last_step))
}

impl<'s> Run<'s> {
    fn new(setup: &'s Setup, seed: u64, begin: Begin, record: bool) -> Self {
        let Begin { image, state, exists, steps, length } = begin;
        let platform = image.power_on(seed, record);
        platform.set_capacity(Role::Data, setup.capacity);
        platform.interrupt(setup.interruptions);
        let random = Random::new(seed.rotate_left(31));
        let (states, queue) = (vec![state], VecDeque::from(steps));
        Self { setup, random, platform, exists, states, queue, length, steps: 0, last_step: 0 }
    }

    fn is_over(&self) -> bool {
        let done = |role| {
            let counters = self.platform.counters(role);
            counters.writes + counters.flushes
        };
        let enough = self.steps > 4 * self.length || done(Role::Data) + done(Role::Log) >= self.length;
        self.queue.is_empty() && enough
    }

    /// Opens and works until it is over; the last opening ends like this.
    fn sessions<M: Memory<SimPlatform> + Default>(&mut self, last: End) -> Result<(), Fault> {
        loop {
            let memory = M::default();
            let db = self.open(&memory)?;
            let end = self.session(&db)?;
            if end == End::Close || (end == End::Over && last == End::Close) {
                note_phase(&self.platform, Phase::Close);
                db.close().map_err(during("close"))?;
            }
            if end == End::Over {
                return Ok(());
            }
        }
    }

    fn open<'m, M: Memory<SimPlatform>>(&mut self, memory: &'m M) -> Result<Db<'m, M>, Fault> {
        note_phase(&self.platform, if self.exists { Phase::Opening } else { Phase::Creation });
        let options = Options { create: !self.exists, ..self.setup.options };
        let db = Database::open(self.platform.clone(), memory, options).map_err(during("open"))?;
        note_acknowledged(&self.platform, self.states.len() - 1, false);
        self.exists = true;
        self.compare(&db)?;
        Ok(db)
    }

    /// The digest of the newest state.
    pub fn digest(&self) -> u64 {
        self.states.last().map_or(0, |state| state.digest)
    }

    /// Whether a new snapshot holds the newest state.
    pub fn compare<M: Memory<SimPlatform>>(&self, db: &Db<'_, M>) -> Result<(), Fault> {
        if content(&db.read().map_err(during("read"))?)? == self.digest() {
            Ok(())
        } else {
            Err(Fault::wrong("a snapshot does not hold what was committed last"))
        }
    }

    /// Works on one opening until it is enough, or time to reopen.
    fn session<M: Memory<SimPlatform>>(&mut self, db: &Db<'_, M>) -> Result<End, Fault> {
        let mut pinned: Vec<Pinned<'_, '_, M>> = Vec::new();
        while !self.is_over() {
            self.steps += 1;
            if self.queue.len() == 1 {
                self.last_step = self.platform.position();
            }
            let step = match self.queue.pop_front() {
                Some(step) => step,
                None => self.chance(pinned.len()),
            };
            match step {
                Step::Drop => return Ok(End::Drop),
                Step::Close => return Ok(End::Close),
                Step::Pin => {
                    let digest = self.digest();
                    let race = self.setup.races && self.random.one_in(2);
                    let snapshot = if race { self.race(db)? } else { db.read().map_err(during("read"))? };
                    pinned.push(Pinned { snapshot, digest });
                }
                Step::Unpin => unpin(&mut pinned, &mut self.random)?,
                other => self.step(db, other, &mut pinned)?,
            }
        }
        while !pinned.is_empty() {
            unpin(&mut pinned, &mut self.random)?;
        }
        Ok(End::Over)
    }

    /// The next step where none is given.
    fn chance(&mut self, pinned: usize) -> Step {
        if self.random.below(100) < self.setup.reopenings {
            return if self.random.one_in(2) { Step::Drop } else { Step::Close };
        }
        match self.random.below(96) {
            0..70 if self.random.one_in(self.setup.groups) => Step::Group(2 + self.random.below(3)),
            0..70 => {
                let seed = self.random.next_u64();
                if self.random.one_in(self.setup.churns) {
                    let whole = self.random.one_in(2);
                    return if whole {
                        Step::Rollback(Recipe::Churn(seed))
                    } else {
                        Step::Commit(Recipe::ChurnBack(seed))
                    };
                }
                let window = self.random.one_in(self.setup.windows);
                let recipe = if window { Recipe::Window(seed) } else { Recipe::Random(seed) };
                if self.random.one_in(8) { Step::Rollback(recipe) } else { Step::Commit(recipe) }
            }
            70..80 => Step::Part(1 + self.random.below(8) as u32),
            80..84 => Step::Checkpoint,
            84..89 if pinned < 3 => Step::Pin,
            84..94 if pinned > 0 => Step::Unpin,
            _ => Step::Advance(self.random.below(4_000)),
        }
    }

    fn step<'d, 'm, M: Memory<SimPlatform>>(
        &mut self,
        db: &'d Db<'m, M>,
        step: Step,
        pinned: &mut Vec<Pinned<'d, 'm, M>>,
    ) -> Result<(), Fault> {
        match step {
            Step::Commit(recipe) => self.transaction(db, recipe, false),
            Step::Rollback(recipe) => self.transaction(db, recipe, true),
            Step::Group(count) => {
                while pinned.len() > 1 {
                    unpin(pinned, &mut self.random)?;
                }
                let seen = self.group(db, count)?;
                pinned.extend(seen.map(|(snapshot, digest)| Pinned { snapshot, digest }));
                Ok(())
            }
            Step::Wrap => {
                let before = db.stats().log_bytes;
                while db.stats().log_bytes < before + self.setup.options.ring_len {
                    self.transaction(db, Recipe::Insert, false)?;
                }
                Ok(())
            }
            Step::Grow => {
                let before = db.stats().page_count;
                while db.stats().page_count <= before {
                    self.transaction(db, Recipe::LongValue, false)?;
                }
                Ok(())
            }
            Step::Part(pages) => {
                note_phase(&self.platform, Phase::Step);
                db.checkpoint_step(pages).map_err(during("checkpoint_step")).map(|_| ())
            }
            Step::Checkpoint => {
                note_phase(&self.platform, Phase::Checkpoint);
                db.checkpoint().map_err(during("checkpoint"))
            }
            Step::Advance(us) => {
                self.platform.advance_us(us);
                Ok(())
            }
            Step::Pin | Step::Unpin | Step::Drop | Step::Close => Ok(()),
        }
    }

    pub fn transaction<M: Memory<SimPlatform>>(
        &mut self,
        db: &Db<'_, M>,
        recipe: Recipe,
        rollback: bool,
    ) -> Result<(), Fault> {
        note_phase(&self.platform, Phase::Transaction);
        let before = self.states.last().map(|state| state.model.clone()).unwrap_or_default();
        let mut txn = db.write().map_err(during("write"))?;
        let model = match follow(self.setup, recipe, &mut txn, before) {
            Err(fault) if self.is_full(&fault) => return Ok(()),
            other => other?,
        };
        if rollback {
            txn.rollback();
            return Ok(());
        }
        let k = self.states.len();
        let by_checkpoint = db.stats().commits_by_checkpoint;
        note_phase(&self.platform, Phase::Commit);
        note_attempt(&self.platform, k);
        if let Err(fault) = txn.commit().map_err(during("commit")) {
            return if self.is_full(&fault) { self.compare(db) } else { Err(fault) };
        }
        note_acknowledged(&self.platform, k, db.stats().commits_by_checkpoint > by_checkpoint);
        self.states.push(State { recipe: Some(recipe), ..State::new(model) });
        if self.random.one_in(10) { self.compare(db) } else { Ok(()) }
    }

    /// Whether it is only that the device is full, as this one may be.
    fn is_full(&self, fault: &Fault) -> bool {
        let full = matches!(fault, Fault::Engine { error: Error::<SimError>::NoSpace { .. }, .. });
        full && self.setup.capacity < u64::MAX / 2
    }
}

/// Reads a pinned snapshot again and lets it go.
fn unpin<M: Memory<SimPlatform>>(
    pinned: &mut Vec<Pinned<'_, '_, M>>,
    random: &mut Random,
) -> Result<(), Fault> {
    if pinned.is_empty() {
        return Ok(());
    }
    let one = pinned.swap_remove(random.index(pinned.len()));
    if content(&one.snapshot)? == one.digest {
        Ok(())
    } else {
        Err(Fault::wrong("a pinned snapshot changed"))
    }
}
