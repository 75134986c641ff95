//! Functions of numbers, value by value.

use super::scalar::{DOUBLE, INT, Scalar, bad, double, int};
use super::{Call, CallContext};
use crate::error::{Error, Result};
use crate::types::{DataType, Value};

const D: DataType = DataType::Double;
const I: DataType = DataType::BigInt;

/// A function of one double.
macro_rules! of_double {
    ($name:literal, $f:expr) => {
        Scalar::new($name, &[DOUBLE], D, |values, _| real($name, ($f)(double(values, 0))))
    };
}

pub(super) const TABLE: &[Scalar] = &[
    of_double!("acos", f64::acos),
    of_double!("acosh", f64::acosh),
    of_double!("asin", f64::asin),
    of_double!("asinh", f64::asinh),
    of_double!("atan", f64::atan),
    of_double!("atanh", f64::atanh),
    of_double!("cbrt", f64::cbrt),
    of_double!("cos", f64::cos),
    of_double!("cosh", f64::cosh),
    of_double!("cot", |x: f64| 1.0 / x.tan()),
    of_double!("degrees", f64::to_degrees),
    of_double!("log2", f64::log2),
    of_double!("radians", f64::to_radians),
    of_double!("sin", f64::sin),
    of_double!("sinh", f64::sinh),
    of_double!("tan", f64::tan),
    of_double!("tanh", f64::tanh),
    Scalar::new("atan2", &[DOUBLE, DOUBLE], D, |v, _| real("atan2", double(v, 0).atan2(double(v, 1)))),
    Scalar::new("log", &[DOUBLE, DOUBLE], D, |v, _| real("log", double(v, 1).log(double(v, 0)))),
    Scalar::new("gcd", &[INT, INT], I, |v, _| gcd(int(v, 0), int(v, 1)).map(Value::Integer)),
    Scalar::new("lcm", &[INT, INT], I, |v, _| lcm(int(v, 0), int(v, 1)).map(Value::Integer)),
    Scalar::new("factorial", &[INT], I, factorial as Call),
    Scalar::new("bit_count", &[INT], I, |v, _| Ok(Value::Integer(i64::from(int(v, 0).count_ones())))),
    Scalar::new("width_bucket", &[DOUBLE, DOUBLE, DOUBLE, INT], I, width_bucket as Call),
    Scalar::new("random", &[INT, INT], I, random_between as Call).random(),
    Scalar::new("last_insert_rowid", &[], I, |_, context| Ok(Value::Integer(context.session.last_rowid)))
        .changing(),
    Scalar::new("changes", &[], I, |_, context| Ok(Value::Integer(context.session.changes))).changing(),
    Scalar::new("total_changes", &[], I, |_, context| Ok(Value::Integer(context.session.total_changes)))
        .changing(),
];

/// A result that is a number.
fn real(name: &str, value: f64) -> Result<Value> {
    if value.is_finite() {
        return Ok(Value::Double(value));
    }
    Err(bad(format!("{name} has no real value there")))
}

fn out_of_range() -> Error {
    Error::out_of_range("integer out of range")
}

fn gcd(left: i64, right: i64) -> Result<i64> {
    let (mut a, mut b) = (left.unsigned_abs(), right.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).map_err(|_| out_of_range())
}

fn lcm(left: i64, right: i64) -> Result<i64> {
    if left == 0 || right == 0 {
        return Ok(0);
    }
    let multiple = (left / gcd(left, right)?).checked_mul(right).and_then(i64::checked_abs);
    multiple.ok_or_else(out_of_range)
}

fn factorial(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let number = int(values, 0);
    if number < 0 {
        return Err(bad("a negative number has no factorial"));
    }
    let product = (1..=number.min(30)).try_fold(1i64, i64::checked_mul);
    product.map(Value::Integer).ok_or_else(out_of_range)
}

fn width_bucket(values: &[Value], _: &mut CallContext) -> Result<Value> {
    let (value, low, high, count) = (double(values, 0), double(values, 1), double(values, 2), int(values, 3));
    if count <= 0 || low == high {
        return Err(bad("width_bucket needs a range and a positive number of buckets"));
    }
    let place = (value - low) / (high - low);
    Ok(Value::Integer(match place {
        place if place < 0.0 => 0,
        place if place >= 1.0 => count.checked_add(1).ok_or_else(out_of_range)?,
        place => (place * count as f64) as i64 + 1,
    }))
}

fn random_between(values: &[Value], context: &mut CallContext) -> Result<Value> {
    let (low, high) = (i128::from(int(values, 0)), i128::from(int(values, 1)));
    if low > high {
        return Err(bad("random: the first number must not be greater than the second"));
    }
    let drawn = i128::from(context.next_random().cast_unsigned()) % (high - low + 1);
    i64::try_from(low + drawn).map(Value::Integer).map_err(|_| out_of_range())
}
