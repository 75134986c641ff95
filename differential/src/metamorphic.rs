//! The same question in other words, asked of Drystone alone.
//!
//! - Three parts (TLP): the rows for which a condition is true, false and NULL are together all
//!   rows; likewise of aggregates over them, and of different rows.
//! - No plan (NoREC): a condition keeps as many rows as the same expression, computed for each row
//!   and counted, says.

use crate::engine::{Drystone, Engine, Outcome, Sqlite, comparable};
use crate::generator::{Generator, Kind, Scope};
use std::io::Write;

/// A world is left after so many checks.
const WORLD_LEN: usize = 100;
/// Changes before the first check of a world.
const CHANGES: usize = 60;
const SHOWN_MAX: usize = 12;

/// What was checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Checks made.
    pub checked: usize,
    /// Those that did not hold.
    pub failed: usize,
}

/// Queries that must say the same: the rows of the first are those of the others together.
struct Question {
    whole: String,
    parts: Vec<String>,
}

/// Makes so many checks.
///
/// # Errors
/// When an engine cannot be opened or the output cannot be written.
pub fn checks(count: usize, seed: u64, out: &mut dyn Write) -> Result<Totals, String> {
    let mut totals = Totals::default();
    let mut number = 0u64;
    while totals.checked < count {
        let world = seed.wrapping_mul(1_000_003).wrapping_add(number) ^ 0x5eed;
        number += 1;
        let mut generator = Generator::new(world);
        let (engine, script) = filled(&mut generator)?;
        for _ in 0..WORLD_LEN {
            if totals.checked >= count {
                break;
            }
            let question = question(&mut generator);
            let Some(difference) = difference(&engine, &question) else { continue };
            totals.checked += 1;
            if let Some(difference) = difference {
                totals.failed += 1;
                if totals.failed <= SHOWN_MAX {
                    let (whole, parts) = (&question.whole, question.parts.join(";\n"));
                    let report = format!("-- world {world}\n{script}{whole};\n{parts};\n-- {difference}\n");
                    writeln!(out, "{report}").map_err(|error| error.to_string())?;
                }
            }
        }
    }
    Ok(totals)
}

/// An engine with the tables of a world and rows in them, and the script that made them.
fn filled(generator: &mut Generator) -> Result<(Drystone, String), String> {
    let (engine, guide) = (Drystone::new()?, Sqlite::new()?);
    let mut script = String::new();
    let setup = generator.setup();
    for number in 0..setup.len() + CHANGES {
        let next = setup.get(number).cloned();
        let statement = next.unwrap_or_else(|| generator.fill(number % setup.len().max(1)));
        if matches!(statement.kind, Kind::Query { .. }) {
            continue;
        }
        let done = matches!(engine.run(&statement.sql), Outcome::Rows(_));
        // SQLite is asked only to keep out what it would refuse.
        if done && matches!(guide.run(&statement.sql), Outcome::Rows(_)) {
            script.push_str(&statement.sql);
            script.push_str(";\n");
        }
    }
    Ok((engine, script))
}

fn question(generator: &mut Generator) -> Question {
    let (from, scope) = generator.from(&Scope::default(), 2);
    let condition = generator.condition(&scope, 2);
    let parts = [condition.clone(), format!("NOT ({condition})"), format!("({condition}) IS NULL")];
    let own = Scope { columns: scope.columns.clone(), outer: vec![] };
    match generator.random.below(4) {
        0 => {
            let whole = format!("SELECT count(*) FROM {from} WHERE {condition}");
            let part =
                format!("SELECT coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) FROM {from}");
            Question { whole, parts: vec![part] }
        }
        1 => {
            let data_type = generator.a_type();
            let column = generator.leaf(&own, data_type);
            let name = generator.random.word(&["min", "max"]);
            let part = |filter: &String| format!("SELECT {column} AS c FROM {from} WHERE {filter}");
            let union = parts.iter().map(part).collect::<Vec<_>>().join(" UNION ALL ");
            let whole = format!("SELECT {name}({column}) FROM {from}");
            Question { whole, parts: vec![format!("SELECT {name}(c) FROM ({union}) AS u")] }
        }
        2 => {
            let types = generator.types(1, 2);
            let items: Vec<String> = types.iter().map(|t| generator.expression(&own, *t, 1)).collect();
            let items = items.join(", ");
            let part = |filter: &String| format!("SELECT {items} FROM {from} WHERE {filter}");
            let union = parts.iter().map(part).collect::<Vec<_>>().join(" UNION ");
            Question { whole: format!("SELECT DISTINCT {items} FROM {from}"), parts: vec![union] }
        }
        _ => {
            let types = generator.types(1, 3);
            let items: Vec<String> = types.iter().map(|t| generator.expression(&own, *t, 1)).collect();
            let items = items.join(", ");
            let part = |filter: &String| format!("SELECT {items} FROM {from} WHERE {filter}");
            let whole = format!("SELECT {items} FROM {from}");
            Question { whole, parts: parts.iter().map(part).collect() }
        }
    }
}

/// None: the question cannot be asked; then what differs, if anything does.
fn difference(engine: &Drystone, question: &Question) -> Option<Option<String>> {
    let whole = match engine.run(&question.whole) {
        Outcome::Rows(rows) => comparable(rows, false),
        Outcome::Error(error) if error == "it panicked" => return Some(Some(error)),
        Outcome::Error(_) => return None,
    };
    let mut together = Vec::new();
    for part in &question.parts {
        match engine.run(part) {
            Outcome::Rows(rows) => together.extend(rows),
            // A part may compute what the whole does not.
            Outcome::Error(error) if error.starts_with("22") => return None,
            Outcome::Error(error) => return Some(Some(format!("a part fails: {error}"))),
        }
    }
    let together = comparable(together, false);
    let differs = whole != together;
    Some(differs.then(|| format!("the whole has {} rows, its parts {}", whole.len(), together.len())))
}
