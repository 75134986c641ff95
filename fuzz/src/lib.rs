//! The bodies of the fuzz targets.
//!
//! Each takes arbitrary bytes as damage to a small real database, opens it, and uses whatever the
//! engine still serves. Any error is fine; a panic, an endless loop, or an answer after `check`
//! found nothing wrong that contradicts it, is not. Others run operations beside a model, keys in
//! their order, SQL text. The tests at the end run all from seeds, so that they count where no
//! fuzzer runs.

mod database;
mod input;
mod operations;
mod sql;

use database::{Image, Opened, template_log, template_pages};
use input::Input;

/// Damages pages of a cleanly closed database. With repaired checksums the damage gets past them,
/// to the code that decodes pages.
pub fn page(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut image: Image = template_pages().clone();
    let repair = input.flag();
    while let Some(patch) = input.patch() {
        image.patch_page(patch, repair);
    }
    if let Some(opened) = Opened::new(image, input.flag()) {
        opened.exercise();
    }
}

/// Damages the log of a database that was not closed. With repaired checksums the damage gets past
/// them, to the code that decides which records to believe and applies them.
pub fn log(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut image: Image = template_log().clone();
    let repair = input.flag();
    while let Some(patch) = input.patch() {
        image.patch_log(patch, repair);
    }
    if let Some(opened) = Opened::new(image, input.flag()) {
        opened.assert_sound();
        opened.exercise();
    }
}

/// Damages all of an image: its lengths, and blocks of both devices, up to whole ones.
pub fn image(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut image: Image = if input.flag() { template_log() } else { template_pages() }.clone();
    image.resize(input.byte().unwrap_or(255), input.byte().unwrap_or(255));
    let writable = input.flag();
    while let Some(kind) = input.byte() {
        let Some(patch) = input.patch() else { break };
        if kind % 2 == 0 {
            image.patch_page(patch, kind % 8 != 0);
        } else {
            image.patch_log(patch, kind % 8 != 1);
        }
    }
    if let Some(opened) = Opened::new(image, writable) {
        opened.exercise();
    }
}

/// Operations beside a model, with failing devices, closings and power cuts.
pub fn operations(bytes: &[u8]) {
    operations::run(&mut Input::new(bytes));
}

/// The order of keys of several types.
pub fn keys(bytes: &[u8]) {
    sql::keys(&mut Input::new(bytes));
}

/// SQL text.
pub fn sql(bytes: &[u8]) {
    sql::text(&mut Input::new(bytes));
}

#[cfg(test)]
mod tests {
    use drystone_platform_sim::Random;

    /// Runs a target on inputs from a seed; `DRYSTONE_FUZZ_ROUNDS` sets how many.
    fn run(target: fn(&[u8])) {
        let rounds = std::env::var("DRYSTONE_FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(600);
        for seed in 0..rounds {
            println!("seed {seed}");
            let mut random = Random::new(seed);
            let mut bytes = vec![0; 4 + random.index(if seed % 8 == 0 { 2_000 } else { 40 })];
            random.fill(&mut bytes);
            target(&bytes);
        }
    }

    #[test]
    fn undamaged() {
        for image in [super::template_pages(), super::template_log()] {
            for writable in [false, true] {
                let opened = super::Opened::new(image.clone(), writable).unwrap();
                opened.assert_sound();
                opened.exercise();
            }
        }
    }

    #[test]
    fn pages() {
        run(super::page);
    }

    #[test]
    fn logs() {
        run(super::log);
    }

    #[test]
    fn images() {
        run(super::image);
    }

    #[test]
    fn operations() {
        run(super::operations);
    }

    #[test]
    fn keys() {
        run(super::keys);
    }

    #[test]
    fn sql() {
        run(super::sql);
    }
}
