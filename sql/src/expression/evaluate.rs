//! Evaluating an expression over a batch: one vector in, or several, one vector out.
//!
//! CASE, COALESCE and AND / OR with parts that may fail or cost much evaluate a part only for
//! the rows that need it, so that `CASE WHEN x <> 0 THEN 1 / x END` never divides by zero.

use std::sync::Arc;

use super::answer::{Answer, answer};
use super::{Expression, Subquery};
use crate::encoding::{KeyOrder, KeySet, encode_vector_row};
use crate::error::{Error, Result};
use crate::functions::{self, CallContext, Function, cast_exactly, cast_value, cast_vector};
use crate::types::{Batch, DataType, Validity, Value, Vector, VectorData};

/// What an expression reads besides its batch.
pub(crate) trait Environment {
    /// The value of a parameter of the statement.
    fn parameter(&self, index: usize) -> Result<&Value>;
    /// The value the enclosing query hands to the running subquery.
    fn outer(&self, slot: usize) -> Result<&Value>;
    /// The answer of a subquery for the values it reads from the current row.
    fn subquery(&mut self, subquery: &Subquery, outer: Vec<Value>) -> Result<Answer>;
    /// What functions depend on.
    fn call_context(&mut self) -> &mut CallContext;
}

/// Evaluates an expression for every row of a batch.
pub(crate) fn evaluate(
    expression: &Expression,
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Arc<Vector>> {
    let len = batch.len();
    let vector = match expression {
        Expression::Column { index, .. } => {
            let column = batch.column(*index);
            return column.cloned().ok_or_else(|| Error::internal(format!("no column {index} in the batch")));
        }
        Expression::Constant { value, data_type } => Vector::constant(value, *data_type, len)?,
        Expression::Parameter { index, data_type, rounds } => {
            let cast = if *rounds { cast_value } else { cast_exactly };
            let value = cast(environment.parameter(*index)?, *data_type)
                .map_err(|error| error.within(format_args!("parameter {}", index + 1)))?;
            Vector::constant(&value, *data_type, len)?
        }
        Expression::Outer { slot, data_type } => {
            Vector::constant(environment.outer(*slot)?, *data_type, len)?
        }
        Expression::Call { function: Function::Coalesce, arguments, data_type, .. } => {
            coalesce(arguments, *data_type, batch, environment)?
        }
        Expression::Call { function, arguments, data_type, place } => {
            call(*function, arguments, *data_type, batch, environment).map_err(|error| error.at(place.0))?
        }
        Expression::Cast { input, data_type, place } => {
            let vector = evaluate(input, batch, environment)?;
            cast_vector(&vector, input.data_type(), *data_type).map_err(|error| error.at(place.0))?
        }
        Expression::And(parts) => connect(parts, false, batch, environment)?,
        Expression::Or(parts) => connect(parts, true, batch, environment)?,
        Expression::Not(input) => negated(&*evaluate(input, batch, environment)?)?,
        Expression::IsNull { input, negated } => {
            let vector = evaluate(input, batch, environment)?;
            let truths = (0..len).map(|row| vector.is_valid(row) == *negated);
            Vector::valid(VectorData::Bool(truths.collect()))
        }
        Expression::Case { branches, otherwise, data_type } => {
            case(branches, otherwise.as_deref(), *data_type, batch, environment)?
        }
        Expression::InList { input, list, negated: false } => in_list(input, list, batch, environment)?,
        Expression::InList { input, list, negated: true } => {
            negated(&in_list(input, list, batch, environment)?)?
        }
        Expression::Subquery(subquery) => {
            answer(subquery, batch, environment).map_err(|error| error.at(subquery.place.0))?
        }
    };
    Ok(Arc::new(vector))
}

/// The numbers of the rows for which a condition is true.
pub(crate) fn select(
    predicate: &Expression,
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Vec<u32>> {
    let truths = evaluate(predicate, batch, environment)?;
    let values = booleans(&truths)?;
    let rows = values.iter().enumerate().filter(|(row, truth)| **truth && truths.is_valid(*row));
    Ok(rows.filter_map(|(row, _)| u32::try_from(row).ok()).collect())
}

/// The value of an expression that reads nothing from outside: see `Expression::is_foldable`.
pub(crate) fn constant_value(expression: &Expression) -> Result<Value> {
    struct Nothing(CallContext);
    impl Environment for Nothing {
        fn parameter(&self, _: usize) -> Result<&Value> {
            Err(Error::internal("a parameter in a constant"))
        }
        fn outer(&self, _: usize) -> Result<&Value> {
            Err(Error::internal("a column in a constant"))
        }
        fn subquery(&mut self, _: &Subquery, _: Vec<Value>) -> Result<Answer> {
            Err(Error::internal("a subquery in a constant"))
        }
        fn call_context(&mut self) -> &mut CallContext {
            &mut self.0
        }
    }
    if let Expression::Constant { value, .. } = expression {
        return Ok(value.clone());
    }
    let mut nothing = Nothing(CallContext {
        now_us: 0,
        division_by_zero_is_null: false,
        random: 0,
        session: Default::default(),
        growth: Default::default(),
    });
    let vector = evaluate(expression, &Batch::one_row(), &mut nothing)?;
    Ok(vector.value(0, expression.data_type()))
}

pub(super) fn booleans(vector: &Vector) -> Result<&[bool]> {
    match &vector.data {
        VectorData::Bool(values) => Ok(values),
        _ => Err(Error::internal("a condition that is no boolean")),
    }
}

pub(super) fn negated(vector: &Vector) -> Result<Vector> {
    let truths = booleans(vector)?.iter().map(|truth| !truth).collect();
    Ok(Vector { data: VectorData::Bool(truths), validity: vector.validity.clone() })
}

fn call(
    function: Function,
    arguments: &[Expression],
    result: DataType,
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Vector> {
    let types: Vec<DataType> = arguments.iter().map(Expression::data_type).collect();
    let vectors: Vec<Arc<Vector>> =
        arguments.iter().map(|argument| evaluate(argument, batch, environment)).collect::<Result<_>>()?;
    let refs: Vec<&Vector> = vectors.iter().map(Arc::as_ref).collect();
    functions::evaluate(function, &refs, &types, result, batch.len(), environment.call_context())
}

/// Is it worth evaluating this only for the rows that need it: may it fail, or cost much?
fn is_lazy(expression: &Expression) -> bool {
    expression.any(&mut |part| match part {
        Expression::Call { function, .. } => {
            !function.is_comparison() && !matches!(function, Function::Like | Function::LikeIgnoreCase)
        }
        Expression::Cast { .. } | Expression::Subquery(_) => true,
        _ => false,
    })
}

/// The batch of some of the rows, with only the columns an expression reads filled.
fn narrowed(batch: &Batch, rows: &[u32], expression: &Expression) -> Result<Batch> {
    if rows.len() == batch.len() {
        return Ok(batch.clone());
    }
    let mut wanted = vec![false; batch.columns().len()];
    expression.columns(|index| {
        if let Some(flag) = wanted.get_mut(index) {
            *flag = true;
        }
    });
    batch.gather_columns(rows, &wanted)
}

/// AND (`decisive` false) or OR (`decisive` true): a part with the decisive value decides a row.
fn connect(
    parts: &[Expression],
    decisive: bool,
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Vector> {
    let len = batch.len();
    let mut truths = vec![!decisive; len];
    // Rows with a NULL so far.
    let mut unknown = vec![false; len];
    for part in parts {
        let open = |row: &u32| truths.get(*row as usize) != Some(&decisive);
        let rows: Vec<u32> = (0..u32::try_from(len).unwrap_or(u32::MAX)).filter(open).collect();
        if rows.is_empty() {
            break;
        }
        let lazy = rows.len() < len && is_lazy(part);
        let vector = match lazy {
            true => evaluate(part, &narrowed(batch, &rows, part)?, environment)?,
            false => evaluate(part, batch, environment)?,
        };
        let values = booleans(&vector)?;
        for (position, row) in rows.iter().enumerate() {
            let row = *row as usize;
            let at = if lazy { position } else { row };
            if !vector.is_valid(at) {
                unknown[row] = true;
            } else if values[at] == decisive {
                truths[row] = decisive;
            }
        }
    }
    let mut validity = Validity::valid(len);
    for row in 0..len {
        if unknown[row] && truths[row] != decisive {
            validity.set_null(row);
        }
    }
    Ok(Vector { data: VectorData::Bool(truths), validity })
}

/// Results for parts of the rows, put together at the end.
struct Pieces {
    vectors: Vec<Arc<Vector>>,
    /// For each row the number of its vector and its row there; no vector: NULL.
    sources: Vec<(usize, usize)>,
}

impl Pieces {
    fn new(len: usize) -> Pieces {
        Pieces { vectors: Vec::new(), sources: vec![(usize::MAX, 0); len] }
    }

    /// Row `i` of the vector is the result of row `rows[i]`, for those `keep` says.
    fn add(&mut self, vector: Arc<Vector>, rows: &[u32], keep: impl Fn(usize) -> bool) {
        for (position, row) in rows.iter().enumerate() {
            if keep(position) {
                self.sources[*row as usize] = (self.vectors.len(), position);
            }
        }
        self.vectors.push(vector);
    }

    fn finish(self, data_type: DataType) -> Result<Vector> {
        let mut out = Vector::empty(data_type);
        for (vector, row) in self.sources {
            match self.vectors.get(vector) {
                Some(vector) => out.push_from(vector, row)?,
                None => out.push_null()?,
            }
        }
        Ok(out)
    }
}

fn all_rows(batch: &Batch) -> Vec<u32> {
    (0..u32::try_from(batch.len()).unwrap_or(u32::MAX)).collect()
}

fn case(
    branches: &[(Expression, Expression)],
    otherwise: Option<&Expression>,
    data_type: DataType,
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Vector> {
    let mut pieces = Pieces::new(batch.len());
    let mut rows = all_rows(batch);
    for (when, result) in branches {
        if rows.is_empty() {
            break;
        }
        let hits = select(when, &narrowed(batch, &rows, when)?, environment)?;
        if hits.is_empty() {
            continue;
        }
        let mut is_hit = vec![false; rows.len()];
        hits.iter().for_each(|hit| is_hit[*hit as usize] = true);
        let chosen: Vec<u32> = hits.iter().map(|hit| rows[*hit as usize]).collect();
        let vector = evaluate(result, &narrowed(batch, &chosen, result)?, environment)?;
        pieces.add(vector, &chosen, |_| true);
        let left = rows.iter().zip(&is_hit).filter(|(_, hit)| !**hit);
        rows = left.map(|(row, _)| *row).collect();
    }
    if let (Some(otherwise), false) = (otherwise, rows.is_empty()) {
        let vector = evaluate(otherwise, &narrowed(batch, &rows, otherwise)?, environment)?;
        pieces.add(vector, &rows, |_| true);
    }
    pieces.finish(data_type)
}

fn coalesce(
    arguments: &[Expression],
    data_type: DataType,
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Vector> {
    let mut pieces = Pieces::new(batch.len());
    let mut rows = all_rows(batch);
    for argument in arguments {
        if rows.is_empty() {
            break;
        }
        let vector = evaluate(argument, &narrowed(batch, &rows, argument)?, environment)?;
        pieces.add(vector.clone(), &rows, |position| vector.is_valid(position));
        let left = rows.iter().enumerate().filter(|(position, _)| !vector.is_valid(*position));
        rows = left.map(|(_, row)| *row).collect();
    }
    pieces.finish(data_type)
}

/// From this many constants on, IN looks them up instead of comparing one by one.
const SET_MIN: usize = 8;

fn in_list(
    input: &Expression,
    list: &[Expression],
    batch: &Batch,
    environment: &mut dyn Environment,
) -> Result<Vector> {
    let len = batch.len();
    if list.is_empty() {
        return Ok(Vector::valid(VectorData::Bool(vec![false; len])));
    }
    let vector = evaluate(input, batch, environment)?;
    if list.len() >= SET_MIN && list.iter().all(Expression::is_row_independent) {
        let mut set = KeySet::default();
        for item in list {
            let value = evaluate(item, &Batch::one_row(), environment)?;
            add_to_set(&mut set, &value, 0);
        }
        return Ok(membership(&vector, &set, len));
    }
    let mut truths = vec![false; len];
    let mut unknown = vec![false; len];
    let types = [input.data_type(); 2];
    for item in list {
        let item = evaluate(item, batch, environment)?;
        let context = environment.call_context();
        let equal =
            functions::evaluate(Function::Equal, &[&vector, &item], &types, DataType::Boolean, len, context)?;
        let values = booleans(&equal)?;
        for row in 0..len {
            if equal.is_valid(row) {
                truths[row] |= values[row];
            } else {
                unknown[row] = true;
            }
        }
    }
    let mut validity = Validity::valid(len);
    for row in (0..len).filter(|row| unknown[*row] && !truths[*row]) {
        validity.set_null(row);
    }
    Ok(Vector { data: VectorData::Bool(truths), validity })
}

/// Encodes a row of several vectors as a key; false when one of them is NULL.
pub(crate) fn encode_row_key(key: &mut Vec<u8>, vectors: &[&Vector], row: usize) -> bool {
    key.clear();
    let mut complete = true;
    for vector in vectors {
        complete &= vector.is_valid(row);
        encode_vector_row(key, vector, row, KeyOrder::ASCENDING);
    }
    complete
}

/// Adds a row to a set for IN.
fn add_to_set(set: &mut KeySet, vector: &Vector, row: usize) {
    let mut key = Vec::new();
    if encode_row_key(&mut key, &[vector], row) {
        set.insert(&key);
    } else {
        set.note_null();
    }
}

/// Is each row in the set, three-valued?
fn membership(vector: &Vector, set: &KeySet, len: usize) -> Vector {
    let mut key = Vec::new();
    three_valued(len, |row| {
        let complete = encode_row_key(&mut key, &[vector], row);
        set.contains(complete.then_some(key.as_slice()))
    })
}

/// The truth of each row; `None` is NULL.
pub(super) fn three_valued(len: usize, mut truth: impl FnMut(usize) -> Option<bool>) -> Vector {
    let mut truths = vec![false; len];
    let mut validity = Validity::valid(len);
    for (row, place) in truths.iter_mut().enumerate() {
        match truth(row) {
            Some(found) => *place = found,
            None => validity.set_null(row),
        }
    }
    Vector { data: VectorData::Bool(truths), validity }
}
