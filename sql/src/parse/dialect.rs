//! What the parser accepts: PostgreSQL's rules with SQLite's habits.
//!
//! Everything not named here is as in the parser's PostgreSQL dialect, whose identity this one
//! keeps. Against it: `[name]` and `` `name` `` are identifiers, `?` is a parameter and never an
//! operator, joins associate to the left, BEGIN IMMEDIATE, REPLACE INTO, AUTOINCREMENT, `IN ()`
//! and LIMIT a, b are known.

use sqlparser::ast::{ColumnOption, Expr, Query, SetExpr, Statement, Table};
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
        BASE.get_next_precedence(parser)
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        BASE.prec_value(prec)
    }

    /// `x IN t` is `x IN (TABLE main.t)`.
    fn parse_infix(
        &self,
        parser: &mut Parser,
        expr: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let is = |nth: usize, keyword: Keyword| matches!(parser.peek_nth_token_ref(nth).token, Token::Word(ref word) if word.keyword == keyword);
        let negated = is(0, Keyword::NOT);
        if !is(usize::from(negated), Keyword::IN) {
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
