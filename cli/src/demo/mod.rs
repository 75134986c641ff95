//! The demonstration: builds a music library durably in a file, queries it, says what it did.
//!
//! 1. tables and indexes; 2. artists, albums, tracks, plays in transactions of a thousand rows;
//! 3. plays one at a time, each a durable commit; 4. queries and lookups by key; 5. a check of
//! every page; 6. close and reopen.

mod library;
mod progress;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use drystone::types::Value;
use drystone::{Connection, params};

use crate::arguments::Demo;
use crate::output::{Mode, Style};
use crate::shell::{Failure, Shell};

use library::{Random, Sizes};
use progress::Progress;

const DEFAULT_FILE: &str = "drystone-demo.db";
const ROWS_A_COMMIT: u64 = 1000;
const SINGLE_COMMITS: u64 = 500;
const LOOKUPS: u64 = 10_000;

const SCHEMA: &str = "
CREATE TABLE artist (artist_id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE album (
  album_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  artist_id INTEGER NOT NULL REFERENCES artist (artist_id),
  year INTEGER NOT NULL
);
CREATE TABLE track (
  track_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  album_id INTEGER NOT NULL REFERENCES album (album_id),
  seconds INTEGER NOT NULL,
  price NUMERIC(5,2) NOT NULL
);
CREATE TABLE play (
  play_id INTEGER PRIMARY KEY,
  track_id INTEGER NOT NULL REFERENCES track (track_id),
  listener INTEGER NOT NULL,
  played_at TIMESTAMP NOT NULL
);
CREATE INDEX album_artist ON album (artist_id);
CREATE INDEX track_album ON track (album_id);
CREATE INDEX play_track ON play (track_id);
";

const INSERT_PLAY: &str = "INSERT INTO play (track_id, listener, played_at) VALUES (?, ?, ?)";

const QUERIES: [(&str, &str); 3] = [
    (
        "The artists heard most",
        "SELECT artist.name, COUNT(*) AS plays, COUNT(DISTINCT play.listener) AS listeners
FROM play
JOIN track ON track.track_id = play.track_id
JOIN album ON album.album_id = track.album_id
JOIN artist ON artist.artist_id = album.artist_id
GROUP BY artist.artist_id, artist.name
ORDER BY plays DESC, artist.name LIMIT 5;",
    ),
    (
        "Albums by decade",
        "SELECT year / 10 * 10 AS decade, COUNT(DISTINCT album.album_id) AS albums,
  COUNT(*) AS tracks, SUM(price) AS price_of_all
FROM album JOIN track ON track.album_id = album.album_id
GROUP BY year / 10 * 10 ORDER BY decade;",
    ),
    (
        "The longest tracks nobody played",
        "SELECT track.title, track.seconds
FROM track LEFT JOIN play ON play.track_id = track.track_id
WHERE play.play_id IS NULL
ORDER BY track.seconds DESC, track.track_id LIMIT 3;",
    ),
];

/// Runs the demonstration; true when all went well.
pub fn run(options: &Demo) -> io::Result<bool> {
    let file = options.file.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    if let Err(message) = make_room(&file, options.file.is_none()) {
        eprintln!("drystone: {message}");
        return Ok(false);
    }
    match show(options, &file) {
        Ok(()) => Ok(true),
        Err(Failure::Output(error)) => Err(error),
        Err(failure) => {
            let message = match &failure {
                Failure::Sql(error) => error.message().to_owned(),
                Failure::Text(message) => message.clone(),
                Failure::Output(_) | Failure::Reported => String::new(),
            };
            eprintln!("drystone: the demonstration failed on {}: {message}", file.display());
            Ok(false)
        }
    }
}

/// The demonstration replaces its own file and nothing else.
fn make_room(file: &Path, replace: bool) -> Result<(), String> {
    let mut log = file.as_os_str().to_owned();
    log.push("-log");
    for path in [file, Path::new(&log)] {
        if !path.exists() {
            continue;
        }
        if !replace {
            return Err(format!("{} exists; name another --file or remove it", path.display()));
        }
        std::fs::remove_file(path).map_err(|error| format!("cannot replace {}: {error}", path.display()))?;
    }
    Ok(())
}

fn show(options: &Demo, file: &Path) -> Result<(), Failure> {
    let begun = Instant::now();
    let sizes = Sizes::new(options.tracks);
    let name = file.display();
    let mut out = io::stdout();
    writeln!(out, "Building a music library of {} tracks in {name}", grouped(sizes.tracks))?;
    let mut connection = Connection::open(file)?;
    connection.execute_batch(SCHEMA)?;
    let mut random = Random::new(options.seed);
    fill(&mut connection, &mut random, &sizes)?;
    commit_singly(&mut connection, &mut random, &sizes)?;
    writeln!(out)?;

    let style = Style { mode: Mode::Box, header: None, separator: None, null: None };
    let mut shell = Shell::new(connection, style, true);
    for (title, sql) in QUERIES {
        let begun = Instant::now();
        writeln!(shell.out, "{title}:\n\n{}\n", indented(sql))?;
        shell.run_sql(sql)?;
        writeln!(shell.out, "  {}\n", took(begun))?;
        shell.out.flush()?;
    }
    look_up(&shell.connection, &mut random, &sizes)?;
    let begun_check = Instant::now();
    let report = shell.connection.check()?;
    line("every page checked", begun_check, if report.ok { "no damage" } else { "DAMAGED" })?;
    let intact = report.ok;
    let plays = count_plays(&shell.connection)?;
    if !shell.close()? || !intact {
        return Err(Failure::Text(String::from("the check or the closing failed")));
    }

    let begun_reopen = Instant::now();
    let connection = Connection::open(file)?;
    let found = count_plays(&connection)?;
    line("closed, opened again", begun_reopen, format_args!("{} plays found", grouped(found)))?;
    if found != plays {
        return Err(Failure::Text(format!("{plays} plays were written and {found} found")));
    }
    writeln!(out, "\nAll of it took {:.2} s. Look around: drystone {name}", begun.elapsed().as_secs_f64())?;
    Ok(())
}

fn fill(connection: &mut Connection, random: &mut Random, sizes: &Sizes) -> Result<(), Failure> {
    let id = |value: u64| value as i64;
    insert(connection, "artists", sizes.artists, "INSERT INTO artist VALUES (?, ?)", |at| {
        let name = library::artist(random, at);
        vec![Value::Integer(id(at)), Value::Text(name)]
    })?;
    insert(connection, "albums", sizes.albums, "INSERT INTO album VALUES (?, ?, ?, ?)", |at| {
        let (title, artist, year) = library::album(random, sizes, at);
        vec![Value::Integer(id(at)), Value::Text(title), Value::Integer(id(artist)), Value::Integer(year)]
    })?;
    let sql = "INSERT INTO track VALUES (?, ?, ?, ?, ? / 100.0)";
    insert(connection, "tracks", sizes.tracks, sql, |at| {
        let (title, album, seconds, cents) = library::track(random, sizes, at);
        let numbers = [id(album), seconds, cents].map(Value::Integer);
        [Value::Integer(id(at)), Value::Text(title)].into_iter().chain(numbers).collect()
    })?;
    insert(connection, "plays", sizes.plays, INSERT_PLAY, |_| {
        let (track, listener, time) = library::play(random, sizes);
        vec![Value::Integer(id(track)), Value::Integer(listener), Value::Text(time)]
    })
}

/// Inserts rows in transactions of a thousand, each a durable commit.
fn insert(
    connection: &mut Connection,
    what: &'static str,
    count: u64,
    sql: &str,
    mut row: impl FnMut(u64) -> Vec<Value>,
) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut progress = Progress::new(what, count);
    let mut next = 1;
    while next <= count {
        let end = count.min(next + ROWS_A_COMMIT - 1);
        let transaction = connection.transaction()?;
        let mut statement = transaction.prepare(sql)?;
        for at in next..=end {
            statement.execute(row(at))?;
        }
        drop(statement);
        transaction.commit()?;
        progress.advance(end + 1 - next);
        next = end + 1;
    }
    drop(progress);
    let commits = count.div_ceil(ROWS_A_COMMIT);
    let plural = if commits == 1 { "" } else { "s" };
    line(
        &format!("{} {what}", grouped(count)),
        begun,
        format_args!("{commits} durable commit{plural}, {}", rate(count, begun, "rows")),
    )
}

