//! Drystone through its core API, on devices that count.

use crate::compare::engine::{Answer, Engine, Key, KeyValue, Open, Reader, Result, Setup, WithReader};
use crate::counted::CountedPlatform;
use drystone::memory::{HeapMemory, MemoryOptions};
use drystone_core::{Cursor, Database, Options, Snapshot, TreeId, Value, View};
use std::path::Path;

/// The engine.
pub const ENGINE: Engine = Engine {
    name: "drystone-core",
    version: || env!("CARGO_PKG_VERSION").to_owned(),
    settings: |setup| {
        format!("core API; pool {} MiB, defaults: every commit flushed", setup.cache_bytes >> 20)
    },
    open: Open::KeyValue(|folder, setup| Ok(Box::new(Core::open(folder, setup, Options::default())?))),
    is_analytic: false,
};

/// The name of the tree.
const TREE: &[u8] = b"entries";

/// The engine's type.
pub type Db = Database<CountedPlatform, HeapMemory<CountedPlatform>>;

/// An open database with its tree.
pub struct Core {
    /// The database.
    pub db: Db,
    /// The tree that holds the entries.
    pub tree: TreeId,
}

impl Core {
    /// Opens or creates the database of a folder.
    ///
    /// # Errors
    /// What goes wrong in the engine.
    pub fn open(folder: &Path, setup: &Setup, options: Options) -> Result<Core> {
        let pool_bytes = setup.cache_bytes;
        let memory = HeapMemory::new(MemoryOptions { pool_bytes, ..MemoryOptions::default() });
        let db = Db::open(CountedPlatform::open(&folder.join("core.db"))?, memory, options)?;
        let known = db.read()?.tree(TREE)?;
        let tree = match known {
            Some(tree) => tree,
            None => {
                let mut transaction = db.write()?;
                let tree = transaction.create_tree(TREE)?;
                transaction.commit()?;
                tree
            }
        };
        Ok(Core { db, tree })
    }
}

impl KeyValue for Core {
    fn put(&mut self, entries: &mut dyn Iterator<Item = (Key, [u8; 40])>) -> Result<()> {
        let mut transaction = self.db.write()?;
        for (key, value) in entries {
            transaction.put(self.tree, &key, &value)?;
        }
        Ok(transaction.commit()?)
    }

    fn read(&mut self, body: WithReader<'_>) -> Result<()> {
        let snapshot = self.db.read()?;
        body(&mut CoreReader { snapshot, tree: self.tree, cursor: Cursor::new(self.tree) })
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(self.db.close()?)
    }
}

struct CoreReader<'d> {
    snapshot: Snapshot<CountedPlatform, HeapMemory<CountedPlatform>, &'d Db>,
    tree: TreeId,
    cursor: Cursor,
}

fn take(value: Value<'_>, answer: &mut Answer) {
    if let Value::Inline(bytes) = value {
        answer.bytes(bytes);
    }
    answer.end_row();
}

impl Reader for CoreReader<'_> {
    fn get(&mut self, key: Key, answer: &mut Answer) -> Result<()> {
        self.snapshot.get(self.tree, &key, |value| take(value, answer))?;
        Ok(())
    }

    fn range(&mut self, from: Key, rows: usize, answer: &mut Answer) -> Result<()> {
        self.cursor.seek(&self.snapshot, &from)?;
        let end = answer.rows + rows as u64;
        let visit = |key: drystone_core::Key<'_>, value: Value<'_>| {
            let mut bytes = [0; 8];
            key.copy_to(&mut bytes);
            answer.bytes(&bytes);
            take(value, answer);
            answer.rows < end
        };
        Ok(self.cursor.visit(&self.snapshot, visit)?)
    }
}
