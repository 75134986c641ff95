//! Translation of expressions.

use super::ast::{BinaryOp, Collation, Expr, ExprKind, Function, Like, Name, Test, UnaryOp};
use super::{Translator, refuse, tokens};
use crate::error::{Error, ErrorKind, Position, Result, state};
use crate::types::{DataType, Decimal, Value};
use sqlparser::ast::Spanned;
use sqlparser::ast::{self as sp};

/// How deep an expression may be.
const DEPTH_MAX: usize = 200;

impl Translator {
    pub(super) fn name(&mut self, ident: sp::Ident) -> Name {
        let sp::Ident { value, quote_style, span } = ident;
        let at = tokens::position(span.start);
        if at.line > 0 {
            self.last = at;
        }
        Name { text: value, double_quoted: quote_style == Some('"'), at: self.last }
    }

    /// The one identifier of an unqualified name; `main.` before it is accepted.
    pub(super) fn object(&mut self, name: sp::ObjectName) -> Result<Name> {
        let mut parts = self.parts(name)?;
        let last = parts.pop().ok_or_else(|| Error::syntax("a name is missing"))?;
        match parts.as_slice() {
            [] => Ok(last),
            [schema] if schema.text.eq_ignore_ascii_case("main") => Ok(last),
            [schema] if schema.text.eq_ignore_ascii_case("information_schema") => {
                Ok(Name { text: format!("information_schema.{}", last.text), ..last })
            }
            _ => Err(Error::unsupported("a schema other than main").at(parts[0].at)),
        }
    }

    pub(super) fn parts(&mut self, name: sp::ObjectName) -> Result<Vec<Name>> {
        name.0
            .into_iter()
            .map(|part| match part {
                sp::ObjectNamePart::Identifier(ident) => Ok(self.name(ident)),
                sp::ObjectNamePart::Function(_) => {
                    Err(Error::unsupported("a function as a name").at(self.last))
                }
            })
            .collect()
    }

    pub(super) fn exprs(&mut self, list: Vec<sp::Expr>) -> Result<Vec<Expr>> {
        list.into_iter().map(|expr| self.expr(expr)).collect()
    }

