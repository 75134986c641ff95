//! Explores crashes of the Drystone engine on a simulated device.
