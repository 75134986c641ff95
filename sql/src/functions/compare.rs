//! Comparisons of vectors. Doubles: NaN equals NaN and is greater than everything else, as in
//! keys, so that sorting, grouping and comparing agree.

use std::cmp::Ordering;

use super::Function;
use crate::error::{Error, Result};
use crate::types::{Bytes, DataType, Validity, Vector, VectorData, decimal};

/// The order of two doubles: -0 equals 0, NaN equals NaN and comes last.
pub(crate) fn compare_doubles(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// A comparison operator over two vectors of the same physical type.
pub(crate) fn compare(
    function: Function,
    left: &Vector,
    right: &Vector,
    types: &[DataType],
) -> Result<Vector> {
    let mut truths = match function {
        Function::Equal | Function::NotDistinct => equal(left, right, types)?,
        Function::NotEqual | Function::Distinct => negate(equal(left, right, types)?),
        Function::Less => orderings(left, right, types, Ordering::is_lt)?,
        Function::LessEqual => orderings(left, right, types, Ordering::is_le)?,
        Function::Greater => orderings(left, right, types, Ordering::is_gt)?,
        _ => orderings(left, right, types, Ordering::is_ge)?,
    };
    let validity = left.validity.and(&right.validity);
    let distinct = function == Function::Distinct;
    if !distinct && function != Function::NotDistinct {
        return Ok(Vector { data: VectorData::Bool(truths), validity });
    }
    if validity.null_count() > 0 {
        for (row, truth) in truths.iter_mut().enumerate() {
            let (left, right) = (left.is_valid(row), right.is_valid(row));
            if !left || !right {
                *truth = (left != right) == distinct;
            }
        }
    }
    Ok(Vector { data: VectorData::Bool(truths), validity: Validity::valid(left.len()) })
}

fn negate(mut truths: Vec<bool>) -> Vec<bool> {
    truths.iter_mut().for_each(|truth| *truth = !*truth);
    truths
}

fn pairs<T: Copy>(left: &[T], right: &[T], test: impl Fn(T, T) -> bool) -> Vec<bool> {
    left.iter().zip(right).map(|(left, right)| test(*left, *right)).collect()
}

fn byte_pairs(left: &Bytes, right: &Bytes, test: impl Fn(&[u8], &[u8]) -> bool) -> Vec<bool> {
    (0..left.len().min(right.len())).map(|row| test(left.get(row), right.get(row))).collect()
}

fn scales(types: &[DataType]) -> (u8, u8) {
    match types {
        [left, right, ..] => (left.scale(), right.scale()),
        _ => (0, 0),
    }
}

fn equal(left: &Vector, right: &Vector, types: &[DataType]) -> Result<Vec<bool>> {
    Ok(match (&left.data, &right.data) {
        (VectorData::Int(left), VectorData::Int(right)) => pairs(left, right, |l, r| l == r),
        (VectorData::Bytes(left), VectorData::Bytes(right)) => byte_pairs(left, right, |l, r| l == r),
        _ => orderings(left, right, types, Ordering::is_eq)?,
    })
}

fn orderings(
    left: &Vector,
    right: &Vector,
    types: &[DataType],
    test: impl Fn(Ordering) -> bool,
) -> Result<Vec<bool>> {
    Ok(match (&left.data, &right.data) {
        (VectorData::Bool(left), VectorData::Bool(right)) => pairs(left, right, |l, r| test(l.cmp(&r))),
        (VectorData::Int(left), VectorData::Int(right)) => pairs(left, right, |l, r| test(l.cmp(&r))),
        (VectorData::Double(left), VectorData::Double(right)) => {
            pairs(left, right, |l, r| test(compare_doubles(l, r)))
        }
        (VectorData::Decimal(left), VectorData::Decimal(right)) => match scales(types) {
            (left_scale, right_scale) if left_scale == right_scale => {
                pairs(left, right, |l, r| test(l.cmp(&r)))
            }
            (left_scale, right_scale) => {
                pairs(left, right, |l, r| test(decimal::compare(l, left_scale, r, right_scale)))
            }
        },
        (VectorData::Bytes(left), VectorData::Bytes(right)) => byte_pairs(left, right, |l, r| test(l.cmp(r))),
        (VectorData::Uuid(left), VectorData::Uuid(right)) => pairs(left, right, |l, r| test(l.cmp(&r))),
        (VectorData::Interval(left), VectorData::Interval(right)) => {
            pairs(left, right, |l, r| test(l.cmp(&r)))
        }
        _ => return Err(Error::internal("a comparison of different types")),
    })
}

/// The order of two rows of vectors of one type; neither may be NULL.
pub(crate) fn compare_rows(left: &Vector, row: usize, right: &Vector, other: usize) -> Ordering {
    match (&left.data, &right.data) {
        (VectorData::Bool(left), VectorData::Bool(right)) => left[row].cmp(&right[other]),
        (VectorData::Int(left), VectorData::Int(right)) => left[row].cmp(&right[other]),
        (VectorData::Double(left), VectorData::Double(right)) => compare_doubles(left[row], right[other]),
        (VectorData::Decimal(left), VectorData::Decimal(right)) => left[row].cmp(&right[other]),
        (VectorData::Bytes(left), VectorData::Bytes(right)) => left.get(row).cmp(right.get(other)),
        (VectorData::Uuid(left), VectorData::Uuid(right)) => left[row].cmp(&right[other]),
        (VectorData::Interval(left), VectorData::Interval(right)) => left[row].cmp(&right[other]),
        _ => Ordering::Equal,
    }
}