    pub(super) fn expr(&mut self, expr: sp::Expr) -> Result<Expr> {
        if self.depth >= DEPTH_MAX {
            let message = format!("the expression is more than {DEPTH_MAX} levels deep");
            return Err(Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message).at(self.last));
        }
        self.depth += 1;
        let result = self.any_expr(expr);
        self.depth -= 1;
        result
    }

    fn boxed(&mut self, expr: sp::Expr) -> Result<Box<Expr>> {
        Ok(Box::new(self.expr(expr)?))
    }

    fn any_expr(&mut self, expr: sp::Expr) -> Result<Expr> {
        use sp::Expr as E;
        match expr {
            E::Identifier(ident) => {
                let quoted = ident.quote_style.is_some();
                let name = self.name(ident);
                let at = name.at;
                if !quoted && name.text.eq_ignore_ascii_case("default") {
                    return Ok(Expr { kind: ExprKind::Default, at });
                }
                Ok(Expr { kind: ExprKind::Column(vec![name]), at })
            }
            E::CompoundIdentifier(idents) => {
                let names: Vec<Name> = idents.into_iter().map(|ident| self.name(ident)).collect();
                let at = names.first().map_or(self.last, |name| name.at);
                Ok(Expr { kind: ExprKind::Column(names), at })
            }
            E::Value(value) => self.literal(value),
            E::Nested(inner) => self.expr(*inner),
            E::BinaryOp { left, op, right } => self.binary(*left, op, *right),
            E::UnaryOp { op, expr } => self.unary(op, *expr),
            E::IsNull(e) => self.is(*e, Test::Null, false),
            E::IsNotNull(e) => self.is(*e, Test::Null, true),
            E::IsTrue(e) => self.is(*e, Test::True, false),
            E::IsNotTrue(e) => self.is(*e, Test::True, true),
            E::IsFalse(e) => self.is(*e, Test::False, false),
            E::IsNotFalse(e) => self.is(*e, Test::False, true),
            E::IsUnknown(e) => self.is(*e, Test::Unknown, false),
            E::IsNotUnknown(e) => self.is(*e, Test::Unknown, true),
            E::IsDistinctFrom(left, right) => self.distinct(*left, *right, false),
            E::IsNotDistinctFrom(left, right) => self.distinct(*left, *right, true),
            other => self.compound(other),
        }
    }

    fn compound(&mut self, expr: sp::Expr) -> Result<Expr> {
        use sp::Expr as E;
        match expr {
            E::InList { expr, list, negated } => {
                let operand = self.boxed(*expr)?;
                let (at, list) = (operand.at, self.exprs(list)?);
                Ok(Expr { kind: ExprKind::InList { operand, list, negated }, at })
            }
            E::InSubquery { expr, subquery, negated } => {
                let operand = self.boxed(*expr)?;
                let (at, query) = (operand.at, Box::new(self.query(*subquery)?));
                Ok(Expr { kind: ExprKind::InQuery { operand, query, negated }, at })
            }
            E::AnyOp { left, compare_op, right, is_some: _ } => {
                self.quantified(*left, compare_op, *right, false)
            }
            E::AllOp { left, compare_op, right } => self.quantified(*left, compare_op, *right, true),
            E::Collate { expr, collation } => {
                let operand = self.boxed(*expr)?;
                let (at, name) = (operand.at, self.object(collation)?);
                let collation = collation_of(&name)?;
                Ok(Expr { kind: ExprKind::Collate { operand, collation }, at })
            }
            E::Between { expr, negated, low, high } => {
                let operand = self.boxed(*expr)?;
                let at = operand.at;
                let (low, high) = (self.boxed(*low)?, self.boxed(*high)?);
                Ok(Expr { kind: ExprKind::Between { operand, low, high, negated }, at })
            }
            E::Like { negated, any, expr, pattern, escape_char } => {
                self.like(negated, any, *expr, *pattern, escape_char, false)
            }
            E::ILike { negated, any, expr, pattern, escape_char } => {
                self.like(negated, any, *expr, *pattern, escape_char, true)
            }
            E::Cast { kind, expr, data_type, format } => {
                let operand = self.boxed(*expr)?;
                let at = operand.at;
                refuse(matches!(kind, sp::CastKind::TryCast | sp::CastKind::SafeCast), "TRY_CAST", at)?;
                refuse(format.is_some(), "CAST with a format", at)?;
                let data_type = self.data_type(data_type)?;
                Ok(Expr { kind: ExprKind::Cast { operand, data_type }, at })
            }
            case @ E::Case { .. } => self.case(case),
            E::Exists { subquery, negated } => {
                let at = self.start_of(&subquery);
                let query = Box::new(self.query(*subquery)?);
                Ok(Expr { kind: ExprKind::Exists { query, negated }, at })
            }
            E::Subquery(query) => {
                let at = self.start_of(&query);
                let query = Box::new(self.query(*query)?);
                Ok(Expr { kind: ExprKind::Subquery(query), at })
            }
            E::Tuple(list) => {
                let list = self.exprs(list)?;
                let at = list.first().map_or(self.last, |e| e.at);
                Ok(Expr { kind: ExprKind::Row(list), at })
            }
            other => self.call(other),
        }
    }

    fn case(&mut self, expr: sp::Expr) -> Result<Expr> {
        let sp::Expr::Case { case_token, end_token: _, operand, conditions, else_result } = expr else {
            return Err(Error::internal("not a CASE"));
        };
        let at = tokens::position(case_token.0.span.start);
        let operand = operand.map(|e| self.boxed(*e)).transpose()?;
        let mut branches = Vec::with_capacity(conditions.len());
        for sp::CaseWhen { condition, result } in conditions {
            branches.push((self.expr(condition)?, self.expr(result)?));
        }
        let otherwise = else_result.map(|e| self.boxed(*e)).transpose()?;
        Ok(Expr { kind: ExprKind::Case { operand, branches, otherwise }, at })
    }

    /// Functions, and the things with a syntax of their own that are functions here.
    fn call(&mut self, expr: sp::Expr) -> Result<Expr> {
        use sp::Expr as E;
        match expr {
            E::Function(function) => self.function(function),
            E::Extract { field, syntax: _, expr } => {
                let field = text_literal(field.to_string().to_lowercase(), self.last);
                let operand = self.expr(*expr)?;
                Ok(function("date_part", vec![field, operand]))
            }
            E::Ceil { expr, field } => self.rounding("ceil", *expr, field),
            E::Floor { expr, field } => self.rounding("floor", *expr, field),
            E::Position { expr, r#in } => {
                let needle = self.expr(*expr)?;
                let text = self.expr(*r#in)?;
                Ok(function("instr", vec![text, needle]))
            }
            E::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                let mut args = vec![self.expr(*expr)?];
                match (substring_from, substring_for) {
                    (from, None) => args.extend(from.map(|e| self.expr(*e)).transpose()?),
                    (from, Some(len)) => {
                        let one = Expr { kind: ExprKind::Literal(Value::Integer(1)), at: self.last };
                        args.push(from.map(|e| self.expr(*e)).transpose()?.unwrap_or(one));
                        args.push(self.expr(*len)?);
                    }
                }
                Ok(function("substr", args))
            }
            E::Trim { trim_where, trim_what, expr, trim_characters } => {
                let mut args = vec![self.expr(*expr)?];
                args.extend(trim_what.map(|e| self.expr(*e)).transpose()?);
                args.extend(self.exprs(trim_characters.unwrap_or_default())?);
                let name = match trim_where {
                    Some(sp::TrimWhereField::Leading) => "ltrim",
                    Some(sp::TrimWhereField::Trailing) => "rtrim",
                    Some(sp::TrimWhereField::Both) | None => "trim",
                };
                Ok(function(name, args))
            }
            E::TypedString(sp::TypedString { data_type, value, uses_odbc_syntax: _ }) => {
                let data_type = self.data_type(data_type)?;
                let literal = self.literal(value)?;
                match literal.kind {
                    ExprKind::Literal(Value::Text(text)) => {
                        Ok(Expr { kind: ExprKind::Typed { data_type, text }, at: literal.at })
                    }
                    _ => Err(Error::syntax("a typed literal needs a text").at(literal.at)),
                }
            }
            E::Interval(interval) => self.interval(interval),
            other => {
                let at = tokens::position(other.span().start);
                let at = if at.line > 0 { at } else { self.last };
                Err(Error::unsupported(format!("the expression \"{}\"", shorten(&other.to_string()))).at(at))
            }
        }
    }

    /// Where a query begins, or the last place known.
    fn start_of(&self, query: &sp::Query) -> Position {
        match &*query.body {
            sp::SetExpr::Select(select) => tokens::position(select.select_token.0.span.start),
            _ => self.last,
        }
    }

    fn is(&mut self, operand: sp::Expr, test: Test, negated: bool) -> Result<Expr> {
        let operand = self.boxed(operand)?;
        let at = operand.at;
        Ok(Expr { kind: ExprKind::Is { operand, test, negated }, at })
    }

    fn distinct(&mut self, left: sp::Expr, right: sp::Expr, negated: bool) -> Result<Expr> {
        let left = self.boxed(left)?;
        let (at, right) = (left.at, self.boxed(right)?);
        Ok(Expr { kind: ExprKind::Distinct { left, right, negated }, at })
    }

    fn like(
        &mut self,
        negated: bool,
        any: bool,
        operand: sp::Expr,
        pattern: sp::Expr,
        escape: Option<Box<sp::Expr>>,
        insensitive: bool,
    ) -> Result<Expr> {
        let operand = self.expr(operand)?;
        let at = operand.at;
        refuse(any, "LIKE ANY", at)?;
        let pattern = self.expr(pattern)?;
        let escape = escape.map(|e| self.expr(*e)).transpose()?;
        Ok(Expr {
            kind: ExprKind::Like(Box::new(Like { operand, pattern, escape, insensitive, negated })),
            at,
        })
    }

    fn rounding(&mut self, name: &str, operand: sp::Expr, field: sp::CeilFloorKind) -> Result<Expr> {
        let operand = self.expr(operand)?;
        let plain = matches!(&field, sp::CeilFloorKind::DateTimeField(sp::DateTimeField::NoDateTime));
        refuse(!plain, "rounding to a field or a scale", operand.at)?;
        Ok(function(name, vec![operand]))
    }

    fn interval(&mut self, interval: sp::Interval) -> Result<Expr> {
        let sp::Interval {
            value,
            leading_field,
            leading_precision,
            last_field,
            fractional_seconds_precision,
        } = interval;
        let value = self.expr(*value)?;
        let at = value.at;
        let extra =
            leading_precision.is_some() || last_field.is_some() || fractional_seconds_precision.is_some();
        refuse(extra, "an INTERVAL with a precision or a range of fields", at)?;
        let amount = match value.kind {
            ExprKind::Literal(Value::Text(text)) => text,
            ExprKind::Literal(Value::Integer(number)) => number.to_string(),
            _ => return Err(Error::unsupported("an INTERVAL that is not a literal").at(at)),
        };
        let text = match leading_field {
            Some(field) => format!("{amount} {}", field.to_string().to_lowercase()),
            None => amount,
        };
        Ok(Expr { kind: ExprKind::Typed { data_type: DataType::Interval, text }, at })
    }

    fn unary(&mut self, op: sp::UnaryOperator, operand: sp::Expr) -> Result<Expr> {
        let op = match op {
            sp::UnaryOperator::Not => UnaryOp::Not,
            sp::UnaryOperator::Minus => UnaryOp::Minus,
            sp::UnaryOperator::Plus => UnaryOp::Plus,
            sp::UnaryOperator::BitwiseNot => UnaryOp::BitNot,
            other => return Err(Error::unsupported(format!("the operator {other}")).at(self.last)),
        };
        if matches!(op, UnaryOp::Minus | UnaryOp::Plus)
            && let sp::Expr::BinaryOp { left, op: sp::BinaryOperator::PGExp, right } = operand
        {
            // A sign binds tighter than ^, but the parser has it the other way round.
            let sign = if op == UnaryOp::Minus { sp::UnaryOperator::Minus } else { sp::UnaryOperator::Plus };
            let signed = sp::Expr::UnaryOp { op: sign, expr: left };
            return self.binary(signed, sp::BinaryOperator::PGExp, *right);
        }
        if let (UnaryOp::Minus, sp::Expr::Value(value)) = (op, &operand)
            && let sp::Value::Number(digits, false) = &value.value
        {
            let at = tokens::position(value.span.start);
            return number(&format!("-{digits}"), at);
        }
        let operand = self.boxed(operand)?;
        let at = operand.at;
        Ok(Expr { kind: ExprKind::Unary { op, operand }, at })
    }

    /// `left op ANY (query)`, or ALL.
    fn quantified(
        &mut self,
        left: sp::Expr,
        op: sp::BinaryOperator,
        right: sp::Expr,
        all: bool,
    ) -> Result<Expr> {
        let operand = self.boxed(left)?;
        let at = operand.at;
        let op = comparison(&op)
            .ok_or_else(|| Error::unsupported(format!("{op} with ANY, SOME or ALL")).at(at))?;
        match right {
            sp::Expr::Subquery(query) => {
                let query = Box::new(self.query(*query)?);
                Ok(Expr { kind: ExprKind::Quantified { op, operand, query, all }, at })
            }
            _ => Err(Error::unsupported("ANY, SOME and ALL of something that is no query").at(at)),
        }
    }

    fn binary(&mut self, left: sp::Expr, op: sp::BinaryOperator, right: sp::Expr) -> Result<Expr> {
        if matches!(op, sp::BinaryOperator::And | sp::BinaryOperator::Or) {
            return self.chain(left, op, right);
        }
        if op == sp::BinaryOperator::Glob {
            let text = self.expr(left)?;
            return Ok(function("glob", vec![self.expr(right)?, text]));
        }
        if matches!(op, sp::BinaryOperator::Arrow | sp::BinaryOperator::LongArrow) {
            let name = if op == sp::BinaryOperator::Arrow { "->" } else { "->>" };
            let left = self.expr(left)?;
            return Ok(function(name, vec![left, self.expr(right)?]));
        }
        let op = match op {
            sp::BinaryOperator::Plus => BinaryOp::Add,
            sp::BinaryOperator::Minus => BinaryOp::Subtract,
            sp::BinaryOperator::Multiply => BinaryOp::Multiply,
            sp::BinaryOperator::Divide => BinaryOp::Divide,
            sp::BinaryOperator::Modulo => BinaryOp::Modulo,
            sp::BinaryOperator::PGExp => BinaryOp::Power,
            sp::BinaryOperator::StringConcat => BinaryOp::Concat,
            sp::BinaryOperator::BitwiseAnd => BinaryOp::BitAnd,
            sp::BinaryOperator::BitwiseOr => BinaryOp::BitOr,
            sp::BinaryOperator::PGBitwiseXor => BinaryOp::BitXor,
            sp::BinaryOperator::PGBitwiseShiftLeft => BinaryOp::ShiftLeft,
            sp::BinaryOperator::PGBitwiseShiftRight => BinaryOp::ShiftRight,
            other => match comparison(&other) {
                Some(op) => op,
                None => {
                    let at = self.expr(left)?.at;
                    return Err(Error::unsupported(format!("the operator {other}")).at(at));
                }
            },
        };
        let left = self.boxed(left)?;
        let (at, right) = (left.at, self.boxed(right)?);
        Ok(Expr { kind: ExprKind::Binary { op, left, right }, at })
    }

    /// A chain of one of AND and OR, flat.
    fn chain(&mut self, left: sp::Expr, op: sp::BinaryOperator, right: sp::Expr) -> Result<Expr> {
        let mut terms = vec![right];
        let mut rest = left;
        loop {
            match rest {
                sp::Expr::BinaryOp { left, op: inner, right } if inner == op => {
                    terms.push(*right);
                    rest = *left;
                }
                other => {
                    terms.push(other);
                    break;
                }
            }
        }
        terms.reverse();
        let terms = self.exprs(terms)?;
        let at = terms.first().map_or(self.last, |e| e.at);
        let and = op == sp::BinaryOperator::And;
        Ok(Expr { kind: if and { ExprKind::And(terms) } else { ExprKind::Or(terms) }, at })
    }

    fn literal(&mut self, value: sp::ValueWithSpan) -> Result<Expr> {
        let at = tokens::position(value.span.start);
        self.last = at;
        let kind = match value.value {
            sp::Value::Number(digits, false) => return number(&digits, at),
            sp::Value::SingleQuotedString(text)
            | sp::Value::NationalStringLiteral(text)
            | sp::Value::EscapedStringLiteral(text)
            | sp::Value::UnicodeStringLiteral(text) => ExprKind::Literal(Value::Text(text)),
            sp::Value::DollarQuotedString(sp::DollarQuotedString { value, tag: _ }) => {
                ExprKind::Literal(Value::Text(value))
            }
            sp::Value::HexStringLiteral(digits) => ExprKind::Literal(Value::Blob(hex(&digits, at)?)),
            sp::Value::Boolean(value) => ExprKind::Literal(Value::Boolean(value)),
            sp::Value::Null => ExprKind::Literal(Value::Null),
            sp::Value::Placeholder(text) => match text.trim_start_matches('?').parse() {
                Ok(index) => ExprKind::Parameter(index),
                Err(_) => return Err(Error::internal("a parameter without a number").at(at)),
            },
            other => {
                return Err(Error::unsupported(format!("the literal {}", shorten(&other.to_string()))).at(at));
            }
        };
        Ok(Expr { kind, at })
    }

    fn function(&mut self, function: sp::Function) -> Result<Expr> {
        let sp::Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment,
            over,
        } = function;
        let name = self.object(name)?;
        let at = name.at;
        refuse(uses_odbc_syntax, "ODBC syntax", at)?;
        refuse(!matches!(parameters, sp::FunctionArguments::None), "a function with parameters", at)?;
        refuse(!within_group.is_empty(), "WITHIN GROUP", at)?;
        refuse(null_treatment.is_some(), "IGNORE NULLS and RESPECT NULLS", at)?;
        refuse(over.is_some(), "a window function (OVER)", at)?;
        let mut call =
            Function { name, args: vec![], star: false, distinct: false, filter: None, order_by: vec![] };
        match args {
            sp::FunctionArguments::None => {}
            sp::FunctionArguments::Subquery(query) => {
                let query = Box::new(self.query(*query)?);
                call.args.push(Expr { kind: ExprKind::Subquery(query), at });
            }
            sp::FunctionArguments::List(list) => self.arguments(&mut call, list)?,
        }
        call.filter = filter.map(|e| self.expr(*e)).transpose()?;
        Ok(Expr { kind: ExprKind::Function(Box::new(call)), at })
    }

    fn arguments(&mut self, call: &mut Function, list: sp::FunctionArgumentList) -> Result<()> {
        let sp::FunctionArgumentList { duplicate_treatment, args, clauses } = list;
        let at = call.name.at;
        call.distinct = matches!(duplicate_treatment, Some(sp::DuplicateTreatment::Distinct));
        for arg in args {
            match arg {
                sp::FunctionArg::Unnamed(sp::FunctionArgExpr::Expr(expr)) => call.args.push(self.expr(expr)?),
                sp::FunctionArg::Unnamed(sp::FunctionArgExpr::Wildcard) => call.star = true,
                _ => return Err(Error::unsupported("a named or qualified argument").at(at)),
            }
        }
        if call.star && !call.args.is_empty() {
            return Err(Error::syntax("* is the only argument where it is one").at(at));
        }
        for clause in clauses {
            match clause {
                sp::FunctionArgumentClause::OrderBy(items) => call.order_by = self.order_items(items)?,
                _ => return Err(Error::unsupported("this clause in a function call").at(at)),
            }
        }
        Ok(())
    }
}

