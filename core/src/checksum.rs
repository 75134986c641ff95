//! CRC-32C (Castagnoli, RFC 3720 appendix B.4) by table: the portable version of the platform's
//! hook. Platforms with an instruction for it override [`crate::Platform::crc32c`].

const POLYNOMIAL: u32 = 0x82F6_3B78;

static TABLE: [u32; 256] = table();

#[expect(clippy::indexing_slicing, reason = "runs at compile time; `i` is below 256")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

/// The checksum of the bytes so far (`crc`, 0 to begin) continued over `bytes`.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "a masked byte, into a table of 256")]
pub fn crc32c(crc: u32, bytes: &[u8]) -> u32 {
    let mut state = !crc;
    for byte in bytes {
        state = (state >> 8) ^ TABLE[((state ^ u32::from(*byte)) & 0xFF) as usize];
    }
    !state
}

#[cfg(test)]
mod tests {
    use super::crc32c;

    #[test]
    fn known_values_and_chaining() {
        assert_eq!(crc32c(0, b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(0, &[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(crc32c(0, b"1234"), b"56789"), 0xE306_9283);
    }
}
