//! The memory lent at open, typed so that nothing is ever cast from bytes.
//!
//! [`Memory`] says what the engine needs; [`StaticMemory`] is a `static` for firmware (what does
//! not fit does not link); the `drystone` package has one on the heap.

mod frame;
mod list;
mod roots;
mod state;
mod writer;

pub use frame::Frame;
pub(crate) use frame::{DIRTY, Pin, PinMut, Place, is_passed};
pub(crate) use list::Purpose;
pub use list::{Entry, List};
pub use roots::{Moved, Roots, Tables, TreeRoot};
pub use state::SavepointSlot;
pub(crate) use state::State;
pub use writer::WriterMemory;
pub(crate) use writer::{Space, Tags};

use crate::platform::Platform;
use lock_api::Mutex;
use portable_atomic::{AtomicU8, AtomicU64};

/// A page of this platform and memory held for reading.
pub(crate) type PinOf<'a, P, M> = Pin<'a, <P as Platform>::RwLock, <M as Memory<P>>::Page>;
/// A page of this platform and memory held for changing.
pub(crate) type PinMutOf<'a, P, M> = PinMut<'a, <P as Platform>::RwLock, <M as Memory<P>>::Page>;

/// A frame of this platform and memory, with what it holds.
pub(crate) type PlaceOf<'a, P, M> = Place<'a, <P as Platform>::RwLock, <M as Memory<P>>::Page>;

/// A page held for changing, and the pointer to it as it now is.
pub(crate) type Placed<'a, P, M> = (crate::page::Ptr, PinMutOf<'a, P, M>);

/// What the writer keeps in a memory, behind its lock.
pub type WriterMutex<P, M> = Mutex<
    <P as Platform>::Mutex,
    WriterMemory<
        <M as Memory<P>>::Page,
        <M as Memory<P>>::Operations,
        <M as Memory<P>>::Lists,
        <M as Memory<P>>::Savepoints,
    >,
>;

/// All memory an open database uses.
pub trait Memory<P: Platform>: Sync {
    /// One page.
    type Page: AsRef<[u8]> + AsMut<[u8]> + Send + Sync;
    /// A log buffer: a multiple of the log's block size, at least two blocks.
    type Log: AsRef<[u8]> + AsMut<[u8]> + Send;
    /// Where the operations of the running transaction are packed. A longer record is not logged:
    /// its transaction commits by a checkpoint.
    type Operations: AsRef<[u8]> + AsMut<[u8]> + Send;
    /// Inline entries of a space list, at least two.
    type Inline: AsRef<[Entry]> + AsMut<[Entry]> + Send;
    /// All heads of space lists.
    type Lists: AsRef<[List<Self::Inline>]> + AsMut<[List<Self::Inline>]> + Send;
    /// The trees a state keeps besides the catalog, at least two.
    type Roots: Roots;
    /// One place for each savepoint that can be open.
    type Savepoints: AsRef<[SavepointSlot<Self::Roots>]> + AsMut<[SavepointSlot<Self::Roots>]> + Send;

    /// Bytes of a page: the length of every [`Memory::Page`].
    fn page_size(&self) -> usize;
    /// The pool. Its length is a multiple of the number of hands.
    fn frames(&self) -> &[Frame<P::RwLock, Self::Page>];
    /// For each frame which page it holds: a number of the engine's.
    fn keys(&self) -> &[AtomicU64];
    /// For each frame in what condition that page is: bits of the engine's.
    fn flags(&self) -> &[AtomicU8];
    /// One eviction hand for each set of frames.
    fn hands(&self) -> &[Mutex<P::Mutex, u16>];
    /// One log buffer, or two where threads commit at the same time.
    fn logs(&self) -> &[Mutex<P::Mutex, Self::Log>];
    /// One slot for each snapshot that can be open; 0 is free.
    fn readers(&self) -> &[AtomicU64];
    /// What the writer keeps.
    fn writer(&self) -> &WriterMutex<P, Self>;
}

impl<P: Platform, T: Memory<P>> Memory<P> for &T {
    type Page = T::Page;
    type Log = T::Log;
    type Operations = T::Operations;
    type Inline = T::Inline;
    type Lists = T::Lists;
    type Roots = T::Roots;
    type Savepoints = T::Savepoints;

