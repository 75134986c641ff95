//! The simulated device keeps the contract that real ones keep.

use drystone_platform_sim::{Role, SimOptions, SimPlatform, contract};

#[test]
fn devices() {
    for block_size in [512, 4096] {
        for role in [Role::Data, Role::Log] {
            contract::device(|| {
                let platform = SimPlatform::new(SimOptions { block_size, ..SimOptions::default() });
                platform.device(role).clone()
            });
        }
    }
}

#[test]
fn platform() {
    contract::platform(&SimPlatform::new(SimOptions::default()));
}
