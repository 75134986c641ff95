//! From a function and the types of its arguments to the types it takes and the type it gives.
//!
//! Decimals: `+` and `-` keep the larger scale, `*` adds the scales (at most 20 digits unless an
//! argument has more), `/` has at least 16 digits behind the point. Integer arithmetic is 64-bit.

use super::coerce::{can_coerce, unify};
use super::function::Function;
use super::scalar;
use crate::error::{Error, ErrorKind, Result, nearest, state};
use crate::types::DataType;

/// Names that may be meant where one is not known.
const NAMES: &str = "abs round trunc ceil floor mod power sqrt coalesce ifnull nullif greatest least typeof concat \
                     lower upper length substr substring trim ltrim rtrim replace instr strpos left right reverse \
                     repeat lpad rpad starts_with split_part date_part date_trunc extract strftime count sum \
                     total avg min max string_agg group_concat bool_and bool_or every now iif random";

/// How a call is made: the arguments are cast to `arguments`, the result is of type `result`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Signature {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<DataType>,
    pub(crate) result: DataType,
}

/// The digits behind the point a product has at most, unless an argument has more.
const PRODUCT_SCALE_MAX: u8 = 20;
/// The digits behind the point a quotient or an average has at least.
pub(crate) const QUOTIENT_SCALE_MIN: u8 = 16;

/// The function of a name, in lower case, for a number of arguments.
pub(crate) fn resolve_name(name: &str, argument_count: usize) -> Result<Function> {
    use Function::*;
    let (function, counts) = match name {
        "abs" => (Abs, 1..=1),
        "sign" => (Sign, 1..=1),
        "round" => (Round, 1..=2),
        "trunc" | "truncate" => (Truncate, 1..=2),
        "ceil" | "ceiling" => (Ceiling, 1..=1),
        "floor" => (Floor, 1..=1),
        "mod" => (Modulo, 2..=2),
        "div" => (DivideWhole, 2..=2),
        "power" | "pow" => (Power, 2..=2),
        "sqrt" => (SquareRoot, 1..=1),
        "exp" => (Exp, 1..=1),
        "ln" => (Ln, 1..=1),
        "log" | "log10" => (Log10, 1..=1),
        "pi" => (Pi, 0..=0),
        "random" => (Random, 0..=0),
        "coalesce" => (Coalesce, 1..=usize::MAX),
        "ifnull" => (Coalesce, 2..=2),
        "greatest" => (Greatest, 1..=usize::MAX),
        "least" => (Least, 1..=usize::MAX),
        // SQLite's scalar min and max; with one argument they are aggregates.
        "max" => (Largest, 2..=usize::MAX),
        "min" => (Smallest, 2..=usize::MAX),
        "typeof" | "pg_typeof" => (TypeOf, 1..=1),
        "concat" => (ConcatWords, 1..=usize::MAX),
        "like" => (Like, 2..=3),
        "lower" => (Lower, 1..=1),
        "upper" => (Upper, 1..=1),
        "length" | "char_length" | "character_length" => (Length, 1..=1),
        "octet_length" => (OctetLength, 1..=1),
        "substr" | "substring" => (Substring, 2..=3),
        "trim" | "btrim" => (Trim, 1..=2),
        "ltrim" => (TrimStart, 1..=2),
        "rtrim" => (TrimEnd, 1..=2),
        "replace" => (Replace, 3..=3),
        "instr" | "strpos" => (Position, 2..=2),
        "left" => (Left, 2..=2),
        "right" => (Right, 2..=2),
        "reverse" => (Reverse, 1..=1),
        "repeat" => (Repeat, 2..=2),
        "lpad" => (PadLeft, 2..=3),
        "rpad" => (PadRight, 2..=3),
        "starts_with" => (StartsWith, 2..=2),
        "split_part" => (SplitPart, 3..=3),
        "hex" => (Hex, 1..=1),
        "ascii" | "unicode" => (Ascii, 1..=1),
        "chr" | "char" => (Character, 1..=1),
        "current_date" => (CurrentDate, 0..=0),
        "current_time" | "localtime" => (CurrentTime, 0..=0),
        "current_timestamp" | "now" | "localtimestamp" => (CurrentTimestamp, 0..=0),
        "extract" | "date_part" => (Extract, 2..=2),
        "date_trunc" => (DateTruncate, 2..=2),
        "strftime" => (FormatTime, 2..=2),
        _ => return named_scalar(name, argument_count),
    };
    if counts.contains(&argument_count) {
        return Ok(function);
    }
    // Another function of the same name may take so many.
    named_scalar(name, argument_count).map_err(|_| wrong_count(name, argument_count))
}

