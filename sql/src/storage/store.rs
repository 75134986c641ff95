//! The storage engine, as the SQL layer uses it.

use super::device::DeviceError;
use super::device::StdPlatform;
use super::{Salvaged, StoreOptions, TreeId, fault};
use crate::error::{Error, Result};
use crate::memory::{HeapMemory, MemoryOptions};
use drystone_core::{self as core, Error as Fault, Overflow, Value, View};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

type Memory = HeapMemory<StdPlatform>;
type Engine = core::Database<StdPlatform, Memory>;
type Snapshot = core::Snapshot<StdPlatform, Memory, Arc<Engine>>;
type WriteTxn = core::WriteTxn<StdPlatform, Memory, Arc<Engine>>;

/// An open database. Dropping it closes it cleanly if nobody uses it any more.
pub struct Store {
    engine: Option<Arc<Engine>>,
    shared: Arc<Shared>,
}

/// What a store and its transactions share.
#[derive(Default)]
struct Shared {
    commits: Commits,
    /// Those of them that changed the schema.
    schema: Commits,
    damage: Damage,
}

/// Whether damage is passed over, and how much was.
#[derive(Default)]
struct Damage {
    passed_over: AtomicBool,
    count: AtomicU64,
}

impl Damage {
    /// Whether to go on behind this error.
    fn passes(&self, error: &Fault<DeviceError>) -> bool {
        let is_damage = matches!(
            error,
            Fault::Corrupt { .. } | Fault::Device { operation: drystone_core::Operation::Read, .. }
        );
        let passes = is_damage && self.passed_over.load(Ordering::Acquire);
        self.count.fetch_add(u64::from(passes), Ordering::AcqRel);
        passes
    }
}

/// Commits of changes, counted so that a transaction can tell whether somebody committed since it
/// began to read. The engine's epochs do not tell: a checkpoint draws one, too.
#[derive(Default)]
struct Commits {
    /// Raised while the writer's place is held.
    begun: AtomicU64,
    /// Raised when the commit is visible, or has failed.
    ended: AtomicU64,
}

impl Store {
    /// A new database in memory.
    pub fn memory(options: &StoreOptions) -> Result<Store> {
        start(StdPlatform::memory(), options, MemoryOptions::default().page_size).map_err(fault::engine)
    }

    /// The database in a file.
    pub fn open(path: &Path, options: &StoreOptions) -> Result<Store> {
        let platform = || {
            let platform = StdPlatform::open(path, options.create, options.read_only);
            platform.map_err(|error| fault::device(&error))
        };
        match start(platform()?, options, MemoryOptions::default().page_size) {
            // The memory has to be made for the pages that are there.
            Err(Fault::PageSize { page_size, .. }) => {
                start(platform()?, options, page_size).map_err(fault::engine)
            }
            other => other.map_err(fault::engine),
        }
    }

    fn engine(&self) -> Result<&Arc<Engine>> {
        self.engine.as_ref().ok_or_else(|| Error::internal("the database is closed"))
    }

    /// A snapshot of what is committed.
    pub fn read(&self) -> Result<Transaction> {
        // Read first: the snapshot sees at least these commits.
        let base = self.shared.commits.ended.load(Ordering::Acquire);
        let schema = self.shared.schema.ended.load(Ordering::Acquire);
        let snapshot = Snapshot::begin(self.engine()?.clone()).map_err(fault::engine)?;
        // Read last: if no other has begun, it sees no more than these.
        let exact = self.shared.schema.begun.load(Ordering::Acquire) == schema;
        Ok(self.transaction(Kind::Read(snapshot), base, exact.then_some(schema)))
    }

    /// The writer's place, waited for as long as the options say.
    pub fn write(&self) -> Result<Transaction> {
        let write = WriteTxn::begin(self.engine()?.clone()).map_err(fault::engine)?;
        // Read while the place is held: nobody else can begin to commit.
        let base = self.shared.commits.begun.load(Ordering::Acquire);
        let schema = self.shared.schema.begun.load(Ordering::Acquire);
        Ok(self.transaction(Kind::Write(write), base, Some(schema)))
    }

    fn transaction(&self, kind: Kind, base: u64, schema: Option<u64>) -> Transaction {
        let shared = self.shared.clone();
        Transaction { kind, base, schema, changed: false, schema_changed: false, shared }
    }

    /// Writes everything committed to its place in the data file.
    pub fn checkpoint(&self) -> Result<()> {
        self.engine()?.checkpoint().map_err(fault::engine)
    }

