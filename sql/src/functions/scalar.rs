//! Functions that work value by value: the long tail, each a line in a table.
//!
//! What is called for millions of rows is written over vectors, in the files beside this one; what
//! is called now and then stands in the tables of `mathematics`, `wording`, `moment` and `json_path`.

use super::coerce::can_coerce;
use super::resolve::settle;
use super::{CallContext, json_path, mathematics, moment, wording};
use crate::error::{Error, Result};
use crate::types::{DataType, Value, Vector};

/// A function of values.
pub(crate) struct Scalar {
    /// In lower case.
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Kind],
    /// How many of them must be given.
    pub(crate) required: usize,
    /// The last one may be repeated.
    pub(crate) repeats: bool,
    pub(crate) result: DataType,
    pub(crate) nulls: Nulls,
    pub(crate) varies: Varies,
    pub(crate) call: Call,
}

/// How a function is carried out, given as many arguments as were written.
pub(crate) type Call = fn(&[Value], &mut CallContext) -> Result<Value>;

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Values of this type, and what becomes that by itself.
    Of(DataType),
    /// Any value, as it is.
    Any,
}

/// When the same arguments give another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Varies {
    Never,
    /// From statement to statement.
    Statement,
    /// From call to call.
    Call,
}

/// What NULL arguments do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// They make the result NULL.
    Pass,
    /// The function looks at them.
    Seen,
}

pub(crate) const TEXT: Kind = Kind::Of(DataType::TEXT);
pub(crate) const INT: Kind = Kind::Of(DataType::BigInt);
pub(crate) const DOUBLE: Kind = Kind::Of(DataType::Double);
pub(crate) const STAMP: Kind = Kind::Of(DataType::Timestamp);
pub(crate) const ANY: Kind = Kind::Any;

impl Scalar {
    /// A function of these parameters, all of which are needed.
    pub(crate) const fn new(
        name: &'static str,
        parameters: &'static [Kind],
        result: DataType,
        call: Call,
    ) -> Scalar {
        let (required, nulls) = (parameters.len(), Nulls::Pass);
        Scalar { name, parameters, required, repeats: false, result, nulls, varies: Varies::Never, call }
    }

    /// The same where only the first ones are needed.
    pub(crate) const fn needs(mut self, required: usize) -> Scalar {
        self.required = required;
        self
    }

    /// The same where the last one may be repeated.
    pub(crate) const fn repeated(mut self) -> Scalar {
        self.repeats = true;
        self
    }

    /// The same, which looks at NULLs.
    pub(crate) const fn sees_nulls(mut self) -> Scalar {
        self.nulls = Nulls::Seen;
        self
    }

    /// The same, which may give another value in another statement.
    pub(crate) const fn changing(mut self) -> Scalar {
        self.varies = Varies::Statement;
        self
    }

    /// The same, which may give another value each time.
    pub(crate) const fn random(mut self) -> Scalar {
        self.varies = Varies::Call;
        self
    }

    fn takes(&self, count: usize) -> bool {
        count >= self.required && (count <= self.parameters.len() || self.repeats)
    }

    /// What argument number `index` is.
    fn parameter(&self, index: usize) -> Kind {
        self.parameters.get(index).or(self.parameters.last()).copied().unwrap_or(Kind::Any)
    }

    /// The types the arguments are cast to, if they can be.
    fn arguments(&self, types: &[DataType]) -> Option<Vec<DataType>> {
        let wanted = types.iter().enumerate().map(|(index, from)| match self.parameter(index) {
            Kind::Any => Some(settle(*from)),
            Kind::Of(wanted) => can_coerce(*from, wanted).then_some(wanted),
        });
        wanted.collect()
    }
}

/// Equal by name and parameters.
impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.name == other.name && self.parameters == other.parameters
    }
}

impl Eq for Scalar {}

impl std::hash::Hash for Scalar {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn all() -> impl Iterator<Item = &'static Scalar> {
    mathematics::TABLE.iter().chain(wording::TABLE).chain(moment::TABLE).chain(json_path::TABLE)
}

/// The names of all functions here.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|scalar| scalar.name)
}

/// A function of this name, in lower case. `None`: there is none; `Some(None)`: not for so many
/// arguments.
pub(crate) fn named(name: &str, count: usize) -> Option<Option<&'static Scalar>> {
    let mut found = all().filter(|scalar| scalar.name == name).peekable();
    found.peek()?;
    Some(found.find(|scalar| scalar.takes(count)))
}

/// The function of the same name that takes these types, and what the arguments are cast to. The
/// one that takes them as they are goes before others.
pub(crate) fn overload(scalar: &Scalar, types: &[DataType]) -> Option<(&'static Scalar, Vec<DataType>)> {
    let candidates = || all().filter(|other| other.name == scalar.name && other.takes(types.len()));
    let exact = candidates().find(|other| {
        types.iter().enumerate().all(|(index, from)| match other.parameter(index) {
            Kind::Any => true,
            Kind::Of(wanted) => wanted == *from || (wanted.is_text() && from.is_text()),
        })
    });
    let found = exact.or_else(|| candidates().find(|other| other.arguments(types).is_some()))?;
    Some((found, found.arguments(types)?))
}

/// Calls a function for each row.
pub(crate) fn evaluate(
    scalar: &Scalar,
    vectors: &[&Vector],
    types: &[DataType],
    len: usize,
    context: &mut CallContext,
) -> Result<Vector> {
    let mut out = Vector::empty(scalar.result);
    let mut values: Vec<Value> = Vec::with_capacity(vectors.len());
    for row in 0..len {
        values.clear();
        values.extend(vectors.iter().zip(types).map(|(vector, data_type)| vector.value(row, *data_type)));
        if scalar.nulls == Nulls::Pass && values.iter().any(Value::is_null) {
            out.push_null()?;
        } else {
            out.push_value(&(scalar.call)(&values, context)?, scalar.result)?;
        }
    }
    Ok(out)
}

/// The text of an argument; what is missing or NULL is empty.
pub(crate) fn text(values: &[Value], index: usize) -> &str {
    match values.get(index) {
        Some(Value::Text(text) | Value::Json(text)) => text,
        _ => "",
    }
}

/// The integer of an argument, or 0.
pub(crate) fn int(values: &[Value], index: usize) -> i64 {
    match values.get(index) {
        Some(Value::Integer(number) | Value::Time(number) | Value::Timestamp(number)) => *number,
        Some(Value::Date(number)) => i64::from(*number),
        _ => 0,
    }
}

/// The double of an argument, or 0.
pub(crate) fn double(values: &[Value], index: usize) -> f64 {
    match values.get(index) {
        Some(Value::Double(number)) => *number,
        _ => 0.0,
    }
}

/// The error of an argument that a function does not take.
pub(crate) fn bad(message: impl Into<String>) -> Error {
    Error::value(crate::error::state::BAD_ARGUMENT, message)
}
