//! Subqueries in expressions: what they answer, and what becomes of it row by row.

use std::sync::Arc;

use super::evaluate::{Environment, booleans, encode_row_key, evaluate, negated, three_valued};
use super::{Subquery, SubqueryKind};
use crate::encoding::{KeyOrder, KeySet, encode_vector_row};
use crate::error::{Error, Result};
use crate::functions::{self, Accumulator, AggregateFunction, Function};
use crate::types::{Batch, DataType, Value, Vector, VectorData};

/// What a subquery answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The one value of a scalar subquery.
    Scalar(Value),
    /// Is there a row?
    Exists(bool),
    /// The rows of an IN.
    Set(Arc<RowSet>),
    /// What ANY and ALL compare with.
    Extremes(Arc<Extremes>),
}

/// The rows of an IN.
#[derive(Debug, Default)]
pub(crate) struct RowSet {
    /// Rows without a NULL.
    keys: KeySet,
    /// All rows, where they have several columns: a NULL in one leaves it to the others to differ.
    rows: Vec<Batch>,
    bytes: usize,
}

impl RowSet {
    pub(crate) fn add(&mut self, batch: Batch) {
        let columns: Vec<&Vector> = batch.columns().iter().map(Arc::as_ref).collect();
        let mut key = Vec::new();
        for row in 0..batch.len() {
            if encode_row_key(&mut key, &columns, row) {
                self.keys.insert(&key);
            } else {
                self.keys.note_null();
            }
        }
        if columns.len() > 1 {
            self.bytes += batch.memory();
            self.rows.push(batch);
        }
    }

    /// Bytes of memory used, about.
    pub(crate) fn memory(&self) -> usize {
        self.keys.memory() + self.bytes
    }

    /// Is the row among them? `None` is NULL.
    fn contains(&self, operands: &[&Vector], row: usize) -> Option<bool> {
        let mut key = Vec::new();
        let complete = encode_row_key(&mut key, operands, row);
        if operands.len() == 1 {
            return self.keys.contains(complete.then_some(key.as_slice()));
        }
        if complete && self.keys.get(&key).is_some() {
            return Some(true);
        }
        if complete && !self.keys.has_null() {
            return Some(false);
        }
        let possible =
            self.rows.iter().any(|batch| (0..batch.len()).any(|other| !differs(operands, row, batch, other)));
        if possible { None } else { Some(false) }
    }
}

/// Is there a column in which both have a value, and not the same?
fn differs(operands: &[&Vector], row: usize, batch: &Batch, other: usize) -> bool {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    operands.iter().zip(batch.columns()).any(|(operand, column)| {
        left.clear();
        right.clear();
        encode_vector_row(&mut left, operand, row, KeyOrder::ASCENDING);
        encode_vector_row(&mut right, column, other, KeyOrder::ASCENDING);
        operand.is_valid(row) && column.is_valid(other) && left != right
    })
}

/// The least and the greatest of a column, which decide every comparison with any or all of it.
#[derive(Debug)]
pub(crate) struct Extremes {
    data_type: DataType,
    accumulators: [Accumulator; 2],
    /// Least and greatest, each one row, once all were seen.
    ends: Vec<Vector>,
    empty: bool,
    has_null: bool,
}

impl Extremes {
    pub(crate) fn new(data_type: DataType) -> Extremes {
        let accumulator = |function| {
            let mut accumulator = Accumulator::new(function, Some(data_type), data_type);
            accumulator.resize(1);
            accumulator
        };
        let accumulators = [accumulator(AggregateFunction::Min), accumulator(AggregateFunction::Max)];
        Extremes { data_type, accumulators, ends: Vec::new(), empty: true, has_null: false }
    }

    pub(crate) fn add(&mut self, batch: &Batch) -> Result<()> {
        let column = batch.column(0).ok_or_else(|| Error::internal("a subquery without a column"))?;
        self.empty &= batch.len() == 0;
        self.has_null |= column.validity.null_count() > 0;
        let groups = vec![0; batch.len()];
        self.accumulators
            .iter_mut()
            .try_for_each(|accumulator| accumulator.update(&groups, &[&**column], None))
    }

