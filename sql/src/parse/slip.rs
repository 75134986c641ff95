//! Misspelled keywords and forgotten semicolons: what a statement the parser refuses was perhaps
//! meant to be.
//!
//! A slip is often refused late: in `SELECT * FROM t WEHRE a = 1` the word is an alias, and `a` is
//! what should not stand there. So the word at the place of the error is looked at, then the few
//! tokens before it, and the next one.

use super::tokens;
use crate::error::{Error, nearest};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// How many tokens before the place are looked at.
const LOOK_BACK: usize = 3;

/// What statements begin with.
const FIRST: [&str; 26] = [
    "ALTER",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "CREATE",
    "DELETE",
    "DROP",
    "END",
    "EXPLAIN",
    "INSERT",
    "PRAGMA",
    "REINDEX",
    "RELEASE",
    "REPLACE",
    "RESET",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHOW",
    "START",
    "TRUNCATE",
    "UPDATE",
    "VACUUM",
    "VALUES",
    "WITH",
];

/// What else carries a statement.
const LATER: [&str; 47] = [
    "AND",
    "BETWEEN",
    "CASCADE",
    "CASE",
    "CHECK",
    "COLUMN",
    "CONFLICT",
    "CONSTRAINT",
    "CROSS",
    "DEFAULT",
    "DELETE",
    "DISTINCT",
    "ELSE",
    "EXCEPT",
    "EXISTS",
    "FOREIGN",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "INDEX",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NATURAL",
    "NULL",
    "OFFSET",
    "ORDER",
    "OUTER",
    "PRIMARY",
    "REFERENCES",
    "RENAME",
    "RETURNING",
    "RIGHT",
    "SELECT",
    "TABLE",
    "UNION",
    "UNIQUE",
    "USING",
    "VALUES",
    "VIEW",
    "WHERE",
];

/// The error with what is perhaps meant, unless it says already what to do.
pub(super) fn explain(error: Error, list: &[TokenWithSpan]) -> Error {
    let Some(place) = error.position().filter(|_| error.hint_text().is_none()) else { return error };
    let (line, column) = (place.line, place.column);
    let end = list.iter().take_while(|token| {
        let start = tokens::position(token.span.start);
        (start.line, start.column) <= (line, column)
    });
    let end = end.count();
    if let Some(first) = end.checked_sub(1).and_then(|at| next_statement(list, at)) {
        return error.hint(format!("does a semicolon lack before {first}?"));
    }
    let candidates = (end.saturating_sub(LOOK_BACK + 1)..end).rev().chain([end]);
    match candidates.filter_map(|at| meant(list, at)).next() {
        Some(keyword) => error.hint(format!("is {keyword} meant?")),
        None => error,
    }
}

/// The word, if it looks like the beginning of another statement: in a line of its own.
fn next_statement(list: &[TokenWithSpan], at: usize) -> Option<&'static str> {
    let (before, here) = (list.get(at.checked_sub(1)?)?, list.get(at)?);
    let Token::Word(word) = &here.token else { return None };
    let first = FIRST.iter().find(|first| first.eq_ignore_ascii_case(&word.value))?;
    (before.span.end.line < here.span.start.line).then_some(*first)
}

/// The keyword that a word of the statement is a slip of.
fn meant(list: &[TokenWithSpan], at: usize) -> Option<&'static str> {
    let Token::Word(word) = &list.get(at)?.token else { return None };
    if word.keyword != Keyword::NoKeyword || word.quote_style.is_some() {
        return None;
    }
    let known = if at == 0 { FIRST.as_slice() } else { LATER.as_slice() };
    nearest(&word.value, known.iter().copied())
}
