//! SQL: text of any kind, and the order of keys.

use crate::input::Input;
use drystone::Connection;
use drystone::types::Value;
use std::cmp::Ordering;
use std::time::Duration;

/// Most rows read of one answer.
const ROWS: usize = 2_000;
/// Time and memory of one statement.
const TIME: Duration = Duration::from_secs(2);
const MEMORY: usize = 32 << 20;

const SCHEMA: &str = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, d NUMERIC(10,2));
    CREATE TABLE u (id INTEGER PRIMARY KEY, a INTEGER REFERENCES t (a), c DOUBLE PRECISION, UNIQUE (a, c));
    INSERT INTO t VALUES (1, 'x', 1.25), (2, 'y', NULL), (3, NULL, 7), (4, 'xx', -2);
    INSERT INTO u VALUES (1, 1, 10), (2, 1, 20), (3, 3, NULL), (4, NULL, 5)";

/// Pieces that make text likelier to be a statement.
const WORDS: [&str; 48] = [
    "SELECT ",
    "FROM ",
    "WHERE ",
    "GROUP BY ",
    "ORDER BY ",
    "HAVING ",
    "LIMIT ",
    "t ",
    "u ",
    "a ",
    "b ",
    "c ",
    "d ",
    "* ",
    ", ",
    "( ",
    ") ",
    "= ",
    "< ",
    "AND ",
    "OR ",
    "NOT ",
    "NULL ",
    "1 ",
    "'x' ",
    "2.5 ",
    "JOIN ",
    "LEFT JOIN ",
    "ON ",
    "INSERT INTO ",
    "VALUES ",
    "UPDATE ",
    "SET ",
    "DELETE ",
    "CREATE TABLE ",
    "INDEX ",
    "DROP ",
    "COUNT(*) ",
    "SUM(a) ",
    "|| ",
    "LIKE ",
    "IN ",
    "EXISTS ",
    "CASE WHEN ",
    "THEN ",
    "ELSE ",
    "END ",
    "; ",
];

/// Runs text: an answer or an error, and the database stays whole.
pub(crate) fn text(input: &mut Input<'_>) {
    let mut script = String::new();
    while let Some(byte) = input.byte() {
        match WORDS.get(usize::from(byte.wrapping_sub(128))) {
            Some(word) => script.push_str(word),
            None => script.push(char::from(byte)),
        }
    }
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(SCHEMA).unwrap();
    db.set_statement_timeout(Some(TIME)).unwrap();
    db.set_memory_limit(MEMORY).unwrap();
    for statement in script.split(';') {
        if let Err(error) = answer(&db, statement) {
            assert!(!error.code().starts_with("XX"), "{statement}\n{}", error.render(statement));
        }
    }
    if !db.is_autocommit() {
        let _ = db.execute("ROLLBACK", ());
    }
    assert!(db.check().unwrap().ok, "{script}");
}

fn answer(db: &Connection, sql: &str) -> drystone::Result<()> {
    let mut statement = db.prepare(sql)?;
    let nulls = vec![Value::Null; statement.parameter_count()];
    let mut rows = statement.query(nulls)?;
    for _ in 0..ROWS {
        if rows.next()?.is_none() {
            break;
        }
    }
    Ok(())
}

/// Keys of one type come back in their order, forwards, backwards and from any of them on.
pub(crate) fn keys(input: &mut Input<'_>) {
    let (name, make): (_, fn(&mut Input<'_>) -> Value) = match input.byte().unwrap_or(0) % 5 {
        0 => ("BIGINT", |input| Value::Integer(i64::from_le_bytes(eight(input)))),
        1 => ("DOUBLE PRECISION", |input| Value::Double(f64::from_le_bytes(eight(input)))),
        2 => ("TEXT", |input| Value::Text(String::from_utf8_lossy(some(input)).replace('\0', "0"))),
        3 => ("BLOB", |input| Value::Blob(some(input).to_vec())),
        _ => ("DATE", |input| Value::Date(i32::from(input.byte().unwrap_or(0)) * 911 - 50_000)),
    };
    let mut values: Vec<Value> = Vec::new();
    while input.left() > 0 && values.len() < 60 {
        let value = make(input);
        let is_nan = matches!(value, Value::Double(number) if !number.is_finite());
        if !is_nan && !values.iter().any(|other| order(other, &value) == Ordering::Equal) {
            values.push(value);
        }
    }
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&format!("CREATE TABLE k (v {name} PRIMARY KEY, n INTEGER)")).unwrap();
    for (number, value) in (0i64..).zip(&values) {
        db.execute("INSERT INTO k VALUES (?, ?)", vec![value.clone(), Value::Integer(number)]).unwrap();
    }
    values.sort_by(order);
    assert_eq!(column(&db, "SELECT v FROM k ORDER BY v", vec![]), values);
    let middle = values.len() / 2;
    if let Some(value) = values.get(middle) {
        let found = column(&db, "SELECT v FROM k WHERE v >= ? ORDER BY v", vec![value.clone()]);
        assert_eq!(found, values[middle..]);
    }
    values.reverse();
    assert_eq!(column(&db, "SELECT v FROM k ORDER BY v DESC", vec![]), values);
}

fn column(db: &Connection, sql: &str, parameters: Vec<Value>) -> Vec<Value> {
    let mut statement = db.prepare(sql).unwrap();
    let mut rows = statement.query(parameters).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        found.extend(row.values().first().cloned());
    }
    found
}

fn eight(input: &mut Input<'_>) -> [u8; 8] {
    let mut bytes = [0; 8];
    for byte in &mut bytes {
        *byte = input.byte().unwrap_or(0);
    }
    bytes
}

fn some<'a>(input: &mut Input<'a>) -> &'a [u8] {
    let len = usize::from(input.byte().unwrap_or(0)) % 12;
    input.take(len)
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right).unwrap_or(Ordering::Equal),
        (Value::Text(left), Value::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Value::Blob(left), Value::Blob(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        _ => Ordering::Equal,
    }
}
