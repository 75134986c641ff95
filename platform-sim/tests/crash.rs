//! What crashes and failures leave behind.

use drystone_core::device::BlockDevice;
use drystone_core::platform::Platform;
use drystone_platform_sim::{
    Alteration, Failure, Fate, Operation, OperationKind, Plan, Random, Role, SimError, SimOptions,
    SimPlatform,
};
use std::collections::HashSet;

const BLOCK: usize = 512;

fn platform(blocks: usize) -> SimPlatform {
    SimPlatform::new(SimOptions {
        data: vec![0; blocks * BLOCK],
        log: vec![0; blocks * BLOCK],
        record: true,
        ..SimOptions::default()
    })
}

fn fill(device: &impl BlockDevice, block: usize, byte: u8) {
    device.write((block * BLOCK) as u64, &[&[byte; BLOCK]]).unwrap();
}

fn block(image: &[u8], block: usize) -> &[u8] {
    &image[block * BLOCK..(block + 1) * BLOCK]
}

fn failing(role: Role, kind: OperationKind, skip: u64, sticky: bool) -> Failure {
    Failure { role: Some(role), kind, skip, sticky }
}

#[test]
fn a_flush_saves_what_was_written_before_it() {
    let sim = platform(4);
    fill(sim.data(), 0, 1);
    sim.data().flush().unwrap();
    fill(sim.data(), 1, 2);
    assert_eq!(sim.pending(), 1);
    let state = sim.crash(Plan::AllOld);
    assert_eq!(block(&state.data, 0), [1; BLOCK]);
    assert_eq!(block(&state.data, 1), [0; BLOCK]);
    assert_eq!(state.count(Fate::Old), 1);
    assert_eq!(sim.data().flush(), Err(SimError::PowerLost));
    assert_eq!(sim.data().read(0, &mut [0]), Err(SimError::PowerLost));
}

#[test]
fn a_write_during_a_flush_is_not_covered_by_it() {
    let sim = platform(4);
    fill(sim.log(), 0, 1);
    sim.hold_flushes(Role::Log);
    std::thread::scope(|scope| {
        let flushing = scope.spawn(|| sim.log().flush());
        sim.wait_for_held_flush(Role::Log);
        fill(sim.log(), 0, 2);
        fill(sim.log(), 1, 2);
        sim.data().flush().unwrap(); // the other device goes on
        sim.release_flushes(Role::Log);
        flushing.join().unwrap().unwrap();
    });
    let state = sim.crash(Plan::AllOld);
    assert_eq!(block(&state.log, 0), [1; BLOCK]);
    assert_eq!(block(&state.log, 1), [0; BLOCK]);
}

#[test]
fn after_a_failed_flush_only_a_new_write_is_saved() {
    let sim = platform(4);
    fill(sim.data(), 0, 1);
    fill(sim.data(), 1, 1);
    sim.fail(failing(Role::Data, OperationKind::Flush, 0, false));
    let injected = SimError::Injected(Role::Data, OperationKind::Flush);
    assert_eq!(sim.data().flush(), Err(injected));
    let mut bytes = [0; BLOCK];
    sim.data().read(0, &mut bytes).unwrap();
    assert_eq!(bytes, [1; BLOCK], "reads still return the lost bytes");
    fill(sim.data(), 1, 2);
    sim.data().flush().unwrap();
    assert_eq!(sim.pending(), 1, "the lost block is still undecided");
    let trace = sim.trace().unwrap();
    let old = trace.crash_at(trace.operations().len(), Plan::AllOld);
    assert_eq!(block(&old.data, 0), [0; BLOCK]);
    assert_eq!(block(&old.data, 1), [2; BLOCK]);
    let new = sim.crash(Plan::AllNew);
    assert_eq!(block(&new.data, 0), [1; BLOCK]);
}

#[test]
fn a_length_is_lost_with_its_flush() {
    let sim = platform(1);
    sim.data().reserve(3 * BLOCK as u64).unwrap();
    fill(sim.data(), 2, 7);
    let trace = sim.trace().unwrap();
    let end = trace.operations().len();
    assert_eq!(trace.crash_at(end, Plan::AllOld).data.len(), BLOCK);
    let new = trace.crash_at(end, Plan::AllNew);
    assert_eq!(new.data.len(), 3 * BLOCK);
    assert_eq!(block(&new.data, 2), [7; BLOCK]);
    sim.data().flush().unwrap();
    sim.data().truncate(BLOCK as u64).unwrap();
    let old = sim.crash(Plan::AllOld);
    assert_eq!(block(&old.data, 2), [7; BLOCK], "the cut did not happen");
}

#[test]
fn failures_strike_as_ordered() {
    let sim = platform(2);
    sim.fail(failing(Role::Data, OperationKind::Read, 1, false));
    let read = || sim.data().read(0, &mut [0; 8]).is_ok();
    assert_eq!([read(), read(), read()], [true, false, true]);
    sim.fail(failing(Role::Log, OperationKind::Write, 1, true));
    let write = || sim.log().write(0, &[&[1; BLOCK]]).is_ok();
    assert_eq!([write(), write(), write()], [true, false, false]);
    sim.fail_no_more();
    assert!(write());
    sim.set_capacity(Role::Data, 4 * BLOCK as u64);
    sim.data().reserve(4 * BLOCK as u64).unwrap();
    let full = sim.data().reserve(5 * BLOCK as u64);
    assert_eq!(full, Err(SimError::NoSpace(Role::Data)));
    assert_eq!(sim.data().len().unwrap(), 4 * BLOCK as u64);
    assert_eq!(sim.counters(Role::Log).writes, 4);
}

