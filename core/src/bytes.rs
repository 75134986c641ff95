//! Little-endian fields and varints in byte slices. All functions are total: out of range reads
//! give 0 and out of range writes do nothing, because ranges are checked once, where bytes enter.

/// The `N` bytes at `at`, zeros where the slice ends before.
#[inline]
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()) {
        Some(chunk) => *chunk,
        None => [0; N],
    }
}

#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

/// Up to eight bytes as a number; of more it takes the first eight.
#[inline]
pub(crate) fn little(bytes: &[u8]) -> u64 {
    if let Some(chunk) = bytes.first_chunk() {
        return u64::from_le_bytes(*chunk);
    }
    // Two halves, which may overlap.
    if let (Some(low), Some(high)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let high = u64::from(u32::from_le_bytes(*high)) << (8 * (bytes.len() % 8 - 4));
        return u64::from(u32::from_le_bytes(*low)) | high;
    }
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Copies `from` to `at` if it fits.
#[inline]
pub(crate) fn put(bytes: &mut [u8], at: usize, from: &[u8]) {
    if let Some(to) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..from.len())) {
        to.copy_from_slice(from);
    }
}

#[inline]
pub(crate) fn put_u16(bytes: &mut [u8], at: usize, value: u16) {
    put(bytes, at, &value.to_le_bytes());
}

#[inline]
pub(crate) fn put_u32(bytes: &mut [u8], at: usize, value: u32) {
    put(bytes, at, &value.to_le_bytes());
}

#[inline]
pub(crate) fn put_u64(bytes: &mut [u8], at: usize, value: u64) {
    put(bytes, at, &value.to_le_bytes());
}

/// Bytes of `value` as a LEB128 varint.
#[inline]
pub(crate) const fn varint_len(value: u32) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        0x20_0000..=0xFFF_FFFF => 4,
        _ => 5,
    }
}

/// Writes `value` at `at`; the position after it.
#[inline]
pub(crate) fn put_varint(bytes: &mut [u8], mut at: usize, mut value: u32) -> usize {
    while value >= 0x80 {
        put(bytes, at, &[value as u8 | 0x80]);
        value >>= 7;
        at += 1;
    }
    put(bytes, at, &[value as u8]);
    at + 1
}

/// The varint at `at` and the position after it; `None` where the slice ends or it is too long.
#[inline]
pub(crate) fn varint_at(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let first = *bytes.get(at)?;
    if first < 0x80 {
        return Some((u32::from(first), at + 1));
    }
    let mut value = u32::from(first & 0x7F);
    for step in 1..5 {
        let byte = *bytes.get(at + step)?;
        let shift = 7 * step as u32;
        if step == 4 && byte > 0x0F {
            return None;
        }
        value |= u32::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some((value, at + step + 1));
        }
    }
    None
}

/// Length of the common beginning of two slices.
#[inline]
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

/// The first two bytes as a big-endian number, zero-padded: orders like the bytes, as far as it goes.
#[inline]
pub(crate) fn head(bytes: &[u8]) -> u16 {
    match bytes {
        [first, second, ..] => u16::from_be_bytes([*first, *second]),
        [first] => u16::from(*first) << 8,
        [] => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_round_trip() {
        for value in
            [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, u32::MAX]
        {
            let mut bytes = [0; 8];
            let end = put_varint(&mut bytes, 1, value);
            assert_eq!(end - 1, varint_len(value));
            assert_eq!(varint_at(&bytes, 1), Some((value, end)));
            assert_eq!(varint_at(&bytes[..end - 1], 1), None);
        }
        assert_eq!(varint_at(&[0xFF; 8], 0), None);
    }

    #[test]
    fn short_bytes_are_a_number() {
        let bytes = [1, 2, 0x83, 4, 5, 6, 7, 0xF8, 9];
        for len in 0..=9 {
            let mut padded = [0; 8];
            let short = len.min(8);
            padded[..short].copy_from_slice(&bytes[..short]);
            assert_eq!(little(&bytes[..len]), u64::from_le_bytes(padded), "{len} bytes");
        }
    }

    #[test]
    fn heads_order_like_bytes() {
        assert!(head(b"a") < head(b"b"));
        assert!(head(b"") <= head(b"\0"));
        assert!(head(b"a") < head(b"ab"));
        assert_eq!(head(b"ab"), head(b"abc"));
    }
}
