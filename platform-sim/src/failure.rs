//! Errors of the simulated device, and the orders to produce them.

use crate::world::Role;
use embedded_io::ErrorKind;
use std::fmt;

/// What a call on a device does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// `read`.
    Read,
    /// `write`.
    Write,
    /// `flush`.
    Flush,
    /// `reserve`.
    Reserve,
    /// `erase`.
    Erase,
}

/// An error of the simulated device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimError {
    /// A [`Failure`] that was ordered.
    Injected(Role, OperationKind),
    /// The range lies outside the device.
    OutOfRange {
        /// Which device.
        role: Role,
        /// First byte asked for.
        offset: u64,
        /// Number of bytes asked for.
        len: u64,
        /// The device's length.
        device_len: u64,
    },
    /// A word of flash that was programmed since it was erased was to be programmed again.
    NotErased {
        /// Which device.
        role: Role,
        /// Where that word begins.
        offset: u64,
    },
    /// A range of flash that is no whole words, or no whole erase units.
    Unaligned {
        /// Which device.
        role: Role,
        /// First byte asked for.
        offset: u64,
        /// Number of bytes asked for.
        len: u64,
    },
    /// The device has reached its capacity.
    NoSpace(Role),
    /// Power was cut.
    PowerLost,
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Injected(role, kind) => write!(f, "injected failure of {kind:?} on {role:?}"),
            Self::OutOfRange { role, offset, len, device_len } => {
                write!(f, "{len} bytes at {offset} lie beyond the end of {role:?} ({device_len} bytes)")
            }
            Self::NotErased { role, offset } => {
                write!(f, "the word at {offset} of {role:?} was programmed and not erased since")
            }
            Self::Unaligned { role, offset, len } => {
                write!(f, "{len} bytes at {offset} of {role:?} are no whole words or erase units")
            }
            Self::NoSpace(role) => write!(f, "no space left on {role:?}"),
            Self::PowerLost => f.write_str("the simulated power is off"),
        }
    }
}

impl std::error::Error for SimError {}

impl embedded_io::Error for SimError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Injected(..) | Self::PowerLost => ErrorKind::Other,
            Self::OutOfRange { .. } | Self::NotErased { .. } | Self::Unaligned { .. } => {
                ErrorKind::InvalidInput
            }
            Self::NoSpace(_) => ErrorKind::OutOfMemory,
        }
    }
}

/// An order to fail: the call of this kind after `skip` others, once or from then on.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// On this device; `None`: on either.
    pub role: Option<Role>,
    /// Calls of this kind.
    pub kind: OperationKind,
    /// How many such calls still succeed.
    pub skip: u64,
    /// Whether all later ones fail too.
    pub sticky: bool,
}

impl Failure {
    /// Whether this call fails by this order.
    pub(crate) fn strikes(&mut self, role: Role, kind: OperationKind) -> bool {
        if self.kind != kind || self.role.is_some_and(|only| only != role) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if !self.sticky {
            self.skip = u64::MAX; // struck once, never again
        }
        true
    }
}