fn named_scalar(name: &str, argument_count: usize) -> Result<Function> {
    match scalar::named(name, argument_count) {
        Some(Some(scalar)) => Ok(Function::Scalar(scalar)),
        Some(None) => Err(wrong_count(name, argument_count)),
        None => Err(no_such(name)),
    }
}

fn wrong_count(name: &str, argument_count: usize) -> Error {
    let message = format!("function {name} does not take {argument_count} arguments");
    Error::name(state::NO_FUNCTION, message)
}

/// The types a function takes and gives for arguments of some types.
///
/// `digits` is the second argument where that is an integer constant: the scale of ROUND.
pub(crate) fn resolve(function: Function, types: &[DataType], digits: Option<i64>) -> Result<Signature> {
    use DataType as T;
    use Function::*;
    let fail = || no_function(function, types);
    let fixed = |wanted: &[DataType], result: DataType| {
        let all = types.iter().zip(wanted).all(|(from, to)| can_coerce(*from, *to));
        let arguments = wanted.iter().copied().take(types.len()).collect();
        if all { Ok((arguments, result)) } else { Err(fail()) }
    };
    let first = types.first().copied().unwrap_or(T::Unknown);
    let (arguments, result): (Vec<DataType>, DataType) = match function {
        Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | Distinct | NotDistinct => {
            (comparison(types).ok_or_else(fail)?, T::Boolean)
        }
        Add | Subtract | Multiply | Divide | DivideWhole | Modulo => {
            let second = types.get(1).copied().unwrap_or(T::Unknown);
            let (left, right, result) = arithmetic(function, first, second).ok_or_else(fail)?;
            (vec![left, right], result)
        }
        Negate | Abs if first == T::Interval => (vec![first], first),
        Negate | Abs | Sign => {
            let number = number(first).ok_or_else(fail)?;
            (vec![number], if function == Sign { T::BigInt } else { number })
        }
        Round | Truncate | Ceiling | Floor => rounding(function, types, digits).ok_or_else(fail)?,
        BitAnd | BitOr | BitXor | ShiftLeft | ShiftRight => fixed(&[T::BigInt, T::BigInt], T::BigInt)?,
        BitNot => fixed(&[T::BigInt], T::BigInt)?,
        Power => fixed(&[T::Double, T::Double], T::Double)?,
        SquareRoot | Exp | Ln | Log10 => fixed(&[T::Double], T::Double)?,
        Pi => (vec![], T::Double),
        Random => (vec![], T::BigInt),
        Coalesce | Greatest | Least | Largest | Smallest => {
            let common = settle(unify_all(types).ok_or_else(fail)?);
            (vec![common; types.len()], common)
        }
        TypeOf => (vec![settle(first)], T::TEXT),
        Concat => concatenation(types).ok_or_else(fail)?,
        // Anything is cast to text.
        ConcatWords => (vec![T::TEXT; types.len()], T::TEXT),
        Like | LikeIgnoreCase => fixed(&[T::TEXT; 3], T::Boolean)?,
        Length | OctetLength if first == T::Blob => (vec![first], T::BigInt),
        Length | OctetLength => fixed(&[T::TEXT], T::BigInt)?,
        Hex => (vec![if first == T::Blob { first } else { T::TEXT }], T::TEXT),
        Substring if first == T::Blob => fixed(&[T::Blob, T::BigInt, T::BigInt], T::Blob)?,
        Substring => fixed(&[T::TEXT, T::BigInt, T::BigInt], T::TEXT)?,
        Lower | Upper | Reverse => fixed(&[T::TEXT], T::TEXT)?,
        Ascii => fixed(&[T::TEXT], T::BigInt)?,
        Character => fixed(&[T::BigInt], T::TEXT)?,
        Trim | TrimStart | TrimEnd => fixed(&[T::TEXT, T::TEXT], T::TEXT)?,
        Replace => fixed(&[T::TEXT, T::TEXT, T::TEXT], T::TEXT)?,
        Position => fixed(&[T::TEXT, T::TEXT], T::BigInt)?,
        StartsWith => fixed(&[T::TEXT, T::TEXT], T::Boolean)?,
        Left | Right | Repeat => fixed(&[T::TEXT, T::BigInt], T::TEXT)?,
        PadLeft | PadRight => fixed(&[T::TEXT, T::BigInt, T::TEXT], T::TEXT)?,
        SplitPart => fixed(&[T::TEXT, T::TEXT, T::BigInt], T::TEXT)?,
        CurrentDate => (vec![], T::Date),
        CurrentTime => (vec![], T::Time),
        CurrentTimestamp => (vec![], T::Timestamp),
        Scalar(scalar) => {
            let (scalar, arguments) = scalar::overload(scalar, types).ok_or_else(fail)?;
            return Ok(Signature { function: Scalar(scalar), arguments, result: scalar.result });
        }
        Extract | ExtractWhole | DateTruncate | FormatTime => temporal(function, types).ok_or_else(fail)?,
    };
    Ok(Signature { function, arguments, result })
}

