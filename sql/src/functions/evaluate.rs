//! A function of vectors: dispatch to the file that knows it.

use super::{Function, arithmetic, choice, compare, scalar, temporal, text};
use crate::error::{Error, ErrorKind, Result, state};
use crate::types::{DataType, Validity, Vector, VectorData};

/// What calls depend on besides their arguments.
#[derive(Debug, Clone)]
pub(crate) struct CallContext {
    /// The moment the statement began, in microseconds since 1970.
    pub(crate) now_us: i64,
    /// Division by zero is NULL instead of an error.
    pub(crate) division_by_zero_is_null: bool,
    /// The state of `random()`.
    pub(crate) random: u64,
    pub(crate) session: SessionNumbers,
    pub(crate) growth: Growth,
}

/// What functions that make much of little, as `repeat` does, have made in one call for all rows of
/// a batch, and may make, in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Growth {
    made: usize,
    max: usize,
}

impl Default for Growth {
    fn default() -> Growth {
        Growth::up_to(usize::MAX)
    }
}

impl Growth {
    pub(crate) fn up_to(max: usize) -> Growth {
        Growth { made: 0, max }
    }

    /// An error unless so many bytes may be made, too; asked before they are.
    pub(super) fn add(&mut self, bytes: usize) -> Result<()> {
        self.made = self.made.saturating_add(bytes);
        if self.made <= self.max {
            return Ok(());
        }
        let message =
            format!("the texts made in one go are longer than the memory limit of {} bytes", self.max);
        Err(Error::new(ErrorKind::Limit, state::OUT_OF_MEMORY, message)
            .hint("make shorter texts, or raise the memory limit"))
    }
}

/// What `last_insert_rowid()`, `changes()` and `total_changes()` give.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SessionNumbers {
    pub(crate) last_rowid: i64,
    pub(crate) changes: i64,
    pub(crate) total_changes: i64,
}

impl CallContext {
    pub(crate) fn next_random(&mut self) -> i64 {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) as i64
    }
}

/// Evaluates a function for `len` rows of arguments that have the types it takes.
pub(crate) fn evaluate(
    function: Function,
    arguments: &[&Vector],
    types: &[DataType],
    result: DataType,
    len: usize,
    context: &mut CallContext,
) -> Result<Vector> {
    use Function::*;
    let missing = || Error::internal(format!("{} without an argument", function.name()));
    let first = || arguments.first().copied().ok_or_else(missing);
    let second = || arguments.get(1).copied().ok_or_else(missing);
    context.growth.made = 0;
    match function {
        Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | Distinct | NotDistinct => {
            compare::compare(function, first()?, second()?, types)
        }
        Add | Subtract | Multiply | Divide if temporal::is_temporal(types) => {
            temporal::binary(function, first()?, second()?, types, context)
        }
        Add | Subtract | Multiply | Divide | DivideWhole | Modulo | BitAnd | BitOr | BitXor | ShiftLeft
        | ShiftRight | Power => arithmetic::binary(function, first()?, second()?, types, result, context),
        Negate | Abs | Sign | BitNot | SquareRoot | Exp | Ln | Log10 => {
            arithmetic::unary(function, first()?, result)
        }
        Round | Truncate | Ceiling | Floor => {
            let data_type = types.first().copied().unwrap_or(result);
            arithmetic::round(function, first()?, arguments.get(1).copied(), data_type, result)
        }
        Scalar(function) => scalar::evaluate(function, arguments, types, len, context),
        Pi => Ok(Vector::valid(VectorData::Double(vec![std::f64::consts::PI; len]))),
        Random => {
            let values = (0..len).map(|_| context.next_random()).collect();
            Ok(Vector::valid(VectorData::Int(values)))
        }
        CurrentDate | CurrentTime | CurrentTimestamp => Ok(temporal::now(function, len, context)),
        Coalesce | Greatest | Least | Largest | Smallest => choice::choose(function, arguments, result, len),
        TypeOf => choice::type_of(first()?, types.first().copied().unwrap_or(result)),
        ConcatWords => text::concat_words(arguments, len),
        Extract | ExtractWhole => {
            let data_type = types.get(1).copied().unwrap_or(result);
            temporal::extract(function, first()?, second()?, data_type)
        }
        DateTruncate | FormatTime => temporal::format_or_truncate(function, first()?, second()?),
        Concat | Like | LikeIgnoreCase | Lower | Upper | Length | OctetLength | Substring | Trim
        | TrimStart | TrimEnd | Replace | Position | Left | Right | Reverse | Repeat | PadLeft | PadRight
        | StartsWith | SplitPart | Hex | Ascii | Character => {
            let validity =
                arguments.iter().fold(Validity::valid(len), |all, argument| all.and(&argument.validity));
            text::evaluate(function, arguments, types, validity, len, &mut context.growth)
        }
    }
}
