//! Files keep the contract of a device; opening says clearly what is wrong. On whichever system this
//! runs, with its platform.
#![cfg(any(target_os = "linux", target_vendor = "apple"))]

use drystone_core::device::BlockDevice;
use drystone_core::platform::Platform;
#[cfg(target_os = "linux")]
use drystone_platform_linux::{FileDevice, LinuxPlatform as Native};
#[cfg(target_vendor = "apple")]
use drystone_platform_macos::{FileDevice, MacPlatform as Native};
use drystone_platform_posix::{Error, Holder, OpenOptions, Operation};
use drystone_platform_sim::contract;
use embedded_io::Error as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const READ_ONLY: OpenOptions = OpenOptions { create: true, read_only: true };

fn open(path: &Path) -> Native {
    Native::open(path, OpenOptions::default()).unwrap()
}

fn refused(path: &Path, options: OpenOptions) -> Error {
    match Native::open(path, options) {
        Err(error) => error,
        Ok(_) => panic!("{} opened", path.display()),
    }
}

/// A device of a platform that lives as long as the device.
struct Owned<const LOG: bool> {
    platform: Native,
    _dir: TempDir,
}

impl<const LOG: bool> Owned<LOG> {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let platform = open(&dir.path().join("my.db"));
        Self { platform, _dir: dir }
    }

    fn device(&self) -> &FileDevice {
        if LOG { self.platform.log() } else { self.platform.data() }
    }
}

impl<const LOG: bool> BlockDevice for Owned<LOG> {
    type Error = Error;
    fn geometry(&self) -> drystone_core::device::Geometry {
        self.device().geometry()
    }
    fn len(&self) -> Result<u64, Error> {
        self.device().len()
    }
    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        self.device().read(offset, buf)
    }
    fn read_vectored(&self, offset: u64, bufs: &mut [&mut [u8]]) -> Result<(), Error> {
        self.device().read_vectored(offset, bufs)
    }
    fn write(&self, offset: u64, bufs: &[&[u8]]) -> Result<(), Error> {
        self.device().write(offset, bufs)
    }
    fn flush(&self) -> Result<(), Error> {
        self.device().flush()
    }
    fn reserve(&self, len: u64) -> Result<(), Error> {
        self.device().reserve(len)
    }
    fn truncate(&self, len: u64) -> Result<(), Error> {
        self.device().truncate(len)
    }
    fn erase(&self, range: std::ops::Range<u64>) -> Result<(), Error> {
        self.device().erase(range)
    }
    fn start_writeback(&self, range: std::ops::Range<u64>) {
        self.device().start_writeback(range);
    }
}

#[test]
fn data_device() {
    contract::device(Owned::<false>::new);
}

#[test]
fn log_device() {
    contract::device(Owned::<true>::new);
}

#[test]
fn platform() {
    contract::platform(&Owned::<false>::new().platform);
}

#[test]
fn reserved_space_is_really_there() {
    for log in [false, true] {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("my.db");
        let platform = open(&path);
        let device = if log { platform.log() } else { platform.data() };
        device.reserve(1 << 20).unwrap();
        let stat = fs::metadata(device.path()).unwrap();
        assert_eq!(stat.len(), 1 << 20);
        assert!(stat.blocks() * 512 >= 1 << 20, "{} blocks", stat.blocks());
    }
}

#[test]
fn the_log_is_created_when_it_is_first_needed() {
    let dir = TempDir::new().unwrap();
    let (path, log) = (dir.path().join("my.db"), dir.path().join("my.db-log"));
    let platform = open(&path);
    assert!(path.exists() && !log.exists());
    assert_eq!(platform.log().len().unwrap(), 0);
    platform.log().reserve(8192).unwrap();
    platform.log().write(4096, &[&[5; 4096]]).unwrap();
    drop(platform);
    let platform = open(&path);
    assert_eq!(platform.log().len().unwrap(), 8192);
    drop(platform);
    fs::remove_file(&log).unwrap();
    assert_eq!(open(&path).log().len().unwrap(), 0, "missing: length 0");
    let reader = Native::open(&path, READ_ONLY).unwrap();
    assert_eq!(reader.log().len().unwrap(), 0);
    assert!(matches!(reader.log().reserve(1), Err(Error::ReadOnly { .. })));
    assert!(!log.exists());
}

