//! A window of a device: what it reserves is its own.

use drystone_core::{BlockDevice, MemoryDevice, MemoryError, Partition, Platform};
use drystone_platform_sim::SimPlatform;

type Buffer = MemoryDevice<<SimPlatform as Platform>::RwLock, Vec<u8>>;

/// It once asked for the beginning of the window, which a device that grows would not have had whole.
#[test]
fn a_window_reserves_up_to_its_own_end() {
    let device = Buffer::new(vec![0; 4096], 512);
    let window = Partition::new(&device, 1024, 2048);
    assert_eq!(window.reserve(2048), Ok(()));
    assert_eq!(window.reserve(2049), Err(MemoryError::Full));
    let beyond = Partition::new(&device, 3072, 2048);
    assert_eq!(beyond.reserve(1024), Ok(()));
    assert_eq!(beyond.reserve(2048), Err(MemoryError::Full));
}
