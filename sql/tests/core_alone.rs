//! What is there with and without the SQL layer: the storage core, re-exported.
//!
//! `cargo test -p drystone --no-default-features` runs this one alone.

use drystone::core::{Database, MemoryDevice, Options, Platform, StaticMemory, TreeId, View};
use portable_atomic::AtomicU32;

/// Two devices over arrays, one thread.
struct Bench {
    data: MemoryDevice<parking_lot::RawRwLock, Vec<u8>>,
    log: MemoryDevice<parking_lot::RawRwLock, Vec<u8>>,
}

impl Platform for Bench {
    type Error = drystone::core::MemoryError;
    type Data = MemoryDevice<parking_lot::RawRwLock, Vec<u8>>;
    type Log = MemoryDevice<parking_lot::RawRwLock, Vec<u8>>;
    type Mutex = parking_lot::RawMutex;
    type RwLock = parking_lot::RawRwLock;
    const THREADS: bool = false;

    fn data(&self) -> &Self::Data {
        &self.data
    }

    fn log(&self) -> &Self::Log {
        &self.log
    }

    fn now_us(&self) -> u64 {
        0
    }

    fn entropy(&self) -> u64 {
        4
    }

    fn wait(&self, _word: &AtomicU32, _seen: u32, _timeout_us: Option<u64>) {}

    fn wake(&self, _word: &AtomicU32) {}
}

#[test]
fn the_core_puts_and_gets() {
    let device = |len: usize| MemoryDevice::new(vec![0; len], 512);
    let platform = Bench { data: device(256 << 10), log: device(64 << 10) };
    let memory: StaticMemory<Bench, 512, 64, 4096, 2> = StaticMemory::new();
    let options = Options { ring_len: 32 << 10, ring_len_max: 32 << 10, ..Options::default() };
    let database = Database::open(platform, memory, options).expect("open");
    let mut write = database.write().expect("write");
    let tree: TreeId = write.create_tree(b"stones").expect("tree");
    for number in 0..200_u32 {
        write.put(tree, &number.to_be_bytes(), b"granite").expect("put");
    }
    write.commit().expect("commit");
    let snapshot = database.read().expect("read");
    assert_eq!(snapshot.count(tree).expect("count"), 200);
    assert!(database.check().expect("check").is_ok());
}
