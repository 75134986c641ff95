//! What can go wrong while the harness uses the engine: the engine says so, or it does wrong.

use drystone_core::Error;
use drystone_platform_sim::SimError;
use std::fmt;

/// Something that did not go as the model says.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The engine returned an error.
    Engine {
        /// From which call.
        call: &'static str,
        error: Error<SimError>,
    },
    /// The engine did something else than the model.
    Wrong(String),
    /// It panicked.
    Panic,
}

impl Fault {
    pub fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }
}

/// For `map_err`: an error of this call.
pub(crate) fn during(call: &'static str) -> impl Fn(Error<SimError>) -> Fault {
    move |error| Fault::Engine { call, error }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine { call, error } => write!(f, "{call}: {error} ({error:?})"),
            Self::Wrong(what) => f.write_str(what),
            Self::Panic => f.write_str("a panic"),
        }
    }
}
