//! Drystone on Linux files: preallocation, vectored positional writes, fdatasync, locks.