#[test]
fn two_names_of_one_database_share_one_log() {
    let dir = TempDir::new().unwrap();
    let (path, link) = (dir.path().join("my.db"), dir.path().join("link.db"));
    open(&path).log().reserve(4096).unwrap();
    symlink(&path, &link).unwrap();
    assert_eq!(open(&link).log().len().unwrap(), 4096);
}

#[test]
fn a_second_opening_in_this_process_is_refused() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("my.db");
    let platform = open(&path);
    for options in [OpenOptions::default(), READ_ONLY] {
        let error = refused(&path, options);
        let ours = matches!(&error, Error::Locked { holder: Holder::ThisProcess, .. });
        assert!(ours, "{error}");
    }
    drop(platform);
    let readers = [READ_ONLY; 2].map(|options| Native::open(&path, options).unwrap());
    assert!(matches!(refused(&path, OpenOptions::default()), Error::Locked { .. }));
    drop(readers);
    open(&path);
}

/// Not a test of its own: the other process of the next test.
#[test]
fn second_process_holds() {
    let Some(path) = std::env::var_os("DRYSTONE_TEST_HOLD") else {
        return;
    };
    let _platform = open(Path::new(&path));
    println!("\nholding");
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_second_process_is_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("my.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "second_process_holds", "--nocapture"])
        .env("DRYSTONE_TEST_HOLD", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut lines = std::io::BufRead::lines(out);
    assert!(lines.any(|line| line.unwrap() == "holding"));
    let error = refused(&path, OpenOptions::default());
    let Error::Locked { holder: Holder::Process { pid, program }, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*pid, child.id());
    assert!(program.as_ref().is_some_and(|name| name.starts_with("contract")));
    assert!(error.to_string().contains(&format!("in use by process {pid} (contract")));
    assert!(matches!(refused(&path, READ_ONLY), Error::Locked { .. }));
    child.kill().unwrap();
    child.wait().unwrap();
    open(&path); // a killed process holds nothing
}

#[test]
fn what_cannot_be_opened_says_why() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let error = refused(dir.path(), OpenOptions::default());
    assert!(error.to_string().ends_with("it is a directory, not a file"), "{error}");
    let error = refused(dir.path(), READ_ONLY);
    assert!(error.to_string().ends_with("it is a directory, not a file"), "{error}");
    let error = refused(&at("none.db"), READ_ONLY);
    assert_eq!(error.kind(), embedded_io::ErrorKind::NotFound);
    assert!(error.to_string().ends_with("none.db: there is no such file"), "{error}");
    assert!(!at("none.db").exists());
    let error = refused(&at("nowhere/my.db"), OpenOptions::default());
    assert!(error.to_string().ends_with("its directory does not exist"), "{error}");
    let error = refused(Path::new("/dev/null"), OpenOptions::default());
    assert!(error.to_string().ends_with("it is a device, not a file"), "{error}");
    fs::create_dir(at("my.db-log")).unwrap();
    let error = refused(&at("my.db"), OpenOptions::default());
    assert!(error.to_string().contains("my.db-log: it is a directory"), "{error}");
}

#[test]
fn permissions() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("my.db");
    open(&path).data().reserve(4096).unwrap();
    let error = || Error::PermissionDenied { path: path.as_path().into(), operation: Operation::Open };
    assert!(error().to_string().ends_with("my.db: permission denied"));
    assert!(error().to_string().starts_with("cannot open "));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        println!("skipped: this user may write everything");
        return;
    }
    assert!(matches!(refused(&path, OpenOptions::default()), Error::PermissionDenied { .. }));
    Native::open(&path, READ_ONLY).unwrap();
}

#[test]
fn a_file_cut_by_somebody_else_is_an_error() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("my.db");
    let platform = open(&path);
    platform.data().reserve(8192).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4096).unwrap();
    let error = platform.data().read(4096, &mut [0; 4096]).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
}
