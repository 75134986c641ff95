//! Ctrl-C: it stops the statement or command that runs, and never the shell.
//!
//! A thread waits for the signal, so that nothing has to be done inside a signal handler. Where the
//! shell reads a line itself, the terminal hands Ctrl-C over as a key and there is no signal.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use drystone::InterruptHandle;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

/// What is to be stopped, and whether it is.
#[derive(Debug, Default)]
pub struct Interrupt {
    asked: AtomicBool,
    statements: Mutex<Option<InterruptHandle>>,
}

impl Interrupt {
    /// Stops the statements of another connection from now on.
    pub fn aim(&self, statements: InterruptHandle) {
        *self.statements.lock().unwrap_or_else(PoisonError::into_inner) = Some(statements);
    }

    /// Whether what runs is to stop.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Something new begins.
    pub fn reset(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }

    fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
        if let Some(statements) = &*self.statements.lock().unwrap_or_else(PoisonError::into_inner) {
            statements.interrupt();
        }
    }
}

/// Lets Ctrl-C stop what runs, and no longer the program.
pub fn watch(interrupt: Arc<Interrupt>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    let wait = move || signals.forever().for_each(|_| interrupt.ask());
    std::thread::Builder::new().name(String::from("interrupt")).spawn(wait)?;
    Ok(())
}
