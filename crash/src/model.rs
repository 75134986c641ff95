//! What the database must hold: named trees of entries, and one number for all of it.

use crate::fault::{Fault, during};
use drystone_core::{Cursor, Value, View};
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
pub(crate) fn content<V: View<Platform = SimPlatform>>(view: &V) -> Result<u64, Fault> {
    let mut digest = Digest::default();
    let mut bytes = Vec::new();
    for name in NAMES {
        let found = view.tree(name).map_err(during("tree"))?;
        digest.tree(found.is_some());
        let Some(tree) = found else { continue };
        let mut count = 0u64;
        let mut failed = None;
        let mut cursor = Cursor::new(tree);
        cursor.seek_first(view).map_err(during("seek_first"))?;
        let visited = cursor.visit(view, |key, value| {
            bytes.clear();
            bytes.extend_from_slice(key.prefix);
            bytes.extend_from_slice(key.suffix);
            match value_bytes(view, value) {
                Ok(value) => digest.entry(&bytes, &value),
                Err(error) => failed = Some(error),
            }
            count += 1;
            failed.is_none()
        });
        visited.map_err(during("visit"))?;
        if let Some(error) = failed {
            return Err(error);
        }
        let counted = view.count(tree).map_err(during("count"))?;
        if counted != count {
            return Err(Fault::wrong(format!("a tree has {count} entries and says {counted}")));
        }
    }
    Ok(digest.0.finish())
}

/// The whole of a value.
pub(crate) fn value_bytes<V: View<Platform = SimPlatform>>(
    view: &V,
    value: Value<'_>,
) -> Result<Vec<u8>, Fault> {
    let long = match value {
        Value::Inline(bytes) => return Ok(bytes.to_vec()),
        Value::Overflow(long) => long,
    };
    let mut bytes = vec![0; long.len() as usize];
    let read = view.read_value(&long, 0, &mut bytes).map_err(during("read_value"))?;
    if read == bytes.len() { Ok(bytes) } else { Err(Fault::wrong("a long value ends too early")) }
}
