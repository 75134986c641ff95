//! Drystone on macOS files: F_PREALLOCATE, F_FULLFSYNC, F_BARRIERFSYNC, locks.
