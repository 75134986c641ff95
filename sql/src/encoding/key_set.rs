//! A set of encoded keys that remembers whether a NULL was among them.
//!
//! SQL's `x IN (set)` is true when x is in it, NULL when x is not but a NULL is (or x is NULL and
//! the set is not empty), else false. `KeySet` answers exactly that.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Encoded keys, numbered in the order of their arrival. Their bytes stand one after the other.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    /// The numbers, found by the hash of their key.
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    bytes: Vec<u8>,
    /// Where each key ends.
    ends: Vec<usize>,
    /// A key with a NULL in it was offered.
    has_null: bool,
}

impl Default for KeySet {
    fn default() -> KeySet {
        KeySet {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            bytes: Vec::new(),
            ends: Vec::new(),
            has_null: false,
        }
    }
}

/// The bytes of a key.
fn key_at<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let end = |number: usize| ends.get(number).copied().unwrap_or(0);
    let start = (number as usize).checked_sub(1).map_or(0, end);
    bytes.get(start..end(number as usize)).unwrap_or(&[])
}

impl KeySet {
    /// The number of a key; new ones get the next. True: it is new.
    pub(crate) fn insert(&mut self, key: &[u8]) -> (u32, bool) {
        let hash = self.hasher.hash_one(key);
        if let Some(number) = self.find(hash, key) {
            return (number, false);
        }
        let next = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        let KeySet { table, hasher, bytes, ends, .. } = self;
        table.insert_unique(hash, next, |number| hasher.hash_one(key_at(bytes, ends, *number)));
        (next, true)
    }

    /// Notes that a row with a NULL was offered.
    pub(crate) fn note_null(&mut self) {
        self.has_null = true;
    }

    /// The number of a key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<u32> {
        self.find(self.hasher.hash_one(key), key)
    }

    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        self.table.find(hash, |number| key_at(&self.bytes, &self.ends, *number) == key).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn has_null(&self) -> bool {
        self.has_null
    }

    /// `key IN (set)`; no key means that the left side is NULL. `None` is NULL.
    pub(crate) fn contains(&self, key: Option<&[u8]>) -> Option<bool> {
        if self.ends.is_empty() && !self.has_null {
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
        self.bytes.capacity() + self.ends.capacity() * 8 + self.table.capacity() * 6
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
