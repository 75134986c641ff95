//! Memory with two log buffers: while one is flushed the other fills, so that several records share
//! a flush. All else is [`StaticMemory`]'s.

use drystone_core::memory::{Frame, WriterMutex};
use drystone_core::{Memory, StaticMemory};
use drystone_platform_sim::{SimMutex, SimPlatform};
use lock_api::Mutex;
use portable_atomic::{AtomicU8, AtomicU64};

/// Bytes of a page.
const PAGE: usize = 512;
/// Reader slots.
const READERS: usize = 4;

type Inner<const FRAMES: usize, const LOG: usize> = StaticMemory<SimPlatform, PAGE, FRAMES, LOG, READERS>;

/// Memory of so many frames in so many sets, with two log buffers of so many bytes.
pub struct Desk<const FRAMES: usize, const LOG: usize, const SETS: usize> {
    inner: Inner<FRAMES, LOG>,
    logs: [Mutex<SimMutex, [u8; LOG]>; 2],
    hands: [Mutex<SimMutex, u16>; SETS],
}

impl<const FRAMES: usize, const LOG: usize, const SETS: usize> Default for Desk<FRAMES, LOG, SETS> {
    fn default() -> Self {
        let hands = [const { Mutex::new(0) }; SETS];
        Self { inner: Inner::new(), logs: [const { Mutex::new([0; LOG]) }; 2], hands }
    }
}

impl<const FRAMES: usize, const LOG: usize, const SETS: usize> Memory<SimPlatform>
    for Desk<FRAMES, LOG, SETS>
{
    type Page = <Inner<FRAMES, LOG> as Memory<SimPlatform>>::Page;
    type Log = <Inner<FRAMES, LOG> as Memory<SimPlatform>>::Log;
    type Operations = <Inner<FRAMES, LOG> as Memory<SimPlatform>>::Operations;
    type Inline = <Inner<FRAMES, LOG> as Memory<SimPlatform>>::Inline;
    type Lists = <Inner<FRAMES, LOG> as Memory<SimPlatform>>::Lists;
    type Roots = <Inner<FRAMES, LOG> as Memory<SimPlatform>>::Roots;
    type Savepoints = <Inner<FRAMES, LOG> as Memory<SimPlatform>>::Savepoints;

    fn page_size(&self) -> usize {
        PAGE
    }
    fn frames(&self) -> &[Frame<parking_lot::RawRwLock, Self::Page>] {
        self.inner.frames()
    }
    fn keys(&self) -> &[AtomicU64] {
        self.inner.keys()
    }
    fn flags(&self) -> &[AtomicU8] {
        self.inner.flags()
    }
    fn hands(&self) -> &[Mutex<SimMutex, u16>] {
        &self.hands
    }
    fn logs(&self) -> &[Mutex<SimMutex, Self::Log>] {
        &self.logs
    }
    fn readers(&self) -> &[AtomicU64] {
        self.inner.readers()
    }
    fn writer(&self) -> &WriterMutex<SimPlatform, Self> {
        self.inner.writer()
    }
}
