//! Rows that come back column by column, and bytes that are no row.

use super::*;

fn all(mut reader: RowReader<'_>) -> Result<Vec<Value>> {
    (0..reader.types.len()).map(|column| reader.value(column)).collect()
}

fn encoded(layout: &RowLayout, values: &[Value]) -> Vec<u8> {
    let mut bytes = vec![9, 9];
    layout.encode(|column| &values[column], &mut bytes).unwrap();
    bytes
}

fn sample() -> (RowLayout, Vec<Value>) {
    let columns = [
        (DataType::BigInt, Value::Integer(i64::MIN)),
        (DataType::TEXT, Value::Text("stone".into())),
        (DataType::SmallInt, Value::Integer(-3)),
        (DataType::Text { max: Some(9) }, Value::Null),
        (DataType::Blob, Value::Blob(vec![0, 1, 2])),
        (DataType::Decimal { precision: 10, scale: 2 }, Value::Decimal(Decimal { unscaled: -199, scale: 2 })),
        (DataType::NUMERIC, Value::Decimal(Decimal { unscaled: 1 << 90, scale: 10 })),
        (DataType::Date, Value::Date(-1)),
        (DataType::Timestamp, Value::Timestamp(77)),
        (DataType::Boolean, Value::Boolean(true)),
        (DataType::Double, Value::Double(0.5)),
        (DataType::Uuid, Value::Uuid(1 << 100)),
        (DataType::Interval, Value::Interval(Interval { months: -1, days: 2, microseconds: -3 })),
        (DataType::Json, Value::Json("{}".into())),
        (DataType::TEXT, Value::Text(String::new())),
        (DataType::Int, Value::Null),
    ];
    let (types, values) = columns.into_iter().unzip();
    (RowLayout::new(types), values)
}

#[test]
fn rows_come_back_whole_and_by_column() {
    let (layout, values) = sample();
    let bytes = encoded(&layout, &values);
    let mut reader = layout.read(&bytes).unwrap();
    assert_eq!(all(reader).unwrap(), values);
    for (index, data_type) in layout.types.iter().enumerate() {
        let mut vector = Vector::empty(*data_type);
        reader.push_into(index, &mut vector).unwrap();
        assert_eq!(vector.value(0, *data_type), values[index]);
        assert_eq!(reader.is_null(index), values[index].is_null());
    }
    for index in (0..values.len()).rev() {
        assert_eq!(reader.value(index).unwrap(), values[index]);
    }
}

#[test]
fn numbers_are_as_short_as_may_be() {
    let layout = RowLayout::new(vec![DataType::BigInt, DataType::BigInt]);
    let edges = [0, 1, 7, 8, 15, 16, 23, 24, 31, 32, 47, 48, 62];
    let edges =
        edges.into_iter().flat_map(|bits| [(1i64 << bits).wrapping_sub(1), (1 << bits), -(1 << bits)]);
    for int in edges.chain([i64::MIN, i64::MIN + 1, -1, -129]) {
        let value = Value::Integer(int);
        let bytes = encoded(&layout, &[value.clone(), value.clone()]);
        let fits = |len: usize| len == 8 || int << (64 - 8 * len) >> (64 - 8 * len) == int;
        let len = (1..=8).find(|len| fits(*len)).filter(|_| int != 0).unwrap_or(0);
        assert_eq!(bytes.len(), 1 + 2 * len, "{int}");
        assert_eq!(all(layout.read(&bytes).unwrap()).unwrap(), [value.clone(), value]);
    }
    let wide = RowLayout::new(vec![DataType::Uuid, DataType::Double]);
    for bits in 0..128 {
        let values = [Value::Uuid(3 << bits), Value::Double(f64::from_bits(5 << (bits % 64)))];
        assert_eq!(all(wide.read(&encoded(&wide, &values)).unwrap()).unwrap(), values);
    }
    let zeros = [Value::Uuid(u128::MAX), Value::Double(-0.0)];
    let back = all(wide.read(&encoded(&wide, &zeros)).unwrap()).unwrap();
    assert_eq!((&back[0], format!("{:?}", back[1])), (&zeros[0], "Double(-0.0)".to_owned()));
}

#[test]
fn texts_of_every_length_and_many_columns() {
    for count in [1, 2, 14, 15, 16, 300] {
        let layout = RowLayout::new(vec![DataType::TEXT; count]);
        for len in [0, 1, 11, 12, 13, 255, 256, 65_535, 65_536] {
            let mut values = vec![Value::Text("x".repeat(len)); count];
            assert_eq!(all(layout.read(&encoded(&layout, &values)).unwrap()).unwrap(), values);
            values[count - 1] = Value::Null;
            values[0] = Value::Null;
            assert_eq!(all(layout.read(&encoded(&layout, &values)).unwrap()).unwrap(), values);
        }
        let nothing = vec![Value::Null; count];
        assert_eq!(encoded(&layout, &nothing), [0]);
    }
}

#[test]
fn columns_of_a_stored_row_are_taken_over() {
    let (layout, values) = sample();
    let stored = encoded(&layout, &values);
    for changed in 0..values.len() {
        for new in [Value::Null, values[changed].clone()] {
            let mut expected = values.clone();
            expected[changed] = new.clone();
            let field = |column| if column == changed { Field::Value(&new) } else { Field::Stored };
            let mut bytes = Vec::new();
            layout.replace(&stored, field, &mut bytes).unwrap();
            assert_eq!(bytes, encoded(&layout, &expected));
        }
    }
}

#[test]
fn the_example_of_the_document() {
    let layout = RowLayout::new(vec![DataType::SmallInt, DataType::TEXT]);
    assert_eq!(encoded(&layout, &[Value::Null, Value::Text("grey".into())]), b"\xf2grey");
}

#[test]
fn short_rows_end_in_nulls() {
    let (layout, values) = sample();
    let bytes = encoded(&layout, &values);
    let mut types = layout.types.clone();
    types.extend([DataType::BigInt, DataType::TEXT]);
    let longer = RowLayout::new(types);
    let mut expected = values;
    expected.extend([Value::Null, Value::Null]);
    assert_eq!(all(longer.read(&bytes).unwrap()).unwrap(), expected);
    assert!(RowLayout::new(vec![DataType::BigInt]).read(&bytes).is_err());
}

#[test]
fn damaged_rows_are_errors_and_never_panic() {
    let (layout, values) = sample();
    let bytes = encoded(&layout, &values);
    for len in 0..bytes.len() {
        if let Ok(reader) = layout.read(&bytes[..len]) {
            let _ = all(reader);
        }
    }
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(reader) = layout.read(&damaged) {
                let _ = all(reader);
            }
        }
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let narrow = RowLayout::new(vec![DataType::SmallInt, DataType::Decimal { precision: 3, scale: 1 }]);
    let mut out = Vec::new();
    let wide = [Value::Integer(40_000), Value::Null];
    assert!(narrow.encode(|column| &wide[column], &mut out).is_err());
    let big = Value::Decimal(Decimal { unscaled: 1000, scale: 1 });
    let big = [Value::Null, big];
    assert!(narrow.encode(|column| &big[column], &mut out).is_err());
}
