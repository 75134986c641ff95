//! What the page pool does: counts, no times, so that one round says all.

use super::key_value::loaded;
use crate::compare::bench::Bench;
use crate::compare::data::{key, stream};
use crate::compare::engine::{Answer, Engine, KeyValue, Result, Setup};
use crate::compare::engines::{CORE, Core};
use crate::compare::results::Unit;
use drystone_core::{Options, Platform};

/// The data is so many times the pool.
const TIMES: u64 = 10;
/// Passes over the hot set before it counts as known.
const PASSES: usize = 5;
/// Entries of the scan without a cache.
const SCANNED: usize = 100_000;

fn core(bench: &Bench) -> Option<&'static Engine> {
    bench.key_value_engines(0).into_iter().find(|engine| engine.name == CORE)
}

/// Half a pool of hot pages, touched again and again; then everything is scanned once.
pub fn hot_set(bench: &mut Bench) -> Result<()> {
    let Some(engine) = core(bench) else { return Ok(()) };
    bench.progress("hot-set", 0, CORE);
    let path = loaded(bench, engine)?;
    let pages = {
        let core = Core::open(&path, &bench.setup, Options::default())?;
        u64::from(core.db.stats().page_count)
    };
    let pool = pages / TIMES;
    let setup = Setup { cache_bytes: usize::try_from(pool * 4096)?, ..bench.setup };
    let mut core = Core::open(&path, &setup, Options::default())?;
    let rows = bench.options.rows as u64;
    // Keys far enough from each other to be in pages of their own.
    let hot: Vec<u64> = (0..pool / 2).map(|number| number * (rows / (pool / 2))).collect();
    for pass in 0..PASSES {
        hit_rate(&mut core, &hot, pass)?;
    }
    let before = hit_rate(&mut core, &hot, PASSES)?;
    let mut scanned = Answer::default();
    core.read(&mut |reader| reader.range(key(0), usize::MAX >> 1, &mut scanned))?;
    let after = hit_rate(&mut core, &hot, PASSES + 1)?;
    for (name, value) in [("before", before), ("after", after), ("kept", after / before)] {
        bench.results.add("hot-set", CORE, name, Unit::Number, value);
    }
    Ok(())
}

/// Gets every key once, in an order of the pass's own; the part that read no page from the device.
fn hit_rate(core: &mut Core, keys: &[u64], pass: usize) -> Result<f64> {
    let (mut order, mut random) = (keys.to_vec(), stream(0, pass));
    for at in (1..order.len()).rev() {
        order.swap(at, random.index(at + 1));
    }
    let (mut hits, mut answer) = (0, Answer::default());
    for number in &order {
        let before = core.db.stats().page_reads;
        core.read(&mut |reader| reader.get(key(*number), &mut answer))?;
        hits += usize::from(core.db.stats().page_reads == before);
    }
    if answer.rows != keys.len() as u64 {
        return Err("a key of the hot set was not found".into());
    }
    Ok(hits as f64 / keys.len() as f64)
}

/// A range scan with an empty pool.
pub fn cold_scan(bench: &mut Bench) -> Result<()> {
    let Some(engine) = core(bench) else { return Ok(()) };
    bench.progress("cold-scan", 0, CORE);
    let path = loaded(bench, engine)?;
    let mut core = Core::open(&path, &bench.setup, Options::default())?;
    let counts = |core: &Core| {
        let data = core.db.platform().data();
        (data.reads(), data.read_bytes() / u64::from(core.db.page_size()))
    };
    let (calls_before, pages_before) = counts(&core);
    let mut answer = Answer::default();
    let scanned = SCANNED.min(bench.options.rows);
    core.read(&mut |reader| reader.range(key(0), scanned, &mut answer))?;
    let (calls, pages) = counts(&core);
    if answer.rows != scanned as u64 || pages == pages_before {
        return Err("the scan did not read what it should".into());
    }
    let ratio = (calls - calls_before) as f64 / (pages - pages_before) as f64;
    bench.results.add("cold-scan", CORE, "calls/page", Unit::Number, ratio);
    Ok(())
}
