//! A snapshot that begins while others commit: at each place where the thread that begins it lets go of a
//! lock, it is made to stand still, and pages are freed and used again.

use crate::fault::{Fault, during};
use crate::script::Recipe;
use crate::setup::Db;
use crate::timeline::{Phase, note_phase};
use crate::workload::Run;
use drystone_core::{Error, Memory, Snapshot};
use drystone_platform_sim::{SimPlatform, watch};
use std::sync::mpsc::channel;
use std::thread::scope;

/// Rounds of commits and a checkpoint at each place.
const ROUNDS: u64 = 2;

impl Run<'_> {
    /// Begins a snapshot of the newest state; while it begins, other states come and go.
    pub fn race<'d, 'm, M: Memory<SimPlatform>>(
        &mut self,
        db: &'d Db<'m, M>,
    ) -> Result<Snapshot<SimPlatform, &'m M, &'d Db<'m, M>>, Fault> {
        let (stands, stood) = channel();
        let (go, on) = channel::<()>();
        let still = move || {
            // Whoever is gone waits for nothing.
            let _ = stands.send(());
            let _ = on.recv();
        };
        scope(|scope| {
            let beginning = scope.spawn(move || watch(still, || db.read()));
            let mut result = Ok(());
            while stood.recv().is_ok() {
                if result.is_ok() {
                    result = self.meanwhile(db);
                }
                let _ = go.send(());
            }
            let begun = beginning.join().unwrap_or(Err(Error::TransactionAborted));
            result.and(begun.map_err(during("read")))
        })
    }

    /// Changes entries and makes that durable, so that what the state before needed becomes free, and
    /// is used again.
    fn meanwhile<M: Memory<SimPlatform>>(&mut self, db: &Db<'_, M>) -> Result<(), Fault> {
        for _ in 0..ROUNDS {
            for recipe in [Recipe::Update, Recipe::Random(self.random.next_u64())] {
                self.transaction(db, recipe, false)?;
            }
            note_phase(&self.platform, Phase::Checkpoint);
            db.checkpoint().map_err(during("checkpoint"))?;
        }
        Ok(())
    }
}
