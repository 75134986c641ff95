//! Benchmarks of Drystone.
