//! The working state of the writer: trees and catalog, changed together.
//!
//! Used by write transactions, by recovery and by checkpoints; knows nothing of the log.

use super::view::{Parts, find_name, find_root, reading};
use crate::btree::Finger;
use crate::btree::relocate::{Home, home_key};
use crate::btree::search::{Source, Value};
use crate::bytes::{put_u32, put_u64, u32_at, u64_at};
use crate::engine::Span;
use crate::error::Error;
use crate::limits::{NAME_LEN_MAX, VALUE_LEN_MAX, key_len_max};
use crate::memory::{Memory, Moved, State, TreeRoot};
use crate::page::Ptr;
use crate::page::format::{self, POINTER};
use crate::pager::{Pager, Role};
use crate::platform::Platform;
use crate::space::Workspace;

/// Bytes of a key that leads to a root.
pub(crate) const ID_KEY: usize = 5;
/// Bytes of a root in the catalog.
const ROOT: usize = POINTER + 8;
/// Bytes of a dropped tree in the catalog.
const GRAVE: usize = 4 + POINTER;

/// The catalog key of a tree's root.
pub(crate) fn id_key(key: &mut [u8; ID_KEY], tree: u32) {
    *key = numbered(b'i', tree);
}

fn numbered(kind: u8, number: u32) -> [u8; ID_KEY] {
    let [a, b, c, d] = number.to_be_bytes();
    [kind, a, b, c, d]
}

/// The catalog key of a name, in a lent buffer; `None` if no tree can have it.
pub(crate) fn name_key<'a>(buf: &'a mut [u8; 1 + NAME_LEN_MAX], name: &[u8]) -> Option<&'a [u8]> {
    let len = 1 + name.len();
    let (kind, rest) = buf.split_first_mut()?;
    *kind = b'n';
    rest.get_mut(..name.len())?.copy_from_slice(name);
    buf.get(..len)
}

/// A root from its catalog entry.
pub(crate) fn decode_root(tree: u32, value: Value<'_>) -> Option<TreeRoot> {
    match value {
        Value::Inline(bytes) if bytes.len() == ROOT => {
            Some(TreeRoot { tree, root: Ptr::at(bytes, 0), count: u64_at(bytes, POINTER) })
        }
        _ => None,
    }
}

/// A state being changed, and in which epoch.
pub(crate) struct Change<R> {
    pub state: State<R>,
    pub span: Span,
    pub finger: Finger,
}

impl<R: crate::memory::Roots> Change<R> {
    pub const fn new(state: State<R>, span: Span) -> Self {
        Self { state, span, finger: Finger::NONE }
    }

