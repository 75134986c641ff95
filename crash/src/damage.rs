//! Damage to a database at rest: every bit turned, blocks overwritten, writes lost or misplaced,
//! wrong, old, cut and longer files.
//!
//! What must hold: the same content, or a typed error; what is read before an error is right. Only
//! where nothing vouches for the last batch, the content may be that before it; and one file that is
//! older than the other as a whole may pass as that older state where the log held nothing. Both are
//! counted.

use crate::fault::Fault;
use crate::model::{Model, NAMES, value_bytes};
use crate::salvage::{Original, Salvages};
use crate::script::{Name, steps};
use crate::setup::{BLOCK, Db, Middle, Setup};
use crate::watch::watch;
use crate::workload::{Begin, Image, State, work};
use drystone_core::checksum::crc32c;
use drystone_core::{Cursor, Database, Error, Options, View};
use drystone_platform_sim::{Alteration, Operation, Plan, Random, Role, SimError, Trace};
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// Pages of meta copies, and bytes of one.
const META_PAGES: usize = 4;
const META_LEN: usize = 256;
/// Steps that make the database to be damaged; about 64 KiB with its log.
const STEPS: &str = "bbvbcdxbuvgydbvcbbvgsicbuviimiui";
/// Bytes of its ring.
const RING: u64 = 20 << 10;

/// One damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Bit(Role, usize),
    /// A bit of a page, whose checksum is then made right.
    Sealed(usize),
    Zeros(Role, usize),
    Noise(Role, usize),
    /// A block holds what another one does.
    Copied(Role, usize, usize),
    Lost(usize),
    Misplaced(usize, u64),
    /// A device as it was at this position.
    Old(Role, usize),
    Cut(Role, usize),
    Longer(Role, usize),
    Swapped,
    Foreign(Role),
}

/// What a run over many damages found.
#[derive(Debug, Clone, Default)]
pub struct DamageReport {
    /// By kind: the same content, an error, the content before the last batch, an older state.
    kinds: [[u64; 4]; KINDS.len()],
    /// Of those refused, a part is salvaged.
    salvages: Salvages,
    /// What went wrong: a line that replays it, and what.
    pub troubles: Vec<(String, String)>,
}

const KINDS: [&str; 7] =
    ["bits", "sealed bits", "blocks", "lost writes", "misplaced writes", "old files", "wrong files"];

/// Of the bits of a device one in so many is salvaged where it is refused; of all that is salvaged one in
/// so many is cut.
const SALVAGED: usize = 23;
const SALVAGE_CUT: usize = 5;

/// Those of them with rules of their own.
const SEALED: usize = 1;
const OLD: usize = 5;

impl Damage {
    const fn kind(self) -> usize {
        match self {
            Self::Bit(..) => 0,
            Self::Sealed(_) => SEALED,
            Self::Zeros(..) | Self::Noise(..) | Self::Copied(..) => 2,
            Self::Lost(_) => 3,
            Self::Misplaced(..) => 4,
            Self::Old(..) => OLD,
            Self::Cut(..) | Self::Longer(..) | Self::Swapped | Self::Foreign(_) => 6,
        }
    }
}

/// How a damaged database answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Same,
    Refused,
    /// The content was that of this state.
    State(usize),
}

pub(crate) type Entry = (usize, Vec<u8>, Vec<u8>);

/// The database to be damaged.
struct Subject {
    image: Image,
    trace: Trace,
    /// The entries of every state, oldest first.
    states: Vec<Vec<Entry>>,
    /// Where the last batch lies on the log device.
    last_batch: Range<usize>,
    foreign: Image,
}

fn setup() -> Setup {
    let mut setup = Setup::new(&Name::Sequence("n".into()));
    setup.options.ring_len = RING;
    setup.options.ring_len_max = RING;
    setup
}

fn image(trace: &Trace, position: usize) -> Image {
    let state = trace.crash_at(position, Plan::AllNew);
    Image { data: state.data, log: state.log }
}

