//! `cargo +nightly fuzz run keys`: see `drystone_fuzz::keys`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drystone_fuzz::keys(input));