    /// The state as something to read.
    pub const fn parts<'a, P: Platform, M: Memory<P, Roots = R>>(
        &'a self,
        pager: Pager<'a, P, M>,
    ) -> Parts<'a, P, M> {
        Parts { pager, role: Role::Writer, state: &self.state }
    }

    /// Makes the nodes above moved leaves point to them: before anything but a put changes a tree, and
    /// before a checkpoint.
    #[cold]
    pub fn settle_moved<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
    ) -> Result<(), Error<P::Error>> {
        while let Some(note) = self.state.roots.moved().first().filter(|note| **note != Moved::NONE) {
            let mut root = find_root(&self.parts(workspace.pager), note.tree)?;
            // Now, as it may need other pages; afterwards the tree has its place in the table.
            set_root(&mut self.state, workspace, root)?;
            let settled = workspace.settle_leaves(&mut root, self.state.roots.moved_mut());
            set_root(&mut self.state, workspace, root)?;
            settled?;
        }
        Ok(())
    }

    /// Puts an entry; whether there was one with this key, which stays if `only_new`.
    pub fn put<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        tree: u32,
        key: &[u8],
        value: &[u8],
        only_new: bool,
    ) -> Result<bool, Error<P::Error>> {
        check_lengths(workspace.pager.page_size() as u32, key, value)?;
        let mut root = find_root(&self.parts(workspace.pager), tree)?;
        let moved = self.state.roots.moved_mut();
        let mut replaced = workspace.put_aside(&mut root, moved, &self.finger, key, value, only_new)?;
        if replaced.is_none() {
            if moved.first().is_some_and(|note| *note != Moved::NONE) {
                self.settle_moved(workspace)?;
                root = find_root(&self.parts(workspace.pager), tree)?;
            }
            replaced = Some(workspace.put(&mut root, &mut self.finger, key, value, only_new)?);
        }
        set_root(&mut self.state, workspace, root)?;
        Ok(replaced == Some(true))
    }

    /// Deletes an entry; whether there was one.
    pub fn delete<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        tree: u32,
        key: &[u8],
    ) -> Result<bool, Error<P::Error>> {
        // Nothing may change where nothing is deleted: cursors go on then.
        let settled = self.state.roots.moved().first().is_none_or(|note| *note == Moved::NONE);
        if !settled && reading(&self.parts(workspace.pager), tree)?.get(key, |_| ())?.is_none() {
            return Ok(false);
        }
        self.finger = Finger::NONE;
        let workspace = &mut workspace.freeing();
        self.settle_moved(workspace)?;
        let mut root = find_root(&self.parts(workspace.pager), tree)?;
        let found = workspace.delete(&mut root, key)?;
        if found {
            set_root(&mut self.state, workspace, root)?;
        }
        Ok(found)
    }

    /// Makes an empty tree; its id.
    pub fn create<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        name: &[u8],
    ) -> Result<u32, Error<P::Error>> {
        let max = NAME_LEN_MAX.min(key_len_max(workspace.pager.page_size() as u32) - 1);
        if name.len() > max {
            return Err(Error::KeyTooLong { len: name.len(), max });
        }
        if find_name(&self.parts(workspace.pager), name)?.is_some() {
            return Err(Error::TreeExists);
        }
        let tree = self.state.next_tree;
        self.state.next_tree = tree.checked_add(1).ok_or(Error::NoSpace { pages: 0 })?;
        let mut buf = [0; 1 + NAME_LEN_MAX];
        let key = name_key(&mut buf, name).unwrap_or(&[]);
        catalog_put(&mut self.state, workspace, key, &tree.to_le_bytes())?;
        set_root(&mut self.state, workspace, TreeRoot::new(tree))?;
        Ok(tree)
    }

    /// Drops a tree: its pages go to the graveyard.
    pub fn drop_tree<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        name: &[u8],
    ) -> Result<Option<u32>, Error<P::Error>> {
        let Some(tree) = find_name(&self.parts(workspace.pager), name)? else {
            return Ok(None);
        };
        self.finger = Finger::NONE;
        let mut buf = [0; 1 + NAME_LEN_MAX];
        let key = name_key(&mut buf, name).unwrap_or(&[]);
        let workspace = &mut workspace.freeing();
        self.settle_moved(workspace)?;
        let root = find_root(&self.parts(workspace.pager), tree)?;
        bury(&mut self.state, workspace, root)?;
        for place in self.state.roots.as_mut().iter_mut().filter(|place| place.tree == tree) {
            *place = TreeRoot::EMPTY;
        }
        workspace.delete(&mut self.state.catalog, key)?;
        workspace.delete(&mut self.state.catalog, &numbered(b'i', tree))?;
        Ok(Some(tree))
    }

    /// Empties a tree: its pages go to the graveyard.
    pub fn clear<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        tree: u32,
    ) -> Result<(), Error<P::Error>> {
        find_root(&self.parts(workspace.pager), tree)?;
        self.finger = Finger::NONE;
        let workspace = &mut workspace.freeing();
        self.settle_moved(workspace)?;
        let root = find_root(&self.parts(workspace.pager), tree)?;
        bury(&mut self.state, workspace, root)?;
        set_root(&mut self.state, workspace, TreeRoot::new(tree))
    }

    /// Frees up to `budget` leaves of dropped trees.
    pub fn tidy_graves<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        budget: u32,
    ) -> Result<(), Error<P::Error>> {
        let workspace = &mut workspace.freeing();
        for _ in 0..budget {
            if self.state.graves == 0 {
                return Ok(());
            }
            let Some((key, mut tree)) = self.first_grave(workspace.pager)? else {
                self.state.graves = 0;
                return Ok(());
            };
            workspace.free_first_leaf(&mut tree)?;
            if tree.root.is_null() {
                self.state.graves -= 1;
                workspace.delete(&mut self.state.catalog, &key)?;
            } else {
                catalog_put(&mut self.state, workspace, &key, &encode_grave(&tree))?;
            }
        }
        Ok(())
    }

    fn first_grave<P: Platform, M: Memory<P, Roots = R>>(
        &self,
        pager: Pager<'_, P, M>,
    ) -> Result<Option<Grave>, Error<P::Error>> {
        let mut walk = crate::btree::cursor::Walk::new(self.state.catalog.tree, self.state.catalog.root);
        let source = Source::writer(pager);
        walk.seek(source, b"g")?;
        let found = walk.entry(source, grave)?;
        Ok(found.flatten())
    }

    /// Moves up to `budget` pages from the end of the file to free places before it.
    pub fn compact<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        budget: u32,
    ) -> Result<(), Error<P::Error>> {
        for _ in 0..budget {
            let Some(page) = workspace.last_used()? else {
                return Ok(());
            };
            // Only checkpoints compact, and then nothing is packed for the log.
            let buf = core::mem::take(&mut workspace.operations);
            let moved = self.move_page(workspace, page, buf);
            workspace.operations = buf;
            if !moved? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Moves one page, if it can be found and there is a free place before it; whether. `buf` is for a
    /// key of it.
    fn move_page<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
        page: u32,
        buf: &mut [u8],
    ) -> Result<bool, Error<P::Error>> {
        let view = &mut *workspace.scratch;
        workspace.pager.peek(page, view);
        let Some(kind) = format::kind(view).filter(|kind| kind.in_tree()) else { return Ok(false) };
        let len = home_key(view, kind, buf);
        let home = Home { page, tree: format::tree(view), kind, level: format::level(view) };
        let key = buf.get(..len).unwrap_or(&[]);
        let is_catalog = home.tree == self.state.catalog.tree;
        let pager = workspace.pager;
        let root = if is_catalog { Ok(self.state.catalog) } else { find_root(&self.parts(pager), home.tree) };
        let mut root = match root {
            Ok(root) => root,
            Err(Error::TreeNotFound) => return Ok(false),
            Err(error) => return Err(error),
        };
        if workspace.space.hint >= page || !workspace.relocate(&mut root, home, key)? {
            return Ok(false);
        }
        if is_catalog {
            self.state.catalog = root;
        } else {
            set_root(&mut self.state, workspace, root)?;
        }
        Ok(true)
    }

    /// Writes the table of roots into the catalog, for a checkpoint.
    pub fn settle<P: Platform, M: Memory<P, Roots = R>>(
        &mut self,
        workspace: &mut Workspace<'_, P, M>,
    ) -> Result<(), Error<P::Error>> {
        let roots = self.state.roots;
        for root in roots.as_ref().iter().filter(|root| root.tree != 0) {
            write_root(&mut self.state, workspace, *root)?;
        }
        for place in self.state.roots.as_mut() {
            *place = TreeRoot::EMPTY;
        }
        Ok(())
    }
}

