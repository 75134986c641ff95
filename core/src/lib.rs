//! The storage core of Drystone: crash-safe, copy-on-write, never allocates.
