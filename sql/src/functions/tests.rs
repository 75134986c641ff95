//! Tests of functions by name, on single values.

use super::*;
use crate::types::{DataType, Decimal, Value, Vector, calendar};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn number(text: &str) -> Value {
    Value::Decimal(Decimal::parse(text).unwrap())
}

fn moment(text: &str) -> Value {
    Value::Timestamp(calendar::parse_timestamp(text).unwrap())
}

fn apply(function: Function, arguments: &[Value]) -> crate::Result<Value> {
    let types: Vec<DataType> = arguments.iter().map(Value::data_type).collect();
    let digits = match arguments.get(1) {
        Some(Value::Integer(digits)) => Some(*digits),
        _ => None,
    };
    let signature = resolve(function, &types, digits)?;
    let typed: Vec<Vector> = arguments
        .iter()
        .zip(&signature.arguments)
        .map(|(value, to)| Vector::constant(&cast_value(value, *to)?, *to, 1))
        .collect::<crate::Result<_>>()?;
    let refs: Vec<&Vector> = typed.iter().collect();
    let mut context = CallContext {
        now_us: 0,
        division_by_zero_is_null: false,
        random: 1,
        session: Default::default(),
        growth: Default::default(),
    };
    let result = evaluate(function, &refs, &signature.arguments, signature.result, 1, &mut context)?;
    assert_eq!(result.len(), 1);
    Ok(result.value(0, signature.result))
}

fn call(name: &str, arguments: &[Value]) -> String {
    let function = resolve_name(name, arguments.len()).unwrap();
    match apply(function, arguments) {
        Ok(Value::Null) => "NULL".to_owned(),
        Ok(value) => value.to_string(),
        Err(error) => format!("error {}", error.code()),
    }
}

fn operator(function: Function, left: Value, right: Value) -> String {
    match apply(function, &[left, right]) {
        Ok(Value::Null) => "NULL".to_owned(),
        Ok(value) => value.to_string(),
        Err(error) => format!("error {}", error.code()),
    }
}

#[test]
fn arithmetic() {
    let int = Value::Integer;
    assert_eq!(operator(Function::Divide, int(-7), int(2)), "-3");
    assert_eq!(operator(Function::Modulo, int(-7), int(2)), "-1");
    assert_eq!(operator(Function::Divide, int(1), int(0)), "error 22012");
    assert_eq!(operator(Function::Divide, Value::Null, int(0)), "NULL");
    assert_eq!(operator(Function::Add, int(i64::MAX), int(1)), "error 22003");
    assert_eq!(operator(Function::Divide, int(i64::MIN), int(-1)), "error 22003");
    assert_eq!(operator(Function::Modulo, int(i64::MIN), int(-1)), "0");
    assert_eq!(operator(Function::Add, number("0.1"), number("0.25")), "0.35");
    assert_eq!(operator(Function::Multiply, number("1.5"), int(2)), "3.0");
    assert_eq!(operator(Function::Divide, number("10.0"), int(4)), "2.5000000000000000");
    assert_eq!(operator(Function::Modulo, number("5.5"), int(2)), "1.5");
    assert_eq!(operator(Function::Modulo, number("-5.5"), number("0.75")), "-0.25");
    for (left, right, quotient, rest) in [
        ("7.5", "2", "3", "1.5"),
        ("-7.5", "2", "-3", "-1.5"),
        ("7.5", "-0.5", "-15", "0.0"),
        ("0.99999999999999999999", "1", "0", "0.99999999999999999999"),
        ("50000000.000000000", "100000000000000000000000000000.0", "0", "50000000.000000000"),
        (
            "90000000000000000000000000000000000007",
            "0.00000000000000000000000000000000000011",
            "error 22003",
            "0.00000000000000000000000000000000000009",
        ),
        (
            "90000000000000000000000000000000000007",
            "33.0000000003",
            "2727272727247933884297746055597293217",
            "29.3208120349",
        ),
        ("1", "0.00", "error 22012", "error 22012"),
    ] {
        assert_eq!(operator(Function::DivideWhole, number(left), number(right)), quotient, "{left} {right}");
        assert_eq!(operator(Function::Modulo, number(left), number(right)), rest, "{left} {right}");
    }
    assert_eq!(operator(Function::DivideWhole, Value::Double(-7.5), int(2)), "-3.0");
    assert_eq!(operator(Function::DivideWhole, int(-7), int(2)), "-3");
    assert_eq!(operator(Function::Multiply, Value::Double(1e308), Value::Double(10.0)), "error 22003");
    assert_eq!(operator(Function::Add, Value::Double(0.5), number("0.5")), "1.0");
    assert_eq!(operator(Function::ShiftLeft, int(1), int(70)), "0");
    assert_eq!(operator(Function::BitXor, int(6), int(3)), "5");
}

