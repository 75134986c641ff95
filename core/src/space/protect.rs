//! The one rule, and the sweep that applies it: what nobody can read any more becomes free.

use super::Workspace;
use super::lists::{BORN, DEAD, FREED};
use crate::error::Error;
use crate::memory::{Entry, Memory, Purpose};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use heapless::Vec;
use portable_atomic::{AtomicU64, Ordering};

/// A born list that a commit dropped: its entries mean nothing, its pages must come back.
const LEFTOVER: u64 = 0;

/// Entries each transaction sweeps besides twice what the last one freed.
const SWEEP: u32 = 16;

/// A transaction does not sweep if the ones since the last sweep freed fewer pages than this in all,
/// so many pages are laid ready, and so many lists are unused.
const FEW: u64 = 4;
const READY: usize = 2;
const SPARE: usize = 8;

/// The engine's own protectors.
const OWN: usize = 5;

/// The protectors at one moment. Readers begin only on the visible state, which is among the
/// engine's own, so the slots may be read after those.
pub(crate) struct Protectors<'a> {
    /// Durable checkpoint, checkpoint in progress, visible and flushing state, the state the
    /// running transaction began on: those there are, each epoch once.
    ///
    /// Savepoints are missing because no sweep runs while one is live.
    own: Vec<u64, OWN>,
    /// Reader slots; 0 is free.
    readers: &'a [AtomicU64],
}

impl<'a> Protectors<'a> {
    /// The engine's own, 0 where there is none, and the readers'.
    pub fn new(own: [u64; OWN], readers: &'a [AtomicU64]) -> Self {
        let mut distinct = Vec::new();
        for epoch in own {
            if epoch != 0 && !distinct.contains(&epoch) {
                // Cannot fail: it is as long.
                let _ = distinct.push(epoch);
            }
        }
        Self { own: distinct, readers }
    }

