//! Reading, the same for snapshots and write transactions.

use super::change::{ID_KEY, decode_root, id_key, name_key};
use crate::btree::overflow;
use crate::btree::search::{Overflow, Reading, Source, Value};
use crate::bytes::u32_at;
use crate::error::Error;
use crate::memory::{Memory, Roots, State, TreeRoot};
use crate::pager::{Pager, Role};
use crate::platform::Platform;

/// A tree's number; never used again after the tree is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TreeId(pub u32);

/// The error type of a view.
pub type ViewError<V> = Error<<<V as View>::Platform as Platform>::Error>;

/// What a view reads: the pool, whose behalf, and the state.
#[doc(hidden)]
pub struct Parts<'a, P: Platform, M: Memory<P>> {
    pub(crate) pager: Pager<'a, P, M>,
    pub(crate) role: Role,
    pub(crate) state: &'a State<M::Roots>,
}

impl<'a, P: Platform, M: Memory<P>> Parts<'a, P, M> {
    /// How to read any tree of the state.
    pub(crate) fn source(&self) -> Source<'a, P, M> {
        Source { pager: self.pager, role: self.role, moved: self.state.roots.moved() }
    }
}

/// Something that can be read: a [`super::Snapshot`] or a [`super::WriteTxn`].
pub trait View {
    /// The platform of its database.
    type Platform: Platform;
    /// The memory of its database.
    type Memory: Memory<Self::Platform>;

    #[doc(hidden)]
    fn parts(&self) -> Parts<'_, Self::Platform, Self::Memory>;

    /// Changes whenever cursors become invalid.
    #[doc(hidden)]
    fn stamp(&self) -> u64;

    /// Epoch of the state that is read: higher in later ones.
    fn epoch(&self) -> u64 {
        self.parts().state.epoch
    }

    /// The tree with this name.
    ///
    /// # Errors
    /// Device errors and damaged pages.
    fn tree(&self, name: &[u8]) -> Result<Option<TreeId>, ViewError<Self>> {
        let parts = self.parts();
        find_name(&parts, name).map(|id| id.map(TreeId))
    }

    /// Entries of a tree.
    ///
    /// # Errors
    /// [`Error::TreeNotFound`], device errors and damaged pages.
    fn count(&self, tree: TreeId) -> Result<u64, ViewError<Self>> {
        Ok(find_root(&self.parts(), tree.0)?.count)
    }

    /// The value of `key`, while its page is held in memory.
    ///
    /// # Errors
    /// [`Error::TreeNotFound`], device errors and damaged pages.
    fn get<T>(
        &self,
        tree: TreeId,
        key: &[u8],
        f: impl FnOnce(Value<'_>) -> T,
    ) -> Result<Option<T>, ViewError<Self>> {
        reading(&self.parts(), tree.0)?.get(key, f)
    }

    /// Reads a part of a long value from `offset` into `buf`; how many bytes there were.
    ///
    /// # Errors
    /// Device errors and damaged pages.
    fn read_value(&self, value: &Overflow, offset: u64, buf: &mut [u8]) -> Result<usize, ViewError<Self>> {
        let parts = self.parts();
        overflow::read(parts.pager, parts.role, value, offset, buf)
    }
}

/// How to read one tree of a view.
pub(crate) fn reading<'a, P: Platform, M: Memory<P>>(
    parts: &Parts<'a, P, M>,
    tree: u32,
) -> Result<Reading<'a, P, M>, Error<P::Error>> {
    let root = find_root(parts, tree)?.root;
    Ok(Reading { source: parts.source(), tree, root })
}

fn catalog<'a, P: Platform, M: Memory<P>>(parts: &Parts<'a, P, M>) -> Reading<'a, P, M> {
    let TreeRoot { tree, root, .. } = parts.state.catalog;
    Reading { source: parts.source(), tree, root }
}

/// Where a tree begins: from the state's table, else from the catalog.
pub(crate) fn find_root<P: Platform, M: Memory<P>>(
    parts: &Parts<'_, P, M>,
    tree: u32,
) -> Result<TreeRoot, Error<P::Error>> {
    if tree == 0 {
        // An empty place in the table, whatever a catalog says.
        return Err(Error::TreeNotFound);
    }
    if let Some(root) = parts.state.roots.as_ref().iter().find(|root| root.tree == tree) {
        return Ok(*root);
    }
    let mut key = [0; ID_KEY];
    id_key(&mut key, tree);
    let found = catalog(parts).get(&key, |value| decode_root(tree, value))?;
    found.flatten().ok_or(Error::TreeNotFound)
}

/// The id of a named tree.
pub(crate) fn find_name<P: Platform, M: Memory<P>>(
    parts: &Parts<'_, P, M>,
    name: &[u8],
) -> Result<Option<u32>, Error<P::Error>> {
    let mut key = [0; 1 + crate::limits::NAME_LEN_MAX];
    let Some(key) = name_key(&mut key, name) else {
        return Ok(None);
    };
    catalog(parts).get(key, |value| match value {
        Value::Inline(bytes) => u32_at(bytes, 0),
        Value::Overflow(_) => 0,
    })
}
