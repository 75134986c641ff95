//! Functions in FROM: `generate_series(start, stop [, step])`, one row for each value, and
//! `pragma_table_info('t')` and its like, what the PRAGMA answers.

use super::from::with_columns;
use super::scope::{Named, ScopeColumn};
use super::{Binder, describe};
use crate::error::{Error, Result, state};
use crate::expression::{self as build, Expression};
use crate::parse::ast::{Expr, ExprKind, Name, TableAlias};
use crate::plan::Logical;
use crate::types::{DataType, Value};

impl<'a> Binder<'a> {
    /// A function in FROM.
    pub(super) fn table_function(
        &mut self,
        name: &'a Name,
        args: &'a [Expr],
        alias: Option<&'a TableAlias>,
    ) -> Result<(Logical, Named)> {
        if let Some(pragma) = name.text.to_ascii_lowercase().strip_prefix("pragma_") {
            return self.pragma_table(pragma, name, args, alias).map_err(|error| error.at(name.at));
        }
        if !name.text.eq_ignore_ascii_case("generate_series") {
            let message = format!("there is no function {} for FROM", name.text);
            let error = Error::name(state::NO_FUNCTION, message).at(name.at);
            return Err(error.hint("there are generate_series and pragma_table_info and its like"));
        }
        let block = self.level()?.enter();
        self.level()?.place = "a function in FROM";
        let bound = self.exprs(args);
        self.level()?.leave(block);
        let (range, data_type) = series(bound?).map_err(|error| error.at(name.at))?;
        let column = self.fresh()?;
        let shown = alias.map_or(name, |alias| &alias.name);
        let first = alias.and_then(|alias| alias.columns.first()).unwrap_or(shown);
        let mut columns = vec![ScopeColumn::new(first.text.clone(), column, data_type)];
        if !first.text.eq_ignore_ascii_case("value") {
            // SQLite's name for it.
            columns.push(ScopeColumn {
                hidden: true,
                ..ScopeColumn::new("value".to_owned(), column, data_type)
            });
        }
        let named = Named { name: shown.text.clone(), columns, table: None, rowid: None };
        Ok((Logical::Series { range: Box::new(range), column, data_type }, named))
    }
}

impl<'a> Binder<'a> {
    /// SQLite's `pragma_table_info('t')` and its like.
    fn pragma_table(
        &mut self,
        pragma: &str,
        name: &'a Name,
        args: &'a [Expr],
        alias: Option<&'a TableAlias>,
    ) -> Result<(Logical, Named)> {
        let argument = match args {
            [] => None,
            [Expr { kind: ExprKind::Literal(Value::Text(text)), .. }] => Some(text.as_str()),
            _ => return Err(Error::unsupported(format!("{} of something but a name in quotes", name.text))),
        };
        let described = describe::pragma(self.catalog, pragma, argument).ok_or_else(|| {
            Error::name(state::NO_FUNCTION, format!("there is no function {} for FROM", name.text))
        })?;
        let shown = alias.map_or(name, |alias| &alias.name);
        let (plan, named) = self.described(described, &shown.text)?;
        Ok((plan, with_columns(named, alias.map_or(&[], |alias| &alias.columns))?))
    }
}

/// Start, stop and step of one type: whole numbers, or timestamps and an interval.
fn series(mut args: Vec<Expression>) -> Result<([Expression; 3], DataType)> {
    let temporal = args.iter().take(2).any(|a| matches!(a.data_type(), DataType::Timestamp | DataType::Date));
    if args.len() == 2 && !temporal {
        args.push(Expression::constant(Value::Integer(1)));
    }
    let [start, stop, step] = <[Expression; 3]>::try_from(args).map_err(|_| {
        let message = "generate_series takes a start, a stop and a step (for whole numbers 1 if left out)";
        Error::name(state::NO_FUNCTION, message)
    })?;
    let (of, by) = match temporal {
        true => (DataType::Timestamp, DataType::Interval),
        false => (DataType::BigInt, DataType::BigInt),
    };
    Ok(([build::coerce(start, of)?, build::coerce(stop, of)?, build::coerce(step, by)?], of))
}
