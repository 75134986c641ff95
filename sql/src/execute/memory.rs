//! The memory account of a statement: operators that keep rows reserve what they use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::stop::Stop;
use crate::error::{Error, ErrorKind, Result, state};

/// What all operators of a statement hold together, and its limit, in bytes.
#[derive(Debug)]
pub(crate) struct Account {
    used: AtomicUsize,
    limit: usize,
    stop: Arc<Stop>,
}

/// What one operator holds; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    account: Arc<Account>,
    bytes: usize,
}

impl Account {
    pub(crate) fn new(limit: usize, stop: Arc<Stop>) -> Arc<Account> {
        Arc::new(Account { used: AtomicUsize::new(0), limit, stop })
    }

    /// A reservation of nothing yet.
    pub(crate) fn reserve(self: &Arc<Account>) -> Reservation {
        Reservation { account: self.clone(), bytes: 0 }
    }
}

impl Reservation {
    /// Makes it so many bytes in all.
    pub(crate) fn set(&mut self, bytes: usize) -> Result<()> {
        let account = &self.account;
        account.used.fetch_sub(self.bytes, Ordering::Relaxed);
        let used = account.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bytes = bytes;
        if used <= account.limit && !account.stop.refuses_memory() {
            return Ok(());
        }
        let limit = match account.limit / (1 << 20) {
            0 => format!("{} bytes", account.limit),
            limit => format!("{limit} MiB"),
        };
        let message = format!("the statement needs more than its limit of {limit} of memory");
        Err(Error::new(ErrorKind::Limit, state::OUT_OF_MEMORY, message)
            .hint("sort, join or group fewer rows, or raise the memory limit"))
    }
}

impl Reservation {
    /// Makes it so many bytes in all if that leaves a quarter of the limit free; else nothing is
    /// changed and the answer is no: who can do with less memory, should now.
    pub(crate) fn try_set(&mut self, bytes: usize) -> Result<bool> {
        let others = self.account.used.load(Ordering::Relaxed) - self.bytes;
        if others + bytes > self.account.limit / 4 * 3 {
            return Ok(false);
        }
        self.set(bytes).map(|()| true)
    }

    /// Bytes that nobody holds, and those held here.
    pub(crate) fn available(&self) -> usize {
        let others = self.account.used.load(Ordering::Relaxed) - self.bytes;
        self.account.limit.saturating_sub(others)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.account.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_add_up_and_are_given_back() {
        let account = Account::new(100, Arc::default());
        let mut first = account.reserve();
        first.set(60).unwrap();
        let mut second = account.reserve();
        assert_eq!(second.set(50).unwrap_err().code(), "53200");
        drop(first);
        second.set(100).unwrap();
        second.set(10).unwrap();
        assert!(second.try_set(75).unwrap() && !second.try_set(76).unwrap());
        drop(second);
        assert_eq!(account.used.load(Ordering::Relaxed), 0);
    }
}
