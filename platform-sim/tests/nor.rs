//! The NOR mode: what flash refuses, and what a cut leaves of it.

use drystone_core::device::BlockDevice;
use drystone_platform_sim::{
    CrashState, Failure, Nor, OperationKind, Plan, Random, Role, SimDevice, SimError, SimOptions, SimPlatform,
};

const WORD: usize = 8;
const UNIT: usize = 1024;
const LEN: usize = 8 * UNIT;
const NOR: Nor = Nor { word: WORD as u32, erase_size: UNIT as u32 };

fn on(data: Vec<u8>, record: bool) -> SimPlatform {
    let log = vec![0xFF; LEN];
    SimPlatform::new(SimOptions { data, log, record, nor: Some(NOR), ..SimOptions::default() })
}

fn blank() -> SimPlatform {
    on(vec![0xFF; LEN], true)
}

fn data(platform: &SimPlatform) -> &SimDevice {
    platform.device(Role::Data)
}

fn bytes(device: &SimDevice) -> Vec<u8> {
    let mut bytes = vec![0; LEN];
    device.read(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_word_is_programmed_once() {
    let platform = blank();
    let device = data(&platform);
    assert_eq!((device.geometry().erase_size, device.len()), (UNIT as u32, Ok(LEN as u64)));
    device.write(16, &[&[1; 8], &[2; 8]]).unwrap();
    let again = Err(SimError::NotErased { role: Role::Data, offset: 24 });
    assert_eq!(device.write(24, &[&[2; 8]]), again, "not even with the same bytes");
    assert_eq!(device.write(8, &[&[0; 24]]), Err(SimError::NotErased { role: Role::Data, offset: 16 }));
    let unaligned = |offset, len| Err(SimError::Unaligned { role: Role::Data, offset, len });
    assert_eq!(device.write(33, &[&[0; 8]]), unaligned(33, 8));
    assert_eq!(device.write(32, &[&[0; 9]]), unaligned(32, 9));
    assert_eq!(device.erase(0..512), unaligned(0, 512));
    assert_eq!(device.erase(512..1536), unaligned(512, 1024));
    assert!(matches!(device.erase(0..2 * LEN as u64), Err(SimError::OutOfRange { .. })));
    assert_eq!(bytes(device)[8..40], [[0xFF; 8], [1; 8], [2; 8], [0xFF; 8]].concat(), "nothing was changed");
    device.erase(0..UNIT as u64).unwrap();
    assert!(bytes(device).iter().all(|byte| *byte == 0xFF));
    device.write(16, &[&[3; 8]]).unwrap();
    // The length is what it is.
    assert_eq!(device.reserve(LEN as u64), Ok(()));
    assert_eq!(device.reserve(LEN as u64 + 1), Err(SimError::NoSpace(Role::Data)));
    assert_eq!((device.truncate(UNIT as u64), device.len()), (Ok(()), Ok(LEN as u64)));
}

/// What was on the flash at power-on counts as programmed unless it is erased.
#[test]
fn old_bytes_are_not_erased() {
    let mut old = vec![0xFF; LEN];
    old[20] = 0xFE;
    let platform = on(old, false);
    let device = data(&platform);
    assert_eq!(device.write(16, &[&[0; 8]]), Err(SimError::NotErased { role: Role::Data, offset: 16 }));
    device.write(24, &[&[0; 8]]).unwrap();
}

/// A cut inside a program: words before one are there, one has some of its bits, the rest is erased.
#[test]
fn a_program_is_cut_at_a_word() {
    let mut seen = [0; 3];
    for seed in 0..300 {
        let platform = blank();
        data(&platform).write(0, &[&[0x5A; 64]]).unwrap();
        data(&platform).write(UNIT as u64, &[&[0x21; 10 * WORD]]).unwrap();
        let state = platform.crash(Plan::Seeded(seed));
        assert_eq!(state.data[..64], [0x5A; 64], "what was done before stays");
        let words: Vec<&[u8]> = state.data[UNIT..UNIT + 10 * WORD].chunks(WORD).collect();
        let whole = words.iter().take_while(|word| **word == [0x21; WORD]).count();
        let erased = words.iter().rev().take_while(|word| **word == [0xFF; WORD]).count();
        assert!(whole + erased >= 9, "seed {seed}: {words:?}");
        if let Some(torn) = words.get(whole).filter(|_| whole + erased == 9) {
            assert!(torn.iter().all(|byte| byte & 0x21 == 0x21), "bits are only cleared: {torn:?}");
        }
        assert!(state.data[UNIT + 10 * WORD..].iter().all(|byte| *byte == 0xFF));
        seen[if whole == 10 { 0 } else { 1 + usize::from(erased < 10) }] += 1;
    }
    assert!(seen.iter().all(|count| *count > 10), "all, nothing, some: {seen:?}");
}

/// A cut inside an erase: units before one are erased, one is garbage, the rest is as it was.
#[test]
fn an_erase_that_is_cut_leaves_garbage() {
    let old: Vec<u8> = (0..LEN).map(|at| (at / UNIT) as u8).collect();
    let mut garbage = 0;
    for seed in 0..300 {
        let platform = on(old.clone(), false);
        data(&platform).erase(UNIT as u64..5 * UNIT as u64).unwrap();
        let state = platform.crash(Plan::Seeded(seed));
        let units: Vec<&[u8]> = state.data.chunks(UNIT).collect();
        let same = |number: &usize| units[*number] == &old[number * UNIT..(number + 1) * UNIT];
        let erased = (1..5).take_while(|number| units[*number].iter().all(|byte| *byte == 0xFF)).count();
        let left = (1..5).rev().take_while(same).count();
        assert!(erased + left >= 3 && [0, 5, 6, 7].iter().all(same), "seed {seed}");
        if erased + left == 3 {
            garbage += 1;
            // It must be erased again before anything is written there.
            let platform = on(state.data, false);
            let at = ((1 + erased) * UNIT) as u64;
            assert!(matches!(data(&platform).write(at, &[&[0; UNIT]]), Err(SimError::NotErased { .. })));
            data(&platform).erase(at..at + UNIT as u64).unwrap();
            data(&platform).write(at, &[&[0; UNIT]]).unwrap();
        }
    }
    assert!(garbage > 30, "{garbage}");
}

/// A flush ends what runs, and nothing is out of order: a crash changes only the last operation.
#[test]
fn only_the_last_operation_is_in_doubt() {
    let platform = blank();
    let device = data(&platform);
    device.write(0, &[&[1; 64]]).unwrap();
    device.write(64, &[&[2; 64]]).unwrap();
    assert_eq!(platform.pending(), 1);
    device.flush().unwrap();
    assert_eq!(platform.pending(), 0);
    assert_eq!(platform.crash(Plan::AllOld).data[..128], [[1; 64], [2; 64]].concat());
    // On a trace, at each position.
    let trace = platform.trace().unwrap();
    let old: Vec<CrashState> =
        (0..=trace.operations().len()).map(|position| trace.crash_at(position, Plan::AllOld)).collect();
    let there = |state: &CrashState| state.data.iter().filter(|byte| **byte != 0xFF).count();
    assert_eq!(old.iter().map(there).collect::<Vec<_>>(), [0, 0, 64, 128]);
    assert_eq!(there(&trace.crash_at(2, Plan::AllNew)), 128);
}

/// A random workload beside a model; the same seed gives the same bytes, also where calls fail or do a
/// part.
#[test]
fn a_seed_gives_the_same_flash() {
    let run = |seed: u64| {
        let platform = blank();
        let device = data(&platform);
        let mut random = Random::new(seed);
        let mut model = vec![0xFF; LEN];
        platform.interrupt(4);
        for round in 0..200 {
            let unit = random.index(LEN / UNIT) * UNIT;
            let offset = unit + random.index(UNIT / WORD) * WORD;
            let len = (1 + random.index(12)) * WORD;
            let range = offset..(offset + len).min(unit + UNIT);
            let mut new = vec![0; range.len()];
            random.fill(&mut new);
            if model[range.clone()].iter().any(|byte| *byte != 0xFF) {
                assert!(matches!(device.write(offset as u64, &[&new]), Err(SimError::NotErased { .. })));
                device.erase(unit as u64..(unit + UNIT) as u64).unwrap();
                model[unit..unit + UNIT].fill(0xFF);
            } else if round % 20 == 7 {
                let kind = if random.one_in(2) { OperationKind::Write } else { OperationKind::Erase };
                platform.fail(Failure { role: Some(Role::Data), kind, skip: 0, sticky: false });
                let failed = match kind {
                    OperationKind::Write => device.write(offset as u64, &[&new]),
                    _ => device.erase(unit as u64..(unit + UNIT) as u64),
                };
                assert_eq!(failed, Err(SimError::Injected(Role::Data, kind)));
                model = bytes(device);
            } else {
                device.write(offset as u64, &[&new]).unwrap();
                model[range].copy_from_slice(&new);
            }
        }
        assert!(bytes(device) == model, "seed {seed}");
        platform.crash(Plan::Seeded(seed)).data
    };
    for seed in 0..20 {
        assert!(run(seed) == run(seed), "seed {seed}");
    }
    assert!(run(1) != run(2));
}
