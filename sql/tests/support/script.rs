//! Scripts that carry their results.
//!
//! ```text
//! --- a new database
//! SELECT 1, 'x';
//! --> 1|x
//! SELECT 1 FROM t WHERE FALSE;
//! --> (no rows)
//! SELECT 1 / 0;
//! --! 22012
//! ```

use super::{attempt, database};
use drystone::Connection;

/// How many statements of a script were compared with what, and how many were just run.
#[derive(Debug, Default)]
pub struct Counts {
    pub results: usize,
    pub refusals: usize,
    pub plain: usize,
    wrong: Vec<String>,
}

/// Runs a script and checks what it says about itself. `name` is for messages.
pub fn check_script(name: &str, text: &str) -> Counts {
    let mut db = database("");
    let mut counts = Counts::default();
    let mut lines = text.lines().enumerate().peekable();
    let mut statement = String::new();
    while let Some((number, line)) = lines.next() {
        if line.starts_with("---") {
            db = database("");
            continue;
        }
        statement.push_str(line);
        statement.push('\n');
        if !line.trim_end().ends_with(';') {
            continue;
        }
        let mut expected = Vec::new();
        while let Some((_, line)) =
            lines.next_if(|(_, line)| line.starts_with("-->") || line.starts_with("--!"))
        {
            expected.push(line);
        }
        check_statement(
            &db,
            &format!("{name}:{}", number + 1),
            &std::mem::take(&mut statement),
            &expected,
            &mut counts,
        );
    }
    assert!(statement.trim().is_empty(), "{name}: the last statement has no end: {statement}");
    assert!(counts.wrong.is_empty(), "{} differ:\n{}", counts.wrong.len(), counts.wrong.join("\n"));
    counts
}

fn check_statement(db: &Connection, place: &str, sql: &str, expected: &[&str], counts: &mut Counts) {
    match expected {
        [] => {
            counts.plain += 1;
            if let Err(error) = db.execute_batch(sql) {
                counts.wrong.push(format!("{place}: {}", error.render(sql)));
            }
        }
        [refusal] if refusal.starts_with("--!") => {
            counts.refusals += 1;
            let found = attempt(db, sql).map_or_else(|error| error.code(), |_| "no error");
            if found != refusal[3..].trim() {
                counts.wrong.push(format!("{place}: {sql}found {found}"));
            }
        }
        list => {
            counts.results += 1;
            let lines = list.iter().map(|line| line[3..].strip_prefix(' ').unwrap_or(&line[3..]));
            let wanted: Vec<&str> = lines.filter(|line| *line != "(no rows)").collect();
            match attempt(db, sql) {
                Ok(found) if found == wanted => {}
                Ok(found) => counts.wrong.push(format!("{place}: {sql}--> {}", found.join("\n--> "))),
                Err(error) => counts.wrong.push(format!("{place}: {}", error.render(sql))),
            }
        }
    }
}