/// Writes at random; returns the platform.
fn random_run(seed: u64) -> SimPlatform {
    let sim = platform(16);
    let mut random = Random::new(seed);
    for step in 0..60 {
        let device = if random.one_in(2) { sim.data() } else { sim.log() };
        match random.below(8) {
            0 => device.flush().unwrap(),
            1 => sim.note(step),
            _ => {
                let start = random.index(15);
                let mut bytes = vec![0; BLOCK * (1 + random.index(15 - start))];
                random.fill(&mut bytes);
                device.write((start * BLOCK) as u64, &[&bytes]).unwrap();
            }
        }
    }
    sim
}

#[test]
fn replay_gives_every_state_and_the_live_one() {
    let (first, again) = (random_run(5), random_run(5));
    let trace = first.trace().unwrap();
    assert_eq!(trace.operations(), again.trace().unwrap().operations());
    let mut replay = trace.replay();
    let mut states = HashSet::new();
    loop {
        for seed in 0..20 {
            let state = replay.crash(Plan::Seeded(seed));
            assert_eq!(state.data, replay.crash(Plan::Seeded(seed)).data);
            if state.fates.len() >= 2 {
                assert!(state.count(Fate::Torn) >= 1, "position {}", replay.position());
                let all_torn = state.fates.iter().all(|one| one.block.is_none() || one.fate == Fate::Torn);
                assert!(all_torn || state.count(Fate::Old) >= 1, "position {}", replay.position());
            }
            states.insert((replay.position(), state.fate_digest()));
        }
        if replay.step().is_none() {
            break;
        }
    }
    assert!(states.len() > 600, "{} states", states.len());
    let live = again.crash(Plan::Seeded(3));
    let replayed = replay.crash(Plan::Seeded(3));
    assert_eq!((live.data, live.log), (replayed.data, replayed.log));
    assert_eq!(live.fates, replayed.fates);
}

#[test]
fn chosen_plans_are_all_combinations() {
    let sim = platform(4);
    for block in 0..3 {
        fill(sim.data(), block, 1);
    }
    let trace = sim.trace().unwrap();
    let end = trace.operations().len();
    let digest = |new, torn| trace.crash_at(end, Plan::Chosen { new, torn }).fate_digest();
    let fates: HashSet<_> = (0..8).flat_map(|new| (0..8).map(move |torn| digest(new, torn))).collect();
    assert_eq!(fates.len(), 27);
    assert!(matches!(trace.operations()[0], Operation::Write { .. }));
}

#[test]
fn altered_writes_are_lost_or_elsewhere() {
    let sim = platform(5);
    fill(sim.data(), 0, 1);
    fill(sim.data(), 1, 2);
    sim.data().flush().unwrap();
    let trace = sim.trace().unwrap();
    let writes = |operation: &Operation| matches!(operation, Operation::Write { .. });
    let second = trace.operations().iter().rposition(writes).unwrap();
    let lost = trace.altered(second, Alteration::Lost).unwrap();
    assert_eq!(lost.data[..2 * BLOCK], [[1; BLOCK], [0; BLOCK]].concat());
    let misplaced = trace.altered(second, Alteration::Misplaced(0)).unwrap();
    assert_eq!(misplaced.data[..2 * BLOCK], [[2; BLOCK], [0; BLOCK]].concat());
    assert!(trace.altered(second, Alteration::Misplaced(1 << 40)).is_none());
    assert!(trace.altered(trace.operations().len() - 1, Alteration::Lost).is_none(), "no write");
}

#[test]
fn torn_blocks_leave_their_neighbours_alone() {
    for seed in 0..200 {
        let sim = platform(3);
        fill(sim.data(), 0, 1);
        fill(sim.data(), 2, 1);
        sim.data().flush().unwrap();
        fill(sim.data(), 1, 2);
        let state = sim.crash(Plan::Seeded(seed));
        assert_eq!(block(&state.data, 0), [1; BLOCK], "seed {seed}");
        assert_eq!(block(&state.data, 2), [1; BLOCK], "seed {seed}");
        let middle = block(&state.data, 1);
        match state.fates[0].fate {
            Fate::Old => assert_eq!(middle, [0; BLOCK], "seed {seed}"),
            Fate::New => assert_eq!(middle, [2; BLOCK], "seed {seed}"),
            Fate::Middle => panic!("seed {seed}: one version only"),
            Fate::Torn => {}
        }
    }
}

/// A write in parts is whole in the end, and power may go between any two of them.
#[test]
fn an_interrupted_write_is_continued() {
    let sim = platform(4);
    sim.interrupt(1);
    let bytes: Vec<u8> = (0..2 * BLOCK).map(|at| at as u8).collect();
    sim.data().write(100, &[&bytes]).unwrap();
    let mut found = vec![0; bytes.len()];
    sim.data().read(100, &mut found).unwrap();
    assert_eq!(found, bytes);
    let trace = sim.trace().unwrap();
    let parts = trace.operations().len();
    assert!(parts > 1, "{parts}");
    let mut end = 100;
    for position in 1..=parts {
        let Operation::Write { offset, bytes: part, .. } = &trace.operations()[position - 1] else {
            panic!("a write");
        };
        assert!(*offset == end && !part.is_empty());
        end += part.len() as u64;
        let image = trace.crash_at(position, Plan::AllNew).data;
        assert_eq!(image[100..end as usize], bytes[..end as usize - 100]);
        assert!(image[end as usize..].iter().all(|byte| *byte == 0));
    }
    assert_eq!(end as usize, 100 + bytes.len());
}
