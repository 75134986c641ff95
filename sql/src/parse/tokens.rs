//! SQL text to tokens: bounds checked and parameters numbered before the parser sees anything.
//!
//! The parser recurses and its tree is dropped recursively, so what could make it deep is counted
//! here: parentheses inside each other, and operators in a row. Parameters get their numbers in
//! the order of the text: `?` is one more than the highest so far, `?3` and `$3` are the third,
//! and a name keeps the number it got first.

use super::dialect::DrystoneDialect;
use crate::error::{Error, ErrorKind, Position, Result, state};
use sqlparser::ast::Expr;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

/// The longest statement, in bytes.
const SQL_LEN_MAX: usize = 16 << 20;
/// How deep parentheses and CASE may nest.
const NESTING_MAX: usize = 60;
/// How many operators may stand between two commas or parentheses.
const OPERATOR_RUN_MAX: usize = 2_000;
/// The highest parameter number.
const PARAMETER_MAX: usize = 32_766;

/// The parameters of a statement: how many, and what they are called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    names: Vec<Option<String>>,
}

impl Parameters {
    /// How many values are needed.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The number (from 0) of a name, given with its prefix or without.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| {
            known.as_deref().is_some_and(|known| known == name || known.get(1..) == Some(name))
        })
    }

    /// The name of a parameter, with its prefix.
    pub fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index)?.as_deref()
    }

    fn next(&mut self) -> usize {
        self.names.push(None);
        self.names.len() - 1
    }

    fn numbered(&mut self, number: usize) -> usize {
        if self.names.len() < number {
            self.names.resize(number, None);
        }
        number - 1
    }

    fn named(&mut self, name: String) -> usize {
        if let Some(index) = self.names.iter().position(|known| known.as_deref() == Some(&name)) {
            return index;
        }
        self.names.push(Some(name));
        self.names.len() - 1
    }
}

pub(super) fn position(at: Location) -> Position {
    let clip = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Position { offset: 0, line: clip(at.line), column: clip(at.column) }
}

/// The tokens of one statement without white space, parameters as `?N` counted from 0.
pub(super) fn tokenize(sql: &str) -> Result<(Vec<TokenWithSpan>, Parameters)> {
    if sql.len() > SQL_LEN_MAX {
        let message = format!("the statement is {} bytes long, the limit is {SQL_LEN_MAX}", sql.len());
        return Err(Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message));
    }
    let mut tokens = Tokenizer::new(&DrystoneDialect, sql)
        .tokenize_with_location()
        .map_err(|e| Error::syntax(e.message).at(position(e.location)))?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    hexadecimal_numbers(&mut tokens, sql);
    mark_not_indexed(&mut tokens);
    check_depth(&tokens)?;
    number_parameters(tokens)
}

/// `0x1F` is a number, though the tokenizer takes it for the blob `X'1F'`.
fn hexadecimal_numbers(tokens: &mut [TokenWithSpan], sql: &str) {
    let mut chars = sql.chars();
    let (mut line, mut column) = (1, 1);
    for token in tokens {
        let Token::HexStringLiteral(digits) = &token.token else { continue };
        let start = token.span.start;
        while (line, column) < (start.line, start.column) {
            match chars.next() {
                Some('\n') => (line, column) = (line + 1, 1),
                Some(_) => column += 1,
                None => return,
            }
        }
        if chars.as_str().starts_with('0')
            && let Ok(number) = u64::from_str_radix(digits, 16)
        {
            token.token = Token::Number(number.to_string(), false);
        }
    }
}

/// The name of the hint that stands for NOT INDEXED.
const NOT_INDEXED: &str = "not indexed";

