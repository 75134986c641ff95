//! The program is killed at random moments of a write load, opened again, and must hold every
//! commit it acknowledged, whole, and at most the one it was working on.
//!
//! `DRYSTONE_KILL_ROUNDS` sets the number of kills (5; 50 in CI), `DRYSTONE_SEED` the seed.
//!
//! Transaction n writes some rows, removes those of transaction n - 20, counts itself in a table
//! of one row, and is confirmed by a line that the program prints after the commit returned. The
//! state after n is therefore known exactly; after a kill it must be that of the last confirmed
//! transaction or of the one after it.

mod program;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use program::{Folder, Running, log_of, run, sql};

const KEPT: u64 = 20;

/// Rows of a transaction, by transaction.
type State = BTreeMap<u64, Vec<String>>;

fn mix(seed: u64, value: u64) -> u64 {
    let mut z = seed.wrapping_add(value.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The rows transaction `n` writes in a round: few and small, or (one in 16) too many for the log.
fn rows(seed: u64, round: u64, n: u64) -> Vec<String> {
    let hash = mix(seed ^ mix(round, 1), n);
    let (count, len) = match hash % 16 {
        0 => (40, 4000),
        1..=5 => (1, 30),
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

fn script(seed: u64, round: u64, n: u64) -> String {
    let rows = rows(seed, round, n);
    let hash = mix(seed ^ mix(round, 2), n);
    let mut text = String::new();
    if hash.is_multiple_of(7) {
        text.push_str(
            "BEGIN; INSERT INTO entry VALUES (0, 0, 'never', ''); DELETE FROM counter; ROLLBACK;\n",
        );
    }
    if (hash >> 8).is_multiple_of(29) {
        text.push_str(".checkpoint\n");
    }
    text.push_str("BEGIN;\n");
    for (part, fill) in rows.iter().enumerate() {
        let mark = fill.get(..60).unwrap_or(fill);
        text.push_str(&format!("INSERT INTO entry VALUES ({n}, {part}, '{mark}', '{fill}');\n"));
    }
    text.push_str(&format!("DELETE FROM entry WHERE txn = {};\n", n.saturating_sub(KEPT)));
    text.push_str(&format!("UPDATE counter SET n = {n} WHERE id = 1;\nCOMMIT;\nSELECT {n};\n"));
    text
}

fn after(state: &State, seed: u64, round: u64, n: u64) -> State {
    let mut state = state.clone();
    state.insert(n, rows(seed, round, n));
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

/// Feeds transactions from `first` on until the program is killed: one time in four while it may
/// still be opening, else a while after its first commit. Gives the last confirmed one.
fn load_and_kill(file: &Path, seed: u64, round: u64, first: u64, hash: u64) -> Option<u64> {
    let mut running = Running::start(file);
    let mut stdin = running.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || {
        (first..).take_while(|n| stdin.write_all(script(seed, round, *n).as_bytes()).is_ok()).count()
    });
    let mut confirmed = Vec::new();
    let mut delay = (hash >> 8) % 60_000;
    if !hash.is_multiple_of(4) {
        confirmed.push(running.line());
        delay = (hash >> 8) % 300_000;
    }
    std::thread::sleep(Duration::from_micros(delay));
    confirmed.extend(running.kill());
    writer.join().expect("the writer ends with the pipe");
    let confirmed: Vec<u64> = confirmed.iter().map(|line| line.parse().expect("a number")).collect();
    assert!(confirmed.iter().copied().eq((first..).take(confirmed.len())), "{confirmed:?}");
    confirmed.last().copied()
}

/// Keeps a copy of the database in this file.
fn keep(folder: &Folder, name: &str) {
    let (file, copy) = (folder.join("my.db"), folder.join(name));
    for (from, to) in [(log_of(&file), log_of(&copy)), (file, copy)] {
        std::fs::copy(from, to).expect("copied");
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn acknowledged_commits_survive_kill() {
    let rounds = number("DRYSTONE_KILL_ROUNDS", 5);
    let seed = number("DRYSTONE_SEED", u64::from(std::process::id()));
    println!("DRYSTONE_SEED={seed} DRYSTONE_KILL_ROUNDS={rounds}");
    let folder = Folder::new("kill");
    let file = folder.join("my.db");
    sql(
        &file,
        "CREATE TABLE entry (txn INTEGER, part INTEGER, mark TEXT NOT NULL, fill TEXT NOT NULL, PRIMARY KEY (txn, part));
CREATE INDEX entry_mark ON entry (mark);
CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counter VALUES (1, 0);",
    )
    .ok();
    let mut state = State::new();
    let (mut total, mut ahead, mut empty) = (0, 0, 0);
    for round in 0..rounds {
        let first = state.keys().next_back().map_or(1, |last| last + 1);
        println!("round {round} from {first} on");
        // The states before and after each kill stay beside it, should something be wrong.
        keep(&folder, "before.db");
        let confirmed = load_and_kill(&file, seed, round, first, mix(seed, round));
        keep(&folder, "killed.db");
        for n in first..=confirmed.unwrap_or(0) {
            state = after(&state, seed, round, n);
            total += 1;
        }
        empty += u64::from(confirmed.is_none());
        let next = confirmed.map_or(first, |n| n + 1);
        let found = dump(&file);
        let one_more = after(&state, seed, round, next);
        if found == printed(&one_more) {
            ahead += 1;
            state = one_more;
        } else {
            let expected = printed(&state);
            assert!(
                found == expected,
                "seed {seed}, round {round}, {confirmed:?} confirmed:\n{}against the next one:\n{}",
                differences(&found, &expected),
                differences(&found, &printed(&one_more)),
            );
        }
        let name = file.display().to_string();
        run(&[name.as_str(), ".check"], "").ok();
    }
    println!(
        "{rounds} kills, {total} commits confirmed and found, {ahead} unconfirmed ones found whole, {empty} kills before the first commit"
    );
    assert!(total > 0, "no commit was confirmed before a kill");
}