/// The operator, if it compares.
fn comparison(op: &sp::BinaryOperator) -> Option<BinaryOp> {
    Some(match op {
        sp::BinaryOperator::Eq => BinaryOp::Equal,
        sp::BinaryOperator::NotEq => BinaryOp::NotEqual,
        sp::BinaryOperator::Lt => BinaryOp::Less,
        sp::BinaryOperator::LtEq => BinaryOp::LessEqual,
        sp::BinaryOperator::Gt => BinaryOp::Greater,
        sp::BinaryOperator::GtEq => BinaryOp::GreaterEqual,
        _ => return None,
    })
}

/// The collation of a name.
pub(super) fn collation_of(name: &Name) -> Result<Collation> {
    let known = |list: &[&str]| list.iter().any(|known| name.text.eq_ignore_ascii_case(known));
    if known(&["binary", "c", "posix"]) {
        return Ok(Collation::Binary);
    }
    if known(&["nocase"]) {
        return Ok(Collation::NoCase);
    }
    if known(&["rtrim"]) {
        return Ok(Collation::TrimEnd);
    }
    let message = format!("there is no collation {}", name.text);
    Err(Error::name("42704", message).at(name.at).hint("there are BINARY (or C), NOCASE and RTRIM"))
}

fn text_literal(text: String, at: Position) -> Expr {
    Expr { kind: ExprKind::Literal(Value::Text(text)), at }
}

