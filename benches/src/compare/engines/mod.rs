//! The engines that can take part. Each is one file; the table below is all there is to add one.

mod core;
mod drystone;
mod duckdb;
mod fjall;
mod lmdb;
mod redb;
#[cfg(feature = "rocksdb")]
mod rocksdb;
mod sqlite;

use super::engine::Engine;

pub use self::core::Core;

/// All engines, Drystone's own first.
pub static ENGINES: &[&Engine] = &[
    &drystone::ENGINE,
    &sqlite::EXCLUSIVE,
    &sqlite::NORMAL,
    &duckdb::ENGINE,
    &core::ENGINE,
    &lmdb::ENGINE,
    &redb::ENGINE,
    &fjall::ENGINE,
    #[cfg(feature = "rocksdb")]
    &rocksdb::ENGINE,
];

/// Engines that do not take part, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("sled", "its durable mode does not flush the device"),
    ("turso", "its automatic checkpoint cannot be turned off"),
    #[cfg(not(feature = "rocksdb"))]
    ("rocksdb", "built with --features rocksdb only, which needs the system's library and libclang"),
];

/// Whether it can run here; the others are part of the program.
#[must_use]
pub fn is_there(engine: &Engine) -> bool {
    engine.name != duckdb::ENGINE.name || duckdb::version().is_some()
}

/// Drystone through SQL.
pub const DRYSTONE: &str = drystone::ENGINE.name;
/// Drystone through its core API.
pub const CORE: &str = core::ENGINE.name;
/// SQLite with exclusive locking.
pub const SQLITE: &str = sqlite::EXCLUSIVE.name;
/// LMDB.
pub const LMDB: &str = lmdb::ENGINE.name;

/// The version of a package in the workspace's lock file, for engines that do not tell.
fn locked(package: &str) -> String {
    let lock = include_str!("../../../../Cargo.lock");
    let name = format!("name = \"{package}\"");
    let version = lock.lines().skip_while(|line| *line != name).nth(1);
    version.map_or(String::new(), |line| line.trim_start_matches("version = ").replace('"', ""))
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_are_known() {
        for engine in super::ENGINES.iter().filter(|engine| super::is_there(engine)) {
            let version = (engine.version)();
            assert!(version.split('.').count() >= 3, "{}: {version:?}", engine.name);
        }
    }
}
