//! Binding of subqueries in expressions: scalar, EXISTS, IN, ANY and ALL.

use super::Binder;
use super::expression::operator;
use super::query::Output;
use super::scope::Level;
use crate::error::{Error, Position, Result};
use crate::expression::{self as build, Expression, Place, Subquery, SubqueryKind};
use crate::functions::Function;
use crate::parse::ast::{Expr, ExprKind, Query};
use crate::types::DataType;

impl<'a> Binder<'a> {
    pub(super) fn subquery(&mut self, expr: &'a Expr) -> Result<Expression> {
        match &expr.kind {
            ExprKind::Exists { query, negated } => {
                let (output, outer) = self.nested(query)?;
                self.finish(output, outer, SubqueryKind::Exists { negated: *negated }, DataType::Boolean)
            }
            ExprKind::Subquery(query) => {
                let (output, outer) = self.nested(query)?;
                one_column(&output, 1, expr.at)?;
                let output = self.settled(output)?;
                let data_type = output.types().first().copied().unwrap_or(DataType::TEXT);
                self.finish(output, outer, SubqueryKind::Scalar, data_type)
            }
            ExprKind::InQuery { operand, query, negated } => self.in_query(operand, query, *negated),
            ExprKind::Quantified { op, operand, query, all } => match (operator(*op), *all) {
                (Function::Equal, false) => self.in_query(operand, query, false),
                (Function::NotEqual, true) => self.in_query(operand, query, true),
                (function, all) => self.quantified(function, operand, query, all),
            },
            _ => Err(Error::internal("not a subquery")),
        }
    }

    fn in_query(&mut self, operand: &'a Expr, query: &'a Query, negated: bool) -> Result<Expression> {
        let operands = match &operand.kind {
            ExprKind::Row(columns) => self.exprs(columns)?,
            _ => vec![self.expr(operand)?],
        };
        let (output, outer) = self.nested(query)?;
        one_column(&output, operands.len(), operand.at)?;
        let mut types = Vec::with_capacity(operands.len());
        for (operand, column) in operands.iter().zip(&output.columns) {
            let pair = [operand.clone(), Expression::column(column.id, column.data_type)];
            types.push(build::common_type(&pair, "the sides of IN")?);
        }
        let output = self.converted(output, &types)?;
        let operands =
            operands.into_iter().zip(&types).map(|(o, t)| build::cast(o, *t)).collect::<Result<_>>()?;
        self.finish(output, outer, SubqueryKind::In { operands, negated }, DataType::Boolean)
    }

    /// Every (or any) row of a query compared with a value.
    fn quantified(
        &mut self,
        function: Function,
        operand: &'a Expr,
        query: &'a Query,
        all: bool,
    ) -> Result<Expression> {
        let bound = self.expr(operand)?;
        let (output, outer) = self.nested(query)?;
        one_column(&output, 1, operand.at)?;
        let column = output.columns.first().map_or(DataType::Unknown, |column| column.data_type);
        let pair = [bound.clone(), Expression::column(0, column)];
        let common = build::common_type(&pair, "the sides of ANY and ALL")?;
        let output = self.converted(output, &[common])?;
        let operand = Box::new(build::cast(bound, common)?);
        self.finish(output, outer, SubqueryKind::Compare { operand, function, all }, DataType::Boolean)
    }

    /// The values of the one row of a query.
    pub(super) fn row_subquery(
        &mut self,
        query: &'a Query,
        width: usize,
        at: Position,
    ) -> Result<Vec<Expression>> {
        let mut values = Vec::with_capacity(width);
        for index in 0..width {
            let (output, outer) = self.nested(query)?;
            one_column(&output, width, at)?;
            let output = self.settled(output)?;
            let columns: Vec<_> = output.columns.into_iter().skip(index).take(1).collect();
            let data_type = columns.first().map_or(DataType::TEXT, |column| column.data_type);
            let one = Output { plan: output.plan, columns };
            values.push(self.finish(one, outer, SubqueryKind::Scalar, data_type)?);
        }
        Ok(values)
    }

    /// Binds a query inside an expression; gives what it uses of the queries around it, too.
    fn nested(&mut self, query: &'a Query) -> Result<(Output, Vec<Expression>)> {
        self.levels.push(Level::default());
        let output = self.query(query);
        let level = self.levels.pop();
        Ok((output?, level.map(|level| level.outer).unwrap_or_default()))
    }

    fn finish(
        &mut self,
        output: Output,
        outer: Vec<Expression>,
        kind: SubqueryKind,
        data_type: DataType,
    ) -> Result<Expression> {
        self.subplans.push(output.relation());
        let plan = self.subplans.len() - 1;
        Ok(Expression::Subquery(Box::new(Subquery { plan, kind, outer, data_type, place: Place::default() })))
    }
}

fn one_column(output: &Output, wanted: usize, at: Position) -> Result<()> {
    let found = output.columns.len();
    if found == wanted {
        return Ok(());
    }
    Err(Error::syntax(format!("the subquery has {found} columns where {wanted} is needed")).at(at))
}
