//! RocksDB as the system has it, with `fdatasync` after each commit, which it leaves to the program by default.

use crate::compare::engine::{Answer, Engine, Key, KeyValue, Open, Reader, Result, WithReader};
use rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, Direction, IteratorMode, Options,
    SnapshotWithThreadMode, WriteBatch, WriteOptions,
};

/// The engine.
pub const ENGINE: Engine = Engine {
    name: "rocksdb",
    version: || super::locked("librocksdb-sys"),
    settings: |setup| {
        format!("block cache {} MiB, WriteOptions::set_sync, no compression", setup.cache_bytes >> 20)
    },
    open: Open::KeyValue(|folder, setup| {
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&Cache::new_lru_cache(setup.cache_bytes)?);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_compression_type(DBCompressionType::None);
        options.set_block_based_table_factory(&blocks);
        Ok(Box::new(RocksDb(DB::open(&options, folder)?)))
    }),
    is_analytic: false,
};

struct RocksDb(DB);

impl KeyValue for RocksDb {
    fn put(&mut self, entries: &mut dyn Iterator<Item = (Key, [u8; 40])>) -> Result<()> {
        let mut batch = WriteBatch::default();
        for (key, value) in entries {
            batch.put(key, value);
        }
        let mut durable = WriteOptions::default();
        durable.set_sync(true);
        Ok(self.0.write_opt(batch, &durable)?)
    }

    fn read(&mut self, body: WithReader<'_>) -> Result<()> {
        body(&mut RocksDbReader(self.0.snapshot()))
    }

    fn close(self: Box<Self>) -> Result<()> {
        Ok(self.0.flush_wal(true)?)
    }
}

struct RocksDbReader<'d>(SnapshotWithThreadMode<'d, DB>);

impl Reader for RocksDbReader<'_> {
    fn get(&mut self, key: Key, answer: &mut Answer) -> Result<()> {
        if let Some(value) = self.0.get(key)? {
            answer.bytes(&value);
            answer.end_row();
        }
        Ok(())
    }

    fn range(&mut self, from: Key, rows: usize, answer: &mut Answer) -> Result<()> {
        for entry in self.0.iterator(IteratorMode::From(&from, Direction::Forward)).take(rows) {
            let (key, value) = entry?;
            answer.bytes(&key);
            answer.bytes(&value);
            answer.end_row();
        }
        Ok(())
    }
}
