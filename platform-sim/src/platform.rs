//! The simulated platform: two devices, a virtual clock, seeded entropy, flushes that can be held.

use crate::device::SimDevice;
use crate::failure::{Failure, SimError};
use crate::nor::Nor;
use crate::plan::{CrashState, Plan};
use crate::random::Random;
use crate::sys::SimMutex;
use crate::trace::{Operation, Trace};
use crate::world::{Counters, Media, Role, World};
use drystone_core::platform::Platform;
use parking_lot::{Condvar, Mutex};
use portable_atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// How to build a [`SimPlatform`].
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The block size both devices declare.
    pub block_size: u32,
    /// What the data device holds (durably) at the start.
    pub data: Vec<u8>,
    /// What the log device holds (durably) at the start.
    pub log: Vec<u8>,
    /// Whether to record a [`Trace`].
    pub record: bool,
    /// Both devices are raw flash of these sizes, as long as their bytes are. Erased is `0xFF`.
    pub nor: Option<Nor>,
}

impl Default for SimOptions {
    /// Empty devices of 512-byte blocks, seed 0, nothing recorded.
    fn default() -> Self {
        Self { seed: 0, block_size: 512, data: Vec::new(), log: Vec::new(), record: false, nor: None }
    }
}

/// What the platform and its devices share.
pub(crate) struct Shared {
    pub(crate) block_size: u32,
    pub(crate) nor: Option<Nor>,
    pub(crate) world: Mutex<World>,
    pub(crate) gate: Gate,
    start: Option<(Vec<u8>, Vec<u8>)>,
    clock_us: AtomicU64,
    entropy: Mutex<Random>,
    /// Threads that wait without a timeout.
    parking: Mutex<u32>,
    parked: Condvar,
}

/// Holds flushes back until released.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    held: [bool; 2],
    waiting: [u32; 2],
    /// Flushes that may go through a closed gate.
    passes: [u32; 2],
}

impl Gate {
    /// Goes through, once the gate of this device is open.
    pub(crate) fn pass(&self, role: Role) {
        let mut state = self.state.lock();
        if !state.held[role as usize] {
            return;
        }
        state.waiting[role as usize] += 1;
        self.changed.notify_all();
        while state.held[role as usize] && state.passes[role as usize] == 0 {
            self.changed.wait(&mut state);
        }
        state.passes[role as usize] = state.passes[role as usize].saturating_sub(1);
        state.waiting[role as usize] -= 1;
    }
}

/// A platform on two simulated devices. Clones share everything, so a test keeps one and gives the
/// other to the database; opening a second database on a clone is a process that died without the
/// power going off.
#[derive(Clone)]
pub struct SimPlatform {
    shared: Arc<Shared>,
    data: SimDevice,
    log: SimDevice,
}

impl SimPlatform {
    /// A platform with these options.
    #[must_use]
    pub fn new(options: SimOptions) -> Self {
        #[cfg(drystone_seeded_bugs)]
        sow();
        let start = options.record.then(|| (options.data.clone(), options.log.clone()));
        let block_size = options.block_size as usize;
        let media = Media::new(block_size, options.nor, options.data, options.log);
        let shared = Arc::new(Shared {
            block_size: options.block_size,
            nor: options.nor,
            world: Mutex::new(World::new(media, options.record, options.seed)),
            gate: Gate::default(),
            start,
            clock_us: AtomicU64::new(0),
            entropy: Mutex::new(Random::new(!options.seed)),
            parking: Mutex::new(0),
            parked: Condvar::new(),
        });
        Self {
            data: SimDevice::new(Role::Data, Arc::clone(&shared)),
            log: SimDevice::new(Role::Log, Arc::clone(&shared)),
            shared,
        }
    }

    /// One of the two devices.
    #[must_use]
    pub const fn device(&self, role: Role) -> &SimDevice {
        match role {
            Role::Data => &self.data,
            Role::Log => &self.log,
        }
    }

    /// Cuts the power and says what the devices hold afterwards; every later call on this
    /// platform fails.
    #[must_use]
    pub fn crash(&self, plan: Plan) -> CrashState {
        let mut world = self.shared.world.lock();
        world.powered = false;
        world.media.crash(plan)
    }

    /// Orders a failure; several may be in force.
    pub fn fail(&self, failure: Failure) {
        self.shared.world.lock().failures.push((failure, false));
    }

    /// Orders a failure whose error is "no space left".
    pub fn fail_for_space(&self, failure: Failure) {
        self.shared.world.lock().failures.push((failure, true));
    }

    /// Ends all ordered failures.
    pub fn fail_no_more(&self) {
        self.shared.world.lock().failures.clear();
    }

    /// The longest the device may grow; reserving more is "no space left".
    pub fn set_capacity(&self, role: Role, bytes: u64) {
        self.shared.world.lock().capacity[role as usize] = bytes;
    }

