//! Names as SQL writes them.

use crate::keywords::is_keyword;

/// Words that mean something behind INSERT INTO or FROM.
const TAKEN: [&str; 3] = ["directory", "local", "unnest"];

/// A name as it stands in SQL: in double quotes unless it is plain.
pub fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !is_keyword(name)
        && !TAKEN.contains(&name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Names with commas between them.
pub fn names(names: &[String]) -> String {
    names.iter().map(|name| identifier(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_stand_alone() {
        for (name, written) in [
            ("a_1", "a_1"),
            ("year", "year"),
            ("order", "\"order\""),
            ("local", "\"local\""),
            ("Name", "\"Name\""),
            ("1a", "\"1a\""),
            ("a\"b", "\"a\"\"b\""),
            ("", "\"\""),
        ] {
            assert_eq!(identifier(name), written);
        }
    }
}
