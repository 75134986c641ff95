//! A workload: random transactions, checkpoints, snapshots, closings and reopenings from a seed,
//! recorded.

use crate::fault::{Fault, during};
use crate::model::{Model, content};
use crate::setup::{BLOCK, Db, Setup, Start};
use crate::timeline::{Phase, Point, note_acknowledged, note_attempt, note_phase, points};
use crate::transaction::fill;
use drystone_core::{Database, Memory, Options, Snapshot};
use drystone_platform_sim::{Plan, Random, Role, SimOptions, SimPlatform, Trace};

/// A state the database was in, and the digest of its content.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub model: Model,
    pub digest: u64,
}

impl State {
    pub fn new(model: Model) -> Self {
        Self { digest: model.digest(), model }
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
        SimPlatform::new(SimOptions { seed, block_size: BLOCK, data, log, record })
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

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As after a crash of the process.
    Drop,
    Close,
}

struct Pinned<'d, 'm, M: Memory<SimPlatform>> {
    snapshot: Snapshot<SimPlatform, &'m M, &'d Db<'m, M>>,
    digest: u64,
}

/// A run in the making.
struct Run<'s> {
    setup: &'s Setup,
    random: Random,
    platform: SimPlatform,
    exists: bool,
    states: Vec<State>,
    /// It ends after so many writes and flushes, or steps.
    length: u64,
    steps: u64,
}

/// Records the workload of a setup.
pub(crate) fn record<M: Memory<SimPlatform> + Default>(setup: &Setup) -> Result<Recording, Fault> {
    let (image, state, exists) = prelude::<M>(setup)?;
    work::<M>(setup, setup.seed, image, state, exists, setup.length)
}

/// What stands on the devices before the recording.
fn prelude<M: Memory<SimPlatform> + Default>(setup: &Setup) -> Result<(Image, State, bool), Fault> {
    let empty = State::new(Model::default());
    if setup.start == Start::Blank {
        return Ok((Image::default(), empty, false));
    }
    let platform = Image::default().power_on(setup.seed, false);
    let random = Random::new(setup.seed.rotate_left(17));
    let states = vec![empty];
    let length = setup.prelude;
    let mut run = Run { setup, random, platform, exists: false, states, length, steps: 0 };
    let end = if setup.start == Start::Closed { End::Close } else { End::Drop };
    run.sessions::<M>(Some(end))?;
    let state = run.states.pop().unwrap_or_default();
    Ok((cut(&run.platform, Plan::Seeded(setup.seed)), state, true))
}

/// Works on from an image that holds `state`, recorded.
pub(crate) fn work<M: Memory<SimPlatform> + Default>(
    setup: &Setup,
    seed: u64,
    image: Image,
    state: State,
    exists: bool,
    length: u64,
) -> Result<Recording, Fault> {
    let lengths = [image.data.len() as u64, image.log.len() as u64];
    let platform = image.power_on(seed, true);
    let random = Random::new(seed.rotate_left(31));
    let mut run = Run { setup, random, platform, exists, states: vec![state], length, steps: 0 };
    run.sessions::<M>(None)?;
    let trace = run.platform.trace().ok_or_else(|| Fault::wrong("nothing was recorded"))?;
    let points = points(&trace, exists, lengths);
    Ok(Recording { trace, points, states: run.states })
}

impl Run<'_> {
    fn is_over(&self) -> bool {
        let done = |role| {
            let counters = self.platform.counters(role);
            counters.writes + counters.flushes
        };
        self.steps > 4 * self.length || done(Role::Data) + done(Role::Log) >= self.length
    }

    /// Opens and works until it is enough. The last end may be given.
    fn sessions<M: Memory<SimPlatform> + Default>(&mut self, last: Option<End>) -> Result<(), Fault> {
        loop {
            let memory = M::default();
            let db = self.open(&memory)?;
            let end = self.session(&db)?;
            let over = self.is_over();
            if last.filter(|_| over).unwrap_or(end) == End::Close {
                note_phase(&self.platform, Phase::Close);
                db.close().map_err(during("close"))?;
            }
            if over {
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

    fn digest(&self) -> u64 {
        self.states.last().map_or(0, |state| state.digest)
    }

    fn compare<M: Memory<SimPlatform>>(&self, db: &Db<'_, M>) -> Result<(), Fault> {
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
            match self.random.below(100) {
                0..70 => self.transaction(db)?,
                70..80 => {
                    note_phase(&self.platform, Phase::Step);
                    db.checkpoint_step(1 + self.random.below(8) as u32).map_err(during("checkpoint_step"))?;
                }
                80..84 => {
                    note_phase(&self.platform, Phase::Checkpoint);
                    db.checkpoint().map_err(during("checkpoint"))?;
                }
                84..89 if pinned.len() < 3 => {
                    let snapshot = db.read().map_err(during("read"))?;
                    pinned.push(Pinned { snapshot, digest: self.digest() });
                }
                84..94 if !pinned.is_empty() => {
                    let one = pinned.swap_remove(self.random.index(pinned.len()));
                    if content(&one.snapshot)? != one.digest {
                        return Err(Fault::wrong("a pinned snapshot changed"));
                    }
                }
                84..96 => self.platform.advance_us(self.random.below(4_000)),
                96 | 97 => return Ok(End::Drop),
                _ => return Ok(End::Close),
            }
        }
        Ok(if self.random.one_in(3) { End::Close } else { End::Drop })
    }

    fn transaction<M: Memory<SimPlatform>>(&mut self, db: &Db<'_, M>) -> Result<(), Fault> {
        note_phase(&self.platform, Phase::Transaction);
        let before = self.states.last().map(|state| state.model.clone()).unwrap_or_default();
        let mut txn = db.write().map_err(during("write"))?;
        let model = fill(self.setup, &mut self.random, &mut txn, before)?;
        if self.random.one_in(8) {
            txn.rollback();
            return Ok(());
        }
        let k = self.states.len();
        let by_checkpoint = db.stats().commits_by_checkpoint;
        note_phase(&self.platform, Phase::Commit);
        note_attempt(&self.platform, k);
        txn.commit().map_err(during("commit"))?;
        note_acknowledged(&self.platform, k, db.stats().commits_by_checkpoint > by_checkpoint);
        self.states.push(State::new(model));
        if self.random.one_in(10) { self.compare(db) } else { Ok(()) }
    }
}
