//! Bugs sown on purpose, to test the tests: each is one wrong turn at the place where it would really
//! be made, taken only where [`is`] says so.
//!
//! They exist in builds with `--cfg drystone_seeded_bugs` alone, which no feature can turn on; in all
//! others [`is`] is `false` at compile time. There one of them at a time can be sown, for the whole
//! process.

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A log block says that its own batch is durable.
    WatermarkAhead,
    /// Log blocks say that nothing is durable.
    WatermarkMissing,
    /// The first commit after the log began anew is not flushed.
    FirstCommitUnflushed,
    /// A checkpoint's meta is written before its pages are flushed.
    MetaBeforePages,
    /// A checkpoint counts before its meta is flushed.
    MetaUnflushed,
    /// An opening renews both copies of the meta before one flush.
    GoodMetaOverwritten,
    /// The mark of a clean close stays when the database is written again.
    CleanMarkKept,
    /// The chain of records goes on behind a block that is missing.
    HoleAccepted,
    /// A failed flush of the log is tried again.
    FlushRetried,
    /// A failed flush of the data device does not end the writing.
    FlushFailureForgotten,
    /// What the cache shows at opening is believed and not written again.
    CacheBelieved,
    /// A read error is taken for the end of a tree.
    ReadErrorIsEnd,
    /// A page is believed whatever writing of it was meant.
    TagUnchecked,
    /// A page is believed wherever it belongs.
    IdentityUnchecked,
    /// A page's checksum is not looked at.
    PageChecksumUnchecked,
    /// The checksums of log blocks and records are not looked at.
    LogChecksumUnchecked,
    /// Both generations of the meta are written before one flush.
    BothGenerations,
    /// The first write after opening does not raise the incarnation durably.
    IncarnationUnwritten,
    /// Recovery serves before its checkpoint is durable.
    ServedBeforeCheckpoint,
    /// The frame of a page that became free stays, and is written over its successor.
    DeadFrameKept,
    /// A map page is changed in its durable place.
    MapInPlace,
    /// A tree page of the state before is changed in its place.
    ListedPageInPlace,
    /// A savepoint protects one epoch too few.
    SavepointTooYoung,
    /// A pinned snapshot protects nothing.
    ReadersUnprotected,
    /// The visible state protects nothing while a flush runs.
    VisibleUnprotected,
    /// The state a flush will make visible protects nothing.
    FlushingUnprotected,
    /// The last durable checkpoint protects nothing.
    DurableUnprotected,
    /// The checkpoint in progress protects nothing.
    InProgressUnprotected,
    /// A commit is shown to readers before it is flushed.
    VisibleEarly,
    /// A commit by checkpoint is published before its meta is durable.
    PublishedBeforeMeta,
    /// After a failed flush of the log transactions go on.
    UnflushedForgotten,
    /// Who waits for a flush that failed is told that it succeeded.
    UnknownIsDone,
    /// A checkpoint's map calls pages used that are only held.
    HeldPersisted,
    /// A failed or short write of a page counts as whole.
    WriteErrorIgnored,
    /// A batch of the log is written and not flushed.
    LogFlushDropped,
    /// A batch of the log is flushed before it is written.
    LogFlushFirst,
    /// Replay keeps a reserve, so that it needs more space than the first run.
    ReplayWithReserve,
    /// A checkpoint's meta keeps the place where replay began before.
    ReplayFromOldPlace,
    /// The log is retired when a checkpoint begins.
    RetiredEarly,
    /// Pages born in what is rolled back stay used.
    RollbackLeaks,
    /// The data device is cut before the meta is durable.
    TruncatedEarly,
    /// A checkpoint does not write the newest roots into the catalog.
    RootsForgotten,
    /// The second part of a batch that wraps is written first and alone flushed.
    WrongBlockFirst,
    /// A snapshot is announced after its state was copied, not together with that.
    SnapshotAnnouncedLate,
    /// A database that failed is closed as if it were whole.
    CleanMarkAfterFailure,
    /// Neither LSN nor chain nor parent of a record are looked at: after a wrap an older lap follows.
    LapUnchecked,
    /// A block of the log that was flushed and has room is written again.
    BlockRewritten,
    /// An opening goes on in the log where the last one ended, in its incarnation.
    IncarnationKept,
}

#[cfg(not(drystone_seeded_bugs))]
mod switch {
    /// Never.
    pub(crate) const fn is(_bug: super::Bug) -> bool {
        false
    }
}

#[cfg(drystone_seeded_bugs)]
mod switch {
    use super::Bug;
    use portable_atomic::{AtomicU32, Ordering};

    static SOWN: AtomicU32 = AtomicU32::new(u32::MAX);

    impl Bug {
        /// All of them.
        pub const ALL: &[Self] = &[
            Self::WatermarkAhead,
            Self::WatermarkMissing,
            Self::FirstCommitUnflushed,
            Self::MetaBeforePages,
            Self::MetaUnflushed,
            Self::GoodMetaOverwritten,
            Self::CleanMarkKept,
            Self::HoleAccepted,
            Self::FlushRetried,
            Self::FlushFailureForgotten,
            Self::CacheBelieved,
            Self::ReadErrorIsEnd,
            Self::TagUnchecked,
            Self::IdentityUnchecked,
            Self::PageChecksumUnchecked,
            Self::LogChecksumUnchecked,
            Self::BothGenerations,
            Self::IncarnationUnwritten,
            Self::ServedBeforeCheckpoint,
            Self::DeadFrameKept,
            Self::MapInPlace,
            Self::ListedPageInPlace,
            Self::SavepointTooYoung,
            Self::ReadersUnprotected,
            Self::VisibleUnprotected,
            Self::FlushingUnprotected,
            Self::DurableUnprotected,
            Self::InProgressUnprotected,
            Self::VisibleEarly,
            Self::PublishedBeforeMeta,
            Self::UnflushedForgotten,
            Self::UnknownIsDone,
            Self::HeldPersisted,
            Self::WriteErrorIgnored,
            Self::LogFlushDropped,
            Self::LogFlushFirst,
            Self::ReplayWithReserve,
            Self::ReplayFromOldPlace,
            Self::RetiredEarly,
            Self::RollbackLeaks,
            Self::TruncatedEarly,
            Self::RootsForgotten,
            Self::WrongBlockFirst,
            Self::SnapshotAnnouncedLate,
            Self::CleanMarkAfterFailure,
            Self::LapUnchecked,
            Self::BlockRewritten,
            Self::IncarnationKept,
        ];
    }

    /// Sows a bug, for ever.
    pub fn sow(bug: Bug) {
        SOWN.store(bug as u32, Ordering::Relaxed);
    }

    /// Whether this bug is sown.
    pub(crate) fn is(bug: Bug) -> bool {
        SOWN.load(Ordering::Relaxed) == bug as u32
    }
}

pub(crate) use switch::is;
#[cfg(drystone_seeded_bugs)]
pub use switch::sow;
