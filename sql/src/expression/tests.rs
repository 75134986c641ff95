//! Tests of expressions over small batches: three-valued logic, IN, CASE, casts.

use super::*;
use crate::error::{Error, Result};
use crate::functions::CallContext;
use crate::types::{Batch, Decimal};
use std::sync::Arc;

struct Bench {
    parameters: Vec<Value>,
    set: Arc<RowSet>,
    call: CallContext,
}

impl Environment for Bench {
    fn parameter(&self, index: usize) -> Result<&Value> {
        self.parameters.get(index).ok_or_else(|| Error::usage("no parameter"))
    }
    fn outer(&self, slot: usize) -> Result<&Value> {
        self.parameters.get(slot).ok_or_else(|| Error::usage("no outer value"))
    }
    fn subquery(&mut self, subquery: &Subquery, outer: Vec<Value>) -> Result<Answer> {
        Ok(match subquery.kind {
            SubqueryKind::Compare { .. } => Answer::Exists(false),
            SubqueryKind::Scalar => Answer::Scalar(outer.into_iter().next().unwrap_or(Value::Integer(7))),
            SubqueryKind::Exists { .. } => Answer::Exists(true),
            SubqueryKind::In { .. } => Answer::Set(self.set.clone()),
        })
    }
    fn call_context(&mut self) -> &mut CallContext {
        &mut self.call
    }
}

fn bench() -> Bench {
    Bench {
        parameters: vec![Value::Text("2".into())],
        set: Arc::new(RowSet::default()),
        call: CallContext {
            now_us: 0,
            division_by_zero_is_null: false,
            random: 0,
            session: Default::default(),
            growth: Default::default(),
        },
    }
}

/// One column of integers: 0, 1, 2, NULL.
fn batch() -> Batch {
    let rows = [vec![Value::Integer(0)], vec![Value::Integer(1)], vec![Value::Integer(2)], vec![Value::Null]];
    Batch::from_rows(&[DataType::BigInt], rows.iter().map(Vec::as_slice)).unwrap()
}

fn x() -> Expression {
    Expression::column(0, DataType::BigInt)
}

fn int(value: i64) -> Expression {
    Expression::constant(Value::Integer(value))
}

fn truth(value: Option<bool>) -> Expression {
    cast(Expression::literal(value.map_or(Value::Null, Value::Boolean)), DataType::Boolean).unwrap()
}

fn run(expression: &Expression) -> String {
    match evaluate(expression, &batch(), &mut bench()) {
        Ok(vector) => (0..4)
            .map(|row| match vector.value(row, expression.data_type()) {
                Value::Null => "NULL".to_owned(),
                value => value.to_string(),
            })
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => format!("error {}", error.code()),
    }
}

#[test]
fn three_valued_logic() {
    let all = [Some(true), Some(false), None];
    for left in all {
        for right in all {
            let expected_and = match (left, right) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (None, _) | (_, None) => None,
                _ => Some(true),
            };
            let expected_or = match (left, right) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (None, _) | (_, None) => None,
                _ => Some(false),
            };
            let value = |expression: &Expression| match constant_value(expression).unwrap() {
                Value::Boolean(value) => Some(value),
                _ => None,
            };
            assert_eq!(value(&and(vec![truth(left), truth(right)]).unwrap()), expected_and);
            assert_eq!(value(&or(vec![truth(left), truth(right)]).unwrap()), expected_or);
        }
        let negated = constant_value(&not(truth(left)).unwrap()).unwrap();
        assert_eq!(negated, left.map_or(Value::Null, |value| Value::Boolean(!value)));
    }
}

#[test]
fn only_rows_that_need_it_are_evaluated() {
    let inverse = || call(Function::Divide, vec![int(10), x()]).unwrap();
    assert_eq!(run(&inverse()), "error 22012");
    let guard = call(Function::NotEqual, vec![x(), int(0)]).unwrap();
    let guarded = case(None, vec![(guard.clone(), inverse())], Some(int(-1))).unwrap();
    assert_eq!(run(&guarded), "-1 10 5 -1");
    let large = call(Function::Greater, vec![inverse(), int(5)]).unwrap();
    assert_eq!(run(&and(vec![guard.clone(), large.clone()]).unwrap()), "false true false NULL");
    assert_eq!(run(&or(vec![not(guard).unwrap(), large]).unwrap()), "true true false NULL");
    let chosen = call_name("coalesce", vec![call_name("nullif", vec![x(), int(1)]).unwrap(), inverse()]);
    assert_eq!(run(&chosen.unwrap()), "0 10 2 NULL");
}

