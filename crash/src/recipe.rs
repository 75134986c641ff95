//! Follows a recipe: one transaction, on the database and on the model.

use crate::fault::{Fault, during};
use crate::model::{Model, NAMES};
use crate::script::Recipe;
use crate::setup::{BLOCK, Setup};
use crate::transaction::{Txn, fill, key};
use drystone_core::{Memory, TreeId, View};
use drystone_platform_sim::{Random, SimPlatform};

/// The tree that most recipes work on.
const TREE: usize = 1;
/// The tree of the moving window.
const WINDOW_TREE: usize = 3;
/// Numbers of the window's keys, one after the other and from the beginning again: as text 10 comes
/// before 9, so that often keys come below all others, or above them.
const NUMBERS: [u32; 8] = [6, 7, 8, 9, 10, 11, 12, 13];
/// So many of them are there at a time.
const WINDOW: usize = 4;
/// Keys of a number, at most.
const PARTS: u64 = 24;

/// Lets a transaction do what the recipe says. The model afterwards.
pub(crate) fn follow<M: Memory<SimPlatform>>(
    setup: &Setup,
    recipe: Recipe,
    txn: &mut Txn<'_, '_, M>,
    model: Model,
) -> Result<Model, Fault> {
    if let Recipe::Random(seed) = recipe {
        return fill(setup, &mut Random::new(seed), txn, model);
    }
    let mut cook = Cook { txn, model, tree: TREE };
    match recipe {
        Recipe::Random(_) => {}
        Recipe::Small(seed) => cook.small(setup, &mut Random::new(seed))?,
        Recipe::Insert => cook.insert(30)?,
        Recipe::Update => cook.update()?,
        Recipe::Delete => cook.delete()?,
        Recipe::Savepoint => cook.savepoint()?,
        Recipe::LongValue => cook.insert(3 * BLOCK as usize)?,
        Recipe::Big => {
            for _ in 0..12 {
                cook.insert(90)?;
            }
        }
        Recipe::Churn(seed) => cook.churn(&mut Random::new(seed))?,
        Recipe::ChurnBack(seed) => cook.churn_back(&mut Random::new(seed))?,
        Recipe::Window(seed) => cook.window(&mut Random::new(seed))?,
        Recipe::Drop => {
            let _ = cook.tree()?;
            if !cook.txn.drop_tree(NAMES[TREE]).map_err(during("drop_tree"))? {
                return Err(Fault::wrong("a tree that exists was not dropped"));
            }
            cook.model.trees[TREE] = None;
        }
        Recipe::Clear => {
            let tree = cook.tree()?;
            cook.txn.clear_tree(tree).map_err(during("clear_tree"))?;
            cook.model.map(TREE).clear();
        }
    }
    Ok(cook.model)
}

struct Cook<'t, 'd, 'm, M: Memory<SimPlatform>> {
    txn: &'t mut Txn<'d, 'm, M>,
    model: Model,
    tree: usize,
}

