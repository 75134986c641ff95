//! Running states of aggregate functions: one accumulator an aggregate, one state a group.
//!
//! ```text
//! resize(groups)                     new groups start empty
//! update(groups of rows, arguments)  each row's argument goes into its group's state
//! finish(groups)                     the results as a vector
//! ```
//!
//! Sums of integers and decimals are exact and wide; leaving the result's range is an error.
//! Sums of doubles are compensated (Neumaier), so that their order matters little.

use super::AggregateFunction;
use super::compare::compare_doubles;
use crate::error::{Error, ErrorKind, Result, state};
use crate::types::{DataType, Decimal, Interval, Physical, Value, Vector, VectorData, decimal};

/// The longest text `string_agg` makes.
const TEXT_LEN_MAX: usize = 1 << 28;

/// The states of one aggregate function for all groups.
#[derive(Debug)]
pub(crate) struct Accumulator {
    function: AggregateFunction,
    argument: DataType,
    result: DataType,
    states: States,
    /// Bytes of text held, for the memory account.
    text_bytes: usize,
}

#[derive(Debug)]
enum States {
    Counts(Vec<i64>),
    /// Sum of integers or unscaled decimals, and how many there were.
    Exact(Vec<(i128, i64)>),
    Double(Vec<DoubleSum>),
    Moments(Vec<Moments>),
    Wide(Vec<Option<i128>>),
    DoubleBest(Vec<Option<f64>>),
    Texts(Vec<Option<Vec<u8>>>),
    Uuids(Vec<Option<u128>>),
    Intervals(Vec<Option<Interval>>),
}

#[derive(Debug, Clone, Copy, Default)]
struct DoubleSum {
    sum: f64,
    lost: f64,
    count: i64,
}

/// Count, mean and sum of squared distances from it (Welford).
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: i64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
    }

    fn result(self, function: AggregateFunction) -> Value {
        use AggregateFunction as A;
        let sample = matches!(function, A::VarianceSample | A::DeviationSample);
        let divisor = self.count - i64::from(sample);
        if divisor < 1 {
            return Value::Null;
        }
        let variance = self.squares / divisor as f64;
        let root = matches!(function, A::DeviationPopulation | A::DeviationSample);
        Value::Double(if root { variance.sqrt() } else { variance })
    }
}

impl DoubleSum {
    fn add(&mut self, value: f64) {
        let total = self.sum + value;
        let lost = if self.sum.abs() >= value.abs() {
            (self.sum - total) + value
        } else {
            (value - total) + self.sum
        };
        if lost.is_finite() {
            self.lost += lost;
        }
        self.sum = total;
        self.count += 1;
    }

    fn total(self) -> f64 {
        self.sum + self.lost
    }
}

impl Accumulator {
    /// States for a function of an argument of some type; `count(*)` has none.
    pub(crate) fn new(
        function: AggregateFunction,
        argument: Option<DataType>,
        result: DataType,
    ) -> Accumulator {
        use AggregateFunction as A;
        let argument = argument.unwrap_or(DataType::BigInt);
        let states = match function {
            A::CountRows | A::Count => States::Counts(Vec::new()),
            A::Sum | A::Average | A::Total => match argument {
                DataType::Double => States::Double(Vec::new()),
                DataType::Interval => States::Intervals(Vec::new()),
                _ => States::Exact(Vec::new()),
            },
            A::VariancePopulation | A::VarianceSample | A::DeviationPopulation | A::DeviationSample => {
                States::Moments(Vec::new())
            }
            A::StringAggregate | A::JsonArray | A::JsonObject => States::Texts(Vec::new()),
            A::BoolAnd | A::BoolOr | A::BitAnd | A::BitOr | A::BitXor => States::Wide(Vec::new()),
            A::Min | A::Max => match argument.physical() {
                Physical::Double => States::DoubleBest(Vec::new()),
                Physical::Bytes => States::Texts(Vec::new()),
                Physical::Uuid => States::Uuids(Vec::new()),
                Physical::Interval => States::Intervals(Vec::new()),
                _ => States::Wide(Vec::new()),
            },
        };
        Accumulator { function, argument, result, states, text_bytes: 0 }
    }

