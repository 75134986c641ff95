//! Arithmetic over vectors of numbers. Overflow is an error; division by zero is one too, or NULL
//! where the session asks for that.

use super::{CallContext, Function};
use crate::error::{Error, Result, state};
use crate::types::{DataType, Validity, Vector, VectorData, decimal};

/// Applies `f` to every pair that is not NULL; it may make a row NULL.
pub(crate) fn zip<L: Copy, R: Copy, T: Default>(
    left: &[L],
    right: &[R],
    validity: Validity,
    f: impl Fn(L, R) -> Result<Option<T>>,
) -> Result<(Vec<T>, Validity)> {
    let mut values = Vec::with_capacity(left.len());
    let mut result_validity = validity.clone();
    for (row, (left, right)) in left.iter().zip(right).enumerate() {
        let value = if validity.is_valid(row) { f(*left, *right)? } else { None };
        if value.is_none() {
            result_validity.set_null(row);
        }
        values.push(value.unwrap_or_default());
    }
    Ok((values, result_validity))
}

/// Applies `f` to every value that is not NULL.
pub(crate) fn map<I: Copy, T: Default>(
    input: &[I],
    validity: &Validity,
    f: impl Fn(I) -> Result<T>,
) -> Result<Vec<T>> {
    let row = |(row, value): (usize, &I)| if validity.is_valid(row) { f(*value) } else { Ok(T::default()) };
    input.iter().enumerate().map(row).collect()
}

fn overflow(what: &str) -> Error {
    Error::out_of_range(format!("{what} out of range"))
}

/// The error, or NULL where the session asks for that.
pub(crate) fn division_by_zero<T>(context: &CallContext) -> Result<Option<T>> {
    if context.division_by_zero_is_null {
        return Ok(None);
    }
    Err(Error::value(state::DIVISION_BY_ZERO, "division by zero"))
}

/// `+ - * / %` and the bit operators on numbers.
pub(crate) fn binary(
    function: Function,
    left: &Vector,
    right: &Vector,
    types: &[DataType],
    result: DataType,
    context: &CallContext,
) -> Result<Vector> {
    let validity = left.validity.and(&right.validity);
    match (&left.data, &right.data) {
        (VectorData::Int(left), VectorData::Int(right)) => {
            let (values, validity) = zip(left, right, validity, |l, r| integers(function, l, r, context))?;
            Ok(Vector { data: VectorData::Int(values), validity })
        }
        (VectorData::Double(left), VectorData::Double(right)) => {
            let (values, validity) = zip(left, right, validity, |l, r| doubles(function, l, r, context))?;
            Ok(Vector { data: VectorData::Double(values), validity })
        }
        (VectorData::Decimal(left), VectorData::Decimal(right)) => {
            let scale_of = |index: usize| types.get(index).map_or(0, |data_type| data_type.scale());
            let scales = Scales { left: scale_of(0), right: scale_of(1), result: result.scale() };
            let (values, validity) =
                zip(left, right, validity, |l, r| decimals(function, l, r, scales, context))?;
            Ok(Vector { data: VectorData::Decimal(values), validity })
        }
        _ => Err(Error::internal("arithmetic on different types")),
    }
}

fn integers(function: Function, left: i64, right: i64, context: &CallContext) -> Result<Option<i64>> {
    let shift = |by: i64| u32::try_from(by).ok().filter(|by| *by < 64);
    let result = match function {
        Function::Add => left.checked_add(right),
        Function::Subtract => left.checked_sub(right),
        Function::Multiply => left.checked_mul(right),
        Function::Divide | Function::DivideWhole | Function::Modulo if right == 0 => {
            return division_by_zero(context);
        }
        Function::Divide | Function::DivideWhole => left.checked_div(right),
        // The least integer modulo -1 overflows in the machine and is 0.
        Function::Modulo => Some(left.wrapping_rem(right)),
        Function::BitAnd => Some(left & right),
        Function::BitOr => Some(left | right),
        Function::BitXor => Some(left ^ right),
        Function::ShiftLeft => Some(shift(right).map_or(0, |by| left << by)),
        Function::ShiftRight => Some(shift(right).map_or(if left < 0 { -1 } else { 0 }, |by| left >> by)),
        other => return Err(Error::internal(format!("integers have no {}", other.name()))),
    };
    result.map(Some).ok_or_else(|| overflow("integer"))
}

