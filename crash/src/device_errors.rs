//! Device errors at every call of a workload: reads, writes, flushes and reservations that fail,
//! once or from then on; writes and reservations also for want of space.
//!
//! What must hold: every failure is a typed error or *unknown*; nothing is shown or lost that
//! should not be; after a failed flush of either device, and after a failed write of the log, the
//! database takes no more transactions; reopening without the failure, on the same boot or after a
//! power cut, finds an allowed state.

use crate::fault::{Fault, during};
use crate::model::{Model, content};
use crate::script::Name;
use crate::setup::{Db, Large, Middle, Profile, Setup, Small};
use crate::transaction::fill;
use crate::watch::watch;
use crate::workload::{Image, State, cut};
use drystone_core::{Database, Error, Memory, Options};
use drystone_platform_sim::{Failure, OperationKind, Plan, Random, Role, SimPlatform};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

/// Steps of a workload, openings not counted.
const STEPS: u64 = 24;
/// Steps after a failure.
const STEPS_AFTER: u64 = 6;

/// One failure in one workload, and how it is reopened.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Seed of the workload.
    pub workload: u64,
    /// The call that fails.
    pub failure: Failure,
    /// Whether the error is "no space left".
    pub no_space: bool,
    /// Whether power is cut before the reopening.
    pub power_cut: bool,
}

/// What a run over many cases found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Cases in which the failure struck.
    pub cases: u64,
    /// Transactions whose outcome was unknown, and those of them that were there afterwards.
    pub unknown: [u64; 2],
    /// Cases whose database became read-only.
    pub read_only: u64,
    /// What went wrong.
    pub troubles: Vec<(Case, String)>,
}

const ROLES: [Role; 2] = [Role::Data, Role::Log];
const KINDS: [OperationKind; 4] =
    [OperationKind::Read, OperationKind::Write, OperationKind::Flush, OperationKind::Reserve];

/// Ways to fail: once or always, with an error or for want of space.
const WAYS: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];
/// Combinations of device, call and way.
const PARTS: u64 = (ROLES.len() * KINDS.len() * WAYS.len()) as u64;

/// Tries a failure at every call of a workload.
#[must_use]
pub fn device_errors(workload: u64) -> Report {
    let mut report = Report::default();
    for part in 0..PARTS {
        report.add(device_errors_part(workload, part));
    }
    report
}

/// Tries those of one device, kind of call and way to fail; `part` numbers them and begins anew.
#[must_use]
pub fn device_errors_part(workload: u64, part: u64) -> Report {
    let mut report = Report::default();
    let part = (part % PARTS) as usize;
    let kind = KINDS[part % KINDS.len()];
    let role = ROLES[part / KINDS.len() % ROLES.len()];
    let (sticky, no_space) = WAYS[part / KINDS.len() / ROLES.len()];
    if no_space && !matches!(kind, OperationKind::Write | OperationKind::Reserve) {
        return report;
    }
    for skip in 0.. {
        let failure = Failure { role: Some(role), kind, skip, sticky };
        let before = report.cases;
        for power_cut in [false, true] {
            one_device_error(Case { workload, failure, no_space, power_cut }, &mut report);
        }
        if report.cases == before || report.troubles.len() > 3 {
            break;
        }
    }
    report
}

/// Runs one case.
pub fn one_device_error(case: Case, report: &mut Report) {
    let mut setup = Setup::new(&Name::Seed(case.workload));
    setup.long_values = setup.long_values.min(30);
    if case.failure.kind == OperationKind::Read {
        // More than the pool holds, so that scans read.
        setup.big = 3;
        setup.keys = setup.keys.max(200);
    }
    let _watch = watch(move || case.to_string());
    let result = catch_unwind(AssertUnwindSafe(|| match setup.profile {
        Profile::Small => Patient::<Small>::new(&setup, case).run(),
        Profile::Middle => Patient::<Middle>::new(&setup, case).run(),
        Profile::Large => Patient::<Large>::new(&setup, case).run(),
    }));
    let end = result.unwrap_or(Err(Fault::Panic));
    match end {
        Ok(end) => {
            report.cases += u64::from(end.struck);
            report.unknown[0] += u64::from(end.unknown);
            report.unknown[1] += u64::from(end.unknown_found);
            report.read_only += u64::from(end.read_only);
        }
        Err(fault) => {
            report.cases += 1;
            report.troubles.push((case, fault.to_string()));
        }
    }
}

