//! Cursors for users: a walk over one tree of a view, detached from it, so that it can be kept
//! beside the view. It holds no page and blocks nobody.

pub use crate::btree::cursor::Key;
use crate::btree::cursor::{Walk, Way};
use crate::btree::search::Value;
use crate::error::Error;
use crate::page::Ptr;
use crate::transaction::view::{Parts, find_root};
use crate::transaction::{TreeId, View, ViewError};

/// A position in one tree. Used on a write transaction after that changed anything it fails with
/// [`Error::CursorInvalid`] until it is placed again.
#[derive(Debug, Clone)]
pub struct Cursor {
    tree: TreeId,
    walk: Walk,
    stamp: u64,
    /// An error left it between entries.
    lost: bool,
}

impl Cursor {
    /// A cursor that stands nowhere yet.
    #[must_use]
    pub const fn new(tree: TreeId) -> Self {
        Self { tree, walk: Walk::new(tree.0, Ptr::NULL), stamp: 0, lost: false }
    }

    fn start<'a, V: View>(&mut self, view: &'a V) -> Result<Parts<'a, V::Platform, V::Memory>, ViewError<V>> {
        self.stamp = 0;
        let parts = view.parts();
        let root = find_root(&parts, self.tree.0)?;
        self.walk = Walk::new(self.tree.0, root.root);
        self.stamp = view.stamp();
        Ok(parts)
    }

    /// After an error the cursor may stand between entries, so it must be placed again.
    fn note<T, E>(&mut self, result: Result<T, E>) -> Result<T, E> {
        self.lost = result.is_err();
        result
    }

    fn go_on<'a, V: View>(&self, view: &'a V) -> Result<Parts<'a, V::Platform, V::Memory>, ViewError<V>> {
        if self.lost || self.stamp != view.stamp() {
            return Err(Error::CursorInvalid);
        }
        Ok(view.parts())
    }

    /// After an error of a call that went forwards: goes to the first entry behind the page that could
    /// not be read. What stands on that page, and below it, is left out. May fail again, at the next
    /// damaged page; so calling it until it succeeds ends.
    ///
    /// # Errors
    /// Like [`Cursor::entry`]; [`Error::CursorInvalid`] if there was no error before.
    pub fn skip<V: View>(&mut self, view: &V) -> Result<(), ViewError<V>> {
        if !self.lost || self.stamp != view.stamp() {
            return Err(Error::CursorInvalid);
        }
        let parts = view.parts();
        let result = self.walk.skip(parts.source());
        self.note(result)
    }

    /// Goes to the first entry whose key is not below `key`; whether it is `key`.
    ///
    /// # Errors
    /// [`Error::TreeNotFound`], device errors and damaged pages.
    pub fn seek<V: View>(&mut self, view: &V, key: &[u8]) -> Result<bool, ViewError<V>> {
        let parts = self.start(view)?;
        let result = self.walk.seek(parts.source(), key);
        self.note(result)
    }

    /// Goes to the last entry whose key is below `key`.
    ///
    /// # Errors
    /// Like [`Cursor::seek`].
    pub fn seek_last_before<V: View>(&mut self, view: &V, key: &[u8]) -> Result<(), ViewError<V>> {
        let parts = self.start(view)?;
        let result = self.walk.seek_before(parts.source(), key);
        self.note(result)
    }

    /// Goes to the first entry.
    ///
    /// # Errors
    /// Like [`Cursor::seek`].
    pub fn seek_first<V: View>(&mut self, view: &V) -> Result<(), ViewError<V>> {
        let parts = self.start(view)?;
        let result = self.walk.seek_end(parts.source(), Way::Forward);
        self.note(result)
    }

    /// Goes to the last entry.
    ///
    /// # Errors
    /// Like [`Cursor::seek`].
    pub fn seek_last<V: View>(&mut self, view: &V) -> Result<(), ViewError<V>> {
        let parts = self.start(view)?;
        let result = self.walk.seek_end(parts.source(), Way::Back);
        self.note(result)
    }

    /// The entry the cursor stands on, while its page is held; `None` past either end.
    ///
    /// # Errors
    /// [`Error::CursorInvalid`], device errors and damaged pages.
    pub fn entry<V: View, T>(
        &self,
        view: &V,
        f: impl FnOnce(Key<'_>, Value<'_>) -> T,
    ) -> Result<Option<T>, ViewError<V>> {
        let parts = self.go_on(view)?;
        self.walk.entry(parts.source(), f)
    }

    /// Moves to the next entry.
    ///
    /// # Errors
    /// Like [`Cursor::entry`].
    pub fn next<V: View>(&mut self, view: &V) -> Result<(), ViewError<V>> {
        let parts = self.go_on(view)?;
        let result = self.walk.step(parts.source(), Way::Forward);
        self.note(result)
    }

    /// Moves to the entry before.
    ///
    /// # Errors
    /// Like [`Cursor::entry`].
    pub fn prev<V: View>(&mut self, view: &V) -> Result<(), ViewError<V>> {
        let parts = self.go_on(view)?;
        let result = self.walk.step(parts.source(), Way::Back);
        self.note(result)
    }

    /// Calls `f` for entries from the current one on until it returns `false` or the tree ends; the
    /// cursor then stands on the entry after the last one visited. Each page is held once.
    ///
    /// # Errors
    /// Like [`Cursor::entry`].
    pub fn visit<V: View>(
        &mut self,
        view: &V,
        f: impl FnMut(Key<'_>, Value<'_>) -> bool,
    ) -> Result<(), ViewError<V>> {
        let parts = self.go_on(view)?;
        let result = self.walk.visit(parts.source(), Way::Forward, f);
        self.note(result)
    }

    /// Like [`Cursor::visit`], towards smaller keys.
    ///
    /// # Errors
    /// Like [`Cursor::entry`].
    pub fn visit_back<V: View>(
        &mut self,
        view: &V,
        f: impl FnMut(Key<'_>, Value<'_>) -> bool,
    ) -> Result<(), ViewError<V>> {
        let parts = self.go_on(view)?;
        let result = self.walk.visit(parts.source(), Way::Back, f);
        self.note(result)
    }
}