#[test]
fn rounding() {
    assert_eq!(call("round", &[number("2.345"), Value::Integer(2)]), "2.35");
    assert_eq!(call("round", &[number("-2.5")]), "-3");
    assert_eq!(call("round", &[Value::Double(2.675), Value::Integer(2)]), "2.68");
    assert_eq!(call("round", &[Value::Double(-0.5)]), "-1.0");
    assert_eq!(call("round", &[Value::Integer(1250), Value::Integer(-2)]), "1300");
    assert_eq!(call("trunc", &[number("2.999"), Value::Integer(1)]), "2.9");
    assert_eq!(call("ceil", &[number("-2.1")]), "-2");
    assert_eq!(call("floor", &[number("-2.1")]), "-3");
    assert_eq!(call("ceil", &[Value::Double(2.1)]), "3.0");
    assert_eq!(call("abs", &[Value::Integer(i64::MIN)]), "error 22003");
    assert_eq!(call("sign", &[number("-0.01")]), "-1");
    assert_eq!(call("sqrt", &[Value::Integer(9)]), "3.0");
    assert_eq!(call("sqrt", &[Value::Integer(-1)]), "error 22023");
    assert_eq!(call("ln", &[Value::Integer(0)]), "error 22023");
    assert_eq!(call("power", &[Value::Integer(2), Value::Integer(10)]), "1024.0");
    assert_eq!(call("mod", &[Value::Integer(7), Value::Integer(3)]), "1");
}

#[test]
fn texts() {
    let hello = || text("h\u{e9}llo");
    let int = Value::Integer;
    for (name, arguments, expected) in [
        ("upper", vec![hello()], "H\u{c9}LLO"),
        ("length", vec![hello()], "5"),
        ("octet_length", vec![hello()], "6"),
        ("length", vec![Value::Blob(vec![1, 2, 3])], "3"),
        ("substr", vec![hello(), int(2), int(3)], "\u{e9}ll"),
        ("substr", vec![hello(), int(0), int(2)], "h"),
        ("substr", vec![hello(), int(-3)], "llo"),
        ("substr", vec![hello(), int(9), int(2)], ""),
        ("substr", vec![hello(), int(1), int(-1)], "error 22023"),
        ("substr", vec![hello(), int(i64::MAX), int(i64::MAX)], ""),
        ("trim", vec![text("  a b ")], "a b"),
        ("ltrim", vec![text("xxa"), text("x")], "a"),
        ("replace", vec![text("aXbX"), text("X"), text("--")], "a--b--"),
        ("instr", vec![hello(), text("l")], "3"),
        ("instr", vec![hello(), text("z")], "0"),
        ("left", vec![hello(), int(2)], "h\u{e9}"),
        ("left", vec![hello(), int(-2)], "h\u{e9}l"),
        ("right", vec![hello(), int(2)], "lo"),
        ("right", vec![hello(), int(i64::MIN)], ""),
        ("reverse", vec![text("abc")], "cba"),
        ("repeat", vec![text("ab"), int(2)], "abab"),
        ("repeat", vec![text("ab"), int(i64::MAX)], "error 54000"),
        ("lpad", vec![text("7"), int(3), text("0")], "007"),
        ("rpad", vec![text("abc"), int(2)], "ab"),
        ("starts_with", vec![hello(), text("h")], "true"),
        ("split_part", vec![text("a,b,c"), text(","), int(2)], "b"),
        ("split_part", vec![text("a,b,c"), text(","), int(-1)], "c"),
        ("hex", vec![text("az")], "617A"),
        ("ascii", vec![text("a")], "97"),
        ("chr", vec![int(233)], "\u{e9}"),
        ("chr", vec![int(0)], "error 22023"),
        ("upper", vec![Value::Null], "NULL"),
        ("concat", vec![text("a"), Value::Null, int(1)], "a1"),
    ] {
        assert_eq!(call(name, &arguments), expected, "{name}{arguments:?}");
    }
    assert_eq!(operator(Function::Concat, text("n"), int(1)), "n1");
    assert_eq!(operator(Function::Concat, int(1), int(1)), "error 42883");
}

#[test]
fn choices() {
    let int = Value::Integer;
    assert_eq!(call("coalesce", &[Value::Null, int(2), int(3)]), "2");
    assert_eq!(call("ifnull", &[Value::Null, Value::Null]), "NULL");
    assert_eq!(call("greatest", &[int(2), Value::Null, int(5)]), "5");
    assert_eq!(call("least", &[text("b"), text("a")]), "a");
    assert_eq!(call("typeof", &[int(2)]), "integer");
    assert_eq!(call("typeof", &[Value::Null]), "null");
}

