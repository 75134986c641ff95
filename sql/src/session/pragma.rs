//! PRAGMA: SQLite's way to ask about the schema and the file, as far as it means something here.
//!
//! What is about the schema is answered by `bind::describe`; the rest stands here. An unknown
//! PRAGMA is an error: it is never without effect silently.

use super::check::check_indexes;
use super::rows::Source;
use super::run::Session;
use crate::bind;
use crate::catalog::{self, nearest};
use crate::error::{Error, Result, state};
use crate::parse::ast::Name;
use crate::plan::OutputColumn;
use crate::types::{DataType, Value};
use std::sync::Arc;

/// PRAGMAs that have one value.
const VALUES: [&str; 12] = [
    "application_id",
    "busy_timeout",
    "defer_foreign_keys",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "integrity_check",
    "page_count",
    "page_size",
    "quick_check",
    "schema_version",
    "user_version",
];

/// PRAGMAs about the schema.
const DESCRIBED: [&str; 7] = [
    "database_list",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
];

impl Session {
    /// The columns of a PRAGMA's answer.
    pub(super) fn pragma_columns(&self, name: &Name, argument: Option<&Name>) -> Result<Arc<[OutputColumn]>> {
        let lower = name.text.to_ascii_lowercase();
        if let Some(described) = bind::pragma(&*self.catalog()?, &lower, None) {
            return Ok(described.output());
        }
        let data_type = match lower.as_str() {
            "encoding" | "integrity_check" | "quick_check" => DataType::TEXT,
            _ => DataType::BigInt,
        };
        match VALUES.contains(&lower.as_str()) && (argument.is_none() || data_type == DataType::TEXT) {
            true => Ok(Arc::from([OutputColumn { name: lower, data_type }])),
            false => Ok(Arc::from([])),
        }
    }

    pub(super) fn pragma(&mut self, name: &Name, argument: Option<&Name>) -> Result<Source> {
        let lower = name.text.to_ascii_lowercase();
        let asked = argument.map(|argument| argument.text.as_str());
        if let Some(described) = bind::pragma(&*self.catalog()?, &lower, asked) {
            return Source::of(described.output(), &described.rows);
        }
        let columns = self.pragma_columns(name, argument)?;
        let value = match (lower.as_str(), argument) {
            ("user_version" | "application_id", Some(value)) => {
                let number = number(value)?;
                self.control.write(|transaction, _, _| catalog::set_mark(transaction, &lower, number))?;
                return Ok(Source::none());
            }
            ("user_version" | "application_id", None) => {
                Value::Integer(self.reading(|transaction| catalog::mark(transaction, &lower))?)
            }
            ("schema_version", None) => {
                Value::Integer(i64::try_from(self.catalog()?.version).unwrap_or(i64::MAX))
            }
            ("defer_foreign_keys", Some(value)) => {
                self.control.defers_foreign_keys = switch(value)?;
                return Ok(Source::none());
            }
            ("defer_foreign_keys", None) => Value::Integer(i64::from(self.control.defers_foreign_keys)),
            ("foreign_keys", None) => Value::Integer(1),
            ("foreign_keys", Some(value)) => return foreign_keys(value),
            ("encoding", None) => Value::Text("UTF-8".to_owned()),
            ("busy_timeout", None) => {
                let time = self.control.shared.options.busy_timeout.as_millis();
                Value::Integer(i64::try_from(time).unwrap_or(i64::MAX))
            }
            ("page_size" | "page_count" | "freelist_count", None) => self.counter(&lower)?,
            ("integrity_check" | "quick_check", _) => return self.integrity(columns),
            _ => return Err(unknown(name, &lower)),
        };
        Source::of(columns, &[vec![value]])
    }

    fn counter(&self, name: &str) -> Result<Value> {
        let stats = self.control.shared.store.stats();
        let wanted = match name {
            "freelist_count" => "free_count",
            name => name,
        };
        let found = stats.iter().find(|(known, _)| *known == wanted).map(|(_, value)| *value);
        let found = found.ok_or_else(|| Error::internal(format!("no counter {wanted}")))?;
        Ok(Value::Integer(i64::try_from(found).unwrap_or(i64::MAX)))
    }

    fn integrity(&mut self, columns: Arc<[OutputColumn]>) -> Result<Source> {
        let (ok, mut lines) = self.check()?;
        if ok {
            lines.retain(|line| line == "ok");
        }
        let rows: Vec<Vec<Value>> = lines.into_iter().map(|line| vec![Value::Text(line)]).collect();
        Source::of(columns, &rows)
    }

    /// Checks every page, and that tables and indexes agree. True: nothing is damaged.
    pub(super) fn check(&self) -> Result<(bool, Vec<String>)> {
        self.control.must_not_write()?;
        let shared = &self.control.shared;
        let (ok, mut lines) = shared.store.check()?;
        if !ok {
            return Ok((ok, lines));
        }
        let transaction = shared.store.read()?;
        let findings = check_indexes(&transaction, &*shared.catalog(&transaction)?)?;
        let ok = findings.is_empty();
        if !ok {
            lines.retain(|line| line != "ok");
        }
        lines.extend(findings);
        Ok((ok, lines))
    }
}

fn number(value: &Name) -> Result<i64> {
    let number = value.text.parse::<i32>().map(i64::from);
    number.map_err(|_| Error::out_of_range(format!("{} is not a 32-bit number", value.text)).at(value.at))
}

fn switch(value: &Name) -> Result<bool> {
    match value.text.to_ascii_lowercase().as_str() {
        "on" | "1" | "true" | "yes" => Ok(true),
        "off" | "0" | "false" | "no" => Ok(false),
        _ => {
            Err(Error::value(state::BAD_ARGUMENT, format!("{} is neither ON nor OFF", value.text))
                .at(value.at))
        }
    }
}

fn foreign_keys(value: &Name) -> Result<Source> {
    match switch(value)? {
        true => Ok(Source::none()),
        false => Err(Error::unsupported("switching foreign keys off")
            .at(value.at)
            .hint("foreign keys are always enforced; insert parents before children")),
    }
}

fn unknown(name: &Name, lower: &str) -> Error {
    let error = Error::new(
        crate::error::ErrorKind::Unsupported,
        state::UNSUPPORTED,
        format!("PRAGMA {} is not supported in this form", name.text),
    )
    .at(name.at);
    match nearest(lower, VALUES.into_iter().chain(DESCRIBED)) {
        Some(near) if near != lower => error.hint(format!("is {near} meant?")),
        _ => error.hint(format!("there are {}, {}", VALUES.join(", "), DESCRIBED.join(", "))),
    }
}
