//! The two bitmaps: changing a bit, reading a word, finding a free page.

use super::Workspace;
use super::format::{MAP_PLACES, Shape};
use crate::bytes::put_u64;
use crate::error::{Damage, Error};
use crate::memory::{Memory, Pin, PinMutOf, PinOf, Placed};
use crate::page::Ptr;
use crate::page::format::{self, HEADER, Identity, Kind, POINTER};
use crate::pager::{Hint, Pager, Role};
use crate::platform::Platform;
use crate::seeded::{Bug, is};
use lock_api::RawRwLock;
use portable_atomic::Ordering;

/// One of the two bitmaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bits {
    /// Reachable; part of checkpoints.
    Used,
    /// On a list; volatile.
    Held,
}

impl Bits {
    const fn kind(self, level: u8) -> Kind {
        match (self, level) {
            (Self::Used, 0) => Kind::MapLeaf,
            (Self::Used, _) => Kind::MapInner,
            (Self::Held, 0) => Kind::HeldLeaf,
            (Self::Held, _) => Kind::HeldInner,
        }
    }
}

fn child_offset(slot: u32) -> usize {
    HEADER + slot as usize * POINTER
}

/// The leaf of a bitmap for reading; `None` where it was never made (all bits 0).
pub(crate) fn read_leaf<'a, P: Platform, M: Memory<P>>(
    pager: Pager<'a, P, M>,
    bits: Bits,
    root: Ptr,
    levels: u8,
    leaf: u32,
    role: Role,
) -> Result<Option<PinOf<'a, P, M>>, Error<P::Error>> {
    let shape = Shape::new(pager.view_len());
    let mut ptr = root;
    for level in (0..=levels).rev() {
        if ptr.is_null() {
            return Ok(None);
        }
        let pin = pager.pin(ptr, role, Hint::Keep)?;
        expect(pin.view(), ptr, bits, level)?;
        if level == 0 {
            return Ok(Some(pin));
        }
        let slot = leaf / shape.span(level - 1) % shape.fanout;
        ptr = Ptr::at(pin.view(), child_offset(slot));
    }
    Ok(None)
}

fn expect<E>(view: &[u8], ptr: Ptr, bits: Bits, level: u8) -> Result<(), Error<E>> {
    if format::kind(view) == Some(bits.kind(level)) && format::level(view) == level {
        return Ok(());
    }
    Err(Error::Corrupt { page: ptr.page, damage: Damage::Kind })
}

/// The 64 bits of a leaf from page `word * 64` of its range on.
pub(crate) fn word_at(view: &[u8], word: usize) -> u64 {
    crate::bytes::u64_at(view, HEADER + word * 8)
}

/// The pages of a word that are used or held.
fn taken<R: RawRwLock, B: AsRef<[u8]>>(
    used: &Option<Pin<'_, R, B>>,
    held: &Option<Pin<'_, R, B>>,
    word: u32,
) -> u64 {
    let bits = |pin: &Option<Pin<'_, R, B>>| pin.as_ref().map_or(0, |pin| word_at(pin.view(), word as usize));
    bits(used) | bits(held)
}

/// Sets one bit of a leaf; what it was.
fn set(view: &mut [u8], bit: u32, value: bool) -> bool {
    let mask = 1u8 << (bit % 8);
    let Some(byte) = view.get_mut(HEADER + (bit / 8) as usize) else {
        return false;
    };
    let was = *byte & mask != 0;
    *byte = if value { *byte | mask } else { *byte & !mask };
    was
}

/// Pages of one word of the map: bit `b` stands for page `first + b`.
pub(super) struct Run {
    pub first: u32,
    pub bits: u64,
}

/// Two leaves of the bitmaps, held while pages of their range are marked one after the other.
pub(super) struct Marker<T> {
    leaf: u32,
    pins: Option<(T, T)>,
}

impl<T> Marker<T> {
    pub const fn new() -> Self {
        Self { leaf: u32::MAX, pins: None }
    }
}

impl<'a, P: Platform, M: Memory<P>> Workspace<'a, P, M> {
    pub(crate) fn shape(&self) -> Shape {
        Shape::new(self.pager.view_len())
    }

    const fn root(&self, bits: Bits) -> Ptr {
        match bits {
            Bits::Used => self.space.map,
            Bits::Held => self.space.held,
        }
    }

    fn set_root(&mut self, bits: Bits, ptr: Ptr) {
        match bits {
            Bits::Used => self.space.map = ptr,
            Bits::Held => self.space.held = ptr,
        }
    }

