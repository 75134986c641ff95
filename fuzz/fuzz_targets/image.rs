//! `cargo +nightly fuzz run image`: see `drystone_fuzz::image`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drystone_fuzz::image(input));
