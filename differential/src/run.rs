//! Many statements in many worlds, and what became of them.

use crate::engine::{Engine, Outcome};
use crate::generator::{Generator, Kind, Statement};
use crate::pair::{Pair, Verdict};
use crate::reduce::Case;
use crate::tally::Tally;
use std::io::Write;

/// A world is left after so many statements.
const WORLD_LEN: usize = 400;
/// Disagreements made small and shown; the rest is only counted.
const SHOWN_MAX: usize = 12;

/// Compares until so many statements have agreed or disagreed.
///
/// # Errors
/// When an engine cannot be opened or the output cannot be written.
pub fn statements(count: usize, seed: u64, out: &mut dyn Write) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let mut shown: Vec<String> = Vec::new();
    let mut number = 0u64;
    while tally.checked + tally.failed < count {
        let world = seed.wrapping_mul(1_000_003).wrapping_add(number);
        number += 1;
        let Some((case, class, details)) = one_world(world, count, &mut tally)? else { continue };
        tally.failed += 1;
        // One of each kind is enough, most often.
        if shown.len() < SHOWN_MAX && shown.iter().filter(|known| **known == class).count() < 4 {
            let script = case.reduced(&class).script();
            writeln!(out, "-- world {world}: {class}\n-- {}\n{script}", details.replace('\n', "\n-- "))
                .map_err(|error| error.to_string())?;
            shown.push(class);
        }
    }
    Ok(tally)
}

type Found = (Case, String, String);

/// One world; ends with the first disagreement.
fn one_world(seed: u64, count: usize, tally: &mut Tally) -> Result<Option<Found>, String> {
    let pair = Pair::new()?;
    let mut generator = Generator::new(seed);
    let mut before = Vec::new();
    let mut waiting = generator.setup().into_iter();
    for _ in 0..WORLD_LEN {
        if tally.checked + tally.failed >= count {
            return Ok(None);
        }
        let statement = waiting.next().unwrap_or_else(|| generator.statement());
        match pair.run(&statement) {
            Verdict::Agree(rows) => tally.agreed(&statement, rows),
            Verdict::BothFail => tally.refused += 1,
            Verdict::Disagree { class, details } => {
                return Ok(Some((Case { before, failing: statement }, class, details)));
            }
        }
        if !matches!(statement.kind, Kind::Query { .. }) {
            update(&mut generator, &pair);
            before.push(statement.sql);
        }
    }
    Ok(None)
}

/// Tells the generator how many rows there are now.
fn update(generator: &mut Generator, pair: &Pair) {
    for (table, rows) in generator.world.tables.iter().zip(&mut generator.world.rows) {
        if let Outcome::Rows(found) = pair.sqlite.run(&format!("SELECT 1 FROM {}", table.name)) {
            *rows = found.len();
        }
    }
}

/// Statements of a world, for tests.
pub fn sample(seed: u64, count: usize) -> Vec<Statement> {
    let mut generator = Generator::new(seed);
    (0..count).map(|_| generator.statement()).collect()
}