    /// Makes room for groups 0 to `groups` - 1.
    pub(crate) fn resize(&mut self, groups: usize) {
        match &mut self.states {
            States::Counts(states) => states.resize(groups, 0),
            States::Exact(states) => states.resize(groups, (0, 0)),
            States::Double(states) => states.resize(groups, DoubleSum::default()),
            States::Moments(states) => states.resize(groups, Moments::default()),
            States::Wide(states) => states.resize(groups, None),
            States::DoubleBest(states) => states.resize(groups, None),
            States::Texts(states) => states.resize(groups, None),
            States::Uuids(states) => states.resize(groups, None),
            States::Intervals(states) => states.resize(groups, None),
        }
    }

    /// Adds rows: row `i` of the arguments goes to group `groups[i]` unless `mask[i]` is false.
    pub(crate) fn update(
        &mut self,
        groups: &[u32],
        arguments: &[&Vector],
        mask: Option<&[bool]>,
    ) -> Result<()> {
        let function = self.function;
        let argument = arguments.first().copied();
        let rows = groups.iter().enumerate().filter(|(row, _)| {
            mask.is_none_or(|mask| mask.get(*row).copied().unwrap_or(false))
                && argument.is_none_or(|argument| argument.is_valid(*row))
        });
        let rows = rows.map(|(row, group)| (row, *group as usize));
        let Some(argument) = argument else {
            if let States::Counts(states) = &mut self.states {
                rows.for_each(|(_, group)| states[group] += 1);
            }
            return Ok(());
        };
        match (&mut self.states, &argument.data) {
            (States::Counts(states), _) => rows.for_each(|(_, group)| states[group] += 1),
            (States::Exact(states), VectorData::Int(values)) => {
                for (row, group) in rows {
                    add_exact(&mut states[group], i128::from(values[row]))?;
                }
            }
            (States::Exact(states), VectorData::Decimal(values)) => {
                for (row, group) in rows {
                    add_exact(&mut states[group], values[row])?;
                }
            }
            (States::Double(states), VectorData::Double(values)) => {
                rows.for_each(|(row, group)| states[group].add(values[row]));
            }
            (States::Moments(states), VectorData::Double(values)) => {
                rows.for_each(|(row, group)| states[group].add(values[row]));
            }
            (States::Wide(states), VectorData::Int(values)) => {
                rows.for_each(|(row, group)| keep_integer(function, &mut states[group], values[row]));
            }
            (States::Wide(states), VectorData::Bool(values)) => {
                rows.for_each(|(row, group)| keep(function, &mut states[group], i128::from(values[row])));
            }
            (States::Wide(states), VectorData::Decimal(values)) => {
                rows.for_each(|(row, group)| keep(function, &mut states[group], values[row]));
            }
            (States::DoubleBest(states), VectorData::Double(values)) => {
                rows.for_each(|(row, group)| keep_double(function, &mut states[group], values[row]));
            }
            (States::Uuids(states), VectorData::Uuid(values)) => {
                rows.for_each(|(row, group)| keep(function, &mut states[group], values[row]));
            }
            (States::Intervals(states), VectorData::Interval(values)) => {
                for (row, group) in rows {
                    keep_interval(function, &mut states[group], values[row])?;
                }
            }
            (States::Texts(states), VectorData::Bytes(values)) => {
                for (row, group) in rows {
                    let separator = separator(arguments, row);
                    self.text_bytes += keep_text(function, &mut states[group], values.get(row), separator)?;
                }
            }
            _ => return Err(Error::internal(format!("{} of {}", function.name(), self.argument))),
        }
        Ok(())
    }

