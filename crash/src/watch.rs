//! The watchdog: what takes too long hangs, and a hang is named like any other trouble.
//!
//! A thread that hangs cannot be stopped, so the process ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// Nothing that is watched takes a hundredth of this.
const LIMIT: Duration = Duration::from_secs(30);

type Line = Box<dyn Fn() -> String + Send>;

static WATCHED: Mutex<BTreeMap<u64, (Instant, Line)>> = Mutex::new(BTreeMap::new());

/// What is watched while this lives.
pub(crate) struct Watch(u64);

/// Watches what the current thread does next; `line` replays it.
pub(crate) fn watch(line: impl Fn() -> String + Send + 'static) -> Watch {
    static START: Once = Once::new();
    START.call_once(|| {
        std::thread::spawn(guard);
    });
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = watched.last_key_value().map_or(0, |last| last.0 + 1);
    watched.insert(key, (Instant::now(), Box::new(line)));
    Watch(key)
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

fn guard() {
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, line)) = watched.values().find(|(begin, _)| begin.elapsed() > LIMIT) {
            println!("FAILED --replay {} : hangs ({} s)", line(), LIMIT.as_secs());
            println!("1 checked, 1 failed");
            std::process::exit(1);
        }
    }
}