    /// Whether nothing is damaged, and what was found.
    pub fn check(&self) -> Result<(bool, Vec<String>)> {
        let report = self.engine()?.check().map_err(fault::engine)?;
        let core::CheckReport { pages, used, held, trees, entries, faults, first } = report;
        let mut lines =
            vec![format!("{pages} pages ({used} used, {held} held), {trees} trees, {entries} entries")];
        lines.push(match first {
            None => "ok".to_owned(),
            Some((page, damage)) => {
                format!("{faults} faults; the first: {}", Fault::<std::fmt::Error>::Corrupt { page, damage })
            }
        });
        Ok((report.is_ok(), lines))
    }

    /// The engine's counters by name.
    pub fn stats(&self) -> Vec<(&'static str, u64)> {
        let Some(engine) = &self.engine else { return vec![] };
        let stats = engine.stats();
        vec![
            ("page_size", u64::from(stats.page_size)),
            ("page_count", u64::from(stats.page_count)),
            ("free_count", u64::from(stats.free_count)),
            ("held_count", u64::from(stats.held_count)),
            ("page_hits", stats.page_hits),
            ("page_reads", stats.page_reads),
            ("page_writes", stats.page_writes),
            ("commits", stats.commits),
            ("commits_by_checkpoint", stats.commits_by_checkpoint),
            ("log_flushes", stats.log_flushes),
            ("log_bytes", stats.log_bytes),
            ("data_flushes", stats.data_flushes),
            ("checkpoints", stats.checkpoints),
            ("ring_len", stats.ring_len),
            ("ring_filled", stats.ring_filled),
        ]
    }

    /// What was dropped at opening.
    pub fn salvaged(&self) -> Option<Salvaged> {
        self.engine.as_ref().and_then(|engine| engine.stats().recovery.salvaged)
    }

    /// Whether cursors go on behind damage from now on; how often they did since the last call.
    pub fn skip_damage(&self, on: bool) -> u64 {
        self.shared.damage.passed_over.store(on, Ordering::Release);
        self.shared.damage.count.swap(0, Ordering::AcqRel)
    }

    /// Pages looked at since opening, in memory or not.
    pub fn pages_seen(&self) -> u64 {
        let stats = self.engine.as_ref().map(|engine| engine.stats());
        stats.map_or(0, |stats| stats.page_hits + stats.page_reads)
    }

    /// Closes it cleanly; when it is still in use elsewhere, nothing happens.
    pub fn close(mut self) -> Result<()> {
        match self.engine.take().map(Arc::try_unwrap) {
            Some(Ok(engine)) => engine.close().map_err(fault::engine),
            _ => Ok(()),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(Ok(engine)) = self.engine.take().map(Arc::try_unwrap) {
            // Nothing committed depends on it: without it the next opening replays the log.
            let _ = engine.close();
        }
    }
}

fn start(platform: StdPlatform, options: &StoreOptions, page_size: u32) -> Result<Store, Fault<DeviceError>> {
    let sizes = MemoryOptions { page_size, pool_bytes: options.cache_bytes, ..MemoryOptions::default() };
    let choices = core::Options {
        create: options.create,
        read_only: options.read_only,
        salvage: options.salvage,
        busy_timeout_us: options.busy_timeout_us,
        // The ring has to hold four log buffers.
        ring_len: sizes.log_bytes as u64 * 4,
        ..core::Options::default()
    };
    let engine = Engine::open(platform, HeapMemory::new(sizes), choices)?;
    Ok(Store { engine: Some(Arc::new(engine)), shared: Arc::default() })
}

/// A point in a write transaction to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint(core::Savepoint);

#[allow(clippy::large_enum_variant)] // One is made for every statement: no allocation for it.
enum Kind {
    Read(Snapshot),
    Write(WriteTxn),
}

/// A snapshot or the writer.
pub struct Transaction {
    kind: Kind,
    /// Commits before it.
    base: u64,
    /// Changes of the schema before it; none: one was being committed when it began.
    schema: Option<u64>,
    changed: bool,
    schema_changed: bool,
    shared: Arc<Shared>,
}

/// The same expression over either kind of view.
macro_rules! view {
    ($transaction:expr, $view:ident => $body:expr) => {
        match &$transaction.kind {
            Kind::Read($view) => $body,
            Kind::Write($view) => $body,
        }
    };
}

impl Transaction {
    /// Whether this is the writer.
    pub fn is_write(&self) -> bool {
        matches!(self.kind, Kind::Write(_))
    }

    /// Whether nobody committed between the beginnings of this snapshot and of that writer. A
    /// commit just ending may count as one in between.
    pub fn is_continued_by(&self, writer: &Transaction) -> bool {
        self.base == writer.base
    }