    /// The results of groups `start` to `end` - 1.
    pub(crate) fn finish(&self, start: usize, end: usize) -> Result<Vector> {
        let mut out = Vector::empty(self.result);
        for group in start..end {
            let value = self.result_of(group)?;
            out.push_value(&value, self.result)?;
        }
        Ok(out)
    }

    fn result_of(&self, group: usize) -> Result<Value> {
        let result = self.result;
        let total = self.function == AggregateFunction::Total;
        let average = self.function == AggregateFunction::Average;
        Ok(match &self.states {
            States::Counts(states) => Value::Integer(states[group]),
            States::Exact(states) => match states[group] {
                (_, 0) => Value::Null,
                (sum, count) if average => self.exact_average(sum, count)?,
                (sum, _) => self.exact_value(sum)?,
            },
            States::Double(states) => {
                let state = states[group];
                match state.count {
                    0 if total => Value::Double(0.0),
                    0 => Value::Null,
                    count if average => Value::Double(state.total() / count as f64),
                    _ => Value::Double(state.total()),
                }
            }
            States::Moments(states) => states[group].result(self.function),
            States::Wide(states) => match states[group] {
                Some(wide) => self.exact_value(wide)?,
                None => Value::Null,
            },
            States::DoubleBest(states) => states[group].map_or(Value::Null, Value::Double),
            States::Texts(states) => match (&states[group], result) {
                (None, DataType::Json) if self.brackets().is_some() => {
                    let [open, close] = self.brackets().unwrap_or_default();
                    Value::Json(format!("{open}{close}"))
                }
                (None, _) => Value::Null,
                (Some(bytes), DataType::Json) if self.brackets().is_some() => {
                    let [open, close] = self.brackets().unwrap_or_default();
                    Value::Json(format!("{open}{}{close}", String::from_utf8_lossy(bytes)))
                }
                (Some(bytes), DataType::Blob) => Value::Blob(bytes.clone()),
                (Some(bytes), DataType::Json) => Value::Json(String::from_utf8_lossy(bytes).into_owned()),
                (Some(bytes), _) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
            },
            States::Uuids(states) => states[group].map_or(Value::Null, Value::Uuid),
            States::Intervals(states) => states[group].map_or(Value::Null, Value::Interval),
        })
    }

    /// What stands around the text of a JSON aggregate.
    fn brackets(&self) -> Option<[&'static str; 2]> {
        match self.function {
            AggregateFunction::JsonArray => Some(["[", "]"]),
            AggregateFunction::JsonObject => Some(["{", "}"]),
            _ => None,
        }
    }

    /// An integer, decimal, boolean, date or time of the result's type.
    fn exact_value(&self, wide: i128) -> Result<Value> {
        if let DataType::Decimal { scale, .. } = self.result {
            let unscaled = decimal::bounded(wide).ok_or_else(out_of_range)?;
            return Ok(Value::Decimal(Decimal { unscaled, scale }));
        }
        let narrow = i64::try_from(wide).map_err(|_| out_of_range())?;
        Ok(match self.result {
            DataType::Boolean => Value::Boolean(narrow != 0),
            DataType::Date => Value::Date(i32::try_from(narrow).map_err(|_| out_of_range())?),
            DataType::Time => Value::Time(narrow),
            DataType::Timestamp => Value::Timestamp(narrow),
            _ => Value::Integer(narrow),
        })
    }

    fn exact_average(&self, sum: i128, count: i64) -> Result<Value> {
        let DataType::Decimal { scale, .. } = self.result else {
            return Ok(Value::Double(sum as f64 / count as f64));
        };
        let unscaled = decimal::divide(sum, self.argument.scale(), i128::from(count), 0, scale);
        Ok(Value::Decimal(Decimal { unscaled: unscaled.ok_or_else(out_of_range)?, scale }))
    }

