//! Decimals read, written, rounded, multiplied, divided and compared.

use super::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[test]
fn text_forms() {
    for (text, printed) in [
        ("1.50", "1.50"),
        ("-0.05", "-0.05"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+7", "7"),
        ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        ("0e99", "0"),
    ] {
        assert_eq!(decimal(text).to_string(), printed);
    }
    for bad in ["", ".", "-", "1.2.3", "1e", "x", "1e99", "999999999999999999999999999999999999999"] {
        assert!(Decimal::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn rounding_is_half_away_from_zero() {
    assert_eq!(rescale(25, 1, 0), Some(3));
    assert_eq!(rescale(-25, 1, 0), Some(-3));
    assert_eq!(rescale(24, 1, 0), Some(2));
    assert_eq!(rescale(1, 0, 38), None);
    assert_eq!(from_double(0.1, 20), Some(10_i128.pow(19)));
    assert_eq!(from_double(2.675, 2), Some(268));
    assert_eq!(from_double(f64::NAN, 2), None);
}

#[test]
fn products_and_quotients() {
    assert_eq!(multiply(150, 200, 4, 4), Some(30_000));
    let big = 10_i128.pow(37);
    assert_eq!(multiply(big, 10, 0, 0), None);
    assert_eq!(multiply(big, big, 38, 0), Some(10_i128.pow(36)));
    assert_eq!(divide(1, 0, 3, 0, 4), Some(3333));
    assert_eq!(divide(-2, 0, 3, 0, 4), Some(-6667));
    assert_eq!(divide(10_i128.pow(30), 0, 3, 0, 16), None);
    assert_eq!(divide(10, 1, 25, 1, 16), Some(4 * 10_i128.pow(15)));
    assert_eq!(divide(12_345, 4, 1, 0, 2), Some(123));
}

#[test]
fn wide_products_agree_with_narrow_ones() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..10_000 {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            u128::from(seed >> 4)
        };
        let (a, b, d) = (next(), next(), next() + 1);
        let (exact, rest) = (a * b / d, a * b % d);
        let expected = exact + u128::from(rest >= d - rest);
        assert_eq!(multiply_divide(a, b, d), Some(expected));
    }
}

#[test]
fn order_is_by_value() {
    assert_eq!(decimal("1.50"), decimal("1.5"));
    assert!(decimal("-1.50") < decimal("-1.4"));
    assert!(
        decimal("99999999999999999999999999999999999999")
            > decimal("0.00000000000000000000000000000000000001")
    );
    assert_eq!(decimal("1.2300").normalized().to_string(), "1.23");
    assert_eq!(decimal("123.45").precision(), 5);
}
