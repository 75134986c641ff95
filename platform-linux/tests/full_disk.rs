//! A file system without space: a reservation is there whole or not at all.
#![cfg(target_os = "linux")]

use drystone_core::device::BlockDevice;
use drystone_core::platform::Platform;
use drystone_platform_linux::{LinuxPlatform, OpenOptions};
use embedded_io::{Error, ErrorKind};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A file system of 1 MiB; unmounted when dropped.
struct Small(TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(dir.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn no_space() {
    let Some(small) = Small::mount() else {
        println!("skipped: a small file system cannot be mounted here");
        return;
    };
    let platform = LinuxPlatform::open(small.path().join("my.db"), OpenOptions::default()).unwrap();
    platform.data().reserve(256 << 10).unwrap();
    platform.log().reserve(256 << 10).unwrap();
    for device in [platform.data(), platform.log()] {
        let error = device.reserve(2 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{error}");
        assert!(error.to_string().ends_with("no space left on its device"), "{error}");
        assert_eq!(device.len().unwrap(), 256 << 10);
        let stat = std::fs::metadata(device.path()).unwrap();
        assert_eq!(stat.len(), 256 << 10, "the failed reservation went back");
        device.reserve(300 << 10).unwrap();
        device.write(299 << 10, &[&[1; 1024]]).unwrap();
        device.flush().unwrap();
    }
}
