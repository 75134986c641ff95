//! Functions that choose between their arguments and look at NULLs: COALESCE, GREATEST, LEAST,
//! TYPEOF.

use super::Function;
use super::compare::compare_rows;
use crate::error::Result;
use crate::types::{DataType, Vector};

/// COALESCE, GREATEST or LEAST of vectors of one type.
pub(crate) fn choose(
    function: Function,
    arguments: &[&Vector],
    data_type: DataType,
    len: usize,
) -> Result<Vector> {
    let mut out = Vector::empty(data_type);
    for row in 0..len {
        match choice(function, arguments, row) {
            Some(chosen) => out.push_from(chosen, row)?,
            None => out.push_null()?,
        }
    }
    Ok(out)
}

/// The argument chosen in a row; none for NULL.
fn choice<'a>(function: Function, arguments: &[&'a Vector], row: usize) -> Option<&'a Vector> {
    let all = || arguments.iter().all(|argument| argument.is_valid(row));
    if matches!(function, Function::Largest | Function::Smallest) && !all() {
        return None;
    }
    let mut present = arguments.iter().copied().filter(|argument| argument.is_valid(row));
    match function {
        Function::Greatest | Function::Largest => {
            present.reduce(|best, next| if compare_rows(next, row, best, row).is_gt() { next } else { best })
        }
        Function::Least | Function::Smallest => {
            present.reduce(|best, next| if compare_rows(next, row, best, row).is_lt() { next } else { best })
        }
        _ => present.next(),
    }
}

/// The name of the type; `null` for NULL.
pub(crate) fn type_of(input: &Vector, data_type: DataType) -> Result<Vector> {
    let mut out = Vector::empty(DataType::TEXT);
    for row in 0..input.len() {
        let name = if input.is_valid(row) { data_type.name() } else { "null" };
        out.push_value(&crate::types::Value::Text(name.to_owned()), DataType::TEXT)?;
    }
    Ok(out)
}