fn doubles(function: Function, left: f64, right: f64, context: &CallContext) -> Result<Option<f64>> {
    let result = match function {
        Function::Add => left + right,
        Function::Subtract => left - right,
        Function::Multiply => left * right,
        Function::Divide | Function::DivideWhole | Function::Modulo if right == 0.0 => {
            return division_by_zero(context);
        }
        Function::Divide => left / right,
        Function::DivideWhole => (left / right).trunc(),
        Function::Modulo => left % right,
        Function::Power => left.powf(right),
        other => return Err(Error::internal(format!("doubles have no {}", other.name()))),
    };
    if result.is_infinite() && left.is_finite() && right.is_finite() {
        return Err(overflow("double precision value"));
    }
    if result.is_nan() && !left.is_nan() && !right.is_nan() && function == Function::Power {
        let message = "a negative number raised to a fraction has no real value";
        return Err(Error::value(state::BAD_ARGUMENT, message));
    }
    Ok(Some(result))
}

#[derive(Clone, Copy)]
struct Scales {
    left: u8,
    right: u8,
    result: u8,
}

fn decimals(
    function: Function,
    left: i128,
    right: i128,
    scales: Scales,
    context: &CallContext,
) -> Result<Option<i128>> {
    let aligned = || {
        let left = decimal::rescale(left, scales.left, scales.result)?;
        Some((left, decimal::rescale(right, scales.right, scales.result)?))
    };
    let result = match function {
        Function::Add => aligned().and_then(|(l, r)| decimal::bounded(l.checked_add(r)?)),
        Function::Subtract => aligned().and_then(|(l, r)| decimal::bounded(l.checked_sub(r)?)),
        Function::Multiply => decimal::multiply(left, right, scales.left + scales.right, scales.result),
        Function::Divide | Function::DivideWhole | Function::Modulo if right == 0 => {
            return division_by_zero(context);
        }
        Function::Divide => decimal::divide(left, scales.left, right, scales.right, scales.result),
        Function::DivideWhole => whole_division(left, right, scales).0,
        Function::Modulo => Some(whole_division(left, right, scales).1),
        other => return Err(Error::internal(format!("decimals have no {}", other.name()))),
    };
    result.map(Some).ok_or_else(|| overflow("numeric value"))
}

/// The quotient without what is behind the point, if it fits, and the rest, at the larger of both
/// scales. The divisor must not be zero.
fn whole_division(left: i128, right: i128, scales: Scales) -> (Option<i128>, i128) {
    let scale = scales.left.max(scales.right);
    let aligned = |value: i128, from: u8| value.checked_mul(decimal::power_of_ten(scale - from)?);
    match (aligned(left, scales.left), aligned(right, scales.right)) {
        (Some(left), Some(right)) => (decimal::bounded(left / right), left % right),
        // The divisor is larger than any number of that scale.
        (_, None) => (Some(0), left),
        (None, Some(right)) => {
            let shift = scale - scales.left;
            let (quotient, rest) = long_division(left.unsigned_abs(), shift, right.unsigned_abs());
            let sign = |value: u128, sign: i128| i128::try_from(value).ok().map(|value| value * sign);
            let quotient = quotient.and_then(|quotient| sign(quotient, left.signum() * right.signum()));
            // Less than the divisor, it fits.
            (quotient.and_then(decimal::bounded), sign(rest, left.signum()).unwrap_or_default())
        }
    }
}

/// `left` with `shift` zeros behind it, divided by `right`, digit by digit: the quotient, if it
/// fits, and the rest. `right` has at most 38 digits.
fn long_division(left: u128, shift: u8, right: u128) -> (Option<u128>, u128) {
    let (mut quotient, mut rest) = (Some(left / right), left % right);
    for _ in 0..shift {
        let (mut digit, mut next) = (0u128, 0u128);
        for _ in 0..10 {
            next += rest;
            if next >= right {
                next -= right;
                digit += 1;
            }
        }
        rest = next;
        quotient = quotient.and_then(|quotient| quotient.checked_mul(10)?.checked_add(digit));
    }
    (quotient, rest)
}

/// Functions of one number.
pub(crate) fn unary(function: Function, input: &Vector, data_type: DataType) -> Result<Vector> {
    let validity = &input.validity;
    let data = match &input.data {
        VectorData::Int(values) => VectorData::Int(map(values, validity, |value| {
            match function {
                Function::Negate => value.checked_neg(),
                Function::Abs => value.checked_abs(),
                Function::Sign => Some(value.signum()),
                Function::BitNot => Some(!value),
                _ => Some(value),
            }
            .ok_or_else(|| overflow("integer"))
        })?),
        VectorData::Double(values) if function == Function::Sign => {
            VectorData::Int(map(values, validity, |value| {
                Ok(i64::from(value > 0.0) - i64::from(value < 0.0))
            })?)
        }
        VectorData::Double(values) => {
            VectorData::Double(map(values, validity, |value| double_function(function, value))?)
        }
        VectorData::Decimal(values) if function == Function::Sign => {
            VectorData::Int(map(values, validity, |value| Ok(value.signum() as i64))?)
        }
        VectorData::Decimal(values) => VectorData::Decimal(map(values, validity, |value| {
            Ok(match function {
                Function::Negate => -value,
                Function::Abs => value.abs(),
                _ => value,
            })
        })?),
        VectorData::Interval(values) => VectorData::Interval(map(values, validity, |value| {
            let negate = function == Function::Negate || value.order_key() < 0;
            let result = if negate { value.checked_neg() } else { Some(value) };
            result.ok_or_else(|| overflow("interval"))
        })?),
        _ => return Err(Error::internal(format!("{} of {data_type}", function.name()))),
    };
    Ok(Vector { data, validity: validity.clone() })
}