fn build() -> Result<Subject, Fault> {
    let begin = |letters| Begin {
        image: Image::default(),
        state: State::new(Model::default()),
        exists: false,
        steps: steps(letters),
        length: 0,
    };
    // A seed whose runs end without closing.
    let made = work::<Middle>(&setup(), 3, begin(STEPS))?;
    let other = work::<Middle>(&setup(), 4, begin("bbvci"))?;
    let operations = made.trace.operations();
    let last = operations.iter().rev().find_map(|operation| match operation {
        Operation::Write { role: Role::Log, offset, bytes } => Some((*offset as usize, bytes.len())),
        _ => None,
    });
    let (start, len) = last.ok_or_else(|| Fault::wrong("no log was written"))?;
    Ok(Subject {
        image: image(&made.trace, operations.len()),
        states: made.states.iter().map(flat).collect(),
        last_batch: start..start + len,
        foreign: image(&other.trace, other.trace.operations().len()),
        trace: made.trace,
    })
}

fn subject() -> &'static Subject {
    static SUBJECT: OnceLock<Subject> = OnceLock::new();
    SUBJECT.get_or_init(|| match build() {
        Ok(subject) => subject,
        Err(fault) => panic!("the database to be damaged cannot be made: {fault}"),
    })
}

fn flat(state: &State) -> Vec<Entry> {
    let trees = state.model.trees.iter().enumerate();
    let entries =
        trees.flat_map(|(tree, map)| map.iter().flat_map(move |map| map.iter().map(move |e| (tree, e))));
    entries.map(|(tree, (key, value))| (tree, key.clone(), value.clone())).collect()
}

impl Subject {
    fn device(&self, role: Role) -> &[u8] {
        if role == Role::Data { &self.image.data } else { &self.image.log }
    }

    fn blocks(&self, role: Role) -> usize {
        self.device(role).len() / BLOCK as usize
    }

    /// All tasks: those of the bits of each block, one of all the rest.
    fn tasks(&self) -> u64 {
        let bits = (self.blocks(Role::Data) + self.blocks(Role::Log)) as u64;
        bits + 1
    }

    fn task(&self, number: u64) -> Vec<Damage> {
        let data = self.blocks(Role::Data);
        if number + 1 == self.tasks() {
            return self.others();
        }
        let bits_of = |block: usize| {
            let (role, block) = if block < data { (Role::Data, block) } else { (Role::Log, block - data) };
            let bits = BLOCK as usize * 8;
            let sealed = move |bit| (role == Role::Data).then_some(Damage::Sealed(bit));
            (block * bits..(block + 1) * bits)
                .flat_map(move |bit| [Some(Damage::Bit(role, bit)), sealed(bit)].into_iter().flatten())
        };
        bits_of(number as usize).collect()
    }

    fn others(&self) -> Vec<Damage> {
        let mut all = vec![Damage::Swapped, Damage::Foreign(Role::Data), Damage::Foreign(Role::Log)];
        for role in [Role::Data, Role::Log] {
            for block in 0..self.blocks(role) {
                all.extend([Damage::Zeros(role, block), Damage::Noise(role, block)]);
                // A data device of no length is no database; one is made there.
                all.extend((block > 0 || role == Role::Log).then_some(Damage::Cut(role, block)));
                let other = |step| (block + step) % self.blocks(role);
                all.extend([1, 2, 7, 31].map(|step| Damage::Copied(role, block, other(step))));
            }
            all.extend([1, 3, 64].map(|blocks| Damage::Longer(role, blocks)));
        }
        for (index, operation) in self.trace.operations().iter().enumerate() {
            match operation {
                Operation::Write { role, offset, .. } => {
                    all.push(Damage::Lost(index));
                    for step in [1, 5, 20] {
                        let elsewhere = (offset + step * u64::from(BLOCK)) % self.device(*role).len() as u64;
                        all.push(Damage::Misplaced(index, elsewhere));
                    }
                }
                Operation::Flush { role, .. } => all.push(Damage::Old(*role, index + 1)),
                _ => {}
            }
        }
        all
    }

