//! Every scalar function and operator there is.

use super::scalar::{Nulls, Scalar, Varies};

/// A scalar function or operator, on arguments that already have the types it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    // Comparisons: NULL when either side is.
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    // Comparisons that take NULL as a value.
    Distinct,
    NotDistinct,

    // Arithmetic.
    Add,
    Subtract,
    Multiply,
    Divide,
    /// `div`: the quotient without what is behind the point.
    DivideWhole,
    Modulo,
    Negate,
    BitAnd,
    BitOr,
    BitXor,
    BitNot,
    ShiftLeft,
    ShiftRight,
    Abs,
    Sign,
    Round,
    Truncate,
    Ceiling,
    Floor,
    Power,
    SquareRoot,
    Exp,
    Ln,
    Log10,
    Pi,
    Random,

    // Choices; NULL arguments are looked at, not passed on.
    Coalesce,
    Greatest,
    Least,
    /// SQLite's `max` and `min` of several values: NULL when one is.
    Largest,
    Smallest,
    TypeOf,

    // Text.
    Concat,
    ConcatWords,
    Like,
    LikeIgnoreCase,
    Lower,
    Upper,
    Length,
    OctetLength,
    Substring,
    Trim,
    TrimStart,
    TrimEnd,
    Replace,
    Position,
    Left,
    Right,
    Reverse,
    Repeat,
    PadLeft,
    PadRight,
    StartsWith,
    SplitPart,
    Hex,
    Ascii,
    Character,

    // Dates and times.
    CurrentDate,
    CurrentTime,
    CurrentTimestamp,
    /// `extract(field from x)`; the first argument is the field's name.
    Extract,
    /// The same where the field is known to be a whole number.
    ExtractWhole,
    /// `date_trunc(field, x)`.
    DateTruncate,
    /// `strftime(format, x)`.
    FormatTime,

    /// Value by value, from a table.
    Scalar(&'static Scalar),
}

impl Function {
    /// Does the function see NULL arguments, instead of being NULL whenever one is?
    pub(crate) fn takes_nulls(self) -> bool {
        use Function::*;
        match self {
            Distinct | NotDistinct | Coalesce | Greatest | Least | TypeOf | ConcatWords => true,
            Scalar(scalar) => scalar.nulls == Nulls::Seen,
            _ => false,
        }
    }

    /// Does the value depend on more than the arguments?
    pub(crate) fn is_volatile(self) -> bool {
        use Function::*;
        match self {
            Random | CurrentDate | CurrentTime | CurrentTimestamp => true,
            Scalar(scalar) => scalar.varies != Varies::Never,
            _ => false,
        }
    }

    /// May it give another value each time it is called within a statement?
    pub(crate) fn is_random(self) -> bool {
        match self {
            Function::Random => true,
            Function::Scalar(scalar) => scalar.varies == Varies::Call,
            _ => false,
        }
    }

    pub(crate) fn is_comparison(self) -> bool {
        use Function::*;
        matches!(self, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | Distinct | NotDistinct)
    }

    /// The comparison with its sides exchanged: `a < b` is `b > a`.
    pub(crate) fn mirrored(self) -> Function {
        use Function::*;
        match self {
            Less => Greater,
            LessEqual => GreaterEqual,
            Greater => Less,
            GreaterEqual => LessEqual,
            other => other,
        }
    }

    /// The name in messages and plans.
    pub(crate) fn name(self) -> &'static str {
        use Function::*;
        match self {
            Equal => "=",
            NotEqual => "<>",
            Less => "<",
            LessEqual => "<=",
            Greater => ">",
            GreaterEqual => ">=",
            Distinct => "IS DISTINCT FROM",
            NotDistinct => "IS NOT DISTINCT FROM",
            Add => "+",
            Subtract | Negate => "-",
            Multiply => "*",
            Divide => "/",
            Modulo => "%",
            BitAnd => "&",
            BitOr => "|",
            BitXor => "#",
            BitNot => "~",
            ShiftLeft => "<<",
            ShiftRight => ">>",
            Concat => "||",
            Like => "LIKE",
            LikeIgnoreCase => "ILIKE",
            function => function.word(),
        }
    }

    /// The name of a function that is written as a word.
    fn word(self) -> &'static str {
        use Function::*;
        match self {
            DivideWhole => "div",
            Abs => "abs",
            Sign => "sign",
            Round => "round",
            Truncate => "trunc",
            Ceiling => "ceil",
            Floor => "floor",
            Power => "power",
            SquareRoot => "sqrt",
            Exp => "exp",
            Ln => "ln",
            Log10 => "log10",
            Pi => "pi",
            Random => "random",
            Coalesce => "coalesce",
            Greatest => "greatest",
            Largest => "max",
            Smallest => "min",
            Least => "least",
            TypeOf => "typeof",
            ConcatWords => "concat",
            Lower => "lower",
            Upper => "upper",
            Length => "length",
            OctetLength => "octet_length",
            Substring => "substr",
            Trim => "trim",
            TrimStart => "ltrim",
            TrimEnd => "rtrim",
            Replace => "replace",
            Position => "instr",
            Left => "left",
            Right => "right",
            Reverse => "reverse",
            Repeat => "repeat",
            PadLeft => "lpad",
            PadRight => "rpad",
            StartsWith => "starts_with",
            SplitPart => "split_part",
            Hex => "hex",
            Ascii => "ascii",
            Character => "chr",
            CurrentDate => "current_date",
            CurrentTime => "current_time",
            CurrentTimestamp => "current_timestamp",
            Extract | ExtractWhole => "extract",
            DateTruncate => "date_trunc",
            FormatTime => "strftime",
            Scalar(scalar) => scalar.name,
            _ => "operator",
        }
    }
}
