//! Several transactions in few flushes: while the first one's flush is held back, others commit
//! behind it, each from a thread of its own, and share the next flush.
//!
//! Everything happens in one order, whatever the threads do: a transaction begins only when the one
//! before has closed its record and waits.

use crate::fault::{Fault, during};
use crate::model::content;
use crate::recipe::follow;
use crate::script::Recipe;
use crate::setup::{BLOCK, Db};
use crate::timeline::{Phase, note_acknowledged, note_attempt, note_phase};
use crate::workload::{Run, State};
use drystone_core::{Error, Memory, Snapshot};
use drystone_platform_sim::{Role, SimError, SimPlatform};
use std::thread::{Scope, ScopedJoinHandle, scope, yield_now};

type Seen<'d, 'm, M> = (Snapshot<SimPlatform, &'m M, &'d Db<'m, M>>, u64);
type Commits<'scope> = Vec<ScopedJoinHandle<'scope, Result<(), Error<SimError>>>>;

impl Run<'_> {
    /// Commits up to `count` transactions, and one more while the second flush runs. A snapshot
    /// taken on the way, with the digest it has to keep.
    pub fn group<'d, 'm, M: Memory<SimPlatform>>(
        &mut self,
        db: &'d Db<'m, M>,
        count: u64,
    ) -> Result<Option<Seen<'d, 'm, M>>, Fault> {
        note_phase(&self.platform, Phase::Group);
        let stats = db.stats();
        // Blocks that a record may need.
        let blocks = 2 + self.setup.small_value_max() as u64 / u64::from(BLOCK);
        let room = (stats.ring_len - stats.ring_filled) / u64::from(BLOCK) / blocks;
        if room < count + 1 {
            return db.checkpoint().map_err(during("checkpoint")).map(|()| None);
        }
        // The first write after opening flushes the log by itself.
        drop(db.write().map_err(during("write"))?);
        let platform = self.platform.clone();
        platform.hold_flushes(Role::Log);
        scope(|scope| {
            let mut commits = Commits::new();
            let seen = self.queue_up(db, count, scope, &mut commits);
            // Whatever happened, nobody may wait for ever.
            platform.release_flushes(Role::Log);
            let mut result = Ok(());
            for commit in commits {
                let done = commit.join().unwrap_or(Err(Error::TransactionAborted));
                result = result.and(done.map_err(during("commit in a group")));
            }
            let seen = seen?;
            result?;
            note_acknowledged(&self.platform, self.states.len() - 1, false);
            self.compare(db)?;
            Ok(seen)
        })
    }

    fn queue_up<'d, 'm, 'scope, M: Memory<SimPlatform>>(
        &mut self,
        db: &'d Db<'m, M>,
        count: u64,
        scope: &'scope Scope<'scope, '_>,
        commits: &mut Commits<'scope>,
    ) -> Result<Option<Seen<'d, 'm, M>>, Fault>
    where
        'd: 'scope,
        'm: 'scope,
    {
        let sure = self.states.len() - 1;
        for _ in 0..count {
            self.one_more(db, scope, commits)?;
        }
        self.sees(db, sure)?;
        // The first flush ends, the second begins.
        self.platform.release_one_flush(Role::Log);
        let first = commits.remove(0).join().unwrap_or(Err(Error::TransactionAborted));
        first.map_err(during("the first commit of a group"))?;
        while self.platform.held(Role::Log) == 0 && commits.iter().any(|commit| !commit.is_finished()) {
            yield_now();
        }
        self.settle(commits);
        note_acknowledged(&self.platform, sure + 1, false);
        self.sees(db, sure + 1)?;
        let snapshot = db.read().map_err(during("read"))?;
        let digest = self.states.get(sure + 1).map_or(0, |state| state.digest);
        self.one_more(db, scope, commits)?;
        self.sees(db, sure + 1)?;
        Ok(Some((snapshot, digest)))
    }

    /// Begins a commit and returns when it waits for a flush.
    fn one_more<'d, 'm, 'scope, M: Memory<SimPlatform>>(
        &mut self,
        db: &'d Db<'m, M>,
        scope: &'scope Scope<'scope, '_>,
        commits: &mut Commits<'scope>,
    ) -> Result<(), Fault>
    where
        'd: 'scope,
        'm: 'scope,
    {
        let recipe = Recipe::Small(self.random.next_u64());
        let before = self.states.last().map(|state| state.model.clone()).unwrap_or_default();
        let mut txn = db.write().map_err(during("write"))?;
        let model = follow(self.setup, recipe, &mut txn, before)?;
        note_attempt(&self.platform, self.states.len());
        self.states.push(State { recipe: Some(recipe), ..State::new(model) });
        commits.push(scope.spawn(move || txn.commit()));
        self.settle(commits);
        Ok(())
    }

    /// Returns when every commit that is not finished waits, for its flush or for another's.
    fn settle(&self, commits: &Commits<'_>) {
        let waiting = || self.platform.held(Role::Log) + self.platform.parked();
        while (waiting() as usize) < commits.iter().filter(|commit| !commit.is_finished()).count() {
            yield_now();
        }
    }

    /// Whether a new snapshot holds this state: what is durable, and nothing else.
    fn sees<M: Memory<SimPlatform>>(&self, db: &Db<'_, M>, state: usize) -> Result<(), Fault> {
        let found = content(&db.read().map_err(during("read"))?)?;
        if self.states.get(state).is_some_and(|state| state.digest == found) {
            Ok(())
        } else {
            Err(Fault::wrong("while a flush runs, a snapshot holds something else than what is durable"))
        }
    }
}
