//! Exact decimals: a 128-bit unscaled integer of at most 38 digits and a scale.
//!
//! The free functions work on unscaled integers whose scales are known from their column's type;
//! `Decimal` carries the scale with it, for constants and results. All rounding is half away from
//! zero. `None` means the result does not fit 38 digits.

use std::cmp::Ordering;
use std::fmt;

/// An exact decimal number: `unscaled / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    /// All digits as one integer, below 10^38 in absolute value.
    pub unscaled: i128,
    /// The number of digits after the point, at most 38.
    pub scale: u8,
}

/// The most digits a decimal can hold.
pub(crate) const DIGITS_MAX: u8 = 38;
const LIMIT: i128 = 10_i128.pow(38);

/// 10 to the power of `exponent`, when that has at most 39 digits.
pub(crate) fn power_of_ten(exponent: u8) -> Option<i128> {
    10_i128.checked_pow(u32::from(exponent))
}

/// `value` when it has at most 38 digits.
pub(crate) fn bounded(value: i128) -> Option<i128> {
    (-LIMIT < value && value < LIMIT).then_some(value)
}

/// `value / divisor` rounded half away from zero; the divisor must be positive.
fn divide_rounded(value: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (value / divisor, value % divisor);
    // rest * 2 >= divisor, without an overflow.
    let round = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
    quotient + if round { value.signum() } else { 0 }
}

/// Changes the scale of an unscaled integer.
pub(crate) fn rescale(value: i128, from: u8, to: u8) -> Option<i128> {
    match to.cmp(&from) {
        Ordering::Equal => Some(value),
        Ordering::Greater => bounded(value.checked_mul(power_of_ten(to - from)?)?),
        Ordering::Less => match power_of_ten(from - to) {
            Some(power) => Some(divide_rounded(value, power)),
            None => Some(0),
        },
    }
}

/// Is the unscaled integer within a precision?
pub(crate) fn fits(value: i128, precision: u8) -> bool {
    power_of_ten(precision).is_none_or(|limit| -limit < value && value < limit)
}

/// The product of two unscaled integers, from the sum of their scales to `scale`.
pub(crate) fn multiply(left: i128, right: i128, scales: u8, scale: u8) -> Option<i128> {
    if let Some(product) = left.checked_mul(right) {
        return bounded(rescale(product, scales, scale)?);
    }
    let divisor = power_of_ten(scales.checked_sub(scale)?)?;
    let magnitude = multiply_divide(left.unsigned_abs(), right.unsigned_abs(), divisor.unsigned_abs())?;
    signed(magnitude, (left < 0) != (right < 0))
}

/// `left / right` where `left` has scale `from` + the scale of `right`; the result gets `to`.
///
/// The divisor must not be zero.
pub(crate) fn divide(left: i128, left_scale: u8, right: i128, right_scale: u8, scale: u8) -> Option<i128> {
    // left / 10^ls / (right / 10^rs) * 10^s = left * 10^(s + rs - ls) / right
    let shift = i16::from(scale) + i16::from(right_scale) - i16::from(left_scale);
    let power = power_of_ten(u8::try_from(shift.unsigned_abs()).ok()?)?.unsigned_abs();
    let magnitude = if shift >= 0 {
        multiply_divide(left.unsigned_abs(), power, right.unsigned_abs())?
    } else {
        let divisor = right.unsigned_abs().checked_mul(power)?;
        multiply_divide(left.unsigned_abs(), 1, divisor)?
    };
    signed(magnitude, (left < 0) != (right < 0))
}

fn signed(magnitude: u128, negative: bool) -> Option<i128> {
    let value = bounded(i128::try_from(magnitude).ok()?)?;
    Some(if negative { -value } else { value })
}

/// `left * right / divisor`, rounded half up, with a 256-bit product.
fn multiply_divide(left: u128, right: u128, divisor: u128) -> Option<u128> {
    let (mut high, mut low) = wide_multiply(left, right);
    if divisor == 0 || high >= divisor {
        return None;
    }
    // Long division by shifting: `high` is the remainder, quotient bits enter `low` from below.
    for _ in 0..128 {
        let carry = high >> 127 != 0;
        high = (high << 1) | (low >> 127);
        low <<= 1;
        if carry || high >= divisor {
            high = high.wrapping_sub(divisor);
            low |= 1;
        }
    }
    let round = high >= divisor - high;
    low.checked_add(u128::from(round))
}

