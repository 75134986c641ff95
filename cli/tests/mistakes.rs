//! Wrong input, tried as a new user would: one clear error each, exit status 1, nothing lost.

mod program;

use std::fs;
use std::path::Path;
use std::process::Command;

use program::{Folder, Running, finish, log_of, program, run, sql};

const TABLE: &str = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);";

/// A database with 2,000 rows, cleanly closed.
fn database(folder: &Folder) -> std::path::PathBuf {
    let file = folder.join("my.db");
    let rows: Vec<String> = (1..=2000).map(|a| format!("({a}, 'text number {a}')")).collect();
    sql(&file, &format!("{TABLE} INSERT INTO t VALUES {};", rows.join(", "))).ok();
    file
}

fn count(file: &Path) -> String {
    sql(file, "SELECT COUNT(*) FROM t;").ok()
}

#[test]
fn not_a_database() {
    let folder = Folder::new("not-a-database");
    let noise: Vec<u8> = (0u32..100_000).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let contents: [&[u8]; 3] = [b"Dear diary,\n", &noise, b"SQLite format 3\0"];
    for (at, content) in contents.iter().enumerate() {
        let file = folder.join(&format!("file{at}"));
        fs::write(&file, content).expect("written");
        let name = file.display().to_string();
        sql(&file, "SELECT 1;").fails_with_a_line(&[&name, "not a"]);
        run(&[name.as_str(), ".check"], "").fails_with_a_line(&["not a"]);
        assert_eq!(fs::read(&file).expect("still there"), *content, "the file is left alone");
        assert!(!log_of(&file).exists(), "no log appears beside it");
    }
}

#[test]
fn truncated() {
    let folder = Folder::new("truncated");
    let file = database(&folder);
    let whole = fs::read(&file).expect("a file");
    let half = whole.len() / 2 / 4096 * 4096;
    // The first bytes are a checksum, which may begin with zeros as a blank file does.
    for len in [16, 512, 4096, 4 * 4096, half, half + 100] {
        let cut = whole.get(..len).expect("shorter");
        fs::write(&file, cut).expect("written");
        let name = file.display().to_string();
        let ran = run(&[name.as_str(), ".check"], "").fails_with(&[]);
        assert!(!ran.err.is_empty() && ran.err.len() < 1000, "{}", ran.err);
        assert!(sql(&file, "SELECT COUNT(*), MAX(b) FROM t;").status == 1, "cut to {len} bytes");
    }
    fs::write(&file, &whole).expect("written");
    assert_eq!(count(&file), "2000\n");
}

#[test]
fn damaged() {
    let folder = Folder::new("damaged");
    let file = database(&folder);
    let whole = fs::read(&file).expect("a file");
    let at = whole.windows(15).position(|bytes| bytes == b"text number 100").expect("a row");
    let mut rotten = whole.clone();
    *rotten.get_mut(at).expect("inside") ^= 1;
    fs::write(&file, &rotten).expect("written");
    let name = file.display().to_string();
    run(&[name.as_str(), ".check"], "").fails_with(&["damaged"]);
    sql(&file, "SELECT MAX(b) FROM t;").fails_with(&["damaged", "page"]);
}

#[test]
fn a_directory() {
    let folder = Folder::new("directory");
    let name = folder.path().display().to_string();
    run(&[name.as_str()], "SELECT 1;").fails_with_a_line(&[&name, "directory"]);
    let below = folder.join("no/such/my.db").display().to_string();
    run(&[below.as_str()], "SELECT 1;").fails_with_a_line(&[&below]);
}

#[test]
fn a_missing_file_for_reading() {
    let folder = Folder::new("missing");
    let name = folder.join("my.db").display().to_string();
    run(&["-readonly", &name], "SELECT 1;").fails_with_a_line(&[&name]);
    assert!(!Path::new(&name).exists());
}

#[test]
fn writing_what_is_open_for_reading() {
    let folder = Folder::new("readonly");
    let file = database(&folder);
    let name = file.display().to_string();
    let before = fs::read(&file).expect("a file");
    run(&["-readonly", &name], "DELETE FROM t;").fails_with(&["line 1"]);
    assert_eq!(run(&["-readonly", &name], "SELECT COUNT(*) FROM t;").ok(), "2000\n");
    assert_eq!(fs::read(&file).expect("a file"), before);
}

