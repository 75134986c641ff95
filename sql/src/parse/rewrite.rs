//! Changes in the text of a definition, for ALTER TABLE: what is not changed stays as it was
//! written, comments and all.

use super::ast::{CreateIndex, CreateTable, Expr, ExprKind, Name, TableConstraint};
use super::dialect::DrystoneDialect;
use super::tokens;
use crate::error::{Error, Position, Result, offset_of};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use std::ops::Range;

/// Words that are no names without quotes.
const RESERVED: &str = "ALL ANALYZE AND ANY ARRAY AS ASC BETWEEN BOTH CASE \
    CAST CEIL CHECK COLLATE COLUMN CONSTRAINT CREATE CROSS CURRENT_DATE CURRENT_TIME \
    CURRENT_TIMESTAMP CURRENT_USER DEFAULT DELETE DESC DISTINCT DO ELSE END EXCEPT \
    EXCLUDE EXISTS EXTRACT FALSE FETCH FLOOR FOR FOREIGN FROM FULL \
    GRANT GROUP HAVING ILIKE IN INDEX INNER INSERT INTERSECT INTERVAL \
    INTO IS JOIN KEY LATERAL LEADING LEFT LIKE LIMIT LOCALTIME \
    LOCALTIMESTAMP NATURAL NOT NULL OFFSET ON ONLY OR ORDER OUTER \
    POSITION PRIMARY REFERENCES RETURNING RIGHT SELECT SET SOME SUBSTRING TABLE \
    THEN TO TRAILING TRIM TRUE UNION UNIQUE UPDATE USER USING \
    VALUES WHEN WHERE WINDOW WITH";

/// A definition that cannot be changed like that; the stored text is the database's own.
fn odd() -> Error {
    Error::internal("a stored definition is not built as expected")
}

fn tokenized(sql: &str) -> Result<Vec<TokenWithSpan>> {
    Tokenizer::new(&DrystoneDialect, sql)
        .tokenize_with_location()
        .map_err(|error| Error::syntax(error.message))
}

fn start(sql: &str, token: &TokenWithSpan) -> usize {
    let at = tokens::position(token.span.start);
    offset_of(sql, at.line, at.column)
}

fn end(sql: &str, token: &TokenWithSpan) -> usize {
    let at = tokens::position(token.span.end);
    offset_of(sql, at.line, at.column)
}

/// The bytes inside the first parentheses, and the bytes of the commas directly in them.
fn body(sql: &str) -> Result<(Range<usize>, Vec<usize>)> {
    let (mut depth, mut from, mut commas) = (0usize, None, Vec::new());
    for token in tokenized(sql)? {
        match token.token {
            Token::LParen => {
                depth += 1;
                from = from.or(Some(end(sql, &token)));
            }
            Token::RParen if depth == 1 => {
                return from.map(|from| (from..start(sql, &token), commas)).ok_or_else(odd);
            }
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Comma if depth == 1 => commas.push(start(sql, &token)),
            _ => {}
        }
    }
    Err(odd())
}

fn spliced(sql: &str, range: Range<usize>, with: &str) -> Result<String> {
    let (before, after) = (sql.get(..range.start), sql.get(range.end..));
    Ok([before.ok_or_else(odd)?, with, after.ok_or_else(odd)?].concat())
}

/// A CREATE TABLE with one more column.
pub fn with_column(sql: &str, definition: &str) -> Result<String> {
    let (inside, _) = body(sql)?;
    spliced(sql, inside.end..inside.end, &format!(", {definition}"))
}

/// A CREATE TABLE without the column whose definition begins at a place.
pub fn without_column(sql: &str, column: Position) -> Result<String> {
    let (inside, commas) = body(sql)?;
    let at = offset_of(sql, column.line, column.column);
    let before = commas.iter().copied().filter(|comma| *comma < at).max();
    let after = commas.iter().copied().find(|comma| *comma > at);
    match (before, after) {
        (Some(before), after) => spliced(sql, before..after.unwrap_or(inside.end), ""),
        (None, Some(after)) => spliced(sql, inside.start..after + 1, ""),
        (None, None) => Err(odd()),
    }
}

