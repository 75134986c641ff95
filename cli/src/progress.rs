//! How long a statement has been running: a line on the terminal, from the third second on.
//!
//! ```text
//! begin() --2 s--> "  2 s" --every half second--> "  2 s" ... -- end() --> an empty line
//! ```
//!
//! 1. It is written to standard error, where that is a terminal; else there is no thread either.
//! 2. It is gone before anything else is written to the terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// From when on it is shown.
const DELAY: Duration = Duration::from_secs(2);
/// How often it is drawn anew.
const REDRAW: Duration = Duration::from_millis(500);
/// Goes to the beginning of the line and empties it.
const ERASE: &str = "\r\x1b[K";

/// Shows that something takes its time. Clones show the same.
#[derive(Clone, Debug)]
pub struct Progress(Option<Arc<Shared>>);

/// Ends it when it is dropped.
#[derive(Debug)]
pub struct Running(Progress);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    delay: Duration,
}

struct State {
    /// The thread that draws has been started.
    watched: bool,
    begun: Option<Instant>,
    shown: bool,
    out: Box<dyn Write + Send>,
}

impl Default for Progress {
    /// On standard error.
    fn default() -> Self {
        match io::stderr().is_terminal() {
            true => Progress::on(Box::new(io::stderr()), DELAY),
            false => Progress(None),
        }
    }
}

impl Progress {
    fn on(out: Box<dyn Write + Send>, delay: Duration) -> Self {
        let state = Mutex::new(State { watched: false, begun: None, shown: false, out });
        Progress(Some(Arc::new(Shared { state, changed: Condvar::new(), delay })))
    }

    /// Something begins.
    pub fn begin(&self) -> Running {
        if let Some(shared) = &self.0 {
            let mut state = shared.lock();
            state.begun = Some(Instant::now());
            if !std::mem::replace(&mut state.watched, true) {
                let watched = shared.clone();
                let thread = std::thread::Builder::new().name(String::from("progress"));
                // Where no thread can be had nothing is shown.
                drop(thread.spawn(move || watched.watch()));
            }
            drop(state);
            shared.changed.notify_one();
        }
        Running(self.clone())
    }

    /// It has ended, or its results are about to be written.
    pub fn end(&self) {
        if let Some(shared) = &self.0 {
            let mut state = shared.lock();
            state.begun = None;
            if std::mem::take(&mut state.shown) {
                state.write(ERASE);
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws the line when it is time, for as long as the program runs.
    fn watch(&self) {
        let mut state = self.lock();
        loop {
            let Some(begun) = state.begun else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let elapsed = begun.elapsed();
            let wait = match self.delay.checked_sub(elapsed).filter(|left| !left.is_zero()) {
                Some(left) => left,
                None => {
                    state.shown = true;
                    state.write(&line(elapsed));
                    REDRAW
                }
            };
            let waited = self.changed.wait_timeout(state, wait);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn write(&mut self, text: &str) {
        // Nobody looks any more when it cannot be written.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("delay", &self.delay).finish_non_exhaustive()
    }
}

fn line(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds / 60 {
        0 => format!("{ERASE}running for {seconds} s; Ctrl-C stops it"),
        minutes => format!("{ERASE}running for {minutes} min {} s; Ctrl-C stops it", seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn what_is_quick_shows_nothing() {
        let screen = Screen::default();
        let progress = Progress::on(Box::new(screen.clone()), Duration::from_secs(60));
        for _ in 0..100 {
            drop(progress.begin());
        }
        assert_eq!(screen.text(), "");
    }

    #[test]
    fn what_takes_long_is_shown_and_erased() {
        let screen = Screen::default();
        let progress = Progress::on(Box::new(screen.clone()), Duration::from_millis(10));
        let running = progress.begin();
        while screen.text().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(running);
        let shown = screen.text();
        assert!(shown.starts_with("\r\x1b[Krunning for 0 s; ") && shown.ends_with("\r\x1b[K"), "{shown:?}");
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(screen.text(), shown, "nothing is drawn after the end");
        assert!(line(Duration::from_secs(125)).contains("2 min 5 s"));
    }
}
