//! Building the library: tables and indexes, then rows in transactions of a thousand, then plays
//! one at a time.

use std::time::Instant;

use drystone::types::Value;
use drystone::{Connection, params};

use crate::session::Failure;

use super::library::{self, Random, Sizes};
use super::progress::Progress;
use super::timing::{grouped, line, rate};

const ROWS_A_COMMIT: u64 = 1000;
const SINGLE_COMMITS: u64 = 500;

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

/// Fills all tables.
pub fn build(connection: &mut Connection, random: &mut Random, sizes: &Sizes) -> Result<(), Failure> {
    connection.execute_batch(SCHEMA)?;
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
    )?;
    Ok(())
}

/// Adds plays, each in a transaction of its own.
pub fn commit_singly(connection: &mut Connection, random: &mut Random, sizes: &Sizes) -> Result<(), Failure> {
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
    )?;
    Ok(())
}
