//! Aggregate functions: their names and types.

use super::coerce::can_coerce;
use super::resolve::QUOTIENT_SCALE_MIN;
use crate::error::{Error, ErrorKind, Result, state};
use crate::types::DataType;

/// A function of all rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AggregateFunction {
    /// `count(*)`: rows.
    CountRows,
    /// Arguments that are not NULL.
    Count,
    /// The sum; NULL without an argument that is not NULL.
    Sum,
    /// SQLite's sum that is a double and never NULL.
    Total,
    /// The mean.
    Average,
    /// The least argument.
    Min,
    /// The greatest argument.
    Max,
    /// `string_agg` and `group_concat`: texts with a separator between them.
    StringAggregate,
    /// Are all true?
    BoolAnd,
    /// Is any true?
    BoolOr,
    /// Mean squared distance from the mean, over the whole or a sample; and its root.
    VariancePopulation,
    VarianceSample,
    DeviationPopulation,
    DeviationSample,
    /// Bits that all, some, or an odd number of arguments have.
    BitAnd,
    BitOr,
    BitXor,
    /// A JSON array of the arguments, which are JSON.
    JsonArray,
    /// A JSON object of the arguments, which are its members as text.
    JsonObject,
}

impl AggregateFunction {
    /// The name in messages and plans.
    pub(crate) fn name(self) -> &'static str {
        match self {
            AggregateFunction::CountRows | AggregateFunction::Count => "count",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Total => "total",
            AggregateFunction::Average => "avg",
            AggregateFunction::Min => "min",
            AggregateFunction::Max => "max",
            AggregateFunction::StringAggregate => "string_agg",
            AggregateFunction::BoolAnd => "bool_and",
            AggregateFunction::BoolOr => "bool_or",
            AggregateFunction::VariancePopulation => "var_pop",
            AggregateFunction::VarianceSample => "variance",
            AggregateFunction::DeviationPopulation => "stddev_pop",
            AggregateFunction::DeviationSample => "stddev",
            AggregateFunction::BitAnd => "bit_and",
            AggregateFunction::BitOr => "bit_or",
            AggregateFunction::BitXor => "bit_xor",
            AggregateFunction::JsonArray => "json_group_array",
            AggregateFunction::JsonObject => "json_group_object",
        }
    }

    /// Does the result depend on the order of the arguments?
    pub(crate) fn depends_on_order(self) -> bool {
        use AggregateFunction::{JsonArray, JsonObject, StringAggregate};
        matches!(self, StringAggregate | JsonArray | JsonObject)
    }
}

fn lookup(name: &str) -> Option<AggregateFunction> {
    Some(match name {
        "count" => AggregateFunction::Count,
        "sum" => AggregateFunction::Sum,
        "total" => AggregateFunction::Total,
        "avg" => AggregateFunction::Average,
        "min" => AggregateFunction::Min,
        "max" => AggregateFunction::Max,
        "string_agg" | "group_concat" => AggregateFunction::StringAggregate,
        "bool_and" | "every" => AggregateFunction::BoolAnd,
        "bool_or" => AggregateFunction::BoolOr,
        "var_pop" => AggregateFunction::VariancePopulation,
        "variance" | "var_samp" => AggregateFunction::VarianceSample,
        "stddev_pop" => AggregateFunction::DeviationPopulation,
        "stddev" | "stddev_samp" => AggregateFunction::DeviationSample,
        "bit_and" => AggregateFunction::BitAnd,
        "bit_or" => AggregateFunction::BitOr,
        "bit_xor" => AggregateFunction::BitXor,
        "json_group_array" | "json_agg" | "jsonb_agg" => AggregateFunction::JsonArray,
        "json_group_object" | "json_object_agg" | "jsonb_object_agg" => AggregateFunction::JsonObject,
        _ => return None,
    })
}

/// Is this name, in lower case, with so many arguments an aggregate? (`max(a, b)` is not.)
pub(crate) fn is_aggregate(name: &str, argument_count: usize) -> bool {
    match lookup(name) {
        Some(AggregateFunction::Min | AggregateFunction::Max) => argument_count <= 1,
        found => found.is_some(),
    }
}

/// The function, the types its arguments are cast to, and its result, for a name in lower case.
/// No argument means `count(*)`.
pub(crate) fn aggregate_signature(
    name: &str,
    types: &[DataType],
) -> Result<(AggregateFunction, Vec<DataType>, DataType)> {
    use AggregateFunction as A;
    use DataType as T;
    let function = lookup(name)
        .ok_or_else(|| Error::name(state::NO_FUNCTION, format!("there is no aggregate function {name}")))?;
    let fail = || {
        let list: Vec<String> = types.iter().map(ToString::to_string).collect();
        let message = format!("there is no aggregate function {name}({})", list.join(", "));
        Error::new(ErrorKind::Type, state::NO_FUNCTION, message)
    };
    let argument = match (function, types) {
        (A::Count, []) => return Ok((A::CountRows, vec![], T::BigInt)),
        (A::StringAggregate, [_] | [_, _]) => {
            return Ok((function, vec![T::TEXT; types.len()], T::TEXT));
        }
        (_, [argument]) => *argument,
        _ => return Err(fail()),
    };
    let (argument, result) = match function {
        A::Count => (super::resolve::settle(argument), T::BigInt),
        A::Min | A::Max => {
            let settled = super::resolve::settle(argument);
            (settled, settled)
        }
        A::BoolAnd | A::BoolOr if can_coerce(argument, T::Boolean) => (T::Boolean, T::Boolean),
        A::VariancePopulation | A::VarianceSample | A::DeviationPopulation | A::DeviationSample
            if can_coerce(argument, T::Double) =>
        {
            (T::Double, T::Double)
        }
        A::BitAnd | A::BitOr | A::BitXor if can_coerce(argument, T::BigInt) => (T::BigInt, T::BigInt),
        A::JsonArray | A::JsonObject => (argument, T::Json),
        A::Total if can_coerce(argument, T::Double) => (T::Double, T::Double),
        A::Sum | A::Average => match argument {
            integer if integer.is_integer() => {
                (T::BigInt, if function == A::Sum { T::BigInt } else { T::Double })
            }
            T::Decimal { scale, .. } if function == A::Sum => (argument, T::decimal(scale)),
            T::Decimal { scale, .. } => (argument, T::decimal(scale.max(QUOTIENT_SCALE_MIN))),
            T::Double | T::Unknown => (T::Double, T::Double),
            T::Interval if function == A::Sum => (argument, argument),
            _ => return Err(fail()),
        },
        _ => return Err(fail()),
    };
    Ok((function, vec![argument], result))
}
