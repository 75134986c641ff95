//! The engines that can take part. Each is one file; the table below is all there is to add one.

mod core;
mod drystone;
mod lmdb;
mod sqlite;

use super::engine::Engine;

/// All engines, Drystone's own first.
pub static ENGINES: [&Engine; 5] =
    [&drystone::ENGINE, &sqlite::EXCLUSIVE, &sqlite::NORMAL, &core::ENGINE, &lmdb::ENGINE];

/// Drystone through SQL.
pub const DRYSTONE: &str = drystone::ENGINE.name;
/// Drystone through its core API.
pub const CORE: &str = core::ENGINE.name;
pub use self::core::Core;
/// SQLite with exclusive locking.
pub const SQLITE: &str = sqlite::EXCLUSIVE.name;
/// LMDB.
pub const LMDB: &str = lmdb::ENGINE.name;
