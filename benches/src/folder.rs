//! A folder of one's own to measure in, and what kind of device it is on.

use std::error::Error;
use std::path::{Path, PathBuf};

/// `f_type` of tmpfs and ramfs, from `statfs(2)`.
const MEMORY_TYPES: [u64; 2] = [0x0102_1994, 0x8584_58F6];

/// A new folder that goes when dropped.
pub struct Folder {
    path: PathBuf,
    in_memory: bool,
}

impl Folder {
    /// Makes `dir`, if it is not there, and a new folder in it.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn new(dir: &Path, name: &str) -> Result<Self, Box<dyn Error>> {
        std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        let in_memory = MEMORY_TYPES.contains(&(rustix::fs::statfs(dir)?.f_type as u64));
        let path = dir.join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, in_memory })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what is written here never leaves memory.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        self.in_memory
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What could not be removed is left for whoever made the folder around it.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