    /// From now on one in so many writes does only a part at a time, as when signals come or counts
    /// are short, until all is written; power may go in between. 0: none.
    pub fn interrupt(&self, one_in: u64) {
        self.shared.world.lock().interruptions = one_in;
    }

    /// Bytes of a device.
    #[must_use]
    pub fn device_len(&self, role: Role) -> u64 {
        self.shared.world.lock().media.of(role).current().len() as u64
    }

    /// Calls so far.
    #[must_use]
    pub fn counters(&self, role: Role) -> Counters {
        self.shared.world.lock().counters[role as usize]
    }

    /// How many blocks and lengths a crash now would decide about.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shared.world.lock().media.pending_count()
    }

    /// The number of operations and notes so far: the position in the trace.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.shared.world.lock().marks()
    }

    /// Writes a number into the trace.
    pub fn note(&self, number: u64) {
        self.shared.world.lock().perform(Operation::Note(number));
    }

    /// The trace so far; `None` where the options did not ask for one.
    #[must_use]
    pub fn trace(&self) -> Option<Trace> {
        let (data, log) = self.shared.start.clone()?;
        let operations = self.shared.world.lock().recorded.clone()?;
        Some(Trace {
            block_size: self.shared.block_size as usize,
            nor: self.shared.nor,
            data,
            log,
            operations,
        })
    }

    /// Lets the virtual clock run.
    pub fn advance_us(&self, us: u64) {
        self.shared.clock_us.fetch_add(us, Ordering::AcqRel);
    }

    /// From now on flushes of this device block.
    pub fn hold_flushes(&self, role: Role) {
        self.shared.gate.state.lock().held[role as usize] = true;
    }

    /// Blocks until a flush of this device is being held.
    pub fn wait_for_held_flush(&self, role: Role) {
        let mut state = self.shared.gate.state.lock();
        while state.waiting[role as usize] == 0 {
            self.shared.gate.changed.wait(&mut state);
        }
    }

    /// Lets held flushes of this device go on, and later ones pass.
    pub fn release_flushes(&self, role: Role) {
        let mut state = self.shared.gate.state.lock();
        state.held[role as usize] = false;
        state.passes[role as usize] = 0;
        self.shared.gate.changed.notify_all();
    }

    /// Lets one held flush of this device go on; later ones are held.
    pub fn release_one_flush(&self, role: Role) {
        self.shared.gate.state.lock().passes[role as usize] += 1;
        self.shared.gate.changed.notify_all();
    }

    /// How many flushes of this device are being held.
    #[must_use]
    pub fn held(&self, role: Role) -> u32 {
        self.shared.gate.state.lock().waiting[role as usize]
    }

    /// How many threads wait for another without a timeout.
    #[must_use]
    pub fn parked(&self) -> u32 {
        *self.shared.parking.lock()
    }
}

/// Sows the bug that `DRYSTONE_SEEDED_BUG` names, so that any test can be run with it.
#[cfg(drystone_seeded_bugs)]
fn sow() {
    use drystone_core::seeded::{Bug, sow};
    if let Ok(name) = std::env::var("DRYSTONE_SEEDED_BUG") {
        let bug = Bug::ALL.iter().find(|bug| format!("{bug:?}") == name);
        assert!(bug.is_some(), "there is no bug {name}");
        bug.copied().map(sow);
    }
}

impl Platform for SimPlatform {
    type Error = SimError;
    type Data = SimDevice;
    type Log = SimDevice;
    type Mutex = SimMutex;
    type RwLock = parking_lot::RawRwLock;
    const THREADS: bool = true;

    fn data(&self) -> &SimDevice {
        &self.data
    }

    fn log(&self) -> &SimDevice {
        &self.log
    }

    fn now_us(&self) -> u64 {
        self.shared.clock_us.load(Ordering::Acquire)
    }

    fn entropy(&self) -> u64 {
        self.shared.entropy.lock().next_u64()
    }

    fn crc32c(&self, crc: u32, bytes: &[u8]) -> u32 {
        crc32c::crc32c_append(crc, bytes)
    }

    /// A timeout runs a hundred times faster than it says, at most 50 ms, and then moves the
    /// virtual clock by its whole length.
    fn wait(&self, word: &AtomicU32, seen: u32, timeout_us: Option<u64>) {
        let mut parking = self.shared.parking.lock();
        if word.load(Ordering::Acquire) != seen {
            return;
        }
        let Some(us) = timeout_us else {
            *parking += 1;
            self.shared.parked.wait(&mut parking);
            *parking -= 1;
            return;
        };
        let real = Duration::from_micros((us / 100).min(50_000));
        if self.shared.parked.wait_for(&mut parking, real).timed_out() {
            self.advance_us(us);
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        let _parking = self.shared.parking.lock();
        self.shared.parked.notify_all();
    }
}
