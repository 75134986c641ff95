//! Rows of expressions: VALUES, and the one row of a SELECT without FROM.

use std::sync::Arc;

use super::context::Context;
use super::operator::Operator;
use crate::error::Result;
use crate::expression::{Expression, evaluate};
use crate::types::{BATCH_ROWS, Batch, DataType, Vector};

pub(crate) struct Values {
    rows: Vec<Vec<Expression>>,
    types: Vec<DataType>,
    at: usize,
}

impl Values {
    pub(crate) fn new(rows: &[Vec<Expression>], types: &[DataType]) -> Values {
        Values { rows: rows.to_vec(), types: types.to_vec(), at: 0 }
    }
}

impl Operator for Values {
    fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Batch>> {
        let end = self.rows.len().min(self.at + BATCH_ROWS);
        let rows = self.rows.get(self.at..end).unwrap_or(&[]);
        if rows.is_empty() {
            return Ok(None);
        }
        let mut columns: Vec<Vector> = self.types.iter().map(|data_type| Vector::empty(*data_type)).collect();
        let single = Batch::one_row();
        for row in rows {
            for ((expression, column), data_type) in row.iter().zip(&mut columns).zip(&self.types) {
                match expression {
                    Expression::Constant { value, .. } => column.push_value(value, *data_type)?,
                    other => column.push_from(&*evaluate(other, &single, context)?, 0)?,
                }
            }
        }
        let len = rows.len();
        self.at = end;
        Ok(Some(Batch::new(columns.into_iter().map(Arc::new).collect(), len)))
    }

    fn reset(&mut self) {
        self.at = 0;
    }
}
