//! Commands about how results are written and when the shell stops.

use std::io::Write;

use super::{Next, one, switch};
use crate::output::Mode;
use crate::session::{Failure, Session};
use crate::suggest::nearest;

pub(super) fn bail(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.bail = switch(arguments, ".bail on|off")?;
    Ok(Next::Go)
}

pub(super) fn headers(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.style.header = Some(switch(arguments, ".headers on|off")?);
    Ok(Next::Go)
}

pub(super) fn timer(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.timer = switch(arguments, ".timer on|off")?;
    Ok(Next::Go)
}

pub(super) fn null_value(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.style.null = Some(one(arguments, ".nullvalue TEXT")?.to_owned());
    Ok(Next::Go)
}

pub(super) fn separator(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    session.style.separator = Some(one(arguments, ".separator TEXT")?.replace("\\t", "\t"));
    Ok(Next::Go)
}

/// Another mode begins with its own separator.
pub(super) fn mode(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let (name, table) = match arguments {
        [] => {
            writeln!(session.out, "{}", session.style.mode.name())?;
            return Ok(Next::Go);
        }
        [name] => (name, None),
        [name, table] if name == Mode::Insert.name() => (name, Some(table)),
        _ => return Err(Failure::Text(String::from("usage: .mode MODE, or .mode insert TABLE"))),
    };
    session.style.mode = mode_named(name)?;
    session.style.separator = None;
    if let Some(table) = table {
        session.style.table.clone_from(table);
    }
    Ok(Next::Go)
}

/// The mode of that name, or what may have been meant.
pub(super) fn mode_named(name: &str) -> Result<Mode, Failure> {
    Mode::named(name).ok_or_else(|| {
        let known = Mode::ALL.map(|(known, _)| known);
        Failure::Text(match nearest(name, known) {
            Some(near) => format!("unknown mode '{name}'; did you mean {near}?"),
            None => format!("unknown mode '{name}'; there are {}", known.join(", ")),
        })
    })
}

pub(super) fn width(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    let widths: Option<Vec<i16>> = arguments.iter().map(|word| word.parse().ok()).collect();
    let usage = || Failure::Text(String::from("usage: .width N ..., as in .width 20 -8 0"));
    session.style.widths = widths.ok_or_else(usage)?;
    Ok(Next::Go)
}

pub(super) fn print(session: &mut Session, arguments: &[String]) -> Result<Next, Failure> {
    writeln!(session.out, "{}", arguments.join(" "))?;
    Ok(Next::Go)
}

pub(super) fn show(session: &mut Session, _arguments: &[String]) -> Result<Next, Failure> {
    let switch = |on| if on { "on" } else { "off" };
    let usual = || String::from("(as the mode has it)");
    let style = &session.style;
    let quoted = |text: &Option<String>| text.as_ref().map_or_else(usual, |text| format!("{text:?}"));
    let widths: Vec<String> = style.widths.iter().map(i16::to_string).collect();
    let settings = [
        ("bail", switch(session.bail).to_owned()),
        ("database", session.place()),
        ("headers", style.header.map_or_else(usual, |on| switch(on).to_owned())),
        ("mode", style.mode.name().to_owned()),
        ("nullvalue", quoted(&style.null)),
        ("output", session.out.file_name().unwrap_or("(standard output)").to_owned()),
        ("separator", quoted(&style.separator)),
        ("timer", switch(session.timer).to_owned()),
        ("width", if widths.is_empty() { String::from("(as needed)") } else { widths.join(" ") }),
    ];
    for (name, value) in settings {
        writeln!(session.out, "{name:>10}: {value}")?;
    }
    Ok(Next::Go)
}