/// How a case ended that went right.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    struck: bool,
    unknown: bool,
    unknown_found: bool,
    read_only: bool,
}

/// A database that is about to fall ill.
struct Patient<'s, M> {
    setup: &'s Setup,
    case: Case,
    random: Random,
    platform: SimPlatform,
    /// Acknowledged.
    sure: State,
    /// Unknown.
    perhaps: Option<State>,
    exists: bool,
    end: End,
    memory: PhantomData<M>,
}

impl<'s, M: Memory<SimPlatform> + Default> Patient<'s, M> {
    fn new(setup: &'s Setup, case: Case) -> Self {
        let platform = Image::default().power_on(case.workload, false);
        platform.interrupt(setup.interruptions);
        if case.no_space {
            platform.fail_for_space(case.failure);
        } else {
            platform.fail(case.failure);
        }
        Self {
            setup,
            case,
            random: Random::new(case.workload ^ 0xE44),
            platform,
            sure: State::new(Model::default()),
            perhaps: None,
            exists: false,
            end: End::default(),
            memory: PhantomData,
        }
    }

    fn struck(&self) -> bool {
        let failure = self.case.failure;
        let counters = self.platform.counters(failure.role.unwrap_or(Role::Data));
        let calls = match failure.kind {
            OperationKind::Read => counters.reads,
            OperationKind::Write => counters.writes,
            OperationKind::Flush => counters.flushes,
            OperationKind::Reserve => counters.reserves,
            OperationKind::Erase => counters.erases,
        };
        calls > failure.skip
    }

    /// Whether the database must take no more transactions.
    fn must_be_read_only(&self) -> bool {
        let failure = self.case.failure;
        let final_kind = failure.kind == OperationKind::Flush
            || (failure.kind == OperationKind::Write && failure.role == Some(Role::Log));
        self.struck() && final_kind
    }

    fn run(mut self) -> Result<End, Fault> {
        let mut steps = STEPS;
        while steps > 0 {
            let memory = M::default();
            let options = Options { create: !self.exists, ..self.setup.options };
            let db = match Database::open(self.platform.clone(), &memory, options) {
                Ok(db) => db,
                Err(error) => {
                    self.typed("open", error)?;
                    break;
                }
            };
            self.exists = true;
            self.session(&db, &mut steps)?;
            if self.struck() {
                self.look(&db)?;
            }
            if self.random.one_in(2)
                && let Err(error) = db.close()
            {
                self.typed("close", error)?;
            }
            if self.struck() {
                break;
            }
        }
        self.end.struck = self.struck();
        if self.end.struck {
            self.reopen()?;
        }
        Ok(self.end)
    }

    /// An error is right only once the failure struck.
    fn typed(&self, call: &'static str, error: Error<drystone_platform_sim::SimError>) -> Result<(), Fault> {
        if self.struck() { Ok(()) } else { Err(Fault::Engine { call, error }) }
    }

