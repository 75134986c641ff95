//! `cargo +nightly fuzz run sql`: see `drystone_fuzz::sql`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drystone_fuzz::sql(input));