/// SQLite's `t NOT INDEXED`, which the parser does not know, becomes a hint, which it knows behind
/// tables only: `t WITH ("not indexed")`.
fn mark_not_indexed(tokens: &mut Vec<TokenWithSpan>) {
    let is = |token: Option<&TokenWithSpan>, text: &str| {
        matches!(token.map(|token| &token.token), Some(Token::Word(word))
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
    };
    let mut at = 0;
    while at < tokens.len() {
        if is(tokens.get(at), "not") && is(tokens.get(at + 1), "indexed") {
            let hint = Token::make_word(NOT_INDEXED, Some('"'));
            let hint = [Token::make_keyword("WITH"), Token::LParen, hint, Token::RParen];
            let span = tokens.get(at).map_or_else(Span::empty, |token| token.span);
            tokens.splice(at..at + 2, hint.map(|token| TokenWithSpan { token, span }));
        }
        at += 1;
    }
}

/// Is it the hint that stands for NOT INDEXED?
pub(super) fn is_not_indexed(hint: &Expr) -> bool {
    matches!(hint, Expr::Identifier(name) if name.value == NOT_INDEXED)
}

fn check_depth(tokens: &[TokenWithSpan]) -> Result<()> {
    let (mut depth, mut run) = (0usize, 0usize);
    for token in tokens {
        let case = match &token.token {
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        match (&token.token, case) {
            (Token::LParen, _) => {
                depth += 1;
                run = 0;
            }
            (_, Keyword::CASE) => depth += 1,
            (Token::RParen, _) | (_, Keyword::END) => depth = depth.saturating_sub(1),
            (Token::Comma | Token::SemiColon, _) => run = 0,
            (Token::Number(..) | Token::SingleQuotedString(_), _) => {}
            _ => run += 1,
        }
        if depth > NESTING_MAX || run > OPERATOR_RUN_MAX * 2 {
            let what = if depth > NESTING_MAX { "nested too deeply" } else { "too long" };
            let message = format!("the expression is {what}");
            return Err(
                Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message).at(position(token.span.start))
            );
        }
    }
    Ok(())
}

fn number_parameters(tokens: Vec<TokenWithSpan>) -> Result<(Vec<TokenWithSpan>, Parameters)> {
    let mut parameters = Parameters::default();
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(mut token) = tokens.next() {
        let index = match &token.token {
            Token::Placeholder(text) => Some(numbered(text, &mut parameters)),
            Token::Colon | Token::AtSign => {
                let prefix = if token.token == Token::Colon { ':' } else { '@' };
                match tokens.next_if(|next| matches!(&next.token, Token::Word(w) if w.quote_style.is_none()))
                {
                    Some(TokenWithSpan { token: Token::Word(word), span })
                        if span.start == token.span.end =>
                    {
                        Some(Ok(parameters.named(format!("{prefix}{}", word.value))))
                    }
                    _ => Some(Err(Error::syntax(format!("a name is missing after \"{prefix}\"")))),
                }
            }
            _ => None,
        };
        if let Some(index) = index {
            let index = index.map_err(|e| e.at(position(token.span.start)))?;
            if index >= PARAMETER_MAX {
                return Err(Error::syntax(format!("parameters are numbered from 1 to {PARAMETER_MAX}")));
            }
            token.token = Token::Placeholder(format!("?{index}"));
        }
        out.push(token);
    }
    Ok((out, parameters))
}

/// The number of `?`, `?3`, `$3` or `$name`.
fn numbered(text: &str, parameters: &mut Parameters) -> Result<usize> {
    let rest = text.get(1..).unwrap_or("");
    if rest.is_empty() && text == "?" {
        return Ok(parameters.next());
    }
    if !rest.starts_with(|c: char| c.is_ascii_digit()) && text.starts_with('$') && !rest.is_empty() {
        return Ok(parameters.named(text.to_owned()));
    }
    match rest.parse::<usize>() {
        Ok(number @ 1..=PARAMETER_MAX) => Ok(parameters.numbered(number)),
        _ => Err(Error::syntax(format!("parameter {text}: numbers go from 1 to {PARAMETER_MAX}"))),
    }
}