    fn page_size(&self) -> usize {
        (**self).page_size()
    }
    fn frames(&self) -> &[Frame<P::RwLock, Self::Page>] {
        (**self).frames()
    }
    fn keys(&self) -> &[AtomicU64] {
        (**self).keys()
    }
    fn flags(&self) -> &[AtomicU8] {
        (**self).flags()
    }
    fn hands(&self) -> &[Mutex<P::Mutex, u16>] {
        (**self).hands()
    }
    fn logs(&self) -> &[Mutex<P::Mutex, Self::Log>] {
        (**self).logs()
    }
    fn readers(&self) -> &[AtomicU64] {
        (**self).readers()
    }
    fn writer(&self) -> &WriterMutex<P, Self> {
        (**self).writer()
    }
}

/// Inline entries of a list in [`StaticMemory`].
const INLINE: usize = 2;
/// List heads beyond one a reader: born, freed, and dead lists of the engine's own protectors.
const LISTS: usize = 8;
/// Trees a state keeps in [`StaticMemory`].
const ROOTS: usize = 2;
/// Leaves that a state keeps as moved in [`StaticMemory`].
const MOVED: usize = 1;
/// Savepoints that can be open in [`StaticMemory`].
const SAVEPOINTS: usize = 2;

type StaticRoots = Tables<ROOTS, MOVED>;
type StaticWriter<const PAGE: usize, const LOG: usize> = WriterMemory<
    [u8; PAGE],
    [u8; LOG],
    [List<[Entry; INLINE]>; LISTS],
    [SavepointSlot<StaticRoots>; SAVEPOINTS],
>;

/// Memory of a size fixed at compile time, for one thread: a `static` of a firmware, or a test.
///
/// `PAGE`: bytes of a page. `FRAMES`: pages in the pool, 8 at least; one set. `LOG`: bytes of the
/// log buffer and of the longest record. `READERS`: snapshots open at the same time, 4 at most.
pub struct StaticMemory<
    P: Platform,
    const PAGE: usize,
    const FRAMES: usize,
    const LOG: usize,
    const READERS: usize,
> {
    frames: [Frame<P::RwLock, [u8; PAGE]>; FRAMES],
    keys: [AtomicU64; FRAMES],
    flags: [AtomicU8; FRAMES],
    hands: [Mutex<P::Mutex, u16>; 1],
    logs: [Mutex<P::Mutex, [u8; LOG]>; 1],
    readers: [AtomicU64; READERS],
    writer: Mutex<P::Mutex, StaticWriter<PAGE, LOG>>,
}

impl<P: Platform, const PAGE: usize, const FRAMES: usize, const LOG: usize, const READERS: usize>
    StaticMemory<P, PAGE, FRAMES, LOG, READERS>
{
    /// Empty memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            frames: [const { Frame::new([0; PAGE]) }; FRAMES],
            keys: [const { AtomicU64::new(0) }; FRAMES],
            flags: [const { AtomicU8::new(0) }; FRAMES],
            hands: [Mutex::new(0)],
            logs: [Mutex::new([0; LOG])],
            readers: [const { AtomicU64::new(0) }; READERS],
            writer: Mutex::new(WriterMemory::new(
                [0; PAGE],
                [0; LOG],
                [const { List::new([Entry::NONE; INLINE]) }; LISTS],
                [const { SavepointSlot::EMPTY }; SAVEPOINTS],
            )),
        }
    }
}

impl<P: Platform, const PAGE: usize, const FRAMES: usize, const LOG: usize, const READERS: usize> Default
    for StaticMemory<P, PAGE, FRAMES, LOG, READERS>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform, const PAGE: usize, const FRAMES: usize, const LOG: usize, const READERS: usize> Memory<P>
    for StaticMemory<P, PAGE, FRAMES, LOG, READERS>
{
    type Page = [u8; PAGE];
    type Log = [u8; LOG];
    type Operations = [u8; LOG];
    type Inline = [Entry; INLINE];
    type Lists = [List<[Entry; INLINE]>; LISTS];
    type Roots = StaticRoots;
    type Savepoints = [SavepointSlot<StaticRoots>; SAVEPOINTS];

    fn page_size(&self) -> usize {
        PAGE
    }
    fn frames(&self) -> &[Frame<P::RwLock, [u8; PAGE]>] {
        &self.frames
    }
    fn keys(&self) -> &[AtomicU64] {
        &self.keys
    }
    fn flags(&self) -> &[AtomicU8] {
        &self.flags
    }
    fn hands(&self) -> &[Mutex<P::Mutex, u16>] {
        &self.hands
    }
    fn logs(&self) -> &[Mutex<P::Mutex, [u8; LOG]>] {
        &self.logs
    }
    fn readers(&self) -> &[AtomicU64] {
        &self.readers
    }
    fn writer(&self) -> &WriterMutex<P, Self> {
        &self.writer
    }
}