/// A dropped tree with its catalog key.
pub(crate) type Grave = ([u8; ID_KEY], TreeRoot);

/// A grave from its catalog entry.
pub(crate) fn grave(key: crate::btree::cursor::Key<'_>, value: Value<'_>) -> Option<Grave> {
    let mut found = [0; ID_KEY];
    if key.len() != ID_KEY || key.copy_to(&mut found) != ID_KEY || found[0] != b'g' {
        return None;
    }
    match value {
        Value::Inline(bytes) if bytes.len() == GRAVE => {
            let root = TreeRoot { tree: u32_at(bytes, 0), root: Ptr::at(bytes, 4), count: 0 };
            Some((found, root))
        }
        _ => None,
    }
}

fn encode_grave(tree: &TreeRoot) -> [u8; GRAVE] {
    let mut bytes = [0; GRAVE];
    put_u32(&mut bytes, 0, tree.tree);
    tree.root.put(&mut bytes, 4);
    bytes
}

fn check_lengths<E>(page_size: u32, key: &[u8], value: &[u8]) -> Result<(), Error<E>> {
    let max = key_len_max(page_size);
    if key.len() > max {
        return Err(Error::KeyTooLong { len: key.len(), max });
    }
    if value.len() > VALUE_LEN_MAX {
        return Err(Error::ValueTooLarge { len: value.len(), max: VALUE_LEN_MAX });
    }
    Ok(())
}

/// Puts an entry into the catalog.
fn catalog_put<P: Platform, M: Memory<P>>(
    state: &mut State<M::Roots>,
    workspace: &mut Workspace<'_, P, M>,
    key: &[u8],
    value: &[u8],
) -> Result<(), Error<P::Error>> {
    let mut finger = Finger::NONE;
    workspace.put(&mut state.catalog, &mut finger, key, value, false).map(|_| ())
}

fn write_root<P: Platform, M: Memory<P>>(
    state: &mut State<M::Roots>,
    workspace: &mut Workspace<'_, P, M>,
    root: TreeRoot,
) -> Result<(), Error<P::Error>> {
    let mut bytes = [0; ROOT];
    root.root.put(&mut bytes, 0);
    put_u64(&mut bytes, POINTER, root.count);
    catalog_put(state, workspace, &numbered(b'i', root.tree), &bytes)
}

/// Notes a tree's new root in the state's table; a full table gives one of its trees to the
/// catalog first.
fn set_root<P: Platform, M: Memory<P>>(
    state: &mut State<M::Roots>,
    workspace: &mut Workspace<'_, P, M>,
    root: TreeRoot,
) -> Result<(), Error<P::Error>> {
    let table = state.roots.as_mut();
    let len = table.len().max(1);
    let own = table.iter().position(|place| place.tree == root.tree);
    let empty = || table.iter().position(|place| place.tree == 0);
    let index = match own.or_else(empty) {
        Some(index) => index,
        None => {
            let index = root.tree as usize % len;
            let Some(old) = table.get(index).copied() else {
                return Err(Error::MemoryTooSmall);
            };
            write_root(state, workspace, old)?;
            index
        }
    };
    if let Some(place) = state.roots.as_mut().get_mut(index) {
        *place = root;
    }
    Ok(())
}

/// Puts a tree's pages into the graveyard.
fn bury<P: Platform, M: Memory<P>>(
    state: &mut State<M::Roots>,
    workspace: &mut Workspace<'_, P, M>,
    root: TreeRoot,
) -> Result<(), Error<P::Error>> {
    if root.root.is_null() {
        return Ok(());
    }
    let number = state.next_tree;
    state.next_tree = number.checked_add(1).ok_or(Error::NoSpace { pages: 0 })?;
    state.graves += 1;
    catalog_put(state, workspace, &numbered(b'g', number), &encode_grave(&root))
}
