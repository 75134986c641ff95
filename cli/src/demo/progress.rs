//! A progress bar on standard error, drawn only where that is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

const WIDTH: u64 = 32;
const REDRAW: Duration = Duration::from_millis(50);

/// One bar, for work of a known size.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    drawn: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// A bar for `total` steps.
    pub fn new(what: &'static str, total: u64) -> Self {
        Progress { what, total, done: 0, drawn: None, shown: io::stderr().is_terminal() }
    }

    /// So many more are done.
    pub fn advance(&mut self, steps: u64) {
        self.done += steps;
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW);
        if self.shown && due {
            self.drawn = Some(Instant::now());
            let _ = write!(io::stderr(), "\r{}", self.line());
        }
    }

    fn line(&self) -> String {
        let total = self.total.max(1);
        let filled = (self.done.min(total) * WIDTH / total) as usize;
        let bar = format!("{:<1$}", "#".repeat(filled), WIDTH as usize);
        format!("  {:<8} [{bar}] {:>3} %", self.what, self.done.min(total) * 100 / total)
    }
}

impl Drop for Progress {
    /// Leaves the line empty.
    fn drop(&mut self) {
        if self.shown && self.drawn.is_some() {
            let _ = write!(io::stderr(), "\r{:1$}\r", "", self.line().len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line() {
        let mut progress = Progress::new("plays", 200);
        progress.shown = false;
        progress.advance(50);
        assert_eq!(progress.line(), "  plays    [########                        ]  25 %");
        progress.advance(500);
        assert!(progress.line().ends_with("100 %"));
    }
}
