//! The tests that every [`BlockDevice`] has to pass, on whatever platform.
//!
//! Each takes an empty device that can grow. They panic where the contract is broken: call them
//! from tests.

use crate::random::Random;
use drystone_core::device::BlockDevice;
use drystone_core::platform::Platform;
use embedded_io::{Error, ErrorKind};
use portable_atomic::{AtomicU32, Ordering};

fn kind<E: Error>(result: Result<(), E>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// All tests of one device.
pub fn device<D: BlockDevice>(make: impl Fn() -> D) {
    grows(&make());
    bounds(&make());
    vectors(&make());
    shrinks(&make());
    random_writes(&make(), 0x5EED);
}

fn grows<D: BlockDevice>(device: &D) {
    let block = u64::from(device.geometry().block_size);
    assert!(block.is_power_of_two());
    assert_eq!(device.len().unwrap(), 0);
    assert!(device.is_empty().unwrap());
    device.flush().unwrap();
    device.reserve(3 * block).unwrap();
    assert_eq!(device.len().unwrap(), 3 * block);
    let mut bytes = vec![1; 3 * block as usize];
    device.read(0, &mut bytes).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0), "new bytes are zero");
    device.write(0, &[&vec![7; block as usize]]).unwrap();
    device.reserve(block).unwrap();
    assert_eq!(device.len().unwrap(), 3 * block, "reserve never shrinks");
    device.reserve(5 * block).unwrap();
    device.read(0, &mut bytes).unwrap();
    let (head, tail) = bytes.split_at(block as usize);
    assert!(head.iter().all(|byte| *byte == 7), "growing keeps bytes");
    assert!(tail.iter().all(|byte| *byte == 0));
    device.flush().unwrap();
}

fn bounds<D: BlockDevice>(device: &D) {
    let invalid = Some(ErrorKind::InvalidInput);
    assert_eq!(kind(device.read(0, &mut [0])), invalid, "empty device");
    assert_eq!(kind(device.write(0, &[&[1]])), invalid, "empty device");
    let block = u64::from(device.geometry().block_size);
    device.reserve(2 * block).unwrap();
    device.read(2 * block - 1, &mut [0]).unwrap();
    assert_eq!(kind(device.read(2 * block - 1, &mut [0; 2])), invalid);
    assert_eq!(kind(device.read(2 * block, &mut [0])), invalid);
    assert_eq!(kind(device.read(u64::MAX, &mut [0; 2])), invalid);
    assert_eq!(kind(device.write(2 * block - 1, &[&[1], &[2]])), invalid);
    assert_eq!(kind(device.write(u64::MAX, &[&[1]])), invalid);
    assert_eq!(device.len().unwrap(), 2 * block, "a write never grows");
    device.read(2 * block, &mut []).unwrap();
    device.write(0, &[]).unwrap();
    device.write(0, &[&[], &[]]).unwrap();
    device.start_writeback(0..block);
    device.discard(0..0);
}

fn vectors<D: BlockDevice>(device: &D) {
    let block = u64::from(device.geometry().block_size);
    device.reserve(8 * block).unwrap();
    // More slices than any system call takes at once, of odd lengths, some empty.
    let parts: Vec<Vec<u8>> = (0..200u8).map(|i| vec![i; usize::from(i % 5)]).collect();
    let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    device.write(3, &slices).unwrap();
    let expected = slices.concat();
    let mut bytes = vec![0; expected.len()];
    device.read(3, &mut bytes).unwrap();
    assert_eq!(bytes, expected);
    let mut parts: Vec<Vec<u8>> = (0..200u8).map(|i| vec![0xEE; usize::from((i + 2) % 5)]).collect();
    let mut slices: Vec<&mut [u8]> = parts.iter_mut().map(Vec::as_mut_slice).collect();
    device.read_vectored(3, &mut slices).unwrap();
    assert_eq!(parts.concat(), expected, "read in pieces");
    let mut ends = [vec![0; block as usize], vec![0; 1]];
    let [whole, byte] = &mut ends;
    let beyond = device.read_vectored(7 * block, &mut [whole, byte]);
    assert_eq!(kind(beyond), Some(ErrorKind::InvalidInput), "the second slice lies beyond the end");
    device.read_vectored(8 * block, &mut []).unwrap();
}

fn shrinks<D: BlockDevice>(device: &D) {
    let block = u64::from(device.geometry().block_size);
    device.reserve(4 * block).unwrap();
    device.write(0, &[&vec![9; 4 * block as usize]]).unwrap();
    device.truncate(2 * block).unwrap();
    let len = device.len().unwrap();
    assert!(len == 2 * block || len == 4 * block, "best effort: {len}");
    device.reserve(4 * block).unwrap();
    let mut bytes = vec![1; block as usize];
    device.read(block, &mut bytes).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 9), "below the cut");
    device.read(2 * block, &mut bytes).unwrap();
    let expected = if len == 2 * block { 0 } else { 9 };
    assert!(bytes.iter().all(|byte| *byte == expected), "beyond the cut");
}

fn random_writes<D: BlockDevice>(device: &D, seed: u64) {
    let mut random = Random::new(seed);
    let mut model = vec![0; 64 * 1024];
    device.reserve(model.len() as u64).unwrap();
    for _ in 0..300 {
        let start = random.index(model.len());
        let len = random.index((model.len() - start).min(9_000) + 1);
        let mut bytes = vec![0; len];
        random.fill(&mut bytes);
        let (left, right) = bytes.split_at(random.index(len + 1));
        device.write(start as u64, &[left, right]).unwrap();
        model[start..start + len].copy_from_slice(&bytes);
        if random.one_in(20) {
            device.flush().unwrap();
        }
    }
    let mut bytes = vec![0; model.len()];
    device.read(0, &mut bytes).unwrap();
    assert!(bytes == model, "seed {seed:#x}: the device differs from the model");
}

/// All tests of a platform but those of its devices.
pub fn platform<P: Platform>(platform: &P) {
    assert_eq!(platform.crc32c(0, b"123456789"), 0xE306_9283);
    let head = platform.crc32c(0, b"1234");
    assert_eq!(platform.crc32c(head, b"56789"), 0xE306_9283);
    let bytes: Vec<u8> = (0..600u32).map(|byte| byte as u8).collect();
    for len in 0..bytes.len() {
        let right = drystone_core::checksum::crc32c(7, &bytes[..len]);
        assert_eq!(platform.crc32c(7, &bytes[..len]), right, "the checksum of {len} bytes");
    }
    assert_ne!(platform.entropy(), platform.entropy());
    let before = platform.now_us();
    assert!(platform.now_us() >= before);

    let word = AtomicU32::new(1);
    platform.wait(&word, 0, None); // differs already: returns at once
    platform.wait(&word, 1, Some(30_000));
    assert!(platform.now_us() >= before + 20_000, "the timeout counts on the clock");
    if !P::THREADS {
        return;
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while word.load(Ordering::Acquire) == 1 {
                    platform.wait(&word, 1, None);
                }
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
        word.store(2, Ordering::Release);
        platform.wake(&word);
    });
}