fn double_function(function: Function, value: f64) -> Result<f64> {
    let no_value = |what: &str| Err(Error::value(state::BAD_ARGUMENT, what.to_owned()));
    Ok(match function {
        Function::Negate => -value,
        Function::Abs => value.abs(),
        Function::SquareRoot if value < 0.0 => {
            return no_value("the square root of a negative number has no real value");
        }
        Function::SquareRoot => value.sqrt(),
        Function::Exp => match value.exp() {
            result if result.is_infinite() && value.is_finite() => {
                return Err(overflow("double precision value"));
            }
            result => result,
        },
        Function::Ln | Function::Log10 if value <= 0.0 => {
            return no_value("the logarithm of zero or a negative number has no real value");
        }
        Function::Ln => value.ln(),
        Function::Log10 => value.log10(),
        _ => value,
    })
}

/// ROUND, TRUNC, CEIL and FLOOR, to a number of digits behind the point.
pub(crate) fn round(
    function: Function,
    input: &Vector,
    digits: Option<&Vector>,
    data_type: DataType,
    result: DataType,
) -> Result<Vector> {
    let len = input.len();
    let no_digits = Vector::valid(VectorData::Int(vec![0; len]));
    let digits = digits.unwrap_or(&no_digits);
    let VectorData::Int(places) = &digits.data else {
        return Err(Error::internal("digits that are no integers"));
    };
    let validity = input.validity.and(&digits.validity);
    let (data, validity) = match &input.data {
        VectorData::Int(values) => {
            let (values, validity) = zip(values, places, validity, |value, places| {
                let rounded = round_unscaled(function, i128::from(value), 0, places, 0);
                let narrow = rounded.and_then(|wide| i64::try_from(wide).ok());
                narrow.map(Some).ok_or_else(|| overflow("integer"))
            })?;
            (VectorData::Int(values), validity)
        }
        VectorData::Double(values) => {
            let round = |value, places| Ok(Some(round_double(function, value, places)));
            let (values, validity) = zip(values, places, validity, round)?;
            (VectorData::Double(values), validity)
        }
        VectorData::Decimal(values) => {
            let (values, validity) = zip(values, places, validity, |value, places| {
                let rounded = round_unscaled(function, value, data_type.scale(), places, result.scale());
                rounded.map(Some).ok_or_else(|| overflow("numeric value"))
            })?;
            (VectorData::Decimal(values), validity)
        }
        _ => return Err(Error::internal("rounding what is no number")),
    };
    Ok(Vector { data, validity })
}

/// Rounds an unscaled integer to `places` digits and gives it at another scale.
fn round_unscaled(function: Function, value: i128, scale: u8, places: i64, result: u8) -> Option<i128> {
    let excess = i64::from(scale).saturating_sub(places);
    if excess <= 0 {
        return decimal::rescale(value, scale, result);
    }
    let Some(power) = u8::try_from(excess).ok().and_then(decimal::power_of_ten) else {
        return Some(0);
    };
    let rest = value % power;
    let down = value - rest;
    let up = match function {
        Function::Truncate => 0,
        Function::Ceiling => i128::from(rest > 0),
        Function::Floor => -i128::from(rest < 0),
        _ if rest.unsigned_abs() >= power.unsigned_abs() - rest.unsigned_abs() => value.signum(),
        _ => 0,
    };
    decimal::rescale(down.checked_add(up.checked_mul(power)?)?, scale, result)
}

fn round_double(function: Function, value: f64, places: i64) -> f64 {
    match function {
        Function::Ceiling => value.ceil(),
        Function::Floor => value.floor(),
        Function::Truncate if places == 0 => value.trunc(),
        Function::Round if places == 0 => value.round(),
        _ => {
            // By the digits one sees: 2.675 rounds to 2.68, whatever its nearest double is.
            let exact = decimal::from_double(value, 18);
            let rounded = exact.and_then(|exact| round_unscaled(function, exact, 18, places, 18));
            // Doubles too large for 18 digits behind the point have no digits to round there.
            rounded.map_or(value, |rounded| decimal::to_double(rounded, 18))
        }
    }
}
