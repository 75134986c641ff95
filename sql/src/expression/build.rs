//! Constructors that keep expressions well typed: they resolve functions, unify types and add
//! the casts. Text literals, NULL and parameters take the type of what they meet here.

use super::{Aggregate, Expression, Place, SortKey};
use crate::error::{Error, ErrorKind, Result};
use crate::functions::{
    Function, MEMBER, aggregate_signature, can_cast, can_coerce, cast_exactly, cast_value, is_whole_field,
    resolve, resolve_name, unify,
};
use crate::types::{DataType, Value};

/// A call of a function or operator; arguments are coerced to what it takes.
pub(crate) fn call(function: Function, arguments: Vec<Expression>) -> Result<Expression> {
    let function = match (function, arguments.first()) {
        (Function::Extract, Some(Expression::Constant { value: Value::Text(field), .. }))
            if is_whole_field(field) =>
        {
            Function::ExtractWhole
        }
        (function, _) => function,
    };
    let chooses = matches!(
        function,
        Function::Coalesce | Function::Greatest | Function::Least | Function::Largest | Function::Smallest
    );
    if chooses && arguments.iter().all(is_null_literal) {
        return Ok(Expression::literal(Value::Null));
    }
    let types: Vec<DataType> = arguments.iter().map(Expression::data_type).collect();
    let signature = resolve(function, &types, digits(&arguments))?;
    let arguments = arguments
        .into_iter()
        .zip(&signature.arguments)
        .map(|(argument, wanted)| cast(argument, *wanted))
        .collect::<Result<_>>()?;
    Ok(Expression::Call {
        function: signature.function,
        arguments,
        data_type: signature.result,
        place: Place::default(),
    })
}

/// Is it a NULL that may still become of any type?
fn is_null_literal(expression: &Expression) -> bool {
    matches!(expression, Expression::Constant { value: Value::Null, data_type: DataType::Unknown })
}

/// A call of a function by its name in lower case.
pub(crate) fn call_name(name: &str, mut arguments: Vec<Expression>) -> Result<Expression> {
    let least = usize::from(name == "strftime");
    if is_of_time(name) && arguments.len() == least {
        // SQLite's functions without a time mean now.
        arguments.push(call(Function::CurrentTimestamp, Vec::new())?);
    }
    if is_of_time(name) || name == "timestamp" {
        for argument in &mut arguments {
            if is_now(argument) {
                *argument = call(Function::CurrentTimestamp, Vec::new())?;
            }
        }
    }
    if let [only] = arguments.as_slice()
        && !only.data_type().is_numeric()
        && let Some(to) = conversion(name)
        && let Some(input) = arguments.pop()
    {
        return convert(input, to);
    }
    if name == "iif" && matches!(arguments.len(), 2 | 3) {
        let otherwise = arguments.drain(2..).next();
        let result = arguments.swap_remove(1);
        return case(None, vec![(arguments.swap_remove(0), result)], otherwise);
    }
    if name == "nullif" && arguments.len() == 2 {
        // NULL if equal, else the first, which also gives the type.
        let first = arguments.swap_remove(0);
        if is_null_literal(&first) {
            return Ok(first);
        }
        let equal = call(Function::Equal, vec![first.clone(), arguments.swap_remove(0)])?;
        let branches = vec![(equal, Expression::literal(Value::Null))];
        return case(None, branches, Some(settle(first)?));
    }
    let function = resolve_name(name, arguments.len())?;
    if name == "like" && arguments.len() >= 2 {
        // SQLite's function has the pattern first.
        arguments.swap(0, 1);
    }
    call(function, arguments)
}

/// Is it one of SQLite's functions of dates and times?
fn is_of_time(name: &str) -> bool {
    matches!(name, "date" | "time" | "datetime" | "strftime" | "julianday" | "unixepoch")
}

/// Is it the `'now'` of SQLite's date functions?
fn is_now(expression: &Expression) -> bool {
    match expression {
        Expression::Constant { value: Value::Text(text), data_type: DataType::Unknown } => {
            text.eq_ignore_ascii_case("now")
        }
        _ => false,
    }
}

/// SQLite's functions of one argument that are casts by another name.
fn conversion(name: &str) -> Option<DataType> {
    match name {
        "date" => Some(DataType::Date),
        "time" => Some(DataType::Time),
        "datetime" | "timestamp" => Some(DataType::Timestamp),
        _ => None,
    }
}

