//! Running the real program: arguments and input in; exit status, output and errors out.
#![allow(dead_code, reason = "each test file uses its part")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// What a run gave.
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The run went well; gives its output.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.status, 0, "stdout: {}\nstderr: {}", self.out, self.err);
        assert_eq!(self.err, "");
        self.out
    }

    /// The run failed with status 1 and these texts in its error message.
    #[track_caller]
    pub fn fails_with(self, texts: &[&str]) -> Ran {
        assert_eq!(self.status, 1, "stdout: {}\nstderr: {}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        for text in texts {
            assert!(self.err.to_lowercase().contains(&text.to_lowercase()), "no '{text}' in: {}", self.err);
        }
        self
    }

    /// As `fails_with`, and the message is one line.
    #[track_caller]
    pub fn fails_with_a_line(self, texts: &[&str]) -> Ran {
        let ran = self.fails_with(texts);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        ran
    }
}

/// The program, with pipes.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drystone"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("RUST_BACKTRACE", "0");
    command
}

/// Runs it to its end.
pub fn run<S: AsRef<OsStr>>(arguments: &[S], input: &str) -> Ran {
    let mut command = program();
    command.args(arguments);
    finish(command, input)
}

/// Runs a prepared command to its end.
pub fn finish(mut command: Command, input: &str) -> Ran {
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    // A program that fails at once closes its input: that is no error here.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("the program ends");
    writer.join().expect("written");
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// SQL on a database file.
pub fn sql(file: &Path, input: &str) -> Ran {
    run(&[file.as_os_str()], input)
}

/// The program while it runs; its output arrives line by line.
pub struct Running {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    pub lines: Receiver<String>,
}

impl Running {
    /// Starts it on a file.
    pub fn start(file: &Path) -> Running {
        let mut child = program().arg(file).spawn().expect("the program starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Running { child, stdin, lines }
    }

    /// Sends input and leaves it open.
    pub fn send(&mut self, input: &str) {
        let stdin = self.stdin.as_mut().expect("open");
        stdin.write_all(input.as_bytes()).expect("the program reads");
        stdin.flush().expect("the program reads");
    }

    /// The next line of output.
    #[track_caller]
    pub fn line(&mut self) -> String {
        match self.lines.recv_timeout(Duration::from_secs(60)) {
            Ok(line) => line,
            Err(_) => panic!("no line within a minute"),
        }
    }

    /// Kills it as power loss would, and waits for its end; gives the rest of its output. It had
    /// nothing to complain about.
    #[track_caller]
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
        assert_eq!(self.errors(), "");
        self.lines.iter().collect()
    }

    fn errors(&mut self) -> String {
        let mut err = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut err).expect("UTF-8");
        }
        err
    }

    /// Closes its input; gives the exit status, the rest of the output, and the errors.
    pub fn end(mut self) -> Ran {
        drop(self.stdin.take());
        let err = self.errors();
        let status = self.child.wait().expect("ended").code().unwrap_or(-1);
        let out = self.lines.iter().map(|line| line + "\n").collect();
        Ran { status, out, err }
    }
}

/// A folder of its own, removed at the end unless the test failed.
pub struct Folder(PathBuf);

impl Folder {
    /// Named after the test.
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("drystone-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("kept for a look: {}", self.0.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// The folder of public data, if it holds this. It is looked for in `DRYSTONE_DATA`, else in
/// `../shared/data` beside the repository; a missing default is skipped, a wrong `DRYSTONE_DATA` fails.
pub fn data(wanted: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("DRYSTONE_DATA") {
        let data = PathBuf::from(named);
        assert!(data.join(wanted).exists(), "DRYSTONE_DATA has no {wanted}");
        return Some(data);
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.join(wanted).exists() {
        println!("skipped: no ../shared/data/{wanted}; DRYSTONE_DATA can name another folder");
        return None;
    }
    Some(data)
}

/// The log that belongs to a database file.
pub fn log_of(file: &Path) -> PathBuf {
    let mut log = file.as_os_str().to_owned();
    log.push("-log");
    PathBuf::from(log)
}
