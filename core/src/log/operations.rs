//! What a transaction did, packed for the log: blind logical operations.

use crate::bytes::{put, put_varint, varint_at, varint_len};

const PUT: u8 = 1;
const DELETE: u8 = 2;
const CREATE: u8 = 3;
const DROP: u8 = 4;
const CLEAR: u8 = 5;

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation<'a> {
    Put { tree: u32, key: &'a [u8], value: &'a [u8] },
    Delete { tree: u32, key: &'a [u8] },
    Create { tree: u32, name: &'a [u8] },
    Drop { tree: u32, name: &'a [u8] },
    Clear { tree: u32 },
}

impl<'a> Operation<'a> {
    const fn parts(&self) -> (u8, u32, Option<&'a [u8]>, Option<&'a [u8]>) {
        match *self {
            Self::Put { tree, key, value } => (PUT, tree, Some(key), Some(value)),
            Self::Delete { tree, key } => (DELETE, tree, Some(key), None),
            Self::Create { tree, name } => (CREATE, tree, Some(name), None),
            Self::Drop { tree, name } => (DROP, tree, Some(name), None),
            Self::Clear { tree } => (CLEAR, tree, None, None),
        }
    }

    /// Packs the operation at `at`; the position after it, or `None` if it does not fit.
    pub fn pack(&self, buf: &mut [u8], at: usize) -> Option<usize> {
        let (code, tree, key, value) = self.parts();
        let size = |bytes: &[u8]| varint_len(bytes.len() as u32) + bytes.len();
        let len = 1 + varint_len(tree) + key.map_or(0, size) + value.map_or(0, size);
        if buf.len() - at.min(buf.len()) < len {
            return None;
        }
        put(buf, at, &[code]);
        let mut at = put_varint(buf, at + 1, tree);
        for bytes in [key, value].into_iter().flatten() {
            at = put_varint(buf, at, bytes.len() as u32);
        }
        for bytes in [key, value].into_iter().flatten() {
            put(buf, at, bytes);
            at += bytes.len();
        }
        Some(at)
    }

    /// The operation at `at` and the position after it; `None` if there is no whole one.
    pub fn unpack(buf: &'a [u8], at: usize) -> Option<(Self, usize)> {
        let code = *buf.get(at)?;
        let (tree, at) = varint_at(buf, at + 1)?;
        if code == CLEAR {
            return Some((Self::Clear { tree }, at));
        }
        let (key_len, mut at) = varint_at(buf, at)?;
        let mut value_len = 0;
        if code == PUT {
            (value_len, at) = varint_at(buf, at)?;
        }
        let (key, rest) = buf.get(at..)?.split_at_checked(key_len as usize)?;
        let value = rest.get(..value_len as usize)?;
        let operation = match code {
            PUT => Self::Put { tree, key, value },
            DELETE => Self::Delete { tree, key },
            CREATE => Self::Create { tree, name: key },
            DROP => Self::Drop { tree, name: key },
            _ => return None,
        };
        Some((operation, at + key.len() + value.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;

    #[test]
    fn operations_round_trip() {
        let operations = [
            Operation::Put { tree: 300, key: b"key", value: b"value" },
            Operation::Put { tree: 3, key: b"k", value: b"" },
            Operation::Delete { tree: 3, key: b"key" },
            Operation::Create { tree: 4, name: b"name" },
            Operation::Drop { tree: 4, name: b"name" },
            Operation::Clear { tree: 5 },
        ];
        let mut buf = [0; 128];
        let mut end = 0;
        for operation in operations {
            end = operation.pack(&mut buf, end).unwrap();
        }
        let mut at = 0;
        for operation in operations {
            let (found, next) = Operation::unpack(&buf[..end], at).unwrap();
            assert_eq!(found, operation);
            assert_eq!(Operation::unpack(&buf[..next - 1], at).map(|found| found.0), None);
            at = next;
        }
        assert_eq!(at, end);
        assert_eq!(operations[0].pack(&mut buf[..8], 0), None);
    }
}