#[cfg(unix)]
#[test]
fn no_permission() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = Folder::new("permission");
    let file = database(&folder);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("changed");
    let mut command = program();
    command.arg(&file);
    if rustix::process::geteuid().is_root() {
        // Root may read everything: somebody else tries.
        command.uid(65534).gid(65534);
        if Command::new(command.get_program()).arg("-version").uid(65534).gid(65534).output().is_err() {
            println!("skipped: nobody may not run the program in this folder");
            return;
        }
    }
    let name = file.display().to_string();
    finish(command, "SELECT 1;").fails_with_a_line(&[&name, "permission"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("changed");
    assert_eq!(count(&file), "2000\n");
}

#[test]
fn a_second_process() {
    let folder = Folder::new("second");
    let file = database(&folder);
    let mut first = Running::start(&file);
    first.send("SELECT 1;\n");
    assert_eq!(first.line(), "1");
    let pid = first.child.id().to_string();
    sql(&file, "SELECT 1;").fails_with_a_line(&["my.db", &pid]);
    first.send("SELECT COUNT(*) FROM t;\n");
    assert_eq!(first.line(), "2000");
    first.end().ok();
    assert_eq!(count(&file), "2000\n");
}

#[test]
fn a_missing_log() {
    let folder = Folder::new("missing-log");
    let file = database(&folder);
    let mut running = Running::start(&file);
    running.send("INSERT INTO t VALUES (3000, 'x'); SELECT 'done';\n");
    assert_eq!(running.line(), "done");
    running.kill();
    let log = log_of(&file);
    let aside = folder.join("aside");
    fs::rename(&log, &aside).expect("moved");
    let before = fs::read(&file).expect("a file");
    sql(&file, "SELECT COUNT(*) FROM t;").fails_with_a_line(&["my.db", "log"]);
    assert_eq!(fs::read(&file).expect("a file"), before, "the file is left alone");
    fs::rename(&aside, &log).expect("moved");
    assert_eq!(count(&file), "2001\n");
}

/// A small file system of its own.
struct SmallDisk(Folder);

impl SmallDisk {
    fn new(name: &str, size: &str) -> Option<SmallDisk> {
        let folder = Folder::new(name);
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a small file system cannot be mounted here");
        }
        mounted.then_some(SmallDisk(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[test]
fn a_disk_too_small_to_begin() {
    let Some(disk) = SmallDisk::new("tiny-disk", "64k") else {
        return;
    };
    let file = disk.0.join("my.db");
    sql(&file, TABLE).fails_with_a_line(&["my.db", "full"]);
}

#[test]
fn a_full_disk() {
    let Some(disk) = SmallDisk::new("full-disk", "12m") else {
        return;
    };
    let file = disk.0.join("my.db");
    sql(&file, TABLE).ok();
    let mut input = String::new();
    for a in 1..=10_000 {
        input.push_str(&format!(
            "INSERT INTO t VALUES ({a}, '{}'); SELECT {a};\n",
            format!("{a:05}").repeat(200)
        ));
    }
    let ran = run(&["-bail".as_ref(), file.as_os_str()], &input).fails_with(&["full"]);
    let last: usize = ran.out.lines().last().and_then(|line| line.parse().ok()).expect("some rows fit");
    assert!(last > 100, "{last} rows fit");
    // Nothing lost, and a full database can be emptied.
    assert_eq!(count(&file), format!("{last}\n"));
    let name = file.display().to_string();
    run(&[name.as_str(), ".check"], "").ok();
    sql(&file, "DELETE FROM t WHERE a > 10;").ok();
    sql(&file, &format!("INSERT INTO t VALUES (20000, '{}');", "x".repeat(500))).ok();
    assert_eq!(count(&file), "11\n");
    run(&[name.as_str(), ".check"], "").ok();
}

#[test]
fn a_syntax_error_in_line_40() {
    let folder = Folder::new("line-40");
    let file = folder.join("my.db");
    let mut script = format!("{TABLE}\n");
    for a in 2..40 {
        script.push_str(&format!("INSERT INTO t VALUES ({a}, 'line\t{a}'); -- ;\n"));
    }
    script
        .push_str("INSERT INTO t VALUES (41, 'x'); SELECT a FORM t WHERE a = 1;\nSELECT COUNT(*) FROM t;\n");
    let ran = sql(&file, &script).fails_with(&["line 40, column 47"]);
    assert_eq!(ran.out, "39\n", "the statements before and after were executed");
    let lines: Vec<&str> = ran.err.lines().collect();
    let caret = lines.get(2).and_then(|line| line.find('^')).expect("a caret");
    assert_eq!(lines.get(1).and_then(|line| line.get(caret..caret + 2)), Some("t "), "{}", ran.err);
}

#[test]
fn wrong_names_and_types() {
    let input = |query: &str| format!("CREATE TABLE t (a INTEGER PRIMARY KEY, name TEXT);\n\n{query}\n");
    for (query, place, texts) in [
        ("SELECT nmae FROM t;", "line 3, column 8", &["nmae"][..]),
        ("SELECT a FROM tt;", "line 3, column 15", &["tt"]),
        ("INSERT INTO t (a, nam) VALUES (1, 'x');", "line 3, column 19", &["nam"]),
        ("SELECT\n  a + name FROM t;", "line 4", &["integer", "text"]),
        ("INSERT INTO t VALUES ('one', 'x');", "line 3", &["one", "integer"]),
        ("SELECT abz(1);", "line 3, column 8", &["abz"]),
        ("SELECT 1/0;", "line 3", &["division by zero", "22012"]),
        ("SELECT 'never closed;", "line 3", &[]),
    ] {
        let ran = run::<&str>(&[], &input(query)).fails_with(texts);
        assert!(ran.err.starts_with(&format!("error in {place}")), "{query}: {}", ran.err);
        assert!(ran.err.lines().count() <= 4, "{query}: {}", ran.err);
    }
}