/// The error of a name that no function has.
fn no_such(name: &str) -> Error {
    let error = Error::name(state::NO_FUNCTION, format!("there is no function {name}"));
    match nearest(name, NAMES.split(' ').chain(scalar::names())) {
        Some(near) => error.hint(format!("is {near} meant?")),
        None => error,
    }
}

fn no_function(function: Function, types: &[DataType]) -> Error {
    let name = function.name();
    let message = match types {
        [left, right] if !name.starts_with(|c: char| c.is_ascii_lowercase()) => {
            format!("there is no operator {left} {name} {right}")
        }
        types => {
            let list: Vec<String> = types.iter().map(ToString::to_string).collect();
            format!("there is no function {name}({})", list.join(", "))
        }
    };
    Error::new(ErrorKind::Type, state::NO_FUNCTION, message).hint("write a CAST to the type that is meant")
}

/// What stays unknown is text.
pub(crate) fn settle(data_type: DataType) -> DataType {
    if data_type == DataType::Unknown { DataType::TEXT } else { data_type }
}

fn unify_all(types: &[DataType]) -> Option<DataType> {
    types.iter().try_fold(DataType::Unknown, |common, next| unify(common, *next))
}

fn comparison(types: &[DataType]) -> Option<Vec<DataType>> {
    let common = settle(unify_all(types)?);
    let argument = |from: &DataType| match (*from, common) {
        // Decimals of different scales compare as they are.
        (DataType::Decimal { .. }, DataType::Decimal { .. }) => *from,
        (from, DataType::Decimal { .. }) if from.is_integer() => {
            DataType::Decimal { precision: from.precision(), scale: 0 }
        }
        // Integers of all widths are held alike.
        (from, common) if from.is_integer() && common.is_integer() => from,
        (DataType::Text { .. }, DataType::Text { .. }) => *from,
        _ => common,
    };
    Some(types.iter().map(argument).collect())
}

/// A number as itself; an unknown as a double, an integer of any width as 64 bits.
fn number(data_type: DataType) -> Option<DataType> {
    match data_type {
        DataType::Unknown => Some(DataType::Double),
        integer if integer.is_integer() => Some(DataType::BigInt),
        number if number.is_numeric() => Some(number),
        _ => None,
    }
}

fn exact(data_type: DataType) -> DataType {
    DataType::Decimal { precision: data_type.precision(), scale: data_type.scale() }
}

