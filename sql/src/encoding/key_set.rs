//! A set of encoded keys that remembers whether a NULL was among them.
//!
//! SQL's `x IN (set)` is true when x is in it, NULL when x is not but a NULL is (or x is NULL and
//! the set is not empty), else false. `KeySet` answers exactly that.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Encoded keys, numbered in the order of their arrival.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct KeySet {
    keys: HashMap<Box<[u8]>, u32>,
    /// A key with a NULL in it was offered.
    has_null: bool,
    bytes: usize,
}

impl KeySet {
    /// The number of a key; new ones get the next. True: it is new.
    pub(crate) fn insert(&mut self, key: &[u8]) -> (u32, bool) {
        let next = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        if let Some(number) = self.keys.get(key) {
            return (*number, false);
        }
        match self.keys.entry(key.into()) {
            Entry::Occupied(entry) => (*entry.get(), false),
            Entry::Vacant(entry) => {
                self.bytes += key.len();
                (*entry.insert(next), true)
            }
        }
    }

    /// Notes that a row with a NULL was offered.
    pub(crate) fn note_null(&mut self) {
        self.has_null = true;
    }

    /// The number of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<u32> {
        self.keys.get(key).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn has_null(&self) -> bool {
        self.has_null
    }

    /// `key IN (set)`; no key means that the left side is NULL. `None` is NULL.
    pub(crate) fn contains(&self, key: Option<&[u8]>) -> Option<bool> {
        if self.keys.is_empty() && !self.has_null {
            return Some(false);
        }
        match key.and_then(|key| self.get(key)) {
            Some(_) => Some(true),
            None if key.is_none() || self.has_null => None,
            None => Some(false),
        }
    }

    /// Bytes of memory used, about.
    pub(crate) fn memory(&self) -> usize {
        self.bytes + self.keys.len() * 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membership_is_three_valued() {
        let mut set = KeySet::default();
        assert_eq!(set.contains(None), Some(false));
        assert_eq!(set.insert(b"a"), (0, true));
        assert_eq!(set.insert(b"b"), (1, true));
        assert_eq!(set.insert(b"a"), (0, false));
        assert_eq!(set.contains(Some(b"a")), Some(true));
        assert_eq!(set.contains(Some(b"x")), Some(false));
        assert_eq!(set.contains(None), None);
        set.note_null();
        assert_eq!(set.contains(Some(b"a")), Some(true));
        assert_eq!(set.contains(Some(b"x")), None);
        assert_eq!(set.len(), 2);
    }
}
