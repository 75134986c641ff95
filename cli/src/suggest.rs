//! "Did you mean": the known word nearest to an unknown one.

/// The candidate that differs from `word` by the fewest edits, when that is few enough to be a slip.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let edits_max = match word.chars().count() {
        0 | 1 => 0,
        len => (len / 3).clamp(1, 3),
    };
    candidates
        .into_iter()
        .map(|candidate| {
            let edits = edits(word, candidate);
            // "-head" for "-header": a beginning is as good as a slip.
            let begins = word.len() >= 2 && candidate.starts_with(word);
            (if begins { edits.min(1) } else { edits }, candidate)
        })
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, with two swapped neighbours counted as one edit.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut a_previous = None;
    for (row, a_char) in a.chars().enumerate() {
        let mut current = vec![row + 1];
        let mut b_previous = None;
        for (column, &b_char) in b.iter().enumerate() {
            let change = above[column] + usize::from(a_char != b_char);
            let mut best = change.min(above[column + 1] + 1).min(current[column] + 1);
            if a_previous == Some(b_char) && b_previous == Some(a_char) && column > 0 {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
            b_previous = Some(b_char);
        }
        before = std::mem::replace(&mut above, current);
        a_previous = Some(a_char);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let words = ["tables", "schema", "check", "checkpoint", "quit", "header"];
        for (word, expected) in [
            ("tabels", Some("tables")),
            ("table", Some("tables")),
            ("chekpoint", Some("checkpoint")),
            ("chek", Some("check")),
            ("head", Some("header")),
            ("exit", None),
            ("x", None),
            ("t", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("ab", "ba"), 1);
    }
}
