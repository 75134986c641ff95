//! Keys that must sort as their values do, come back, or be refused.

use super::*;
use crate::types::Decimal;
use std::cmp::Ordering;

struct Random(drystone_platform_sim::Random);

impl Random {
    fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn value(&mut self, data_type: DataType) -> Value {
        let bits = self.next();
        let small = (bits >> 32) as i64 % 5;
        if bits.is_multiple_of(11) {
            return Value::Null;
        }
        let int = if bits & 16 == 0 { small } else { bits as i64 };
        match data_type {
            DataType::Boolean => Value::Boolean(bits & 1 == 1),
            DataType::BigInt => Value::Integer(int),
            DataType::Double => Value::Double(match bits % 7 {
                0 => small as f64,
                1 => f64::NAN,
                2 => -0.0,
                3 => f64::INFINITY,
                4 => f64::NEG_INFINITY,
                _ => f64::from_bits(bits),
            }),
            DataType::Decimal { scale, .. } => {
                Value::Decimal(Decimal { unscaled: i128::from(int) * 1_000_003, scale })
            }
            DataType::Text { .. } => Value::Text(self.text()),
            DataType::Blob => Value::Blob(self.text().into_bytes()),
            DataType::Uuid => Value::Uuid(u128::from(bits) << 60),
            _ => Value::Interval(Interval {
                months: small as i32,
                days: (bits % 70) as i32 - 35,
                microseconds: int % 100_000_000_000,
            }),
        }
    }

    fn text(&mut self) -> String {
        let len = self.next() % 5;
        (0..len).map(|_| ['\0', '\u{1}', 'a', 'b', '\u{e9}', '\u{ff}'][(self.next() % 6) as usize]).collect()
    }
}

fn compare(left: &Value, right: &Value, order: KeyOrder) -> Ordering {
    let null = |first| if first { Ordering::Less } else { Ordering::Greater };
    let ascending = match (left, right) {
        (Value::Null, Value::Null) => return Ordering::Equal,
        (Value::Null, _) => return null(order.nulls_first),
        (_, Value::Null) => return null(!order.nulls_first),
        (Value::Boolean(l), Value::Boolean(r)) => l.cmp(r),
        (Value::Integer(l), Value::Integer(r)) => l.cmp(r),
        (Value::Double(l), Value::Double(r)) => match (l.is_nan(), r.is_nan()) {
            (false, false) => l.partial_cmp(r).unwrap(),
            (l, r) => l.cmp(&r),
        },
        (Value::Decimal(l), Value::Decimal(r)) => l.cmp(r),
        (Value::Text(l), Value::Text(r)) => l.as_bytes().cmp(r.as_bytes()),
        (Value::Blob(l), Value::Blob(r)) => l.cmp(r),
        (Value::Uuid(l), Value::Uuid(r)) => l.cmp(r),
        (Value::Interval(l), Value::Interval(r)) => l.cmp(r),
        other => panic!("{other:?}"),
    };
    if order.descending { ascending.reverse() } else { ascending }
}

#[test]
fn bytes_have_the_order_of_the_values() {
    let seed = std::env::var("DRYSTONE_SEED").map_or(1, |text| text.parse().unwrap());
    println!("seed {seed}");
    let mut random = Random(drystone_platform_sim::Random::new(seed));
    let types = [
        DataType::Boolean,
        DataType::BigInt,
        DataType::Double,
        DataType::decimal(4),
        DataType::TEXT,
        DataType::Blob,
        DataType::Uuid,
        DataType::Interval,
    ];
    for round in 0..40_000 {
        let first_type = types[(random.next() % 8) as usize];
        let second_type = types[(random.next() % 8) as usize];
        let order = KeyOrder { descending: round & 1 == 1, nulls_first: round & 2 == 2 };
        let row = |random: &mut Random| [random.value(first_type), random.value(second_type)];
        let (left, right) = (row(&mut random), row(&mut random));
        let encode = |row: &[Value; 2]| {
            let mut key = Vec::new();
            encode_value(&mut key, &row[0], first_type, order).unwrap();
            encode_value(&mut key, &row[1], second_type, KeyOrder::ASCENDING).unwrap();
            key
        };
        let expected = compare(&left[0], &right[0], order)
            .then_with(|| compare(&left[1], &right[1], KeyOrder::ASCENDING));
        assert_eq!(encode(&left).cmp(&encode(&right)), expected, "{left:?} {right:?} {order:?}");
        let mut first = Vec::new();
        encode_value(&mut first, &left[0], first_type, order).unwrap();
        assert_eq!(encoded_len(&encode(&left), first_type, order).unwrap(), first.len());
        let mut vector = Vector::empty(first_type);
        vector.push_value(&left[0], first_type).unwrap();
        let (mut from_value, mut from_vector) = (Vec::new(), Vec::new());
        encode_value(&mut from_value, &left[0], first_type, order).unwrap();
        encode_vector_row(&mut from_vector, &vector, 0, order);
        assert_eq!(from_value, from_vector);
    }
}

#[test]
fn rowids_and_prefixes() {
    for rowid in [i64::MIN, -1, 0, 1, i64::MAX] {
        assert_eq!(decode_rowid(&encode_rowid(rowid)).unwrap(), rowid);
    }
    assert!(decode_rowid(&[1, 2]).is_err());
    assert_eq!(prefix_end(&[1, 0xff, 0xff]), Some(vec![2]));
    assert_eq!(prefix_end(&[0xff]), None);
}
