//! Arbitrary bytes read as a list of patches.

/// A few bytes to lay over one block.
#[derive(Debug)]
pub(crate) struct Patch<'a> {
    /// Picks the block; taken modulo their number.
    pub(crate) block: usize,
    /// Where in the block; taken modulo its length.
    pub(crate) offset: usize,
    /// What stands there from now on.
    pub(crate) bytes: &'a [u8],
}

/// What is left of the input.
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next bytes, fewer at the end.
    pub(crate) fn take(&mut self, len: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        head
    }

    /// How many bytes are left.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1).first().copied()
    }

    /// One bit of choice; mostly true.
    pub(crate) fn flag(&mut self) -> bool {
        self.byte().is_none_or(|byte| !byte.is_multiple_of(4))
    }

    /// The next patch: block, two bytes of offset, length, that many bytes.
    pub(crate) fn patch(&mut self) -> Option<Patch<'a>> {
        let block = usize::from(self.byte()?);
        let offset = usize::from(self.byte()?) << 8 | usize::from(self.byte()?);
        let len = self.byte()?;
        // Mostly a few bytes, sometimes a whole block.
        let len = if len == u8::MAX { 512 } else { usize::from(len % 16) + 1 };
        Some(Patch { block, offset, bytes: self.take(len) })
    }
}
