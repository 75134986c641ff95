//! `cargo +nightly fuzz run page`: see `drystone_fuzz::page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drystone_fuzz::page(input));