    /// How many changes of the schema were committed before this transaction began, and are seen by
    /// it; none: that is not known. Transactions of one store with the same number see the same
    /// schema, apart from what they change themselves.
    pub fn schema(&self) -> Option<u64> {
        self.schema
    }

    /// To be called when this transaction changes the schema.
    pub fn note_schema_change(&mut self) {
        self.schema_changed = true;
    }

    /// A tree by name.
    pub fn tree(&self, name: &[u8]) -> Result<Option<TreeId>> {
        view!(self, view => view.tree(name)).map_err(fault::engine)
    }

    /// How many entries a tree has.
    pub fn count(&self, tree: TreeId) -> Result<u64> {
        view!(self, view => view.count(tree)).map_err(fault::engine)
    }

    /// Calls `f` with the value of a key.
    pub fn get<T>(&self, tree: TreeId, key: &[u8], f: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
        let mut call = Some(f);
        let found = view!(self, view => view.get(tree, key, |value| match value {
            Value::Inline(bytes) => Ok(call.take().map(|f| f(bytes))),
            Value::Overflow(long) => Err(long),
        }));
        match found.map_err(fault::engine)? {
            None => Ok(None),
            Some(Ok(result)) => Ok(result),
            Some(Err(long)) => {
                let bytes = self.long(&long)?;
                Ok(call.take().map(|f| f(&bytes)))
            }
        }
    }

    /// The bytes of a value that is not in its leaf.
    fn long(&self, value: &Overflow) -> Result<Vec<u8>> {
        self.read_long(value)?.map_err(fault::engine)
    }

    fn read_long(&self, value: &Overflow) -> Result<std::result::Result<Vec<u8>, Fault<DeviceError>>> {
        let len = usize::try_from(value.len()).map_err(|_| Error::corrupt("a value longer than memory"))?;
        let mut bytes = vec![0; len];
        match view!(self, view => view.read_value(value, 0, &mut bytes)) {
            Ok(read) if read < len => Err(Error::corrupt("a value that is shorter than it says")),
            read => Ok(read.map(|_| bytes)),
        }
    }

    fn writer(&mut self) -> Result<&mut WriteTxn> {
        self.changed = true;
        self.finder()
    }

    /// The writer, for what may find nothing to change.
    fn finder(&mut self) -> Result<&mut WriteTxn> {
        match &mut self.kind {
            Kind::Write(write) => Ok(write),
            Kind::Read(_) => Err(Error::internal("a change through a snapshot")),
        }
    }

    /// Sets a key. True: there was one.
    pub fn put(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool> {
        self.writer()?.put(tree, key, value).map_err(fault::engine)
    }

    /// Sets a key that is not there. False: it was, and nothing changed.
    pub fn insert(&mut self, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool> {
        let inserted = self.finder()?.insert(tree, key, value).map_err(fault::engine)?;
        self.changed |= inserted;
        Ok(inserted)
    }

    /// Removes a key. True: it was there.
    pub fn delete(&mut self, tree: TreeId, key: &[u8]) -> Result<bool> {
        let deleted = self.finder()?.delete(tree, key).map_err(fault::engine)?;
        self.changed |= deleted;
        Ok(deleted)
    }

    /// Makes a tree.
    pub fn create_tree(&mut self, name: &[u8]) -> Result<TreeId> {
        self.writer()?.create_tree(name).map_err(fault::engine)
    }

    /// Removes all entries of a tree.
    pub fn clear_tree(&mut self, tree: TreeId) -> Result<()> {
        self.writer()?.clear_tree(tree).map_err(fault::engine)
    }

    /// Removes a tree with all its entries.
    pub fn drop_tree(&mut self, name: &[u8]) -> Result<bool> {
        self.writer()?.drop_tree(name).map_err(fault::engine)
    }

    /// Remembers this point.
    pub fn savepoint(&mut self) -> Result<Savepoint> {
        self.writer()?.savepoint().map(Savepoint).map_err(fault::engine)
    }

    /// Undoes everything since the savepoint, which stays.
    pub fn rollback_to(&mut self, to: Savepoint) -> Result<()> {
        self.writer()?.rollback_to(to.0).map_err(fault::engine)
    }

    /// Forgets a savepoint and those after it; the changes stay.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        self.writer()?.release(savepoint.0).map_err(fault::engine)
    }

    /// Makes the changes durable and visible.
    pub fn commit(self) -> Result<()> {
        match self.kind {
            Kind::Write(write) if self.changed => {
                let schema = u64::from(self.schema_changed);
                self.shared.schema.begun.fetch_add(schema, Ordering::AcqRel);
                self.shared.commits.begun.fetch_add(1, Ordering::AcqRel);
                let result = write.commit();
                self.shared.commits.ended.fetch_add(1, Ordering::AcqRel);
                self.shared.schema.ended.fetch_add(schema, Ordering::AcqRel);
                result.map_err(fault::engine)
            }
            Kind::Write(write) => write.commit().map_err(fault::engine),
            Kind::Read(_) => Ok(()),
        }
    }
}

/// A position in one tree. It must be sought again after the transaction changed any tree.
#[derive(Clone, Debug)]
pub struct Cursor {
    cursor: core::Cursor,
    /// A key whose two parts had to be joined.
    key: Vec<u8>,
}

impl Cursor {
    /// A cursor that stands nowhere yet.
    pub fn new(tree: TreeId) -> Self {
        Cursor { cursor: core::Cursor::new(tree), key: Vec::new() }
    }

