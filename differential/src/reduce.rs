//! A disagreement made small: fewer statements before it, fewer words in it.
//!
//! A candidate counts when it disagrees in the same way as the original. Words are left out as long
//! as SQLite still accepts what is left.

use crate::generator::{Kind, Statement};
use crate::pair::{Pair, Verdict};

/// A reproduction may be tried so many times.
const TRIES_MAX: usize = 4_000;

/// Statements before a failing one, and that one.
#[derive(Clone, Debug)]
pub struct Case {
    /// What makes the tables and rows.
    pub before: Vec<String>,
    /// What disagrees.
    pub failing: Statement,
}

impl Case {
    fn class(&self) -> Option<String> {
        let pair = Pair::new().ok()?;
        for sql in &self.before {
            let statement =
                Statement { sql: sql.clone(), kind: Kind::Other, joins: false, aggregates: false };
            // What fails on both has done nothing.
            if let Verdict::Disagree { .. } = pair.run(&statement) {
                return None;
            }
        }
        match pair.run(&self.failing) {
            Verdict::Disagree { class, .. } => Some(class),
            _ => None,
        }
    }

    /// The smallest case found that disagrees in the same way.
    pub fn reduced(mut self, class: &str) -> Case {
        let mut tries = 0;
        let mut holds = |case: &Case| {
            tries += 1;
            tries <= TRIES_MAX && case.class().as_deref() == Some(class)
        };
        if !holds(&self) {
            return self;
        }
        loop {
            let size = self.size();
            let before = shrunk(&self.before, &mut |before| {
                holds(&Case { before: before.to_vec(), failing: self.failing.clone() })
            });
            self.before = before;
            let words = words(&self.failing.sql);
            let words = shrunk(&words, &mut |words| holds(&self.with(words.concat())));
            self = self.with(words.concat());
            if self.size() == size {
                return self;
            }
        }
    }

    fn with(&self, sql: String) -> Case {
        let failing = Statement { sql, ..self.failing.clone() };
        Case { before: self.before.clone(), failing }
    }

    fn size(&self) -> usize {
        self.before.len() + self.failing.sql.len()
    }

    /// The script, for either engine.
    pub fn script(&self) -> String {
        let mut script = String::new();
        for sql in self.before.iter().chain([&self.failing.sql]) {
            script.push_str(sql);
            script.push_str(";\n");
        }
        script
    }
}

/// The list without runs of items that can be left out, long runs tried first.
fn shrunk(list: &[String], holds: &mut dyn FnMut(&[String]) -> bool) -> Vec<String> {
    let mut list = list.to_vec();
    let mut run = (list.len() / 2).max(1);
    while run > 0 {
        let mut at = 0;
        while at < list.len() {
            let end = (at + run).min(list.len());
            let mut rest = list.clone();
            rest.drain(at..end);
            if holds(&rest) {
                list = rest;
            } else {
                at += run.div_ceil(2);
            }
        }
        run /= 2;
    }
    list
}

/// Words, texts and signs, each with the space behind it.
fn words(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for c in sql.chars() {
        let part = c.is_alphanumeric() || matches!(c, '_' | '.' | '\'') || quoted;
        if !part || (c == '\'' && !quoted && !word.is_empty() && !word.ends_with('\'')) {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        }
        quoted ^= c == '\'';
        match (part, words.last_mut()) {
            (true, _) => word.push(c),
            (false, Some(last)) if c == ' ' => last.push(c),
            (false, _) => words.push(c.to_string()),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_shrink() {
        let list: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let kept = shrunk(&list, &mut |list| ["7", "31"].iter().all(|n| list.iter().any(|item| item == n)));
        assert_eq!(kept, ["7", "31"]);
    }

    #[test]
    fn words_are_the_text() {
        let sql = "SELECT a.b, 'it''s (x' || '' FROM t WHERE x>=1";
        assert_eq!(words(sql).concat(), sql);
        assert!(words(sql).contains(&"'it''s (x' ".to_owned()));
    }
}
