//! Rust values to SQL values and back: parameters in, columns out.
//!
//! ```text
//! connection.execute("INSERT INTO t VALUES (?1, ?2)", params![7, "stone"])
//! statement.query(named_params! { ":name": name })
//! let width: Option<f64> = row.get("width")?;
//! ```

use crate::error::{Error, Result};
use crate::types::{Decimal, Interval, Value};

/// A Rust value that can be a parameter.
pub trait ToSql {
    /// The SQL value.
    fn to_sql(&self) -> Value;

    /// Puts the SQL value over another one, whose memory may be used again.
    fn write_sql(&self, out: &mut Value) {
        *out = self.to_sql();
    }
}

/// A Rust value that a column of a result can become.
pub trait FromSql: Sized {
    /// The Rust value, or an error when the SQL value is of another kind or out of its range.
    fn from_sql(value: &Value) -> Result<Self>;
}

/// The parameters of a statement: by number or by name.
pub trait Params {
    /// Numbered parameters in their order, or pairs of names and values.
    fn bind(self) -> Bound;

    /// Puts numbered parameters over other values, whose memory may be used again; gives back
    /// parameters that have names.
    fn bind_over(self, values: &mut Vec<Value>) -> Option<Bound>
    where
        Self: Sized,
    {
        match self.bind() {
            Bound::Numbered(new) => *values = new,
            named @ Bound::Named(_) => return Some(named),
        }
        None
    }
}

/// Parameters as values.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// Parameter 1, 2, ...
    Numbered(Vec<Value>),
    /// Names, with the `:`, `@` or `$` before them or without.
    Named(Vec<(String, Value)>),
}

/// The parameters of a statement in their order, of any types: `params![1, "two", 3.0]`.
#[macro_export]
macro_rules! params {
    () => { &[] as &[&dyn $crate::ToSql] };
    ($($value:expr),+ $(,)?) => { &[$(&$value as &dyn $crate::ToSql),+] as &[&dyn $crate::ToSql] };
}

/// The parameters of a statement by name: `named_params! { ":id": 1, ":name": "two" }`.
#[macro_export]
macro_rules! named_params {
    () => { &[] as &[(&str, &dyn $crate::ToSql)] };
    ($($name:literal : $value:expr),+ $(,)?) => {
        &[$(($name, &$value as &dyn $crate::ToSql)),+] as &[(&str, &dyn $crate::ToSql)]
    };
}

fn numbered<'a>(values: impl IntoIterator<Item = &'a (dyn ToSql + 'a)>) -> Bound {
    Bound::Numbered(values.into_iter().map(ToSql::to_sql).collect())
}

fn over<'a>(new: impl IntoIterator<Item = &'a (dyn ToSql + 'a)>, values: &mut Vec<Value>) -> Option<Bound> {
    let mut count = 0;
    for value in new {
        match values.get_mut(count) {
            Some(place) => value.write_sql(place),
            None => values.push(value.to_sql()),
        }
        count += 1;
    }
    values.truncate(count);
    None
}

impl Params for () {
    fn bind(self) -> Bound {
        Bound::Numbered(Vec::new())
    }
}

impl Params for &[&dyn ToSql] {
    fn bind(self) -> Bound {
        numbered(self.iter().copied())
    }

    fn bind_over(self, values: &mut Vec<Value>) -> Option<Bound> {
        over(self.iter().copied(), values)
    }
}

impl Params for &[(&str, &dyn ToSql)] {
    fn bind(self) -> Bound {
        Bound::Named(self.iter().map(|(name, value)| ((*name).to_owned(), value.to_sql())).collect())
    }
}

impl Params for [&dyn ToSql; 0] {
    fn bind(self) -> Bound {
        Bound::Numbered(Vec::new())
    }
}

// Not for every length at once: then the type of `[]` could not be inferred.
macro_rules! array_params {
    ($($len:literal)+) => { $(
        impl<T: ToSql> Params for [T; $len] {
            fn bind(self) -> Bound {
                numbered(self.iter().map(|value| value as &dyn ToSql))
            }

            fn bind_over(self, values: &mut Vec<Value>) -> Option<Bound> {
                over(self.iter().map(|value| value as &dyn ToSql), values)
            }
        }

        impl<T: ToSql> Params for &[T; $len] {
            fn bind(self) -> Bound {
                numbered(self.iter().map(|value| value as &dyn ToSql))
            }

            fn bind_over(self, values: &mut Vec<Value>) -> Option<Bound> {
                over(self.iter().map(|value| value as &dyn ToSql), values)
            }
        }
    )+ };
}

