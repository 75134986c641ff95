//! `cargo +nightly fuzz run operations`: see `drystone_fuzz::operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drystone_fuzz::operations(input));
