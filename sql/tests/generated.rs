//! A script like Chinook's, generated: brackets, several rows an INSERT, references to tables
//! that come later, dates and money; and what is known about its rows.

mod support;

use std::fmt::Write;
use support::{check, database, fails, run};

const ARTISTS: usize = 40;
const ALBUMS: usize = 160;
const TRACKS: usize = 1_600;
const INVOICES: usize = 300;

/// The script, the same each time.
fn script() -> String {
    let mut out = String::from(
        "/* Generated. */\nDROP TABLE IF EXISTS [Track];\n
         CREATE TABLE [Track] (
            [TrackId] INTEGER  NOT NULL,
            [Name] NVARCHAR(200)  NOT NULL,
            [AlbumId] INTEGER,
            [Composer] NVARCHAR(220),
            [UnitPrice] NUMERIC(10,2)  NOT NULL,
            CONSTRAINT [PK_Track] PRIMARY KEY  ([TrackId]),
            FOREIGN KEY ([AlbumId]) REFERENCES [Album] ([AlbumId]) ON DELETE NO ACTION ON UPDATE NO ACTION
         );
         CREATE TABLE [Album] (
            [AlbumId] INTEGER  NOT NULL, [Title] NVARCHAR(160)  NOT NULL, [ArtistId] INTEGER  NOT NULL,
            CONSTRAINT [PK_Album] PRIMARY KEY  ([AlbumId]),
            FOREIGN KEY ([ArtistId]) REFERENCES [Artist] ([ArtistId]) ON DELETE NO ACTION ON UPDATE NO ACTION
         );
         CREATE TABLE [Artist] ([ArtistId] INTEGER NOT NULL, [Name] NVARCHAR(120), CONSTRAINT [PK_Artist] PRIMARY KEY ([ArtistId]));
         CREATE TABLE [Invoice] ([InvoiceId] INTEGER NOT NULL PRIMARY KEY, [InvoiceDate] DATETIME NOT NULL, [Total] NUMERIC(10,2));
         CREATE TABLE [Sale] ([InvoiceId] INTEGER NOT NULL REFERENCES [Invoice], [TrackId] INTEGER NOT NULL REFERENCES [Track],
            CONSTRAINT [PK_Sale] PRIMARY KEY ([InvoiceId], [TrackId]));
         CREATE INDEX [IFK_TrackAlbumId] ON [Track] ([AlbumId]);
         CREATE INDEX [IFK_AlbumArtistId] ON [Album] ([ArtistId]);\n",
    );
    let mut rows = |table: &str, count: usize, row: &dyn Fn(usize) -> String| {
        for start in (0..count).step_by(500) {
            let _ = write!(out, "INSERT INTO {table} VALUES\n    ");
            let list: Vec<String> = (start..count.min(start + 500)).map(row).collect();
            let _ = writeln!(out, "{};", list.join(",\n    "));
        }
    };
    rows("[Artist]", ARTISTS, &|i| format!("({}, 'Artist ''{i}''')", i + 1));
    rows("[Album] ([AlbumId], [Title], [ArtistId])", ALBUMS, &|i| {
        format!("({}, N'Album {i}; live', {})", i + 1, i % ARTISTS + 1)
    });
    rows("[Track]", TRACKS, &|i| {
        let composer = if i % 3 == 0 { "NULL".to_owned() } else { format!("'Composer {}'", i % 20) };
        format!("({}, 'Track \u{e9} {i}', {}, {composer}, {}.{:02})", i + 1, i % ALBUMS + 1, i % 4, i % 100)
    });
    rows("[Invoice]", INVOICES, &|i| {
        format!(
            "({}, '20{:02}-{:02}-{:02} 00:00:00', {}.99)",
            i + 1,
            20 + i % 5,
            i % 12 + 1,
            i % 28 + 1,
            i % 30
        )
    });
    rows("[Sale]", INVOICES * 2, &|i| format!("({}, {})", i / 2 + 1, (i * 37) % TRACKS + 1));
    out
}

#[test]
fn a_script_like_chinook_loads_and_answers() {
    let db = database(&script());
    check(
        &db,
        "SELECT (SELECT count(*) FROM Artist), (SELECT count(*) FROM Album), (SELECT count(*) FROM Track),
                (SELECT count(*) FROM Invoice), (SELECT count(*) FROM Sale)",
        &["40|160|1600|300|600"],
    );
    check(
        &db,
        "SELECT ar.Name, COUNT(*) AS tracks FROM Artist ar JOIN Album al ON al.ArtistId = ar.ArtistId
         JOIN Track t ON t.AlbumId = al.AlbumId GROUP BY ar.ArtistId, ar.Name ORDER BY tracks DESC, ar.Name LIMIT 2",
        &["Artist '0'|40", "Artist '1'|40"],
    );
    check(&db, "SELECT count(*), count(Composer), count(DISTINCT Composer) FROM Track", &["1600|1066|20"]);
    check(
        &db,
        "SELECT min(InvoiceDate), max(InvoiceDate) FROM Invoice",
        &["2020-01-01 00:00:00|2024-12-20 00:00:00"],
    );
    check(&db, "SELECT sum(Total), round(avg(Total), 3) FROM Invoice", &["4647.00|15.490"]);
    check(
        &db,
        "SELECT extract(year FROM InvoiceDate) AS y, count(*) FROM Invoice GROUP BY 1 ORDER BY 1 LIMIT 1",
        &["2020|60"],
    );
    check(
        &db,
        "SELECT Title FROM Album WHERE Title LIKE '%; live' ORDER BY AlbumId LIMIT 1 OFFSET 9",
        &["Album 9; live"],
    );
    check(
        &db,
        "SELECT count(*) FROM Track t WHERE NOT EXISTS (SELECT 1 FROM Sale s WHERE s.TrackId = t.TrackId)",
        &["1000"],
    );
    fails(&db, "DELETE FROM Album WHERE AlbumId = 1", "23503");
    fails(&db, "INSERT INTO Sale VALUES (1, 99999)", "23503");
    run(&db, "DELETE FROM Sale; DELETE FROM Track; DELETE FROM Album; DELETE FROM Artist");
    check(&db, "SELECT count(*) FROM Artist", &["0"]);
    assert!(db.check().expect("check").ok);
}