#[test]
fn dates() {
    let day = Value::Date(18_628); // 2021-01-01, a Friday
    let noon = || moment("2021-03-31 12:34:56.789");
    let month = || cast_value(&text("1 month"), DataType::Interval).unwrap();
    assert_eq!(operator(Function::Add, noon(), month()), "2021-04-30 12:34:56.789");
    assert_eq!(operator(Function::Subtract, day.clone(), month()), "2020-12-01 00:00:00");
    assert_eq!(operator(Function::Add, day.clone(), Value::Integer(31)), "2021-02-01");
    assert_eq!(operator(Function::Subtract, day.clone(), text("2020-12-01")), "error 42883");
    assert_eq!(operator(Function::Subtract, noon(), moment("2021-03-30 12:34:56")), "1 day 00:00:00.789");
    assert_eq!(operator(Function::Multiply, month(), Value::Integer(3)), "3 mons");
    assert_eq!(operator(Function::Add, Value::Date(2_932_896), Value::Integer(1)), "error 22007");
    for (field, expected) in [
        ("year", "2021.000000"),
        ("month", "3.000000"),
        ("second", "56.789000"),
        ("dow", "3.000000"),
        ("doy", "90.000000"),
        ("week", "13.000000"),
        ("quarter", "1.000000"),
        ("epoch", "1617194096.789000"),
        ("nonsense", "error 22023"),
    ] {
        assert_eq!(call("extract", &[text(field), noon()]), expected, "{field}");
    }
    assert_eq!(apply(Function::ExtractWhole, &[text("year"), day.clone()]).unwrap(), Value::Integer(2021));
    assert_eq!(apply(Function::ExtractWhole, &[text("week"), day]).unwrap(), Value::Integer(53));
    assert_eq!(call("date_trunc", &[text("month"), noon()]), "2021-03-01 00:00:00");
    assert_eq!(call("date_trunc", &[text("week"), noon()]), "2021-03-29 00:00:00");
    assert_eq!(
        call("strftime", &[text("%Y/%m/%d %H:%M:%S %j %w %f %%"), noon()]),
        "2021/03/31 12:34:56 090 3 56.789 %"
    );
    assert_eq!(call("strftime", &[text("%Q"), noon()]), "error 22023");
}

#[test]
fn comparisons() {
    let compare = |function, left, right| operator(function, left, right);
    assert_eq!(compare(Function::Equal, number("1.50"), number("1.5")), "true");
    assert_eq!(compare(Function::Less, Value::Integer(1), number("1.5")), "true");
    assert_eq!(compare(Function::Equal, Value::Null, Value::Integer(1)), "NULL");
    assert_eq!(compare(Function::Distinct, Value::Null, Value::Integer(1)), "true");
    assert_eq!(compare(Function::NotDistinct, Value::Null, Value::Null), "true");
    assert_eq!(compare(Function::Distinct, Value::Integer(1), Value::Integer(1)), "false");
    assert_eq!(compare(Function::Equal, Value::Double(f64::NAN), Value::Double(f64::NAN)), "true");
    assert_eq!(compare(Function::Less, Value::Double(1e300), Value::Double(f64::NAN)), "true");
    assert_eq!(compare(Function::GreaterEqual, text("b"), text("ab")), "true");
}

#[test]
fn aggregates() {
    let column = |values: &[Value], data_type| {
        let mut vector = Vector::empty(data_type);
        values.iter().for_each(|value| vector.push_value(value, data_type).unwrap());
        vector
    };
    let run = |name: &str, values: &[Value], data_type: DataType| {
        let (function, types, result) = aggregate_signature(name, &[data_type]).unwrap();
        let cast: Vec<Value> = values.iter().map(|value| cast_value(value, types[0]).unwrap()).collect();
        let vector = column(&cast, types[0]);
        let mut accumulator = Accumulator::new(function, Some(types[0]), result);
        accumulator.resize(2);
        accumulator.update(&vec![0; values.len()], &[&vector], None).unwrap();
        match accumulator.finish(0, 2) {
            Ok(vector) => format!("{} {:?}", vector.value(0, result), vector.value(1, result)),
            Err(error) => error.code().to_owned(),
        }
    };
    let ints = [Value::Integer(4), Value::Null, Value::Integer(-1)];
    assert_eq!(run("count", &ints, DataType::BigInt), "2 Integer(0)");
    assert_eq!(run("sum", &ints, DataType::BigInt), "3 Null");
    assert_eq!(run("avg", &ints, DataType::BigInt), "1.5 Null");
    assert_eq!(run("total", &ints, DataType::BigInt), "3.0 Double(0.0)");
    assert_eq!(run("min", &ints, DataType::BigInt), "-1 Null");
    let big = [Value::Integer(i64::MAX), Value::Integer(1)];
    assert_eq!(run("sum", &big, DataType::BigInt), "22003");
    let texts = [text("b"), text("a"), Value::Null];
    assert_eq!(run("max", &texts, DataType::TEXT), "b Null");
    assert_eq!(run("group_concat", &texts, DataType::TEXT), "b,a Null");
    let money = [number("1.10"), number("2.25")];
    assert_eq!(run("sum", &money, DataType::Decimal { precision: 10, scale: 2 }), "3.35 Null");
    assert_eq!(run("avg", &money, DataType::Decimal { precision: 10, scale: 2 }), "1.6750000000000000 Null");
    let tenths = vec![Value::Double(0.1); 10];
    assert_eq!(run("sum", &tenths, DataType::Double), "1.0 Null");
    let truths = [Value::Boolean(true), Value::Boolean(false)];
    assert_eq!(run("bool_and", &truths, DataType::Boolean), "false Null");
    assert_eq!(run("every", &truths, DataType::Boolean), "false Null");
    assert!(aggregate_signature("sum", &[DataType::TEXT]).is_err());
    assert!(!is_aggregate("max", 2) && is_aggregate("max", 1));
}