array_params! { 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 }

impl Params for Vec<Value> {
    fn bind(self) -> Bound {
        Bound::Numbered(self)
    }
}

impl Params for &[Value] {
    fn bind(self) -> Bound {
        Bound::Numbered(self.to_vec())
    }
}

macro_rules! tuple_params {
    ($(($($name:ident $at:tt),+))+) => { $(
        impl<$($name: ToSql),+> Params for ($($name,)+) {
            fn bind(self) -> Bound {
                Bound::Numbered(vec![$(self.$at.to_sql()),+])
            }

            fn bind_over(self, values: &mut Vec<Value>) -> Option<Bound> {
                over([$(&self.$at as &dyn ToSql),+], values)
            }
        }
    )+ };
}

tuple_params! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

impl ToSql for Value {
    fn to_sql(&self) -> Value {
        self.clone()
    }

    fn write_sql(&self, out: &mut Value) {
        match self {
            Value::Text(text) => text.write_sql(out),
            other => *out = other.clone(),
        }
    }
}

impl<T: ToSql + ?Sized> ToSql for &T {
    fn to_sql(&self) -> Value {
        (**self).to_sql()
    }

    fn write_sql(&self, out: &mut Value) {
        (**self).write_sql(out);
    }
}

impl<T: ToSql> ToSql for Option<T> {
    fn to_sql(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToSql::to_sql)
    }

    fn write_sql(&self, out: &mut Value) {
        match self {
            Some(value) => value.write_sql(out),
            None => *out = Value::Null,
        }
    }
}

impl ToSql for str {
    fn to_sql(&self) -> Value {
        Value::Text(self.to_owned())
    }

    fn write_sql(&self, out: &mut Value) {
        match out {
            Value::Text(text) => {
                text.clear();
                text.push_str(self);
            }
            _ => *out = self.to_sql(),
        }
    }
}

impl ToSql for String {
    fn to_sql(&self) -> Value {
        Value::Text(self.clone())
    }

    fn write_sql(&self, out: &mut Value) {
        self.as_str().write_sql(out);
    }
}

macro_rules! to_sql {
    ($($type:ty: $value:ident => $sql:expr;)+) => { $(
        impl ToSql for $type {
            fn to_sql(&self) -> Value {
                let $value = self;
                $sql
            }
        }
    )+ };
}

to_sql! {
    bool: value => Value::Boolean(*value);
    i8: value => Value::Integer(i64::from(*value));
    i16: value => Value::Integer(i64::from(*value));
    i32: value => Value::Integer(i64::from(*value));
    i64: value => Value::Integer(*value);
    u8: value => Value::Integer(i64::from(*value));
    u16: value => Value::Integer(i64::from(*value));
    u32: value => Value::Integer(i64::from(*value));
    // What does not fit a 64-bit integer is a decimal.
    u64: value => i64::try_from(*value).map_or_else(|_| decimal(i128::from(*value)), Value::Integer);
    usize: value => i64::try_from(*value).map_or_else(|_| decimal(*value as i128), Value::Integer);
    f32: value => Value::Double(f64::from(*value));
    f64: value => Value::Double(*value);
    [u8]: value => Value::Blob(value.to_vec());
    Vec<u8>: value => Value::Blob(value.clone());
    Decimal: value => Value::Decimal(*value);
    Interval: value => Value::Interval(*value);
}

fn decimal(unscaled: i128) -> Value {
    Value::Decimal(Decimal { unscaled, scale: 0 })
}

fn mismatch(value: &Value, wanted: &str) -> Error {
    let found = match value {
        Value::Null => "NULL".to_owned(),
        value => format!("a value of type {}", value.data_type()),
    };
    let error = Error::type_mismatch(format!("expected {wanted}, found {found}"));
    if value.is_null() { error.hint("read it as an Option") } else { error }
}

impl FromSql for Value {
    fn from_sql(value: &Value) -> Result<Value> {
        Ok(value.clone())
    }
}

impl<T: FromSql> FromSql for Option<T> {
    fn from_sql(value: &Value) -> Result<Option<T>> {
        if value.is_null() { Ok(None) } else { T::from_sql(value).map(Some) }
    }
}

impl FromSql for bool {
    fn from_sql(value: &Value) -> Result<bool> {
        match value {
            Value::Boolean(value) => Ok(*value),
            other => Err(mismatch(other, "a boolean")),
        }
    }
}

