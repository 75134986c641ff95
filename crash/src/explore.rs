//! Walks along a workload's trace and crashes it at every write and flush.

use crate::fault::Fault;
use crate::oracle::{Expected, examine};
use crate::plans;
use crate::replay::Crash;
use crate::script::{Name, Recipe, Step};
use crate::setup::{Large, Middle, Profile, Setup, Small};
use crate::timeline::{Phase, Point};
use crate::totals::{Totals, Trouble};
use crate::watch::watch;
use crate::workload::{Begin, Image, Recording, State, record, work};
use drystone_core::Memory;
use drystone_platform_sim::{CrashState, Plan, Random, SimPlatform};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One crash state in so many is worked on and crashed again.
const NESTED_ONE_IN: u64 = 12;
/// Second crashes after one first.
const NESTED_EACH: usize = 4;
/// Writes and flushes of the work between two crashes, about.
const NESTED_LENGTH: u64 = 14;
/// A workload with so many troubles is left.
const TROUBLES_MAX: usize = 3;

/// Crashes after a crash follow one another this deep.
const DEPTH: usize = 3;

/// How thoroughly a workload is crashed.
#[derive(Debug, Clone, Copy)]
pub enum Effort {
    /// About so many images, at all places.
    Images(u64),
    /// At every place all subsets of up to so many pending blocks.
    Subsets(usize),
}

/// Crashes a workload, and a sample of what is left once more.
#[must_use]
pub fn explore(workload: &Name, effort: Effort) -> Totals {
    with_memory(workload, Order::Explore(effort, None))
}

/// Crashes a workload, and the recovery of each image that is left up to so many times.
#[must_use]
pub fn explore_nested(workload: &Name, effort: Effort, each: usize) -> Totals {
    with_memory(workload, Order::Explore(effort, Some(each)))
}

/// Replays one crash: prints what happens, and gives the trouble again.
#[must_use]
pub fn replay(crash: &Crash) -> Totals {
    with_memory(&crash.workload, Order::Replay(crash))
}

/// What to do with a workload.
enum Order<'a> {
    Explore(Effort, Option<usize>),
    Replay(&'a Crash),
}

fn with_memory(workload: &Name, order: Order<'_>) -> Totals {
    let setup = Setup::new(workload);
    match setup.profile {
        Profile::Small => Explorer::<Small>::new(setup).run(order),
        Profile::Middle => Explorer::<Middle>::new(setup).run(order),
        Profile::Large => Explorer::<Large>::new(setup).run(order),
    }
}

struct Explorer<M> {
    setup: Setup,
    /// Crashes inside the recovery of each image; `None`: a sample of some.
    nested: Option<usize>,
    totals: Totals,
    seen: HashSet<u64>,
    memory: PhantomData<M>,
}

/// A crash that is about to be tried.
struct Trial<'a> {
    crash: Crash,
    recording: &'a Recording,
    point: &'a Point,
    state: CrashState,
    /// Tells this state from all others.
    key: u64,
}

impl<M: Memory<SimPlatform> + Default> Explorer<M> {
    fn new(setup: Setup) -> Self {
        Self { setup, nested: None, totals: Totals::default(), seen: HashSet::new(), memory: PhantomData }
    }

    fn run(mut self, order: Order<'_>) -> Totals {
        let root = Crash { workload: self.setup.name.clone(), cuts: Vec::new() };
        self.totals.workloads = 1;
        let recorded = guarded(&root, || record::<M>(&self.setup));
        match (recorded, order) {
            (Err(what), _) => self.trouble(root, what),
            (Ok(recording), Order::Explore(effort, nested)) => {
                self.nested = nested;
                self.walk(&root, &recording, effort);
            }
            (Ok(recording), Order::Replay(crash)) => {
                println!("{:?}", self.setup);
                self.follow(&root, &recording, &crash.cuts, 0);
            }
        }
        self.totals.largest = self.totals.images;
        self.totals
    }

