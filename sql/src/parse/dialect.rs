//! What the parser accepts: PostgreSQL's rules with SQLite's habits.
//!
//! Everything not named here is as in the parser's PostgreSQL dialect, whose identity this one
//! keeps. Against it: `[name]` and `` `name` `` are identifiers, `?` is a parameter and never an
//! operator, joins associate to the left, BEGIN IMMEDIATE, REPLACE INTO, AUTOINCREMENT, `IN ()`
//! LIMIT a, b, IS between any values and GLOB are known.

use sqlparser::ast::{BinaryOperator, ColumnOption, Expr, Query, SetExpr, Statement, Table, UnaryOperator};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
use std::any::TypeId;

#[derive(Debug)]
pub(super) struct DrystoneDialect;

/// The one schema.
pub(super) const SCHEMA: &str = "main";

const BASE: PostgreSqlDialect = PostgreSqlDialect {};

/// Whether the token so far ahead is a keyword.
fn is(parser: &Parser, nth: usize, keyword: Keyword) -> bool {
    matches!(&parser.peek_nth_token_ref(nth).token, Token::Word(word) if word.keyword == keyword)
}

/// `x IS [NOT] y`, which is IS [NOT] DISTINCT FROM, and `x [NOT] GLOB y`. They make no chains: the
/// left side is copied.
fn is_or_glob(parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
    let of_is = is(parser, 0, Keyword::IS);
    let negated = is(parser, usize::from(of_is), Keyword::NOT);
    let next = usize::from(of_is) + usize::from(negated);
    if of_is {
        let words = [
            Keyword::NULL,
            Keyword::TRUE,
            Keyword::FALSE,
            Keyword::UNKNOWN,
            Keyword::DISTINCT,
            Keyword::JSON,
            Keyword::NORMALIZED,
            Keyword::NFC,
            Keyword::NFD,
            Keyword::NFKC,
            Keyword::NFKD,
        ];
        let chain = matches!(left, Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..));
        let ends = matches!(parser.peek_nth_token_ref(next).token, Token::EOF | Token::SemiColon);
        if chain || ends || words.iter().any(|word| is(parser, next, *word)) {
            return None;
        }
        (0..next).for_each(|_| parser.advance_token());
        return Some(parser.parse_subexpr(precedence).map(|right| {
            let (left, right) = (Box::new(left.clone()), Box::new(right));
            if negated { Expr::IsDistinctFrom(left, right) } else { Expr::IsNotDistinctFrom(left, right) }
        }));
    }
    let chain = matches!(left, Expr::BinaryOp { op: BinaryOperator::Glob, .. } | Expr::UnaryOp { .. });
    if !is(parser, next, Keyword::GLOB) || chain {
        return None;
    }
    (0..=next).for_each(|_| parser.advance_token());
    Some(parser.parse_subexpr(precedence).map(|right| {
        let (left, right) = (Box::new(left.clone()), Box::new(right));
        let found = Expr::BinaryOp { left, op: BinaryOperator::Glob, right };
        if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(found) } } else { found }
    }))
}

impl Dialect for DrystoneDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        matches!(ch, '"' | '[' | '`')
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        Some('"')
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        BASE.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        BASE.is_identifier_part(ch)
    }

    fn is_reserved_for_identifier(&self, kw: Keyword) -> bool {
        BASE.is_reserved_for_identifier(kw)
    }

    fn is_table_alias(&self, kw: &Keyword, parser: &mut Parser) -> bool {
        BASE.is_table_alias(kw, parser)
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        let negated = is(parser, 0, Keyword::NOT);
        if is(parser, usize::from(negated), Keyword::GLOB) {
            return Some(Ok(self.prec_value(Precedence::Like)));
        }
        BASE.get_next_precedence(parser)
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        BASE.prec_value(prec)
    }

    /// `x IN t` is `x IN (TABLE main.t)`; `x IS y` and `x GLOB y` are SQLite's.
    fn parse_infix(
        &self,
        parser: &mut Parser,
        expr: &Expr,
        precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        if let Some(found) = is_or_glob(parser, expr, precedence) {
            return Some(found);
        }
        let negated = is(parser, 0, Keyword::NOT);
        if !is(parser, usize::from(negated), Keyword::IN) {
            return None;
        }
        let name = 1 + usize::from(negated);
        let Token::Word(table) = parser.peek_nth_token_ref(name).token.clone() else { return None };
        if matches!(table.keyword, Keyword::UNNEST) {
            return None;
        }
        (0..=name).for_each(|_| parser.advance_token());
        let table = Table { table_name: Some(table.value), schema_name: Some(SCHEMA.to_owned()) };
        Some(Ok(Expr::InSubquery {
            expr: Box::new(expr.clone()),
            subquery: Box::new(Query {
                with: None,
                body: Box::new(SetExpr::Table(Box::new(table))),
                order_by: None,
                limit_clause: None,
                fetch: None,
                locks: vec![],
                for_clause: None,
                settings: None,
                format_clause: None,
                pipe_operators: vec![],
            }),
            negated,
        }))
    }

    fn parse_statement(&self, parser: &mut Parser) -> Option<Result<Statement, ParserError>> {
        if !parser.parse_keyword(Keyword::REPLACE) {
            return None;
        }
        parser.prev_token();
        Some(parser.parse_insert(parser.get_current_token().clone()))
    }

    fn parse_column_option(
        &self,
        parser: &mut Parser,
    ) -> Result<Option<Result<Option<ColumnOption>, ParserError>>, ParserError> {
        if parser.parse_keyword(Keyword::AUTOINCREMENT) {
            let word = Token::make_keyword("AUTOINCREMENT");
            return Ok(Some(Ok(Some(ColumnOption::DialectSpecific(vec![word])))));
        }
        Ok(None)
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    fn supports_start_transaction_modifier(&self) -> bool {
        true
    }

    fn supports_in_empty_list(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_asc_desc_in_column_definition(&self) -> bool {
        true
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }

    fn supports_string_escape_constant(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    fn supports_notnull_operator(&self) -> bool {
        true
    }

    fn supports_interval_options(&self) -> bool {
        true
    }

    fn supports_insert_table_alias(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn allow_extract_single_quotes(&self) -> bool {
        true
    }

    fn supports_explain_with_utility_options(&self) -> bool {
        true
    }
}
