//! The engine's fixed bounds, in one place.

/// Smallest page size, bytes.
pub const PAGE_SIZE_MIN: u32 = 512;
/// Largest page size, bytes.
pub const PAGE_SIZE_MAX: u32 = 65_536;
/// Most levels of a tree. With at least four cells in every inner node 2^32 pages fit in 16.
pub const TREE_LEVELS_MAX: usize = 24;
/// Longest value, bytes.
pub const VALUE_LEN_MAX: usize = 1 << 30;
/// Longest tree name, bytes; also bounded by [`key_len_max`] less 1.
pub const NAME_LEN_MAX: usize = 255;
/// Fewest blocks of a log ring.
pub const RING_BLOCKS_MIN: u64 = 8;
/// Fewest frames of a pool.
pub const FRAMES_MIN: usize = 8;
/// Most pages one vectored write of a checkpoint covers.
pub const WRITE_RUN_MAX: usize = 32;

/// Most pages one vectored read of a scan covers.
pub const READ_RUN_MAX: usize = 32;

/// Longest key for a page size, bytes: four of the largest cells fit in every node.
#[must_use]
pub const fn key_len_max(page_size: u32) -> usize {
    (page_size as usize - 40) / 4 - 24
}

/// Longest value that is stored in its leaf, bytes, beside a key of `key_len` bytes.
#[must_use]
pub const fn inline_value_max(page_size: u32, key_len: usize) -> usize {
    let cell = (page_size as usize - 40) / 4 - 16;
    cell.saturating_sub(key_len)
}
