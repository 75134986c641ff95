//! Binding of expressions.

use super::Binder;
use super::collate::{collate, collated};
use super::query::sort_key;
use crate::error::{Error, Result, state};
use crate::expression::{self as build, Expression};
use crate::functions::{Function, is_aggregate};
use crate::parse::ast::{BinaryOp, Collation, Expr, ExprKind, Function as Call, Test, UnaryOp};
use crate::types::{DataType, Value};

impl<'a> Binder<'a> {
    pub(super) fn exprs(&mut self, exprs: &'a [Expr]) -> Result<Vec<Expression>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// A condition of `place`.
    pub(super) fn condition(&mut self, expr: &'a Expr, place: &str) -> Result<Expression> {
        let bound = self.expr(expr)?;
        build::condition(bound, place).map_err(|error| error.at(expr.at))
    }

    pub(super) fn expr(&mut self, expr: &'a Expr) -> Result<Expression> {
        let mut bound = self.any_expr(expr).map_err(|error| error.at(expr.at))?;
        if self.elsewhere == 0 {
            bound.placed(expr.at);
        }
        Ok(bound)
    }

    fn any_expr(&mut self, expr: &'a Expr) -> Result<Expression> {
        match &expr.kind {
            ExprKind::Literal(value @ (Value::Null | Value::Text(_))) => {
                Ok(Expression::literal(value.clone()))
            }
            ExprKind::Literal(value) => Ok(Expression::constant(value.clone())),
            ExprKind::Typed { data_type, text } => {
                build::convert(Expression::literal(Value::Text(text.clone())), *data_type)
            }
            ExprKind::Parameter(index) => {
                Ok(Expression::Parameter { index: *index, data_type: DataType::Unknown, rounds: false })
            }
            ExprKind::Column(names) => self.column(names),
            ExprKind::Default => Err(Error::syntax("DEFAULT stands only for a whole value in VALUES or SET")),
            ExprKind::Unary { op, operand } => {
                let operand = self.expr(operand)?;
                unary(*op, operand)
            }
            ExprKind::Binary { op, left, right } => {
                if let ExprKind::Row(values) = &left.kind {
                    return self.row_comparison(*op, values, right, expr.at);
                }
                let function = operator(*op);
                let operands = match function.is_comparison() {
                    true => self.compared([&**left, &**right])?,
                    false => vec![self.expr(left)?, self.expr(right)?],
                };
                build::call(function, operands)
            }
            ExprKind::And(terms) => build::and(self.exprs(terms)?),
            ExprKind::Or(terms) => build::or(self.exprs(terms)?),
            ExprKind::InList { operand, list, negated } => self.in_list(operand, list, *negated),
            ExprKind::Function(call) => self.call(call),
            _ => self.compound(expr),
        }
    }

    /// Expressions of several parts.
    fn compound(&mut self, expr: &'a Expr) -> Result<Expression> {
        match &expr.kind {
            ExprKind::Is { operand, test, negated } => {
                let operand = self.expr(operand)?;
                is(operand, *test, *negated)
            }
            ExprKind::Distinct { left, right, negated } => {
                let operands = self.compared([&**left, &**right])?;
                build::call(if *negated { Function::NotDistinct } else { Function::Distinct }, operands)
            }
            ExprKind::Between { operand, low, high, negated } => {
                let mut operands = self.compared([&**operand, &**low, &**high])?.into_iter();
                let (Some(operand), Some(low), Some(high)) =
                    (operands.next(), operands.next(), operands.next())
                else {
                    return Err(Error::internal("BETWEEN without its operands"));
                };
                let low = build::call(Function::GreaterEqual, vec![operand.clone(), low])?;
                let high = build::call(Function::LessEqual, vec![operand, high])?;
                negate_if(*negated, build::and(vec![low, high])?)
            }
            ExprKind::Like(like) => {
                let mut operands = vec![self.expr(&like.operand)?, self.expr(&like.pattern)?];
                if let Some(escape) = &like.escape {
                    operands.push(self.expr(escape)?);
                }
                let function = if like.insensitive { Function::LikeIgnoreCase } else { Function::Like };
                negate_if(like.negated, build::call(function, operands)?)
            }
            ExprKind::Cast { operand, data_type } => {
                let operand = self.expr(operand)?;
                build::convert(operand, *data_type)
            }
            ExprKind::Case { operand, branches, otherwise } => {
                let whens = branches.iter().map(|(when, _)| when);
                let mut whens = self.compared(operand.as_deref().into_iter().chain(whens))?.into_iter();
                let operand = operand.as_ref().and_then(|_| whens.next());
                let mut bound = Vec::with_capacity(branches.len());
                for ((_, then), when) in branches.iter().zip(whens) {
                    bound.push((when, self.expr(then)?));
                }
                let otherwise = otherwise.as_ref().map(|e| self.expr(e)).transpose()?;
                build::case(operand, bound, otherwise)
            }
            ExprKind::Row(_) => Err(Error::unsupported("a row of values here")),
            ExprKind::Collate { operand, collation: Collation::Binary } => self.expr(operand),
            ExprKind::Collate { .. } => Err(Error::unsupported("COLLATE here")
                .hint("it stands in comparisons, IN, BETWEEN, CASE, ORDER BY and GROUP BY")),
            _ => self.subquery(expr),
        }
    }

    fn in_list(&mut self, operand: &'a Expr, list: &'a [Expr], negated: bool) -> Result<Expression> {
        if let ExprKind::Row(columns) = &operand.kind {
            let mut options = Vec::with_capacity(list.len());
            for item in list {
                let ExprKind::Row(values) = &item.kind else {
                    return Err(
                        Error::type_mismatch("IN compares a row with something that is not one").at(item.at)
                    );
                };
                options.push(self.rows(Function::Equal, columns, values, item.at)?);
            }
            let any = match options.len() {
                0 => Expression::constant(Value::Boolean(false)),
                _ => build::or(options)?,
            };
            return negate_if(negated, any);
        }
        let mut list = self.compared(std::iter::once(operand).chain(list))?;
        let operand = list.remove(0);
        build::in_list(operand, list, negated)
    }

    fn call(&mut self, call: &'a Call) -> Result<Expression> {
        let name = call.name.text.to_lowercase();
        if is_aggregate(&name, call.args.len()) {
            return self.aggregate(&name, call);
        }
        let odd = call.star || call.distinct || call.filter.is_some() || !call.order_by.is_empty();
        if odd {
            let message = format!("{name} is not an aggregate function");
            return Err(Error::syntax(message)
                .at(call.name.at)
                .hint("*, DISTINCT, ORDER BY and FILTER need one"));
        }
        let arguments = self.exprs(&call.args)?;
        build::call_name(&name, arguments)
    }

    fn aggregate(&mut self, name: &str, call: &'a Call) -> Result<Expression> {
        let at = call.name.at;
        if call.star != call.args.is_empty() || (call.star && (name != "count" || call.distinct)) {
            return Err(Error::syntax(format!("wrong arguments of {name}")).at(at));
        }
        if name == "group_concat" && call.distinct && call.args.len() > 1 {
            let message = "group_concat with DISTINCT takes one argument";
            return Err(Error::syntax(message).at(at).hint("string_agg takes a separator, too"));
        }
        let level = self.level()?;
        let Some(found) = level.aggregates.take() else {
            let message = format!("the aggregate {name} is not allowed in {}", level.place);
            return Err(Error::new(crate::ErrorKind::Name, state::GROUPING, message).at(at));
        };
        let place = std::mem::replace(&mut level.place, "another aggregate");
        // Aliases of results may contain aggregates; inside one they mean nothing.
        let aliases = std::mem::take(&mut level.aliases);
        let bound = self.aggregate_parts(name, call);
        let level = self.level()?;
        level.place = place;
        level.aliases = aliases;
        let aggregates = level.aggregates.insert(found);
        let bound = bound?;
        let data_type = bound.data_type;
        if let Some((id, _)) = aggregates.iter().find(|(_, known)| *known == bound) {
            return Ok(Expression::column(*id, data_type));
        }
        let id = self.fresh()?;
        if let Some(aggregates) = &mut self.level()?.aggregates {
            aggregates.push((id, bound));
        }
        Ok(Expression::column(id, data_type))
    }

    fn aggregate_parts(&mut self, name: &str, call: &'a Call) -> Result<build::Aggregate> {
        let arguments = self.exprs(&call.args)?;
        let filter = call.filter.as_ref().map(|filter| self.condition(filter, "FILTER")).transpose()?;
        let mut order = Vec::with_capacity(call.order_by.len());
        for item in &call.order_by {
            let (expr, collation) = collated(&item.expr);
            let expression = self.expr(expr)?;
            order.push(sort_key(item, collate(expression, collation)?)?);
        }
        let parts = build::AggregateParts { distinct: call.distinct, filter, order };
        build::aggregate(name, arguments, parts).map_err(|error| error.at(call.name.at))
    }
}

pub(super) fn negate_if(negated: bool, expression: Expression) -> Result<Expression> {
    if negated { build::not(expression) } else { Ok(expression) }
}

fn unary(op: UnaryOp, operand: Expression) -> Result<Expression> {
    match op {
        UnaryOp::Not => build::not(operand),
        UnaryOp::Minus => build::call(Function::Negate, vec![operand]),
        UnaryOp::BitNot => build::call(Function::BitNot, vec![operand]),
        // As in SQLite, on anything.
        UnaryOp::Plus => Ok(operand),
    }
}

fn is(operand: Expression, test: Test, negated: bool) -> Result<Expression> {
    let constant = match test {
        Test::Null | Test::Unknown => return build::is_null(operand, negated),
        Test::True => true,
        Test::False => false,
    };
    let constant = Expression::constant(Value::Boolean(constant));
    build::call(if negated { Function::Distinct } else { Function::NotDistinct }, vec![operand, constant])
}

pub(super) fn operator(op: BinaryOp) -> Function {
    match op {
        BinaryOp::Add => Function::Add,
        BinaryOp::Subtract => Function::Subtract,
        BinaryOp::Multiply => Function::Multiply,
        BinaryOp::Divide => Function::Divide,
        BinaryOp::Modulo => Function::Modulo,
        BinaryOp::Power => Function::Power,
        BinaryOp::Concat => Function::Concat,
        BinaryOp::BitAnd => Function::BitAnd,
        BinaryOp::BitOr => Function::BitOr,
        BinaryOp::BitXor => Function::BitXor,
        BinaryOp::ShiftLeft => Function::ShiftLeft,
        BinaryOp::ShiftRight => Function::ShiftRight,
        BinaryOp::Equal => Function::Equal,
        BinaryOp::NotEqual => Function::NotEqual,
        BinaryOp::Less => Function::Less,
        BinaryOp::LessEqual => Function::LessEqual,
        BinaryOp::Greater => Function::Greater,
        BinaryOp::GreaterEqual => Function::GreaterEqual,
    }
}