    fn trouble(&mut self, crash: Crash, what: String) {
        self.totals.troubles.push(Trouble { crash, what });
    }

    /// Crashes at every point, so often that a given number of images lasts to the end.
    fn walk(&mut self, root: &Crash, recording: &Recording, effort: Effort) {
        let mut walk = recording.trace.replay();
        let mut random = Random::new(!self.setup.seed);
        let total = recording.points.len() as u64;
        for (index, point) in (0u64..).zip(&recording.points) {
            while walk.position() < point.position && walk.step().is_some() {}
            self.totals.points += 1;
            let pending = walk.pending();
            let plans = match effort {
                Effort::Subsets(bound) => plans::all(pending, bound, &mut random),
                Effort::Images(budget) => {
                    let left = budget.saturating_sub(self.totals.images);
                    plans::some(pending, (left / (total - index)).max(2), &mut random)
                }
            };
            for plan in plans {
                let state = walk.crash(plan);
                let trial = Trial {
                    key: key(self.root_key(), point, &state),
                    crash: root.then(point.position, plan),
                    recording,
                    point,
                    state,
                };
                self.attempt(trial);
            }
            if self.totals.troubles.len() >= TROUBLES_MAX {
                return;
            }
        }
    }

    /// Tries a crash, and a sample of crashes after it.
    fn attempt(&mut self, trial: Trial<'_>) {
        let mut random = Random::new(trial.key);
        let Some(index) = self.judge(&trial) else {
            return;
        };
        let outer = trial.crash.cuts.len() == 1;
        let each = match self.nested.filter(|_| outer) {
            Some(each) => each,
            None if random.one_in(NESTED_ONE_IN) => NESTED_EACH,
            None => return,
        };
        if trial.crash.cuts.len() >= DEPTH {
            return;
        }
        let recording = match self.go_on(&trial, index) {
            Ok(recording) => recording,
            Err(what) => return self.trouble(trial.crash, format!("going on after the crash: {what}")),
        };
        let opening = recording.points.iter().take_while(|point| point.phase == Phase::Opening).count();
        let within = self.nested.is_some() && outer;
        for _ in 0..each {
            // Half of them inside the recovery, where it writes anything.
            let bound =
                if opening > 0 && (within || random.one_in(2)) { opening } else { recording.points.len() };
            let Some(point) = recording.points.get(random.index(bound)) else {
                return;
            };
            let plan = match random.below(8) {
                0 => Plan::AllOld,
                1 => Plan::AllNew,
                _ => Plan::Seeded(random.below(1 << 32)),
            };
            self.attempt_nested(&trial, &recording, point, plan);
        }
    }

    fn attempt_nested(&mut self, outer: &Trial<'_>, recording: &Recording, point: &Point, plan: Plan) {
        let state = recording.trace.crash_at(point.position, plan);
        let trial = Trial {
            key: key(outer.key, point, &state),
            crash: outer.crash.then(point.position, plan),
            recording,
            point,
            state,
        };
        self.attempt(trial);
    }