/// The types of the two sides and of the result.
fn arithmetic(function: Function, left: DataType, right: DataType) -> Option<(DataType, DataType, DataType)> {
    use DataType as T;
    if let Some(temporal) = temporal_arithmetic(function, left, right) {
        return Some(temporal);
    }
    let (left, right) = match (left, right) {
        (T::Unknown, T::Unknown) => (T::BigInt, T::BigInt),
        (T::Unknown, other) => (other, other),
        (other, T::Unknown) => (other, other),
        both => both,
    };
    if !left.is_numeric() || !right.is_numeric() {
        return None;
    }
    if left.is_integer() && right.is_integer() {
        return Some((T::BigInt, T::BigInt, T::BigInt));
    }
    if left == T::Double || right == T::Double {
        return Some((T::Double, T::Double, T::Double));
    }
    let (left, right) = (exact(left), exact(right));
    let larger = left.scale().max(right.scale());
    let scale = match function {
        Function::Multiply => (left.scale() + right.scale()).min(larger.max(PRODUCT_SCALE_MAX)),
        Function::Divide => larger.max(QUOTIENT_SCALE_MIN),
        Function::DivideWhole => 0,
        _ => larger,
    };
    Some((left, right, T::decimal(scale)))
}

fn temporal_arithmetic(
    function: Function,
    left: DataType,
    right: DataType,
) -> Option<(DataType, DataType, DataType)> {
    use DataType as T;
    use Function::{Add, Divide, Multiply, Subtract};
    let result = match (function, left, right) {
        (Add | Subtract, T::Date, T::Interval) => (T::Timestamp, right, T::Timestamp),
        (Add, T::Interval, T::Date) => (left, T::Timestamp, T::Timestamp),
        (Add | Subtract, T::Timestamp | T::Time, T::Interval) => (left, right, left),
        (Add, T::Interval, T::Timestamp | T::Time) => (left, right, right),
        (Add | Subtract, T::Interval, T::Interval) => (left, right, left),
        (Add | Subtract, T::Date, right) if right.is_integer() => (left, T::BigInt, left),
        (Add, left, T::Date) if left.is_integer() => (T::BigInt, right, right),
        (Subtract, T::Date, T::Date) => (left, right, T::BigInt),
        (Subtract, T::Date | T::Timestamp, T::Date | T::Timestamp) => {
            (T::Timestamp, T::Timestamp, T::Interval)
        }
        (Subtract, T::Date, T::Unknown) | (Subtract, T::Unknown, T::Date) => (T::Date, T::Date, T::BigInt),
        (Subtract, T::Timestamp, T::Unknown) | (Subtract, T::Unknown, T::Timestamp) => {
            (T::Timestamp, T::Timestamp, T::Interval)
        }
        (Subtract, T::Time, T::Time) => (left, right, T::Interval),
        (Multiply | Divide, T::Interval, right) if right.is_numeric() => (left, T::Double, left),
        (Multiply, left, T::Interval) if left.is_numeric() => (T::Double, right, right),
        _ => return None,
    };
    Some(result)
}

fn rounding(
    function: Function,
    types: &[DataType],
    digits: Option<i64>,
) -> Option<(Vec<DataType>, DataType)> {
    use DataType as T;
    let input = number(*types.first()?)?;
    let mut arguments = vec![input];
    if let Some(second) = types.get(1) {
        can_coerce(*second, T::BigInt).then_some(())?;
        arguments.push(T::BigInt);
    }
    let result = match input {
        T::Decimal { scale, .. } => {
            let kept = match (types.len(), digits) {
                (1, _) => 0,
                (_, Some(digits)) => u8::try_from(digits.clamp(0, 38)).unwrap_or(scale),
                (_, None) => scale,
            };
            T::decimal(if function == Function::Round || types.len() == 1 { kept } else { kept.min(scale) })
        }
        other => other,
    };
    Some((arguments, result))
}