    /// The devices after the damage; `None` where it is none.
    fn damaged(&self, damage: Damage) -> Option<Image> {
        let mut image = self.image.clone();
        let size = BLOCK as usize;
        match damage {
            Damage::Bit(role, bit) => device(&mut image, role)[bit / 8] ^= 1 << (bit % 8),
            Damage::Sealed(bit) => {
                image.data[bit / 8] ^= 1 << (bit % 8);
                seal(&mut image.data, bit / 8);
            }
            Damage::Zeros(role, block) => device(&mut image, role)[block * size..][..size].fill(0),
            Damage::Noise(role, block) => {
                Random::new(block as u64).fill(&mut device(&mut image, role)[block * size..][..size]);
            }
            Damage::Copied(role, block, from) => {
                device(&mut image, role).copy_within(from * size..(from + 1) * size, block * size);
            }
            Damage::Lost(index) => image = altered(&self.trace, index, Alteration::Lost)?,
            Damage::Misplaced(index, offset) => {
                image = altered(&self.trace, index, Alteration::Misplaced(offset))?;
            }
            Damage::Old(Role::Data, position) => image.data = self::image(&self.trace, position).data,
            Damage::Old(Role::Log, position) => image.log = self::image(&self.trace, position).log,
            Damage::Cut(role, block) => device(&mut image, role).truncate(block * size),
            Damage::Longer(role, blocks) => {
                let device = device(&mut image, role);
                let old = device.len();
                device.resize(old + blocks * size, 0);
                Random::new(blocks as u64).fill(&mut device[old..]);
            }
            Damage::Swapped => std::mem::swap(&mut image.data, &mut image.log),
            Damage::Foreign(Role::Data) => image.data = self.foreign.data.clone(),
            Damage::Foreign(Role::Log) => image.log = self.foreign.log.clone(),
        }
        Some(image)
    }

    /// Opens what is left, reads everything, checks, and uses some of it.
    fn answer(&self, image: Image, damage: Damage) -> Result<Answer, Fault> {
        let platform = image.power_on(7, false);
        let memory = Middle::default();
        let options = Options { create: true, ..setup().options };
        let Ok(db) = Database::open(platform, &memory, options) else {
            return Ok(Answer::Refused);
        };
        let (found, failed) = read(&db);
        if damage.kind() == SEALED {
            let _ = exercise(&db);
        }
        let prefix =
            |entries: &Vec<Entry>| entries.len() >= found.len() && entries[..found.len()] == found[..];
        let whole = |entries: &Vec<Entry>| *entries == found;
        if failed {
            let right =
                self.states.iter().rev().take(2).any(prefix) || [SEALED, OLD].contains(&damage.kind());
            return if right {
                Ok(Answer::Refused)
            } else {
                Err(Fault::wrong("wrong entries before an error"))
            };
        }
        match self.states.iter().rposition(whole) {
            Some(state) if state + 1 == self.states.len() => Ok(Answer::Same),
            Some(state) => Ok(Answer::State(state)),
            None => Err(Fault::wrong("the content is that of no state there ever was")),
        }
    }

    /// Whether the content before the last batch is a right answer.
    fn is_last_batch(&self, damage: Damage) -> bool {
        let block = BLOCK as usize;
        let touches =
            |range: Range<usize>| range.start < self.last_batch.end && self.last_batch.start < range.end;
        match damage {
            Damage::Bit(Role::Log, bit) => self.last_batch.contains(&(bit / 8)),
            Damage::Zeros(Role::Log, at)
            | Damage::Noise(Role::Log, at)
            | Damage::Copied(Role::Log, at, _) => touches(at * block..(at + 1) * block),
            Damage::Lost(index) | Damage::Misplaced(index, _) => {
                let operations = self.trace.operations();
                let log =
                    |operation: &Operation| matches!(operation, Operation::Write { role: Role::Log, .. });
                operations.get(index).is_some_and(log) && !operations[index + 1..].iter().any(log)
                    || matches!(damage, Damage::Misplaced(_, offset)
                        if operations.get(index).is_some_and(log) && touches(offset as usize..offset as usize + block))
            }
            _ => false,
        }
    }
}