    fn root_key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.setup.name.hash(&mut hasher);
        hasher.finish()
    }

    /// Works on after a crash that left the state of this number, recorded. Often what the crash took
    /// is issued again exactly as it was.
    fn go_on(&self, trial: &Trial<'_>, index: usize) -> Result<Recording, String> {
        let image = Image { data: trial.state.data.clone(), log: trial.state.log.clone() };
        let exists = trial.point.acknowledged.is_some();
        let states = &trial.recording.states;
        let mut steps = Vec::new();
        if !trial.key.is_multiple_of(4) {
            let lost = states.iter().skip(index + 1).take(4).filter_map(|state| state.recipe);
            steps.extend(lost.map(Step::Commit));
        }
        let mut length = NESTED_LENGTH;
        if matches!(self.setup.name, Name::Sequence(_)) {
            steps.extend([Step::Commit(Recipe::Insert), Step::Checkpoint, Step::Drop]);
            length = 0;
        }
        let state = State { recipe: None, ..states.get(index).cloned().unwrap_or_default() };
        let begin = Begin { image, state, exists, steps, length };
        guarded(&trial.crash, || work::<M>(&self.setup, trial.key, begin))
    }

    /// Checks an image that was not seen before; the number of the state it holds, if all is right.
    fn judge(&mut self, trial: &Trial<'_>) -> Option<usize> {
        if !self.seen.insert(trial.key) {
            self.totals.repeated += 1;
            return None;
        }
        self.totals.count(trial.point, &trial.state, trial.crash.cuts.len() > 1);
        let image = Image { data: trial.state.data.clone(), log: trial.state.log.clone() };
        let (point, states) = (trial.point, &trial.recording.states);
        let first = point.acknowledged.unwrap_or(0);
        let last = point.attempted.max(first).min(states.len() - 1);
        let expected =
            Expected { exists: point.acknowledged.is_some(), allowed: &states[first..=last], all: states };
        let examined = guarded(&trial.crash, || examine::<M>(&self.setup, image, expected, trial.key));
        match examined {
            Ok(verdict) => {
                self.totals.recovered(&verdict.recovery);
                self.totals.beyond += u64::from(verdict.index > 0);
                Some(first + verdict.index)
            }
            Err(what) => {
                let phase = point.phase;
                self.trouble(
                    trial.crash.clone(),
                    format!("{what} (allowed: states {first} to {last}; crashed during {phase:?})"),
                );
                None
            }
        }
    }

    /// Replays given cuts and tells about it.
    fn follow(&mut self, root: &Crash, recording: &Recording, cuts: &[(usize, Plan)], outer: u64) {
        let Some(((position, plan), rest)) = cuts.split_first() else {
            println!("{} operations, {} states", recording.trace.operations().len(), recording.states.len());
            return;
        };
        let Some(point) = recording.points.iter().find(|point| point.position == *position) else {
            return self.trouble(root.clone(), format!("there is no crash point at position {position}"));
        };
        let state = recording.trace.crash_at(*position, *plan);
        let seed = if root.cuts.is_empty() { self.root_key() } else { outer };
        let key = key(seed, point, &state);
        tell(recording, point, &state);
        let trial = Trial { key, crash: root.then(*position, *plan), recording, point, state };
        let Some(index) = self.judge(&trial) else {
            return;
        };
        if rest.is_empty() {
            return;
        }
        match self.go_on(&trial, index) {
            Ok(next) => self.follow(&trial.crash, &next, rest, key),
            Err(what) => self.trouble(trial.crash, format!("going on after the crash: {what}")),
        }
    }
}

/// Prints the last operations before a crash, and what the crash did.
fn tell(recording: &Recording, point: &Point, state: &CrashState) {
    use drystone_platform_sim::Operation;
    let operations = recording.trace.operations();
    let from = point.position.saturating_sub(40);
    for (index, operation) in operations.iter().enumerate().take(point.position).skip(from) {
        match operation {
            Operation::Write { role, offset, bytes } => {
                println!("{index:>6} write {role:?} {offset} +{}", bytes.len());
            }
            Operation::Note(note) => println!("{index:>6} note {} of state {}", note & 0xFF, note >> 8),
            other => println!("{index:>6} {other:?}"),
        }
    }
    println!("{point:?}");
    for fate in &state.fates {
        println!("       {:?} {:?} {:?}", fate.role, fate.block, fate.fate);
    }
}

/// A panic is trouble like any other.
fn guarded<T>(crash: &Crash, task: impl FnOnce() -> Result<T, Fault>) -> Result<T, String> {
    let line = crash.clone();
    let _watch = watch(move || line.to_string());
    let result = catch_unwind(AssertUnwindSafe(task)).unwrap_or(Err(Fault::Panic));
    result.map_err(|fault| fault.to_string())
}

fn key(outer: u64, point: &Point, state: &CrashState) -> u64 {
    let mut hasher = DefaultHasher::new();
    (outer, point.position, state.fate_digest()).hash(&mut hasher);
    hasher.finish()
}
