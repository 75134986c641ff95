//! Commands that tell what is in the database and how it is.

use std::io::Write;

use super::{Next, one};
use crate::session::{Failure, Session};

pub(super) fn tables(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    let mut names = session.connection.tables()?;
    names.extend(session.connection.views()?);
    names.sort_by_key(|name| name.to_lowercase());
    for name in names {
        writeln!(session.out, "{name}")?;
    }
    Ok(Next::Go)
}

pub(super) fn schema(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let names = match arguments {
        [] => {
            let mut names = session.connection.tables()?;
            names.extend(session.connection.views()?);
            names
        }
        _ => vec![one(arguments, ".schema [NAME]")?.to_owned()],
    };
    for name in names {
        for sql in session.connection.schema_sql(&name)? {
            writeln!(session.out, "{};", sql.trim_end_matches(';'))?;
        }
    }
    Ok(Next::Go)
}

/// Those of UNIQUE and PRIMARY KEY constraints too.
pub(super) fn indexes(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let table = match arguments {
        [] => None,
        _ => Some(one(arguments, ".indexes [TABLE]")?),
    };
    if let Some(table) = table {
        // An unknown table is an error.
        session.connection.schema_sql(table)?;
    }
    let sql = "SELECT name FROM sqlite_schema
               WHERE type = 'index' AND lower(tbl_name) = lower(coalesce(?1, tbl_name)) ORDER BY lower(name)";
    let mut statement = session.connection.prepare(sql)?;
    let names = statement.query_map([table], |row| row.get::<_, String>(0))?;
    for name in names {
        writeln!(session.out, "{}", name?)?;
    }
    Ok(Next::Go)
}

pub(super) fn databases(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    let how = if session.read_only { "r/o" } else { "r/w" };
    let place = session.place();
    writeln!(session.out, "main: {place} {how}")?;
    Ok(Next::Go)
}

pub(super) fn checkpoint(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    session.connection.checkpoint()?;
    Ok(Next::Go)
}

pub(super) fn check(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    let report = session.connection.check()?;
    for line in &report.lines {
        writeln!(session.out, "{line}")?;
    }
    if report.ok { Ok(Next::Go) } else { Err(Failure::Text(String::from("the database is damaged"))) }
}

pub(super) fn stats(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    for (name, count) in session.connection.stats() {
        writeln!(session.out, "{name:<24} {count:>14}")?;
    }
    Ok(Next::Go)
}
