//! SQL text to the syntax tree. The only room that names `sqlparser`.
//!
//! ```text
//! text --tokens--> bounded, parameters numbered --sqlparser--> its tree --translate--> ast
//! ```
//!
//! The translation takes the parser's structs apart field by field, so that a clause this
//! database does not know becomes an error with its place and is never dropped silently.

mod alter;
pub mod ast;
mod dialect;
mod expression;
mod query;
pub mod rewrite;
mod setting;
mod slip;
mod split;
mod statement;
mod table;
mod tokens;
mod type_name;
mod view;

pub use split::{Piece, Script};
pub use tokens::Parameters;

use crate::error::{Error, ErrorKind, Position, Result, state};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// How deep the parser may recurse. Its frames are large: 60 levels fit a 2 MiB stack.
const RECURSION_MAX: usize = 120;

/// An error lists what was expected when that is at most so many things.
const EXPECTED_MAX: usize = 5;

/// One parsed statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub statement: ast::Statement,
    pub parameters: Parameters,
}

/// Parses the one statement in `sql`; `None` when there is only white space.
pub fn parse(sql: &str) -> Result<Option<Parsed>> {
    parse_located(sql).map_err(|error| error.locate(sql))
}

fn parse_located(sql: &str) -> Result<Option<Parsed>> {
    let (mut tokens, parameters) = tokens::tokenize(sql)?;
    while tokens.last().is_some_and(|t| t.token == Token::SemiColon) {
        tokens.pop();
    }
    if tokens.is_empty() {
        return Ok(None);
    }
    let start = tokens.first().map_or_else(Position::default, |token| tokens::position(token.span.start));
    if let Some(statement) = setting::setting(&tokens) {
        return statement.map(|statement| Some(Parsed { statement, parameters }));
    }
    let mut parser = Parser::new(&dialect::DrystoneDialect)
        .with_recursion_limit(RECURSION_MAX)
        .with_tokens_with_locations(tokens);
    let parsed = parser
        .parse_statement()
        .map_err(|error| translate_error(error, sql))
        .and_then(|statement| end(&parser).map(|()| statement));
    let statement = match parsed {
        Ok(statement) => statement,
        Err(error) => return Err(slip::explain(error, &parser.into_tokens())),
    };
    let statement = Translator::default().statement(statement).map_err(|error| error.at(start))?;
    Ok(Some(Parsed { statement, parameters }))
}

/// An error when something follows the statement.
fn end(parser: &Parser) -> Result<()> {
    let next = parser.peek_token_ref();
    let error = match &next.token {
        Token::EOF => return Ok(()),
        Token::SemiColon => {
            Error::syntax("there is more than one statement").hint("use execute_batch for several statements")
        }
        other => Error::syntax(format!("unexpected \"{other}\"")),
    };
    Err(error.at(tokens::position(next.span.start)))
}

/// The state of one translation: how deep it is, and the last place it knows.
#[derive(Default)]
struct Translator {
    depth: usize,
    last: Position,
}

/// "`what` is not supported yet" at a place, when it is there.
fn refuse(there: bool, what: &str, at: Position) -> Result<()> {
    if there { Err(Error::unsupported(what).at(at)) } else { Ok(()) }
}

/// Takes the place out of the parser's message.
fn translate_error(error: ParserError, sql: &str) -> Error {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            return Error::new(ErrorKind::Limit, state::TOO_COMPLEX, "the statement is nested too deeply");
        }
    };
    let (message, place) = match text.rfind(" at Line: ") {
        Some(at) => (text.get(..at).unwrap_or(&text), text.get(at..).unwrap_or("")),
        None => (text.as_str(), ""),
    };
    let mut numbers = place.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u32>().ok());
    let at = match (numbers.next(), numbers.next()) {
        (Some(line), Some(column)) if line > 0 => Position { offset: 0, line, column },
        _ => end_of(sql),
    };
    Error::syntax(tidy(message)).at(at)
}

/// `Expected: a, found: b` as this database words it.
fn tidy(message: &str) -> String {
    if let Some((_, token)) = message.split_once("No infix parser for token Word(Word { value: \"") {
        let word = token.split('"').next().unwrap_or("");
        return format!("unexpected \"{word}\"");
    }
    let Some((expected, found)) = message.split_once(", found: ") else { return message.to_owned() };
    if expected.ends_with(" after IS") {
        return format!("expected NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM after IS, found \"{found}\"");
    }
    let expected = expected.trim_start_matches("Expected: ").trim_start_matches("Expected ");
    // A list of all that other databases know helps nobody.
    if expected.matches(',').count() >= EXPECTED_MAX && found != "EOF" {
        let after = expected.rsplit_once(" after ").map(|(_, what)| format!(" after {what}"));
        return format!("unexpected \"{found}\"{}", after.unwrap_or_default());
    }
    match found {
        "EOF" => format!("expected {expected}, but the statement ends"),
        found => format!("expected {expected}, found \"{found}\""),
    }
}

fn end_of(sql: &str) -> Position {
    let line = sql.trim_end().lines().count().max(1);
    let column = sql.trim_end().lines().last().map_or(0, |l| l.chars().count()) + 1;
    let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { offset: 0, line: clip(line), column: clip(column) }
}

#[cfg(test)]
mod tests;
