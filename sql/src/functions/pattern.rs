//! LIKE patterns: `%` is any run of characters, `_` any one, and the escape character takes the
//! next one literally.
//!
//! A pattern is compiled once for as many rows as use it; the frequent shapes (no wildcard, or
//! only at the ends) become a plain search. The general match keeps one place to go back to, so
//! it never takes more than pattern length times text length steps, and no stack.

use crate::error::{Error, Result, state};

/// The escape character when the SQL names none.
pub(crate) const ESCAPE: char = '\\';

/// A compiled LIKE pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    shape: Shape,
    ignore_case: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    General(Vec<Token>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    Literal(char),
    One,
    Run,
}

impl Pattern {
    /// Compiles a pattern; without an escape character nothing is escaped.
    pub(crate) fn compile(text: &str, escape: Option<char>, ignore_case: bool) -> Result<Pattern> {
        let folded;
        let text = if ignore_case {
            folded = text.to_lowercase();
            &folded
        } else {
            text
        };
        let mut tokens = Vec::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            if Some(c) == escape {
                let Some(literal) = rest.next() else {
                    let message = "the LIKE pattern ends with its escape character";
                    return Err(Error::value(state::BAD_ARGUMENT, message));
                };
                tokens.push(Token::Literal(literal));
            } else if c == '%' {
                if tokens.last() != Some(&Token::Run) {
                    tokens.push(Token::Run);
                }
            } else if c == '_' {
                tokens.push(Token::One);
            } else {
                tokens.push(Token::Literal(c));
            }
        }
        Ok(Pattern { shape: shape(tokens), ignore_case })
    }

    /// Does a text match?
    pub(crate) fn matches(&self, text: &str) -> bool {
        let folded;
        let text = if self.ignore_case {
            folded = text.to_lowercase();
            &folded
        } else {
            text
        };
        match &self.shape {
            Shape::Exact(literal) => text == literal,
            Shape::Prefix(literal) => text.starts_with(literal.as_str()),
            Shape::Suffix(literal) => text.ends_with(literal.as_str()),
            Shape::Contains(literal) => text.contains(literal.as_str()),
            Shape::General(tokens) => matches_tokens(tokens, text),
        }
    }
}

/// The simplest shape of a list of tokens.
fn shape(tokens: Vec<Token>) -> Shape {
    let literal = |tokens: &[Token]| {
        let literals = tokens.iter().map(|token| match token {
            Token::Literal(c) => Some(*c),
            Token::One | Token::Run => None,
        });
        literals.collect::<Option<String>>()
    };
    let simple = match tokens.as_slice() {
        [Token::Run, middle @ .., Token::Run] => literal(middle).map(Shape::Contains),
        [Token::Run, rest @ ..] => literal(rest).map(Shape::Suffix),
        [rest @ .., Token::Run] => literal(rest).map(Shape::Prefix),
        all => literal(all).map(Shape::Exact),
    };
    simple.unwrap_or(Shape::General(tokens))
}

fn matches_tokens(tokens: &[Token], text: &str) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    // Where to go on when what follows the last run does not match: one character later.
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let before = rest.clone();
        match (tokens.get(at), rest.next()) {
            (Some(Token::Run), _) => {
                rest = before;
                at += 1;
                retry = Some((at, rest.clone()));
                if at == tokens.len() {
                    return true;
                }
                continue;
            }
            (None, None) => return true,
            (Some(Token::One), Some(_)) => {
                at += 1;
                continue;
            }
            (Some(Token::Literal(wanted)), Some(found)) if *wanted == found => {
                at += 1;
                continue;
            }
            (_, None) => return false,
            (_, Some(_)) => {}
        }
        match &mut retry {
            Some((after_run, from)) => {
                if from.next().is_none() {
                    return false;
                }
                at = *after_run;
                rest = from.clone();
            }
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(text: &str, pattern: &str) -> bool {
        Pattern::compile(pattern, Some(ESCAPE), false).unwrap().matches(text)
    }

    #[test]
    fn wildcards() {
        for (text, pattern, expected) in [
            ("Live at Leeds", "%Live%", true),
            ("live", "Live", false),
            ("", "%", true),
            ("", "_", false),
            ("", "", true),
            ("abc", "a_c", true),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b", false),
            ("abcbd", "a%b_", true),
            ("aab", "%a%b", true),
            ("mississippi", "%iss%ip%", true),
            ("mississippi", "%iss%ix%", false),
            ("100%", "100\\%", true),
            ("100x", "100\\%", false),
            ("a_b", "a\\_b", true),
            ("h\u{e9}llo", "h_llo", true),
            ("abc", "abc%%", true),
            ("ab", "_%_", true),
            ("a", "_%_", false),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} LIKE {pattern}");
        }
        assert!(Pattern::compile("a\\", Some('\\'), false).is_err());
        assert!(Pattern::compile("a\\", None, false).unwrap().matches("a\\"));
        assert!(Pattern::compile("%LIVE%", None, true).unwrap().matches("aliveb"));
    }

    #[test]
    fn many_runs_stay_quick() {
        let pattern = "%a".repeat(500) + "b";
        assert!(!like(&"a".repeat(20_000), &pattern));
    }
}
