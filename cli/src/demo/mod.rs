//! The demonstration: builds a music library durably in a file, queries it, says what it did.
//!
//! 1. tables and indexes
//! 2. artists, albums, tracks, plays in transactions of a thousand rows
//! 3. plays one at a time, each a durable commit
//! 4. queries and lookups by key
//! 5. a check of every page
//! 6. close and reopen

mod build;
mod library;
mod progress;
mod timing;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use drystone::{Connection, params};

use crate::arguments::Demo;
use crate::output::{Mode, Style};
use crate::session::{Failure, Session};

use library::{Random, Sizes};
use timing::{grouped, line, rate, took};

const DEFAULT_FILE: &str = "drystone-demo.db";
const LOOKUPS: u64 = 10_000;

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
    let mut random = Random::new(options.seed);
    build::build(&mut connection, &mut random, &sizes)?;
    build::commit_singly(&mut connection, &mut random, &sizes)?;
    writeln!(out)?;

    let style = Style::new(Mode::Box);
    let mut session = Session::new(connection, style, true);
    for (title, sql) in QUERIES {
        let begun = Instant::now();
        writeln!(session.out, "{title}:\n\n{}\n", indented(sql))?;
        session.run_sql(sql)?;
        writeln!(session.out, "  {}\n", took(begun))?;
        session.out.flush()?;
    }
    look_up(&session.connection, &mut random, &sizes)?;
    let begun_check = Instant::now();
    let report = session.connection.check()?;
    line("every page checked", begun_check, if report.ok { "no damage" } else { "DAMAGED" })?;
    let intact = report.ok;
    let plays = count_plays(&session.connection)?;
    if !session.close()? || !intact {
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

fn look_up(connection: &Connection, random: &mut Random, sizes: &Sizes) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut statement = connection.prepare("SELECT title FROM track WHERE track_id = ?")?;
    for _ in 0..LOOKUPS {
        let id = random.below(sizes.tracks) as i64 + 1;
        let _title: String = statement.query_row(params![id], |row| row.get(0))?;
    }
    line(&format!("{} lookups by key", grouped(LOOKUPS)), begun, rate(LOOKUPS, begun, "lookups"))?;
    Ok(())
}

fn count_plays(connection: &Connection) -> Result<u64, Failure> {
    let count: i64 = connection.query_row("SELECT COUNT(*) FROM play", params![], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

fn indented(sql: &str) -> String {
    sql.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