fn commit_singly(connection: &mut Connection, random: &mut Random, sizes: &Sizes) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut progress = Progress::new("plays", SINGLE_COMMITS);
    let mut statement = connection.prepare(INSERT_PLAY)?;
    for _ in 0..SINGLE_COMMITS {
        let (track, listener, time) = library::play(random, sizes);
        statement.execute(params![track as i64, listener, time])?;
        progress.advance(1);
    }
    drop(progress);
    line(
        &format!("{SINGLE_COMMITS} more plays"),
        begun,
        format_args!("each a durable commit, {}", rate(SINGLE_COMMITS, begun, "commits")),
    )
}

fn look_up(connection: &Connection, random: &mut Random, sizes: &Sizes) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut statement = connection.prepare("SELECT title FROM track WHERE track_id = ?")?;
    for _ in 0..LOOKUPS {
        let id = random.below(sizes.tracks) as i64 + 1;
        let _title: String = statement.query_row(params![id], |row| row.get(0))?;
    }
    line(&format!("{} lookups by key", grouped(LOOKUPS)), begun, rate(LOOKUPS, begun, "lookups"))
}

fn count_plays(connection: &Connection) -> Result<u64, Failure> {
    let count: i64 = connection.query_row("SELECT COUNT(*) FROM play", params![], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// One line of the report: what, how long, what came of it.
fn line(what: &str, begun: Instant, result: impl Display) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "  {what:<24} {:>9}   {result}", took(begun))?)
}

fn took(begun: Instant) -> String {
    let seconds = begun.elapsed().as_secs_f64();
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

fn rate(count: u64, begun: Instant, what: &str) -> String {
    let a_second = count as f64 / begun.elapsed().as_secs_f64().max(1e-9);
    format!("{} {what} a second", grouped(a_second as u64))
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn indented(sql: &str) -> String {
    sql.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_grouped() {
        let numbers = [0, 12, 123, 1234, 123_456, 1_234_567].map(super::grouped);
        assert_eq!(numbers, ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
    }
}