/// The second argument where that is an integer constant (perhaps negated).
fn digits(arguments: &[Expression]) -> Option<i64> {
    match arguments.get(1)? {
        Expression::Constant { value: Value::Integer(digits), .. } => Some(*digits),
        Expression::Call { function: Function::Negate, arguments, .. } => match arguments.first()? {
            Expression::Constant { value: Value::Integer(digits), .. } => digits.checked_neg(),
            _ => None,
        },
        _ => None,
    }
}

/// A conversion that is written, or made by an assignment: what has no type yet may be rounded.
pub(crate) fn convert(input: Expression, to: DataType) -> Result<Expression> {
    match input {
        Expression::Parameter { index, data_type: DataType::Unknown, rounds: _ } => {
            Ok(Expression::Parameter { index, data_type: to, rounds: true })
        }
        Expression::Constant { value, data_type: DataType::Unknown } => {
            Ok(Expression::Constant { value: cast_value(&value, to)?, data_type: to })
        }
        input => cast(input, to),
    }
}

/// A conversion to the type that is needed; no cast where the type is right already.
pub(crate) fn cast(input: Expression, to: DataType) -> Result<Expression> {
    let from = input.data_type();
    if from == to || (from.is_text() && to == DataType::TEXT) {
        return Ok(input);
    }
    if !can_cast(from, to) {
        return Err(Error::type_mismatch(format!("a value of type {from} cannot be cast to {to}")));
    }
    Ok(match input {
        // A typeless parameter becomes one of the type, and so does NULL.
        Expression::Parameter { index, data_type: DataType::Unknown, rounds } => {
            Expression::Parameter { index, data_type: to, rounds }
        }
        Expression::Constant { value: Value::Null, .. } => {
            Expression::Constant { value: Value::Null, data_type: to }
        }
        // A literal is converted now; what a constant of a type cannot become fails when it runs.
        Expression::Constant { value, data_type: DataType::Unknown } => {
            Expression::Constant { value: cast_exactly(&value, to)?, data_type: to }
        }
        Expression::Constant { value, data_type } => match cast_value(&value, to) {
            Ok(value) => Expression::Constant { value, data_type: to },
            Err(_) => {
                let input = Box::new(Expression::Constant { value, data_type });
                Expression::Cast { input, data_type: to, place: Place::default() }
            }
        },
        input => {
            let place = match &input {
                Expression::Call { place, .. } | Expression::Cast { place, .. } => *place,
                _ => Place::default(),
            };
            Expression::Cast { input: Box::new(input), data_type: to, place }
        }
    })
}

/// A conversion that needs no CAST in the SQL text: an error where one would be needed.
pub(crate) fn coerce(input: Expression, to: DataType) -> Result<Expression> {
    let from = input.data_type();
    if !can_coerce(from, to) {
        return Err(Error::type_mismatch(format!("expected {to}, found {from}"))
            .hint(format!("write CAST(... AS {to})")));
    }
    cast(input, to)
}

/// What nothing gave a type becomes TEXT.
pub(crate) fn settle(input: Expression) -> Result<Expression> {
    match input.data_type() {
        DataType::Unknown => cast(input, DataType::TEXT),
        _ => Ok(input),
    }
}

/// The type several expressions meet in; `what` names them in the error.
pub(crate) fn common_type<'a>(
    expressions: impl IntoIterator<Item = &'a Expression>,
    what: &str,
) -> Result<DataType> {
    let mut common = DataType::Unknown;
    for expression in expressions {
        let next = expression.data_type();
        common = unify(common, next).ok_or_else(|| {
            Error::type_mismatch(format!("{what} have no type in common: {common} and {next}"))
        })?;
    }
    Ok(if common == DataType::Unknown { DataType::TEXT } else { common })
}

/// A condition of WHERE, ON, AND and others; `place` names it in the error.
pub(crate) fn condition(input: Expression, place: &str) -> Result<Expression> {
    let found = input.data_type();
    if !can_coerce(found, DataType::Boolean) {
        let message = format!("{place} needs a condition, found {found}");
        return Err(Error::type_mismatch(message).hint("compare it with something"));
    }
    cast(input, DataType::Boolean)
}

