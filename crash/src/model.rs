//! What the database must hold: named trees of entries, and one number for all of it.

use drystone_core::{Cursor, Overflow, Value, View, ViewError};
use drystone_platform_sim::SimPlatform;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;

/// Trees of a model.
pub const TREES: usize = 4;
/// Their names.
pub const NAMES: [&[u8]; TREES] = [b"a", b"tree", b"another tree with a longer name", b"z\0"];

/// The entries of one tree.
pub type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// The whole content of a database. A copy is cheap: trees are shared until changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// The trees by the order of their names; `None`: there is none of this name.
    pub trees: [Option<Rc<Map>>; TREES],
}

impl Model {
    /// The entries of a tree that exists, for changing.
    pub fn map(&mut self, tree: usize) -> &mut Map {
        Rc::make_mut(self.trees[tree].get_or_insert_default())
    }

    /// A number that two models share only when they are equal (by all likelihood).
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        for tree in &self.trees {
            digest.tree(tree.is_some());
            for (key, value) in tree.iter().flat_map(|map| map.iter()) {
                digest.entry(key, value);
            }
        }
        digest.0.finish()
    }
}

#[derive(Default)]
struct Digest(DefaultHasher);

impl Digest {
    fn tree(&mut self, exists: bool) {
        self.0.write_u8(if exists { 2 } else { 3 });
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) {
        self.0.write_u8(1);
        self.0.write_usize(key.len());
        self.0.write(key);
        self.0.write_usize(value.len());
        self.0.write(value);
    }
}

/// The digest of what a snapshot or transaction sees, as [`Model::digest`].
///
/// # Errors
/// What is wrong with it, in words.
pub fn content<V: View<Platform = SimPlatform>>(view: &V) -> Result<u64, String>
where
    ViewError<V>: std::fmt::Display,
{
    let mut digest = Digest::default();
    let (mut key_bytes, mut value_bytes) = (Vec::new(), Vec::new());
    for name in NAMES {
        let found = view.tree(name).map_err(|error| format!("looking up a tree: {error}"))?;
        digest.tree(found.is_some());
        let Some(tree) = found else { continue };
        let mut count = 0u64;
        let mut trouble = None;
        let mut cursor = Cursor::new(tree);
        let visited = cursor.seek_first(view).and_then(|()| {
            cursor.visit(view, |key, value| {
                key_bytes.clear();
                key_bytes.extend_from_slice(key.prefix);
                key_bytes.extend_from_slice(key.suffix);
                match value {
                    Value::Inline(bytes) => digest.entry(&key_bytes, bytes),
                    Value::Overflow(long) => match read_long(view, &long, &mut value_bytes) {
                        Ok(()) => digest.entry(&key_bytes, &value_bytes),
                        Err(error) => trouble = Some(error),
                    },
                }
                count += 1;
                trouble.is_none()
            })
        });
        visited.map_err(|error| format!("reading a tree: {error}"))?;
        if let Some(error) = trouble {
            return Err(error);
        }
        let counted = view.count(tree).map_err(|error| format!("counting a tree: {error}"))?;
        if counted != count {
            return Err(format!("a tree has {count} entries and says {counted}"));
        }
    }
    Ok(digest.0.finish())
}

/// Reads a whole long value.
fn read_long<V: View<Platform = SimPlatform>>(
    view: &V,
    long: &Overflow,
    out: &mut Vec<u8>,
) -> Result<(), String>
where
    ViewError<V>: std::fmt::Display,
{
    out.clear();
    out.resize(long.len() as usize, 0);
    match view.read_value(long, 0, out) {
        Ok(len) if len == out.len() => Ok(()),
        Ok(len) => Err(format!("a value of {} bytes ends after {len}", out.len())),
        Err(error) => Err(format!("reading a long value: {error}")),
    }
}

/// The digest of one value, to compare what `get` finds.
pub(crate) fn long_value<V: View<Platform = SimPlatform>>(
    view: &V,
    value: Value<'_>,
) -> Result<Vec<u8>, String>
where
    ViewError<V>: std::fmt::Display,
{
    match value {
        Value::Inline(bytes) => Ok(bytes.to_vec()),
        Value::Overflow(long) => {
            let mut bytes = Vec::new();
            read_long(view, &long, &mut bytes).map(|()| bytes)
        }
    }
}