#[test]
fn lists() {
    let list = |items: &[Expression], negated| run(&in_list(x(), items.to_vec(), negated).unwrap());
    assert_eq!(list(&[], false), "false false false false");
    assert_eq!(list(&[], true), "true true true true");
    assert_eq!(list(&[int(1), int(2)], false), "false true true NULL");
    assert_eq!(list(&[int(1), int(2)], true), "true false false NULL");
    let null = Expression::literal(Value::Null);
    assert_eq!(list(&[int(1), null.clone()], false), "NULL true NULL NULL");
    assert_eq!(list(&[int(1), null.clone()], true), "NULL false NULL NULL");
    let mut long: Vec<Expression> = (1..10).map(int).collect();
    assert_eq!(list(&long, false), "false true true NULL");
    long.push(null);
    assert_eq!(list(&long, true), "NULL false false NULL");
}

#[test]
fn subquery_answers() {
    let ask = |kind, outer| {
        let data_type =
            if matches!(kind, SubqueryKind::Scalar) { DataType::BigInt } else { DataType::Boolean };
        Expression::Subquery(Box::new(Subquery {
            plan: 0,
            kind,
            outer,
            data_type,
            place: Default::default(),
        }))
    };
    assert_eq!(run(&ask(SubqueryKind::Scalar, vec![])), "7 7 7 7");
    assert_eq!(run(&ask(SubqueryKind::Scalar, vec![x()])), "0 1 2 NULL");
    assert_eq!(run(&ask(SubqueryKind::Exists { negated: true }, vec![])), "false false false false");
    let not_in = || ask(SubqueryKind::In { operands: vec![x()], negated: true }, vec![]);
    assert_eq!(run(&not_in()), "true true true true");
    let with = |values: &[Option<i64>]| {
        let mut bench = bench();
        let rows: Vec<[Value; 1]> = values.iter().map(|v| [v.map_or(Value::Null, Value::Integer)]).collect();
        let mut set = RowSet::default();
        set.add(Batch::from_rows(&[DataType::BigInt], rows.iter().map(<[Value; 1]>::as_slice)).unwrap());
        bench.set = Arc::new(set);
        let vector = evaluate(&not_in(), &batch(), &mut bench).unwrap();
        (0..4).map(|row| vector.value(row, DataType::Boolean)).collect::<Vec<_>>()
    };
    let (yes, no) = (Value::Boolean(true), Value::Boolean(false));
    assert_eq!(with(&[Some(1)]), [yes.clone(), no.clone(), yes, Value::Null]);
    assert_eq!(with(&[Some(1), None]), [Value::Null, no, Value::Null, Value::Null]);
}

#[test]
fn literals_and_parameters_take_the_type_they_meet() {
    let text = |text: &str| Expression::literal(Value::Text(text.into()));
    let equal = call(Function::Equal, vec![x(), text("2")]).unwrap();
    assert_eq!(run(&equal), "false false true NULL");
    assert!(call(Function::Equal, vec![x(), text("two")]).is_err());
    let parameter = Expression::Parameter { index: 0, data_type: DataType::Unknown, rounds: false };
    let equal = call(Function::Equal, vec![x(), parameter]).unwrap();
    assert_eq!(run(&equal), "false false true NULL");
    let date = cast(text("2021-01-01"), DataType::Date).unwrap();
    assert_eq!(date, Expression::Constant { value: Value::Date(18_628), data_type: DataType::Date });
    let typed = cast(Expression::constant(Value::Text("x".into())), DataType::BigInt).unwrap();
    assert!(matches!(typed, Expression::Cast { .. }));
    assert!(and(vec![x()]).is_err());
    assert!(coerce(Expression::column(0, DataType::TEXT), DataType::BigInt).is_err());
    let year = call(Function::Extract, vec![text("year"), date]).unwrap();
    assert_eq!((year.data_type(), run(&year).as_str()), (DataType::BigInt, "2021 2021 2021 2021"));
    let like = call(Function::Like, vec![text("abc"), text("a%")]).unwrap();
    assert_eq!(constant_value(&like).unwrap(), Value::Boolean(true));
}

#[test]
fn now_is_the_moment_of_the_statement() {
    let now = || Expression::literal(Value::Text("now".into()));
    let today = call_name("date", vec![now()]).unwrap();
    assert_eq!((today.data_type(), today.is_foldable()), (DataType::Date, false));
    assert_eq!(run(&today), "1970-01-01 1970-01-01 1970-01-01 1970-01-01");
    let year = call_name("strftime", vec![Expression::literal(Value::Text("%Y".into())), now()]).unwrap();
    assert_eq!(run(&year), "1970 1970 1970 1970");
}

#[test]
fn branches_of_a_case_meet_in_one_type() {
    let half = Expression::constant(Value::Decimal(Decimal { unscaled: 5, scale: 1 }));
    let mixed = case(Some(x()), vec![(int(1), int(10)), (int(2), half)], None).unwrap();
    assert_eq!(run(&mixed), "NULL 10.0 0.5 NULL");
    assert!(case(None, vec![(truth(None), int(1))], Some(Expression::column(0, DataType::Date))).is_err());
}