/// The text with other names at some places, all of which have to be names now.
pub fn renamed(sql: &str, mut places: Vec<Position>, old: &str, new: &str) -> Result<String> {
    places.sort_unstable_by_key(|at| (at.line, at.column));
    places.dedup();
    let tokens = tokenized(sql)?;
    let mut out = sql.to_owned();
    for at in places.into_iter().rev() {
        let token = tokens.iter().find(|token| {
            let here = tokens::position(token.span.start);
            (here.line, here.column) == (at.line, at.column)
        });
        let token = token.filter(|t| matches!(&t.token, Token::Word(w) if w.value.eq_ignore_ascii_case(old)));
        let token = token.ok_or_else(odd)?;
        out = spliced(&out, start(sql, token)..end(sql, token), &quoted(new))?;
    }
    Ok(out)
}

/// A name as it can stand in a statement, in quotes where it needs them.
pub fn quoted(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && !RESERVED.split(' ').any(|word| word.eq_ignore_ascii_case(name)) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a name stands anywhere in a text.
pub fn mentions(sql: &str, name: &str) -> bool {
    tokenized(sql).is_ok_and(|tokens| {
        tokens
            .iter()
            .any(|token| matches!(&token.token, Token::Word(w) if w.value.eq_ignore_ascii_case(name)))
    })
}

/// Where the column of a table is named in its own definition, or, in that of another, as the
/// column a foreign key refers to.
pub fn column_places(create: &CreateTable, table: &str, column: &str) -> Vec<Position> {
    let is = |name: &Name| name.text.eq_ignore_ascii_case(column);
    let own = create.name.text.eq_ignore_ascii_case(table);
    let mut places: Vec<Position> = Vec::new();
    if own {
        places.extend(
            create.columns.iter().map(|column| &column.name).filter(|name| is(name)).map(|name| name.at),
        );
    }
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::PrimaryKey { columns, .. } | TableConstraint::Unique { columns, .. } if own => {
                places
                    .extend(columns.iter().map(|key| &key.name).filter(|name| is(name)).map(|name| name.at));
            }
            TableConstraint::PrimaryKey { .. } | TableConstraint::Unique { .. } => {}
            TableConstraint::ForeignKey(key) => {
                let here = key.columns.iter().filter(|name| own && is(name));
                let there = key.table.text.eq_ignore_ascii_case(table);
                let there = key.parents.iter().filter(|name| there && is(name));
                places.extend(here.chain(there).map(|name| name.at));
            }
            TableConstraint::Check { expr, .. } if own => each_column(expr, &mut |names| {
                places.extend(names.last().filter(|name| is(name)).map(|name| name.at));
            }),
            TableConstraint::Check { .. } => {}
        }
    }
    places
}

/// The same in the definition of an index.
pub fn index_column_places(create: &CreateIndex, column: &str) -> Vec<Position> {
    let names = create.columns.iter().map(|key| &key.name);
    names.filter(|name| name.text.eq_ignore_ascii_case(column)).map(|name| name.at).collect()
}

/// Where a table is named in a definition.
pub fn table_places(create: &CreateTable, table: &str) -> Vec<Position> {
    let is = |name: &Name| name.text.eq_ignore_ascii_case(table);
    let mut places: Vec<Position> = Vec::new();
    places.extend(Some(&create.name).filter(|name| is(name)).map(|name| name.at));
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::ForeignKey(key) => {
                places.extend(Some(&key.table).filter(|name| is(name)).map(|name| name.at));
            }
            TableConstraint::Check { expr, .. } => each_column(expr, &mut |names| {
                if let [.., qualifier, _] = names {
                    places.extend(Some(qualifier).filter(|name| is(name)).map(|name| name.at));
                }
            }),
            TableConstraint::PrimaryKey { .. } | TableConstraint::Unique { .. } => {}
        }
    }
    places
}

/// Visits the columns an expression without subqueries names.
fn each_column(expr: &Expr, visit: &mut dyn FnMut(&[Name])) {
    if let ExprKind::Column(names) = &expr.kind {
        visit(names);
    }
    expr.children().into_iter().for_each(|child| each_column(child, visit));
}
