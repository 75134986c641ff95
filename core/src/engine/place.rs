//! The writer's place: who holds it may change the database. A futex-style lock, because its holder
//! may move between threads.

use super::Database;
use crate::error::Error;
use crate::memory::Memory;
use crate::platform::Platform;
use portable_atomic::Ordering;

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and somebody waits.
const WANTED: u32 = 2;

impl<P: Platform, M: Memory<P>> Database<P, M> {
    /// Takes the writer's place, waiting as long as the options allow.
    pub(crate) fn take_place(&self) -> Result<(), Error<P::Error>> {
        if self.try_place() { Ok(()) } else { self.wait_for_place() }
    }

    #[cold]
    fn wait_for_place(&self) -> Result<(), Error<P::Error>> {
        if !P::THREADS {
            return Err(Error::Busy);
        }
        let begin = self.platform.now_us();
        loop {
            if self.place.swap(WANTED, Ordering::Acquire) == FREE {
                return Ok(());
            }
            let waited = self.platform.now_us().saturating_sub(begin);
            let Some(left) = self.options.busy_timeout_us.checked_sub(waited).filter(|left| *left > 0) else {
                return Err(Error::Busy);
            };
            self.platform.wait(&self.place, WANTED, Some(left));
        }
    }

    /// Takes the place if it is free now.
    pub(crate) fn try_place(&self) -> bool {
        self.place.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Gives the place back.
    pub(crate) fn free_place(&self) {
        if self.place.swap(FREE, Ordering::Release) == WANTED {
            self.platform.wake(&self.place);
        }
    }
}