impl<M: Memory<SimPlatform>> Cook<'_, '_, '_, M> {
    /// The tree, made where there is none.
    fn tree(&mut self) -> Result<TreeId, Fault> {
        let name = NAMES[self.tree];
        match self.txn.tree(name).map_err(during("tree"))? {
            Some(tree) => Ok(tree),
            None => {
                self.model.map(self.tree);
                self.txn.create_tree(name).map_err(during("create_tree"))
            }
        }
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), Fault> {
        let tree = self.tree()?;
        let replaced = self.txn.put(tree, &key, &value).map_err(during("put"))?;
        let expected = self.model.map(self.tree).insert(key, value).is_some();
        if replaced == expected {
            Ok(())
        } else {
            Err(Fault::wrong("a put found another entry than the model"))
        }
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), Fault> {
        let tree = self.tree()?;
        let found = self.txn.delete(tree, key).map_err(during("delete"))?;
        let expected = self.model.map(self.tree).remove(key).is_some();
        if found == expected {
            Ok(())
        } else {
            Err(Fault::wrong("a delete found another entry than the model"))
        }
    }

    /// One change, whose record no ring is too small for.
    fn small(&mut self, setup: &Setup, random: &mut Random) -> Result<(), Fault> {
        self.tree = random.index(2);
        let key = key(setup, random);
        if random.one_in(2) && self.model.map(self.tree).contains_key(&key) {
            return self.remove(&key);
        }
        let mut value = vec![0; random.index(setup.small_value_max())];
        random.fill(&mut value);
        self.put(key, value)
    }

    /// A new entry, in the middle of the others.
    fn insert(&mut self, len: usize) -> Result<(), Fault> {
        self.tree()?;
        let name = |count: usize| format!("{:05}/{count:04}", count * 7919 % 10_007).into_bytes();
        let mut count = self.model.map(self.tree).len();
        while self.model.map(self.tree).contains_key(&name(count)) {
            count += 1;
        }
        self.put(name(count), vec![count as u8 | 1; len])
    }

    /// Changes some entries there are, one of them to a longer value.
    fn update(&mut self) -> Result<(), Fault> {
        self.tree()?;
        let keys: Vec<Vec<u8>> = self.model.map(self.tree).keys().step_by(9).take(3).cloned().collect();
        for (index, key) in keys.into_iter().enumerate() {
            let old = self.model.map(self.tree).get(&key).and_then(|value| value.first().copied());
            let len = if index == 1 { 70 } else { 25 };
            self.put(key, vec![old.unwrap_or(0).wrapping_add(1); len])?;
        }
        Ok(())
    }

    /// Deletes neighbours, so that pages merge.
    fn delete(&mut self) -> Result<(), Fault> {
        self.tree()?;
        let keys: Vec<Vec<u8>> = self.model.map(self.tree).keys().skip(3).take(8).cloned().collect();
        keys.iter().try_for_each(|key| self.remove(key))
    }

    /// Two savepoints, one of them gone back to.
    fn savepoint(&mut self) -> Result<(), Fault> {
        self.insert(20)?;
        let outer = self.txn.savepoint().map_err(during("savepoint"))?;
        self.update()?;
        let inner = self.txn.savepoint().map_err(during("savepoint"))?;
        let before = self.model.clone();
        self.delete()?;
        self.insert(200)?;
        self.txn.rollback_to(inner).map_err(during("rollback_to"))?;
        self.model = before;
        self.insert(15)?;
        self.txn.release(inner).map_err(during("release"))?;
        self.txn.release(outer).map_err(during("release"))?;
        self.insert(10)
    }

    /// Puts so many entries that their pages are far more than are laid ready at once, deletes most
    /// of them, and puts some again.
    fn churn(&mut self, random: &mut Random) -> Result<(), Fault> {
        let len = [200, 200, 100][random.index(3)];
        let name = |number: u64| format!("churn {number:03}").into_bytes();
        let many = 24 + random.below(24);
        for number in 0..many {
            self.put(name(number), vec![1; len])?;
        }
        for number in 0..many - random.below(8) {
            self.remove(&name(number))?;
        }
        for number in 0..4 + random.below(24) {
            self.put(name(number), vec![2; len])?;
        }
        Ok(())
    }

    fn churn_back(&mut self, random: &mut Random) -> Result<(), Fault> {
        self.insert(40)?;
        let savepoint = self.txn.savepoint().map_err(during("savepoint"))?;
        let before = self.model.clone();
        self.churn(random)?;
        self.txn.rollback_to(savepoint).map_err(during("rollback_to"))?;
        self.model = before;
        if random.one_in(2) {
            self.txn.release(savepoint).map_err(during("release"))?;
        }
        for _ in 0..random.below(20) {
            self.insert(130)?;
        }
        Ok(())
    }

    /// The keys of one more number, and those of the number that leaves the window deleted. The keys
    /// of one number differ only behind what a page's slots hold of them.
    fn window(&mut self, random: &mut Random) -> Result<(), Fault> {
        self.tree = WINDOW_TREE;
        self.tree()?;
        let keys: Vec<Vec<u8>> = self.model.map(WINDOW_TREE).keys().cloned().collect();
        let is_there = |at: usize| {
            let begin = window_key(NUMBERS[at % NUMBERS.len()]);
            keys.iter().any(|key| key.starts_with(begin.as_bytes()))
        };
        let next = (1..NUMBERS.len()).find(|at| is_there(at - 1) && !is_there(*at)).unwrap_or(0);
        let oldest = window_key(NUMBERS[(next + NUMBERS.len() - WINDOW) % NUMBERS.len()]);
        for part in 0..1 + random.below(PARTS) {
            let hash = Random::new(part).next_u64();
            let key = format!("{}{part}-{hash:024x}", window_key(NUMBERS[next]));
            self.put(key.into_bytes(), vec![3; 9])?;
        }
        let gone = keys.iter().filter(|key| key.starts_with(oldest.as_bytes()));
        gone.into_iter().try_for_each(|key| self.remove(key))
    }
}

/// What all keys of a number begin with.
fn window_key(number: u32) -> String {
    format!("window-{number}-part-")
}