fn concatenation(types: &[DataType]) -> Option<(Vec<DataType>, DataType)> {
    if types.iter().all(|t| matches!(t, DataType::Blob | DataType::Unknown))
        && types.contains(&DataType::Blob)
    {
        return Some((vec![DataType::Blob; types.len()], DataType::Blob));
    }
    // One side must be text; the other becomes it.
    let texts = types.iter().any(|t| t.is_text() || *t == DataType::Unknown);
    texts.then(|| (vec![DataType::TEXT; types.len()], DataType::TEXT))
}

fn temporal(function: Function, types: &[DataType]) -> Option<(Vec<DataType>, DataType)> {
    use DataType as T;
    let [field, source] = types else { return None };
    can_coerce(*field, T::TEXT).then_some(())?;
    let extract = matches!(function, Function::Extract | Function::ExtractWhole);
    let source = match source {
        T::Unknown | T::Text { .. } => T::Timestamp,
        T::Date | T::Timestamp => *source,
        T::Time | T::Interval if extract => *source,
        _ => return None,
    };
    let (source, result) = match function {
        Function::Extract => (source, T::decimal(6)),
        Function::ExtractWhole => (source, T::BigInt),
        Function::DateTruncate => (T::Timestamp, T::Timestamp),
        _ => (T::Timestamp, T::TEXT),
    };
    Some((vec![T::TEXT, source], result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType as T;

    fn result(function: Function, types: &[DataType]) -> Option<DataType> {
        resolve(function, types, None).ok().map(|signature| signature.result)
    }

    #[test]
    fn arithmetic_types() {
        let money = T::Decimal { precision: 10, scale: 2 };
        assert_eq!(result(Function::Add, &[T::Int, T::SmallInt]), Some(T::BigInt));
        assert_eq!(result(Function::Multiply, &[money, T::BigInt]), Some(T::decimal(2)));
        assert_eq!(result(Function::Multiply, &[money, money]), Some(T::decimal(4)));
        assert_eq!(result(Function::Divide, &[money, T::BigInt]), Some(T::decimal(16)));
        assert_eq!(result(Function::Add, &[money, T::Double]), Some(T::Double));
        assert_eq!(result(Function::Add, &[T::Unknown, T::BigInt]), Some(T::BigInt));
        assert_eq!(result(Function::Add, &[T::TEXT, T::BigInt]), None);
        assert_eq!(result(Function::Subtract, &[T::Date, T::Date]), Some(T::BigInt));
        assert_eq!(result(Function::Add, &[T::Date, T::Interval]), Some(T::Timestamp));
    }

    #[test]
    fn comparisons_unify() {
        let arguments = |types: &[DataType]| resolve(Function::Equal, types, None).map(|s| s.arguments).ok();
        assert_eq!(arguments(&[T::BigInt, T::Double]), Some(vec![T::Double, T::Double]));
        assert_eq!(arguments(&[T::Date, T::Unknown]), Some(vec![T::Date, T::Date]));
        assert_eq!(arguments(&[T::Unknown, T::Unknown]), Some(vec![T::TEXT, T::TEXT]));
        assert_eq!(arguments(&[T::TEXT, T::BigInt]), None);
        assert_eq!(arguments(&[T::Boolean, T::BigInt]), None);
    }

    #[test]
    fn rounding_takes_the_scale_from_its_digits() {
        let money = T::Decimal { precision: 10, scale: 2 };
        let round = |digits| resolve(Function::Round, &[money, T::BigInt], digits).unwrap().result;
        assert_eq!(round(Some(1)), T::decimal(1));
        assert_eq!(round(None), T::decimal(2));
        assert_eq!(result(Function::Round, &[money]), Some(T::decimal(0)));
        assert_eq!(result(Function::Round, &[T::Double]), Some(T::Double));
    }

    #[test]
    fn unknown_names_and_counts_are_errors() {
        assert!(resolve_name("nosuch", 1).is_err());
        assert!(resolve_name("abs", 2).is_err());
        assert_eq!(resolve_name("max", 2).unwrap(), Function::Largest);
    }
}
