//! The shell on a pseudo-terminal, as somebody sits before it: editing, completion, history,
//! Ctrl-C, another size, and twenty mistakes.
#![cfg(unix)]

mod program;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use program::Folder;
use ptyprocess::PtyProcess;

/// How long the shell may take for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
const PROMPT: &str = "drystone> ";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const UP: &str = "\x1b[A";

/// The program on a terminal.
struct Terminal {
    process: PtyProcess,
    keys: File,
    output: Receiver<Vec<u8>>,
    /// What was written and not looked at yet, without what moves the cursor or colours.
    seen: String,
    /// The bytes of an unfinished escape sequence or character.
    rest: Vec<u8>,
}

impl Terminal {
    fn start(folder: &Folder, arguments: &[&Path]) -> Terminal {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drystone"));
        command.args(arguments).env("TERM", "xterm").env("NO_COLOR", "1").current_dir(folder.path());
        command.env("DRYSTONE_HISTORY", folder.join("history"));
        let mut process = PtyProcess::spawn(command).expect("a pseudo-terminal");
        process.set_window_size(100, 30).expect("a size");
        let keys = process.get_raw_handle().expect("its keys");
        let mut screen = process.get_raw_handle().expect("its screen");
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(len @ 1..) = screen.read(&mut bytes) {
                let _ = sender.send(bytes[..len].to_vec());
            }
        });
        let mut terminal = Terminal { process, keys, output, seen: String::new(), rest: Vec::new() };
        terminal.expect(PROMPT);
        terminal
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the program listens");
    }

    /// Waits for a text and gives what came up to its end.
    #[track_caller]
    fn expect(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("no '{text}' but: {}", self.seen),
            }
        }
    }

    /// Adds output without escape sequences and carriage returns.
    fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let text = String::from_utf8_lossy(&self.rest).into_owned();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\x1b' => {
                    let end = |(_, c): (usize, char)| (c.is_ascii_alphabetic() || c == '=').then_some(());
                    if chars.find_map(end).is_none() {
                        self.rest = text.as_bytes()[at..].to_vec();
                        return;
                    }
                }
                '\r' => {}
                c => self.seen.push(c),
            }
        }
        self.rest.clear();
    }

    /// Types a line and gives everything up to the next prompt.
    #[track_caller]
    fn enter(&mut self, line: &str) -> String {
        self.press(line);
        self.expect(line);
        self.press("\r");
        self.expect("\n");
        self.expect(PROMPT)
    }

    #[track_caller]
    fn leave(mut self, keys: &str) {
        self.press(keys);
        let until = Instant::now() + PATIENCE;
        while self.process.is_alive().unwrap_or(false) {
            assert!(Instant::now() < until, "the shell does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

const TABLES: &str = "CREATE TABLE artist (id INTEGER PRIMARY KEY, fullname TEXT NOT NULL);";

#[test]
fn completion_history_and_several_lines() {
    let folder = Folder::new("terminal");
    let file = folder.join("my.db");
    let mut terminal = Terminal::start(&folder, &[&file]);
    terminal.enter(TABLES);
    terminal.enter("INSERT INTO artist VALUES (1, 'Iron Walls'), (2, 'Foxes');");
    // Keyword, column, table.
    terminal.press("SEL\t");
    terminal.expect("SELECT");
    terminal.press(" fulln\t");
    terminal.expect("fullname");
    terminal.press(" FROM arti\t");
    terminal.expect("artist");
    terminal.press("\r");
    terminal.expect("...> ");
    terminal.press("WHERE id = 2;\r");
    let rows = terminal.expect(PROMPT);
    assert!(rows.contains("Foxes") && !rows.contains("Iron"), "{rows}");
    // A dot command and its argument.
    terminal.press(".sche\t");
    terminal.expect(".schema");
    terminal.press(" art\t\r");
    terminal.expect("PRIMARY KEY, fullname");
    terminal.expect(PROMPT);
    // The statement of two lines comes back whole.
    terminal.press(UP);
    terminal.press(UP);
    terminal.expect("WHERE id = 2;");
    terminal.press("\r");
    terminal.expect("Foxes");
    terminal.expect(PROMPT);
    terminal.leave(".quit\r");
    let history = std::fs::read_to_string(folder.join("history")).expect("a history");
    assert!(history.contains("Iron Walls") && history.contains("WHERE id = 2;"), "{history}");
    // The next session has it too.
    let mut terminal = Terminal::start(&folder, &[&file]);
    terminal.press(UP);
    terminal.expect(".quit");
    terminal.press(CTRL_C);
    terminal.expect(PROMPT);
    terminal.leave(CTRL_D);
}

#[test]
fn control_c_stops_the_statement_and_not_the_shell() {
    let folder = Folder::new("interrupt");
    let mut terminal = Terminal::start(&folder, &[]);
    terminal.enter(TABLES);
    // At the prompt it forgets what was typed.
    terminal.press("SELECT nonsense");
    terminal.expect("nonsense");
    terminal.press("\r");
    terminal.expect("...> ");
    terminal.press(CTRL_C);
    terminal.expect(PROMPT);
    terminal.press(CTRL_C);
    terminal.expect("Ctrl-D leaves");
    terminal.expect(PROMPT);
    let long = [
        "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a <> b;",
        // Few enough to be held in memory before they are written, which takes seconds.
        "INSERT INTO artist SELECT a, 'x' FROM generate_series(1, 8000000) AS s(a);",
    ];
    for statement in long {
        terminal.press(&format!("{statement} SELECT 'not ' || 'reached';\r"));
        // It runs when the line is done; then for a while.
        terminal.expect("';\n");
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        terminal.press(CTRL_C);
        let told = terminal.expect(PROMPT);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(told.matches("57014").count(), 1, "{told}");
        assert!(!told.contains("not reached"), "{told}");
    }
    let rows = terminal.enter("SELECT 40 + count(*) + 2 FROM artist;");
    assert!(rows.contains("42"), "{rows}");
    terminal.leave(CTRL_D);
}

#[test]
fn what_takes_long_says_so_until_it_is_stopped() {
    let folder = Folder::new("progress");
    let mut terminal = Terminal::start(&folder, &[]);
    let begun = Instant::now();
    terminal.press(
        "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a <> b;\r",
    );
    terminal.expect("running for ");
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    terminal.press(CTRL_C);
    let told = terminal.expect(PROMPT);
    assert!(told.contains("57014"), "{told}");
    let quick = terminal.enter("SELECT 40 + 2;");
    assert!(quick.contains("42") && !quick.contains("running"), "{quick}");
    terminal.leave(CTRL_D);
}

#[test]
fn another_size() {
    let folder = Folder::new("resize");
    let mut terminal = Terminal::start(&folder, &[]);
    let query = "SELECT repeat('word ', 16) AS a, 1 AS b;";
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    terminal.press(&format!("{query}\r"));
    terminal.expect("b;\n");
    let wide = terminal.expect(PROMPT);
    assert!((80..=100).contains(&widest(&wide)), "{wide}");
    terminal.process.set_window_size(40, 30).expect("a size");
    terminal.press(&format!("{query}\r"));
    terminal.expect("b;\n");
    let narrow = terminal.expect("\u{2518}");
    assert!(widest(&narrow) <= 40, "{narrow}");
    terminal.expect(PROMPT);
    // In the middle of a line, too.
    terminal.press("SELECT 'half ");
    terminal.expect("'half");
    terminal.process.set_window_size(120, 30).expect("a size");
    terminal.press("done' || '!';\r");
    terminal.expect("half done!");
    terminal.expect(PROMPT);
    terminal.leave(CTRL_D);
}

#[test]
fn twenty_mistakes() {
    let folder = Folder::new("twenty");
    let mut terminal = Terminal::start(&folder, &[]);
    terminal.enter(TABLES);
    terminal.enter("INSERT INTO artist VALUES (1, 'Iron Walls');");
    for (line, told) in [
        ("SELEC 1;", "SELECT"),
        ("SELECT fulname FROM artist;", "is fullname meant"),
        ("SELECT * FROM artits;", "is artist meant"),
        ("SELECT * FORM artist;", "42601"),
        ("SELECT uper('a');", "42883"),
        ("SELECT 1 +;", "42601"),
        ("SELECT (1;", "42601"),
        ("SELECT 1/0;", "division by zero"),
        ("SELECT \"Iron\";", "42703"),
        ("SELECT 'a' + 1;", "error"),
        ("INSERT INTO artist VALUES (1, 'twice');", "23505"),
        ("INSERT INTO artist VALUES (2);", "error"),
        ("INSERT INTO artist VALUES (2, NULL);", "23502"),
        ("INSERT INTO artist VALUES ('two', 'x');", "22P02"),
        ("CREATE TABLE artist (a INTEGER);", "42P07"),
        ("DROP TABLE artsit;", "42P01"),
        ("COMMIT;", "no transaction"),
        (".tabels", "did you mean .tables?"),
        (".mode bax", "did you mean box?"),
        (".read nowhere.sql", "cannot read nowhere.sql"),
        (".import nowhere.csv t", "cannot read nowhere.csv"),
        ("show tables;", ".tables"),
        ("\\x", ".help"),
    ] {
        let answer = terminal.enter(line);
        assert!(answer.contains("error") && answer.contains(told), "{line}: {answer}");
        assert_eq!(answer.matches("error in line 1").count(), 1, "{line}: {answer}");
        assert!(!answer.contains("panicked"), "{line}: {answer}");
    }
    let rows = terminal.enter("SELECT 'still ' || fullname FROM artist;");
    assert!(rows.contains("still Iron Walls"), "{rows}");
    terminal.leave("exit\r");
}