    /// As a new one, in the memory of this one.
    pub fn restart(&mut self, tree: TreeId) {
        self.cursor = core::Cursor::new(tree);
    }

    /// To the first entry whose key is at least `key`. True: equal.
    pub fn seek(&mut self, transaction: &Transaction, key: &[u8]) -> Result<bool> {
        let sought = view!(transaction, view => self.cursor.seek(view, key));
        self.pass(transaction, sought, false)
    }

    /// Goes on behind damage, where that is wished.
    fn pass<T>(
        &mut self,
        transaction: &Transaction,
        mut result: std::result::Result<T, Fault<DeviceError>>,
        passed: T,
    ) -> Result<T>
    where
        T: Copy,
    {
        while let Err(error) = &result {
            if !transaction.shared.damage.passes(error) {
                break;
            }
            result = view!(transaction, view => self.cursor.skip(view)).map(|()| passed);
        }
        result.map_err(fault::engine)
    }

    /// To the last entry whose key is below `key`.
    pub fn seek_last_before(&mut self, transaction: &Transaction, key: &[u8]) -> Result<()> {
        view!(transaction, view => self.cursor.seek_last_before(view, key)).map_err(fault::engine)
    }

    /// To the first entry.
    pub fn seek_first(&mut self, transaction: &Transaction) -> Result<()> {
        let sought = view!(transaction, view => self.cursor.seek_first(view));
        self.pass(transaction, sought, ())
    }

    /// To the last entry.
    pub fn seek_last(&mut self, transaction: &Transaction) -> Result<()> {
        view!(transaction, view => self.cursor.seek_last(view)).map_err(fault::engine)
    }

    /// Calls `f` with key and value of each entry from this one onwards until it returns false;
    /// the cursor then stands on the entry after the last one visited.
    pub fn visit(&mut self, transaction: &Transaction, f: impl FnMut(&[u8], &[u8]) -> bool) -> Result<()> {
        self.walk(transaction, false, f)
    }

    /// As [`Cursor::visit`], backwards.
    pub fn visit_back(
        &mut self,
        transaction: &Transaction,
        f: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<()> {
        self.walk(transaction, true, f)
    }

    fn walk(
        &mut self,
        transaction: &Transaction,
        back: bool,
        mut f: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<()> {
        loop {
            // A long value is read when its leaf is let go: the walk stops behind it.
            let mut long: Option<Overflow> = None;
            let mut stopped = false;
            let Cursor { cursor, key: joined } = self;
            let visit = |key: core::Key<'_>, value: Value<'_>| {
                let number;
                let whole = match (key.prefix, key.suffix) {
                    ([], suffix) => suffix,
                    (prefix, []) => prefix,
                    (prefix, suffix) => match key.number() {
                        Some(bytes) => {
                            number = bytes;
                            number.as_slice()
                        }
                        None => {
                            joined.clear();
                            joined.extend_from_slice(prefix);
                            joined.extend_from_slice(suffix);
                            joined.as_slice()
                        }
                    },
                };
                match value {
                    Value::Inline(bytes) => {
                        stopped = !f(whole, bytes);
                        !stopped
                    }
                    Value::Overflow(value) => {
                        long = Some(value);
                        let whole = whole.to_vec();
                        *joined = whole;
                        false
                    }
                }
            };
            let walked = match back {
                false => view!(transaction, view => cursor.visit(view, visit)),
                true => view!(transaction, view => cursor.visit_back(view, visit)),
            };
            let failed = walked.is_err();
            match back {
                false => self.pass(transaction, walked, ())?,
                true => walked.map_err(fault::engine)?,
            }
            let Some(long) = long else {
                if failed && !stopped {
                    continue;
                }
                return Ok(());
            };
            match transaction.read_long(&long)? {
                Ok(bytes) if !f(&self.key, &bytes) => return Ok(()),
                Err(error) if !transaction.shared.damage.passes(&error) => return Err(fault::engine(error)),
                _ => {}
            }
        }
    }
}