/// Makes the checksum of the page or meta copy right around this byte.
fn seal(data: &mut [u8], byte: usize) {
    let page = byte / BLOCK as usize;
    let len = if page < META_PAGES { META_LEN } else { BLOCK as usize };
    let start = page * BLOCK as usize;
    let crc = crc32c(0, &data[start + 4..start + len]).to_le_bytes();
    data[start..start + 4].copy_from_slice(&crc);
}

fn device(image: &mut Image, role: Role) -> &mut Vec<u8> {
    if role == Role::Data { &mut image.data } else { &mut image.log }
}

fn altered(trace: &Trace, index: usize, how: Alteration) -> Option<Image> {
    let state = trace.altered(index, how)?;
    Some(Image { data: state.data, log: state.log })
}

/// The entries up to an error, and whether there was one.
pub(crate) fn read(db: &Db<'_, Middle>) -> (Vec<Entry>, bool) {
    let mut found = Vec::new();
    let complete = read_all(db, &mut found).is_ok();
    let sound = complete && db.check().is_ok_and(|report| report.is_ok());
    (found, !sound)
}

/// Changes some of it.
pub(crate) fn exercise(db: &Db<'_, Middle>) -> Result<(), Error<SimError>> {
    for (round, name) in NAMES.into_iter().take(2).enumerate() {
        let mut txn = db.write()?;
        let tree = match txn.tree(name)? {
            Some(tree) => tree,
            None => txn.create_tree(name)?,
        };
        for number in 0..12u8 {
            let key = format!("{:05}/", u32::from(number) * 900).into_bytes();
            txn.put(tree, &key, &vec![number; 20 + round * 90])?;
            let mut cursor = Cursor::new(tree);
            cursor.seek(&txn, &key[..3])?;
            let found = cursor.entry(&txn, |key, _| [key.prefix, key.suffix].concat());
            if let Some(key) = found? {
                txn.delete(tree, &key)?;
            }
        }
        txn.commit()?;
    }
    db.checkpoint()
}

fn read_all(db: &Db<'_, Middle>, found: &mut Vec<Entry>) -> Result<(), ()> {
    let snapshot = db.read().map_err(|_| ())?;
    for (index, name) in NAMES.into_iter().enumerate() {
        let Some(tree) = snapshot.tree(name).map_err(|_| ())? else { continue };
        let mut cursor = Cursor::new(tree);
        cursor.seek_first(&snapshot).map_err(|_| ())?;
        loop {
            let entry = cursor.entry(&snapshot, |key, value| {
                ([key.prefix, key.suffix].concat(), value_bytes(&snapshot, value))
            });
            let Some((key, value)) = entry.map_err(|_| ())? else { break };
            found.push((index, key, value.map_err(|_| ())?));
            cursor.next(&snapshot).map_err(|_| ())?;
        }
    }
    Ok(())
}

/// How many tasks there are for [`damage`].
#[must_use]
pub fn damage_count() -> u64 {
    subject().tasks()
}

/// Tries the damages of one task.
#[must_use]
pub fn damage(task: u64) -> DamageReport {
    let mut report = DamageReport::default();
    for damage in subject().task(task) {
        report.one(damage);
    }
    report
}

/// Tries one damage again, as a failure printed it.
///
/// # Errors
/// What is wrong with the line.
pub fn replay_damage(line: &str) -> Result<DamageReport, String> {
    let subject = subject();
    let all = (0..subject.tasks()).flat_map(|task| subject.task(task));
    let found = all.into_iter().find(|damage| damage.to_string() == line);
    let mut report = DamageReport::default();
    report.one(found.ok_or_else(|| format!("{line} names no damage"))?);
    Ok(report)
}

