//! The program is killed at random moments, opened again, and must hold every commit it acknowledged,
//! whole, and at most the one it was working on: under a mixed load, while a checkpoint runs, when a
//! file has just grown, in a transaction much longer than the log, and while it recovers from the
//! kill before.
//!
//! `DRYSTONE_KILL_ROUNDS` sets the number of kills of each test (5; 50 in CI), `DRYSTONE_SEED` the
//! seed.
//!
//! Transaction n writes some rows, removes those of transaction n - 20, counts itself in a table
//! of one row, and is confirmed by a line that the program prints after the commit returned. The
//! state after n is therefore known exactly; after a kill it must be that of the last confirmed
//! transaction or of the one after it.

mod program;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use program::{Folder, Running, log_of, run, sql};

const KEPT: u64 = 20;
/// Rows of an INSERT.
const ROWS: usize = 50;

/// Rows of a transaction, by transaction.
type State = BTreeMap<u64, Vec<String>>;

/// What the transactions of a test are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// Few rows, or (one in 16) too many for the log; seldom a checkpoint.
    Mixed,
    /// A checkpoint behind each transaction; the negative number is printed when it is over.
    Checkpoints,
    /// A quarter of a megabyte each.
    Growing,
    /// More than the whole log.
    Big,
}

fn mix(seed: u64, value: u64) -> u64 {
    let mut z = seed.wrapping_add(value.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The rows transaction `n` writes in a round.
fn rows(load: Load, seed: u64, round: u64, n: u64) -> Vec<String> {
    let hash = mix(seed ^ mix(round, 1), n);
    let (count, len) = match load {
        Load::Growing => (60, 4000),
        Load::Big => (1500 + hash % 400, 900),
        _ if hash.is_multiple_of(16) => (40, 4000),
        _ if hash % 16 <= 5 => (1, 30),
        _ => (1 + (hash >> 8) % 12, 10 + (hash >> 16) % 400),
    };
    (0..count)
        .map(|part| {
            let mut fill = format!("{round}-{n}-{part}-");
            let mut at = 0;
            while (fill.len() as u64) < len {
                fill.push_str(&format!("{:016x}", mix(hash, part << 32 | at)));
                at += 1;
            }
            fill
        })
        .collect()
}

fn script(load: Load, seed: u64, round: u64, n: u64) -> String {
    let rows = rows(load, seed, round, n);
    let hash = mix(seed ^ mix(round, 2), n);
    let mut text = String::new();
    if hash.is_multiple_of(7) {
        text.push_str(
            "BEGIN; INSERT INTO entry VALUES (0, 0, 'never', ''); DELETE FROM counter; ROLLBACK;\n",
        );
    }
    if load == Load::Mixed && (hash >> 8).is_multiple_of(29) {
        text.push_str(".checkpoint\n");
    }
    text.push_str("BEGIN;\n");
    for (chunk, rows) in rows.chunks(ROWS).enumerate() {
        let row = |(part, fill): (usize, &String)| {
            format!("({n}, {}, '{}', '{fill}')", chunk * ROWS + part, fill.get(..60).unwrap_or(fill))
        };
        let rows: Vec<String> = rows.iter().enumerate().map(row).collect();
        text.push_str(&format!("INSERT INTO entry VALUES {};\n", rows.join(", ")));
    }
    text.push_str(&format!("DELETE FROM entry WHERE txn = {};\n", n.saturating_sub(KEPT)));
    text.push_str(&format!("UPDATE counter SET n = {n} WHERE id = 1;\nCOMMIT;\nSELECT {n};\n"));
    if load == Load::Checkpoints {
        text.push_str(&format!(".checkpoint\nSELECT -{n};\n"));
    }
    text
}

fn after(state: &State, load: Load, seed: u64, round: u64, n: u64) -> State {
    let mut state = state.clone();
    state.insert(n, rows(load, seed, round, n));
    state.remove(&n.saturating_sub(KEPT));
    state
}

/// What the program prints for this state.
fn printed(state: &State) -> String {
    let mut text = String::new();
    for (n, rows) in state {
        for (part, fill) in rows.iter().enumerate() {
            text.push_str(&format!("{n}|{part}|{fill}\n"));
        }
    }
    let last = state.keys().next_back().copied().unwrap_or(0);
    let rows: usize = state.values().map(Vec::len).sum();
    text + &format!("{last}\n{rows}\n")
}

/// The first lines that only one of the two has.
fn differences(found: &str, expected: &str) -> String {
    let only = |a: &str, b: &str, what: &str| -> String {
        let b: Vec<&str> = b.lines().collect();
        let lines = a.lines().filter(|line| !b.contains(line)).take(12);
        lines.map(|line| format!("  {what} {}\n", line.get(..40).unwrap_or(line))).collect()
    };
    only(expected, found, "missing") + &only(found, expected, "too much")
}

fn dump(file: &Path) -> String {
    sql(
        file,
        "SELECT txn, part, fill FROM entry ORDER BY txn, part;
SELECT n FROM counter;
SELECT COUNT(*) FROM entry WHERE mark >= '';",
    )
    .ok()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Waits two seconds for something to be so.
fn wait_for(mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() && begin.elapsed() < Duration::from_secs(2) {
        std::thread::yield_now();
    }
}

/// A database under a load that is killed again and again.
struct Victim {
    folder: Folder,
    file: PathBuf,
    load: Load,
    seed: u64,
    rounds: u64,
    state: State,
    confirmed: u64,
    /// Kills after which a transaction was there that was not confirmed.
    ahead: u64,
    /// Kills that hit what the test is about.
    hits: u64,
}

impl Victim {
    fn new(name: &str, load: Load) -> Self {
        let rounds = number("DRYSTONE_KILL_ROUNDS", 5);
        let seed = number("DRYSTONE_SEED", u64::from(std::process::id()));
        println!("DRYSTONE_SEED={seed} DRYSTONE_KILL_ROUNDS={rounds}");
        let folder = Folder::new(name);
        let file = folder.join("my.db");
        sql(
            &file,
            "CREATE TABLE entry (txn INTEGER, part INTEGER, mark TEXT NOT NULL, fill TEXT NOT NULL, PRIMARY KEY (txn, part));
CREATE INDEX entry_mark ON entry (mark);
CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counter VALUES (1, 0);",
        )
        .ok();
        Self { folder, file, load, seed, rounds, state: State::new(), confirmed: 0, ahead: 0, hits: 0 }
    }

    /// A number by chance.
    fn chance(&self, round: u64, salt: u64) -> u64 {
        mix(self.seed ^ mix(round, 3), salt)
    }

    /// Feeds transactions until `wait` returns, given the program, and kills it then. The numbers it
    /// printed after those that `wait` took.
    fn load_and_kill(&mut self, round: u64, wait: impl FnOnce(&mut Running) -> Vec<i64>) -> Vec<i64> {
        let first = self.first();
        println!("round {round} from {first} on");
        // The states before and after each kill stay beside it, should something be wrong.
        self.keep("before.db");
        let mut running = Running::start(&self.file);
        let mut stdin = running.stdin.take().expect("piped");
        let (load, seed) = (self.load, self.seed);
        let writer = std::thread::spawn(move || {
            (first..)
                .take_while(|n| stdin.write_all(script(load, seed, round, *n).as_bytes()).is_ok())
                .count()
        });
        let mut lines = wait(&mut running);
        lines.extend(running.kill().iter().map(|line| parse(line)));
        writer.join().expect("the writer ends with the pipe");
        self.keep("killed.db");
        lines
    }

    /// The next transaction.
    fn first(&self) -> u64 {
        self.state.keys().next_back().map_or(1, |last| last + 1)
    }

    /// Keeps a copy of the database under this name.
    fn keep(&self, name: &str) {
        let copy = self.folder.join(name);
        for (from, to) in [(log_of(&self.file), log_of(&copy)), (self.file.clone(), copy)] {
            std::fs::copy(from, to).expect("copied");
        }
    }

    /// Opens the database that printed these numbers before it was killed, and compares.
    fn compare(&mut self, round: u64, lines: &[i64]) {
        let Self { load, seed, .. } = *self;
        let first = self.first();
        let confirmed: Vec<u64> = lines.iter().filter_map(|line| u64::try_from(*line).ok()).collect();
        assert!(confirmed.iter().copied().eq((first..).take(confirmed.len())), "{lines:?}");
        for n in &confirmed {
            self.state = after(&self.state, load, seed, round, *n);
            self.confirmed += 1;
        }
        let found = dump(&self.file);
        let one_more = after(&self.state, load, seed, round, self.first());
        if found == printed(&one_more) {
            self.ahead += 1;
            self.state = one_more;
        } else {
            let expected = printed(&self.state);
            assert!(
                found == expected,
                "seed {seed}, round {round}, {} confirmed:\n{}against the next one:\n{}",
                confirmed.len(),
                differences(&found, &expected),
                differences(&found, &printed(&one_more)),
            );
        }
        let name = self.file.display().to_string();
        run(&[name.as_str(), ".check"], "").ok();
    }

    fn end(&self, what: &str) {
        let Self { rounds, confirmed, ahead, hits, .. } = self;
        println!(
            "{rounds} kills, {hits} of them {what}; {confirmed} commits confirmed and found, {ahead} unconfirmed ones found whole"
        );
        assert!(*hits > 0, "no kill was {what}");
    }

    /// The marks of both files.
    fn marks(&self) -> [(SystemTime, u64); 2] {
        [mark(&self.file), mark(&log_of(&self.file))]
    }
}

/// When a file was written last, and how long it is.
fn mark(file: &Path) -> (SystemTime, u64) {
    let metadata = std::fs::metadata(file).expect("it is there");
    (metadata.modified().expect("a time"), metadata.len())
}

fn parse(line: &str) -> i64 {
    line.parse().expect("a number")
}

fn sleep(us: u64) {
    std::thread::sleep(Duration::from_micros(us));
}

/// One time in four while it may still be opening, else a while after its first commit.
#[test]
fn acknowledged_commits_survive_kill() {
    let mut victim = Victim::new("kill", Load::Mixed);
    for round in 0..victim.rounds {
        let hash = victim.chance(round, 0);
        let lines = victim.load_and_kill(round, |running| {
            if hash.is_multiple_of(4) {
                sleep((hash >> 8) % 60_000);
                return Vec::new();
            }
            let line = parse(&running.line());
            sleep((hash >> 8) % 300_000);
            vec![line]
        });
        victim.hits += u64::from(!lines.is_empty());
        victim.compare(round, &lines);
    }
    victim.end("after a commit");
}

/// A while after the commit before the checkpoint, some checkpoints into the run.
#[test]
fn killed_during_a_checkpoint() {
    let mut victim = Victim::new("kill-checkpoint", Load::Checkpoints);
    for round in 0..victim.rounds {
        let hash = victim.chance(round, 0);
        let lines = victim.load_and_kill(round, |running| {
            // An odd number of lines: the last one says that a checkpoint is to begin.
            let count = 1 + 2 * (hash % 12);
            let lines = (0..count).map(|_| parse(&running.line())).collect();
            sleep((hash >> 8) % [50, 500, 3_000][(hash >> 40) as usize % 3]);
            lines
        });
        victim.hits += u64::from(lines.last().is_some_and(|last| *last > 0));
        victim.compare(round, &lines);
    }
    victim.end("behind a commit and before the end of its checkpoint");
}

/// As soon as one of the files has grown once or a few times.
#[test]
fn killed_when_a_file_has_grown() {
    let mut victim = Victim::new("kill-growth", Load::Growing);
    for round in 0..victim.rounds {
        let hash = victim.chance(round, 0);
        let files = [victim.file.clone(), log_of(&victim.file)];
        let now = || files.each_ref().map(|file| mark(file).1);
        let mut grown = 0;
        let lines = victim.load_and_kill(round, |_| {
            let mut before = now();
            let times = 1 + hash % 16;
            wait_for(|| {
                let after = now();
                grown += u64::from(after[0] > before[0] || after[1] > before[1]);
                before = after;
                grown == times
            });
            sleep([0, 0, (hash >> 8) % 2_000][(hash >> 40) as usize % 3]);
            Vec::new()
        });
        victim.hits += u64::from(grown > 0);
        println!("{grown} growths, {:?} bytes", now());
        victim.compare(round, &lines);
    }
    victim.end("when a file had just grown");
}

/// Somewhere in a transaction of more than a megabyte, its commit included.
#[test]
fn killed_in_a_big_transaction() {
    let mut victim = Victim::new("kill-big", Load::Big);
    let mut span = Duration::from_millis(200);
    for round in 0..victim.rounds {
        let part = victim.chance(round, 0) % 1200;
        let lines = victim.load_and_kill(round, |running| {
            let line = parse(&running.line());
            let begin = Instant::now();
            if round == 0 {
                // The first time only to see how long one takes.
                let second = parse(&running.line());
                span = begin.elapsed();
                return vec![line, second];
            }
            std::thread::sleep(span * part as u32 / 1000);
            vec![line]
        });
        victim.hits += 1;
        victim.compare(round, &lines);
    }
    victim.end("in a big transaction");
}

/// After a kill under load the next openings are killed too, before they answer: most of them when
/// they have begun to write, some at any time.
#[test]
fn killed_during_recovery() {
    let mut victim = Victim::new("kill-recovery", Load::Mixed);
    for round in 0..victim.rounds {
        let hash = victim.chance(round, 0);
        let lines = victim.load_and_kill(round, |running| {
            let line = parse(&running.line());
            sleep((hash >> 8) % 400_000);
            vec![line]
        });
        for opening in 0..1 + hash % 4 {
            let hash = victim.chance(round, 1 + opening);
            let before = victim.marks();
            let mut running = Running::start(&victim.file);
            running.send("SELECT 0;\n");
            if hash.is_multiple_of(4) {
                sleep((hash >> 8) % 30_000);
            } else {
                wait_for(|| victim.marks() != before);
                sleep((hash >> 8) % [1, 300, 2_000][(hash >> 40) as usize % 3]);
            }
            let answered = !running.kill().is_empty();
            victim.hits += u64::from(!answered && victim.marks() != before);
        }
        victim.compare(round, &lines);
    }
    victim.end("while an opening wrote and had not answered yet");
}