    /// The leaf of a bitmap for changing, with every page on the way to it.
    pub(super) fn change_leaf(
        &mut self,
        bits: Bits,
        leaf: u32,
    ) -> Result<PinMutOf<'a, P, M>, Error<P::Error>> {
        let shape = self.shape();
        let mut level = self.space.levels;
        let old = self.root(bits);
        let (ptr, mut pin) = self.change_node(bits, old, level, 0)?;
        if ptr != old {
            self.set_root(bits, ptr);
        }
        while level > 0 {
            level -= 1;
            let index = leaf / shape.span(level);
            let at = child_offset(index % shape.fanout);
            let old = Ptr::at(pin.view(), at);
            let (ptr, child) = self.change_node(bits, old, level, index)?;
            if ptr != old {
                ptr.put(pin.view_mut(), at);
            }
            pin = child;
        }
        Ok(pin)
    }

    /// A node of a bitmap, changeable: made if it is not there, moved to its next place if it
    /// belongs to a checkpoint, under a new tag if it was written since its last.
    fn change_node(
        &mut self,
        bits: Bits,
        ptr: Ptr,
        level: u8,
        index: u32,
    ) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        let places = self.shape().places(level, index);
        if ptr.is_null() {
            let page = places + if bits == Bits::Held { MAP_PLACES } else { 0 };
            let (ptr, mut pin) = self.begin_node(bits, page, level)?;
            pin.view_mut().get_mut(HEADER..).unwrap_or_default().fill(0);
            return Ok((ptr, pin));
        }
        let mut pin = self.pager.pin_mut(ptr)?;
        expect(pin.view(), ptr, bits, level)?;
        if bits == Bits::Held || pin.birth() > self.space.fixed || is(Bug::MapInPlace) {
            let ptr = if pin.is_dirty() { ptr } else { pin.retag(self.space.tags.draw()) };
            return Ok((ptr, pin));
        }
        let place = ptr.page.wrapping_sub(places);
        if place >= MAP_PLACES {
            return Err(Error::Corrupt { page: ptr.page, damage: Damage::Pointer });
        }
        let (ptr, mut copy) = self.begin_node(bits, places + (place + 1) % MAP_PLACES, level)?;
        let from = pin.view().get(HEADER..).unwrap_or(&[]);
        copy.view_mut().get_mut(HEADER..).unwrap_or_default().copy_from_slice(from);
        Ok((ptr, copy))
    }

    fn begin_node(&mut self, bits: Bits, page: u32, level: u8) -> Result<Placed<'a, P, M>, Error<P::Error>> {
        self.pager.forget(page);
        let ptr = Ptr { page, tag: self.space.tags.draw() };
        let identity = Identity { ptr, birth: self.epoch, tree: 0, kind: bits.kind(level), level };
        // Its place has no frame now.
        let pin = self.pager.create(identity, u64::MAX)?.ok_or(Error::PoolExhausted)?;
        Ok((ptr, pin))
    }

    /// Sets one bit; what it was. Bits change in pairs and with counts, so an error in between makes
    /// the database read-only until it is reopened, which forgets them.
    pub(super) fn set_bit(&mut self, bits: Bits, page: u32, value: bool) -> Result<bool, Error<P::Error>> {
        let result = self.change_bit(bits, page, value);
        result.inspect_err(|_| self.fail())
    }

    fn change_bit(&mut self, bits: Bits, page: u32, value: bool) -> Result<bool, Error<P::Error>> {
        let shape = self.shape();
        let mut pin = self.change_leaf(bits, shape.leaf_of(page))?;
        Ok(set(pin.view_mut(), page % shape.bits, value))
    }

    /// Whether a page is in use.
    pub(crate) fn is_used(&mut self, page: u32) -> Result<bool, Error<P::Error>> {
        let shape = self.shape();
        let (root, levels) = (self.space.map, self.space.levels);
        let pin = read_leaf(self.pager, Bits::Used, root, levels, shape.leaf_of(page), Role::Writer)?;
        let bit = page % shape.bits;
        let byte = pin.map_or(0, |pin| pin.view().get(HEADER + (bit / 8) as usize).copied().unwrap_or(0));
        Ok(byte & (1 << (bit % 8)) != 0)
    }

    /// Moves `hint` to the lowest free page; whether there is one.
    pub(super) fn find_free(&mut self) -> Result<bool, Error<P::Error>> {
        let shape = self.shape();
        while self.space.hint < self.space.page_count {
            let leaf = shape.leaf_of(self.space.hint);
            let first = self.space.hint % shape.bits;
            if let Some(page) = self.find_in_leaf(leaf, first)? {
                self.check_place(page)?;
                self.space.hint = page;
                return Ok(page < self.space.page_count);
            }
            self.space.hint = (leaf + 1) * shape.bits;
        }
        Ok(false)
    }

    /// Refuses a page that is a place of the map, which a damaged map or tree may name: it is used, and
    /// its frame may be locked by whoever asks.
    pub(super) fn check_place<E>(&self, page: u32) -> Result<(), Error<E>> {
        if self.shape().is_place(page) {
            return Err(Error::Corrupt { page, damage: Damage::Map });
        }
        Ok(())
    }

    /// The lowest free page of a leaf's range from bit `first` on.
    fn find_in_leaf(&self, leaf: u32, first: u32) -> Result<Option<u32>, Error<P::Error>> {
        let levels = self.space.levels;
        let used = read_leaf(self.pager, Bits::Used, self.space.map, levels, leaf, Role::Writer)?;
        let held = read_leaf(self.pager, Bits::Held, self.space.held, levels, leaf, Role::Writer)?;
        let shape = self.shape();
        let mut mask = u64::MAX << (first % 64);
        for word in first / 64..shape.bits / 64 {
            let free = !taken(&used, &held, word) & mask;
            if free != 0 {
                return Ok(Some(leaf * shape.bits + word * 64 + free.trailing_zeros()));
            }
            mask = u64::MAX;
        }
        Ok(None)
    }

    /// Marks up to `most` free pages from `hint` on as used, all of one word of the map.
    pub(super) fn take_run(&mut self, most: u32) -> Result<Run, Error<P::Error>> {
        let shape = self.shape();
        let (hint, end) = (self.space.hint, self.space.page_count);
        let mut run = Run { first: hint - hint % 64, bits: 0 };
        if hint >= end {
            return Ok(run);
        }
        let leaf = shape.leaf_of(hint);
        let word = hint % shape.bits / 64;
        let free = {
            let levels = self.space.levels;
            let used = read_leaf(self.pager, Bits::Used, self.space.map, levels, leaf, Role::Writer)?;
            let held = read_leaf(self.pager, Bits::Held, self.space.held, levels, leaf, Role::Writer)?;
            !taken(&used, &held, word)
        };
        let mut free = free >> (hint % 64) << (hint % 64);
        for _ in 0..most {
            let bit = free.trailing_zeros();
            if bit >= 64.min(end - run.first) {
                break;
            }
            run.bits |= 1 << bit;
            free &= free - 1;
        }
        let result = self.change_leaf(Bits::Used, leaf);
        let mut pin = result.inspect_err(|_| self.fail())?;
        let bits = word_at(pin.view(), word as usize) | run.bits;
        put_u64(pin.view_mut(), HEADER + word as usize * 8, bits);
        Ok(run)
    }

    /// Makes the database read-only: the map is not what it should be.
    pub(super) fn fail(&self) {
        self.pager.state.failed.store(true, Ordering::Release);
    }

    /// Makes the map say that a page is held which it said was used. Pages of one leaf that follow
    /// each other are marked without finding it again.
    pub(super) fn mark_held(
        &mut self,
        marker: &mut Marker<PinMutOf<'a, P, M>>,
        page: u32,
    ) -> Result<(), Error<P::Error>> {
        let shape = self.shape();
        let leaf = shape.leaf_of(page);
        if marker.leaf != leaf {
            *marker = Marker::new();
            let used = self.change_leaf(Bits::Used, leaf).inspect_err(|_| self.fail())?;
            let held = self.change_leaf(Bits::Held, leaf).inspect_err(|_| self.fail())?;
            *marker = Marker { leaf, pins: Some((used, held)) };
        }
        let Some((used, held)) = &mut marker.pins else {
            return Err(Error::Corrupt { page, damage: Damage::Map });
        };
        let bit = page % shape.bits;
        if !set(used.view_mut(), bit, false) {
            self.fail();
            return Err(Error::Corrupt { page, damage: Damage::Map });
        }
        set(held.view_mut(), bit, true);
        Ok(())
    }

    /// Adds the map of leaves that growing to `page_count` pages needs; how many of the new pages
    /// are its own places, which are used.
    pub(super) fn extend_map(&mut self, page_count: u32) -> Result<u32, Error<P::Error>> {
        let shape = self.shape();
        let first = self.space.page_count.div_ceil(shape.bits);
        let mut places = 0;
        for leaf in first..page_count.div_ceil(shape.bits) {
            while leaf >= shape.span(self.space.levels) {
                self.add_level()?;
            }
            let mut pin = self.change_leaf(Bits::Used, leaf)?;
            let reserved = shape.data_start(leaf) - leaf * shape.bits;
            for bit in 0..reserved {
                if let Some(byte) = pin.view_mut().get_mut(HEADER + (bit / 8) as usize) {
                    *byte |= 1 << (bit % 8);
                }
            }
            places += reserved;
        }
        Ok(places)
    }

    /// A new root above the old ones: both or, on an error, none.
    fn add_level(&mut self) -> Result<(), Error<P::Error>> {
        let level = self.space.levels + 1;
        let mut roots = [Ptr::NULL; 2];
        for (bits, root) in [Bits::Used, Bits::Held].into_iter().zip(&mut roots) {
            let old = self.root(bits);
            if old.is_null() {
                continue;
            }
            let (ptr, mut pin) = self.change_node(bits, Ptr::NULL, level, 0)?;
            old.put(pin.view_mut(), child_offset(0));
            *root = ptr;
        }
        let [map, held] = roots;
        self.space.map = map;
        self.space.held = held;
        self.space.levels = level;
        Ok(())
    }

    /// Writes every map page changed since the last checkpoint was fixed; afterwards they belong
    /// to the checkpoint of `epoch`. The caller knows that no transaction is running.
    pub(crate) fn fix_map(&mut self, epoch: u64) -> Result<(), Error<P::Error>> {
        let shape = self.shape();
        let leaves = self.space.page_count.div_ceil(shape.bits);
        let mut leaf = 0u32;
        while leaf < leaves {
            leaf = leaf.saturating_add(self.fix_leaf(leaf)?);
        }
        self.space.fixed = epoch;
        Ok(())
    }

    /// Writes the changed pages on the way to one leaf; how many leaves to go on by.
    fn fix_leaf(&mut self, leaf: u32) -> Result<u32, Error<P::Error>> {
        let shape = self.shape();
        let mut ptr = self.space.map;
        for level in (0..=self.space.levels).rev() {
            if ptr.is_null() {
                return Ok(shape.span(level));
            }
            let pin = self.pager.pin(ptr, Role::Writer, Hint::Keep)?;
            expect(pin.view(), ptr, Bits::Used, level)?;
            if format::birth(pin.view()) <= self.space.fixed {
                return Ok(shape.span(level));
            }
            self.pager.write_if_dirty(&pin)?;
            if level > 0 {
                let slot = leaf / shape.span(level - 1) % shape.fanout;
                ptr = Ptr::at(pin.view(), child_offset(slot));
            }
        }
        Ok(1)
    }

    /// The highest page in use by a tree, in the last leaf's range.
    pub(crate) fn last_used(&self) -> Result<Option<u32>, Error<P::Error>> {
        let shape = self.shape();
        let leaf = shape.leaf_of(self.space.page_count.saturating_sub(1));
        let levels = self.space.levels;
        let Some(used) = read_leaf(self.pager, Bits::Used, self.space.map, levels, leaf, Role::Writer)?
        else {
            return Ok(None);
        };
        for word in (0..shape.bits / 64).rev() {
            let bits = word_at(used.view(), word as usize);
            if bits != 0 {
                let page = leaf * shape.bits + word * 64 + 63 - bits.leading_zeros();
                return Ok((page >= shape.data_start(leaf)).then_some(page));
            }
        }
        Ok(None)
    }

    /// Pages after the last one that is used or held, in the last leaf's range.
    pub(crate) fn free_tail(&self) -> Result<u32, Error<P::Error>> {
        let shape = self.shape();
        let count = self.space.page_count;
        let leaf = shape.leaf_of(count.saturating_sub(1));
        let levels = self.space.levels;
        let used = read_leaf(self.pager, Bits::Used, self.space.map, levels, leaf, Role::Writer)?;
        let held = read_leaf(self.pager, Bits::Held, self.space.held, levels, leaf, Role::Writer)?;
        let mut tail = 0;
        let mut page = count;
        while page > shape.data_start(leaf) {
            let bit = (page - 1) % shape.bits;
            let (word, mask) = (bit / 64, 1u64 << (bit % 64));
            if taken(&used, &held, word) & mask != 0 {
                break;
            }
            page -= 1;
            tail += 1;
        }
        Ok(tail)
    }
}
