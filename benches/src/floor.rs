//! The physical floor: the least a durable write costs here. The next 4 KiB of a zero-written file
//! are overwritten, then flushed with `fdatasync`.

use crate::statistics::nanoseconds;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Bytes of the file and of one write to it.
const FILE: usize = 1 << 20;
const WRITE: usize = 4096;

/// A file to write to.
pub struct Floor {
    file: File,
    at: usize,
    bytes: Vec<u8>,
}

impl Floor {
    /// Makes the file anew.
    ///
    /// # Errors
    /// When that fails.
    pub fn new(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).open(folder.join("floor"))?;
        file.write_all(&vec![0; FILE])?;
        file.sync_all()?;
        Ok(Self { file, at: 0, bytes: vec![0xA5; WRITE] })
    }

    /// One timed write and flush, nanoseconds.
    ///
    /// # Errors
    /// When that fails.
    pub fn write(&mut self) -> Result<u64, Box<dyn Error>> {
        let at = self.at;
        self.at = (at + WRITE) % FILE;
        let start = Instant::now();
        // The calls a commit makes, by the same library.
        let written = rustix::io::pwrite(&self.file, &self.bytes, at as u64)?;
        rustix::fs::fdatasync(&self.file)?;
        let time = nanoseconds(start);
        if written != WRITE {
            return Err("a short write to the floor's file".into());
        }
        Ok(time)
    }
}