/// All of them; nested ANDs become one.
pub(crate) fn and(parts: Vec<Expression>) -> Result<Expression> {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match condition(part, "AND")? {
            Expression::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    Ok(match flat.len() {
        1 => flat.remove(0),
        _ => Expression::And(flat),
    })
}

/// One of them; nested ORs become one.
pub(crate) fn or(parts: Vec<Expression>) -> Result<Expression> {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match condition(part, "OR")? {
            Expression::Or(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    Ok(match flat.len() {
        1 => flat.remove(0),
        _ => Expression::Or(flat),
    })
}

/// The opposite.
pub(crate) fn not(input: Expression) -> Result<Expression> {
    Ok(Expression::Not(Box::new(condition(input, "NOT")?)))
}

/// `IS NULL`, or `IS NOT NULL` when negated.
pub(crate) fn is_null(input: Expression, negated: bool) -> Result<Expression> {
    Ok(Expression::IsNull { input: Box::new(settle(input)?), negated })
}

/// CASE: with an operand the conditions are compared with it.
pub(crate) fn case(
    operand: Option<Expression>,
    branches: Vec<(Expression, Expression)>,
    otherwise: Option<Expression>,
) -> Result<Expression> {
    let results = || branches.iter().map(|(_, result)| result).chain(&otherwise);
    if results().all(is_null_literal) {
        return Ok(Expression::literal(Value::Null));
    }
    let data_type = common_type(results(), "the results of CASE")?;
    let mut typed = Vec::with_capacity(branches.len());
    for (when, result) in branches {
        let when = match &operand {
            Some(operand) => call(Function::Equal, vec![operand.clone(), when])?,
            None => condition(when, "CASE WHEN")?,
        };
        typed.push((when, cast(result, data_type)?));
    }
    let otherwise = match otherwise {
        Some(result) => Some(Box::new(cast(result, data_type)?)),
        None => None,
    };
    Ok(Expression::Case { branches: typed, otherwise, data_type })
}

/// `input IN (list)`.
pub(crate) fn in_list(input: Expression, list: Vec<Expression>, negated: bool) -> Result<Expression> {
    let common = common_type(std::iter::once(&input).chain(&list), "the values of IN")?;
    let meet = |item: Expression| match item.data_type() {
        // Integers of all widths are held alike.
        found if found.is_integer() && common.is_integer() => Ok(item),
        DataType::Decimal { scale, .. }
            if matches!(common, DataType::Decimal { .. }) && common.scale() == scale =>
        {
            Ok(item)
        }
        _ => cast(item, common),
    };
    let list = list.into_iter().map(meet).collect::<Result<_>>()?;
    Ok(Expression::InList { input: Box::new(meet(input)?), list, negated })
}

/// What may stand in a call of an aggregate besides its arguments.
#[derive(Default)]
pub(crate) struct AggregateParts {
    pub(crate) distinct: bool,
    pub(crate) filter: Option<Expression>,
    pub(crate) order: Vec<SortKey>,
}

/// An aggregate by its name in lower case; no argument means `count(*)`.
pub(crate) fn aggregate(name: &str, arguments: Vec<Expression>, parts: AggregateParts) -> Result<Aggregate> {
    let AggregateParts { distinct, filter, mut order } = parts;
    let arguments = match name {
        "json_group_array" | "json_agg" | "jsonb_agg" => arguments
            .into_iter()
            .map(|argument| call_name("to_json", vec![argument]))
            .collect::<Result<_>>()?,
        "json_group_object" | "json_object_agg" | "jsonb_object_agg" if arguments.len() == 2 => {
            vec![call_name(MEMBER, arguments)?]
        }
        _ => arguments,
    };
    let types: Vec<DataType> = arguments.iter().map(Expression::data_type).collect();
    let (function, wanted, data_type) = aggregate_signature(name, &types)?;
    let arguments: Vec<Expression> = arguments
        .into_iter()
        .zip(&wanted)
        .map(|(argument, to)| cast(argument, *to))
        .collect::<Result<_>>()?;
    if distinct && order.iter().any(|key| Some(&key.expression) != arguments.first()) {
        let message = "with DISTINCT, ORDER BY in an aggregate can only use its argument";
        return Err(Error::new(ErrorKind::Syntax, "42P10", message));
    }
    if !function.depends_on_order() {
        order.clear();
    }
    let filter = filter.map(|filter| condition(filter, "FILTER")).transpose()?;
    Ok(Aggregate { function, arguments, distinct, filter, order, data_type })
}
