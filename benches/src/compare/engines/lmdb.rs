//! LMDB, as it is by default: each commit flushes data, then the meta page.

use crate::compare::engine::{Answer, Engine, Key, KeyValue, Open, Reader, Result, WithReader};
use crate::sys;
use heed::types::Bytes;
use heed::{Database, Env, RoTxn, WithTls};
use std::ops::Bound;

/// The engine.
pub const ENGINE: Engine = Engine {
    name: "lmdb",
    version: || {
        let version = heed::lmdb_version();
        format!("{}.{}.{}", version.major, version.minor, version.patch)
    },
    settings: |_| {
        format!("map {} GiB, no cache of its own (the system's), defaults: every commit flushed", MAP >> 30)
    },
    open: Open::KeyValue(|folder, _| {
        let env = sys::lmdb(folder, MAP)?;
        let mut transaction = env.write_txn()?;
        let entries = env.create_database(&mut transaction, None)?;
        transaction.commit()?;
        Ok(Box::new(Lmdb { env, entries }))
    }),
    is_analytic: false,
};

/// Bytes of address space: more than any workload writes.
const MAP: usize = 16 << 30;

type Entries = Database<Bytes, Bytes>;

struct Lmdb {
    env: Env,
    entries: Entries,
}

impl KeyValue for Lmdb {
    fn put(&mut self, entries: &mut dyn Iterator<Item = (Key, [u8; 40])>) -> Result<()> {
        let mut transaction = self.env.write_txn()?;
        for (key, value) in entries {
            self.entries.put(&mut transaction, &key, &value)?;
        }
        Ok(transaction.commit()?)
    }

    fn read(&mut self, body: WithReader<'_>) -> Result<()> {
        let transaction = self.env.read_txn()?;
        body(&mut LmdbReader { transaction, entries: self.entries })
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.env.prepare_for_closing().wait();
        Ok(())
    }
}

struct LmdbReader<'e> {
    transaction: RoTxn<'e, WithTls>,
    entries: Entries,
}

impl Reader for LmdbReader<'_> {
    fn get(&mut self, key: Key, answer: &mut Answer) -> Result<()> {
        if let Some(value) = self.entries.get(&self.transaction, &key)? {
            answer.bytes(value);
            answer.end_row();
        }
        Ok(())
    }

    fn range(&mut self, from: Key, rows: usize, answer: &mut Answer) -> Result<()> {
        let range = (Bound::Included(&from[..]), Bound::Unbounded);
        for entry in self.entries.range(&self.transaction, &range)?.take(rows) {
            let (key, value) = entry?;
            answer.bytes(key);
            answer.bytes(value);
            answer.end_row();
        }
        Ok(())
    }
}