impl DamageReport {
    fn one(&mut self, damage: Damage) {
        let subject = subject();
        let _watch = watch(move || damage.to_string());
        let Some(image) = subject.damaged(damage) else { return };
        let answer = catch_unwind(AssertUnwindSafe(|| subject.answer(image, damage)));
        let last = subject.states.len() - 1;
        let column = match answer.unwrap_or(Err(Fault::Panic)) {
            Ok(Answer::Same) => Ok(0),
            Ok(Answer::Refused) => Ok(1),
            Ok(Answer::State(state)) if state + 1 >= last && subject.is_last_batch(damage) => Ok(2),
            Ok(Answer::State(_)) if matches!(damage, Damage::Old(..)) => Ok(3),
            // Made by hand: it need only end, and without a panic.
            Ok(Answer::State(_)) | Err(Fault::Wrong(_)) if damage.kind() == SEALED => Ok(3),
            Ok(Answer::State(state)) => Err(format!("state {state} of {last} is served")),
            Err(fault) => Err(fault.to_string()),
        };
        match column {
            Ok(column) => {
                self.kinds[damage.kind()][column] += 1;
                if column == 1 {
                    self.salvage(damage);
                }
            }
            Err(what) => self.troubles.push((damage.to_string(), what)),
        }
    }

    /// Salvages what was refused; of the many bits only some.
    fn salvage(&mut self, damage: Damage) {
        let subject = subject();
        let number = match damage {
            Damage::Sealed(_) => return,
            Damage::Bit(_, bit) if !bit.is_multiple_of(SALVAGED) => return,
            Damage::Bit(_, bit) => bit / SALVAGED,
            Damage::Zeros(_, number)
            | Damage::Noise(_, number)
            | Damage::Copied(_, number, _)
            | Damage::Lost(number)
            | Damage::Misplaced(number, _)
            | Damage::Old(_, number)
            | Damage::Cut(_, number)
            | Damage::Longer(_, number) => number,
            Damage::Swapped | Damage::Foreign(_) => 0,
        };
        let Some(image) = subject.damaged(damage) else { return };
        let original = Original {
            options: setup().options,
            states: &subject.states,
            whole_data: image.data == subject.image.data,
        };
        let crashes = number.is_multiple_of(SALVAGE_CUT);
        let salvaged = catch_unwind(AssertUnwindSafe(|| original.salvage(&image, crashes)));
        match salvaged.unwrap_or(Err(Fault::Panic)) {
            Ok(salvages) => self.salvages.add(salvages),
            Err(fault) => self.troubles.push((damage.to_string(), format!("salvage: {fault}"))),
        }
    }

    /// How many damages were tried.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.kinds.iter().flatten().sum::<u64>() + self.troubles.len() as u64
    }

    /// Adds what another part of the run found.
    pub fn add(&mut self, other: Self) {
        for (to, more) in self.kinds.iter_mut().flatten().zip(other.kinds.iter().flatten()) {
            *to += more;
        }
        self.salvages.add(other.salvages);
        self.troubles.extend(other.troubles);
    }
}

impl fmt::Display for DamageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "damage                  same     error  last batch gone  other state")?;
        for (kind, [same, error, last, older]) in KINDS.iter().zip(self.kinds) {
            writeln!(f, "  {kind:<18}{same:>8}{error:>10}{last:>17}{older:>13}")?;
        }
        let Salvages { opened: [writing, reading, refused], crashes } = self.salvages;
        writeln!(
            f,
            "salvaged: {writing} for writing, {reading} for reading only, {refused} not; cut {crashes} times"
        )
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "damage:{}", format!("{self:?}").to_lowercase().replace(' ', ""))
    }
}
