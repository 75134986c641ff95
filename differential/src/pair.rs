//! The two engines side by side: one statement on both, and whether they agree.

use crate::engine::{Drystone, Engine, Outcome, Sqlite, comparable};
use crate::generator::{Kind, Statement};

/// Rows of a disagreement that are shown.
const SHOWN_MAX: usize = 8;

/// What came of a statement on both.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The same rows, so many.
    Agree(usize),
    /// Both refuse.
    BothFail,
    /// They do not agree.
    Disagree {
        /// In what way; the same for disagreements of one kind.
        class: String,
        /// What each of them says.
        details: String,
    },
}

/// Both engines.
pub struct Pair {
    drystone: Drystone,
    /// The one that is believed.
    pub sqlite: Sqlite,
}

impl Pair {
    /// Two empty databases.
    ///
    /// # Errors
    /// When there is too little memory.
    pub fn new() -> Result<Pair, String> {
        Ok(Pair { drystone: Drystone::new()?, sqlite: Sqlite::new()? })
    }

    /// Runs a statement on both; after a change the tables are compared, too.
    pub fn run(&self, statement: &Statement) -> Verdict {
        let ordered = matches!(statement.kind, Kind::Query { ordered: true });
        let verdict = self.both(&statement.sql, ordered);
        let (Kind::Write { tables }, Verdict::Agree(_) | Verdict::BothFail) = (&statement.kind, &verdict)
        else {
            return verdict;
        };
        for table in tables {
            if let Verdict::Disagree { class, details } = self.both(&format!("SELECT * FROM {table}"), false)
            {
                let class = format!("table afterwards: {class}");
                return Verdict::Disagree {
                    class,
                    details: format!("the table {table} afterwards: {details}"),
                };
            }
        }
        verdict
    }

    fn both(&self, sql: &str, ordered: bool) -> Verdict {
        match (self.sqlite.run(sql), self.drystone.run(sql)) {
            (Outcome::Rows(wanted), Outcome::Rows(got)) => {
                let (wanted, got) = (comparable(wanted, ordered), comparable(got, ordered));
                if wanted == got {
                    return Verdict::Agree(wanted.len());
                }
                let details = format!("SQLite: {}\nDrystone: {}", shown(&wanted, &got), shown(&got, &wanted));
                Verdict::Disagree { class: "rows".to_owned(), details }
            }
            (Outcome::Error(_), Outcome::Error(error)) if error == "it panicked" => {
                Verdict::Disagree { class: error.clone(), details: error }
            }
            (Outcome::Error(_), Outcome::Error(_)) => Verdict::BothFail,
            (Outcome::Rows(_), Outcome::Error(error)) => {
                let class = format!("Drystone fails: {}", error.split(' ').next().unwrap_or(""));
                Verdict::Disagree { class, details: format!("Drystone: {error}") }
            }
            (Outcome::Error(error), Outcome::Rows(_)) => {
                let class = format!("SQLite fails: {error}");
                Verdict::Disagree { class, details: format!("SQLite: {error}\nDrystone has no error") }
            }
        }
    }
}

/// Some rows, those first that the other does not have.
fn shown(rows: &[Vec<String>], other: &[Vec<String>]) -> String {
    let mut list: Vec<&Vec<String>> = rows.iter().collect();
    list.sort_by_key(|row| other.contains(row));
    let texts: Vec<String> = list.iter().take(SHOWN_MAX).map(|row| row.join("|")).collect();
    format!("{} rows: {}", rows.len(), texts.join("  "))
}
