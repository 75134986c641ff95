//! SET, RESET, SHOW, PRAGMA and REINDEX, read from the tokens: the parser does not know them, or not
//! their values.
//!
//! ```text
//! SET [SESSION] name {= | TO} {value | DEFAULT}      RESET name      SHOW {name | ALL}
//! PRAGMA [main.]name [= value | (value)]              REINDEX [[main.]name]
//! ```

use super::ast::{Name, Statement};
use super::tokens;
use crate::error::{Error, Position, Result};
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// The statement, if it is one of these.
pub(super) fn setting(list: &[TokenWithSpan]) -> Option<Result<Statement>> {
    let mut reader = Reader { list, at: 0 };
    let first = reader.word()?;
    let statement = match first.text.to_ascii_lowercase().as_str() {
        "set" => reader.set(),
        "reset" => reader.name().map(|name| Statement::Set { name, value: None }),
        "show" => reader.show(),
        "pragma" => reader.pragma(),
        "reindex" if reader.token().is_none() => Ok(Statement::Reindex(None)),
        "reindex" => reader.main_name().map(|name| Statement::Reindex(Some(name))),
        _ => return None,
    };
    Some(statement.and_then(|statement| reader.end().map(|()| statement)))
}

struct Reader<'t> {
    list: &'t [TokenWithSpan],
    at: usize,
}

impl Reader<'_> {
    fn token(&self) -> Option<&Token> {
        self.list.get(self.at).map(|token| &token.token)
    }

    fn place(&self) -> Position {
        let here = self.list.get(self.at).map(|token| token.span.start);
        let place = here.or_else(|| self.list.last().map(|token| token.span.end));
        place.map_or_else(Position::default, tokens::position)
    }

    fn word(&mut self) -> Option<Name> {
        let at = self.place();
        let Some(Token::Word(word)) = self.token() else { return None };
        let name = Name { text: word.value.clone(), double_quoted: word.quote_style == Some('"'), at };
        self.at += 1;
        Some(name)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found =
            matches!(self.token(), Some(Token::Word(word)) if word.value.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &Token) -> bool {
        let found = self.token() == Some(symbol);
        self.at += usize::from(found);
        found
    }

    fn wrong(&self, expected: &str) -> Error {
        let found = match self.token() {
            Some(token) => format!("found \"{token}\""),
            None => "but the statement ends".to_owned(),
        };
        Error::syntax(format!("expected {expected}, {found}")).at(self.place())
    }

    fn end(&self) -> Result<()> {
        if self.at >= self.list.len() { Ok(()) } else { Err(self.wrong("the end of the statement")) }
    }

    fn name(&mut self) -> Result<Name> {
        self.word().ok_or_else(|| self.wrong("a name"))
    }

    /// A number, perhaps with a sign, a text, or a word.
    fn value(&mut self) -> Result<Name> {
        let at = self.place();
        let sign = if self.symbol(&Token::Minus) { "-" } else { "" };
        let text = match self.token() {
            Some(Token::Number(digits, _)) => format!("{sign}{digits}"),
            Some(Token::SingleQuotedString(text)) if sign.is_empty() => text.clone(),
            Some(Token::Word(word)) if sign.is_empty() => word.value.clone(),
            _ => return Err(self.wrong("a value")),
        };
        self.at += 1;
        Ok(Name { text, double_quoted: false, at })
    }

    fn set(&mut self) -> Result<Statement> {
        self.keyword("session");
        let name = self.name()?;
        if !self.symbol(&Token::Eq) && !self.keyword("to") {
            return Err(self.wrong("= or TO"));
        }
        let value = if self.keyword("default") { None } else { Some(self.value()?) };
        Ok(Statement::Set { name, value })
    }

    fn show(&mut self) -> Result<Statement> {
        let name = if self.keyword("all") { None } else { Some(self.name()?) };
        Ok(Statement::Show(name))
    }

    /// A name, perhaps after the only schema there is.
    fn main_name(&mut self) -> Result<Name> {
        let name = self.name()?;
        if !self.symbol(&Token::Period) {
            return Ok(name);
        }
        if !name.text.eq_ignore_ascii_case("main") {
            return Err(Error::unsupported("a schema other than main").at(name.at));
        }
        self.name()
    }

    fn pragma(&mut self) -> Result<Statement> {
        let name = self.main_name()?;
        if self.symbol(&Token::Eq) {
            return Ok(Statement::Pragma { name, argument: Some(self.value()?) });
        }
        if !self.symbol(&Token::LParen) {
            return Ok(Statement::Pragma { name, argument: None });
        }
        let argument = Some(self.value()?);
        if !self.symbol(&Token::RParen) {
            return Err(self.wrong("a closing parenthesis"));
        }
        Ok(Statement::Pragma { name, argument })
    }
}