    fn each(&self) -> impl Iterator<Item = u64> + '_ {
        let readers = self.readers.iter().map(|slot| slot.load(Ordering::Acquire));
        let readers = readers.filter(|_| !is(Bug::ReadersUnprotected));
        self.own.iter().copied().chain(readers)
    }

    /// The newest protector that may still read a page with this life.
    fn newest(&self, entry: Entry) -> Option<u64> {
        self.each().filter(|p| *p != 0 && entry.birth <= *p && *p < entry.freed).max()
    }

    fn contains(&self, epoch: u64) -> bool {
        epoch != 0 && self.each().any(|p| p == epoch)
    }
}

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    /// Looks at up to `budget` entries whose protector is gone: free, or on to the next protector.
    /// `true`: nothing is left to look at.
    pub(crate) fn sweep(
        &mut self,
        protectors: &Protectors<'_>,
        mut budget: u32,
    ) -> Result<bool, Error<P::Error>> {
        for index in DEAD..self.space.lists_end.min(self.lists.len()) {
            let Some(list) = self.lists.get(index) else { continue };
            let Purpose::Dead(epoch) = list.purpose else { continue };
            if epoch == LEFTOVER {
                budget = self.discard(index, budget)?;
            } else if protectors.contains(epoch) {
                continue;
            } else {
                budget = self.sweep_list(index, protectors, budget)?;
            }
            if let Some(list) = self.lists.get_mut(index) {
                if list.len() == 0 || list.inline_len == 0 && list.head.is_null() {
                    list.reset();
                } else if !matches!(list.purpose, Purpose::Dead(epoch) if protectors.contains(epoch)) {
                    return Ok(false);
                }
            }
        }
        while let Some(last) = self.space.lists_end.checked_sub(1)
            && self.lists.get(last).is_none_or(|list| list.purpose == Purpose::Unused)
        {
            self.space.lists_end = last;
        }
        Ok(true)
    }

    /// A transaction's share of the sweep, and makes sure that it can commit. Moving entries between
    /// lists may need a page, from the reserve; if there is none they wait for the next sweep.
    pub(crate) fn sweep_some(&mut self, protectors: &Protectors<'_>) -> Result<(), Error<P::Error>> {
        let ready = self.space.recycled.len() >= READY;
        let spare = self.lists.len().saturating_sub(self.space.lists_end) >= SPARE;
        if ready && spare && self.space.last_freed < FEW {
            return Ok(());
        }
        let freed = core::mem::take(&mut self.space.last_freed);
        let budget = SWEEP.saturating_add(2 * freed.min(u64::from(u32::MAX / 4)) as u32);
        match self.sweep(protectors, budget) {
            Ok(_) | Err(Error::NoSpace { .. } | Error::PoolExhausted) => {}
            Err(error) => return Err(error),
        }
        if super::is_sparse(self.space, self.shape()) {
            // The lowest free pages are taken instead, so that the end of the file becomes free.
            self.drain_recycled()?;
        }
        self.ensure_spare(protectors)
    }

    fn sweep_list(
        &mut self,
        index: usize,
        protectors: &Protectors<'_>,
        mut budget: u32,
    ) -> Result<u32, Error<P::Error>> {
        while budget > 0 {
            let Some(entry) = self.pop(index)? else { break };
            budget -= 1;
            match protectors.newest(entry) {
                None => self.lay_ready(entry.page, entry.settled)?,
                Some(epoch) => {
                    let to = self.dead_list(epoch, index, protectors);
                    self.push_or_return(to, entry, index)?;
                    if to == index {
                        // The list itself now waits for this protector.
                        break;
                    }
                }
            }
        }
        Ok(budget)
    }

    /// Puts an entry on a list, or back on the one it came from, where its place still is.
    fn push_or_return(&mut self, to: usize, entry: Entry, from: usize) -> Result<(), Error<P::Error>> {
        let result = self.push(to, entry);
        if result.is_err() {
            self.push(from, entry)?;
        }
        result
    }

    /// The dead list of a protector. Where the table is full any list of a live protector serves:
    /// its entries are looked at again when that one goes, which is late but never wrong.
    fn dead_list(&mut self, epoch: u64, except: usize, protectors: &Protectors<'_>) -> usize {
        let mut unused = None;
        let mut other = except;
        for (index, list) in self.lists.iter().enumerate().skip(DEAD) {
            match list.purpose {
                Purpose::Dead(found) if found == epoch => return index,
                Purpose::Dead(found) if protectors.contains(found) => other = index,
                Purpose::Unused if unused.is_none() => unused = Some(index),
                _ => {}
            }
        }
        match unused {
            Some(index) => {
                if let Some(list) = self.lists.get_mut(index) {
                    list.purpose = Purpose::Dead(epoch);
                }
                self.space.lists_end = self.space.lists_end.max(index + 1);
                index
            }
            None => {
                if other == except
                    && let Some(list) = self.lists.get_mut(except)
                {
                    list.purpose = Purpose::Dead(epoch);
                }
                other
            }
        }
    }

    /// Makes sure that a commit finds two unused lists; call before a transaction changes anything.
    pub(crate) fn ensure_spare(&mut self, protectors: &Protectors<'_>) -> Result<(), Error<P::Error>> {
        loop {
            if self.lists.len() - self.space.lists_end.clamp(DEAD, self.lists.len()) >= 2 {
                return Ok(());
            }
            let dead = self.lists.iter().enumerate().skip(DEAD);
            let unused = dead.clone().filter(|(_, list)| list.purpose == Purpose::Unused).count();
            if unused >= 2 {
                return Ok(());
            }
            // Leftovers first: their entries mean nothing and need no other list.
            let shortest = dead
                .filter(|(_, list)| list.purpose != Purpose::Unused)
                .min_by_key(|(_, list)| (list.purpose != Purpose::Dead(LEFTOVER), list.len()));
            let Some((from, _)) = shortest else {
                return Err(Error::MemoryTooSmall);
            };
            self.merge_away(from, protectors)?;
        }
    }

    /// Empties a list into another one, whose protector may go later: late but never wrong.
    fn merge_away(&mut self, from: usize, protectors: &Protectors<'_>) -> Result<(), Error<P::Error>> {
        let to = (DEAD..self.lists.len()).rev().find(|index| {
            *index != from
                && self.lists.get(*index).is_some_and(|list| match list.purpose {
                    Purpose::Dead(epoch) => epoch != LEFTOVER,
                    _ => false,
                })
        });
        while let Some(entry) = self.pop(from)? {
            match (to, protectors.newest(entry)) {
                _ if entry.freed == 0 => {}
                (_, None) => self.lay_ready(entry.page, entry.settled)?,
                (Some(to), Some(_)) => self.push_or_return(to, entry, from)?,
                (None, Some(_)) => return Err(Error::MemoryTooSmall),
            }
        }
        if let Some(list) = self.lists.get_mut(from) {
            list.reset();
        }
        Ok(())
    }

    /// The transaction that began on the state of `before` is committed: what it freed waits for
    /// that state's readers, what was born stays.
    pub(crate) fn lists_commit(&mut self, before: u64) -> Result<(), Error<P::Error>> {
        for (index, purpose) in [(FREED, Purpose::Dead(before)), (BORN, Purpose::Dead(LEFTOVER))] {
            let Some(list) = self.lists.get_mut(index) else { continue };
            if index == BORN {
                list.inline_len = 0;
            }
            if list.len() > 0 {
                let unused = self
                    .lists
                    .iter()
                    .enumerate()
                    .skip(DEAD)
                    .find(|(_, list)| list.purpose == Purpose::Unused);
                let Some((to, _)) = unused else {
                    return Err(Error::MemoryTooSmall);
                };
                self.rename(index, to, purpose)?;
            }
        }
        Ok(())
    }

    /// Rolls the lists back to these lengths.
    pub(crate) fn lists_rollback(&mut self, born: u64, freed: u64) -> Result<(), Error<P::Error>> {
        while self.lists.get(FREED).is_some_and(|list| list.len() > freed) {
            if let Some(entry) = self.pop(FREED)? {
                self.unfree(entry)?;
            }
        }
        while self.lists.get(BORN).is_some_and(|list| list.len() > born) {
            if let Some(entry) = self.pop(BORN)? {
                self.unbear(entry.page)?;
            }
        }
        Ok(())
    }

    /// Lengths of the born and the freed list.
    pub(crate) fn lists_position(&self) -> (u64, u64) {
        let len = |index: usize| self.lists.get(index).map_or(0, crate::memory::List::len);
        (len(BORN), len(FREED))
    }
}
