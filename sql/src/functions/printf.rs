//! `format` and `printf`: C's conversions as SQLite has them, and PostgreSQL's `%I` and `%L`.
//!
//! ```text
//! %[flags][width][.precision]conversion      flags: - + space 0 ,      width: a number or *
//! ```
//!
//! | conversion      | writes                                                                  |
//! |-----------------|-------------------------------------------------------------------------|
//! | s, z            | any value as text, cut to the precision                                  |
//! | d, i            | an integer; `,` puts a comma between thousands                           |
//! | f, e, E, g, G   | a double with so many digits                                             |
//! | x, X, o         | an integer in another base                                               |
//! | c               | the first character                                                      |
//! | q, Q, w         | quotes doubled; in quotes, NULL as NULL; double quotes doubled           |
//! | I, L            | a name in quotes where it needs them; a literal                          |
//! | %%              | a percent sign                                                           |

use super::CallContext;
use super::scalar::{bad, text};
use super::wording::{identifier, literal, plain, quoted};
use crate::error::Result;
use crate::types::Value;

/// The widest field.
const WIDTH_MAX: usize = 10_000;

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    comma: bool,
    width: usize,
    precision: Option<usize>,
}

pub(super) fn format(values: &[Value], _: &mut CallContext) -> Result<Value> {
    if values.first().is_none_or(Value::is_null) {
        return Ok(Value::Null);
    }
    let mut arguments = values.iter().skip(1);
    let mut chars = text(values, 0).chars().peekable();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "-+ 0,".contains(*c)) {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => spec.comma = true,
            }
        }
        spec.width = match chars.next_if_eq(&'*') {
            Some(_) => count(arguments.next())?,
            None => digits(&mut chars).unwrap_or(0),
        };
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(match chars.next_if_eq(&'*') {
                Some(_) => count(arguments.next())?,
                None => digits(&mut chars).unwrap_or(0),
            });
        }
        while chars.next_if(|c| matches!(c, 'l' | 'h')).is_some() {}
        if spec.width > WIDTH_MAX || spec.precision.is_some_and(|precision| precision > WIDTH_MAX) {
            return Err(bad(format!("format: a field is at most {WIDTH_MAX} characters wide")));
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some(conversion) => {
                let argument = arguments
                    .next()
                    .ok_or_else(|| bad(format!("format has no argument for %{conversion}")))?;
                field(&mut out, &spec, conversion, argument)?;
            }
            None => return Err(bad("format: a conversion is missing after %").hint("%% is a percent sign")),
        }
    }
    Ok(Value::Text(out))
}

fn digits(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let mut number: Option<usize> = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit).and_then(|c| c.to_digit(10)) {
        number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize));
    }
    number
}

fn count(value: Option<&Value>) -> Result<usize> {
    match value {
        Some(Value::Integer(number)) => usize::try_from(*number).map_err(|_| bad("format: a negative width")),
        _ => Err(bad("format: * needs an integer")),
    }
}

fn integer(value: &Value, conversion: char) -> Result<i64> {
    match value {
        Value::Null => Ok(0),
        Value::Integer(number) => Ok(*number),
        Value::Boolean(truth) => Ok(i64::from(*truth)),
        Value::Double(number) if number.abs() < 9.2e18 => Ok(number.trunc() as i64),
        Value::Decimal(number) if number.to_f64().abs() < 9.2e18 => Ok(number.to_f64().trunc() as i64),
        other => Err(bad(format!("format: %{conversion} needs a number, not {}", literal(other)))),
    }
}

fn number(value: &Value, conversion: char) -> Result<f64> {
    match value {
        Value::Null => Ok(0.0),
        Value::Integer(number) => Ok(*number as f64),
        Value::Double(number) => Ok(*number),
        Value::Decimal(number) => Ok(number.to_f64()),
        other => Err(bad(format!("format: %{conversion} needs a number, not {}", literal(other)))),
    }
}

fn field(out: &mut String, spec: &Spec, conversion: char, value: &Value) -> Result<()> {
    let cut = |text: String| match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    let (body, numeric) = match conversion {
        's' | 'z' => (cut(plain(value)), false),
        'd' | 'i' => {
            let number = integer(value, conversion)?;
            (signed(spec, number < 0, thousands(spec, &number.unsigned_abs().to_string())), true)
        }
        'x' => (format!("{:x}", integer(value, conversion)?), true),
        'X' => (format!("{:X}", integer(value, conversion)?), true),
        'o' => (format!("{:o}", integer(value, conversion)?), true),
        'f' | 'F' => {
            let number = number(value, conversion)?;
            let digits = format!("{:.*}", spec.precision.unwrap_or(6), number.abs());
            (signed(spec, number.is_sign_negative(), thousands(spec, &digits)), true)
        }
        'e' | 'E' | 'g' | 'G' => {
            let number = number(value, conversion)?;
            let body = floating(number.abs(), spec.precision.unwrap_or(6), conversion);
            (signed(spec, number.is_sign_negative(), body), true)
        }
        'c' => (plain(value).chars().take(1).collect(), false),
        'q' => (cut(plain(value)).replace('\'', "''"), false),
        'Q' if value.is_null() => ("NULL".to_owned(), false),
        'Q' => (quoted(&cut(plain(value))), false),
        'w' => (cut(plain(value)).replace('"', "\"\""), false),
        'I' => (identifier(&plain(value)), false),
        'L' if value.is_null() => ("NULL".to_owned(), false),
        'L' => (quoted(&plain(value)), false),
        other => return Err(bad(format!("format has no conversion %{other}"))),
    };
    let missing = spec.width.saturating_sub(body.chars().count());
    if spec.left {
        out.push_str(&body);
        out.extend(std::iter::repeat_n(' ', missing));
    } else if spec.zero && numeric {
        let sign = body.len() - body.trim_start_matches(['-', '+', ' ']).len();
        out.push_str(body.get(..sign).unwrap_or(""));
        out.extend(std::iter::repeat_n('0', missing));
        out.push_str(body.get(sign..).unwrap_or(""));
    } else {
        out.extend(std::iter::repeat_n(' ', missing));
        out.push_str(&body);
    }
    Ok(())
}

fn signed(spec: &Spec, negative: bool, body: String) -> String {
    match (negative, spec.plus, spec.space) {
        (true, ..) => format!("-{body}"),
        (false, true, _) => format!("+{body}"),
        (false, false, true) => format!(" {body}"),
        (false, false, false) => body,
    }
}

fn thousands(spec: &Spec, digits: &str) -> String {
    if !spec.comma {
        return digits.to_owned();
    }
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// `%e` and `%g` of a number that is not negative.
fn floating(value: f64, precision: usize, conversion: char) -> String {
    let scientific = |digits: usize| {
        let text = format!("{value:.digits$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        (mantissa.to_owned(), format!("e{sign}{exponent:0>2}"))
    };
    let out = if conversion.eq_ignore_ascii_case(&'e') {
        let (mantissa, exponent) = scientific(precision);
        mantissa + &exponent
    } else {
        let digits = precision.max(1);
        let exponent = if value == 0.0 { 0 } else { value.log10().floor() as i64 };
        let trim = |text: String| match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        };
        if exponent < -4 || exponent >= i64::try_from(digits).unwrap_or(i64::MAX) {
            let (mantissa, exponent) = scientific(digits - 1);
            trim(mantissa) + &exponent
        } else {
            let behind = usize::try_from(i64::try_from(digits).unwrap_or(6) - 1 - exponent).unwrap_or(0);
            trim(format!("{value:.behind$}"))
        }
    };
    if conversion.is_ascii_uppercase() { out.to_ascii_uppercase() } else { out }
}
