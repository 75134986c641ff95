//! What the system counts for this process.

use std::error::Error;

/// The number in the line of a file of `/proc/self` that begins with `name`.
fn counter(file: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string(format!("/proc/self/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
    number.ok_or_else(|| format!("/proc/self/{file} has no number {name}").into())
}

/// Bytes the process has handed to the system to write, in whatever file.
///
/// # Errors
/// When the system does not tell.
pub fn bytes_written() -> Result<u64, Box<dyn Error>> {
    counter("io", "wchar:")
}

/// The most memory the process has had resident so far, in bytes.
///
/// # Errors
/// When the system does not tell.
pub fn peak_memory() -> Result<u64, Box<dyn Error>> {
    Ok(counter("status", "VmHWM:")? * 1024)
}
