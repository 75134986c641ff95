//! The records of SQLite's corpus that cannot hold in a typed engine, each with its reason.
//!
//! ```text
//! # comment
//! evidence/in1.test:1027 dynamic-typing
//! ```
//!
//! A record is named by the end of its file's path and its line. Only four reasons count. A listed
//! record is run all the same; when it passes, the list is wrong.

use std::collections::HashMap;
use std::path::Path;

/// The list that goes with the program.
pub const LIST: &str = include_str!("../exceptions.txt");

const REASONS: [&str; 4] =
    ["dynamic-typing", "null-order", "bare-column-under-group-by", "column-assigned-twice"];

/// At most this share of all records may be listed: 0.3 %, as parts of 1,000.
const SHARE_MAX_PER_MILLE: usize = 3;
/// Fewer records are too small a part of the corpus for that share to mean something.
const RECORDS_MIN: usize = 50_000;
/// Of a file's records at most the larger of these: so many, and one in so many (5 %).
const FILE_MAX: usize = 8;
const FILE_PART: usize = 20;

/// The listed records.
#[derive(Debug, Default)]
pub struct Exceptions {
    /// File name (the path's last part) to (path, line, reason).
    by_name: HashMap<String, Vec<(String, usize, String)>>,
}

impl Exceptions {
    /// Reads a list.
    ///
    /// # Errors
    /// The first line that is none of the format, with its number.
    pub fn parse(text: &str) -> Result<Exceptions, String> {
        let mut exceptions = Exceptions::default();
        for (index, content) in text.lines().enumerate() {
            let content = content.split('#').next().unwrap_or("").trim();
            if content.is_empty() {
                continue;
            }
            let wrong = |message: &str| format!("exceptions, line {}: {message}", index + 1);
            let (record, reason) = content.split_once(' ').ok_or_else(|| wrong("no reason"))?;
            let (path, line) = record.rsplit_once(':').ok_or_else(|| wrong("no line"))?;
            let line: usize = line.parse().map_err(|_| wrong("the line is no number"))?;
            if !REASONS.contains(&reason) {
                return Err(wrong(&format!("the reason must be one of {}", REASONS.join(", "))));
            }
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            exceptions.by_name.entry(name).or_default().push((path.to_owned(), line, reason.to_owned()));
        }
        Ok(exceptions)
    }

    /// The listed lines of a file, and the reason of each.
    pub fn of(&self, path: &Path) -> HashMap<usize, &str> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let listed = self.by_name.get(&name).into_iter().flatten();
        let listed = listed.filter(|(listed, _, _)| path.ends_with(listed));
        listed.map(|(_, line, reason)| (*line, reason.as_str())).collect()
    }
}

/// Are so many listed records too many for a file of so many records?
pub fn too_many_in_file(listed: usize, records: usize) -> bool {
    listed > FILE_MAX.max(records / FILE_PART)
}

/// Are so many listed records too many among all?
pub fn too_many(listed: usize, records: usize) -> bool {
    records >= RECORDS_MIN && listed * 1000 > records * SHARE_MAX_PER_MILLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list() {
        let list = Exceptions::parse("# why\na/b.test:7 null-order\nb.test:9 dynamic-typing # so\n").unwrap();
        assert_eq!(list.of(Path::new("/x/a/b.test")).len(), 2);
        assert_eq!(list.of(Path::new("/x/c/b.test")), HashMap::from([(9, "dynamic-typing")]));
        assert!(list.of(Path::new("c.test")).is_empty());
        for wrong in ["a.test:1", "a.test null-order", "a.test:x null-order", "a.test:1 slow"] {
            assert!(Exceptions::parse(wrong).is_err(), "{wrong}");
        }
        Exceptions::parse(LIST).unwrap();
    }

    #[test]
    fn limits() {
        assert!(!too_many_in_file(8, 10) && too_many_in_file(9, 10));
        assert!(!too_many_in_file(50, 1000) && too_many_in_file(51, 1000));
        assert!(!too_many(300, 100_000) && too_many(301, 100_000) && !too_many(301, 10_000));
    }
}
