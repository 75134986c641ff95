//! `cargo +nightly fuzz run log`: see `drystone_fuzz::log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drystone_fuzz::log(input));