/// A whole number, also of a decimal without a fraction.
fn whole(value: &Value) -> Result<i128> {
    match value {
        Value::Integer(value) => Ok(i128::from(*value)),
        Value::Decimal(value) => match value.normalized() {
            Decimal { unscaled, scale: 0 } => Ok(unscaled),
            _ => Err(Error::out_of_range(format!("{value} is not a whole number"))),
        },
        other => Err(mismatch(other, "an integer")),
    }
}

macro_rules! from_sql_integer {
    ($($type:ty)+) => { $(
        impl FromSql for $type {
            fn from_sql(value: &Value) -> Result<$type> {
                let wide = whole(value)?;
                <$type>::try_from(wide)
                    .map_err(|_| Error::out_of_range(format!("{wide} does not fit {}", stringify!($type))))
            }
        }
    )+ };
}

from_sql_integer! { i8 i16 i32 i64 i128 u8 u16 u32 u64 usize }

impl FromSql for f64 {
    /// Integers and decimals become the nearest double.
    fn from_sql(value: &Value) -> Result<f64> {
        match value {
            Value::Double(value) => Ok(*value),
            Value::Integer(value) => Ok(*value as f64),
            Value::Decimal(value) => Ok(value.to_f64()),
            other => Err(mismatch(other, "a number")),
        }
    }
}

impl FromSql for Decimal {
    fn from_sql(value: &Value) -> Result<Decimal> {
        match value {
            Value::Decimal(value) => Ok(*value),
            Value::Integer(value) => Ok(Decimal { unscaled: i128::from(*value), scale: 0 }),
            other => Err(mismatch(other, "a decimal")),
        }
    }
}

impl FromSql for Interval {
    fn from_sql(value: &Value) -> Result<Interval> {
        match value {
            Value::Interval(value) => Ok(*value),
            other => Err(mismatch(other, "an interval")),
        }
    }
}

impl FromSql for String {
    /// Dates, times, identifiers and JSON become their text form.
    fn from_sql(value: &Value) -> Result<String> {
        match value {
            Value::Text(text) | Value::Json(text) => Ok(text.clone()),
            Value::Date(_) | Value::Time(_) | Value::Timestamp(_) | Value::Interval(_) | Value::Uuid(_) => {
                Ok(value.to_string())
            }
            other => Err(mismatch(other, "text")),
        }
    }
}

impl FromSql for Vec<u8> {
    fn from_sql(value: &Value) -> Result<Vec<u8>> {
        match value {
            Value::Blob(bytes) => Ok(bytes.clone()),
            Value::Uuid(value) => Ok(value.to_be_bytes().to_vec()),
            other => Err(mismatch(other, "a blob")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_every_shape() {
        let expected = Bound::Numbered(vec![Value::Integer(1), Value::Text("b".into()), Value::Null]);
        assert_eq!((1, "b", None::<i64>).bind(), expected);
        assert_eq!(params![1_u8, "b".to_owned(), None::<f64>].bind(), expected);
        assert_eq!([1, 2].bind(), Bound::Numbered(vec![Value::Integer(1), Value::Integer(2)]));
        assert_eq!(params![].bind(), ().bind());
        let named = named_params! { ":a": 1.5, "b": true };
        let pairs = vec![(":a".to_owned(), Value::Double(1.5)), ("b".to_owned(), Value::Boolean(true))];
        assert_eq!(named.bind(), Bound::Named(pairs));
        assert_eq!(u64::MAX.to_sql(), decimal(i128::from(u64::MAX)));
    }

    #[test]
    fn columns_of_every_type() {
        assert_eq!(i32::from_sql(&Value::Integer(7)).unwrap(), 7);
        assert_eq!(i64::from_sql(&Value::Decimal(Decimal { unscaled: 700, scale: 2 })).unwrap(), 7);
        assert_eq!(f64::from_sql(&Value::Decimal(Decimal { unscaled: 75, scale: 1 })).unwrap(), 7.5);
        assert_eq!(String::from_sql(&Value::Date(0)).unwrap(), "1970-01-01");
        assert_eq!(Option::<i64>::from_sql(&Value::Null).unwrap(), None);
        assert_eq!(u8::from_sql(&Value::Integer(256)).unwrap_err().code(), "22003");
        assert_eq!(i64::from_sql(&Value::Null).unwrap_err().hint_text(), Some("read it as an Option"));
        assert!(i64::from_sql(&Value::Text("7".into())).is_err());
        assert!(bool::from_sql(&Value::Integer(1)).is_err());
    }
}