    /// Bytes of memory used, about.
    pub(crate) fn memory(&self) -> usize {
        let states = match &self.states {
            States::Counts(states) => states.len() * 8,
            States::Exact(states) => states.len() * 32,
            States::Double(states) => states.len() * 24,
            States::Moments(states) => states.len() * 24,
            States::Wide(states) => states.len() * 32,
            States::DoubleBest(states) => states.len() * 16,
            States::Texts(states) => states.len() * 24,
            States::Uuids(states) => states.len() * 32,
            States::Intervals(states) => states.len() * 24,
        };
        states + self.text_bytes
    }
}

fn out_of_range() -> Error {
    Error::out_of_range("the result of the aggregate is out of range")
        .hint("cast the argument to NUMERIC or DOUBLE PRECISION")
}

fn add_exact(state: &mut (i128, i64), value: i128) -> Result<()> {
    state.0 = state.0.checked_add(value).ok_or_else(out_of_range)?;
    state.1 += 1;
    Ok(())
}

/// The lesser for MIN and BOOL_AND, the greater for MAX and BOOL_OR.
fn keep<T: Ord + Copy>(function: AggregateFunction, state: &mut Option<T>, value: T) {
    let least = matches!(function, AggregateFunction::Min | AggregateFunction::BoolAnd);
    *state = Some(match *state {
        None => value,
        Some(best) if least => best.min(value),
        Some(best) => best.max(value),
    });
}

fn keep_integer(function: AggregateFunction, state: &mut Option<i128>, value: i64) {
    let value = i128::from(value);
    let joined = state.map(|state| match function {
        AggregateFunction::BitAnd => Some(state & value),
        AggregateFunction::BitOr => Some(state | value),
        AggregateFunction::BitXor => Some(state ^ value),
        _ => None,
    });
    match joined {
        Some(Some(bits)) => *state = Some(bits),
        _ => keep(function, state, value),
    }
}

fn keep_double(function: AggregateFunction, state: &mut Option<f64>, value: f64) {
    let better = state.is_none_or(|best| {
        let order = compare_doubles(value, best);
        if function == AggregateFunction::Min { order.is_lt() } else { order.is_gt() }
    });
    if better {
        *state = Some(value);
    }
}

fn keep_interval(function: AggregateFunction, state: &mut Option<Interval>, value: Interval) -> Result<()> {
    match (function, *state) {
        (AggregateFunction::Sum, Some(sum)) => {
            *state = Some(sum.checked_add(value).ok_or_else(out_of_range)?);
        }
        (AggregateFunction::Sum, None) => *state = Some(value),
        _ => keep(function, state, value),
    }
    Ok(())
}

/// The separator of `string_agg` in a row: its second argument, nothing when that is NULL, a
/// comma when there is none.
fn separator<'a>(arguments: &[&'a Vector], row: usize) -> &'a [u8] {
    match arguments.get(1) {
        None => b",",
        Some(vector) => match &vector.data {
            VectorData::Bytes(values) if vector.is_valid(row) => values.get(row),
            _ => b"",
        },
    }
}

/// Returns by how many bytes the state grew.
fn keep_text(
    function: AggregateFunction,
    kept: &mut Option<Vec<u8>>,
    value: &[u8],
    separator: &[u8],
) -> Result<usize> {
    let Some(text) = kept else {
        *kept = Some(value.to_vec());
        return Ok(value.len());
    };
    let before = text.len();
    match function {
        AggregateFunction::StringAggregate | AggregateFunction::JsonArray | AggregateFunction::JsonObject => {
            if before + separator.len() + value.len() > TEXT_LEN_MAX {
                let message =
                    format!("string_agg makes a text longer than the limit of {TEXT_LEN_MAX} bytes");
                return Err(Error::new(ErrorKind::Limit, state::TOO_COMPLEX, message));
            }
            text.extend_from_slice(separator);
            text.extend_from_slice(value);
        }
        AggregateFunction::Min if value < text.as_slice() => *text = value.to_vec(),
        AggregateFunction::Max if value > text.as_slice() => *text = value.to_vec(),
        _ => {}
    }
    Ok(text.len().saturating_sub(before))
}
