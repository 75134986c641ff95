//! fjall, with `fdatasync` after each commit, which it leaves to the program by default.

use crate::compare::engine::{Answer, Engine, Key, KeyValue, Open, Reader, Result, WithReader};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Snapshot};

/// The engine.
pub const ENGINE: Engine = Engine {
    name: "fjall",
    version: || super::locked("fjall"),
    settings: |setup| {
        format!("cache {} MiB, batches with PersistMode::SyncData, no compression", setup.cache_bytes >> 20)
    },
    open: Open::KeyValue(|folder, setup| {
        let database = Database::builder(folder).cache_size(setup.cache_bytes as u64).open()?;
        let entries = database.keyspace("entries", KeyspaceCreateOptions::default)?;
        Ok(Box::new(Fjall { database, entries }))
    }),
    is_analytic: false,
};

struct Fjall {
    database: Database,
    entries: Keyspace,
}

impl KeyValue for Fjall {
    fn put(&mut self, entries: &mut dyn Iterator<Item = (Key, [u8; 40])>) -> Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for (key, value) in entries {
            batch.insert(&self.entries, key, value);
        }
        Ok(batch.commit()?)
    }

    fn read(&mut self, body: WithReader<'_>) -> Result<()> {
        body(&mut FjallReader { snapshot: self.database.snapshot(), entries: &self.entries })
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}

struct FjallReader<'d> {
    snapshot: Snapshot,
    entries: &'d Keyspace,
}

impl Reader for FjallReader<'_> {
    fn get(&mut self, key: Key, answer: &mut Answer) -> Result<()> {
        if let Some(value) = self.snapshot.get(self.entries, key)? {
            answer.bytes(&value);
            answer.end_row();
        }
        Ok(())
    }

    fn range(&mut self, from: Key, rows: usize, answer: &mut Answer) -> Result<()> {
        for entry in self.snapshot.range(self.entries, from..).take(rows) {
            let (key, value) = entry.into_inner()?;
            answer.bytes(&key);
            answer.bytes(&value);
            answer.end_row();
        }
        Ok(())
    }
}
