//! What the workloads of a run share: folders, engines by turns, results, progress.

use super::arguments::Options;
use super::data::Items;
use super::engine::{Answer, Engine, Result, Setup, Sql};
use super::results::Results;
use crate::folder::Folder;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// A running comparison.
pub struct Bench {
    /// What was asked for.
    pub options: Options,
    /// What the engines are given alike.
    pub setup: Setup,
    /// What was measured.
    pub results: Results,
    /// The rows of `item`.
    pub items: Items,
    folder: Folder,
    /// The newest database with all rows of each engine, closed.
    loaded: BTreeMap<&'static str, PathBuf>,
}

impl Bench {
    /// Makes the folder and the rows.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(options: Options) -> Result<Bench> {
        let folder = Folder::new(&options.dir, "compare")?;
        let items = Items::new(options.rows);
        let (setup, results, loaded) = Default::default();
        Ok(Bench { options, setup, results, items, folder, loaded })
    }

    /// The folder everything is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether the folder is in memory.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        self.folder.in_memory()
    }

    /// The SQL engines of this run, another one first in each round.
    #[must_use]
    pub fn sql_engines(&self, round: usize) -> Vec<&'static Engine> {
        self.engines(round, |engine| engine.is_sql() && !engine.is_analytic)
    }

    /// These and those that are only for queries over whole tables.
    #[must_use]
    pub fn analytic_engines(&self) -> Vec<&'static Engine> {
        self.engines(0, Engine::is_sql)
    }

    /// The key-value engines of this run, another one first in each round.
    #[must_use]
    pub fn key_value_engines(&self, round: usize) -> Vec<&'static Engine> {
        self.engines(round, |engine| !engine.is_sql())
    }

    fn engines(&self, round: usize, takes_part: impl Fn(&Engine) -> bool) -> Vec<&'static Engine> {
        let mut engines: Vec<_> =
            self.options.engines.iter().copied().filter(|engine| takes_part(engine)).collect();
        let first = round % engines.len().max(1);
        engines.rotate_left(first);
        engines
    }

    /// A new empty folder of this name for an engine; what was there is gone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fresh(&self, name: &str, engine: &Engine) -> Result<PathBuf> {
        let path = self.folder().join(format!("{name}-{}", engine.name));
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir(&path)?;
        Ok(path)
    }

    /// Waits until the device has written all there is, so that nobody pays for somebody else.
    ///
    /// # Errors
    /// When that fails.
    pub fn settle(&self) -> Result<()> {
        Ok(rustix::fs::syncfs(std::fs::File::open(self.folder())?)?)
    }

    /// Remembers a closed database with all rows.
    pub fn set_loaded(&mut self, engine: &Engine, path: PathBuf) {
        self.loaded.insert(engine.name, path);
    }

    /// The folder of a closed database of this engine with all rows, if it was filled.
    #[must_use]
    pub fn loaded(&self, engine: &Engine) -> Option<PathBuf> {
        self.loaded.get(engine.name).cloned()
    }

    /// Notes something a reader of a workload's figures must know.
    pub fn remark(&mut self, workload: &'static str, text: &str) {
        self.results.remarks.push((workload, text.to_owned()));
    }

    /// Shows what is being done, where somebody can see it.
    pub fn progress(&self, workload: &str, round: usize, engine: &str) {
        let mut out = std::io::stderr();
        if out.is_terminal() {
            let rounds = self.options.rounds;
            let (done, left) = ("#".repeat(round + 1), ".".repeat(rounds.saturating_sub(round + 1)));
            // Nothing depends on whether it can be seen.
            let _ =
                write!(out, "\r\x1b[K[{done}{left}] {workload}: round {} of {rounds}, {engine}", round + 1);
        }
    }

    /// Clears what [`Bench::progress`] showed.
    pub fn progress_done(&self) {
        let mut out = std::io::stderr();
        if out.is_terminal() {
            let _ = write!(out, "\r\x1b[K");
        }
    }
}

/// Fails unless all answers are the same rows.
///
/// # Errors
/// Which engines do not agree.
pub fn agree(what: &str, answers: &[(&'static str, Answer)]) -> Result<()> {
    for pair in answers.windows(2) {
        if let [(one, first), (other, second)] = pair
            && !first.same_rows(second)
        {
            return Err(
                format!("{what}: {one} and {other} answer differently ({first:?}, {second:?})").into()
            );
        }
    }
    Ok(())
}

/// The answer to one query.
///
/// # Errors
/// What goes wrong in the engine.
pub fn ask(sql: &mut dyn Sql, query: &str) -> Result<Answer> {
    let mut answer = Answer::default();
    sql.prepared(query, &mut |statement| statement.query(&[], &mut answer))?;
    Ok(answer)
}