fn wide_multiply(left: u128, right: u128) -> (u128, u128) {
    const MASK: u128 = (1 << 64) - 1;
    let (left_high, left_low) = (left >> 64, left & MASK);
    let (right_high, right_low) = (right >> 64, right & MASK);
    let low = left_low * right_low;
    let middle = left_high * right_low + (low >> 64);
    let cross = left_low * right_high + (middle & MASK);
    let high = left_high * right_high + (middle >> 64) + (cross >> 64);
    (high, (cross << 64) | (low & MASK))
}

/// The double nearest to an unscaled integer.
pub(crate) fn to_double(value: i128, scale: u8) -> f64 {
    if scale <= 22 && value.unsigned_abs() < 1 << 53 {
        // Both are exact, so the quotient is correctly rounded.
        return value as f64 / 10_f64.powi(i32::from(scale));
    }
    Decimal { unscaled: value, scale }.to_string().parse().unwrap_or(f64::NAN)
}

/// A double rounded to a scale; none for NaN, the infinities and what does not fit.
pub(crate) fn from_double(value: f64, scale: u8) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    // The shortest text that reads back as this double, so that 0.1 becomes 0.1.
    let exact = Decimal::parse(&format!("{value:e}"))?;
    rescale(exact.unscaled, exact.scale, scale)
}

impl Decimal {
    /// Reads digits with an optional sign, point and exponent.
    pub fn parse(text: &str) -> Option<Decimal> {
        let text = text.trim();
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let mut unscaled: i128 = 0;
        let mut scale: i32 = 0;
        let (mut seen_digit, mut seen_point) = (false, false);
        for byte in mantissa.bytes() {
            match byte {
                b'0'..=b'9' => {
                    seen_digit = true;
                    let digit = i128::from(byte - b'0');
                    let longer = unscaled.checked_mul(10).and_then(|u| bounded(u + digit));
                    match longer {
                        Some(longer) => {
                            unscaled = longer;
                            scale += i32::from(seen_point);
                        }
                        // Digits beyond the 38th behind the point are cut off.
                        None if seen_point => {}
                        None => return None,
                    }
                }
                b'.' if !seen_point => seen_point = true,
                _ => return None,
            }
        }
        if !seen_digit {
            return None;
        }
        Decimal::with_exponent(if negative { -unscaled } else { unscaled }, scale, exponent)
    }

    fn with_exponent(mut unscaled: i128, scale: i32, exponent: i32) -> Option<Decimal> {
        let mut scale = scale.checked_sub(exponent)?;
        if unscaled == 0 {
            scale = scale.clamp(0, i32::from(DIGITS_MAX));
        }
        if scale < 0 {
            let power = power_of_ten(u8::try_from(-scale).ok()?)?;
            unscaled = bounded(unscaled.checked_mul(power)?)?;
            scale = 0;
        }
        if scale > i32::from(DIGITS_MAX) {
            let excess = u8::try_from(scale - i32::from(DIGITS_MAX)).unwrap_or(u8::MAX);
            unscaled = power_of_ten(excess).map_or(0, |power| divide_rounded(unscaled, power));
            scale = i32::from(DIGITS_MAX);
        }
        Some(Decimal { unscaled, scale: u8::try_from(scale).ok()? })
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        to_double(self.unscaled, self.scale)
    }

    /// The number of digits a type needs to hold this value.
    pub(crate) fn precision(self) -> u8 {
        let mut digits = 1;
        while digits < DIGITS_MAX && !fits(self.unscaled, digits) {
            digits += 1;
        }
        digits.max(self.scale)
    }

    /// The same number without zeros at the end of its fraction.
    pub(crate) fn normalized(mut self) -> Decimal {
        while self.scale > 0 && self.unscaled % 10 == 0 {
            self.unscaled /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        compare(self.unscaled, self.scale, other.unscaled, other.scale)
    }
}

/// Compares unscaled integers of different scales by value.
pub(crate) fn compare(left: i128, left_scale: u8, right: i128, right_scale: u8) -> Ordering {
    let split = |value: i128, scale: u8| match power_of_ten(scale) {
        Some(power) => (value / power, value % power),
        None => (0, value),
    };
    let (left_whole, left_rest) = split(left, left_scale);
    let (right_whole, right_rest) = split(right, right_scale);
    // Fractions are below 1, so at scale 38 they fit.
    let fraction = |rest, scale| rescale(rest, scale, DIGITS_MAX).unwrap_or(rest);
    left_whole
        .cmp(&right_whole)
        .then_with(|| fraction(left_rest, left_scale).cmp(&fraction(right_rest, right_scale)))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests;