    fn session(&mut self, db: &Db<'_, M>, steps: &mut u64) -> Result<(), Fault> {
        let mut after = STEPS_AFTER;
        while *steps > 0 && after > 0 {
            *steps -= 1;
            if self.struck() {
                after -= 1;
            }
            match self.random.below(12) {
                0..8 => self.transaction(db)?,
                8 | 9 => {
                    if let Err(error) = db.checkpoint_step(1 + self.random.below(6) as u32) {
                        self.typed("checkpoint_step", error)?;
                    }
                }
                10 => {
                    if let Err(error) = db.checkpoint() {
                        self.typed("checkpoint", error)?;
                    }
                }
                _ if self.struck() => {}
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn transaction(&mut self, db: &Db<'_, M>) -> Result<(), Fault> {
        let forbidden = self.must_be_read_only();
        let mut txn = match db.write() {
            Ok(_) if forbidden => {
                return Err(Fault::wrong("a transaction begins after a failure that is final"));
            }
            Ok(_) if self.perhaps.is_some() => {
                return Err(Fault::wrong("a transaction begins although the last one's outcome is unknown"));
            }
            Ok(txn) => txn,
            Err(error) => {
                self.end.read_only |= matches!(error, Error::ReadOnly);
                return self.typed("write", error);
            }
        };
        let model = match fill(self.setup, &mut self.random, &mut txn, self.sure.model.clone()) {
            Ok(model) => State::new(model),
            Err(Fault::Engine { call, error }) => return self.typed(call, error),
            Err(wrong) => return Err(wrong),
        };
        if self.random.one_in(10) {
            return Ok(());
        }
        match txn.commit() {
            Ok(()) => {
                self.sure = model;
                if self.random.one_in(3) {
                    return self.read(db);
                }
            }
            Err(error) => {
                if matches!(error, Error::Unknown) {
                    self.perhaps = Some(model);
                    self.end.unknown = true;
                }
                self.typed("commit", error)?;
            }
        }
        Ok(())
    }

    /// What a reader sees while calls may fail: what is sure, or an error.
    fn read(&self, db: &Db<'_, M>) -> Result<(), Fault> {
        let found = db.read().map_err(during("read")).and_then(|snapshot| content(&snapshot));
        match found {
            Ok(digest) if digest == self.sure.digest => Ok(()),
            Ok(_) => Err(Fault::wrong("a reader does not see what was acknowledged last")),
            Err(Fault::Engine { call, error }) => self.typed(call, error),
            Err(wrong) => Err(wrong),
        }
    }

    /// What readers see of the database that met the failure: what is sure, or an error.
    fn look(&self, db: &Db<'_, M>) -> Result<(), Fault> {
        self.platform.fail_no_more();
        let found = content(&db.read().map_err(during("read"))?)?;
        let sure = found == self.sure.digest;
        if sure { Ok(()) } else { Err(Fault::wrong("readers do not see what was acknowledged last")) }
    }

    /// Opens without the failure.
    fn reopen(&mut self) -> Result<(), Fault> {
        self.platform.fail_no_more();
        let seed = self.random.next_u64();
        let platform = if self.case.power_cut {
            cut(&self.platform, Plan::Seeded(seed)).power_on(seed, false)
        } else {
            self.platform.clone()
        };
        let found = self.open_and_check(&platform, !self.exists)?;
        if found != self.sure.digest {
            if self.perhaps.as_ref().is_none_or(|state| state.digest != found) {
                return Err(Fault::wrong("reopened, the database holds a state that is not allowed"));
            }
            self.end.unknown_found = true;
        }
        // What was served once stays, even if the first boot's cache had held more than the medium.
        let platform = cut(&platform, Plan::Seeded(!seed)).power_on(!seed, false);
        if self.open_and_check(&platform, false)? != found {
            return Err(Fault::wrong("reopened once more after a power cut, it holds another state"));
        }
        Ok(())
    }

    fn open_and_check(&self, platform: &SimPlatform, create: bool) -> Result<u64, Fault> {
        let memory = M::default();
        let options = Options { create, ..self.setup.options };
        let db = Database::open(platform.clone(), &memory, options).map_err(during("reopening"))?;
        let report = db.check().map_err(during("check"))?;
        if !report.is_ok() {
            return Err(Fault::wrong(format!("check: {report:?}")));
        }
        content(&db.read().map_err(during("read"))?)
    }
}

impl Report {
    /// Adds what another part of the run found.
    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.unknown[0] += other.unknown[0];
        self.unknown[1] += other.unknown[1];
        self.read_only += other.read_only;
        self.troubles.extend(other.troubles);
    }
}

impl fmt::Display for Case {
    /// As `error:4f1c/data/write/17/once/cut`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { role, kind, skip, sticky } = self.failure;
        let role = if role == Some(Role::Log) { "log" } else { "data" };
        let kind = format!("{kind:?}").to_lowercase();
        let length = match (sticky, self.no_space) {
            (false, false) => "once",
            (true, false) => "sticky",
            (false, true) => "full-once",
            (true, true) => "full",
        };
        let end = if self.power_cut { "cut" } else { "boot" };
        write!(f, "error:{:x}/{role}/{kind}/{skip}/{length}/{end}", self.workload)
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no replay line; one looks like error:4f1c/data/write/17/once/cut");
        let parts: Vec<&str> = text.strip_prefix("error:").ok_or_else(wrong)?.split('/').collect();
        let [seed, role, kind, skip, length, end] = parts[..] else {
            return Err(wrong());
        };
        let kind = KINDS.into_iter().find(|one| format!("{one:?}").to_lowercase() == kind);
        let failure = Failure {
            role: Some(if role == "log" { Role::Log } else { Role::Data }),
            kind: kind.ok_or_else(wrong)?,
            skip: skip.parse().map_err(|_| wrong())?,
            sticky: length == "sticky" || length == "full",
        };
        let workload = u64::from_str_radix(seed, 16).map_err(|_| wrong())?;
        Ok(Self { workload, failure, no_space: length.starts_with("full"), power_cut: end == "cut" })
    }
}
