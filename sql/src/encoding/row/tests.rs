//! Rows that come back column by column, and bytes that are no row.

use super::*;

fn all(reader: &RowReader<'_>) -> Result<Vec<Value>> {
    (0..reader.layout.types.len()).map(|column| reader.value(column)).collect()
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
    let mut bytes = Vec::new();
    layout.encode(&values, &mut bytes).unwrap();
    let reader = layout.read(&bytes).unwrap();
    assert_eq!(all(&reader).unwrap(), values);
    for (index, data_type) in layout.types.iter().enumerate() {
        let mut vector = Vector::empty(*data_type);
        reader.push_into(index, &mut vector).unwrap();
        assert_eq!(vector.value(0, *data_type), values[index]);
    }
}

#[test]
fn short_rows_have_defaults() {
    let (layout, values) = sample();
    let mut bytes = Vec::new();
    layout.encode(&values, &mut bytes).unwrap();
    let mut types = layout.types.clone();
    types.extend([DataType::BigInt, DataType::TEXT]);
    let mut defaults = vec![Value::Null; values.len()];
    defaults.push(Value::Integer(7));
    let longer = RowLayout::with_defaults(types, defaults);
    let reader = longer.read(&bytes).unwrap();
    let mut expected = values;
    expected.extend([Value::Integer(7), Value::Null]);
    assert_eq!(all(&reader).unwrap(), expected);
    assert!(RowLayout::new(vec![DataType::BigInt]).read(&bytes).is_err());
}

#[test]
fn damaged_rows_are_errors_and_never_panic() {
    let (layout, values) = sample();
    let mut bytes = Vec::new();
    layout.encode(&values, &mut bytes).unwrap();
    for len in 0..bytes.len() {
        if let Ok(reader) = layout.read(&bytes[..len]) {
            let _ = all(&reader);
        }
    }
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(reader) = layout.read(&damaged) {
                let _ = all(&reader);
            }
        }
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let narrow = RowLayout::new(vec![DataType::SmallInt, DataType::Decimal { precision: 3, scale: 1 }]);
    let mut out = Vec::new();
    assert!(narrow.encode(&[Value::Integer(40_000), Value::Null], &mut out).is_err());
    let big = Value::Decimal(Decimal { unscaled: 1000, scale: 1 });
    assert!(narrow.encode(&[Value::Null, big], &mut out).is_err());
}