fn function(name: &str, args: Vec<Expr>) -> Expr {
    let at = args.iter().map(|a| a.at).find(|at| at.line > 0).unwrap_or_default();
    let name = Name { text: name.to_owned(), double_quoted: false, at };
    let call = Function { name, args, star: false, distinct: false, filter: None, order_by: vec![] };
    Expr { kind: ExprKind::Function(Box::new(call)), at }
}

/// Digits are an integer, with a point an exact decimal, with an exponent a double.
fn number(digits: &str, at: Position) -> Result<Expr> {
    let plain = digits.replace('_', "");
    let value = if plain.contains(['e', 'E']) {
        plain.parse().ok().filter(|v: &f64| v.is_finite()).map(Value::Double)
    } else if let Ok(integer) = plain.parse::<i64>() {
        Some(Value::Integer(integer))
    } else {
        Decimal::parse(&plain).map(Value::Decimal)
    };
    match value {
        Some(value) => Ok(Expr { kind: ExprKind::Literal(value), at }),
        None => {
            Err(Error::out_of_range(format!("the number {} has too many digits", shorten(digits))).at(at))
        }
    }
}

fn hex(digits: &str, at: Position) -> Result<Vec<u8>> {
    let nibbles: Option<Vec<u8>> =
        digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    match nibbles {
        Some(nibbles) if nibbles.len() % 2 == 0 => {
            Ok(nibbles.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect())
        }
        _ => Err(Error::syntax("a blob literal needs pairs of hexadecimal digits").at(at)),
    }
}

pub(super) fn shorten(text: &str) -> String {
    const MAX: usize = 60;
    if text.chars().count() <= MAX {
        text.to_owned()
    } else {
        text.chars().take(MAX).chain("...".chars()).collect()
    }
}
