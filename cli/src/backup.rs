//! `.backup`: a copy of the database in a new file.
//!
//! ```text
//! a file     -> checkpoint -> its bytes and those of its log, copied \
//! in memory  -> its dump, executed on a new database                 -> opened and checked, or removed
//! ```
//!
//! The copy is of one moment: a database that is open for writing here is open nowhere else, and
//! while a command runs no statement does.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use drystone::Connection;

use crate::dump::Care;
use crate::session::{Failure, Session};

impl Session {
    /// Writes a copy; after an error there is none.
    pub fn backup(&self, name: &str) -> Result<(), Failure> {
        let path = Path::new(name);
        if !self.connection.is_autocommit() {
            let message = "a transaction is open; COMMIT or ROLLBACK it before the copy is made";
            return Err(Failure::Text(String::from(message)));
        }
        let log = log_of(path);
        let taken = path.metadata().is_ok_and(|file| file.len() > 0 || !file.is_file());
        if taken || log.exists() {
            let taken = if taken { path } else { &log };
            let message = format!("{} exists already; .backup writes a new file", taken.display());
            return Err(Failure::Text(message));
        }
        let copied = match &self.file {
            Some(file) => self.copy(file, path),
            None => self.build(path),
        };
        let done = copied.and_then(|()| verify(path));
        if done.is_err() {
            for path in [path, &log] {
                // Nothing more can be done about what cannot be removed.
                let _ = fs::remove_file(path);
            }
        }
        done
    }

    fn copy(&self, file: &Path, path: &Path) -> Result<(), Failure> {
        if !self.read_only {
            self.connection.checkpoint()?;
        }
        for (from, to) in [(file, path), (&log_of(file), &log_of(path))] {
            let copied = fs::copy(from, to).and_then(|_| File::open(to)?.sync_all());
            copied.map_err(|error| {
                Failure::Text(format!("cannot copy {} to {}: {error}", from.display(), to.display()))
            })?;
        }
        Ok(())
    }

    fn build(&self, path: &Path) -> Result<(), Failure> {
        let copy = open(path)?;
        self.dump(&[], Care::Strict, &mut |sql| Ok(copy.execute_batch(sql)?))?;
        Ok(copy.close().map_err(|(_, error)| error)?)
    }
}

fn verify(path: &Path) -> Result<(), Failure> {
    let copy = open(path)?;
    if !copy.check()?.ok {
        let message =
            format!("the copy {} is damaged; .check tells whether this database is", path.display());
        return Err(Failure::Text(message));
    }
    Ok(copy.close().map_err(|(_, error)| error)?)
}

fn open(path: &Path) -> Result<Connection, Failure> {
    let cannot = |error: drystone::Error| format!("cannot make {}: {}", path.display(), error.message());
    Connection::open(path).map_err(|error| Failure::Text(cannot(error)))
}

/// Where the log of a database is.
fn log_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-log");
    PathBuf::from(name)
}
