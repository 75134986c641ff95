//! A simulated device for Drystone that crashes, tears and fails deterministically from a seed.
