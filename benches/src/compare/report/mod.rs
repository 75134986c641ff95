//! What is shown of a run: a table for the terminal, JSON for programs, a page for people.

mod html;
mod json;
mod plot;
pub mod table;

use super::bars::Judged;
use super::engine::{Engine, Result, Setup};
use super::results::Results;
use super::workloads::Workload;
use std::path::Path;

/// All there is to say about a run.
pub struct Report<'a> {
    /// What it ran on.
    pub machine: String,
    /// Where it measured.
    pub folder: String,
    /// Whether that is in memory.
    pub in_memory: bool,
    /// Rows of the large tables.
    pub rows: usize,
    /// Rounds.
    pub rounds: usize,
    /// What the engines were given alike.
    pub setup: Setup,
    /// The engines.
    pub engines: &'a [&'static Engine],
    /// The workloads.
    pub workloads: &'a [&'static Workload],
    /// The figures.
    pub results: &'a Results,
    /// The bars.
    pub judged: &'a [Judged],
}

impl Report<'_> {
    /// The kind of folder.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.in_memory { "memory" } else { "disk" }
    }

    /// Writes the figures as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        write(path, &json::text(self))
    }

    /// Writes the page, and beside it the plot of the ratios, as SVG.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_html(&self, path: &Path) -> Result<()> {
        write(path, &html::text(self))?;
        write(&path.with_extension("svg"), &plot::ratios(self.results))
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}
