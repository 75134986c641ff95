//! The simulated device keeps the contract that real ones keep.

use drystone_platform_sim::{Role, SimOptions, SimPlatform, contract};

#[test]
fn devices() {
    for (block_size, interruptions) in [(512, 0), (512, 1), (4096, 0), (4096, 3)] {
        for role in [Role::Data, Role::Log] {
            contract::device(|| {
                let platform = SimPlatform::new(SimOptions { block_size, ..SimOptions::default() });
                platform.interrupt(interruptions);
                platform.device(role).clone()
            });
        }
    }
}

#[test]
fn platform() {
    contract::platform(&SimPlatform::new(SimOptions::default()));
}