    pub(crate) fn finish(mut self) -> Result<Extremes> {
        for accumulator in &self.accumulators {
            self.ends.push(accumulator.finish(0, 1)?);
        }
        Ok(self)
    }

    /// Does the comparison hold between each operand and any row, or all?
    fn compare(
        &self,
        operand: &Vector,
        function: Function,
        all: bool,
        environment: &mut dyn Environment,
    ) -> Result<Vector> {
        let len = operand.len();
        if self.empty {
            return Ok(Vector::valid(VectorData::Bool(vec![all; len])));
        }
        let mut sides = Vec::with_capacity(2);
        for end in &self.ends {
            let end = end.gather(&vec![0; len])?;
            let (types, context) = ([self.data_type; 2], environment.call_context());
            let arguments = [operand, &end];
            sides.push(functions::evaluate(function, &arguments, &types, DataType::Boolean, len, context)?);
        }
        let [least, greatest] = sides.as_slice() else { return Err(Error::internal("no extremes")) };
        let (least_truths, greatest_truths) = (booleans(least)?, booleans(greatest)?);
        Ok(three_valued(len, |row| {
            if !operand.is_valid(row) || !least.is_valid(row) {
                return None;
            }
            let (low, high) = (least_truths[row], greatest_truths[row]);
            // For each comparison the end that decides, or both: one of them for ANY, both for ALL.
            let holds = if all { low && high } else { low || high };
            if holds != all || !self.has_null { Some(holds) } else { None }
        }))
    }
}

/// The answers of a subquery: of one run when it reads nothing from the row, else one a row.
pub(super) fn answer(
    subquery: &Subquery,
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Vector> {
    let len = batch.len();
    if len == 0 {
        return Ok(Vector::empty(subquery.data_type));
    }
    let operands = subquery.kind.operands().iter();
    let operands =
        operands.map(|operand| evaluate(operand, batch, environment)).collect::<Result<Vec<_>>>()?;
    let refs: Vec<&Vector> = operands.iter().map(Arc::as_ref).collect();
    if subquery.outer.is_empty() {
        let answer = environment.subquery(subquery, Vec::new())?;
        return spread(&answer, subquery, &refs, len, environment);
    }
    let outer: Vec<Arc<Vector>> = subquery
        .outer
        .iter()
        .map(|expression| evaluate(expression, batch, environment))
        .collect::<Result<_>>()?;
    let mut out = Vector::empty(subquery.data_type);
    for row in 0..len {
        let values = outer.iter().zip(&subquery.outer);
        let values = values.map(|(vector, expression)| vector.value(row, expression.data_type())).collect();
        let answer = environment.subquery(subquery, values)?;
        let position = [u32::try_from(row).unwrap_or(u32::MAX)];
        let one: Vec<Vector> = refs.iter().map(|vector| vector.gather(&position)).collect::<Result<_>>()?;
        let one: Vec<&Vector> = one.iter().collect();
        out.push_from(&spread(&answer, subquery, &one, 1, environment)?, 0)?;
    }
    Ok(out)
}

/// One answer as the result of `len` rows.
fn spread(
    answer: &Answer,
    subquery: &Subquery,
    operands: &[&Vector],
    len: usize,
    environment: &mut dyn Environment,
) -> Result<Vector> {
    match (answer, &subquery.kind) {
        (Answer::Scalar(value), _) => Vector::constant(value, subquery.data_type, len),
        (Answer::Exists(found), SubqueryKind::Exists { negated }) => {
            Ok(Vector::valid(VectorData::Bool(vec![found != negated; len])))
        }
        (Answer::Set(set), SubqueryKind::In { negated: is_negated, .. }) => {
            let found = three_valued(len, |row| set.contains(operands, row));
            if *is_negated { negated(&found) } else { Ok(found) }
        }
        (Answer::Extremes(extremes), SubqueryKind::Compare { function, all, .. }) => {
            let operand = operands.first().ok_or_else(|| Error::internal("nothing to compare"))?;
            extremes.compare(operand, *function, *all, environment)
        }
        _ => Err(Error::internal("an answer of the wrong kind")),
    }
}
