//! redb, as it is by default: each commit flushes.

use crate::compare::engine::{Answer, Engine, Key, KeyValue, Open, Reader, Result, WithReader};
use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition};

/// The engine.
pub const ENGINE: Engine = Engine {
    name: "redb",
    version: || super::locked("redb"),
    settings: |setup| format!("cache {} MiB, durability Immediate, other defaults", setup.cache_bytes >> 20),
    open: Open::KeyValue(|folder, setup| {
        let path = folder.join("redb.db");
        Ok(Box::new(Redb(Database::builder().set_cache_size(setup.cache_bytes).create(path)?)))
    }),
    is_analytic: false,
};

const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");

struct Redb(Database);

impl KeyValue for Redb {
    fn put(&mut self, entries: &mut dyn Iterator<Item = (Key, [u8; 40])>) -> Result<()> {
        let transaction = self.0.begin_write()?;
        {
            let mut table = transaction.open_table(ENTRIES)?;
            for (key, value) in entries {
                table.insert(&key[..], &value[..])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn read(&mut self, body: WithReader<'_>) -> Result<()> {
        body(&mut RedbReader(self.0.begin_read()?.open_table(ENTRIES)?))
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

struct RedbReader(ReadOnlyTable<&'static [u8], &'static [u8]>);

impl Reader for RedbReader {
    fn get(&mut self, key: Key, answer: &mut Answer) -> Result<()> {
        if let Some(value) = self.0.get(&key[..])? {
            answer.bytes(value.value());
            answer.end_row();
        }
        Ok(())
    }

    fn range(&mut self, from: Key, rows: usize, answer: &mut Answer) -> Result<()> {
        for entry in self.0.range(&from[..]..)?.take(rows) {
            let (key, value) = entry?;
            answer.bytes(key.value());
            answer.bytes(value.value());
            answer.end_row();
        }
        Ok(())
    }
}
