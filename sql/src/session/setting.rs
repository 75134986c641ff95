//! What SET, RESET and SHOW change and tell: the limits and choices of a connection.

use super::database::OpenOptions;
use crate::catalog::nearest;
use crate::error::{Error, Result, state};
use crate::parse::ast::Name;
use std::time::Duration;

/// A setting: its name and what it is for.
struct Setting {
    name: &'static str,
    about: &'static str,
}

const DIVISION: &str = "division_by_zero";
const MEMORY: &str = "memory_limit";
const TIMEOUT: &str = "statement_timeout";

const SETTINGS: [Setting; 3] = [
    Setting { name: DIVISION, about: "what x / 0 is: 'error' or 'null'" },
    Setting { name: MEMORY, about: "bytes a statement may use for sorting, grouping and joining" },
    Setting {
        name: TIMEOUT,
        about: "how long a statement may take, in milliseconds; 0: as long as it likes",
    },
];

/// The limits and choices of a connection.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    pub(super) memory_limit: usize,
    pub(super) statement_timeout: Option<Duration>,
    pub(super) division_by_zero_is_null: bool,
}

impl Choices {
    pub(super) fn new(options: &OpenOptions) -> Choices {
        Choices {
            memory_limit: options.memory_limit,
            statement_timeout: options.statement_timeout,
            division_by_zero_is_null: false,
        }
    }

    /// SET, or RESET without a value.
    pub(super) fn set(&mut self, name: &Name, value: Option<&Name>, options: &OpenOptions) -> Result<()> {
        let default = Choices::new(options);
        let setting = find(name)?;
        let wrong = |value: &Name| {
            let message = format!("{} is not a value of {}", value.text, setting.name);
            Error::value(state::BAD_ARGUMENT, message).at(value.at).hint(setting.about)
        };
        match (setting.name, value) {
            (DIVISION, None) => self.division_by_zero_is_null = default.division_by_zero_is_null,
            (DIVISION, Some(value)) => {
                self.division_by_zero_is_null = match value.text.to_ascii_lowercase().as_str() {
                    "null" => true,
                    "error" => false,
                    _ => return Err(wrong(value)),
                };
            }
            (MEMORY, None) => self.memory_limit = default.memory_limit,
            (MEMORY, Some(value)) => {
                self.memory_limit =
                    bytes(&value.text).filter(|bytes| *bytes > 0).ok_or_else(|| wrong(value))?;
            }
            (_, None) => self.statement_timeout = default.statement_timeout,
            (_, Some(value)) => {
                let time = duration(&value.text).ok_or_else(|| wrong(value))?;
                self.statement_timeout = Some(time).filter(|time| !time.is_zero());
            }
        }
        Ok(())
    }

    fn text(&self, name: &str) -> String {
        match name {
            DIVISION => if self.division_by_zero_is_null { "null" } else { "error" }.to_owned(),
            MEMORY => self.memory_limit.to_string(),
            _ => self.statement_timeout.map_or(0, |time| time.as_millis()).to_string(),
        }
    }

    /// The value of a setting, for SHOW.
    pub(super) fn show(&self, name: &Name) -> Result<(&'static str, String)> {
        let setting = find(name)?;
        Ok((setting.name, self.text(setting.name)))
    }

    /// Name, value and purpose of each setting.
    pub(super) fn all(&self) -> impl Iterator<Item = [String; 3]> {
        SETTINGS
            .iter()
            .map(|setting| [setting.name.to_owned(), self.text(setting.name), setting.about.to_owned()])
    }
}

fn find(name: &Name) -> Result<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name.eq_ignore_ascii_case(&name.text)).ok_or_else(|| {
        let names = SETTINGS.iter().map(|setting| setting.name);
        let hint = match nearest(&name.text, names.clone()) {
            Some(near) => format!("is {near} meant?"),
            None => format!("the settings are {}", names.collect::<Vec<_>>().join(", ")),
        };
        Error::name(state::NO_TYPE, format!("there is no setting {}", name.text)).at(name.at).hint(hint)
    })
}

/// A whole number and what stands behind it.
fn amount(text: &str) -> Option<(u64, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    Some((text.get(..digits)?.parse().ok()?, text.get(digits..)?.trim()))
}

/// `1000`, `64MB`, `64 MiB`: units are powers of 1,024, as in PostgreSQL.
fn bytes(text: &str) -> Option<usize> {
    let (number, unit) = amount(text)?;
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "kib" => 1 << 10,
        "mb" | "mib" => 1 << 20,
        "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    usize::try_from(number.checked_mul(unit)?).ok()
}

/// `1500` (milliseconds), `1500ms`, `2s`, `1min`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = amount(text)?;
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit).map(Duration::from_millis)
}
